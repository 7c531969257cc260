/* SPDX-License-Identifier: MIT */
/* The judge is given what it was given then.  Names resolve as `public`: whether that was so then
 * shows in the effects that are recorded, which must be those of the text; likewise whether the
 * values that are put in do what those did that were there. */
#include "tools/chaperone/replay_judge.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "tools/chaperone/replay_caller.h"
#include "tools/chaperone/replay_text.h"
#include "tools/chaperone/replay_verdict.h"

#define TEXT_MAX   (64 * KIB)
#define MEMORY_MAX (1 * MIB)

static const struct {
	const char *word, *text;
} DOUBTS[] = {
#define DOUBT_ROW(doubt, word, text) [doubt] = { word, text },
	REPLAY_DOUBTS(DOUBT_ROW)
#undef DOUBT_ROW
};

static const char *const CHANGES[] = {
#define CHANGE_ROW(change, text) [change] = text,
	REPLAY_CHANGES(CHANGE_ROW)
#undef CHANGE_ROW
};

const char *replay_doubt_word(enum replay_doubt doubt)
{
	return DOUBTS[doubt].word;
}

const char *replay_doubt_text(enum replay_doubt doubt)
{
	return DOUBTS[doubt].text;
}

const char *replay_change_text(enum replay_change change)
{
	return CHANGES[change];
}

void replay_outcome_done(struct replay_outcome *outcome)
{
	replay_verdict_done(&outcome->was);
	replay_verdict_done(&outcome->is);
}

/* One judging of one statement under one policy. */
struct trying {
	struct replay_judge *judge;
	const struct audit_event *event;
	const struct policy *policy;
	struct caller caller;
	struct session *session;
	struct arena *memory;
	struct judgement judgement;
	bool is_judged;
	bool has_star; /* some output is as many columns as a table has */
};

static void trying_done(struct trying *trying)
{
	if (trying->is_judged)
		judgement_done(&trying->judgement);
	session_free(trying->session);
	arena_free(trying->memory);
}

static bool has_star(const struct facts *facts)
{
	for (uint32_t i = 0; i < facts->output_count; i++) {
		if (facts_outputs(facts)[i].kind != OUTPUT_COLUMN)
			return true;
	}
	return false;
}

static bool is_on_server(const struct facts *facts)
{
	for (uint32_t i = 0; i < facts->statement_count; i++) {
		if (facts_statements(facts)[i].flags & FACTS_ON_SERVER)
			return true;
	}
	return false;
}

/* Whether some rule asks which value the column has. */
static bool is_asked_for(const struct policy *policy, struct slice column)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		for (size_t k = 0; k < rule->only_where_count; k++) {
			if (slice_matches(column, slice_of(rule->only_where[k].column.column)))
				return true;
		}
	}
	return false;
}

/* Parameters were not known to the judge then either. */
static bool is_held_to_literal(const struct policy *policy, const struct facts *facts)
{
	for (uint32_t i = 0; i < facts->equality_count; i++) {
		const struct facts_equality *equality = &facts_equalities(facts)[i];

		if (equality->parameter == 0 &&
		    is_asked_for(policy, facts_slice(facts, equality->column)))
			return true;
	}
	return false;
}

/* Literals that the effects tell enough of: whether a condition excludes any row, how many rows are
 * inserted, what a function is given that reads no names. */
static bool effects_tell(const struct facts *facts)
{
	static const char *const READERS[] = { "set_config", "current_setting" };
	const verb_set told = VERB_BIT(VERB_INSERT) | VERB_BIT(VERB_UPDATE_ALL) |
			      VERB_BIT(VERB_DELETE_ALL) | VERB_BIT(VERB_CALL);
	bool tells = false;

	for (uint32_t i = 0; i < facts->effect_count; i++) {
		const struct facts_effect *effect = &facts_effects(facts)[i];

		for (size_t k = 0; k < COUNT_OF(READERS); k++) {
			if (slice_is(facts_slice(facts, effect->name), READERS[k]))
				return false;
		}
		tells |= (VERB_BIT(effect->verb) & told) && !(effect->flags & EFFECT_HARMLESS);
	}
	return tells;
}

/* Whether other literals could give other facts, beyond what the effects show. */
static bool is_up_to_literals(const struct facts *facts, const struct replay_text *text)
{
	for (uint32_t i = 0; i < facts->top_level_count; i++) {
		const struct facts_statement *statement = &facts_statements(facts)[i];

		if (statement->kind == STATEMENT_PLAIN && statement->outputs.count > 0 &&
		    !(statement->flags & FACTS_TEMPLATE_SAFE))
			return text->has_position || !effects_tell(facts);
	}
	return false;
}

