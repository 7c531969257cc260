/* SPDX-License-Identifier: MIT */
/* A session without a server, and the way of a text through analysis and judgement. */
#include "policy/engine/rehearse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/engine/analyse.h"

struct rehearsal {
	const struct policy *policy;
	const struct caller *caller;
	struct session *session;
	struct arena *memory;
	struct buf facts;
	enum session_transaction transaction;
};

void rehearsal_free(struct rehearsal *rehearsal)
{
	if (!rehearsal)
		return;
	session_free(rehearsal->session);
	arena_free(rehearsal->memory);
	buf_done(&rehearsal->facts);
	free(rehearsal);
}

static int find_address(const struct policy *policy, const char *database, struct arena *memory,
			struct session_address *ret_address, struct error *error)
{
	if (!database || strcmp(database, "other") == 0) {
		*ret_address = (struct session_address){
			.engine = ENGINE_POSTGRES,
			.host = SLICE("no.entry.matches.invalid"),
			.port = 1,
			.database = SLICE("-"),
			.user = SLICE("test"),
		};
		return 0;
	}
	for (uint32_t i = 0; i < policy->database_count; i++) {
		if (strcmp(policy->databases[i].name, database) == 0)
			return session_address_of(policy, i, memory, ret_address);
	}
	return error_set(error, -ENOENT, "%s is not one of the policy's databases", database);
}

int rehearsal_new(const struct policy *policy, const char *database, const struct caller *caller,
		  struct rehearsal **ret_rehearsal, struct error *error)
{
	SCOPED(rehearsal_freep) struct rehearsal *rehearsal = calloc(1, sizeof(*rehearsal));
	struct session_address address;
	int r;

	if (!rehearsal)
		return error_set(error, -ENOMEM, "out of memory");
	rehearsal->policy = policy;
	rehearsal->caller = caller;
	rehearsal->transaction = TRANSACTION_IDLE;
	rehearsal->facts = (struct buf)BUF_MAX(FACTS_SIZE_MAX);
	rehearsal->memory = arena_new(1 * MIB);
	if (!rehearsal->memory)
		return error_set(error, -ENOMEM, "out of memory");
	r = find_address(policy, database, rehearsal->memory, &address, error);
	if (r < 0)
		return r;
	r = session_new(policy, &address, &rehearsal->session);
	if (r < 0)
		return error_system(error, r, "session");
	session_assume(rehearsal->session);
	*ret_rehearsal = steal(rehearsal);
	return 0;
}

static int analyse(struct rehearsal *rehearsal, enum session_call call, struct slice sql)
{
	struct lexing lexing = session_lexing(rehearsal->session);
	struct analyse_settings settings = {
		.standard_conforming_strings = lexing.standard_conforming_strings,
		.is_utf8 = lexing.is_ascii_safe,
		.single_statement = call != CALL_QUERY,
	};
	int r = analyse_postgres(sql, &settings, &rehearsal->facts);

	if (r < 0)
		return r;
	return facts_read(buf_view(&rehearsal->facts)) ? 0 : -EBADMSG;
}

const struct facts *rehearsal_facts(const struct rehearsal *rehearsal)
{
	return facts_read(buf_view(&rehearsal->facts));
}

static void follow_transaction(struct rehearsal *rehearsal, const struct facts *facts)
{
	for (uint32_t i = 0; i < facts->top_level_count; i++) {
		switch ((enum facts_statement_kind)facts_statements(facts)[i].kind) {
		case STATEMENT_BEGIN:
			rehearsal->transaction = TRANSACTION_OPEN;
			break;
		case STATEMENT_COMMIT:
		case STATEMENT_ROLLBACK:
		case STATEMENT_TWO_PHASE:
			rehearsal->transaction = TRANSACTION_IDLE;
			break;
		default:
			break;
		}
	}
}

/* What the server would report of a setting that was just changed. */
static int follow_settings(struct rehearsal *rehearsal, const struct facts *facts)
{
	int r = 0;

	for (uint32_t i = 0; i < facts->top_level_count && r == 0; i++) {
		const struct facts_statement *statement = &facts_statements(facts)[i];
		struct slice value = facts_slice(facts, statement->value);

		if (statement->kind != STATEMENT_SET)
			continue;
		if (slice_is(value, "true") || slice_is(value, "1"))
			value = SLICE("on");
		r = session_parameter(rehearsal->session, facts_slice(facts, statement->name),
				      value);
	}
	return r;
}

int rehearsal_run(struct rehearsal *rehearsal, struct slice sql)
{
	const struct facts *facts;
	int r = analyse(rehearsal, CALL_QUERY, sql);

	if (r < 0)
		return r;
	facts = rehearsal_facts(rehearsal);
	r = session_sent(rehearsal->session, CALL_QUERY, SLICE(""), facts);
	if (r < 0)
		return r;
	follow_transaction(rehearsal, facts);
	session_outcome(rehearsal->session, facts->top_level_count, false, rehearsal->transaction);
	return follow_settings(rehearsal, facts);
}

void rehearsal_columns(struct rehearsal *rehearsal, const struct slice *names, size_t count)
{
	session_assume_columns(rehearsal->session, names, count);
}

int rehearsal_judge(struct rehearsal *rehearsal, enum session_call call, struct slice sql,
		    int64_t now, struct judgement *ret_judgement)
{
	struct judge_question question = {
		.policy = rehearsal->policy,
		.caller = rehearsal->caller,
		.session = rehearsal->session,
		.call = call,
		.now = now,
	};
	int r = analyse(rehearsal, call, sql);

	if (r < 0)
		return r;
	question.facts = rehearsal_facts(rehearsal);
	return judge(&question, SLICE(""), ret_judgement);
}
