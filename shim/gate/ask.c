/* SPDX-License-Identifier: MIT */
/* From a call to its verdict: the cache first, then the agent; without an answer, a refusal. */
#include <errno.h>

#include "shim/gate/connection.h"
#include "shim/gate/refusal.h"

static const char NO_AGENT[] =
	RAISE("its agent does not answer", "The agent of this machine gave no verdict in time.",
	      "Try again; if it stays so, run chaperone doctor.");
const char REFUSAL_NO_RECORD[] =
	RAISE("it cannot be recorded",
	      "The audit ring is full or gone, because the agent does not empty it.",
	      "Try again; if it stays so, run chaperone doctor.");
const char GATE_REFUSAL_NO_MEMORY[] =
	RAISE("there is no memory", "The verdict could not be kept.", "Try again.");

void pass_refuse(struct gate_pass *pass, const char *raise)
{
	struct message_verdict message = { .decision = VERDICT_DENY, .instead = slice_of(raise) };

	verdict_unref(pass->verdict);
	pass->verdict = verdict_new(&message);
	pass->text = raise;
	pass->ring_flags = RING_REFUSED;
}

/* Nobody could be asked: says why, as far as that is known. */
static void refuse_unasked(struct gate_connection *connection, struct gate_pass *pass)
{
	const char *reason = agent_problem();

	pass->is_unheard = true;
	if (!reason[0]) {
		pass_refuse(pass, NO_AGENT);
		return;
	}
	buf_clear(&connection->text);
	refusal_write(&connection->text, reason);
	pass_refuse(pass, connection->text.failed ? NO_AGENT : buf_text(&connection->text));
}

static void pass_with(struct gate_pass *pass, struct verdict *verdict, const char *text,
		      uint8_t ring_flags)
{
	pass->verdict = verdict_ref(verdict);
	pass->text = verdict->is_allowed ? text : verdict->instead;
	pass->ring_flags = (uint8_t)(ring_flags | (verdict->is_allowed ? 0 : RING_REFUSED));
}

static bool is_extended(const struct gate_call *call)
{
	return call->kind != GATE_QUERY;
}

static enum cache_kind exact_kind(const struct gate_call *call)
{
	return call->kind == GATE_EXECUTE ? CACHE_NAME
	       : is_extended(call)        ? CACHE_TEXT_EXTENDED
					  : CACHE_TEXT;
}

static struct cache_key exact_key(const struct gate_call *call)
{
	return cache_key(exact_kind(call), call->kind == GATE_EXECUTE ? call->name : call->text);
}

/* The agent gets no more of it than its size, and is asked each time. */
static bool is_withheld(const struct gate_call *call)
{
	return call->text.length > CONNECTION_TEXT_MAX;
}

static bool has_cacheable_kind(const struct gate_call *call)
{
	return call->kind == GATE_QUERY || call->kind == GATE_QUERY_PARAMS ||
	       (call->kind == GATE_EXECUTE && !call->is_unnamed_replaced);
}

struct moment {
	uint64_t context;
	uint32_t generation;
	uint64_t now_ns;
};

/* What cached verdicts must agree with now; context 0 when none counts (lease over, state in
 * doubt). */
static struct moment moment_of(const struct gate_connection *connection)
{
	const struct ring_control *control = connection->attachment->ring.control;
	struct moment moment = { 0, 0, monotonic_late_ns() };

	if (!control ||
	    moment.now_ns >= atomic_load_explicit(&control->lease_until_ns, memory_order_acquire))
		return moment;
	moment.generation = atomic_load_explicit(&control->generation, memory_order_relaxed);
	moment.context = atomic_load_explicit(
		&control->contexts[connection->connected.context_index], memory_order_acquire);
	return moment;
}

static bool holds(const struct verdict *verdict, const struct moment *moment)
{
	return verdict &&
	       verdict_holds(verdict, moment->context, moment->generation, moment->now_ns);
}

static const struct cache_entry *held(const struct gate_connection *connection,
				      const struct cache_key *key, const struct moment *moment)
{
	const struct cache_entry *entry = cache_find(&connection->cache, key);

	return entry && holds(entry->verdict, moment) ? entry : NULL;
}

static struct lexing lexing_of(const struct gate_call *call)
{
	return (struct lexing){ slice_is(call->settings.standard_conforming_strings, "on"),
				call->settings.is_ascii_safe };
}

/* A call's template. */
struct template
{
	enum cache_kind kind;
	struct lexing lexing;
	struct cache_key key; /* empty: it has none */
	struct template_literals literals;
};

static void make_template(struct gate_connection *connection, const struct gate_call *call,
			  struct template *template)
{
	if (call->kind == GATE_EXECUTE || call->text.length > CACHE_KEY_MAX ||
	    template_make(call->text, template->lexing, &connection->template_key,
			  &template->literals) < 0)
		return;
	template->key = cache_key(template->kind, buf_view(&connection->template_key));
}

/* What is forwarded on a hit is the cache's own copy, which was equal to the caller's text. */
static bool find_exact(const struct gate_connection *connection, const struct gate_call *call,
		       const struct moment *moment, struct gate_pass *pass)
{
	if (!connection->cache.count[exact_kind(call)])
		return false;
	struct cache_key exact = exact_key(call);
	const struct cache_entry *entry = held(connection, &exact, moment);

	if (entry)
		pass_with(pass, entry->verdict, entry->key, RING_CACHED_EXACT);
	return entry != NULL;
}

/* `own` is our copy, in connection->text.  Fills `template` as far as it is needed to store what
 * the agent says. */
static bool find_template(struct gate_connection *connection, const struct gate_call *own,
			  const struct moment *moment, struct gate_pass *pass,
			  struct template *template)
{
	const char *text = buf_text(&connection->text);

