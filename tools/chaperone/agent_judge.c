/* SPDX-License-Identifier: MIT */
/* From a shim's question to its verdict, and from an outcome to the session. */
#include <stdio.h>
#include <time.h>

#include "common/clock.h"
#include "tools/chaperone/agent.h"
#include "tools/chaperone/agent_reading.h"
#include "tools/chaperone/denial.h"

static int update_settings(struct session *session, struct slice conforming, struct slice encoding)
{
	int r = session_parameter(session, SLICE("standard_conforming_strings"), conforming);

	return r < 0 ? r : session_parameter(session, SLICE("client_encoding"), encoding);
}

static int refuse(struct judgement *judgement, uint64_t number, const char *what, const char *why,
		  const char *hint)
{
	const struct denial denial = { REASON_UNKNOWN, "42501", what, why, hint };

	return denial_make(judgement, number, &denial);
}

static const struct judgement NO_JUDGEMENT = { .message = BUF_MAX(4096),
					       .detail = BUF_MAX(8192),
					       .hint = BUF_MAX(4096),
					       .plan = BUF_MAX(1 * MIB) };

static int refuse_unread(struct judgement *judgement, uint64_t number, int code)
{
	const struct unread *unread = unread_because(code);

	*judgement = NO_JUDGEMENT;
	return refuse(judgement, number, unread->what, unread->why, unread->hint);
}

static bool copies_on_server(const struct facts *facts, const struct facts_statement *statement)
{
	if (!(statement->flags & FACTS_ON_SERVER))
		return false;
	for (uint32_t i = 0; i < statement->effects.count; i++) {
		uint16_t verb = facts_effects(facts)[statement->effects.first + i].verb;

		if (verb == VERB_COPY_IN || verb == VERB_COPY_OUT)
			return true;
	}
	return false;
}

/* The server's own files and programs pass values that nobody here masks or judges. */
static bool is_unguarded_channel(const struct facts *facts)
{
	if (!facts)
		return false;
	for (uint32_t i = 0; i < facts->statement_count; i++) {
		if (copies_on_server(facts, &facts_statements(facts)[i]))
			return true;
	}
	return false;
}

/* Calls that hand out bytes of an origin that nobody knows, of which none can be masked. */
static bool is_unmaskable(const struct agent_connection *connection,
			  const struct message_judge *ask)
{
	return ask->call == CALL_FASTPATH || ask->call == CALL_LARGE_OBJECT_READ ||
	       session_address(connection->session)->is_replication;
}

static int judge_facts(struct agent *agent, struct agent_connection *connection,
		       const struct message_judge *ask, const struct readings *readings,
		       uint64_t number, struct judgement *ret_judgement)
{
	struct judge_question question = {
		.policy = agent->policy,
		.caller = &connection->caller,
		.session = connection->session,
		.call = (enum session_call)ask->call,
		.name = ask->name,
		.facts = readings->facts,
		.other = readings->other,
		.is_misreadable = readings->is_misreadable,
		.now = (int64_t)(realtime_ns() / SECOND_NS),
	};
	char event[32];

	snprintf(event, sizeof(event), "%08x-%x", (unsigned)(number >> 32), (unsigned)number);
	int r = judge(&question, slice_of(event), ret_judgement);
	if (r < 0)
		return r;
	if (ret_judgement->decision == DECISION_ALLOW && !agent->allows_everything &&
	    (is_unguarded_channel(readings->facts) || is_unguarded_channel(readings->other)))
		return refuse(
			ret_judgement, number, "this channel is not governed yet",
			"COPY with files or programs of the server stays shut while a policy restricts.",
			"Use SELECT, INSERT or UPDATE, or COPY with STDIN or STDOUT.");
	if (ret_judgement->plan.length > 0 && is_unmaskable(connection, ask))
		return refuse(
			ret_judgement, number, "what it reads cannot be masked",
			"Large objects, fast-path calls and replication have no columns, and masks are in force.",
			"Use SELECT instead.");
	return 0;
}

/* Realtime seconds → the monotonic clock that shims look at. */
static uint64_t until_monotonic(int64_t valid_until)
{
	uint64_t now_ns = realtime_ns();

	if (valid_until == INT64_MAX || (uint64_t)valid_until > UINT64_MAX / SECOND_NS)
		return UINT64_MAX;
	uint64_t then_ns = (uint64_t)valid_until * SECOND_NS;
	return then_ns <= now_ns ? 0 : monotonic_ns() + (then_ns - now_ns);
}

