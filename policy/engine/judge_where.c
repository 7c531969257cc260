/* SPDX-License-Identifier: MIT */
/* `only-where`: whether a relation is held to certain values of a column.  Parameters are not
 * known when a text is judged: they hold for no permission and may hold for every restriction. */
#include "policy/engine/judge_private.h"

static bool relation_matches(const struct effect *effect, const struct policy_column *column)
{
	if (!slice_matches(effect->name, slice_of(column->table)))
		return false;
	return !column->schema || !effect->place.is_known ||
	       slice_matches(effect->place.schema, slice_of(column->schema));
}

enum has_column { HAS_NOT, HAS, HAS_PERHAPS };

static enum has_column relation_has(const struct effect *effect, const struct policy_column *column)
{
	const struct catalogue_relation *relation = effect->place.relation;

	if (effect->facts->object != OBJECT_RELATION)
		return HAS_NOT;
	if (!relation || relation->column_count == 0)
		return HAS_PERHAPS;
	for (size_t i = 0; i < relation->column_count; i++) {
		if (slice_matches(relation->columns[i].name, slice_of(column->column)))
			return HAS;
	}
	return HAS_NOT;
}

static bool value_is_listed(const struct policy_condition *condition, struct slice value)
{
	for (size_t i = 0; i < condition->count; i++) {
		if (slice_is(value, condition->values[i]))
			return true;
	}
	return false;
}

struct held {
	bool some_listed, some_other, some_parameter;
};

static struct held find_held(const struct effect *effect, uint32_t relation,
			     const struct policy_condition *condition)
{
	const struct facts *facts = effect->reading->facts;
	struct facts_range range = facts_statements(facts)[effect->statement].equalities;
	struct held held = { false, false, false };

	for (uint32_t i = 0; i < range.count; i++) {
		const struct facts_equality *equality = &facts_equalities(facts)[range.first + i];

		if (equality->relation != relation ||
		    !slice_matches(facts_slice(facts, equality->column),
				   slice_of(condition->column.column)))
			continue;
		if (equality->parameter != 0)
			held.some_parameter = true;
		else if (value_is_listed(condition, facts_slice(facts, equality->value)))
			held.some_listed = true;
		else
			held.some_other = true;
	}
	return held;
}

static bool writes_column(const struct effect *effect, const struct policy_condition *condition)
{
	const struct facts *facts = effect->reading->facts;
	struct facts_range range = facts_statements(facts)[effect->statement].writes;

	for (uint32_t i = 0; i < range.count; i++) {
		const struct facts_write *write = &facts_writes(facts)[range.first + i];

		if (write->relation == effect->facts->relation &&
		    (write->column.length == 0 ||
		     slice_matches(facts_slice(facts, write->column),
				   slice_of(condition->column.column))))
			return true;
	}
	return false;
}

static bool mention_is_held(const struct effect *effect, uint32_t relation,
			    const struct policy_condition *condition, bool grants)
{
	struct held held = find_held(effect, relation, condition);
	bool adds_rows = effect->verb == VERB_INSERT || effect->verb == VERB_MERGE ||
			 effect->verb == VERB_COPY_IN;

	if (!grants)
		return held.some_listed || !held.some_other;
	/* Each row of an INSERT says a value of its own; the conditions of a WHERE hold
	 * together. */
	if (adds_rows)
		return held.some_listed && !held.some_other && !held.some_parameter;
	return held.some_listed && !writes_column(effect, condition);
}

static bool same_table(const struct facts *facts, uint32_t a, uint32_t b)
{
	const struct facts_relation *relations = facts_relations(facts);

	return slice_equal(facts_slice(facts, relations[a].name),
			   facts_slice(facts, relations[b].name)) &&
	       slice_equal(facts_slice(facts, relations[a].schema),
			   facts_slice(facts, relations[b].schema));
}

/* Every mention of the effect's table in its statement must be held: a second one reads other
 * rows. */
static bool is_held(const struct effect *effect, const struct policy_condition *condition,
		    bool grants)
{
	const struct facts *facts = effect->reading->facts;
	uint32_t own = effect->facts->relation;

	if (own == FACTS_NONE)
		return !grants;
	if (!grants)
		return mention_is_held(effect, own, condition, false);
	for (uint32_t i = 0; i < facts->relation_count; i++) {
		if (facts_relations(facts)[i].statement == effect->statement &&
		    same_table(facts, i, own) && !mention_is_held(effect, i, condition, true))
			return false;
	}
	return mention_is_held(effect, own, condition, true);
}

bool only_where_holds(struct judging *judging, const struct effect *effect,
		      const struct policy_rule *rule, bool grants)
{
	if (rule->only_where_count == 0)
		return true;
	judging->is_value_dependent = true;
	for (size_t i = 0; i < rule->only_where_count; i++) {
		const struct policy_condition *condition = &rule->only_where[i];

		if (!relation_matches(effect, &condition->column) ||
		    relation_has(effect, &condition->column) == HAS_NOT)
			continue;
		if (!is_held(effect, condition, grants))
			return false;
	}
	return true;
}
