/* SPDX-License-Identifier: MIT */
/* What a judgement says besides its decision: texts, how long it holds, what it changes. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/core/plan.h"
#include "policy/engine/rehearse.h"
#include "policy/engine/window.h"
#include "tests/unit/run_suite.h"

static const char POLICY[] =
	"version: 1\nname: shop-prod\n"
	"databases: { prod: { engine: postgres, hosts: [pg] } }\n"
	"people: { oncall: { group: oncall }, agents: { kind: agent } }\n"
	"columns: { contact: [customers.email] }\n"
	"rules:\n"
	"  - { name: reads, for: everyone, do: read, then: allow, limit: { rows: 100, bytes: 1MB } "
	"}\n"
	"  - { name: fewer, for: agents, do: read, limit: { rows: 10, time: 5s } }\n"
	"  - { name: mask-contact, for: everyone, mask: { contact: redact } }\n"
	"  - { name: no-destructive, for: everyone, do: [drop, update-all], then: deny, say: "
	"\"Open a migration.\" }\n"
	"  - { name: asks, for: everyone, do: [insert, delete], then: approve, approve: { by: "
	"[oncall], people: 2 } }\n"
	"  - { name: frozen, for: everyone, do: create, then: deny,\n"
	"      during: { from: \"fri 16:00\", to: \"mon 08:00\", zone: UTC },\n"
	"      break-glass: { by: oncall, reason: required, lasts: 30m } }\n";

static struct policy *policy;
static struct rehearsal *rehearsal;
static struct caller caller;
static struct judgement judgement;

static void read_texts(const char *text)
{
	const char *name = "shop.yaml";
	struct slice slice = slice_of(text);
	struct error error = { .line = 0 };

	if (policy_read_texts(&name, &slice, 1, &policy, &error) < 0)
		ck_abort_msg("%d: %s", error.line, error.text);
	ck_assert_int_eq(rehearsal_new(policy, "prod", &caller, &rehearsal, &error), 0);
}

static void set_up(void)
{
	caller.count = 0;
	ck_assert_int_eq(caller_add(&caller, FACT_KIND, MARK_PROVEN, "person"), 0);
	read_texts(POLICY);
}

static void tear_down(void)
{
	judgement_done(&judgement);
	judgement = (struct judgement){ .people = 0 };
	rehearsal_free(rehearsal);
	policy_free(policy);
}

static void ask_at(const char *sql, const char *instant)
{
	int64_t now;

	judgement_done(&judgement);
	ck_assert_int_eq(instant_read(instant, &now), 0);
	ck_assert_int_eq(rehearsal_judge(rehearsal, CALL_QUERY, slice_of(sql), now, &judgement), 0);
}

static void ask(const char *sql)
{
	ask_at(sql, "2026-11-18T14:00:00Z");
}

static const struct {
	const char *sql, *message, *json, *hint, *sqlstate;
} TEXTS[] = {
	{ "DROP TABLE orders", "chaperone refused this: DROP on public.orders",
	  "{\"chaperone\":1,\"verdict\":\"deny\",\"rule\":\"no-destructive\",\"effect\":\"drop\","
	  "\"object\":\"public.orders\",\"retry\":false}",
	  "Open a migration.", "42501" },
	{ "UPDATE customers SET a = 1",
	  "chaperone refused this: UPDATE of every row of public.customers (there is no WHERE)",
	  "{\"chaperone\":1,\"verdict\":\"deny\",\"rule\":\"no-destructive\",\"effect\":\"update-"
	  "all\","
	  "\"object\":\"public.customers\",\"retry\":false,"
	  "\"allowed_instead\":\"UPDATE with a WHERE on a column of customers\"}",
	  "Open a migration.", "42501" },
	{ "SELECT id FROM customers WHERE email = 'secret-literal'",
	  "chaperone refused this: WHERE compares customers.email, which is masked for you",
	  "{\"chaperone\":1,\"verdict\":\"deny\",\"rule\":\"mask-contact\",\"reason\":\"probe\","
	  "\"columns\":[\"customers.email\"],\"retry\":false}",
	  "Select by another column, or ask the policy's owners for "
	  "probe: lookup.",
	  "42501" },
	{ "DELETE FROM orders WHERE id = 1", "chaperone needs approval: DELETE on public.orders",
	  "{\"chaperone\":1,\"verdict\":\"approve\",\"rule\":\"asks\",\"effect\":\"delete\","
	  "\"object\":\"public.orders\",\"retry\":true}",
	  "Run exactly this statement with the same values again after approval.", "ZG701" },
	{ "TRUNCATE orders",
	  "chaperone refused this: TRUNCATE on public.orders, which no rule allows",
	  "{\"chaperone\":1,\"verdict\":\"deny\",\"effect\":\"truncate\",\"object\":\"public."
	  "orders\","
	  "\"reason\":\"default\",\"retry\":false}",
	  "Ask an owner of the policy for a rule that allows it; do not retry this text.",
	  "42501" },
	{ "DO $$ BEGIN PERFORM 'secret-literal'; END $$",
	  "chaperone refused this: DO runs a block that cannot be read",
	  "{\"chaperone\":1,\"verdict\":\"deny\",\"reason\":\"unknown\",\"retry\":false}",
	  "Say the same in statements whose effect can be read from their text.", "42501" },
};

START_TEST(refusals_say_what_why_and_what_next)
{
	struct slice detail;

	ask(TEXTS[_i].sql);
	ck_assert_str_eq(buf_text(&judgement.message), TEXTS[_i].message);
	ck_assert_str_eq(buf_text(&judgement.hint), TEXTS[_i].hint);
	ck_assert_str_eq(judgement.sqlstate, TEXTS[_i].sqlstate);
	detail = buf_view(&judgement.detail);
	struct slice sentence = slice_cut(&detail, '\n');
	ck_assert(slice_ends_with(sentence, "of policy shop-prod. Nothing was sent."));
	ck_assert(slice_is(detail, TEXTS[_i].json));
	ck_assert_ptr_null(strstr(buf_text(&judgement.message), "secret-literal"));
}
END_TEST

static const struct {
	const char *sql;
	bool is_cacheable, is_template_cacheable, changes_session, writes;
} KEPT[] = {
	{ "SELECT id FROM orders WHERE id = 1", true, true, false, false },
	{ "DROP TABLE orders", false, false, true, true },
	{ "TRUNCATE orders", true, false, false, true },
	{ "INSERT INTO orders VALUES (1)", false, false, false, true }, /* approvals always ask */
	{ "BEGIN", true, false, false, false },
	{ "COMMIT", true, false, false, false },
	{ "SET application_name = 'x'", true, false, false, false },
	{ "SET search_path = x", false, false, true, true },
	{ "PREPARE p AS SELECT 1", false, false, true, false },
	{ "SELECT 1; SELECT 2", true, false, false, false },
	{ "not sql", false, false, true, true },
};

