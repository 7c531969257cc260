/* SPDX-License-Identifier: MIT */
/* Runs one policy test: its caller, its session, its statement, and what the judge says of it. */
#include "tools/policy/test_outcome.h"

#include <inttypes.h>
#include <string.h>

#include "policy/engine/rehearse.h"
#include "tools/policy/test_rows.h"

#define DIFFERENCES_MAX (1 * MIB)

void test_outcome_done(struct test_outcome *outcome)
{
	buf_done(&outcome->differences);
}

bool test_outcome_passed(const struct test_outcome *outcome)
{
	return outcome->could_run && outcome->differences.length == 0 &&
	       !outcome->differences.failed;
}

static int add_text(struct caller *caller, enum caller_fact_name name, const char *text)
{
	return text ? caller_add(caller, name, MARK_PROVEN, text) : 0;
}

static int make_caller(const struct policy_test_caller *from, struct caller *ret_caller)
{
	int r = 0;

	ret_caller->count = 0;
	if (from->kind != KIND_NONE)
		r = caller_add(ret_caller, FACT_KIND, MARK_PROVEN, caller_kind_text(from->kind));
	for (size_t i = 0; i < from->groups.count && r == 0; i++)
		r = caller_add(ret_caller, FACT_GROUP, MARK_PROVEN, from->groups.items[i]);
	if (r == 0)
		r = add_text(ret_caller, FACT_SUBJECT, from->subject);
	if (r == 0)
		r = add_text(ret_caller, FACT_WORKLOAD, from->workload);
	if (r == 0)
		r = add_text(ret_caller, FACT_EXE, from->exe);
	if (r == 0)
		r = add_text(ret_caller, FACT_USER, from->user);
	return r == 0 ? add_text(ret_caller, FACT_DB_USER, from->db_user) : r;
}

static bool globs_hold(const struct globs *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->items[i], name) == 0)
			return true;
	}
	return false;
}

static const char *rule_name(const struct policy *policy, uint32_t rule)
{
	return policy->rules[rule].name;
}

static bool judgement_has(const struct policy *policy, const struct judgement *judgement,
			  const char *name)
{
	for (size_t i = 0; i < judgement->rule_count; i++) {
		if (strcmp(rule_name(policy, judgement->rules[i]), name) == 0)
			return true;
	}
	return false;
}

/* The rules as a set. */
static void compare_rules(const struct policy *policy, const struct judgement *judgement,
			  const struct globs *want, struct buf *out)
{
	for (size_t i = 0; i < want->count; i++) {
		if (!judgement_has(policy, judgement, want->items[i]))
			buf_printf(out, "rules: want %s, which had no part in it\n",
				   want->items[i]);
	}
	for (size_t i = 0; i < judgement->rule_count; i++) {
		if (!globs_hold(want, rule_name(policy, judgement->rules[i])))
			buf_printf(out, "rules: got %s, which is not wanted\n",
				   rule_name(policy, judgement->rules[i]));
	}
}

static bool names_column(struct slice column, const char *name)
{
	struct slice rest = column;

	if (slice_is(column, name))
		return true;
	slice_cut(&rest, '.');
	return slice_is(rest, name);
}

static bool list_has(const char *list, const char *name)
{
	struct slice rest = slice_of(list);

	while (rest.length > 0) {
		if (names_column(slice_trim(slice_cut(&rest, ',')), name))
			return true;
	}
	return false;
}

static void compare_masked(const struct judgement *judgement, const struct globs *want,
			   struct buf *out)
{
	struct slice rest = slice_of(judgement->masked_columns);

	for (size_t i = 0; i < want->count; i++) {
		if (!list_has(judgement->masked_columns, want->items[i]))
			buf_printf(out, "masked: want %s, which is not masked\n", want->items[i]);
	}
	while (rest.length > 0) {
		struct slice column = slice_trim(slice_cut(&rest, ','));
		bool is_wanted = false;

		for (size_t i = 0; i < want->count; i++)
			is_wanted |= names_column(column, want->items[i]);
		if (!is_wanted)
			buf_printf(out, "masked: got %.*s, which is not wanted\n",
				   SLICE_ARGUMENTS(column));
	}
}

static const char *yes(bool is)
{
	return is ? "true" : "false";
}

static void compare_decision(const struct policy_test_want *want, const struct judgement *judgement,
			     struct buf *out)
{
	if (judgement->decision != want->decision)
		buf_printf(out, "decision: want %s, got %s%s%s\n", decision_text(want->decision),
			   decision_text(judgement->decision),
			   judgement->message.length ? ": " : "", buf_text(&judgement->message));
	if (want->has_reason && judgement->reason != want->reason)
		buf_printf(out, "reason: want %s, got %s\n", reason_text(want->reason),
			   reason_text(judgement->reason));
}

