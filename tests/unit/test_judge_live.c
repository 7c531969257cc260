/* SPDX-License-Identifier: MIT */
/* What only a server can tell: that the catalogue's query runs for a plain role under a hostile
 * path, and that a refusal is raised as it was meant under every setting. */
#include <check.h>
#include <errno.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/cluster.h"
#include "tests/unit/live.h"
#include "tests/unit/run_suite.h"

static struct cluster cluster;
static struct policy *policy;
static struct caller caller;

static const char POLICY[] =
	"version: 1\nname: live\n"
	"databases: { lab: { engine: postgres, name: postgres } }\n"
	"columns: { c: [users.ssn, \"*.email\"] }\n"
	"rules:\n"
	"  - { name: reads, for: everyone, do: [read, create, alter, set, call], then: allow }\n"
	"  - { name: masks, for: everyone, mask: { c: redact } }\n"
	"  - { name: no-writes, for: everyone, do: write, then: deny, say: \"Nein, das "
	"d\xc3\xbcrfen wir nicht: \\u2026 $chaperone$ ';\" }\n";

static const char SETUP[] =
	"CREATE ROLE plain LOGIN; GRANT CREATE ON DATABASE postgres TO plain; GRANT ALL ON SCHEMA "
	"public TO plain;"
	"CREATE TABLE users(id int, name text, ssn text); INSERT INTO users VALUES (1, 'ann', "
	"'123-45');"
	"CREATE VIEW uv AS SELECT id, upper(ssn) AS u FROM users;"
	"CREATE TABLE pt(id int, email text) PARTITION BY RANGE(id);"
	"CREATE TABLE pt_1 PARTITION OF pt FOR VALUES FROM (0) TO (10); INSERT INTO pt VALUES (1, "
	"'a@b.example');"
	"CREATE TABLE notes(id int); GRANT INSERT ON notes TO plain;"
	"GRANT SELECT ON ALL TABLES IN SCHEMA public TO plain;"
	"CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C';"
	"CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE "
	"'C';";

/* Shadows what the query and the refusal use, and raises when it is called. */
static const char HOSTILE[] =
	"CREATE SCHEMA evil;"
	"CREATE FUNCTION evil.bad() RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION "
	"''shadowed''; END';"
	"CREATE FUNCTION evil.format(text, VARIADIC \"any\") RETURNS text LANGUAGE internal AS "
	"'text_format';"
	"CREATE FUNCTION evil.convert_from(bytea, name) RETURNS text LANGUAGE sql AS 'SELECT "
	"evil.bad()';"
	"CREATE FUNCTION evil.decode(text, text) RETURNS bytea LANGUAGE sql AS 'SELECT "
	"evil.bad()::bytea';"
	"CREATE FUNCTION evil.eq(name, name) RETURNS bool LANGUAGE sql AS 'SELECT evil.bad() IS "
	"NULL';"
	"CREATE FUNCTION evil.eqo(oid, oid) RETURNS bool LANGUAGE sql AS 'SELECT evil.bad() IS "
	"NULL';"
	"CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = name, FUNCTION = evil.eq);"
	"CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.eqo);"
	"CREATE FUNCTION evil.upper(text) RETURNS text LANGUAGE sql AS 'SELECT $1';"
	"CREATE FUNCTION evil.less(text, text) RETURNS bool LANGUAGE sql AS 'SELECT true';"
	"CREATE DOMAIN evil.own AS text;"
	"CREATE DOMAIN evil.macaddr8 AS text CHECK (VALUE IS NOT NULL);"
	"CREATE FUNCTION evil.cast_to_money(text) RETURNS money LANGUAGE sql AS 'SELECT "
	"0::money';"
	"CREATE CAST (text AS money) WITH FUNCTION evil.cast_to_money(text);"
	"CREATE EXTENSION pg_trgm;CREATE EXTENSION hstore;CREATE EXTENSION intarray;"
	"CREATE EXTENSION citext;"
	"CREATE TABLE evil.pg_class(x int);";

