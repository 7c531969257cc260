/* SPDX-License-Identifier: MIT */
/* Function calls: the effect of calling, what the result is computed from, what a failure would
 * tell. */
#include "policy/engine/analysis.h"
#include "policy/engine/builtins.h"

void call_effect(struct analysis *analysis, struct facts_text schema, struct facts_text name,
		 bool is_harmless)
{
	struct facts_effect *effect =
		effect_add(analysis, VERB_CALL, OBJECT_FUNCTION, schema, name);

	effect->flags &= ~(uint32_t)(EFFECT_SYNTAX | EFFECT_HARMLESS);
	if (is_harmless) {
		effect->flags |= EFFECT_HARMLESS;
		return;
	}
	/* Whatever is not on the list may read its arguments as names or statements, and change
	 * the session. */
	analysis->parts->literal_decides = true;
	analysis->parts->statement.flags |= FACTS_MAY_CHANGE_SESSION;
}

/* A function of pg_catalog that does something, and nothing to the session's state that judgements
 * depend on. */
static void traced_effect(struct analysis *analysis, struct facts_text schema,
			  struct facts_text name)
{
	struct facts_effect *effect =
		effect_add(analysis, VERB_CALL, OBJECT_FUNCTION, schema, name);

	effect->flags = EFFECT_TRACED;
}

void sort_list(struct analysis *analysis, List *sorts, struct scope *scope, struct value *value)
{
	ListCell *cell;

	foreach (cell, sorts) {
		SortBy *sort = lfirst_node(SortBy, cell);

		expression(analysis, sort->node, scope, value);
		bool can_raise;

		if (sort->useOp != NIL)
			operator_named(analysis, sort->useOp, &can_raise);
	}
}

void window_definition(struct analysis *analysis, WindowDef *window, struct scope *scope,
		       struct value *value)
{
	struct value sorted = { .derived = true };

	expressions(analysis, window->partitionClause, scope, &sorted);
	sort_list(analysis, window->orderClause, scope, &sorted);
	expression(analysis, window->startOffset, scope, &sorted);
	expression(analysis, window->endOffset, scope, &sorted);
	probe_add(analysis, PROBE_WINDOW, &sorted.sources);
	value_union(value, &sorted);
}

/* The parts of a call that an aggregate or window function may have. */
static void aggregate_parts(struct analysis *analysis, FuncCall *call, struct scope *scope,
			    struct value *value)
{
	struct value sorted = { .derived = true }, filtered = { .derived = true };

	sort_list(analysis, call->agg_order, scope, &sorted);
	probe_add(analysis, PROBE_ORDER_BY, &sorted.sources);
	expression(analysis, call->agg_filter, scope, &filtered);
	probe_add(analysis, PROBE_FILTER, &filtered.sources);
	value_union(value, &sorted);
	value_union(value, &filtered);
	if (call->over == NULL)
		return;
	window_definition(analysis, call->over, scope, value);
	if (call->over->name != NULL || call->over->refname != NULL)
		sources_union(&value->sources, &scope->windows);
}

/* The text of a string constant, casts aside; NULL for anything else. */
static const char *literal_text(const Node *node)
{
	while (node != NULL && IsA(node, TypeCast))
		node = ((const TypeCast *)node)->arg;
	if (node == NULL || !IsA(node, A_Const))
		return NULL;
	const A_Const *constant = (const A_Const *)node;

	return !constant->isnull && IsA(&constant->val, String) ? constant->val.sval.sval : NULL;
}

