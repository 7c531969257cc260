/* SPDX-License-Identifier: MIT */
/* Policies are read as the language says, and what is wrong in them is told with its place. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/engine/policy.h"
#include "policy/engine/window.h"
#include "tests/unit/policy_examples.h"
#include "tests/unit/run_suite.h"

/* A policy of one text; fails the test when it cannot be read. */
static struct policy *text_or_fail(const char *text)
{
	struct policy *policy = NULL;
	struct error error = { 0 };

	ck_assert_msg(policy_read_texts(&(const char *){ "a.yaml" },
					&(struct slice){ text, strlen(text) }, 1, &policy,
					&error) == 0,
		      "%d:%d: %s", error.line, error.column, error.text);
	return policy;
}

/* The error of two texts that make no bundle. */
static struct error error_of_two(const char *first, const char *second)
{
	const char *names[] = { "a.yaml", "b.yaml" };
	struct slice texts[] = { slice_of(first), slice_of(second) };
	struct policy *policy = NULL;
	struct error error = { 0 };

	ck_assert_int_eq(policy_read_texts(names, texts, 2, &policy, &error), -EINVAL);
	ck_assert_ptr_null(policy);
	return error;
}

static const struct policy_rule *rule_called(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		if (strcmp(policy->rules[i].name, name) == 0)
			return &policy->rules[i];
	}
	ck_abort_msg("no rule %s", name);
	return NULL;
}

START_TEST(files_of_a_folder_are_one_bundle_in_order_of_name)
{
	SCOPED(policy_freep) struct policy *policy = read_or_fail(EXAMPLES);

	ck_assert_uint_eq(policy->file_count, 3);
	ck_assert_str_eq(policy->files[0].name, "agent-writes");
	ck_assert_str_eq(policy->files[2].name, "shop-prod");
	ck_assert_uint_eq(policy->files[0].owners.count, 2);
	ck_assert_uint_eq(policy->person_count, 6);
	ck_assert_uint_eq(policy->database_count, 2);
	ck_assert_int_eq(policy->databases[1].engine, ENGINE_MYSQL);
	ck_assert_int_eq(policy->default_decision, DECISION_DENY);
	ck_assert(policy->has_stale && policy->stale_after_ms == 900000 &&
		  policy->stale_hard_ms == 86400000 && policy->stale_then == STALE_DENY_WRITES);
	ck_assert(!policy_allows_everything(policy));
}
END_TEST

START_TEST(allow_rules_say_what_their_text_says)
{
	SCOPED(policy_freep) struct policy *policy = read_or_fail(EXAMPLES);
	const struct policy_rule *small = rule_called(policy, "refunds-small");

	ck_assert_int_eq(small->then, THEN_ALLOW);
	ck_assert(small->has_database && small->database_count == 1);
	ck_assert_str_eq(policy->databases[small->databases[0]].name, "prod");
	ck_assert_uint_eq(small->verbs, VERB_BIT(VERB_INSERT) | VERB_BIT(VERB_UPDATE) |
						VERB_BIT(VERB_UPDATE_ALL));
	ck_assert_uint_eq(small->override_count, 1);
	ck_assert_ptr_eq(&policy->rules[small->overrides[0]],
			 rule_called(policy, "agent-writes-need-a-person"));
	ck_assert(small->has_limit && small->limit.rows == 0);
	ck_assert_uint_eq(small->limit.changed_rows, 10);
}
END_TEST

START_TEST(approve_rules_say_what_their_text_says)
{
	SCOPED(policy_freep) struct policy *policy = read_or_fail(EXAMPLES);
	const struct policy_rule *rule = rule_called(policy, "agent-writes-need-a-person");

	ck_assert_uint_eq(rule->limit.changed_rows, UINT64_MAX);
	ck_assert_ptr_nonnull(rule->approve);
	ck_assert_uint_eq(rule->approve->by.people_count, 2);
	ck_assert_uint_eq(rule->approve->people, 2);
	ck_assert_uint_eq(rule->approve->wait_ms, 90000);
	ck_assert(rule->approve->not_requester && rule->approve->not_sponsor);
	ck_assert_uint_eq(rule->approve->bound_to, 15);
	ck_assert_uint_eq(rule->approve->show, 15);
}
END_TEST