static void execute(PGconn *connection, const char *text)
{
	char *copy = strdup(text), *rest = copy;

	/* CREATE DATABASE wants a call of its own. */
	for (char *statement = rest; statement; statement = rest) {
		rest = strstr(statement, ";CREATE");
		if (rest)
			*rest++ = '\0';
		PGresult *result = PQexec(connection, statement);
		if (PQresultStatus(result) != PGRES_COMMAND_OK && *statement)
			ck_abort_msg("%s: %s", statement, PQresultErrorMessage(result));
		PQclear(result);
	}
	free(copy);
}

static PGconn *connect_to(const char *database, const char *user)
{
	char conninfo[256];

	snprintf(conninfo, sizeof(conninfo), "host=%s user=%s dbname=%s", cluster.folder, user,
		 database);
	PGconn *connection = PQconnectdb(conninfo);
	ck_assert_int_eq(PQstatus(connection), CONNECTION_OK);
	return connection;
}

static void execute_in(const char *database, const char *text)
{
	PGconn *connection = connect_to(database, "postgres");

	execute(connection, text);
	PQfinish(connection);
}

static void query(struct live *live, const char *sql, const char *wanted)
{
	SCOPED(buf_done) struct buf seen = BUF_MAX(1 * MIB);
	struct judgement judgement;

	ck_assert_int_eq(live_query(live, sql, &judgement, &seen), 0);
	if (judgement.decision != DECISION_ALLOW)
		ck_abort_msg("%s: %s", sql, buf_text(&judgement.message));
	judgement_done(&judgement);
	ck_assert_str_eq(buf_text(&seen), wanted);
}

static const struct {
	const char *sql, *seen;
} MASKED[] = {
	{ "SELECT * FROM users", "(1,ann,[redacted],)\n" },
	{ "SELECT name FROM users UNION SELECT name FROM users", "(ann,)\n" },
	{ "SELECT * FROM uv", "(None,[redacted],)\n" },
	{ "SELECT email FROM pt_1", "([redacted],)\n" },
	{ "SELECT id FROM pt", "(1,)\n" },
	{ "SELECT u FROM users u", "(None,)\n" },
	{ "SELECT name || ssn, name || 'x' FROM users", "([redacted],annx,)\n" },
	{ "SELECT users.*, 1 FROM users", "(1,ann,[redacted],1,)\n" },
	{ "SELECT 'ok' FROM pg_class LIMIT 1", "(ok,)\n" },
};

START_TEST(results_are_masked_by_plan_and_origin)
{
	struct live live;

	ck_assert_int_eq(live_open(&live, cluster.folder, "plain", policy, &caller), 0);
	query(&live, MASKED[_i].sql, MASKED[_i].seen);
	live_close(&live);
}
END_TEST

START_TEST(a_hostile_path_changes_nothing_that_is_learned)
{
	struct live live;
	const struct catalogue *catalogue;

	ck_assert_int_eq(live_open(&live, cluster.folder, "plain", policy, &caller), 0);
	query(&live, "SET search_path = evil, pg_catalog, public", "");
	ck_assert(session_wants_learning(live.session));
	ck_assert_int_eq(live_learn(&live), 0);
	catalogue = session_catalogue(live.session);
	ck_assert(slice_is(catalogue_identity(catalogue)->path[0], "evil"));
	ck_assert(catalogue_overloads(catalogue, SLICE("upper"), true));
	ck_assert_ptr_nonnull(catalogue_find(catalogue, SLICE("public"), SLICE("users")));
	live_close(&live);
}
END_TEST

