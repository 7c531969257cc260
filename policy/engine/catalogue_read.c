/* SPDX-License-Identifier: MIT */
/* Reads the rows of catalogue_query.  A row is words with one blank between them: first the
 * row's kind, then numbers and names (catalogue_row.h). */
#include "policy/engine/catalogue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "policy/engine/catalogue_calls.h"

#define MEMORY_MAX (512 * MIB)

struct edge {
	uint32_t from, to;
};

struct edges {
	struct edge *items;
	size_t count;
};

struct attribute {
	uint32_t relation;
	struct catalogue_column column;
};

struct reading {
	struct catalogue *catalogue;
	struct edges bases, dependents;
	struct attribute *attributes;
	size_t attribute_count;
	struct calls calls;
	struct slice *path;
	bool has_identity;
};

/* i PID IN-RECOVERY SERVER-ID TEMPORARY-SCHEMA DATABASE SESSION-USER CURRENT-USER */
static int read_identity(struct reading *reading, struct slice *row)
{
	struct arena *memory = reading->catalogue->memory;
	struct catalogue_identity *identity = &reading->catalogue->identity;
	uint32_t pid;
	int r = row_number(row, &pid);

	if (r < 0 || reading->has_identity)
		return -EBADMSG;
	reading->has_identity = true;
	identity->backend_pid = (int32_t)pid;
	identity->is_in_recovery = slice_is(slice_cut(row, ' '), "t");
	r = row_name(memory, row, &identity->server_id);
	if (r == 0 && slice_is(identity->server_id, "-"))
		identity->server_id = (struct slice){ "", 0 };
	if (r == 0)
		r = row_name(memory, row, &reading->catalogue->temporary_schema);
	if (r == 0)
		r = row_name(memory, row, &identity->database);
	if (r == 0)
		r = row_name(memory, row, &identity->session_user);
	if (r == 0)
		r = row_name(memory, row, &identity->current_user);
	return r;
}

/* s PLACE SCHEMA, in the order of the search path */
static int read_path(struct reading *reading, struct slice *row)
{
	struct arena *memory = reading->catalogue->memory;
	struct catalogue_identity *identity = &reading->catalogue->identity;
	uint32_t place;
	int r = row_number(row, &place);

	if (r < 0 || place != identity->path_count + 1)
		return -EBADMSG;
	reading->path =
		arena_grow(memory, reading->path, identity->path_count, sizeof(*reading->path));
	if (!reading->path)
		return -ENOMEM;
	identity->path = reading->path;
	return row_name(memory, row, &reading->path[identity->path_count++]);
}

/* r OID KIND SCHEMA NAME */
static int read_relation(struct reading *reading, struct slice *row)
{
	struct catalogue *catalogue = reading->catalogue;
	struct catalogue_relation *relations;
	int r;

	if (catalogue->relation_count == CATALOGUE_RELATIONS_MAX)
		return -E2BIG;
	relations = arena_grow(catalogue->memory, catalogue->relations, catalogue->relation_count,
			       sizeof(*relations));
	if (!relations)
		return -ENOMEM;
	catalogue->relations = relations;
	struct catalogue_relation *relation = &relations[catalogue->relation_count++];
	memset(relation, 0, sizeof(*relation));
	r = row_number(row, &relation->oid);
	if (r < 0)
		return r;
	r = row_character(row, &relation->kind);
	if (r < 0 || !strchr("rvmpfS", relation->kind))
		return -EBADMSG;
	r = row_name(catalogue->memory, row, &relation->schema);
	return r == 0 ? row_name(catalogue->memory, row, &relation->name) : r;
}

static int add_edge(struct arena *memory, struct edges *edges, uint32_t from, uint32_t to)
{
	struct edge *items = arena_grow(memory, edges->items, edges->count, sizeof(*items));

	if (!items)
		return -ENOMEM;
	edges->items = items;
	items[edges->count++] = (struct edge){ from, to };
	return 0;
}

/* b OID BASE */
static int read_base(struct reading *reading, struct slice *row)
{
	uint32_t child, base;
	int r = row_number(row, &child);

	if (r == 0)
		r = row_number(row, &base);
	if (r == 0)
		r = add_edge(reading->catalogue->memory, &reading->bases, child, base);
	if (r == 0)
		r = add_edge(reading->catalogue->memory, &reading->dependents, base, child);
	return r;
}

