/* SPDX-License-Identifier: MIT */
/* A bundle that travels is checked and tested like one on disk. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "control/archive.h"
#include "tests/unit/run_suite.h"
#include "tools/policy/archive_check.h"

#define POLICY                                                                                     \
	"version: 1\nname: shop\ndefault: deny\nunknown: deny\n"                                   \
	"databases:\n  prod: { engine: postgres, hosts: [db.example], name: shop }\n"              \
	"people:\n  all: { kind: agent }\n"                                                        \
	"rules:\n  - name: read\n    database: prod\n    for: all\n    do: select\n    then: allow\n"
#define TEST_HEAD(policies)                                                                        \
	"version: 1\npolicies: [" policies "]\nat: \"2026-11-18T14:00:00+01:00\"\n"                \
	"as:\n  agent: { kind: agent }\ntests:\n"
#define TEST_OF(policies, decision)                                                                \
	TEST_HEAD(policies)                                                                        \
	"  - name: reads\n    as: agent\n    database: prod\n    sql: SELECT 1 FROM t\n"           \
	"    want: { decision: " decision " }\n"
#define TEST(decision) TEST_OF("policy.yaml", decision)

static const struct {
	const char *policy, *test;
	const char *file, *id; /* of the one error; NULL: there is none */
	int line;
	const char *said;
} BUNDLES[] = {
	{ POLICY, NULL, NULL, NULL, 0, NULL },
	{ POLICY, TEST("allow"), NULL, NULL, 0, NULL },
	{ POLICY, TEST("deny"), "policy_test.yaml", "test", 7, "reads: decision: want deny" },
	{ POLICY "nonsense: 1\n", TEST("allow"), "policy.yaml", "syntax", 15, "nonsense" },
	{ POLICY, TEST_HEAD("policy.yaml") "  - nonsense\n", "policy_test.yaml", "syntax", 7,
	  "a test" },
	{ POLICY, TEST_OF("/etc/passwd", "allow"), "policy_test.yaml", "syntax", 1, "/etc/passwd" },
	{ POLICY, TEST_OF("policy_test.yaml", "allow"), "policy_test.yaml", "syntax", 1,
	  "has no policy" },
	{ NULL, TEST("allow"), "", "syntax", 0, "no policy file" },
};

static void write_bundle(const char *policy, const char *test, struct buf *out)
{
	struct archive_file files[2];
	size_t count = 0;

	if (policy)
		files[count++] = (struct archive_file){ SLICE("policy.yaml"), slice_of(policy) };
	if (test)
		files[count++] = (struct archive_file){ SLICE("policy_test.yaml"), slice_of(test) };
	ck_assert_int_eq(archive_write(files, count, out), 0);
}

static const struct policy_finding *error_of(const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		if (findings->items[i].severity == FINDING_ERROR)
			return &findings->items[i];
	}
	return NULL;
}

START_TEST(what_is_wrong_is_found_in_its_place)
{
	SCOPED(findings_done) struct findings findings = { 0 };
	SCOPED(buf_done) struct buf archive = BUF_MAX(64 * KIB);

	write_bundle(BUNDLES[_i].policy, BUNDLES[_i].test, &archive);
	ck_assert_int_eq(archive_check(buf_view(&archive), 0, &findings), 0);
	ck_assert_uint_eq(findings_count(&findings, FINDING_ERROR), BUNDLES[_i].id ? 1 : 0);
	const struct policy_finding *error = error_of(&findings);
	if (!error)
		return;
	ck_assert_str_eq(error->where.file, BUNDLES[_i].file);
	ck_assert_str_eq(finding_id_text(error->id), BUNDLES[_i].id);
	ck_assert_int_eq(error->where.line, BUNDLES[_i].line);
	ck_assert_ptr_nonnull(strstr(error->where.text, BUNDLES[_i].said));
}
END_TEST

START_TEST(what_is_no_archive_is_not_looked_at)
{
	SCOPED(findings_done) struct findings findings = { 0 };

	ck_assert_int_eq(archive_check(SLICE("PK"), 0, &findings), -EBADMSG);
	ck_assert_int_eq(archive_check(SLICE("chaperone.source/v1\na.yaml 9\n"), 0, &findings),
			 -EBADMSG);
	ck_assert_uint_eq(findings.count, 0);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_loop_test(tests, what_is_wrong_is_found_in_its_place, 0, COUNT_OF(BUNDLES));
	tcase_add_test(tests, what_is_no_archive_is_not_looked_at);
}

int main(void)
{
	return run_suite("archive_check", NULL, NULL, add_tests);
}
