/* SPDX-License-Identifier: MIT */
/* What a policy may still do while its server is silent. */
#include <check.h>
#include <string.h>

#include "common/cleanup.h"
#include "tests/unit/run_suite.h"
#include "tools/chaperone/policy_age.h"

#define ISSUED  1000000
#define MINUTE  60
#define EXPIRES (ISSUED + 15 * MINUTE)

static const struct server_word said = { 1, ISSUED, EXPIRES };

static const struct {
	bool has_stale;
	int after, hard; /* seconds */
	int now;         /* since it was said */
	enum policy_age_state state;
	int64_t until; /* since it was said; -1: never */
} STATES[] = {
	{ false, 0, 0, 0, POLICY_FRESH, 900 },
	{ false, 0, 0, 899, POLICY_FRESH, 900 },
	{ false, 0, 0, 900, POLICY_STALE, -1 },
	{ false, 0, 0, -3600, POLICY_FRESH, 900 },
	{ true, 60, 0, 61, POLICY_FRESH, 900 }, /* what the server said holds until then */
	{ true, 1800, 0, 900, POLICY_FRESH, 1800 },
	{ true, 1800, 0, 1800, POLICY_STALE, -1 },
	{ true, 1800, 86400, 1799, POLICY_FRESH, 1800 },
	{ true, 1800, 86400, 1800, POLICY_STALE, 86400 },
	{ true, 1800, 86400, 86399, POLICY_STALE, 86400 },
	{ true, 1800, 86400, 86400, POLICY_EXPIRED, -1 },
	{ true, 1800, 600, 599, POLICY_FRESH, 600 },
	{ true, 1800, 600, 600, POLICY_EXPIRED, -1 },
};

static struct policy policy_of(int i)
{
	return (struct policy){ .has_stale = STATES[i].has_stale,
				.stale_after_ms = 1000u * (uint64_t)STATES[i].after,
				.stale_hard_ms = 1000u * (uint64_t)STATES[i].hard };
}

START_TEST(a_policy_ages_in_steps)
{
	struct policy policy = policy_of(_i);
	int64_t until;

	ck_assert_int_eq(policy_age_at(&said, &policy, ISSUED + STATES[_i].now, &until),
			 STATES[_i].state);
	if (STATES[_i].until < 0 && STATES[_i].state == POLICY_EXPIRED)
		return;
	ck_assert_int_eq(until, STATES[_i].until < 0 ? INT64_MAX : ISSUED + STATES[_i].until);
}
END_TEST

START_TEST(a_policy_that_is_no_servers_does_not_age)
{
	struct policy policy = policy_of(8);
	int64_t until;

	ck_assert_int_eq(policy_age_at(NULL, &policy, INT64_MAX, &until), POLICY_FRESH);
	ck_assert_int_eq(until, INT64_MAX);
}
END_TEST

START_TEST(numbers_do_not_run_over)
{
	struct server_word late = { 1, INT64_MAX - 1, INT64_MAX };
	struct policy policy = { .has_stale = true,
				 .stale_after_ms = UINT64_MAX,
				 .stale_hard_ms = UINT64_MAX };
	int64_t until;

	ck_assert_int_eq(policy_age_at(&late, &policy, INT64_MAX - 1, &until), POLICY_FRESH);
}
END_TEST

static const struct {
	enum stale_then then;
	int now; /* since it was said */
	bool writes, is_trial;
	enum decision before, after;
	const char *sqlstate;
} EFFECTS[] = {
	{ STALE_DENY, 0, true, false, DECISION_ALLOW, DECISION_ALLOW, "" },
	{ STALE_KEEP, 2000, true, false, DECISION_ALLOW, DECISION_ALLOW, "" },
	{ STALE_DENY_WRITES, 2000, false, false, DECISION_ALLOW, DECISION_ALLOW, "" },
	{ STALE_DENY_WRITES, 2000, true, false, DECISION_ALLOW, DECISION_DENY, "42501" },
	{ STALE_DENY, 2000, false, false, DECISION_ALLOW, DECISION_DENY, "42501" },
	{ STALE_KEEP, 90000, false, false, DECISION_ALLOW, DECISION_DENY, "ZG704" },
	{ STALE_DENY, 90000, true, true, DECISION_ALLOW, DECISION_ALLOW, "" },
	{ STALE_DENY, 90000, true, false, DECISION_DENY, DECISION_DENY, "" },
};

START_TEST(what_is_old_allows_less)
{
	struct policy policy = policy_of(8);
	struct judgement judgement = { .decision = EFFECTS[_i].before,
				       .writes = EFFECTS[_i].writes,
				       .is_cacheable = true,
				       .valid_until = INT64_MAX,
				       .message = BUF_MAX(KIB),
				       .detail = BUF_MAX(KIB),
				       .hint = BUF_MAX(KIB),
				       .plan = BUF_MAX(KIB) };

	policy.stale_then = EFFECTS[_i].then;
	policy.is_trial = EFFECTS[_i].is_trial;
	ck_assert_int_eq(policy_age_apply(&said, &policy, ISSUED + EFFECTS[_i].now, 1, &judgement),
			 0);
	ck_assert_int_eq(judgement.decision, EFFECTS[_i].after);
	ck_assert_str_eq(judgement.sqlstate, EFFECTS[_i].sqlstate);
	if (EFFECTS[_i].sqlstate[0]) {
		ck_assert_int_eq(judgement.reason, REASON_STALE);
		ck_assert(!judgement.is_cacheable);
		ck_assert_ptr_nonnull(strstr(buf_text(&judgement.detail), "\"reason\":\"stale\""));
		ck_assert_ptr_nonnull(strstr(buf_text(&judgement.hint), "chaperone status"));
	}
	judgement_done(&judgement);
}
END_TEST

START_TEST(no_verdict_outlives_the_state_that_it_was_given_in)
{
	struct policy policy = policy_of(8);
	struct judgement judgement = { .decision = DECISION_ALLOW, .valid_until = INT64_MAX };

	ck_assert_int_eq(policy_age_apply(&said, &policy, ISSUED, 1, &judgement), 0);
	ck_assert_int_eq(judgement.valid_until, ISSUED + 1800);
	judgement.valid_until = ISSUED + 5;
	ck_assert_int_eq(policy_age_apply(&said, &policy, ISSUED, 1, &judgement), 0);
	ck_assert_int_eq(judgement.valid_until, ISSUED + 5);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_loop_test(tests, a_policy_ages_in_steps, 0, COUNT_OF(STATES));
	tcase_add_test(tests, a_policy_that_is_no_servers_does_not_age);
	tcase_add_test(tests, numbers_do_not_run_over);
	tcase_add_loop_test(tests, what_is_old_allows_less, 0, COUNT_OF(EFFECTS));
	tcase_add_test(tests, no_verdict_outlives_the_state_that_it_was_given_in);
}

int main(void)
{
	return run_suite("policy_age", NULL, NULL, add_tests);
}
