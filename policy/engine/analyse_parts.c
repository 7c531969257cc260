/* SPDX-License-Identifier: MIT */
/* Collects the facts of one statement and appends them to the block when it is complete. */
#include "policy/engine/analysis.h"

static bool has_room(struct analysis *analysis, uint32_t count)
{
	if (count < ANALYSIS_ENTRIES_MAX)
		return true;
	analysis_stop(analysis, "the statement does more things than can be judged");
	return false;
}

/* Equal effects stand once, unless they are about a certain mention of a relation. */
static struct facts_effect *effect_find(struct parts *parts, const struct facts_effect *like)
{
	lineage_work_add(parts->effects.count);
	for (uint32_t i = 0; i < parts->effects.count; i++) {
		struct facts_effect *effect = &parts->effects.at[i];

		if (effect->verb == like->verb && effect->object == like->object &&
		    effect->relation == FACTS_NONE && text_equal(effect->name, like->name) &&
		    text_equal(effect->schema, like->schema))
			return effect;
	}
	return NULL;
}

static struct facts_effect *effect_push(struct analysis *analysis, struct facts_effect effect)
{
	static __thread struct facts_effect discarded;
	struct effect_list *list = &analysis->parts->effects;

	if (!has_room(analysis, list->count)) {
		discarded = effect;
		return &discarded;
	}
	list->at = analysis_grow(list->at, list->count, &list->capacity, sizeof(*list->at));
	list->at[list->count] = effect;
	return &list->at[list->count++];
}

struct facts_effect *effect_add(struct analysis *analysis, enum verb verb, enum facts_object object,
				struct facts_text schema, struct facts_text name)
{
	struct facts_effect effect = { .verb = (uint16_t)verb,
				       .object = (uint16_t)object,
				       .schema = schema,
				       .name = name,
				       .relation = FACTS_NONE };
	struct facts_effect *known = effect_find(analysis->parts, &effect);

	return known != NULL ? known : effect_push(analysis, effect);
}

void syntax_effect(struct analysis *analysis, struct facts_text schema, struct facts_text name)
{
	struct facts_effect effect = { .verb = VERB_CALL,
				       .object = OBJECT_FUNCTION,
				       .flags = EFFECT_HARMLESS | EFFECT_SYNTAX,
				       .schema = schema,
				       .name = name,
				       .relation = FACTS_NONE };

	if (effect_find(analysis->parts, &effect) == NULL)
		effect_push(analysis, effect);
}

void effect_on_relation(struct analysis *analysis, enum verb verb, uint32_t relation)
{
	struct facts_relation mention = relation_at(analysis, relation);

	effect_push(analysis, (struct facts_effect){ .verb = (uint16_t)verb,
						     .object = OBJECT_RELATION,
						     .schema = mention.schema,
						     .name = mention.name,
						     .relation = relation });
}

static struct facts_effect *last_effect(struct analysis *analysis)
{
	struct effect_list *list = &analysis->parts->effects;

	return list->count > 0 ? &list->at[list->count - 1] : NULL;
}

void effect_add_flags(struct analysis *analysis, uint32_t flags)
{
	struct facts_effect *effect = last_effect(analysis);

	if (effect != NULL)
		effect->flags |= flags;
}

void effect_detail(struct analysis *analysis, const char *detail)
{
	struct facts_effect *effect = last_effect(analysis);

	if (effect != NULL)
		effect->detail = analysis_text(analysis, detail);
}

uint32_t relation_add(struct analysis *analysis, struct facts_text schema, struct facts_text name)
{
	struct facts_relation relation = { schema, name, analysis->parts->index };

	if (facts_build_count(&analysis->build->relations, sizeof(relation)) >=
	    4 * ANALYSIS_ENTRIES_MAX)
		analysis_stop(analysis, "the text names more tables than can be judged");
	return facts_build_add(&analysis->build->relations, &relation, 1, sizeof(relation)).first;
}

struct facts_relation relation_at(const struct analysis *analysis, uint32_t relation)
{
	const struct facts_relation *relations = (const void *)analysis->build->relations.at;

	return relations[relation];
}

void probe_add(struct analysis *analysis, enum facts_probe_place place,
	       const struct sources *sources)
{
	sources_union(&analysis->parts->probes[place][0], sources);
}

