/* SPDX-License-Identifier: MIT */
/* The judgement of a call, put together: one pass under the rules in force, and one more that
 * counts the rules on trial, for what they would have said. */
#include "policy/engine/judge.h"

#include <errno.h>
#include <string.h>

#include "policy/engine/judge_private.h"

#define TEXT_MAX (64 * KIB)
#define PLAN_MAX (32 * MIB)

const char *reason_text(enum reason reason)
{
	static const char *const TEXTS[] = {
#define REASON_TEXT(reason, text) [reason] = text,
		REASONS(REASON_TEXT)
#undef REASON_TEXT
	};

	return (size_t)reason < COUNT_OF(TEXTS) ? TEXTS[reason] : "?";
}

static void judgement_init(struct judgement *judgement)
{
	memset(judgement, 0, sizeof(*judgement));
	judgement->plan = (struct buf)BUF_MAX(PLAN_MAX);
	judgement->message = (struct buf)BUF_MAX(TEXT_MAX);
	judgement->detail = (struct buf)BUF_MAX(TEXT_MAX);
	judgement->hint = (struct buf)BUF_MAX(TEXT_MAX);
	judgement->decision = judgement->would_decide = DECISION_ALLOW;
	judgement->valid_until = INT64_MAX;
	judgement->limit.changed_rows = UINT64_MAX;
}

void judgement_done(struct judgement *judgement)
{
	buf_done(&judgement->plan);
	buf_done(&judgement->message);
	buf_done(&judgement->detail);
	buf_done(&judgement->hint);
}

static uint32_t people_needed(const struct policy *policy, const struct tally *tally)
{
	uint32_t people = 1;

	for (size_t i = 0; i < tally->rule_count; i++) {
		const struct policy_approve *approve = policy->rules[tally->rules[i]].approve;

		if (approve && approve->people > people)
			people = approve->people;
	}
	return people;
}

static int conclude(struct judging *judging, struct slice event)
{
	struct judgement *judgement = judging->judgement;
	enum decision decision = DECISION_ALLOW;
	const struct tally *tally;

	if (judging->tallies[DECISION_DENY].is_used)
		decision = DECISION_DENY;
	else if (judging->tallies[DECISION_APPROVE].is_used)
		decision = DECISION_APPROVE;
	tally = &judging->tallies[decision];
	judgement->decision = judgement->would_decide = decision;
	judgement->is_truncated |= tally->is_truncated;
	rules_add(judgement, tally->rules, tally->rule_count);
	if (decision == DECISION_ALLOW) {
		judgement->reason = tally->rule_count > 0 ? REASON_RULE
				    : judging->is_unknown ? REASON_UNKNOWN
							  : REASON_DEFAULT;
		return 0;
	}
	judgement->reason = tally->first.reason;
	if (decision == DECISION_APPROVE)
		judgement->people = people_needed(judging->policy, tally);
	else
		judgement->break_glass = !tally->is_unbreakable;
	return judge_texts(judgement, judging->policy, &tally->first, event);
}

static bool reach_is_lasting(const struct session_reach *reach)
{
	return reach->path || reach->lexing || reach->names || reach->freshness != SESSION_FRESH;
}

/* Whether one statement leaves the session as it is, as far as judgements go. */
static bool leaves_session(const struct judging *judging, const struct facts *facts, uint32_t index)
{
	const struct facts_statement *statement = &facts_statements(facts)[index];
	struct session_reach reach = statement_reach(facts, index, judging->session);

	if (reach_is_lasting(&reach))
		return false;
	switch ((enum facts_statement_kind)statement->kind) {
	case STATEMENT_BEGIN:
	case STATEMENT_SAVEPOINT:
	case STATEMENT_RELEASE:
	case STATEMENT_SET:
	case STATEMENT_RESET:
		return true;
	case STATEMENT_COMMIT:
	case STATEMENT_ROLLBACK:
	case STATEMENT_ROLLBACK_TO:
		return !session_minds_transaction_end(judging->session);
	default:
		return !(statement->flags & FACTS_MAY_CHANGE_SESSION);
	}
}

static bool block_leaves_session(const struct judging *judging, const struct facts *facts)
{
	if (facts->unknown.length > 0)
		return false;
	for (uint32_t i = 0; i < facts->top_level_count; i++) {
		if (facts_statements(facts)[i].kind == STATEMENT_EXECUTE ||
		    !leaves_session(judging, facts, i))
			return false;
	}
	return true;
}

static bool text_changes_session(const struct judging *judging)
{
	const struct judge_question *question = judging->question;

	if (!question->facts || !block_leaves_session(judging, question->facts))
		return true;
	return question->other && !block_leaves_session(judging, question->other);
}

static bool name_changes_session(const struct judging *judging)
{
	const struct facts *blocks[POSSIBILITIES_MAX];
	int count = session_prepared(judging->session, judging->question->name, blocks,
				     POSSIBILITIES_MAX);

	for (int i = 0; i < count; i++) {
		if (!block_leaves_session(judging, blocks[i]))
			return true;
	}
	return count < 0;
}