/* a OID NUMBER TYPE MODIFIER+1 GENERATED NAME */
static int read_attribute(struct reading *reading, struct slice *row)
{
	struct arena *memory = reading->catalogue->memory;
	struct attribute *attributes = arena_grow(memory, reading->attributes,
						  reading->attribute_count, sizeof(*attributes));
	uint32_t number, modifier = 0, generated = 0;

	if (!attributes)
		return -ENOMEM;
	reading->attributes = attributes;
	struct attribute *attribute = &attributes[reading->attribute_count++];
	int r = row_number(row, &attribute->relation);
	if (r == 0)
		r = row_number(row, &number);
	if (r == 0 && number > INT16_MAX)
		r = -EBADMSG;
	if (r < 0)
		return r;
	attribute->column.attribute = (int32_t)number;
	r = row_number(row, &attribute->column.type);
	if (r == 0)
		r = row_number(row, &modifier);
	if (r == 0)
		r = row_number(row, &generated);
	attribute->column.modifier = (int32_t)(modifier & INT32_MAX) - 1;
	attribute->column.is_generated = generated != 0;
	return r == 0 ? row_name(memory, row, &attribute->column.name) : r;
}

static int add_column(struct arena *memory, struct catalogue_column **columns, size_t *count,
		      struct slice *row)
{
	struct catalogue_column *grown = arena_grow(memory, *columns, *count, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	*columns = grown;
	grown += (*count)++;
	*grown = (struct catalogue_column){ .attribute = (int32_t)*count, .modifier = -1 };
	return row_name(memory, row, &grown->name);
}

static int read_columns(struct arena *memory, struct slice *row, struct catalogue_relation *builtin)
{
	struct catalogue_column *columns = NULL;
	int r = row->length > 0 ? 0 : -EBADMSG;

	while (r == 0 && row->length > 0)
		r = add_column(memory, &columns, &builtin->column_count, row);
	builtin->columns = columns;
	return r;
}

/* w OID SCHEMA NAME COLUMN…, all columns in their order.  Kind 'r': what users make is behind
 * none of them, also where one is a view. */
static int read_builtin(struct reading *reading, struct slice *row)
{
	struct catalogue *catalogue = reading->catalogue;
	struct arena *memory = catalogue->memory;
	struct catalogue_relation *builtin =
		arena_grow(memory, catalogue->builtins, catalogue->builtin_count, sizeof(*builtin));

	if (!builtin)
		return -ENOMEM;
	catalogue->builtins = builtin;
	builtin += catalogue->builtin_count++;
	*builtin = (struct catalogue_relation){ .kind = 'r' };
	int r = row_number(row, &builtin->oid);
	if (r == 0)
		r = row_name(memory, row, &builtin->schema);
	if (r == 0)
		r = row_name(memory, row, &builtin->name);
	return r == 0 ? read_columns(memory, row, builtin) : r;
}

static int read_function(struct reading *reading, struct slice *row)
{
	return calls_read_function(&reading->calls, reading->catalogue->memory, row);
}

static int read_operator(struct reading *reading, struct slice *row)
{
	return calls_read_operator(&reading->calls, reading->catalogue->memory, row);
}

static int read_type(struct reading *reading, struct slice *row)
{
	return calls_read_type(&reading->calls, reading->catalogue->memory, row);
}

static int read_cast(struct reading *reading, struct slice *row)
{
	return calls_read_cast(&reading->calls, reading->catalogue->memory, row);
}

static int read_member(struct reading *reading, struct slice *row)
{
	return calls_read_member(&reading->calls, reading->catalogue->memory, row);
}

static int read_extension(struct reading *reading, struct slice *row)
{
	return calls_read_extension(&reading->calls, reading->catalogue->memory, row);
}

static const struct {
	char kind;
	int (*read)(struct reading *, struct slice *);
} ROWS[] = {
	{ 'i', read_identity },  { 'r', read_relation }, { 'b', read_base },
	{ 'a', read_attribute }, { 'p', read_function }, { 'o', read_operator },
	{ 't', read_type },      { 'c', read_cast },     { 'm', read_member },
	{ 'x', read_extension }, { 's', read_path },     { 'w', read_builtin },
};

static int read_row(struct reading *reading, struct slice row)
{
	struct slice rest = row;
	struct slice kind = slice_cut(&rest, ' ');

	if (kind.length != 1)
		return -EBADMSG;
	for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
		if (ROWS[i].kind != kind.at[0])
			continue;
		int r = ROWS[i].read(reading, &rest);
		return r < 0 ? r : rest.length > 0 ? -EBADMSG : 0;
	}
	return -EBADMSG;
}

static int compare_edges(const void *a, const void *b)
{
	const struct edge *left = a, *right = b;

	if (left->from != right->from)
		return left->from < right->from ? -1 : 1;
	return (left->to > right->to) - (left->to < right->to);
}

static void sort_edges(struct edges *edges)
{
	if (edges->count > 0)
		qsort(edges->items, edges->count, sizeof(*edges->items), compare_edges);
}