START_TEST(mask_rules_say_what_their_text_says)
{
	SCOPED(policy_freep) struct policy *policy = read_or_fail(EXAMPLES);
	const struct policy_rule *rule = rule_called(policy, "mask-contact");

	ck_assert(rule->for_whom.is_everyone && rule->except.people_count == 1);
	ck_assert_uint_eq(rule->mask_count, 2);
	ck_assert_int_eq(rule->masks[0].mask.how, MASK_KEEP_LAST);
	ck_assert_int_eq(rule->masks[0].mask.keep, 2);
	ck_assert_int_eq(rule->masks[1].mask.how, MASK_HASH);
	ck_assert_str_eq(policy->key_names[rule->masks[1].mask.key], "card-key");
	ck_assert_int_eq(rule->found[DETECT_IBAN].how, MASK_REDACT);
	ck_assert_int_eq(rule->found[DETECT_IBAN].detector, DETECT_IBAN + 1);
	ck_assert_int_eq(rule->found[DETECT_PHONE].how, MASK_NONE);
	ck_assert_uint_eq(rule->place.line, 35);
}
END_TEST

START_TEST(columns_are_split_and_document_paths_kept)
{
	SCOPED(policy_freep)
	struct policy *policy =
		text_or_fail(HEAD "columns: { c: [t.a, s.t.b, \"*.x\", d.e.f.g] }\nrules: []\n");
	const struct policy_column *columns = policy->column_groups[0].columns;

	ck_assert_ptr_null(columns[0].schema);
	ck_assert_str_eq(columns[0].table, "t");
	ck_assert_str_eq(columns[1].schema, "s");
	ck_assert_str_eq(columns[1].column, "b");
	ck_assert_str_eq(columns[2].table, "*");
	ck_assert_str_eq(columns[3].table, "d");
	ck_assert_str_eq(columns[3].column, "e.f.g");
}
END_TEST

START_TEST(nothing_is_guessed_about_plain_text)
{
	SCOPED(policy_freep)
	struct policy *policy = text_or_fail(
		HEAD
		"about: on\nowners: [no, 012, 12:30:45, null, ~, 1.0, 0x10]\n"
		"databases: { p: { engine: \"postgres\", server-id: 012, ports: [5432, 1] } }\n"
		"people: { p: { user: yes, subject: 42 } }\n"
		"rules:\n"
		"  - { name: on, \"then\": 'allow', tables: true, only-where: { t.a: [012, no] } "
		"}\n"
		"  - { name: no, then: deny, say: 2026-01-01, trial: true }\n");

	ck_assert_str_eq(policy->files[0].about, "on");
	const char *owners[] = { "no", "012", "12:30:45", "null", "~", "1.0", "0x10" };
	for (size_t i = 0; i < COUNT_OF(owners); i++)
		ck_assert_str_eq(policy->files[0].owners.items[i], owners[i]);
	ck_assert_str_eq(policy->databases[0].server_ids.items[0], "012");
	ck_assert_uint_eq(policy->databases[0].ports[0], 5432);
	ck_assert_str_eq(policy->people[0].who.user.items[0], "yes");
	ck_assert_str_eq(policy->rules[0].tables.items[0], "true");
	ck_assert_str_eq(policy->rules[0].only_where[0].values[0], "012");
	ck_assert_str_eq(policy->rules[0].only_where[0].values[1], "no");
	ck_assert_str_eq(policy->rules[1].say, "2026-01-01");
	ck_assert(policy->rules[1].is_trial && !policy->rules[0].is_trial);
}
END_TEST

START_TEST(what_is_left_out_has_its_default)
{
	SCOPED(policy_freep)
	struct policy *policy = text_or_fail(
		HEAD "databases: { p: { engine: mariadb } }\npeople: { d: { group: d } }\n"
		     "rules: [{ name: r, then: approve, approve: { by: d } }, { name: l, limit: { "
		     "changed-rows: 0 } }]\n");
	const struct policy_rule *rule = &policy->rules[0];

	ck_assert_int_eq(policy->default_decision, DECISION_DENY);
	ck_assert_int_eq(policy->unknown, DECISION_DENY);
	ck_assert_int_eq(policy->record_values, RECORD_VALUES_HASH);
	ck_assert_int_eq(policy->record_literals, RECORD_LITERALS_HIDE);
	ck_assert_int_eq(policy->when_full, WHEN_FULL_DENY_WRITES);
	ck_assert_uint_eq(policy->full_at_bytes, 0);
	ck_assert_int_eq(policy->databases[0].default_decision, DECISION_NONE);
	ck_assert_str_eq(policy->databases[0].schemas.items[0], "public");
	ck_assert(!rule->has_database && !rule->has_verbs && !rule->for_whom.is_given &&
		  !rule->during);
	ck_assert(rule->approve->people == 1 && rule->approve->uses == 1 &&
		  rule->approve->not_requester && rule->approve->not_sponsor);
	ck_assert_uint_eq(policy->rules[1].limit.changed_rows, 0);
}
END_TEST