static enum replay_doubt doubt_of_facts(const struct trying *trying, const struct facts *facts,
					const struct replay_text *text)
{
	if (is_on_server(facts))
		return REPLAY_FILES;
	if (text->literals > 0 &&
	    (is_held_to_literal(trying->policy, facts) || is_up_to_literals(facts, text)))
		return REPLAY_VALUES;
	return REPLAY_CERTAIN;
}

static bool is_recorded_as_unknown(const struct audit_event *event)
{
	return slice_is(event->judgement->reason, "unknown");
}

/* How a text came to the server, where that was reported: some ways take one statement alone. */
static enum session_call call_of(const struct audit_event *event)
{
	if (event->kind == AUDIT_STATEMENT && event->intent.intent.call <= CALL_PREPARE)
		return (enum session_call)event->intent.intent.call;
	return CALL_QUERY;
}

static int judge_facts(struct trying *trying, const struct facts *facts)
{
	const struct judge_question question = {
		.policy = trying->policy,
		.caller = &trying->caller,
		.session = trying->session,
		.call = call_of(trying->event),
		.facts = facts,
		.now = (int64_t)(trying->event->time_ns / SECOND_NS),
	};

	if (trying->is_judged)
		judgement_done(&trying->judgement);
	trying->is_judged = false;
	int r = judge(&question, SLICE(""), &trying->judgement);
	trying->is_judged = r == 0;
	return r;
}

/* Tries one set of values.  REPLAY_NAMES: the text does something else than what was recorded. */
static int try_values(struct trying *trying, enum replay_values values,
		      struct replay_text *ret_text, enum replay_doubt *ret_doubt)
{
	SCOPED(buf_done) struct buf sql = BUF_MAX(TEXT_MAX);
	const struct analyse_settings settings = {
		.standard_conforming_strings = true,
		.is_utf8 = true,
		.single_statement = call_of(trying->event) != CALL_QUERY,
	};
	const struct record_entry *recorded = trying->event->judgement;
	const struct facts *facts;

	replay_text_write(recorded->shape, values, &sql, ret_text);
	*ret_doubt = REPLAY_UNREAD;
	if (sql.failed ||
	    analysis_facts(&trying->judge->analysis, buf_view(&sql), &settings, &facts) < 0)
		return sql.failed == -ENOMEM ? -ENOMEM : 0;
	if (facts->unknown.length > 0 &&
	    (ret_text->literals > 0 || !is_recorded_as_unknown(trying->event)))
		return 0;
	int r = judge_facts(trying, facts);
	if (r < 0)
		return r;
	trying->has_star = has_star(facts);
	*ret_doubt = replay_effects_agree(recorded, &trying->judgement)
			     ? doubt_of_facts(trying, facts, ret_text)
			     : REPLAY_NAMES;
	return 0;
}

static int try_all(struct trying *trying, enum replay_doubt *ret_doubt)
{
	enum replay_doubt first = REPLAY_UNREAD, doubt = REPLAY_UNREAD;
	struct replay_text text = { 1, false };

	for (int values = 0; values < REPLAY_VALUES_COUNT && text.literals > 0; values++) {
		int r = try_values(trying, (enum replay_values)values, &text, &doubt);

		if (r < 0)
			return r;
		if (doubt != REPLAY_UNREAD && doubt != REPLAY_NAMES) {
			*ret_doubt = doubt;
			return 0;
		}
		if (first == REPLAY_UNREAD)
			first = doubt;
	}
	*ret_doubt = first;
	return 0;
}

static int begin(struct trying *trying, enum replay_doubt *ret_doubt)
{
	const struct session_address address = replay_address(trying->event);

	trying->memory = arena_new(MEMORY_MAX);
	if (!trying->memory)
		return -ENOMEM;
	int r = replay_caller_read(trying->event, trying->policy, trying->memory, &trying->caller);
	if (r == -ENOENT || r == -ENODATA || r == -E2BIG) {
		*ret_doubt = r == -ENOENT ? REPLAY_NO_PERSON : REPLAY_NO_CALLER;
		return 0;
	}
	if (r == 0)
		r = session_new(trying->policy, &address, &trying->session);
	if (r == 0) {
		session_assume(trying->session);
		*ret_doubt = REPLAY_CERTAIN;
	}
	return r;
}

/* What was refused as unknown without being so by its text was so for a reason that is gone. */
static enum replay_doubt doubt_of_reason(const struct trying *trying)
{
	return is_recorded_as_unknown(trying->event) && trying->judgement.reason != REASON_UNKNOWN
		       ? REPLAY_AGE
		       : REPLAY_CERTAIN;
}

