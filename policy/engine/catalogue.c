/* SPDX-License-Identifier: MIT */
/* Looks things up in what was learned of a database. */
#include "policy/engine/catalogue.h"

#include <errno.h>
#include <stdlib.h>

#include "policy/engine/catalogue_private.h"

void catalogue_free(struct catalogue *catalogue)
{
	if (!catalogue)
		return;
	arena_free(catalogue->memory);
	free(catalogue);
}

static int compare_names(struct slice name_a, struct slice schema_a, struct slice name_b,
			 struct slice schema_b)
{
	int order = slice_compare(name_a, name_b);

	return order ? order : slice_compare(schema_a, schema_b);
}

static int compare_oids(const void *a, const void *b)
{
	uint32_t left = ((const struct catalogue_relation *)a)->oid;
	uint32_t right = ((const struct catalogue_relation *)b)->oid;

	return (left > right) - (left < right);
}

static int compare_by_name(const void *a, const void *b, void *context)
{
	const struct catalogue_relation *relations = context;
	const struct catalogue_relation *left = &relations[*(const uint32_t *)a];
	const struct catalogue_relation *right = &relations[*(const uint32_t *)b];

	return compare_names(left->name, left->schema, right->name, right->schema);
}

static int compare_overloads(const void *a, const void *b)
{
	const struct overload *left = a, *right = b;
	int order = slice_compare(left->name, right->name);

	return order ? order : right->is_on_path - left->is_on_path;
}

static int compare_to_overload(const void *key, const void *overload)
{
	return slice_compare(*(const struct slice *)key, ((const struct overload *)overload)->name);
}

static bool is_on_path(const struct catalogue *catalogue, struct slice schema)
{
	for (size_t i = 0; i < catalogue->identity.path_count; i++) {
		if (slice_equal(catalogue->identity.path[i], schema))
			return true;
	}
	return false;
}

bool catalogue_schema_is_system(const struct catalogue *catalogue, struct slice schema)
{
	if (slice_is(schema, "information_schema"))
		return true;
	return slice_starts_with(schema, "pg_") &&
	       !slice_equal(schema, catalogue->temporary_schema);
}

static void index_overloads(struct catalogue *catalogue)
{
	struct overload *overloads = catalogue->overloads;
	size_t kept = 0;

	for (size_t i = 0; i < catalogue->overload_count; i++)
		overloads[i].is_on_path = is_on_path(catalogue, overloads[i].schema);
	if (catalogue->overload_count > 0)
		qsort(overloads, catalogue->overload_count, sizeof(*overloads), compare_overloads);
	for (size_t i = 0; i < catalogue->overload_count; i++) {
		if (kept == 0 || !slice_equal(overloads[kept - 1].name, overloads[i].name))
			overloads[kept++] = overloads[i];
	}
	catalogue->overload_count = kept;
}

static int compare_fields(const void *a, const void *b)
{
	return slice_compare(((const struct catalogue_field *)a)->name,
			     ((const struct catalogue_field *)b)->name);
}

int catalogue_index(struct catalogue *catalogue)
{
	size_t count = catalogue->relation_count;

	catalogue->by_name = arena_get(catalogue->memory, (count + 1) * sizeof(uint32_t));
	if (!catalogue->by_name)
		return -ENOMEM;
	if (count > 0)
		qsort(catalogue->relations, count, sizeof(*catalogue->relations), compare_oids);
	for (size_t i = 1; i < count; i++) {
		if (catalogue->relations[i].oid == catalogue->relations[i - 1].oid)
			return -EBADMSG;
	}
	for (size_t i = 0; i < count; i++)
		catalogue->by_name[i] = (uint32_t)i;
	qsort_r(catalogue->by_name, count, sizeof(uint32_t), compare_by_name, catalogue->relations);
	index_overloads(catalogue);
	if (catalogue->field_count > 0)
		qsort(catalogue->fields, catalogue->field_count, sizeof(*catalogue->fields),
		      compare_fields);
	return 0;
}