/* What stands in the schema evil, in public and nowhere; extensions lie in public. */
static const struct {
	const char *before, *sql;
	enum decision decision;
} OVERLOADS[] = {
	{ "SELECT 1", "SELECT lower(name) FROM users", DECISION_ALLOW },
	{ "SELECT 1", "SELECT upper(name) FROM users WHERE id = 1", DECISION_ALLOW },
	{ "SET search_path = public, evil", "SELECT lower(name) FROM users", DECISION_ALLOW },
	{ "SET search_path = public, evil", "SELECT upper(name) FROM users", DECISION_DENY },
	{ "SET search_path = public, evil", "SELECT name FROM users WHERE id = 1", DECISION_DENY },
	{ "SET search_path = public, evil", "SELECT name FROM users WHERE id < 1", DECISION_ALLOW },
	{ "SET search_path = public, evil",
	  "SELECT name FROM users WHERE id OPERATOR(pg_catalog.=) 1", DECISION_ALLOW },
	{ "SET search_path = public, evil",
	  "SELECT name FROM users WHERE id IN (SELECT id FROM pt)", DECISION_DENY },
	{ "SET search_path = public, evil", "SELECT name FROM users JOIN notes USING (id)",
	  DECISION_DENY },
	{ "SET search_path = public, evil", "SELECT CASE id WHEN 1 THEN name END FROM users",
	  DECISION_DENY },
	{ "SET search_path = public, evil", "SELECT name::macaddr8 FROM users", DECISION_DENY },
	{ "SELECT 1", "SELECT name::macaddr8 FROM users", DECISION_ALLOW },
	{ "SELECT 1", "SELECT name::money FROM users", DECISION_DENY },
	{ "SELECT 1", "SELECT name::pg_catalog.money[] FROM users", DECISION_DENY },
	{ "SELECT 1", "SELECT id % 2, id + 1, tags && tags FROM users, (SELECT ARRAY[1] AS tags) t",
	  DECISION_ALLOW },
	{ "BEGIN; SET LOCAL search_path = public", "SELECT upper(name) FROM users", DECISION_DENY },
	{ "BEGIN; SET LOCAL search_path = public", "SELECT lower(name) FROM users",
	  DECISION_ALLOW },
	{ "BEGIN; CREATE FUNCTION public.lower(varchar) RETURNS text LANGUAGE sql AS 'SELECT 1'",
	  "SELECT lower(name) FROM users", DECISION_DENY },
	{ "BEGIN; CREATE FUNCTION public.other(varchar) RETURNS text LANGUAGE sql AS 'SELECT 1'",
	  "SELECT lower(name) FROM users", DECISION_ALLOW },
	{ "BEGIN; CREATE OPERATOR public.< (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.less)",
	  "SELECT id FROM users WHERE name < 'a'", DECISION_DENY },
	{ "BEGIN; CREATE DOMAIN pg_temp.uuid AS text", "SELECT name::uuid FROM users",
	  DECISION_DENY },
	{ "BEGIN; ALTER DOMAIN evil.own SET SCHEMA public", "SELECT lower(name) FROM users",
	  DECISION_DENY },
	{ "SELECT 1",
	  "CREATE FUNCTION public.lower(varchar) RETURNS text LANGUAGE sql AS 'SELECT 1'; "
	  "SELECT lower(name) FROM users",
	  DECISION_DENY },
};

START_TEST(overloads_count_where_they_can_win)
{
	SCOPED(buf_done) struct buf seen = BUF_MAX(1 * MIB);
	struct judgement judgement;
	struct live live;

	ck_assert_int_eq(live_open(&live, cluster.folder, "plain", policy, &caller), 0);
	ck_assert_int_eq(live_query(&live, OVERLOADS[_i].before, &judgement, &seen), 0);
	ck_assert_int_eq(judgement.decision, DECISION_ALLOW);
	judgement_done(&judgement);
	ck_assert_int_eq(live_query(&live, OVERLOADS[_i].sql, &judgement, &seen), 0);
	ck_assert_int_eq(judgement.decision, OVERLOADS[_i].decision);
	ck_assert(judgement.decision == DECISION_ALLOW || judgement.reason == REASON_PROBE);
	judgement_done(&judgement);
	live_close(&live);
}
END_TEST

/* Of every one of the server's types: what the query would write of a cast from it, and the name
 * under which the cast's type is called. */
static const char TYPES[] =
	"SELECT format('c e 0 %I date', CAST(t.oid AS regtype)), e.typname FROM pg_type t JOIN pg_type e "
	"ON e.oid = CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE t.oid "
	"END WHERE t.oid < 16384";