static bool changes_session(const struct judging *judging)
{
	switch (judging->question->call) {
	case CALL_QUERY:
	case CALL_QUERY_PARAMS:
		return text_changes_session(judging);
	case CALL_EXECUTE:
		return name_changes_session(judging);
	case CALL_LARGE_OBJECT_READ:
	case CALL_LARGE_OBJECT_WRITE:
	case CALL_LARGE_OBJECT_SEEK:
		return false;
	case CALL_PREPARE:
	case CALL_FASTPATH:
	case CALL_CLOSE_PREPARED:
	case CALL_CLOSE_PORTAL:
		break;
	}
	return true;
}

static bool is_template_safe(const struct judging *judging)
{
	const struct facts *facts = judging->question->facts;

	return facts && facts->top_level_count == 1 && !judging->is_value_dependent &&
	       (facts_statements(facts)[0].flags & FACTS_TEMPLATE_SAFE);
}

static void say_how_long(struct judging *judging)
{
	struct judgement *judgement = judging->judgement;

	judgement->changes_session = changes_session(judging);
	judgement->is_cacheable = !judgement->changes_session && judging->failed == 0 &&
				  !judging->question->other && !judging->question->is_misreadable &&
				  judgement->decision != DECISION_APPROVE &&
				  judgement->limit.per_minute == 0;
	judgement->is_template_cacheable = judgement->is_cacheable && is_template_safe(judging);
	judgement->needs_learning = session_wants_learning(judging->session);
	judgement->needs_own = judging->meets_new &&
			       (judging->guards.count > 0 || judgement->decision != DECISION_ALLOW);
}

static int run(struct judging *judging, struct slice event)
{
	int r = judge_collect(judging);

	if (r < 0)
		return r;
	judge_call(judging);
	judge_limits(judging);
	if (judging->failed < 0)
		return judging->failed;
	r = conclude(judging, event);
	if (r == 0 && judging->judgement->decision != DECISION_DENY)
		r = judge_plan(judging);
	if (r == 0 && judging->judgement->decision == DECISION_ALLOW && judging->shows_masked)
		rules_add(judging->judgement, judging->outputs.rules, judging->outputs.rule_count);
	say_how_long(judging);
	return r;
}

static int pass(const struct judge_question *question, struct slice event, bool includes_trial,
		struct judgement *judgement, bool *ret_has_trial)
{
	SCOPED(arena_freep) struct arena *memory = arena_new(JUDGE_MEMORY_MAX);
	struct judging *judging;
	int r;

	judgement_init(judgement);
	if (!memory)
		return -ENOMEM;
	judging = arena_get(memory, sizeof(*judging));
	if (!judging)
		return -ENOMEM;
	judging->question = question;
	judging->policy = question->policy;
	judging->session = question->session;
	judging->catalogue = session_catalogue(question->session);
	judging->memory = memory;
	judging->includes_trial = includes_trial;
	judging->judgement = judgement;
	r = run(judging, event);
	*ret_has_trial = judging->has_trial;
	return r;
}

/* Adds what the rules on trial would have said; none of it is done. */
static int add_trial(const struct judge_question *question, struct slice event,
		     struct judgement *judgement)
{
	const struct policy *policy = question->policy;
	SCOPED(judgement_done) struct judgement would;
	bool has_trial;
	int r = pass(question, event, true, &would, &has_trial);

	if (r < 0)
		return r;
	judgement->would_decide = would.decision;
	if (would.valid_until < judgement->valid_until)
		judgement->valid_until = would.valid_until;
	for (size_t i = 0; i < would.rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[would.rules[i]];

		if (!rule->is_trial)
			continue;
		rules_add(judgement, &would.rules[i], 1);
		judgement->warns |= rule->mask_count > 0;
	}
	return 0;
}

/* A bundle on trial enforces nothing. */
static void let_pass(struct judgement *judgement)
{
	judgement->would_decide = judgement->decision;
	judgement->decision = DECISION_ALLOW;
	judgement->limit = (struct policy_limit){ .changed_rows = UINT64_MAX };
	judgement->warns |= judgement->masked_column_count > 0;
	judgement->people = 0;
	judgement->break_glass = false;
	judgement->sqlstate[0] = '\0';
	buf_clear(&judgement->plan);
	buf_clear(&judgement->message);
	buf_clear(&judgement->detail);
	buf_clear(&judgement->hint);
}

int judge(const struct judge_question *question, struct slice event,
	  struct judgement *ret_judgement)
{
	struct judgement judgement;
	bool has_trial = false;
	int r = pass(question, event, question->policy->is_trial, &judgement, &has_trial);

	if (r == 0 && question->policy->is_trial)
		let_pass(&judgement);
	else if (r == 0 && has_trial)
		r = add_trial(question, event, &judgement);
	if (r < 0) {
		judgement_done(&judgement);
		return r;
	}
	*ret_judgement = judgement;
	return 0;
}