START_TEST(wildcards_stand_for_every_name_that_they_match)
{
	SCOPED(policy_freep)
	struct policy *policy = text_or_fail(
		HEAD
		"databases: { prod-a: { engine: mysql }, prod-b: { engine: mysql }, dev: { engine: "
		"mysql } }\n"
		"people: { bot-a: { kind: agent }, bot-b: { kind: agent }, dba: { group: d } }\n"
		"columns: { pii-a: a.b, pii-b: b.c }\n"
		"rules:\n"
		"  - { name: r, database: [\"prod-*\", other], for: \"bot-*\", mask: { \"pii-*\": "
		"blank }, then: allow, overrides: \"ask*\" }\n"
		"  - { name: ask-a, then: approve, approve: { by: everyone } }\n"
		"  - { name: asked, then: deny }\n");
	const struct policy_rule *rule = &policy->rules[0];

	ck_assert(rule->database_count == 2 && rule->databases[1] == 1 &&
		  rule->matches_other_database);
	ck_assert(rule->for_whom.people_count == 2 && !rule->for_whom.is_everyone);
	ck_assert(rule->mask_count == 2 && rule->masks[1].group == 1);
	ck_assert(rule->override_count == 1 && rule->overrides[0] == 1);
	ck_assert(policy->rules[1].approve->by.is_everyone);
}
END_TEST

START_TEST(days_alone_make_a_window)
{
	SCOPED(policy_freep)
	struct policy *policy = text_or_fail(
		HEAD "rules: [{ name: r, then: deny, during: { days: [sat, sun], zone: UTC } }]\n");
	int64_t friday;

	ck_assert_int_eq(instant_read("2026-11-20T12:00:00Z", &friday), 0);
	ck_assert(!window_at(policy->rules[0].during, friday).holds);
	ck_assert(window_at(policy->rules[0].during, friday + 86400).holds);
	ck_assert_int_eq(window_at(policy->rules[0].during, friday + 86400).until, friday + 216000);
}
END_TEST

static const struct {
	const char *first, *second, *text;
} PAIRS[] = {
	{ "default: deny\nrules: []\n", "default: deny\nrules: []\n", "also at a.yaml:3:1" },
	{ "unknown: deny\nrules: []\n", "unknown: deny\nrules: []\n", "also at a.yaml:3:1" },
	{ "mode: trial\nrules: []\n", "mode: trial\nrules: []\n", "also at a.yaml:3:1" },
	{ "stale: { after: 1m, then: keep }\nrules: []\n",
	  "stale: { after: 1m, then: keep }\nrules: []\n", "also at a.yaml:3:1" },
	{ "record: { values: hash }\nrules: []\n", "record: { literals: hide }\nrules: []\n",
	  "also at a.yaml:3:1" },
	{ "rules: [{ name: r, then: deny }]\n", "rules: [{ name: r, then: deny }]\n",
	  "another rule called 'r', at a.yaml:3:17" },
	{ "people: { p: { kind: job } }\nrules: []\n", "people: { p: { kind: job } }\nrules: []\n",
	  "another people entry called 'p', at a.yaml:3:11" },
	{ "databases: { p: { engine: mysql } }\nrules: []\n",
	  "databases: { p: { engine: mysql } }\nrules: []\n",
	  "another databases entry called 'p'" },
	{ "columns: { p: a.b }\nrules: []\n", "columns: { p: a.b }\nrules: []\n",
	  "another columns entry called 'p'" },
};