	template->kind = is_extended(own) ? CACHE_TEMPLATE_EXTENDED : CACHE_TEMPLATE;
	template->lexing = lexing_of(own);
	struct verdict *verdict =
		recent_find(&connection->recent, template->kind, template->lexing, own->text);
	if (holds(verdict, moment)) {
		pass_with(pass, verdict, text, RING_CACHED_TEMPLATE);
		return true;
	}
	make_template(connection, own, template);
	if (template->key.bytes.length == 0)
		return false;
	const struct cache_entry *entry = held(connection, &template->key, moment);
	if (!entry)
		return false;
	pass_with(pass, entry->verdict, text, RING_CACHED_TEMPLATE);
	recent_keep(&connection->recent, template->kind, template->lexing, own->text,
		    &template->literals, entry->verdict);
	return true;
}

/* One private copy is keyed, judged and forwarded, whatever another thread does to the caller's
 * (security.md 9).  Of a text that nobody is going to look at there is none. */
static bool take_copy(struct gate_connection *connection, struct gate_call *own)
{
	buf_clear(&connection->text);
	if (is_withheld(own))
		return true;
	buf_add_slice(&connection->text, own->text);
	own->text = buf_view(&connection->text);
	return connection->text.failed == 0;
}

static int ask_agent(struct gate_connection *connection, const struct gate_call *call,
		     uint64_t until_ns, struct verdict **ret_verdict)
{
	SCOPED(packet_done) struct packet packet = PACKET_EMPTY;
	struct message_judge judge = {
		.connection = connection->connected.connection,
		.call = (uint8_t)call->kind,
		.transaction = call->transaction,
		.parameters = call->parameters,
		.function = call->function,
		.is_final = call->is_final,
		.is_unnamed_replaced = call->is_unnamed_replaced,
		.is_withheld = is_withheld(call),
		.name = call->name,
		.text = call->kind == GATE_EXECUTE ? (struct slice){ NULL, 0 }
						   : buf_view(&connection->text),
		.standard_conforming_strings = call->settings.standard_conforming_strings,
		.client_encoding = call->settings.client_encoding,
	};
	struct message_verdict answer;

	packet.kind = MESSAGE_JUDGE;
	message_judge_write(&packet.body, &judge);
	int r = agent_ask(&packet, MESSAGE_VERDICT, until_ns);
	if (r == 0)
		r = message_verdict_read(buf_view(&packet.body), &answer);
	if (r < 0)
		return r;
	if (answer.decision != VERDICT_ALLOW && answer.decision != VERDICT_DENY)
		return -ESTALE; /* an agent that does not know this connection */
	*ret_verdict = verdict_new(&answer);
	return *ret_verdict ? 0 : -ENOMEM;
}

/* Asks, introducing the connection again when the agent was replaced in between. */
static int ask_with_retry(struct gate_connection *connection, const struct gate_call *call,
			  struct verdict **ret_verdict)
{
	uint64_t until_ns = connection_deadline(connection->attachment);
	int r;

	do {
		r = connection_introduce(connection, until_ns);
		if (r == 0)
			r = ask_agent(connection, call, until_ns, ret_verdict);
		if (connection_lost_agent(r) && connection->attachment)
			agent_detach(connection->attachment);
		if (connection_lost_agent(r) || r == -ESTALE)
			connection->attachment = NULL;
	} while ((connection_lost_agent(r) || r == -ESTALE) && monotonic_ns() < until_ns);
	return r;
}

static void store(struct gate_connection *connection, const struct gate_call *call,
		  struct verdict *verdict, const struct template *template)
{
	if ((verdict->flags & VERDICT_CACHES_EXACT) && has_cacheable_kind(call)) {
		struct cache_key exact = exact_key(call);

		cache_store(&connection->cache, &exact, verdict);
	}
	if ((verdict->flags & VERDICT_CACHES_TEMPLATE) && template->key.bytes.length > 0)
		cache_store(&connection->cache, &template->key, verdict);
}

/* Introduces the connection, again when what it talked to turns out to be an agent that is gone. */
static int introduce(struct gate_connection *connection)
{
	uint64_t until_ns;
	int r;

	if (connection_is_known(connection))
		return 0;
	until_ns = connection_deadline(connection->attachment);
	do {
		r = connection_introduce(connection, until_ns);
	} while ((r == -EPIPE || r == -ECONNRESET) && monotonic_ns() < until_ns);
	return r;
}

void gate_ask(struct gate_connection *connection, const struct gate_call *call,
	      struct gate_pass *ret_pass)
{
	struct gate_pass pass = { 0 };
	struct template template = { 0 };
	struct verdict *verdict = NULL;
	struct gate_call own = *call;

	*ret_pass = pass;
	if (introduce(connection) < 0) {
		refuse_unasked(connection, ret_pass);
		return;
	}
	struct moment moment = moment_of(connection);
	bool is_cacheable = moment.context != 0 && has_cacheable_kind(call) && !is_withheld(call);

	if (is_cacheable && find_exact(connection, call, &moment, ret_pass))
		return;
	if (!take_copy(connection, &own)) {
		pass_refuse(ret_pass, GATE_REFUSAL_NO_MEMORY);
		return;
	}
	if (is_cacheable && find_template(connection, &own, &moment, ret_pass, &template))
		return;
	if (ask_with_retry(connection, &own, &verdict) < 0) {
		refuse_unasked(connection, ret_pass);
		return;
	}
	if (!is_withheld(&own))
		store(connection, &own, verdict, &template);
	pass_with(ret_pass, verdict, is_withheld(&own) ? own.text.at : buf_text(&connection->text),
		  0);
	verdict_unref(verdict);
}