START_TEST(judgements_are_kept_where_that_is_safe)
{
	ask(KEPT[_i].sql);
	ck_assert_int_eq(judgement.is_cacheable, KEPT[_i].is_cacheable);
	ck_assert_int_eq(judgement.is_template_cacheable, KEPT[_i].is_template_cacheable);
	ck_assert_int_eq(judgement.changes_session, KEPT[_i].changes_session);
	ck_assert_int_eq(judgement.writes, KEPT[_i].writes);
}
END_TEST

START_TEST(a_judgement_ends_at_the_next_edge_of_a_window)
{
	int64_t edge;

	ask("SELECT id FROM orders");
	ck_assert_int_eq(instant_read("2026-11-20T16:00:00Z", &edge), 0);
	ck_assert_int_eq(judgement.valid_until, edge);
	ask_at("SELECT id FROM orders", "2026-11-21T00:00:00Z");
	ck_assert_int_eq(instant_read("2026-11-23T08:00:00Z", &edge), 0);
	ck_assert_int_eq(judgement.valid_until, edge);
}
END_TEST

START_TEST(the_smaller_limit_of_matching_rules_applies)
{
	ask("SELECT id FROM orders");
	ck_assert_uint_eq(judgement.limit.rows, 100);
	ck_assert_uint_eq(judgement.limit.time_ms, 0);
	caller.count = 0;
	ck_assert_int_eq(caller_add(&caller, FACT_KIND, MARK_PROVEN, "agent"), 0);
	ask("SELECT id FROM orders");
	ck_assert_uint_eq(judgement.limit.rows, 10);
	ck_assert_uint_eq(judgement.limit.time_ms, 5000);
	ck_assert_uint_eq(judgement.limit.bytes, 1024 * 1024);
	ck_assert_uint_eq(judgement.limit.changed_rows, UINT64_MAX);
	ask("BEGIN");
	ck_assert_uint_eq(judgement.limit.rows, 0);
}
END_TEST

START_TEST(glass_is_broken_by_those_who_may)
{
	ask_at("CREATE TABLE t (id int)", "2026-11-21T00:00:00Z");
	ck_assert_int_eq(judgement.decision, DECISION_DENY);
	ck_assert(!judgement.break_glass);
	ck_assert_int_eq(caller_add(&caller, FACT_GROUP, MARK_PROVEN, "oncall"), 0);
	ask_at("CREATE TABLE t (id int)", "2026-11-21T00:00:00Z");
	ck_assert(judgement.break_glass);
	ask_at("CREATE TABLE t (id int); DROP TABLE u", "2026-11-21T00:00:00Z");
	ck_assert(!judgement.break_glass);
}
END_TEST

