/* SPDX-License-Identifier: MIT */
/* Reads the rows of catalogue_query.  A row is words with one blank between them: first the
 * row's kind, then numbers and names.  A name is as quote_ident writes it: plain, or in double
 * quotes with inner ones doubled. */
#include "policy/engine/catalogue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "policy/engine/catalogue_private.h"

#define MEMORY_MAX	 (512 * MIB)
#define PATH_MAX_SCHEMAS 1000

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
	bool has_identity;
};

/* Copies the quoted name at the start of `row`, quotes taken away. */
static int read_quoted(struct arena *memory, struct slice *row, struct slice *ret_name)
{
	char *copy = arena_get(memory, row->length);
	size_t length = 0, at = 1;

	if (!copy)
		return -ENOMEM;
	for (;; at++) {
		if (at >= row->length)
			return -EBADMSG;
		if (row->at[at] == '"') {
			if (at + 1 >= row->length || row->at[at + 1] != '"')
				break;
			at++;
		}
		copy[length++] = row->at[at];
	}
	*row = slice_part(*row, at + 1, row->length);
	*ret_name = (struct slice){ copy, length };
	return 0;
}

static int read_name(struct arena *memory, struct slice *row, struct slice *ret_name)
{
	struct slice word = { row->at, 0 };

	if (row->length > 0 && row->at[0] == '"') {
		int r = read_quoted(memory, row, ret_name);

		if (r < 0)
			return r;
		if (row->length > 0 && row->at[0] != ' ')
			return -EBADMSG;
		*row = slice_part(*row, 1, row->length);
		return 0;
	}
	word = slice_cut(row, ' ');
	if (word.length == 0 || memchr(word.at, '"', word.length))
		return -EBADMSG;
	const char *copy = arena_text(memory, word);
	if (!copy)
		return -ENOMEM;
	*ret_name = (struct slice){ copy, word.length };
	return 0;
}

static int read_number(struct slice *row, uint32_t *ret_number)
{
	uint64_t number;

	if (slice_to_u64(slice_cut(row, ' '), &number) < 0 || number > UINT32_MAX)
		return -EBADMSG;
	*ret_number = (uint32_t)number;
	return 0;
}

static int read_path(struct arena *memory, struct slice *row, struct catalogue_identity *identity)
{
	struct slice *path = NULL;
	size_t count = 0;

	while (row->length > 0) {
		if (count == PATH_MAX_SCHEMAS)
			return -E2BIG;
		path = arena_grow(memory, path, count, sizeof(*path));
		if (!path)
			return -ENOMEM;
		int r = read_name(memory, row, &path[count++]);
		if (r < 0)
			return r;
	}
	identity->path = path;
	identity->path_count = count;
	return 0;
}

/* i PID IN-RECOVERY SERVER-ID DATABASE SESSION-USER CURRENT-USER PATH… */
static int read_identity(struct reading *reading, struct slice *row)
{
	struct arena *memory = reading->catalogue->memory;
	struct catalogue_identity *identity = &reading->catalogue->identity;
	uint32_t pid;
	int r = read_number(row, &pid);

	if (r < 0 || reading->has_identity)
		return -EBADMSG;
	reading->has_identity = true;
	identity->backend_pid = (int32_t)pid;
	identity->is_in_recovery = slice_is(slice_cut(row, ' '), "t");
	r = read_name(memory, row, &identity->server_id);
	if (r == 0 && slice_is(identity->server_id, "-"))
		identity->server_id = (struct slice){ "", 0 };
	if (r == 0)
		r = read_name(memory, row, &identity->database);
	if (r == 0)
		r = read_name(memory, row, &identity->session_user);
	if (r == 0)
		r = read_name(memory, row, &identity->current_user);
	return r == 0 ? read_path(memory, row, identity) : r;
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
	r = read_number(row, &relation->oid);
	if (r < 0)
		return r;
	struct slice kind = slice_cut(row, ' ');
	if (kind.length != 1 || !strchr("rvmpf", kind.at[0]))
		return -EBADMSG;
	relation->kind = kind.at[0];
	r = read_name(catalogue->memory, row, &relation->schema);
	return r == 0 ? read_name(catalogue->memory, row, &relation->name) : r;
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
	int r = read_number(row, &child);

	if (r == 0)
		r = read_number(row, &base);
	if (r == 0)
		r = add_edge(reading->catalogue->memory, &reading->bases, child, base);
	if (r == 0)
		r = add_edge(reading->catalogue->memory, &reading->dependents, base, child);
	return r;
}

/* a OID NUMBER TYPE NAME */
static int read_attribute(struct reading *reading, struct slice *row)
{
	struct arena *memory = reading->catalogue->memory;
	struct attribute *attributes = arena_grow(memory, reading->attributes,
						  reading->attribute_count, sizeof(*attributes));
	uint32_t number;

	if (!attributes)
		return -ENOMEM;
	reading->attributes = attributes;
	struct attribute *attribute = &attributes[reading->attribute_count++];
	int r = read_number(row, &attribute->relation);
	if (r == 0)
		r = read_number(row, &number);
	if (r == 0 && number > INT16_MAX)
		r = -EBADMSG;
	if (r < 0)
		return r;
	attribute->column.attribute = (int32_t)number;
	r = read_number(row, &attribute->column.type);
	return r == 0 ? read_name(memory, row, &attribute->column.name) : r;
}

/* f SCHEMA NAME */
static int read_overload(struct reading *reading, struct slice *row)
{
	struct catalogue *catalogue = reading->catalogue;
	struct overload *overloads = arena_grow(catalogue->memory, catalogue->overloads,
						catalogue->overload_count, sizeof(*overloads));
	struct overload *overload;

	if (!overloads)
		return -ENOMEM;
	catalogue->overloads = overloads;
	overload = &overloads[catalogue->overload_count++];
	overload->is_on_path = false;
	int r = read_name(catalogue->memory, row, &overload->schema);
	return r == 0 ? read_name(catalogue->memory, row, &overload->name) : r;
}

/* g RELATION NAME */
static int read_field(struct reading *reading, struct slice *row)
{
	struct catalogue *catalogue = reading->catalogue;
	struct catalogue_field *fields = arena_grow(catalogue->memory, catalogue->fields,
						    catalogue->field_count, sizeof(*fields));

	if (!fields)
		return -ENOMEM;
	catalogue->fields = fields;
	struct catalogue_field *field = &fields[catalogue->field_count++];
	int r = read_number(row, &field->relation);
	return r == 0 ? read_name(catalogue->memory, row, &field->name) : r;
}

static const struct {
	char kind;
	int (*read)(struct reading *, struct slice *);
} ROWS[] = {
	{ 'i', read_identity },	 { 'r', read_relation }, { 'b', read_base },
	{ 'a', read_attribute }, { 'f', read_overload }, { 'g', read_field },
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

static int compare_attributes(const void *a, const void *b)
{
	const struct attribute *left = a, *right = b;

	if (left->relation != right->relation)
		return left->relation < right->relation ? -1 : 1;
	return left->column.attribute - right->column.attribute;
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
	if (edges->count > 0)
		qsort(edges->items, edges->count, sizeof(*edges->items), compare_edges);
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