static bool is_base(const struct edges *dependents, uint32_t oid)
{
	size_t low = 0, high = dependents->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (dependents->items[middle].from == oid)
			return true;
		if (oid < dependents->items[middle].from)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

static int compare_attributes(const void *a, const void *b)
{
	const struct attribute *left = a, *right = b;

	if (left->relation != right->relation)
		return left->relation < right->relation ? -1 : 1;
	return left->column.attribute - right->column.attribute;
}

/* Of the schemas that are not a user's, what users' relations show alone counts. */
static void drop_system_relations(struct reading *reading)
{
	struct catalogue *catalogue = reading->catalogue;
	size_t kept = 0;

	for (size_t i = 0; i < catalogue->relation_count; i++) {
		const struct catalogue_relation *relation = &catalogue->relations[i];

		if (!catalogue_schema_is_system(catalogue, relation->schema) ||
		    is_base(&reading->dependents, relation->oid))
			catalogue->relations[kept++] = *relation;
	}
	catalogue->relation_count = kept;
}

static struct catalogue_relation *relation_of(struct catalogue *catalogue, uint32_t oid)
{
	const struct catalogue_relation *found = catalogue_by_oid(catalogue, oid);

	return found ? &catalogue->relations[found - catalogue->relations] : NULL;
}

/* Hands each relation its part of the sorted edges. */
static int share_edges(struct catalogue *catalogue, struct edges *edges, bool are_bases)
{
	uint32_t *others = arena_get(catalogue->memory, (edges->count + 1) * sizeof(uint32_t));
	size_t start = 0;

	if (!others)
		return -ENOMEM;
	for (size_t i = 0; i < edges->count; i++) {
		others[i] = edges->items[i].to;
		if (i + 1 < edges->count && edges->items[i + 1].from == edges->items[i].from)
			continue;
		struct catalogue_relation *relation = relation_of(catalogue, edges->items[i].from);
		if (relation && are_bases) {
			relation->bases = others + start;
			relation->base_count = i + 1 - start;
		} else if (relation) {
			relation->dependents = others + start;
			relation->dependent_count = i + 1 - start;
		}
		start = i + 1;
	}
	return 0;
}

static int share_attributes(struct reading *reading)
{
	struct catalogue *catalogue = reading->catalogue;
	size_t count = reading->attribute_count, start = 0;
	struct catalogue_column *columns =
		arena_get(catalogue->memory, (count + 1) * sizeof(*columns));

	if (!columns)
		return -ENOMEM;
	if (count > 0)
		qsort(reading->attributes, count, sizeof(*reading->attributes), compare_attributes);
	for (size_t i = 0; i < count; i++) {
		uint32_t oid = reading->attributes[i].relation;

		columns[i] = reading->attributes[i].column;
		if (i + 1 < count && reading->attributes[i + 1].relation == oid)
			continue;
		struct catalogue_relation *relation = relation_of(catalogue, oid);
		if (relation) {
			relation->columns = columns + start;
			relation->column_count = i + 1 - start;
		}
		start = i + 1;
	}
	return 0;
}

/* A sum, so that the order of the rows does not count; the identity row counts from behind its
 * pid. */
static uint64_t digest_row(struct slice row)
{
	if (slice_starts_with(row, "i ")) {
		struct slice rest = slice_part(row, 2, row.length);

		slice_cut(&rest, ' ');
		row = rest;
	}
	return XXH3_64bits(row.at, row.length);
}

static int read_rows(struct reading *reading, const struct slice *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int r = read_row(reading, rows[i]);

		if (r < 0)
			return r;
		reading->catalogue->digest += digest_row(rows[i]);
	}
	return reading->has_identity ? 0 : -EBADMSG;
}

int catalogue_read(const struct slice *rows, size_t count, struct catalogue **ret_catalogue)
{
	SCOPED(catalogue_freep) struct catalogue *catalogue = calloc(1, sizeof(*catalogue));
	struct reading reading = { .catalogue = catalogue };

	if (!catalogue)
		return -ENOMEM;
	catalogue->memory = arena_new(MEMORY_MAX);
	if (!catalogue->memory)
		return -ENOMEM;
	int r = read_rows(&reading, rows, count);
	if (r == 0)
		r = calls_settle(&reading.calls, catalogue);
	sort_edges(&reading.bases);
	sort_edges(&reading.dependents);
	drop_system_relations(&reading);
	if (r == 0)
		r = catalogue_index(catalogue);
	if (r == 0)
		r = share_edges(catalogue, &reading.bases, true);
	if (r == 0)
		r = share_edges(catalogue, &reading.dependents, false);
	if (r == 0)
		r = share_attributes(&reading);
	if (r < 0)
		return r;
	*ret_catalogue = steal(catalogue);
	return 0;
}