/* The first place in by_name with this name and schema or later ones; an empty schema is before all. */
static size_t lower_bound(const struct catalogue *catalogue, struct slice schema, struct slice name)
{
	size_t low = 0, high = catalogue->relation_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct catalogue_relation *relation =
			&catalogue->relations[catalogue->by_name[middle]];

		if (compare_names(relation->name, relation->schema, name, schema) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct catalogue_relation *catalogue_find(const struct catalogue *catalogue,
						struct slice schema, struct slice name)
{
	size_t i = lower_bound(catalogue, schema, name);
	const struct catalogue_relation *relation;

	if (i == catalogue->relation_count)
		return NULL;
	relation = &catalogue->relations[catalogue->by_name[i]];
	return compare_names(relation->name, relation->schema, name, schema) == 0 ? relation : NULL;
}

bool catalogue_has_another(const struct catalogue *catalogue, const struct catalogue *old,
			   struct slice name)
{
	size_t i = lower_bound(catalogue, SLICE(""), name);

	for (; i < catalogue->relation_count; i++) {
		const struct catalogue_relation *relation =
			&catalogue->relations[catalogue->by_name[i]];
		const struct catalogue_relation *known;

		if (!slice_equal(relation->name, name))
			break;
		known = old ? catalogue_find(old, relation->schema, name) : NULL;
		if (!known || known->oid != relation->oid)
			return true;
	}
	return false;
}

const struct catalogue_relation *catalogue_by_oid(const struct catalogue *catalogue, uint32_t oid)
{
	struct catalogue_relation key = { .oid = oid };

	if (catalogue->relation_count == 0)
		return NULL;
	return bsearch(&key, catalogue->relations, catalogue->relation_count,
		       sizeof(*catalogue->relations), compare_oids);
}

bool catalogue_overloads(const struct catalogue *catalogue, struct slice name, bool path_is_known)
{
	const struct overload *found;

	if (catalogue->overload_count == 0)
		return false;
	if (catalogue->overloads[0].name.length == 0)
		return true;
	found = bsearch(&name, catalogue->overloads, catalogue->overload_count, sizeof(*found),
			compare_to_overload);
	return found && (found->is_on_path || !path_is_known);
}

/* A child's rows are taken where the parent's are. */
static bool takes_rows_of(const struct catalogue_field *field,
			  const struct catalogue_relation *relation)
{
	return !relation || field->relation == 0 || field->relation == relation->oid ||
	       relation->base_count > 0;
}

bool catalogue_has_field(const struct catalogue *catalogue,
			 const struct catalogue_relation *relation, struct slice name)
{
	const struct catalogue_field key = { .name = name }, *end, *field;

	if (catalogue->field_count == 0)
		return false;
	field = bsearch(&key, catalogue->fields, catalogue->field_count, sizeof(key),
			compare_fields);
	if (!field)
		return false;
	end = catalogue->fields + catalogue->field_count;
	while (field > catalogue->fields && slice_equal(field[-1].name, name))
		field--;
	for (; field < end && slice_equal(field->name, name); field++) {
		if (takes_rows_of(field, relation))
			return true;
	}
	return false;
}

const struct catalogue_relation *catalogue_builtin(const struct catalogue *catalogue,
						   struct slice schema, struct slice name)
{
	for (size_t i = 0; i < catalogue->builtin_count; i++) {
		if (slice_equal(catalogue->builtins[i].name, name) &&
		    slice_equal(catalogue->builtins[i].schema, schema))
			return &catalogue->builtins[i];
	}
	return NULL;
}

const struct catalogue_identity *catalogue_identity(const struct catalogue *catalogue)
{
	return &catalogue->identity;
}

uint64_t catalogue_digest(const struct catalogue *catalogue)
{
	return catalogue->digest;
}