START_TEST(the_deciding_effect_stands_first)
{
	ask("SELECT id FROM orders; DROP TABLE orders");
	ck_assert_int_eq(judgement.effects[0].verb, VERB_DROP);
	ck_assert_str_eq(judgement.effects[0].object, "public.orders");
	ck_assert_uint_eq(judgement.effect_count, 2);
	ask("INSERT INTO a SELECT id FROM b");
	ck_assert_int_eq(judgement.decision, DECISION_APPROVE);
	ck_assert_uint_eq(judgement.people, 2);
}
END_TEST

START_TEST(a_bundle_on_trial_enforces_nothing)
{
	rehearsal_free(rehearsal);
	policy_free(policy);
	read_texts("version: 1\nname: t\nmode: trial\ndatabases: { prod: { engine: postgres } }\n"
		   "columns: { c: [t.a] }\n"
		   "rules: [ { name: m, for: everyone, mask: { c: redact } } ]\n");
	ask("DROP TABLE x");
	ck_assert_int_eq(judgement.decision, DECISION_ALLOW);
	ck_assert_int_eq(judgement.would_decide, DECISION_DENY);
	ck_assert_uint_eq(judgement.message.length, 0);
	ask("SELECT a FROM t");
	ck_assert_uint_eq(judgement.plan.length, 0);
}
END_TEST

START_TEST(what_allows_everything_asks_for_nothing)
{
	rehearsal_free(rehearsal);
	policy_free(policy);
	read_texts("version: 1\nname: t\ndefault: allow\nunknown: allow\n"
		   "databases: { prod: { engine: postgres } }\nrules: []\n");
	ck_assert(!catalogue_is_needed(policy));
	ask("DO $$ BEGIN END $$");
	ck_assert_int_eq(judgement.decision, DECISION_ALLOW);
	ck_assert_uint_eq(judgement.plan.length, 0);
	ck_assert(!judgement.needs_learning);
}
END_TEST

START_TEST(calls_without_text_are_judged)
{
	struct session_address address = { .engine = ENGINE_POSTGRES, .host = SLICE("pg") };
	SCOPED(session_freep) struct session *session = NULL;
	struct judge_question question = { .policy = policy, .caller = &caller };

	ck_assert_int_eq(session_new(policy, &address, &session), 0);
	question.session = session;
	const struct {
		enum session_call call;
		enum decision decision;
		enum reason reason;
	} rows[] = {
		{ CALL_FASTPATH, DECISION_DENY, REASON_DEFAULT },
		{ CALL_LARGE_OBJECT_READ, DECISION_ALLOW, REASON_RULE },
		{ CALL_LARGE_OBJECT_WRITE, DECISION_DENY, REASON_DEFAULT },
		{ CALL_EXECUTE, DECISION_DENY, REASON_UNKNOWN },
		{ CALL_QUERY, DECISION_DENY, REASON_UNKNOWN },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		judgement_done(&judgement);
		question.call = rows[i].call;
		ck_assert_int_eq(judge(&question, SLICE("0193-5a"), &judgement), 0);
		ck_assert_int_eq(judgement.decision, rows[i].decision);
		ck_assert_int_eq(judgement.reason, rows[i].reason);
		ck_assert(judgement.needs_learning);
		if (rows[i].decision == DECISION_DENY)
			ck_assert_ptr_nonnull(
				strstr(buf_text(&judgement.detail), " Event 0193-5a.\n"));
	}
}
END_TEST

static const struct {
	const char *sql;
	bool hides;
} SAID[] = {
	{ "SELECT 1", false },
	{ "SELECT total::int FROM orders WHERE id = 1", false },
	{ "UPDATE orders SET id = 2 WHERE id = 1", false },
	{ "SELECT count(*), lower('x') FROM pg_class", false },
	{ "BEGIN", false },
	{ "SET work_mem = '1MB'", false },
	{ "SELECT id FROM customers", true },
	{ "SELECT 1 FROM orders WHERE EXISTS (SELECT 1 FROM customers)", true },
	{ "UPDATE customers SET id = 2 WHERE id = 1", true },
	{ "SELECT anybody(1)", true },
	{ "SELECT public.lower('x')", true },
	{ "CREATE INDEX ON orders (id)", true },
	{ "REINDEX DATABASE shop", true },
	{ "COMMIT", true },
	{ "SET CONSTRAINTS ALL IMMEDIATE", true },
	{ "SELECT 1; SELECT id FROM customers", true },
	{ "DECLARE c CURSOR FOR SELECT id FROM customers; MOVE c", true },
	{ "PREPARE p AS SELECT id FROM customers; EXECUTE p", true },
	{ "DO 'BEGIN END'", true },
};

