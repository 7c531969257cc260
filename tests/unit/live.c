/* SPDX-License-Identifier: MIT */
/* What agent and shim do to one connection, in one process and without any hurry. */
#include "tests/unit/live.h"

#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/core/plan.h"
#include "policy/engine/analyse.h"

static void collect_notice(void *context, const char *message)
{
	buf_add_text(context, message);
}

int live_open(struct live *live, const char *folder, const char *user, const struct policy *policy,
	      const struct caller *caller)
{
	char conninfo[256];
	struct session_address address = { .engine = ENGINE_POSTGRES,
					   .port = 5432,
					   .database = SLICE("postgres") };

	snprintf(conninfo, sizeof(conninfo), "host=%s user=%s dbname=postgres", folder, user);
	*live = (struct live){ .policy = policy, .caller = caller };
	live->connection = PQconnectdb(conninfo);
	if (PQstatus(live->connection) != CONNECTION_OK)
		return -ENOTCONN;
	address.socket = slice_of(folder);
	address.user = slice_of(user);
	address.backend_pid = PQbackendPID(live->connection);
	int r = session_new(policy, &address, &live->session);
	return r == 0 ? live_learn(live) : r;
}

void live_close(struct live *live)
{
	session_free(live->session);
	PQfinish(live->connection);
}

static int read_catalogue(const PGresult *result, struct catalogue **ret_catalogue)
{
	int count = PQntuples(result);
	struct slice *rows = calloc((size_t)count + 1, sizeof(*rows));
	int r;

	if (!rows)
		return -ENOMEM;
	for (int i = 0; i < count; i++)
		rows[i] = (struct slice){ PQgetvalue(result, i, 0),
					  (size_t)PQgetlength(result, i, 0) };
	r = catalogue_read(rows, (size_t)count, ret_catalogue);
	free(rows);
	return r;
}

static int ask_server(struct live *live, const struct buf *query, struct catalogue **ret_catalogue)
{
	PGresult *result = PQexec(live->connection, buf_text(query));
	int r = PQresultStatus(result) == PGRES_TUPLES_OK ? read_catalogue(result, ret_catalogue)
							  : -EIO;

	if (r < 0)
		fprintf(stderr, "%s", PQresultErrorMessage(result));
	PQclear(result);
	return r;
}

int live_learn(struct live *live)
{
	SCOPED(buf_done) struct buf query = BUF_MAX(1 * MIB);
	struct catalogue *catalogue;
	int r = catalogue_query(live->policy, &query);

	if (r == 0)
		r = ask_server(live, &query, &catalogue);
	if (r == 0)
		session_learn(live->session, catalogue);
	return r;
}

int live_learn_own(struct live *live)
{
	SCOPED(buf_done) struct buf query = BUF_MAX(1 * MIB);
	struct catalogue *catalogue;
	int r = catalogue_own_query(&query);

	if (r == 0)
		r = ask_server(live, &query, &catalogue);
	if (r == 0)
		session_learn_own(live->session, catalogue);
	return r;
}

static int analyse(struct live *live, const char *sql, struct buf *out)
{
	struct lexing lexing = session_lexing(live->session);
	struct analyse_settings settings = { lexing.standard_conforming_strings,
					     lexing.is_ascii_safe, false };
	int r = analyse_postgres(slice_of(sql), &settings, out);

	return r < 0 ? r : facts_read(buf_view(out)) ? 0 : -EBADMSG;
}

static int show_cell(const struct plan *plan, const PGresult *result, uint32_t statement, int row,
		     int column, struct buf *out)
{
	static const struct sha256_hmac_key KEY = { .inner = { 0 } };
	struct plan_question question = { statement, (uint32_t)column, (uint32_t)PQnfields(result),
					  PQftable(result, column), PQftablecol(result, column) };
	struct cell cell = { PQftype(result, column),
			     PQfmod(result, column),
			     false,
			     { PQgetvalue(result, row, column),
			       (size_t)PQgetlength(result, row, column) } };
	struct mask mask = { .how = MASK_NONE };
	bool is_null = PQgetisnull(result, row, column);
	int r = 0;

	if (plan)
		mask = plan_mask(plan, &question);
	if (!is_null && mask.how != MASK_NONE)
		r = mask_cell(mask, &KEY, &cell, out, &is_null);
	else if (!is_null)
		buf_add_slice(out, cell.value);
	if (is_null)
		buf_add_text(out, "None");
	return r;
}