START_TEST(a_cast_is_called_by_the_names_of_its_types)
{
	struct slice rows[] = { SLICE("i 7 f - - shop anna anna"), SLICE("") };
	struct catalogue *catalogue;
	struct live live;
	PGresult *types;

	ck_assert_int_eq(live_open(&live, cluster.folder, "plain", policy, &caller), 0);
	types = PQexec(live.connection, TYPES);
	ck_assert_int_gt(PQntuples(types), 500);
	for (int i = 0; i < PQntuples(types); i++) {
		rows[1] = slice_of(PQgetvalue(types, i, 0));
		ck_assert_int_eq(catalogue_read(rows, COUNT_OF(rows), &catalogue), 0);
		ck_assert_msg(
			catalogue_overloads(catalogue, slice_of(PQgetvalue(types, i, 1)), false),
			"%s is not found for %s", PQgetvalue(types, i, 1), rows[1].at);
		catalogue_free(catalogue);
	}
	PQclear(types);
	live_close(&live);
}
END_TEST

START_TEST(learning_leaves_no_setting_behind)
{
	static const char SETTINGS_NOW[] = "SELECT name, setting FROM pg_settings ORDER BY name";
	PGresult *before, *after;
	struct live live;

	ck_assert_int_eq(live_open(&live, cluster.folder, "plain", policy, &caller), 0);
	before = PQexec(live.connection, SETTINGS_NOW);
	ck_assert_int_eq(live_learn(&live), 0);
	after = PQexec(live.connection, SETTINGS_NOW);
	ck_assert_int_gt(PQntuples(before), 100);
	ck_assert_int_eq(PQntuples(before), PQntuples(after));
	for (int i = 0; i < PQntuples(before); i++)
		ck_assert_str_eq(PQgetvalue(before, i, 1), PQgetvalue(after, i, 1));
	ck_assert_int_eq(PQtransactionStatus(live.connection), PQTRANS_IDLE);
	PQclear(before);
	PQclear(after);
	live_close(&live);
}
END_TEST

START_TEST(new_relations_are_not_trusted_before_they_are_learned)
{
	struct live live;

	ck_assert_int_eq(live_open(&live, cluster.folder, "plain", policy, &caller), 0);
	query(&live, "BEGIN", "");
	query(&live, "CREATE TEMP TABLE fresh AS SELECT 'x' AS a", "");
	query(&live, "SELECT * FROM fresh", "([redacted],)\n");
	query(&live, "COMMIT", "");
	query(&live, "SELECT * FROM fresh", "(x,)\n");
	live_close(&live);
}
END_TEST

static const struct {
	const char *make, *name;
	uint32_t columns; /* 0: it is not among them */
} OWN[] = {
	{ "CREATE TEMP TABLE fresh AS SELECT 1 AS a, 'x' AS b", "fresh", 2 },
	{ "CREATE TABLE public.fresh (a serial PRIMARY KEY, b text UNIQUE)", "fresh", 2 },
	{ "CREATE TEMP TABLE fresh (a int, b int GENERATED ALWAYS AS (a + 1) STORED)", "fresh", 2 },
	{ "CREATE TEMP TABLE fresh (a citext)", "fresh", 1 },
	{ "CREATE TABLE evil.fresh (a int)", "fresh", 0 },
	{ "CREATE TEMP TABLE fresh (a evil.own)", "fresh", 0 },
	{ "CREATE TEMP TABLE fresh (a text DEFAULT evil.bad())", "fresh", 0 },
	{ "CREATE TEMP TABLE fresh (a text CHECK (evil.bad() IS NULL))", "fresh", 0 },
	{ "CREATE TEMP TABLE fresh (a text); CREATE INDEX ON fresh (evil.upper(a))", "fresh", 0 },
	{ "CREATE TEMP TABLE fresh (a int); CREATE TEMP TABLE next () INHERITS (fresh)", "fresh",
	  0 },
	{ "CREATE TEMP TABLE fresh (a int); CREATE TEMP TABLE next () INHERITS (fresh)", "next",
	  0 },
	{ "CREATE TEMP TABLE fresh (a int); CREATE RULE r AS ON INSERT TO fresh DO NOTHING",
	  "fresh", 0 },
	{ "CREATE TEMP TABLE fresh (a int); CREATE TRIGGER x BEFORE INSERT ON fresh EXECUTE FUNCTION "
	  "suppress_redundant_updates_trigger()",
	  "fresh", 0 },
	{ "CREATE TEMP TABLE one (a int PRIMARY KEY); CREATE TEMP TABLE fresh (a int REFERENCES one)",
	  "fresh", 0 },
	{ "CREATE TEMP TABLE fresh (a int) PARTITION BY LIST (a)", "fresh", 0 },
	{ "CREATE TEMP VIEW fresh AS SELECT 1 AS a", "fresh", 0 },
	{ "CREATE TEMP SEQUENCE fresh", "fresh", 0 },
	{ "CREATE TEMP TABLE next (a int)", "users", 0 },
};