static void compare(const struct policy *policy, const struct policy_test_want *want,
		    const struct judgement *judgement, struct buf *out)
{
	compare_decision(want, judgement, out);
	if (want->has_rules)
		compare_rules(policy, judgement, &want->rules, out);
	if (want->has_people && judgement->people != want->people)
		buf_printf(out, "people: want %" PRIu64 ", got %" PRIu32 "\n", want->people,
			   judgement->people);
	if (want->sqlstate && strcmp(want->sqlstate, judgement->sqlstate) != 0)
		buf_printf(out, "sqlstate: want %s, got %s\n", want->sqlstate,
			   judgement->sqlstate[0] ? judgement->sqlstate : "none");
	if (want->has_break_glass && want->break_glass != judgement->break_glass)
		buf_printf(out, "break-glass: want %s, got %s\n", yes(want->break_glass),
			   yes(judgement->break_glass));
	if (want->has_masked)
		compare_masked(judgement, &want->masked, out);
}

/* What detectors found shows in the rows alone. */
static int compare_rows(const struct policy_test *test, const struct facts *facts,
			struct judgement *judgement, struct buf *out)
{
	uint32_t statement = facts->top_level_count > 0 ? facts->top_level_count - 1 : 0;
	bool has_found = false;
	int r = test_rows_compare(test, buf_view(&judgement->plan), statement, out, &has_found);

	for (size_t i = 0; has_found && i < judgement->found_rule_count; i++) {
		bool is_there = false;

		for (size_t k = 0; k < judgement->rule_count; k++)
			is_there |= judgement->rules[k] == judgement->found_rules[i];
		if (!is_there && judgement->rule_count < JUDGEMENT_RULES_MAX)
			judgement->rules[judgement->rule_count++] = judgement->found_rules[i];
	}
	return r;
}

/* The result's names are those of the first row. */
static int tell_columns(struct rehearsal *rehearsal, struct arena *memory,
			const struct policy_test *test)
{
	const struct policy_test_row *row = test->returns.items;
	struct slice *names;

	if (!test->has_returns || test->returns.count == 0)
		return 0;
	names = arena_get(memory, (row->count + 1) * sizeof(*names));
	if (!names)
		return -1;
	for (size_t i = 0; i < row->count; i++)
		names[i] = slice_of(row->cells[i].column);
	rehearsal_columns(rehearsal, names, row->count);
	return 0;
}

static int judge_test(struct rehearsal *rehearsal, const struct policy *policy,
		      const struct policy_test *test, struct buf *out)
{
	enum session_call call = test->values.count > 0 ? CALL_QUERY_PARAMS : CALL_QUERY;
	struct judgement judgement;
	int r = rehearsal_judge(rehearsal, call, slice_of(test->sql), test->at, &judgement);

	if (r < 0)
		return r;
	if (judgement.decision == DECISION_ALLOW)
		r = compare_rows(test, rehearsal_facts(rehearsal), &judgement, out);
	else if (test->want.has_rows && test->want.rows.count > 0)
		buf_add_text(out, "rows: none come back, nothing was sent\n");
	compare(policy, &test->want, &judgement, out);
	judgement_done(&judgement);
	return r;
}

static int run(const struct policy *policy, const struct policy_test_file *file,
	       const struct policy_test *test, struct buf *out)
{
	SCOPED(rehearsal_freep) struct rehearsal *rehearsal = NULL;
	SCOPED(arena_freep) struct arena *memory = arena_new(1 * MIB);
	struct error error = { .line = 0 };
	struct caller caller;
	int r = memory ? make_caller(&file->callers[test->caller], &caller) : -1;

	if (r == 0) {
		r = rehearsal_new(policy, test->database, &caller, &rehearsal, &error);
		if (r < 0)
			buf_printf(out, "%s\n", error.text);
	}
	for (size_t i = 0; i < test->before.count && r == 0; i++)
		r = rehearsal_run(rehearsal, slice_of(test->before.items[i]));
	if (r == 0)
		r = tell_columns(rehearsal, memory, test);
	return r == 0 ? judge_test(rehearsal, policy, test, out) : r;
}

void test_outcome_find(const struct policy *policy, const struct policy_test_file *file,
		       const struct policy_test *test, struct test_outcome *ret_outcome)
{
	*ret_outcome =
		(struct test_outcome){ .test = test, .differences = BUF_MAX(DIFFERENCES_MAX) };
	ret_outcome->could_run = run(policy, file, test, &ret_outcome->differences) == 0;
	if (!ret_outcome->could_run && ret_outcome->differences.length == 0)
		buf_add_text(&ret_outcome->differences, "the statement could not be judged\n");
}