void probe_add_lookup(struct analysis *analysis, enum facts_probe_place place,
		      const struct sources *sources)
{
	sources_union(&analysis->parts->probes[place][1], sources);
}

void natural_add(struct analysis *analysis, const struct sources *sources)
{
	struct natural_list *list = &analysis->parts->naturals;

	if (!has_room(analysis, list->count))
		return;
	list->at = analysis_grow(list->at, list->count, &list->capacity, sizeof(*list->at));
	list->at[list->count++] = (struct natural_join){ *sources };
}

void write_add(struct analysis *analysis, struct facts_write write, const struct sources *sources)
{
	struct write_list *list = &analysis->parts->writes;

	if (!has_room(analysis, list->count))
		return;
	list->at = analysis_grow(list->at, list->count, &list->capacity, sizeof(*list->at));
	list->at[list->count++] = (struct pending_write){ write, *sources };
}

void write_vector(struct analysis *analysis, uint32_t relation, const struct vector *vector)
{
	uint32_t i = 0;
	struct sources rest = { NULL, 0, 0, false };

	for (; i < vector->count && vector->at[i].kind == ITEM_COLUMN; i++)
		write_add(
			analysis,
			(struct facts_write){ .relation = relation, .column = vector->at[i].name },
			&vector->at[i].sources);
	if (i == vector->count)
		return;
	vector_whole(vector, &rest);
	write_add(analysis,
		  (struct facts_write){ .relation = relation, .flags = WRITE_ALL_COLUMNS }, &rest);
}

/* The node below casts to built-in types. */
static const Node *uncast(const Node *node)
{
	while (node != NULL && IsA(node, TypeCast))
		node = ((const TypeCast *)node)->arg;
	return node;
}

bool is_given_value(const Node *node)
{
	node = uncast(node);
	return node != NULL &&
	       (IsA(node, ParamRef) || (IsA(node, A_Const) && !((const A_Const *)node)->isnull));
}

static struct facts_text constant_text(struct analysis *analysis, const A_Const *constant)
{
	char number[16];

	switch (nodeTag(&constant->val)) {
	case T_Integer:
		snprintf(number, sizeof(number), "%d", constant->val.ival.ival);
		return analysis_text(analysis, number);
	case T_Float:
		return analysis_text(analysis, constant->val.fval.fval);
	case T_Boolean:
		return analysis_text(analysis, constant->val.boolval.boolval ? "true" : "false");
	case T_String:
		return analysis_text(analysis, constant->val.sval.sval);
	default:
		return analysis_text(analysis, constant->val.bsval.bsval);
	}
}

void equality_add(struct analysis *analysis, uint32_t relation, struct facts_text column,
		  Node *value)
{
	struct equality_list *list = &analysis->parts->equalities;
	struct facts_equality equality = { .relation = relation, .column = column };
	const Node *given = uncast(value);

	if (!has_room(analysis, list->count))
		return;
	if (IsA(given, ParamRef))
		equality.parameter = (uint32_t)((const ParamRef *)given)->number;
	else
		equality.value = constant_text(analysis, (const A_Const *)given);
	if (equality.parameter == 0 && IsA(given, ParamRef))
		return;
	list->at = analysis_grow(list->at, list->count, &list->capacity, sizeof(*list->at));
	list->at[list->count++] = equality;
}

void parts_begin(struct analysis *analysis, struct parts *parts, uint32_t index)
{
	memset(parts, 0, sizeof(*parts));
	parts->index = index;
	parts->statement.body = FACTS_NONE;
	analysis->parts = parts;
}

static struct facts_range add_sources(struct analysis *analysis, const struct sources *sources)
{
	return facts_build_add(&analysis->build->sources, sources->at, sources->count,
			       sizeof(*sources->at));
}

static void add_probe(struct analysis *analysis, enum facts_probe_place place, uint16_t flags,
		      const struct sources *sources)
{
	struct facts_probe probe = { .place = (uint16_t)place, .flags = flags };

	if (sources->count == 0)
		return;
	probe.sources = add_sources(analysis, sources);
	facts_build_add(&analysis->build->probes, &probe, 1, sizeof(probe));
}

static struct facts_range end_probes(struct analysis *analysis)
{
	struct parts *parts = analysis->parts;
	struct facts_range range = {
		facts_build_count(&analysis->build->probes, sizeof(struct facts_probe)), 0
	};

