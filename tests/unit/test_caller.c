/* SPDX-License-Identifier: MIT */
/* Claims restrict and never grant; what nobody proved is taken as the worst. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "policy/engine/caller.h"
#include "tests/unit/run_suite.h"

static const char POLICY[] = "version: 1\nname: p\n"
			     "people:\n"
			     "  agents: { kind: agent }\n"
			     "  bot: { kind: agent, workload: \"repo:acme/bot:*\" }\n"
			     "  persons: { kind: person }\n"
			     "  dba: { group: dba }\n"
			     "  batch: { exe: \"/opt/batch/*\" }\n"
			     "  batch-job: { kind: job, exe: \"/opt/batch/*\" }\n"
			     "  root: { db-user: postgres }\n"
			     "  teams: { group: [red, blue] }\n"
			     "rules: [ { name: r, for: everyone, then: allow } ]\n";

static struct policy *policy;

static void read_policy(void)
{
	const char *name = "p.yaml";
	struct slice text = { POLICY, sizeof(POLICY) - 1 };
	struct error error;

	ck_assert_int_eq(policy_read_texts(&name, &text, 1, &policy, &error), 0);
}

static void free_policy(void)
{
	policy_free(policy);
}

static const struct {
	const char *person;
	struct caller_fact facts[3];
	size_t count;
	bool restricts, grants;
} ROWS[] = {
	/* marks */
	{ "dba", { { FACT_GROUP, MARK_PROVEN, "dba" } }, 1, true, true },
	{ "dba", { { FACT_GROUP, MARK_DECLARED, "dba" } }, 1, true, true },
	{ "dba", { { FACT_GROUP, MARK_OBSERVED, "dba" } }, 1, true, true },
	{ "dba", { { FACT_GROUP, MARK_CLAIMED, "dba" } }, 1, true, false },
	{ "dba", { { FACT_GROUP, MARK_PROVEN, "other" } }, 1, false, false },
	{ "dba",
	  { { FACT_GROUP, MARK_PROVEN, "x" }, { FACT_GROUP, MARK_PROVEN, "dba" } },
	  2,
	  true,
	  true },
	{ "root", { { FACT_DB_USER, MARK_OBSERVED, "postgres" } }, 1, true, true },
	/* exe alone never grants */
	{ "batch", { { FACT_EXE, MARK_OBSERVED, "/opt/batch/x" } }, 1, true, false },
	{ "batch", { { FACT_EXE, MARK_PROVEN, "/opt/batch/x" } }, 1, true, false },
	{ "batch-job",
	  { { FACT_EXE, MARK_OBSERVED, "/opt/batch/x" }, { FACT_KIND, MARK_OBSERVED, "job" } },
	  2,
	  true,
	  true },
	/* a kind that nobody trusted says is an agent, for restrictions */
	{ "agents", { { FACT_USER, MARK_OBSERVED, "anna" } }, 1, true, false },
	{ "agents", { { FACT_KIND, MARK_OBSERVED, "person" } }, 1, true, false },
	{ "agents", { { FACT_KIND, MARK_CLAIMED, "agent" } }, 1, true, false },
	{ "agents", { { FACT_KIND, MARK_DECLARED, "person" } }, 1, false, false },
	{ "agents", { { FACT_KIND, MARK_PROVEN, "job" } }, 1, false, false },
	{ "agents",
	  { { FACT_KIND, MARK_PROVEN, "person" }, { FACT_KIND, MARK_CLAIMED, "agent" } },
	  2,
	  true,
	  false },
	{ "bot", { { FACT_USER, MARK_OBSERVED, "anna" } }, 1, true, false },
	{ "bot", { { FACT_WORKLOAD, MARK_PROVEN, "repo:acme/shop:x" } }, 1, false, false },
	{ "bot",
	  { { FACT_KIND, MARK_PROVEN, "agent" },
	    { FACT_WORKLOAD, MARK_PROVEN, "repo:acme/bot:x" } },
	  2,
	  true,
	  true },
	{ "bot", { { FACT_KIND, MARK_PROVEN, "agent" } }, 1, false, false },
	{ "persons", { { FACT_USER, MARK_OBSERVED, "anna" } }, 1, false, false },
	{ "persons", { { FACT_KIND, MARK_OBSERVED, "person" } }, 1, true, true },
};

START_TEST(facts_count_as_far_as_they_are_believed)
{
	uint32_t index = UINT32_MAX;
	struct caller caller = { .count = 0 };

	for (uint32_t i = 0; i < policy->person_count; i++) {
		if (slice_is(slice_of(policy->people[i].name), ROWS[_i].person))
			index = i;
	}
	ck_assert_uint_ne(index, UINT32_MAX);
	for (size_t i = 0; i < ROWS[_i].count; i++)
		ck_assert_int_eq(caller_add(&caller, ROWS[_i].facts[i].name, ROWS[_i].facts[i].mark,
					    ROWS[_i].facts[i].value),
				 0);
	struct policy_whom whom = { .is_given = true, .people = &index, .people_count = 1 };
	ck_assert_int_eq(caller_matches(&caller, policy, &whom, CALLER_RESTRICTS),
			 ROWS[_i].restricts);
	ck_assert_int_eq(caller_matches(&caller, policy, &whom, CALLER_GRANTS), ROWS[_i].grants);
}
END_TEST

START_TEST(everyone_includes_the_unidentified)
{
	struct caller caller = { .count = 0 };
	struct policy_whom whom = { .is_given = true, .is_everyone = true };

	ck_assert(caller_matches(&caller, policy, &whom, CALLER_GRANTS));
}
END_TEST

START_TEST(a_declared_name_matches_itself)
{
	for (size_t i = 0; i < policy->person_count; i++) {
		uint32_t index = (uint32_t)i;
		struct policy_whom whom = { .is_given = true, .people = &index, .people_count = 1 };
		const struct policy_who *who = &policy->people[i].who;
		struct caller caller = { .count = 0 };

		/* What is seen from outside cannot be declared. */
		if (who->exe.count > 0 || who->db_user.count > 0)
			continue;
		ck_assert_int_eq(caller_declare(&caller, policy, policy->people[i].name), 0);
		ck_assert(caller_matches(&caller, policy, &whom, CALLER_GRANTS));
	}
}
END_TEST

START_TEST(an_unknown_name_cannot_be_declared)
{
	struct caller caller = { .count = 0 };

	ck_assert_int_eq(caller_declare(&caller, policy, "nobody"), -ENOENT);
}
END_TEST

START_TEST(facts_beyond_the_maximum_are_an_error)
{
	struct caller caller = { .count = 0 };

	for (int i = 0; i < CALLER_FACTS_MAX; i++)
		ck_assert_int_eq(caller_add(&caller, FACT_GROUP, MARK_PROVEN, "x"), 0);
	ck_assert_int_eq(caller_add(&caller, FACT_GROUP, MARK_PROVEN, "x"), -E2BIG);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, facts_count_as_far_as_they_are_believed, 0, COUNT_OF(ROWS));
	tcase_add_test(tcase, everyone_includes_the_unidentified);
	tcase_add_test(tcase, a_declared_name_matches_itself);
	tcase_add_test(tcase, an_unknown_name_cannot_be_declared);
	tcase_add_test(tcase, facts_beyond_the_maximum_are_an_error);
}

int main(void)
{
	return run_suite("caller", read_policy, free_policy, add_tests);
}
