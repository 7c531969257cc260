/* SPDX-License-Identifier: MIT */
/* Runs the read rows of an attack corpus against a live PostgreSQL with judge and masks in
 * between, and counts what still leaks: judge_rows CORPUS.json SETUP.sql POLICY.yaml.  The
 * corpus's README says what a row is. */
#include <jansson.h>
#include <libpq-fe.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "tests/unit/cluster.h"
#include "tests/unit/live.h"

struct score {
	size_t denied_before, denied, masked, leaked, broken;
};

static void replace(struct buf *out, const char *text, const char *folder)
{
	while (*text) {
		if (strncmp(text, "@HOST@", 6) == 0 || strncmp(text, "@DIR@", 5) == 0) {
			buf_add_text(out, folder);
			text += text[1] == 'H' ? 6 : 5;
		} else if (strncmp(text, "@PORT@", 6) == 0) {
			buf_add_text(out, "5432");
			text += 6;
		} else {
			buf_add_char(out, *text++);
		}
	}
}

static int set_up(const char *folder, const char *setup)
{
	SCOPED(buf_done) struct buf sql = BUF_MAX(1 * MIB);
	char conninfo[128];
	int r = -1;

	replace(&sql, setup, folder);
	snprintf(conninfo, sizeof(conninfo), "host=%s user=postgres dbname=postgres", folder);
	PGconn *connection = PQconnectdb(conninfo);
	PQclear(PQexec(connection,
		       "SET client_min_messages = error; DROP SCHEMA IF EXISTS evil CASCADE;"
		       "DROP OWNED BY agent CASCADE"));
	/* One statement a call: the text has several transactions' worth of work. */
	PGresult *result = PQexec(connection, buf_text(&sql));
	if (PQresultStatus(result) == PGRES_COMMAND_OK)
		r = 0;
	else
		fprintf(stderr, "set-up: %s", PQresultErrorMessage(result));
	PQclear(result);
	PQfinish(connection);
	return r;
}

static bool leaks(const json_t *row, const struct buf *seen)
{
	regex_t expression;
	bool matches;

	if (regcomp(&expression, json_string_value(json_object_get(row, "leaked_if")),
		    REG_EXTENDED | REG_NOSUB) != 0)
		return true;
	matches = regexec(&expression, buf_text(seen), 0, NULL, 0) == 0;
	regfree(&expression);
	return matches;
}

static int say(struct live *live, const char *text, const char *folder, struct buf *seen,
	       struct buf *why)
{
	SCOPED(buf_done) struct buf sql = BUF_MAX(1 * MIB);
	struct judgement judgement;
	int r;

	replace(&sql, text, folder);
	r = live_query(live, buf_text(&sql), &judgement, seen);
	if (r < 0)
		return r;
	r = judgement.decision != DECISION_ALLOW;
	buf_clear(why);
	buf_printf(why, "%s %s: %s", decision_text(judgement.decision),
		   reason_text(judgement.reason), buf_text(&judgement.message));
	judgement_done(&judgement);
	return r;
}

static void run_row(const json_t *row, struct live *live, const char *folder, struct score *score)
{
	SCOPED(buf_done) struct buf seen = BUF_MAX(64 * MIB), why = BUF_MAX(1 * MIB);
	const char *id = json_string_value(json_object_get(row, "id"));
	const json_t *before = json_object_get(row, "before");
	int r = 0;

	for (size_t i = 0; i < json_array_size(before) && r == 0; i++)
		r = say(live, json_string_value(json_array_get(before, i)), folder, &seen, &why);
	if (r > 0) {
		score->denied_before++;
		printf("%s denied-before %s\n", id, buf_text(&why));
		return;
	}
	if (r == 0)
		r = say(live, json_string_value(json_object_get(row, "sql")), folder, &seen, &why);
	if (r < 0) {
		score->broken++;
		printf("%s BROKEN %d\n", id, r);
	} else if (leaks(row, &seen)) {
		score->leaked++;
		printf("%s LEAKED %s | %.200s\n", id,
		       json_string_value(json_object_get(row, "sql")), buf_text(&seen));
	} else if (r > 0) {
		score->denied++;
		printf("%s %s\n", id, buf_text(&why));
	} else {
		score->masked++;
		printf("%s masked %.60s\n", id, buf_text(&seen));
	}
}

static void run_rows(const json_t *rows, const struct policy *policy, const char *setup,
		     const char *folder)
{
	struct caller caller = { .count = 0 };
	struct score score = { 0 };
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		struct live live;
		bool superuser = json_is_true(json_object_get(row, "superuser"));

		if (strcmp(json_string_value(json_object_get(row, "kind")), "read") != 0)
			continue;
		if (set_up(folder, setup) < 0 ||
		    live_open(&live, folder, superuser ? "postgres" : "agent", policy, &caller) <
			    0) {
			score.broken++;
			continue;
		}
		run_row(row, &live, folder, &score);
		live_close(&live);
	}
	printf("%zu denied, %zu denied before, %zu masked, %zu leaked, %zu broken\n", score.denied,
	       score.denied_before, score.masked, score.leaked, score.broken);
}

int main(int argc, char **argv)
{
	SCOPED(buf_done) struct buf setup = BUF_MAX(1 * MIB);
	SCOPED(policy_freep) struct policy *policy = NULL;
	struct cluster cluster = { .postmaster = 0 };
	struct error error = { .line = 0 };
	json_error_t json_error;

	if (argc != 4)
		return 2;
	json_t *rows = json_load_file(argv[1], 0, &json_error);
	if (!rows || file_read(argv[2], &setup) < 0 || policy_read(argv[3], &policy, &error) < 0) {
		fprintf(stderr, "%s%s\n", json_error.text, error.text);
		return 2;
	}
	if (cluster_start(&cluster) == 0)
		run_rows(rows, policy, buf_text(&setup), cluster.folder);
	cluster_stop(&cluster);
	json_decref(rows);
	return 0;
}
