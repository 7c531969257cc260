/* SPDX-License-Identifier: MIT */
/* The checks tell what can hardly be meant, and nothing about what can. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/engine/policy_check.h"
#include "tests/unit/run_suite.h"

#define NOW 1795006800 /* 2026-11-18 */
#define HEAD                                                                                       \
	"version: 1\nname: x\n"                                                                    \
	"databases: { p: { engine: postgres, hosts: p }, m: { engine: mongodb, hosts: m } }\n"     \
	"people: { a: { kind: agent }, b: { kind: agent, subject: [x, y] }, u: { user: root }, "   \
	"e: { exe: /bin/x }, g: { group: g } }\n"
#define RULES "rules:\n  - "

static const struct {
	const char *text, *id; /* NULL: nothing is found */
} CASES[] = {
	{ "{ name: r, then: deny, during: { days: [], zone: UTC } }", "window-never" },
	{ "{ name: r, then: deny, during: { until: \"2026-11-18T00:00:00Z\", zone: UTC } }",
	  "window-over" },
	{ "{ name: r, then: deny, during: { until: \"2026-11-19T00:00:00Z\", zone: UTC } }", NULL },
	{ "{ name: r, then: deny, during: { since: \"2026-11-19T00:00:00Z\", zone: UTC } }", NULL },
	{ "{ name: r, then: deny, except: everyone }", "caller-never" },
	{ "{ name: r, then: deny, for: [b], except: [g, a] }", "caller-never" },
	{ "{ name: r, then: deny, for: a, except: b }", NULL },
	{ "{ name: r, then: deny, for: everyone, except: a }", NULL },
	{ "{ name: r, then: deny, do: [call, set], tables: t }", "verbs-without-tables" },
	{ "{ name: r, then: deny, do: [call, select], tables: t }", NULL },
	{ "{ name: r, then: deny, do: select, functions: f }", "functions-without-call" },
	{ "{ name: r, then: deny, do: [select, call], functions: f }", NULL },
	{ "{ name: r, then: allow, do: drop }\n  - { name: s, then: deny, do: ddl }",
	  "allow-swallowed" },
	{ "{ name: r, then: allow, do: select }\n  - { name: s, then: deny, do: ddl }", NULL },
	{ "{ name: r, then: allow, for: b, do: drop }\n  - { name: s, then: deny, for: a }",
	  "allow-swallowed" },
	{ "{ name: r, then: allow, for: a, do: drop }\n  - { name: s, then: deny, for: b }", NULL },
	{ "{ name: r, then: allow, for: b }\n  - { name: s, then: deny, except: g }", NULL },
	{ "{ name: r, then: allow, database: p }\n  - { name: s, then: deny, database: m }", NULL },
	{ "{ name: r, then: allow, database: p }\n  - { name: s, then: deny, database: [m, p] }",
	  "allow-swallowed" },
	{ "{ name: r, then: allow, tables: a.b }\n  - { name: s, then: deny, tables: \"a.*\" }",
	  "allow-swallowed" },
	{ "{ name: r, then: allow, tables: [a.b, c] }\n  - { name: s, then: deny, tables: \"a.*\" "
	  "}",
	  NULL },
	{ "{ name: r, then: allow }\n  - { name: s, then: deny, tables: t }", NULL },
	{ "{ name: r, then: allow }\n  - { name: s, then: deny, trial: true }", NULL },
	{ "{ name: r, then: allow }\n  - { name: s, then: deny, during: { days: [mon], zone: UTC } "
	  "}",
	  NULL },
	{ "{ name: r, then: allow, for: e }", "exe-alone" },
	{ "{ name: r, then: allow, for: { exe: /bin/y } }", "exe-alone" },
	{ "{ name: r, then: allow, for: { exe: /bin/y, user: z } }", NULL },
	{ "{ name: r, then: deny, for: e }", NULL },
	{ "{ name: r, then: deny }\ncolumns: { c: a.b }", "columns-unused" },
	{ "{ name: r, mask: { c: blank } }\ncolumns: { c: a.b }", NULL },
	{ "{ name: r, database: p, mask: { c: blank } }\ncolumns: { c: a.b.c.d }",
	  "mask-no-column" },
	{ "{ name: r, database: m, mask: { c: blank } }\ncolumns: { c: a.b.c.d }", NULL },
	{ "{ name: r, mask: { c: { hash: k } } }\ncolumns: { c: [a.is_new] }", "hash-few-values" },
	{ "{ name: r, mask: { c: { hash: k } } }\ncolumns: { c: [a.gender] }", "hash-few-values" },
	{ "{ name: r, mask: { c: { hash: k } } }\ncolumns: { c: [a.email] }", NULL },
	{ "{ name: r, mask: { c: redact } }\ncolumns: { c: [a.gender] }", NULL },
	{ "{ name: r, trial: true, mask: { c: redact } }\ncolumns: { c: a.b }", "trial-mask" },
	{ "{ name: r, mask: { found: { card: blank } } }\nmode: trial", "trial-mask" },
};