/* A verdict counts as long as the definitions it was made with; in a transaction, where nothing can
 * be learned, a little longer. */
static uint64_t until_definitions(const struct agent_connection *connection, uint64_t until_ns)
{
	uint64_t old_ns = connection->learned_ns + AGENT_DEFINITIONS_NS;
	uint64_t soon_ns = monotonic_ns() + AGENT_DEFINITIONS_OPEN_NS;

	if (connection->learned_ns == 0)
		return until_ns;
	if (old_ns < soon_ns)
		old_ns = soon_ns;
	return old_ns < until_ns ? old_ns : until_ns;
}

static uint32_t verdict_flags(const struct judgement *judgement)
{
	uint32_t flags = 0;

	if (judgement->is_cacheable && !judgement->changes_session)
		flags |= VERDICT_CACHES_EXACT;
	if (judgement->is_template_cacheable && !judgement->changes_session)
		flags |= VERDICT_CACHES_TEMPLATE;
	if (judgement->changes_session && judgement->decision == DECISION_ALLOW)
		flags |= VERDICT_REPORTS_OUTCOME;
	return flags;
}

static bool must_refuse_unrecorded(const struct agent *agent,
				   const struct agent_connection *connection,
				   const struct judgement *judgement)
{
	if (connection->process->reader.fd < 0) /* its ring is damaged */
		return true;
	return agent_spool_refuses(agent, judgement);
}

/* Writes what is judged before it is answered. */
static int record_judgement(struct agent *agent, const struct agent_connection *connection,
			    struct slice shape, struct judgement *judgement, uint64_t *number)
{
	int r = agent_judgement_number(agent, judgement, shape, *number, number);
	struct record_entry miss = { .kind = RECORD_MISS,
				     .parent = connection->number,
				     .time_ns = realtime_ns(),
				     .judgement = *number };

	if (r == 0)
		r = record_add(agent->record, &miss);
	bool is_kept = r == 0; /* in memory at least, to be written when that is possible again */
	if (is_kept)
		agent_flush(agent);
	else
		agent_record_state(agent, r);
	if (judgement->decision == DECISION_ALLOW &&
	    (!is_kept || must_refuse_unrecorded(agent, connection, judgement)))
		return denial_make(judgement, *number, agent_spool_denial(agent));
	return 0;
}

static int write_verdict(const struct agent *agent, const struct agent_connection *connection,
			 const struct judgement *judgement, uint64_t number, struct packet *answer)
{
	SCOPED(buf_done) struct buf raise = BUF_MAX(64 * KIB);
	bool is_allowed = judgement->decision == DECISION_ALLOW;
	int r = is_allowed
			? 0
			: judgement_raise(judgement, session_address(connection->session), &raise);

	if (r < 0)
		return r;
	struct message_verdict verdict = {
		.decision = is_allowed ? VERDICT_ALLOW : VERDICT_DENY,
		.flags = verdict_flags(judgement),
		.generation = agent->settings.generation,
		.context = session_context(connection->session),
		.judgement = number,
		.call = is_allowed && judgement->changes_session
				? session_last_call(connection->session)
				: 0,
		.valid_until_ns =
			until_definitions(connection, until_monotonic(judgement->valid_until)),
		.plan = buf_view(&judgement->plan),
		.instead = buf_view(&raise),
	};
	answer->kind = MESSAGE_VERDICT;
	buf_clear(&answer->body);
	message_verdict_write(&answer->body, &verdict);
	return answer->body.failed;
}

/* What the kill switch leaves of a judgement: what it would have been, on the record. */
static void lift(struct judgement *judgement)
{
	judgement->decision = DECISION_ALLOW;
	buf_clear(&judgement->plan);
}

/* Notes an allowed call that the session has to follow. */
static int note_sent(const struct agent_connection *connection, const struct message_judge *ask,
		     const struct readings *readings, const struct judgement *judgement)
{
	if (judgement->decision == DECISION_ALLOW && judgement->copies_masked)
		session_taint(connection->session);
	if (judgement->decision != DECISION_ALLOW || !judgement->changes_session)
		return 0;
	return session_sent_either(connection->session, (enum session_call)ask->call, ask->name,
				   readings->facts, readings->other);
}

static int answer_learn_first(struct packet *answer)
{
	struct message_verdict verdict = { .decision = VERDICT_DENY, .flags = VERDICT_LEARN_FIRST };

	answer->kind = MESSAGE_VERDICT;
	buf_clear(&answer->body);
	message_verdict_write(&answer->body, &verdict);
	return answer->body.failed;
}