	for (int place = 0; place < PROBE_PLACE_COUNT; place++) {
		add_probe(analysis, (enum facts_probe_place)place, 0, &parts->probes[place][0]);
		add_probe(analysis, (enum facts_probe_place)place, PROBE_LOOKUP,
			  &parts->probes[place][1]);
	}
	for (uint32_t i = 0; i < parts->naturals.count; i++)
		add_probe(analysis, PROBE_JOIN, PROBE_NATURAL, &parts->naturals.at[i].sources);
	range.count = facts_build_count(&analysis->build->probes, sizeof(struct facts_probe)) -
		      range.first;
	return range;
}

static struct facts_range end_outputs(struct analysis *analysis)
{
	const struct vector *outputs = &analysis->parts->outputs;
	struct facts_range range = { facts_build_count(&analysis->build->outputs,
						       sizeof(struct facts_output)),
				     outputs->count };

	for (uint32_t i = 0; i < outputs->count; i++) {
		const struct item *item = &outputs->at[i];
		bool is_star = item->kind == ITEM_STAR && !item->is_partial;
		struct sources whole = { NULL, 0, 0, false };
		struct facts_output output = { .kind = OUTPUT_COLUMN,
					       .flags = item->derived ? OUTPUT_DERIVED : 0,
					       .name = item->name,
					       .relation = is_star ? item->relation : FACTS_NONE };

		if (item->kind != ITEM_COLUMN)
			output.kind = is_star ? OUTPUT_STAR : OUTPUT_ANY;
		if (item->kind == ITEM_STAR && item->is_partial)
			sources_add(&whole, (struct facts_source){ .relation = item->relation });
		sources_union(&whole, &item->sources);
		output.sources = add_sources(analysis, &whole);
		facts_build_add(&analysis->build->outputs, &output, 1, sizeof(output));
	}
	return range;
}

static struct facts_range end_writes(struct analysis *analysis)
{
	const struct write_list *list = &analysis->parts->writes;
	struct facts_range range = {
		facts_build_count(&analysis->build->writes, sizeof(struct facts_write)), list->count
	};

	for (uint32_t i = 0; i < list->count; i++) {
		struct facts_write write = list->at[i].write;

		write.sources = add_sources(analysis, &list->at[i].sources);
		facts_build_add(&analysis->build->writes, &write, 1, sizeof(write));
	}
	return range;
}

struct facts_statement parts_end(struct analysis *analysis)
{
	struct parts *parts = analysis->parts;
	struct facts_statement *statement = &parts->statement;

	/* EXPLAIN shares its body's arrays: where one is set already, nothing was collected
	 * here. */
	if (parts->effects.count > 0 || statement->effects.count == 0)
		statement->effects =
			facts_build_add(&analysis->build->effects, parts->effects.at,
					parts->effects.count, sizeof(*parts->effects.at));
	statement->outputs = end_outputs(analysis);
	if (statement->probes.count == 0)
		statement->probes = end_probes(analysis);
	if (statement->writes.count == 0)
		statement->writes = end_writes(analysis);
	if (statement->equalities.count == 0)
		statement->equalities =
			facts_build_add(&analysis->build->equalities, parts->equalities.at,
					parts->equalities.count, sizeof(*parts->equalities.at));
	if (facts_build_count(&analysis->build->sources, sizeof(struct facts_source)) >
	    100 * ANALYSIS_ENTRIES_MAX)
		analysis_stop(analysis, "the text has more lineage than can be judged");
	return *statement;
}

void analysis_mark(struct analysis *analysis, struct analysis_mark *ret_mark)
{
	ret_mark->parts = *analysis->parts;
	ret_mark->relation_count =
		facts_build_count(&analysis->build->relations, sizeof(struct facts_relation));
	ret_mark->ctes_done = analysis->ctes_done;
}

void analysis_return(struct analysis *analysis, const struct analysis_mark *mark)
{
	*analysis->parts = mark->parts;
	buf_truncate(&analysis->build->relations,
		     mark->relation_count * sizeof(struct facts_relation));
	while (analysis->ctes_done != mark->ctes_done) {
		struct cte *cte = analysis->ctes_done;

		analysis->ctes_done = cte->done_before;
		cte->state = CTE_NEW;
		cte->has_columns = false;
	}
}