START_TEST(what_the_server_says_of_protected_tables_is_hidden)
{
	rehearsal_free(rehearsal);
	policy_free(policy);
	read_texts("version: 1\nname: t\ndefault: allow\nunknown: allow\n"
		   "databases: { prod: { engine: postgres } }\n"
		   "columns: { contact: [customers.email] }\n"
		   "rules: [{ name: m, for: everyone, mask: { contact: redact } }]\n");
	ask(SAID[_i].sql);
	ck_assert_int_eq(judgement.decision, DECISION_ALLOW);
	const struct plan *plan = plan_read(buf_view(&judgement.plan));
	ck_assert_ptr_nonnull(plan);
	ck_assert_int_eq((plan->flags & PLAN_HIDES_TEXTS) != 0, SAID[_i].hides);
	ck_assert_int_eq((plan->flags & PLAN_HIDES_COMPUTED) != 0,
			 strncmp(SAID[_i].sql, "UPDATE", 6) == 0);
}
END_TEST

START_TEST(start_up_settings_are_judged_with_every_call)
{
	struct session_address address = { .engine = ENGINE_POSTGRES, .host = SLICE("pg") };
	struct judge_question question = { .policy = policy,
					   .caller = &caller,
					   .call = CALL_LARGE_OBJECT_READ };
	const struct {
		const char *options;
		bool is_replication;
		enum decision decision;
		enum verb verb;
	} rows[] = {
		{ "", false, DECISION_ALLOW, VERB_SELECT },
		{ "-c work_mem=1MB --TimeZone=UTC -c standard_conforming_strings=on", false,
		  DECISION_ALLOW, VERB_SELECT },
		{ "--search-path=x", false, DECISION_DENY, VERB_SET },
		{ "-c work_mem=1MB -c session_replication_role=replica", false, DECISION_DENY,
		  VERB_SET },
		{ "-O", false, DECISION_DENY, VERB_SET },
		{ "--role=boss", false, DECISION_DENY, VERB_GRANT },
		{ "", true, DECISION_DENY, VERB_REPLICATE },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		SCOPED(session_freep) struct session *session = NULL;

		address.options = slice_of(rows[i].options);
		address.is_replication = rows[i].is_replication;
		ck_assert_int_eq(session_new(policy, &address, &session), 0);
		question.session = session;
		judgement_done(&judgement);
		ck_assert_int_eq(judge(&question, SLICE(""), &judgement), 0);
		ck_assert_int_eq(judgement.decision, rows[i].decision);
		ck_assert_int_eq(judgement.effects[0].verb, rows[i].verb);
	}
}
END_TEST

static const struct {
	const char *sql;
	bool copies_masked;
} COPIES[] = {
	{ "UPDATE orders SET note = (SELECT email FROM customers WHERE id = 1) WHERE id = 1",
	  true },
	{ "UPDATE customers SET email = email WHERE id = 1", true },
	{ "UPDATE orders SET note = (SELECT name FROM customers WHERE id = 1) WHERE id = 1",
	  false },
	{ "SELECT email FROM customers", false },
};

START_TEST(a_copy_of_masked_values_is_told)
{
	ask(COPIES[_i].sql);
	ck_assert_int_eq(judgement.copies_masked, COPIES[_i].copies_masked);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, a_copy_of_masked_values_is_told, 0, COUNT_OF(COPIES));
	tcase_add_loop_test(tcase, what_the_server_says_of_protected_tables_is_hidden, 0,
			    COUNT_OF(SAID));
	tcase_add_test(tcase, start_up_settings_are_judged_with_every_call);
	tcase_add_loop_test(tcase, refusals_say_what_why_and_what_next, 0, COUNT_OF(TEXTS));
	tcase_add_loop_test(tcase, judgements_are_kept_where_that_is_safe, 0, COUNT_OF(KEPT));
	tcase_add_test(tcase, a_judgement_ends_at_the_next_edge_of_a_window);
	tcase_add_test(tcase, the_smaller_limit_of_matching_rules_applies);
	tcase_add_test(tcase, glass_is_broken_by_those_who_may);
	tcase_add_test(tcase, the_deciding_effect_stands_first);
	tcase_add_test(tcase, a_bundle_on_trial_enforces_nothing);
	tcase_add_test(tcase, what_allows_everything_asks_for_nothing);
	tcase_add_test(tcase, calls_without_text_are_judged);
}

int main(void)
{
	return run_suite("judge", set_up, tear_down, add_tests);
}