/* Whether the shim should ask, inside of an open transaction, for the tables that it made. */
static bool should_learn_own(const struct message_judge *ask, const struct judgement *judgement)
{
	return judgement->needs_own && !ask->is_final && ask->transaction == TRANSACTION_OPEN;
}

static int decide(struct agent *agent, struct agent_connection *connection,
		  const struct message_judge *ask, struct judgement *judgement,
		  struct packet *answer)
{
	SCOPED(buf_done) struct buf shape = BUF_MAX(AGENT_SHAPE_SIZE);
	SCOPED(buf_done) struct buf first = BUF_MAX(FACTS_SIZE_MAX);
	struct readings readings;
	uint64_t number = agent_number(agent);
	int r = agent_read(agent, connection, ask, &first, &readings);

	r = r < 0 ? refuse_unread(judgement, number, r)
		  : judge_facts(agent, connection, ask, &readings, number, judgement);
	if (r < 0)
		return r;
	if (should_learn_own(ask, judgement))
		return answer_learn_first(answer);
	r = policy_age_apply(agent->settings.server_folder ? &agent->word : NULL, agent->policy,
			     (int64_t)(realtime_ns() / SECOND_NS), number, judgement);
	if (r < 0)
		return r;
	if (agent->is_off)
		lift(judgement);
	agent_write_shape(connection->session, ask, &readings, &shape);
	r = record_judgement(agent, connection, buf_view(&shape), judgement, &number);
	if (r == 0)
		r = note_sent(connection, ask, &readings, judgement);
	if (r == 0)
		r = write_verdict(agent, connection, judgement, number, answer);
	return r;
}

static int answer_stranger(struct packet *answer)
{
	struct message_verdict verdict = { .decision = 0 };

	answer->kind = MESSAGE_VERDICT;
	buf_clear(&answer->body);
	message_verdict_write(&answer->body, &verdict);
	return answer->body.failed;
}

/* Another session may have replaced a view or made a function since. */
static bool definitions_are_old(const struct agent_connection *connection)
{
	return connection->learned_ns != 0 &&
	       monotonic_ns() >= connection->learned_ns + AGENT_DEFINITIONS_NS;
}

/* Whether the shim should learn before this call is judged: the catalogue is out of date, and
 * nothing is open in which the query would show. */
static bool should_learn(const struct agent *agent, const struct agent_connection *connection,
			 const struct message_judge *ask)
{
	if (agent->allows_everything || ask->is_final || ask->transaction != TRANSACTION_IDLE)
		return false;
	return session_wants_learning(connection->session) || definitions_are_old(connection);
}

int agent_judge(struct agent *agent, const struct message_judge *ask, struct packet *answer)
{
	struct agent_connection *connection = agent_connection_find(agent, ask->connection);
	struct judgement judgement = NO_JUDGEMENT;

	if (!connection)
		return answer_stranger(answer);
	int r = update_settings(connection->session, ask->standard_conforming_strings,
				ask->client_encoding);
	if (ask->is_unnamed_replaced)
		session_unnamed_replaced(connection->session);
	session_stands(connection->session, (enum session_transaction)ask->transaction);
	if (r == 0)
		r = should_learn(agent, connection, ask)
			    ? answer_learn_first(answer)
			    : decide(agent, connection, ask, &judgement, answer);
	judgement_done(&judgement);
	agent_connection_publish(agent, connection);
	return r;
}

void agent_outcome(struct agent *agent, const struct message_outcome *outcome)
{
	struct agent_connection *connection = agent_connection_find(agent, outcome->connection);

	if (!connection)
		return;
	struct session *session = connection->session;
	struct session_ending ending = {
		.call = outcome->call,
		.completed = outcome->completed,
		.failed = outcome->failed,
		.is_settled = outcome->stage == MESSAGE_STAGE_SETTLED,
		.transaction = (enum session_transaction)outcome->transaction,
	};

	if (update_settings(session, outcome->standard_conforming_strings,
			    outcome->client_encoding) < 0 ||
	    outcome->is_lost)
		session_lost(session, ending.call);
	else if (outcome->stage == MESSAGE_STAGE_UNSENT)
		session_unsent(session, ending.call);
	else if (outcome->stage == MESSAGE_STAGE_SYNC)
		session_settled(session, ending.transaction);
	else
		session_ended(session, &ending);
	agent_connection_publish(agent, connection);
}
