/* SPDX-License-Identifier: MIT */
/* What names mean: columns and rows of the FROM items in scope, from the innermost query
 * outwards.
 *
 * The rules are those of PostgreSQL's parser (parse_relation.c, parse_expr.c: colNameToVar
 * before whole rows, qualified names by relation alias, `row.field` as a function call when
 * there is no such column).  Without a catalogue a table may have any column, so a bare name
 * that no list of known columns has belongs to each table of its level and of the levels outside
 * it, as a candidate. */
#include "policy/engine/analysis.h"
#include "policy/engine/builtins.h"

struct entry *scope_add(struct scope *scope, struct entry entry)
{
	scope->entries = analysis_grow(scope->entries, scope->count, &scope->capacity,
				       sizeof(*scope->entries));
	scope->entries[scope->count] = entry;
	return &scope->entries[scope->count++];
}

void scope_all(const struct scope *scope, uint32_t first, struct vector *ret_vector)
{
	for (uint32_t i = first; i < scope->count; i++)
		if (scope->entries[i].is_column_visible)
			vector_append(ret_vector, &scope->entries[i].columns);
}

/* storage columns of every table; sysattr in catalog/heap.c */
static bool is_system_column(const struct analysis *analysis, struct facts_text name)
{
	static const char *const names[] = { "ctid", "xmin", "cmin", "xmax", "cmax", "tableoid" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (text_is(analysis, name, names[i]))
			return true;
	return false;
}

/* Notes that an expression mentions the relation that the caller watches. */
static void watch(struct analysis *analysis, const struct value *value)
{
	for (uint32_t i = 0; i < value->sources.count; i++)
		if (value->sources.at[i].relation == analysis->watched ||
		    value->sources.at[i].relation == FACTS_TOP)
			analysis->watched_seen++;
}

static bool level_find(const struct scope *scope, struct facts_text name, struct value *value)
{
	bool found = false;

	for (uint32_t i = 0; i < scope->count; i++)
		if (scope->entries[i].is_column_visible)
			found = vector_find(&scope->entries[i].columns, name, value) || found;
	return found;
}

static bool level_possible(const struct scope *scope, struct facts_text name, struct value *value)
{
	bool found = false;

	for (uint32_t i = 0; i < scope->count; i++)
		if (scope->entries[i].is_column_visible)
			found = vector_find_possible(&scope->entries[i].columns, name, value) ||
				found;
	return found;
}

/* Columns called `name`, level by level, until one is certain.  Whether it was. */
static bool find_column(const struct scope *scope, struct facts_text name, struct value *value,
			bool *ret_possible)
{
	*ret_possible = false;
	for (; scope != NULL; scope = scope->outer) {
		if (level_find(scope, name, value))
			return true;
		*ret_possible = level_possible(scope, name, value) || *ret_possible;
	}
	return false;
}

bool scope_column(const struct scope *scope, struct facts_text name, struct value *value)
{
	struct value found = { .derived = false };
	bool is_possible;
	bool is_certain = find_column(scope, name, &found, &is_possible);

	sources_union_flagged(&value->sources, &found.sources, SOURCE_CANDIDATE);
	return is_certain;
}

static bool entry_is_called(const struct entry *entry, struct facts_text schema,
			    struct facts_text name)
{
	if (!entry->is_relation_visible || !text_equal(entry->name, name))
		return false;
	if (schema.length == 0)
		return true;
	return !entry->has_alias && entry->relation != FACTS_NONE &&
	       (entry->schema.length == 0 || text_equal(entry->schema, schema));
}

const struct entry *scope_entry(struct analysis *analysis, const struct scope *scope,
				struct facts_text schema, struct facts_text name)
{
	(void)analysis;
	for (; scope != NULL; scope = scope->outer) {
		lineage_work_add(scope->count);
		for (uint32_t i = 0; i < scope->count; i++)
			if (entry_is_called(&scope->entries[i], schema, name))
				return &scope->entries[i];
	}
	return NULL;
}

void scope_find(struct analysis *analysis, const struct scope *scope, struct facts_text name,
		struct value *value)
{
	struct value found = { .derived = false };
	struct facts_text none = { 0, 0 };
	bool is_possible;
	bool is_certain = find_column(scope, name, &found, &is_possible);

	if (!is_certain) {
		const struct entry *row = scope_entry(analysis, scope, none, name);

		if (row == NULL && !is_possible)
			sources_top(&found.sources);
		if (is_system_column(analysis, name) && row == NULL) {
			analysis->watched_seen++;
			return;
		}
		if (row != NULL) {
			vector_whole(&row->columns, &found.sources);
			found.derived = true;
		}
	}
	watch(analysis, &found);
	value->derived = value->derived || found.derived;
	sources_union_flagged(&value->sources, &found.sources,
			      found.sources.count > 1 && is_possible ? SOURCE_CANDIDATE : 0);
}

/* Built-in functions that take any row as their only argument: `t.to_jsonb` calls one when no
 * column is so called. */
static bool takes_row(const struct analysis *analysis, struct facts_text name)
{
	static const char *const names[] = {
		"to_json",
		"to_jsonb",
		"row_to_json",
		"json_build_array",
		"jsonb_build_array",
		"concat",
		"quote_literal",
		"quote_nullable",
		"num_nulls",
		"num_nonnulls",
		"hstore",
		"json_build_object",
		"jsonb_build_object",
		"record_out",
		"hash_record",
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (text_is(analysis, name, names[i]))
			return true;
	return false;
}

static void field_call(struct analysis *analysis, const struct entry *entry,
		       struct facts_text field, struct value *value)
{
	struct facts_text none = { 0, 0 };
	enum builtin_function class = builtin_function(analysis_slice(analysis, field));

	vector_whole(&entry->columns, &value->sources);
	value->derived = true;
	if (!builtin_is_harmless(class))
		sources_top(&value->sources);
	call_effect(analysis, none, field, builtin_is_harmless(class));
}

void entry_field(struct analysis *analysis, const struct entry *entry, struct facts_text field,
		 struct value *value)
{
	struct value found = { .derived = false };

	if (is_system_column(analysis, field) && !vector_is_closed(&entry->columns)) {
		if (entry->relation == analysis->watched)
			analysis->watched_seen++;
		return;
	}
	bool is_certain = vector_find(&entry->columns, field, &found);
	bool is_possible = !is_certain && vector_find_possible(&entry->columns, field, &found);
	uint32_t flags = is_possible && found.sources.count > 1 ? SOURCE_CANDIDATE : 0;

	if (!is_certain && (!is_possible || takes_row(analysis, field)))
		field_call(analysis, entry, field, &found);
	watch(analysis, &found);
	value->derived = value->derived || found.derived;
	sources_union_flagged(&value->sources, &found.sources, flags);
}

/* Cuts [schema.]relation.column; a database's name in front is left out, as it can be no other
 * than ours. */
static void split_reference(struct analysis *analysis, List *fields, int count,
			    struct facts_text *ret_schema, struct facts_text *ret_relation)
{
	struct facts_text none = { 0, 0 };

	*ret_relation =
		count >= 1 ? analysis_text(analysis, strVal(list_nth(fields, count - 1))) : none;
	*ret_schema =
		count >= 2 ? analysis_text(analysis, strVal(list_nth(fields, count - 2))) : none;
}

void reference_value(struct analysis *analysis, const struct scope *scope, List *fields,
		     struct value *value)
{
	int count = list_length(fields);
	struct facts_text schema, relation;
	struct facts_text column = analysis_text(analysis, strVal(llast(fields)));

	if (count == 1) {
		scope_find(analysis, scope, column, value);
		return;
	}
	split_reference(analysis, fields, count - 1, &schema, &relation);
	const struct entry *entry = scope_entry(analysis, scope, schema, relation);

	if (entry != NULL) {
		entry_field(analysis, entry, column, value);
		return;
	}
	/* A name that nothing has is the server's error; should it have a meaning, we do not
	 * know it. */
	analysis->watched_seen++;
	sources_top(&value->sources);
	value->derived = true;
}

void reference_star(struct analysis *analysis, const struct scope *scope, List *fields,
		    struct vector *vector)
{
	int count = list_length(fields) - 1;
	struct facts_text schema, relation;

	if (count == 0) {
		scope_all(scope, 0, vector);
		return;
	}
	split_reference(analysis, fields, count, &schema, &relation);
	const struct entry *entry = scope_entry(analysis, scope, schema, relation);

	if (entry != NULL) {
		vector_append(vector, &entry->columns);
		return;
	}
	struct item any = { .kind = ITEM_ANY, .derived = true, .relation = FACTS_NONE };

	sources_top(&any.sources);
	vector_push(vector, any);
}
