/* SPDX-License-Identifier: MIT */
/* Whose texts besides rows are hidden: errors and notices of statements behind which protected
 * values lie. */
#include "policy/core/plan.h"
#include "policy/engine/judge_private.h"

/* Verbs of statements that read what they name, and nothing else. */
#define NAMES_ALL                                                                                  \
	(VERB_BIT(VERB_SELECT) | VERB_BIT(VERB_INSERT) | VERB_BIT(VERB_UPDATE) |                   \
	 VERB_BIT(VERB_UPDATE_ALL) | VERB_BIT(VERB_DELETE) | VERB_BIT(VERB_DELETE_ALL) |           \
	 VERB_BIT(VERB_MERGE) | VERB_BIT(VERB_COPY_IN) | VERB_BIT(VERB_COPY_OUT) |                 \
	 VERB_BIT(VERB_GRANT) | VERB_BIT(VERB_SET) | VERB_BIT(VERB_LOCK) | VERB_BIT(VERB_NOTIFY))

/* Commands that write tables anew or build indexes read rows which their text need not name. */
static bool effect_reads_more(const struct facts_effect *effect)
{
	if (effect->verb == VERB_CALL)
		return !(effect->flags & (EFFECT_HARMLESS | EFFECT_TRACED));
	return !(VERB_BIT(effect->verb) & NAMES_ALL);
}

/* Constraints that were deferred are checked at the end of a transaction, and by SET
 * CONSTRAINTS. */
static bool statement_reads_more(const struct facts_statement *statement)
{
	return statement->unknown.length > 0 || statement->kind == STATEMENT_COMMIT ||
	       statement->kind == STATEMENT_TWO_PHASE ||
	       (statement->kind == STATEMENT_PLAIN && statement->effects.count == 0 &&
		(statement->flags & FACTS_MAY_CHANGE_SESSION));
}

static bool reads_more(const struct facts *facts)
{
	for (uint32_t i = 0; i < facts->effect_count; i++) {
		if (effect_reads_more(&facts_effects(facts)[i]))
			return true;
	}
	for (uint32_t i = 0; i < facts->top_level_count; i++) {
		if (statement_reads_more(&facts_statements(facts)[i]))
			return true;
	}
	return facts->unknown.length > 0;
}

/* Whether values that the server may quote lie behind the relations: a row that breaks a constraint
 * is quoted whole, whatever the statement wrote. */
static bool reads_protected(const struct reading *reading)
{
	struct shield whole = { .mask = { 0 } };

	for (uint32_t i = 0; i < reading->facts->relation_count; i++)
		cover_whole(&reading->covers[i], &whole);
	return shield_holds(&whole) || reading->is_untraceable;
}

#define COMPUTES_ROWS                                                                              \
	(VERB_BIT(VERB_INSERT) | VERB_BIT(VERB_UPDATE) | VERB_BIT(VERB_UPDATE_ALL) |               \
	 VERB_BIT(VERB_MERGE) | VERB_BIT(VERB_COPY_IN))

static bool writes_rows(const struct facts *facts)
{
	for (uint32_t i = 0; i < facts->effect_count; i++) {
		if (VERB_BIT(facts_effects(facts)[i].verb) & COMPUTES_ROWS)
			return true;
	}
	return false;
}

uint32_t hidden_texts(const struct judging *judging, const struct reading *reading)
{
	uint32_t flags = 0;

	if (judging->guards.count == 0)
		return 0;
	if (writes_rows(reading->facts))
		flags |= PLAN_HIDES_COMPUTED;
	if (reads_protected(reading) || reads_more(reading->facts))
		flags |= PLAN_HIDES_TEXTS;
	return flags;
}