START_TEST(a_transactions_own_tables_are_told_by_the_server)
{
	const struct catalogue_relation *table;
	struct live live;
	PGresult *result;

	ck_assert_int_eq(live_open(&live, cluster.folder, "postgres", policy, &caller), 0);
	query(&live, "SET search_path = public, evil, pg_catalog", "");
	query(&live, "BEGIN", "");
	query(&live, "CREATE TEMP TABLE first AS SELECT 1 AS a", "");
	result = PQexec(live.connection, OWN[_i].make);
	ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK, "%s",
		      PQresultErrorMessage(result));
	PQclear(result);
	result = PQexec(live.connection, "SET search_path = evil, public, pg_catalog");
	PQclear(result);
	if (strstr(OWN[_i].make, "evil.fresh"))
		PQclear(PQexec(live.connection, "SET search_path = public"));
	ck_assert_int_eq(live_learn_own(&live), 0);
	ck_assert_ptr_nonnull(
		session_own_table(live.session, SLICE(""), SLICE("first"), UINT64_MAX));
	table = session_own_table(live.session, SLICE(""), slice_of(OWN[_i].name), UINT64_MAX);
	ck_assert_uint_eq(table ? table->column_count : 0, OWN[_i].columns);
	ck_assert_int_eq(PQtransactionStatus(live.connection), PQTRANS_INTRANS);
	live_close(&live);
}
END_TEST

static const char LISTED[] =
	"version: 1\nname: listed\ndatabases: { lab: { engine: postgres } }\n"
	"rules:\n"
	"  - { name: temp, for: everyone, do: [create, read], then: allow }\n"
	"  - { name: notes, for: everyone, do: insert, tables: [notes], then: allow }\n";

START_TEST(a_new_relation_does_not_inherit_a_permission)
{
	struct slice text = { LISTED, sizeof(LISTED) - 1 };
	SCOPED(policy_freep) struct policy *listed = NULL;
	SCOPED(buf_done) struct buf seen = BUF_MAX(1 * MIB);
	struct judgement judgement;
	const char *name = "listed.yaml";
	struct error error;
	struct live live;

	ck_assert_int_eq(policy_read_texts(&name, &text, 1, &listed, &error), 0);
	ck_assert_int_eq(live_open(&live, cluster.folder, "plain", listed, &caller), 0);
	query(&live, "INSERT INTO notes VALUES (1)", "");
	query(&live, "BEGIN", "");
	query(&live, "INSERT INTO notes VALUES (2)", "");
	query(&live, "CREATE TEMP VIEW notes AS SELECT * FROM users", "");
	ck_assert_int_eq(live_query(&live, "INSERT INTO notes VALUES (3)", &judgement, &seen), 0);
	ck_assert_int_eq(judgement.decision, DECISION_DENY);
	judgement_done(&judgement);
	query(&live, "INSERT INTO public.notes VALUES (3)", "");
	live_close(&live);
}
END_TEST

static const struct {
	const char *database, *settings;
	bool shows_umlaut;
} SETTINGS[] = {
	{ "postgres", "SELECT 1", true },
	{ "postgres", "SET standard_conforming_strings = off", true },
	{ "postgres", "SET client_encoding = 'LATIN1'", false },
	{ "postgres", "SET client_encoding = 'SQL_ASCII'", false },
	{ "postgres", "SET client_encoding = 'SJIS'; SET standard_conforming_strings = off",
	  false },
	{ "postgres", "SET search_path = evil, pg_catalog; SET backslash_quote = on", true },
	{ "postgres", "SET default_transaction_read_only = on; BEGIN READ ONLY", true },
	{ "latin", "SET standard_conforming_strings = off", false },
	{ "ascii", "SET client_encoding = 'LATIN1'", false },
};