/* As Python prints a tuple of text, which the corpus's expressions are written for. */
static int show_rows(const struct plan *plan, const PGresult *result, uint32_t statement,
		     struct buf *out)
{
	int r = 0;

	for (int row = 0; row < PQntuples(result); row++) {
		buf_add_text(out, "(");
		for (int column = 0; column < PQnfields(result) && r == 0; column++) {
			r = show_cell(plan, result, statement, row, column, out);
			buf_add_text(out, ",");
		}
		buf_add_text(out, ")\n");
	}
	return r;
}

/* A channel that cannot be masked is closed while a mask applies: COPY's rows and the texts of
 * errors. */
static void show_copy(struct live *live, const struct plan *plan, struct buf *out)
{
	char *line;
	int length;

	while ((length = PQgetCopyData(live->connection, &line, 0)) > 0) {
		if (!plan)
			buf_add(out, line, (size_t)length);
		PQfreemem(line);
	}
}

static int send(struct live *live, const char *sql, const struct judgement *judgement,
		uint32_t *ret_completed, struct buf *out)
{
	const struct plan *plan =
		judgement->plan.length ? plan_read(buf_view(&judgement->plan)) : NULL;
	bool failed = false;
	PGresult *result;
	int r = 0;

	*ret_completed = 0;
	if (!PQsendQuery(live->connection, sql))
		return -EIO;
	PQsetNoticeProcessor(live->connection, collect_notice, out);
	while ((result = PQgetResult(live->connection))) {
		ExecStatusType status = PQresultStatus(result);

		if (status == PGRES_COPY_OUT)
			show_copy(live, plan, out);
		else if (status == PGRES_FATAL_ERROR)
			failed = true;
		else if (r == 0)
			r = show_rows(plan, result, (*ret_completed)++, out);
		if (status == PGRES_FATAL_ERROR && !plan)
			buf_add_text(out, PQresultErrorMessage(result));
		PQclear(result);
	}
	return r < 0 ? r : failed;
}

static void follow(struct live *live, uint32_t completed, bool failed)
{
	const char *const names[] = { "standard_conforming_strings", "client_encoding" };

	session_outcome(live->session, completed, failed,
			(enum session_transaction)PQtransactionStatus(live->connection));
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *value = PQparameterStatus(live->connection, names[i]);

		if (value &&
		    session_parameter(live->session, slice_of(names[i]), slice_of(value)) < 0)
			session_forget(live->session);
	}
}

static int carry_out(struct live *live, const char *sql, const struct facts *facts,
		     const struct judgement *judgement, struct buf *out)
{
	uint32_t completed;
	int r = session_sent(live->session, CALL_QUERY, SLICE(""), facts);

	if (r < 0)
		return r;
	r = send(live, sql, judgement, &completed, out);
	if (r < 0)
		return r;
	follow(live, completed, r > 0);
	return 0;
}

int live_query(struct live *live, const char *sql, struct judgement *ret_judgement, struct buf *out)
{
	SCOPED(buf_done) struct buf facts = BUF_MAX(FACTS_SIZE_MAX);
	struct judge_question question = { .policy = live->policy,
					   .caller = live->caller,
					   .session = live->session,
					   .call = CALL_QUERY };
	int r = 0;

	if (session_wants_learning(live->session) &&
	    PQtransactionStatus(live->connection) == PQTRANS_IDLE)
		r = live_learn(live);
	if (r == 0)
		r = analyse(live, sql, &facts);
	if (r < 0)
		return r;
	question.facts = facts_read(buf_view(&facts));
	r = judge(&question, SLICE("test"), ret_judgement);
	if (r == 0 && ret_judgement->decision == DECISION_ALLOW)
		r = carry_out(live, sql, question.facts, ret_judgement, out);
	return r;
}