struct collector {
	struct policy_finder finder;
	size_t count;
	struct policy_finding last;
};

static void collect(struct policy_finder *finder, const struct policy_finding *finding)
{
	struct collector *collector = (struct collector *)finder;

	if (finding->id == FINDING_UNENFORCED)
		return;
	collector->count++;
	collector->last = *finding;
}

static struct collector check_text(const char *text)
{
	SCOPED(policy_freep) struct policy *policy = NULL;
	struct collector collector = { .finder = { collect, NOW } };
	struct error error = { 0 };

	ck_assert_msg(policy_read_texts(&(const char *){ "a.yaml" },
					&(struct slice){ text, strlen(text) }, 1, &policy,
					&error) == 0,
		      "%d:%d %s", error.line, error.column, error.text);
	policy_check(policy, &collector.finder);
	return collector;
}

START_TEST(finds_what_can_hardly_be_meant_and_nothing_else)
{
	char text[2048];

	snprintf(text, sizeof(text), HEAD RULES "%s\n", CASES[_i].text);
	struct collector found = check_text(text);
	if (!CASES[_i].id) {
		ck_assert_msg(found.count == 0, "%s", found.last.where.text);
		return;
	}
	ck_assert_uint_eq(found.count, 1);
	ck_assert_str_eq(finding_id_text(found.last.id), CASES[_i].id);
	ck_assert_str_eq(found.last.where.file, "a.yaml");
	ck_assert(found.last.where.line >= 3 && found.last.where.column >= 1 &&
		  found.last.where.text[0]);
}
END_TEST

static const struct {
	const char *by;
	unsigned people;
	bool is_too_few;
} APPROVERS[] = {
	{ "u", 1, false }, { "u", 2, true },       { "b", 2, false },
	{ "b", 3, true },  { "[u, b]", 3, false }, { "[u, b]", 4, true },
	{ "g", 5, false }, { "[u, g]", 5, false }, { "everyone", 5, false },
};

START_TEST(approvers_are_counted_where_they_are_named)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 HEAD RULES "{ name: r, then: approve, approve: { by: %s, people: %u } }\n",
		 APPROVERS[_i].by, APPROVERS[_i].people);
	struct collector found = check_text(text);
	ck_assert_uint_eq(found.count, APPROVERS[_i].is_too_few);
	ck_assert(found.count == 0 || found.last.id == FINDING_APPROVERS_TOO_FEW);
}
END_TEST

START_TEST(an_approve_swallows_unless_it_is_overridden)
{
	const char *rest = "\n  - { name: s, then: approve, approve: { by: g } }\n";
	char text[1024];

	snprintf(text, sizeof(text), HEAD RULES "{ name: r, then: allow }%s", rest);
	ck_assert_int_eq(check_text(text).last.id, FINDING_ALLOW_SWALLOWED);
	snprintf(text, sizeof(text), HEAD RULES "{ name: r, then: allow, overrides: s }%s", rest);
	ck_assert_uint_eq(check_text(text).count, 0);
}
END_TEST

START_TEST(a_database_without_conditions_is_every_database)
{
	struct collector found =
		check_text("version: 1\nname: x\nrules: []\ndatabases: { a: { engine: postgres }, "
			   "b: { engine: postgres, hosts: x }, c: { engine: mysql } }\n");

	ck_assert_uint_eq(found.count, 1);
	ck_assert_int_eq(found.last.id, FINDING_DATABASE_OVERLAP);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, finds_what_can_hardly_be_meant_and_nothing_else, 0,
			    COUNT_OF(CASES));
	tcase_add_loop_test(tcase, approvers_are_counted_where_they_are_named, 0,
			    COUNT_OF(APPROVERS));
	tcase_add_test(tcase, an_approve_swallows_unless_it_is_overridden);
	tcase_add_test(tcase, a_database_without_conditions_is_every_database);
}

int main(void)
{
	return run_suite("policy_check", NULL, NULL, add_tests);
}