static void make_refusal(struct buf *ret_sql)
{
	struct judgement judgement;
	SCOPED(buf_done) struct buf seen = BUF_MAX(1 * MIB);
	struct live live;

	ck_assert_int_eq(live_open(&live, cluster.folder, "plain", policy, &caller), 0);
	ck_assert_int_eq(live_query(&live,
				    "DELETE FROM \"odd \xc3\xa9'\\ $chaperone$\" WHERE id = 1",
				    &judgement, &seen),
			 0);
	ck_assert_int_eq(judgement.decision, DECISION_DENY);
	ck_assert_int_eq(judgement_raise(&judgement, session_address(live.session), ret_sql), 0);
	judgement_done(&judgement);
	live_close(&live);
}

START_TEST(a_refusal_is_raised_under_every_setting)
{
	SCOPED(buf_done) struct buf sql = BUF_MAX(1 * MIB);
	PGconn *connection;
	PGresult *result;

	make_refusal(&sql);
	for (size_t i = 0; i < sql.length; i++)
		ck_assert(sql.at[i] >= ' ' && sql.at[i] <= '~' && sql.at[i] != '\\');
	connection = connect_to(SETTINGS[_i].database, "postgres");
	PQclear(PQexec(connection, SETTINGS[_i].settings));
	result = PQexec(connection, buf_text(&sql));
	ck_assert_str_eq(PQresultErrorField(result, PG_DIAG_SQLSTATE), "42501");
	ck_assert(slice_starts_with(slice_of(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)),
				    "chaperone refused this: DELETE on "));
	ck_assert_ptr_nonnull(
		strstr(PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL),
		       "{\"chaperone\":1,\"verdict\":\"deny\",\"rule\":\"no-writes\""));
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	ck_assert(slice_starts_with(slice_of(hint), SETTINGS[_i].shows_umlaut
							    ? "Nein, das d\xc3\xbcrfen wir"
							    : "Nein, das d?rfen wir"));
	PQclear(result);
	PQfinish(connection);
}
END_TEST

static int start(void)
{
	const char *name = "live.yaml";
	struct slice text = { POLICY, sizeof(POLICY) - 1 };
	struct error error = { .line = 0 };

	if (policy_read_texts(&name, &text, 1, &policy, &error) < 0) {
		fprintf(stderr, "%d:%d: %s\n", error.line, error.column, error.text);
		return EXIT_FAILURE;
	}
	int r = cluster_start(&cluster);
	if (r < 0) {
		fprintf(stderr, "no PostgreSQL 15 could be started: skipped\n");
		return r == -ENOENT ? 77 : EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

START_TEST(the_server_is_filled)
{
	execute_in("postgres", SETUP);
	execute_in("postgres", HOSTILE);
	execute_in("postgres", "GRANT USAGE ON SCHEMA evil TO plain");
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, the_server_is_filled);
	tcase_add_loop_test(tcase, results_are_masked_by_plan_and_origin, 0, COUNT_OF(MASKED));
	tcase_add_test(tcase, a_hostile_path_changes_nothing_that_is_learned);
	tcase_add_loop_test(tcase, overloads_count_where_they_can_win, 0, COUNT_OF(OVERLOADS));
	tcase_add_test(tcase, a_cast_is_called_by_the_names_of_its_types);
	tcase_add_test(tcase, learning_leaves_no_setting_behind);
	tcase_add_test(tcase, new_relations_are_not_trusted_before_they_are_learned);
	tcase_add_loop_test(tcase, a_transactions_own_tables_are_told_by_the_server, 0,
			    COUNT_OF(OWN));
	tcase_add_test(tcase, a_new_relation_does_not_inherit_a_permission);
	tcase_add_loop_test(tcase, a_refusal_is_raised_under_every_setting, 0, COUNT_OF(SETTINGS));
}

int main(void)
{
	int status = start();

	if (status == EXIT_SUCCESS)
		status = run_suite("judge_live", NULL, NULL, add_tests);
	cluster_stop(&cluster);
	policy_free(policy);
	return status;
}