/* `text` in lower case, with memory of the call's. */
static char *folded(struct slice text)
{
	char *copy = palloc(text.length + 1);

	for (size_t i = 0; i < text.length; i++) {
		char letter = text.at[i];

		copy[i] = (char)(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
	}
	copy[text.length] = '\0';
	return copy;
}

static bool is_setting_name(struct analysis *analysis, const struct scope *scope,
			    const struct facts_source *source)
{
	if (source->relation == FACTS_TOP || !text_is(analysis, source->column, "name") ||
	    !text_is(analysis, relation_at(analysis, source->relation).name, "pg_settings"))
		return false;
	for (uint32_t i = 0; i < scope->count; i++)
		if (scope->entries[i].relation == source->relation)
			return true;
	return false;
}

/* pg_dump asks for `set_config(name, …) FROM pg_settings WHERE name = 'a setting'`, so that a
 * server without the setting is not disturbed. */
static const char *filtered_setting(struct analysis *analysis, FuncCall *call, struct scope *scope)
{
	const struct equality_list *list = &analysis->parts->equalities;
	struct value value = { .derived = false };
	Node *name = call->args != NIL ? linitial(call->args) : NULL;

	if (name == NULL || !IsA(name, ColumnRef) || !scope->is_filtered ||
	    IsA(llast(((ColumnRef *)name)->fields), A_Star))
		return NULL;
	reference_value(analysis, scope, ((ColumnRef *)name)->fields, &value);
	if (value.sources.count != 1 || !is_setting_name(analysis, scope, &value.sources.at[0]))
		return NULL;
	for (uint32_t i = 0; i < list->count; i++)
		if (list->at[i].relation == value.sources.at[0].relation &&
		    list->at[i].parameter == 0 && text_is(analysis, list->at[i].column, "name"))
			return folded(analysis_slice(analysis, list->at[i].value));
	return NULL;
}

static void call_set_config(struct analysis *analysis, FuncCall *call, struct scope *scope)
{
	const char *text = call->args != NIL ? literal_text(linitial(call->args)) : NULL;
	const char *name =
		text != NULL ? folded(slice_of(text)) : filtered_setting(analysis, call, scope);
	struct facts_text none = { 0, 0 };

	analysis->parts->literal_decides = true;
	analysis->parts->statement.flags |= FACTS_MAY_CHANGE_SESSION;
	if (name == NULL) {
		analysis_stop(analysis, "set_config changes a setting whose name is computed");
		return;
	}
	struct facts_effect *effect =
		effect_add(analysis, VERB_SET, OBJECT_SETTING, none, analysis_text(analysis, name));

	if (builtin_setting_is_harmless(slice_of(name)))
		effect->flags |= EFFECT_HARMLESS;
}

/* A setting with a dot in its name is a place where a session keeps values. */
static void call_current_setting(struct analysis *analysis, FuncCall *call, struct value *value)
{
	const char *name = call->args != NIL ? literal_text(linitial(call->args)) : NULL;

	analysis->parts->literal_decides = true;
	if (name == NULL || strchr(name, '.') != NULL)
		sources_top(&value->sources);
}

/* Functions whose literal arguments name something. */
static bool takes_names(struct slice name)
{
	return slice_starts_with(name, "pg_") || slice_starts_with(name, "has_") ||
	       slice_starts_with(name, "to_reg") || slice_starts_with(name, "obj_") ||
	       slice_starts_with(name, "col_") || slice_starts_with(name, "shobj_");
}

/* json_build_object fails for a key that is NULL, and takes any value. */
static bool is_object_builder(const struct analysis *analysis, struct facts_text name,
			      const FuncCall *call)
{
	return !call->func_variadic && (text_is(analysis, name, "json_build_object") ||
					text_is(analysis, name, "jsonb_build_object"));
}

static void object_arguments(struct analysis *analysis, const FuncCall *call, struct scope *scope,
			     struct value *arguments)
{
	struct value keys = { .derived = true };

	for (int i = 0; i < list_length(call->args); i++)
		expression(analysis, list_nth(call->args, i), scope, i % 2 ? arguments : &keys);
	probe_add(analysis, PROBE_RAISING, &keys.sources);
	value_union(arguments, &keys);
}

/* What a call of this name is, by its schema: functions of pg_catalog, and one that clients call in
 * information_schema.  set_config's effect is `set`, on the setting. */
static enum builtin_function class_of(const struct analysis *analysis, struct facts_text schema,
				      struct facts_text name)
{
	if (text_is(analysis, schema, "information_schema"))
		return text_is(analysis, name, "_pg_expandarray") ? BUILTIN_SET : BUILTIN_UNKNOWN;
	if (schema.length > 0 && !text_is(analysis, schema, "pg_catalog"))
		return BUILTIN_UNKNOWN;
	if (text_is(analysis, name, "set_config"))
		return BUILTIN_HARMLESS;
	return builtin_function(analysis_slice(analysis, name));
}

/* A function of the server's, unless somebody made one of its name, which the judge looks after. */
static bool is_call_of(const FuncCall *call, const char *name)
{
	return slice_is(string_slice(llast(call->funcname)), name) &&
	       (list_length(call->funcname) == 1 ||
		slice_is(string_slice(linitial(call->funcname)), "pg_catalog")) &&
	       list_length(call->funcname) <= 2;
}

bool call_lists_options(const FuncCall *call)
{
	return is_call_of(call, "pg_options_to_table");
}

/* Whether it is a column of a relation as it is, which it has been found to be before: asking again
 * is no second mention. */
static bool is_column_itself(struct analysis *analysis, Node *node, struct scope *scope)
{
	struct value value = { .derived = false };
	uint32_t watched_seen = analysis->watched_seen;

	if (!IsA(node, ColumnRef) || IsA(llast(((ColumnRef *)node)->fields), A_Star))
		return false;
	reference_value(analysis, scope, ((ColumnRef *)node)->fields, &value);
	analysis->watched_seen = watched_seen;
	return !value.derived;
}

/* A list itself, not something computed from it, has as many members as there are rows. */
uint32_t call_outline(struct analysis *analysis, const FuncCall *call, struct scope *scope)
{
	if (list_length(call->args) != 1 || call->func_variadic ||
	    !(call_lists_options(call) || is_call_of(call, "unnest")))
		return 0;
	return is_column_itself(analysis, linitial(call->args), scope) ? SOURCE_OUTLINE : 0;
}

static void probe_set(struct analysis *analysis, const FuncCall *call, struct scope *scope,
		      const struct sources *arguments)
{
	struct sources told = { NULL, 0, 0, false };

	sources_union_flagged(&told, arguments, call_outline(analysis, call, scope));
	probe_add(analysis, PROBE_SET_RETURNING, &told);
}

static void call_result(struct analysis *analysis, const FuncCall *call,
			enum builtin_function class, const struct value *arguments,
			struct value *value)
{
	if (class == BUILTIN_UNKNOWN)
		sources_top(&value->sources);
	if (class == BUILTIN_UNKNOWN || class == BUILTIN_HARMLESS || class == BUILTIN_EFFECT)
		probe_add(analysis, PROBE_RAISING, &arguments->sources);
	if (call->agg_distinct)
		probe_add(analysis, PROBE_DISTINCT, &arguments->sources);
	sources_union_flagged(&value->sources, &arguments->sources,
			      class == BUILTIN_COUNTING ? SOURCE_COUNTED : 0);
	value->derived = true;
}

/* Built-in functions whose first argument names a setting. */
static void special_call(struct analysis *analysis, FuncCall *call, struct scope *scope,
			 struct value *value)
{
	struct slice name = string_slice(llast(call->funcname));

	if (slice_is(name, "set_config"))
		call_set_config(analysis, call, scope);
	else if (slice_is(name, "current_setting"))
		call_current_setting(analysis, call, value);
}

void expression_call(struct analysis *analysis, FuncCall *call, struct scope *scope,
		     struct value *value)
{
	struct value arguments = { .derived = true };
	struct facts_text schema, name;

	split_name(analysis, call->funcname, &schema, &name);
	bool is_own = schema.length == 0 || text_is(analysis, schema, "pg_catalog");
	enum builtin_function class = class_of(analysis, schema, name);

	if (class == BUILTIN_HARMLESS && is_object_builder(analysis, name, call)) {
		object_arguments(analysis, call, scope, &arguments);
		class = BUILTIN_TOTAL;
	} else {
		expressions(analysis, call->args, scope, &arguments);
	}
	if (builtin_is_harmless(class) && takes_names(analysis_slice(analysis, name)))
		analysis->parts->literal_decides = true;
	if (is_own)
		special_call(analysis, call, scope, value);
	if (class == BUILTIN_EFFECT)
		traced_effect(analysis, schema, name);
	else
		call_effect(analysis, schema, name, builtin_is_harmless(class));
	if (call->agg_order != NIL || call->agg_filter != NULL || call->over != NULL)
		aggregate_parts(analysis, call, scope, value);
	if (class == BUILTIN_SET)
		probe_set(analysis, call, scope, &arguments.sources);
	call_result(analysis, call, class, &arguments, value);
}