/* Fills doubt, or verdict, change and validity, under one policy. */
static int judge_under(struct replay_judge *judge, const struct policy *policy,
		       const struct audit_event *event, struct replay_outcome *outcome)
{
	SCOPED(trying_done)
	struct trying trying = { .judge = judge, .event = event, .policy = policy };
	int r = begin(&trying, &outcome->doubt);

	if (r == 0 && outcome->doubt == REPLAY_CERTAIN)
		r = try_all(&trying, &outcome->doubt);
	if (r < 0 || outcome->doubt != REPLAY_CERTAIN)
		return r;
	outcome->valid_until = trying.judgement.valid_until;
	outcome->doubt = doubt_of_reason(&trying);
	if (outcome->doubt != REPLAY_CERTAIN)
		return 0;
	r = replay_verdict_made(policy, &trying.judgement, &outcome->is);
	if (r < 0)
		return r;
	outcome->change = replay_compare(&outcome->was, &outcome->is);
	outcome->lost_masks = outcome->change == REPLAY_MASKS &&
			      replay_lost_rule(event->judgement, policy, &trying.judgement);
	if (trying.has_star && outcome->change >= REPLAY_MASKS &&
	    strcmp(outcome->was.masked, outcome->is.masked) != 0)
		outcome->doubt = REPLAY_COLUMNS;
	return 0;
}

static bool is_policy_of_then(const struct policy *policy, const struct audit_event *event)
{
	SCOPED(buf_done) struct buf digest = BUF_MAX(65);

	if (!policy || !event->policy)
		return false;
	buf_add_hex(&digest, policy->digest, sizeof(policy->digest));
	return slice_equal(buf_view(&digest), audit_event_fact(event, "digest"));
}

/* The policy as it was in force then: `run --trial` enforces none. */
static struct policy as_in_force(const struct policy *policy, const struct audit_event *event)
{
	struct policy in_force = *policy;

	if (is_policy_of_then(policy, event))
		in_force.is_trial = slice_is(audit_event_fact(event, "mode"), "trial");
	return in_force;
}

/* Whether the policy of then leads to what was decided then, by what the record holds. */
static int check(struct replay_judge *judge, const struct policy *was,
		 const struct audit_event *event, struct replay_outcome *outcome)
{
	const struct policy in_force = as_in_force(was, event);
	struct replay_outcome then = { .was = outcome->was, .valid_until = INT64_MAX };
	int r = judge_under(judge, &in_force, event, &then);

	if (r < 0)
		return r;
	outcome->is_checked = then.doubt == REPLAY_CERTAIN && then.change == REPLAY_SAME_VERDICT;
	if (!outcome->is_checked && then.doubt != REPLAY_COLUMNS)
		outcome->doubt = REPLAY_UNLIKE;
	if (then.valid_until < outcome->valid_until)
		outcome->valid_until = then.valid_until;
	replay_verdict_done(&then.is);
	return 0;
}

static int judge_again(struct replay_judge *judge, const struct audit_event *event,
		       struct replay_outcome *outcome)
{
	const struct policy in_force = as_in_force(judge->policy, event);
	bool is_same = is_policy_of_then(judge->policy, event);
	int r = judge_under(judge, &in_force, event, outcome);

	if (r < 0 || outcome->doubt != REPLAY_CERTAIN)
		return r;
	if (!is_same && is_policy_of_then(judge->was, event))
		return check(judge, judge->was, event, outcome);
	outcome->is_checked = is_same && outcome->change == REPLAY_SAME_VERDICT;
	if (is_same && !outcome->is_checked)
		outcome->doubt = REPLAY_UNLIKE;
	else if (outcome->lost_masks)
		outcome->doubt = REPLAY_VIEW;
	return 0;
}

int replay_judge(struct replay_judge *judge, const struct audit_event *event,
		 struct replay_outcome *ret_outcome)
{
	struct replay_outcome outcome = { .doubt = REPLAY_CERTAIN,
					  .change = REPLAY_SAME_VERDICT,
					  .valid_until = INT64_MAX };
	int r = replay_verdict_recorded(event, &outcome.was);

	if (r == 0 && !replay_is_whole(event->judgement->shape))
		outcome.doubt = REPLAY_NO_TEXT;
	else if (r == 0 && slice_is(event->judgement->reason, "stale"))
		outcome.doubt = REPLAY_AGE;
	else if (r == 0)
		r = judge_again(judge, event, &outcome);
	if (outcome.doubt != REPLAY_CERTAIN)
		replay_verdict_done(&outcome.is);
	if (r < 0)
		replay_outcome_done(&outcome);
	else
		*ret_outcome = outcome;
	return r;
}