START_TEST(what_stands_once_in_a_bundle_is_told_with_both_places)
{
	char first[256], second[256];

	snprintf(first, sizeof(first), HEAD "%s", PAIRS[_i].first);
	snprintf(second, sizeof(second), HEAD "%s", PAIRS[_i].second);
	struct error error = error_of_two(first, second);
	ck_assert_str_eq(error.file, "b.yaml");
	ck_assert_int_eq(error.line, 3);
	ck_assert_msg(strstr(error.text, PAIRS[_i].text) != NULL, "%s", error.text);
}
END_TEST

START_TEST(names_of_other_files_are_known_and_missing_ones_told_in_their_file)
{
	struct error error = error_of_two(HEAD "rules: [{ name: r, for: agnets, then: deny }]\n",
					  HEAD "people: { agents: { kind: agent } }\nrules: []\n");

	ck_assert_str_eq(error.file, "a.yaml");
	ck_assert_str_eq(error.text, "no people entry is called 'agnets'; did you mean 'agents'?");
}
END_TEST

static const struct {
	const char *text;
	bool allows_everything;
} OPEN[] = {
	{ HEAD "default: allow\nunknown: allow\nrules: []\n", true },
	{ HEAD "default: allow\nunknown: allow\nrules: [{ name: r, then: allow }]\n", true },
	{ HEAD "default: allow\nrules: []\n", false },
	{ HEAD "default: allow\nunknown: allow\nrules: [{ name: r, then: deny, do: drop }]\n",
	  false },
	{ HEAD "default: allow\nunknown: allow\nrules: [{ name: r, then: warn }]\n", false },
	{ HEAD "default: allow\nunknown: allow\nrules: [{ name: r, limit: { rows: 1 } }]\n",
	  false },
	{ HEAD "default: allow\nunknown: allow\nrules: [{ name: r, mask: { found: { card: blank } "
	       "} }]\n",
	  false },
	{ HEAD "default: allow\nunknown: allow\ndatabases: { p: { engine: mysql, default: deny } "
	       "}\nrules: []\n",
	  false },
	{ HEAD "default: allow\nunknown: allow\ndatabases: { p: { engine: mysql, unknown: deny } "
	       "}\nrules: []\n",
	  false },
};

START_TEST(a_policy_that_allows_everything_is_known)
{
	SCOPED(policy_freep) struct policy *policy = text_or_fail(OPEN[_i].text);

	ck_assert_int_eq(policy_allows_everything(policy), OPEN[_i].allows_everything);
}
END_TEST

#define RULE(text)                                                                                 \
	HEAD "people: { d: { group: d } }\ncolumns: { c: a.b }\nrules: [{ name: r, " text " }]\n"
static const struct {
	const char *text, *what; /* NULL: all of it is enforced */
} GAPS[] = {
	{ RULE("limit: { rows: 1 }"), "limit" },
	{ RULE("then: approve, approve: { by: d }"), "then: approve" },
	{ RULE("then: deny, break-glass: { by: d, reason: required }"), "break-glass" },
	{ RULE("then: allow, only-where: { t.a: 1 }"), "only-where" },
	{ RULE("mask: { c: blank }, probe: lookup"), "probe: lookup" },
	{ RULE("mask: { c: blank }, probe: approve"), "probe: approve" },
	{ RULE("mask: { c: blank }, derived: allow"), "derived: allow" },
	{ RULE("mask: { c: blank }, copied: allow"), "copied: allow" },
	{ RULE("mask: { c: blank }, write-back: allow"), "write-back: allow" },
	{ RULE("mask: { c: { token: t } }"), "token" },
	{ RULE("mask: { found: { phone: blank } }"), "found: phone" },
	{ HEAD "unknown: approve\nrules: []\n", "unknown: approve" },
	{ HEAD "record: { literals: keep }\nrules: []\n", "record literals: keep" },
	{ HEAD "record: { values: mask }\nrules: []\n", "record values: mask" },
	{ HEAD "record: { when-full: allow, full-at: 64KB }\nrules: []\n", NULL },
	{ HEAD "databases: { p: { engine: postgres, pooled: true } }\nrules: []\n", "pooled" },
	{ HEAD "databases: { p: { engine: postgres, unknown: approve } }\nrules: []\n",
	  "unknown: approve" },
	{ HEAD "databases: { p: { engine: mongodb, pooled: false, server-id: x } }\nrules: []\n",
	  NULL },
	{ HEAD "record: { literals: hide, values: hide, when-full: deny }\nrules: []\n", NULL },
	{ RULE("mask: { c: { hash: k }, found: { email: redact, card: blank, iban: { keep-last: 4 "
	       "} } }, "
	       "probe: deny, derived: mask, copied: deny, write-back: deny, trial: true"),
	  NULL },
	{ RULE("mask: { c: redact }, probe: allow"), NULL },
	{ RULE("then: warn"), "then: warn" },
	{ RULE("then: deny, during: { days: [mon], zone: UTC }"), NULL },
};
#undef RULE

