/* SPDX-License-Identifier: MIT */
/* A session under a policy of three databases, and calls sent on it. */
#ifndef TESTS_UNIT_SESSION_FIXTURE_H
#define TESTS_UNIT_SESSION_FIXTURE_H

#include <check.h>
#include <string.h>

#include "policy/engine/analyse.h"
#include "policy/engine/session.h"
#include "tests/unit/run_suite.h"

static const char POLICY[] =
	"version: 1\nname: p\n"
	"databases:\n"
	"  prod: { engine: postgres, hosts: [\"pg-prod-*\"], name: shop }\n"
	"  local: { engine: postgres, sockets: [\"/run/pg\"] }\n"
	"  by-id: { engine: postgres, hosts: [\"pg-id\"], server-id: \"42\" }\n"
	"rules: [ { name: r, for: everyone, do: read, then: allow } ]\n";

static struct policy *policy;
static struct session *session;
static struct session_address address;

static inline void start(const char *host, const char *database)
{
	session_free(session);
	address = (struct session_address){ .engine = ENGINE_POSTGRES,
					    .port = 5432,
					    .host = slice_of(host),
					    .database = slice_of(database) };
	ck_assert_int_eq(session_new(policy, &address, &session), 0);
}

static inline void set_up(void)
{
	const char *name = "p.yaml";
	struct slice text = { POLICY, sizeof(POLICY) - 1 };
	struct error error;

	ck_assert_int_eq(policy_read_texts(&name, &text, 1, &policy, &error), 0);
	start("pg-prod-1", "shop");
}

static inline void tear_down(void)
{
	session_free(session);
	session = NULL;
	policy_free(policy);
}

static inline void send_call(enum session_call call, const char *name, const char *sql)
{
	SCOPED(buf_done) struct buf facts = BUF_MAX(1 * MIB);
	struct analyse_settings settings = { true, true, false };

	ck_assert_int_eq(analyse_postgres(slice_of(sql), &settings, &facts), 0);
	ck_assert_int_eq(session_sent(session, call, slice_of(name), facts_read(buf_view(&facts))),
			 0);
}

static inline void run(const char *sql)
{
	send_call(CALL_QUERY, "", sql);
	session_outcome(session, 1, false, TRANSACTION_IDLE);
}

static inline int count_cursors(const char *name)
{
	const struct facts *facts[8];

	return session_cursor(session, slice_of(name), facts, 8);
}

#endif