START_TEST(what_is_not_enforced_is_told_with_its_place)
{
	SCOPED(policy_freep) struct policy *policy = text_or_fail(GAPS[_i].text);
	struct error error = { 0 };
	char text[160];

	if (!GAPS[_i].what) {
		ck_assert_msg(!policy_unenforced(policy, 0, &error), "%s", error.text);
		return;
	}
	ck_assert(policy_unenforced(policy, 0, &error));
	snprintf(text, sizeof(text), "%s is not enforced by this version", GAPS[_i].what);
	ck_assert_str_eq(error.text, text);
	ck_assert_str_eq(error.file, "a.yaml");
	ck_assert_int_ge(error.line, 3);
	ck_assert_int_ge(error.column, 1);
	ck_assert(!policy_unenforced(policy, 1, &error));
}
END_TEST

START_TEST(tokens_are_redacted_until_there_are_any)
{
	SCOPED(policy_freep)
	struct policy *policy = text_or_fail(
		HEAD "columns: { c: a.b }\nrules: [{ name: r, mask: { c: { token: t } } }]\n");

	ck_assert_int_eq(policy->rules[0].masks[0].mask.how, MASK_REDACT);
	ck_assert_uint_eq(policy->key_count, 0);
}
END_TEST

START_TEST(digests_change_with_every_byte_and_name)
{
	SCOPED(policy_freep) struct policy *one = text_or_fail(HEAD "rules: []\n");
	SCOPED(policy_freep) struct policy *same = text_or_fail(HEAD "rules: []\n");
	SCOPED(policy_freep) struct policy *other = text_or_fail(HEAD "rules: [] \n");

	ck_assert_mem_eq(one->digest, same->digest, SHA256_SIZE);
	ck_assert_mem_ne(one->digest, other->digest, SHA256_SIZE);
}
END_TEST

START_TEST(aliases_repeat_what_they_stand_for)
{
	SCOPED(policy_freep)
	struct policy *policy = text_or_fail(
		HEAD "people: { a: &who { kind: agent, group: [x] }, b: *who }\nrules: []\n");

	ck_assert_int_eq(policy->people[1].who.kind, KIND_AGENT);
	ck_assert_str_eq(policy->people[1].who.group.items[0], "x");
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, files_of_a_folder_are_one_bundle_in_order_of_name);
	tcase_add_test(tcase, allow_rules_say_what_their_text_says);
	tcase_add_test(tcase, approve_rules_say_what_their_text_says);
	tcase_add_test(tcase, mask_rules_say_what_their_text_says);
	tcase_add_test(tcase, columns_are_split_and_document_paths_kept);
	tcase_add_test(tcase, nothing_is_guessed_about_plain_text);
	tcase_add_test(tcase, what_is_left_out_has_its_default);
	tcase_add_test(tcase, wildcards_stand_for_every_name_that_they_match);
	tcase_add_test(tcase, days_alone_make_a_window);
	tcase_add_loop_test(tcase, what_stands_once_in_a_bundle_is_told_with_both_places, 0,
			    COUNT_OF(PAIRS));
	tcase_add_test(tcase, names_of_other_files_are_known_and_missing_ones_told_in_their_file);
	tcase_add_loop_test(tcase, a_policy_that_allows_everything_is_known, 0, COUNT_OF(OPEN));
	tcase_add_loop_test(tcase, what_is_not_enforced_is_told_with_its_place, 0, COUNT_OF(GAPS));
	tcase_add_test(tcase, tokens_are_redacted_until_there_are_any);
	tcase_add_test(tcase, digests_change_with_every_byte_and_name);
	tcase_add_test(tcase, aliases_repeat_what_they_stand_for);
}

int main(void)
{
	return run_suite("policy", NULL, NULL, add_tests);
}
