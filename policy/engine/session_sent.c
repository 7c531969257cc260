/* SPDX-License-Identifier: MIT */
/* Notes calls that are under way: what they may change holds as possible at once, what they make
 * or end for sure waits for the outcome. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "policy/engine/session_change.h"
#include "policy/engine/session_private.h"

#define POSSIBILITIES_MAX 16

static int add_change(struct pending *pending, enum change_kind kind, uint32_t statement,
		      struct slice name)
{
	struct change *changes =
		reallocarray(pending->changes, pending->change_count + 1, sizeof(*changes));
	char *copy;

	if (!changes)
		return -ENOMEM;
	pending->changes = changes;
	copy = malloc(name.length + 1);
	if (!copy)
		return -ENOMEM;
	if (name.length > 0)
		memcpy(copy, name.at, name.length);
	changes[pending->change_count++] =
		(struct change){ kind, statement, { copy, name.length } };
	return 0;
}

/* Where a name will go, and what it will stand for. */
struct naming {
	struct held_names *names;
	enum change_kind kind;
	struct slice name;
	uint32_t statement; /* that makes the name */
	uint32_t meaning;   /* statement that the name stands for; FACTS_NONE: the whole block */
	bool ends_with_transaction;
};

/* Lets the name stand for the facts once the call works. */
static int hold_name(const struct pending *pending, const struct facts *facts,
		     const struct naming *naming)
{
	/* what else the text does may come behind it */
	bool is_touched = pending->makes_names;
	bool is_outdated = pending->takes_back;
	struct held_name name = {
		.name = naming->name,
		.call = pending->number,
		.statement = naming->statement,
		.ends_with_transaction = naming->ends_with_transaction,
	};
	int r;

	name.facts = held_facts_new(facts, naming->meaning);
	if (!name.facts)
		return -ENOMEM;
	name.facts->made_by = pending->number;
	name.facts->is_touched = is_touched;
	name.facts->is_outdated = is_outdated;
	r = held_names_add(naming->names, &name);
	held_facts_drop(name.facts);
	return r;
}

static int note_name(struct pending *pending, const struct facts *facts,
		     const struct naming *naming)
{
	int r = hold_name(pending, facts, naming);

	return r < 0 ? r : add_change(pending, naming->kind, naming->statement, naming->name);
}

static int note_prepare(struct session *session, struct pending *pending, const struct facts *facts,
			uint32_t index)
{
	const struct facts_statement *statement = &facts_statements(facts)[index];

	if (statement->body == FACTS_NONE)
		return 0;
	return note_name(pending, facts,
			 &(struct naming){ &session->prepared, CHANGE_PREPARES,
					   facts_slice(facts, statement->name), index,
					   statement->body, false });
}

static int note_declare(struct session *session, struct pending *pending, const struct facts *facts,
			uint32_t index)
{
	const struct facts_statement *statement = &facts_statements(facts)[index];

	if (statement->body == FACTS_NONE)
		return 0;
	return note_name(pending, facts,
			 &(struct naming){ &session->cursors, CHANGE_DECLARES,
					   facts_slice(facts, statement->name), index,
					   statement->body,
					   !(statement->flags & FACTS_WITH_HOLD) });
}

static int note_statement(struct session *session, struct pending *pending,
			  const struct facts *facts, uint32_t index)
{
	const struct facts_statement *statement = &facts_statements(facts)[index];
	struct slice name = facts_slice(facts, statement->name);

	switch ((enum facts_statement_kind)statement->kind) {
	case STATEMENT_PREPARE:
		return note_prepare(session, pending, facts, index);
	case STATEMENT_DECLARE:
		return note_declare(session, pending, facts, index);
	case STATEMENT_DEALLOCATE:
		return add_change(pending,
				  name.length > 0 ? CHANGE_DEALLOCATES : CHANGE_DEALLOCATES_ALL,
				  index, name);
	case STATEMENT_CLOSE:
		return add_change(pending, name.length > 0 ? CHANGE_CLOSES : CHANGE_CLOSES_ALL,
				  index, name);
	case STATEMENT_COMMIT:
	case STATEMENT_ROLLBACK:
	case STATEMENT_TWO_PHASE:
		return add_change(pending, CHANGE_ENDS, index, name);
	case STATEMENT_DISCARD:
		if (!slice_equal_ignoring_case(facts_slice(facts, statement->value), SLICE("all")))
			return 0;
		return add_change(pending, CHANGE_DISCARDS, index, name);
	default:
		return 0;
	}
}

#define MAKES_NAMES (VERB_BIT(VERB_CREATE) | VERB_BIT(VERB_ALTER) | VERB_BIT(VERB_DROP))

static void note_any_created(struct session *session)
{
	session->is_any_created = true;
	session->any_created_by = session->calls;
	session_touch_held(session, SLICE(""));
}

static void note_name_created(struct session *session, struct slice name, bool is_call)
{
	size_t i = session_find_created(session, name);

	if (i == SESSION_CREATED_MAX) {
		note_any_created(session);
		session->is_any_call_created = true;
		return;
	}
	if (i == session->created_count)
		session->created[session->created_count++] =
			(struct created_name){ .hash = XXH3_64bits(name.at, name.length) };
	session->created[i].made_by = session->calls;
	session->created[i].is_call |= is_call;
	session_touch_held(session, name);
}

/* What is made may hide what a name meant before; where names are not all in the text, every name
 * may. */
static void note_created(struct session *session, struct pending *pending,
			 const struct facts *facts, const struct session_reach *reach)
{
	if (reach->hides_names)
		note_any_created(session);
	if (session->changed_by == 0 && reach->freshness != SESSION_FRESH)
		session->changed_by = session->calls;
	for (uint32_t i = 0; i < facts->effect_count; i++) {
		const struct facts_effect *effect = &facts_effects(facts)[i];

		session->is_any_call_created |= effect_moves_calls(effect);
		pending->makes_names |= (VERB_BIT(effect->verb) & MAKES_NAMES) != 0;
		if (effect->verb == VERB_CREATE &&
		    (effect->object == OBJECT_RELATION || effect->object == OBJECT_FUNCTION ||
		     effect->object == OBJECT_OTHER))
			note_name_created(session, facts_slice(facts, effect->name),
					  effect->object != OBJECT_RELATION);
	}
}

/* What is known of the tables that the session made, and of what names were read as. */
static void weaken_made(struct session *session, struct pending *pending,
			const struct session_reach *reach)
{
	if (reach->path || reach->ends_transaction || reach->freshness != SESSION_FRESH)
		session_forget_own(session);
	/* COMMIT of a transaction that failed is ROLLBACK. */
	if (reach->takes_back || (reach->ends_transaction && !session->is_open_for_sure)) {
		session_outdate_held(session);
		pending->takes_back |= session->changed_by != 0;
	}
	session->is_altered |= reach->alters;
	session->is_tainted |= reach->is_opaque;
}

static void weaken(struct session *session, struct pending *pending,
		   const struct session_reach *reach)
{
	if (reach->path)
		session->is_path_known = false;
	if (reach->path || reach->ends_transaction) {
		session->is_path_bare = false;
		session->path_call = pending->number;
	}
	if (reach->freshness > session->freshness)
		session->freshness = reach->freshness;
	if (reach->path || reach->freshness != SESSION_FRESH)
		session->wants_learning = catalogue_is_needed(session->policy);
	weaken_made(session, pending, reach);
	pending->doubt |= reach->lexing;
	if (reach->ends_transaction)
		pending->doubt |= session->touched;
	pending->touches |= reach->lexing;
	session->touched |= reach->lexing;
	pending->loses_names |= reach->names;
}

/* What a text that is not understood may do: anything. */
static void weaken_wholly(struct session *session, struct pending *pending)
{
	note_any_created(session);
	weaken(session, pending,
	       &(struct session_reach){ .path = true,
					.alters = true,
					.is_opaque = true,
					.lexing = DOUBT_STRINGS | DOUBT_ENCODING,
					.names = true,
					.freshness = SESSION_CHANGED });
}

static void weaken_by(struct session *session, struct pending *pending, const struct facts *facts)
{
	if (facts->unknown.length > 0)
		weaken_wholly(session, pending);
	for (uint32_t i = 0; i < facts->top_level_count; i++) {
		struct session_reach reach = statement_reach(facts, i, session);

		weaken(session, pending, &reach);
		note_created(session, pending, facts, &reach);
	}
}

static bool changes_names(const struct facts *facts)
{
	for (uint32_t i = 0; i < facts->top_level_count; i++) {
		switch ((enum facts_statement_kind)facts_statements(facts)[i].kind) {
		case STATEMENT_PREPARE:
		case STATEMENT_DECLARE:
		case STATEMENT_DEALLOCATE:
		case STATEMENT_CLOSE:
		case STATEMENT_DISCARD:
		case STATEMENT_EXECUTE:
			return true;
		default:
			break;
		}
	}
	return false;
}

/* What running one of the texts of `name` may do.  A protocol-level name can stand for PREPARE and
 * its like: unless it stands for one text only and `follows` it, names are lost. */
static void weaken_by_name(struct session *session, struct pending *pending, struct slice name,
			   const struct facts **follows)
{
	const struct facts *facts[POSSIBILITIES_MAX];
	int count = session_prepared(session, name, facts, POSSIBILITIES_MAX);
	bool is_followed = follows && count == 1;

	if (count < 0)
		weaken_wholly(session, pending);
	for (int i = 0; i < count; i++) {
		weaken_by(session, pending, facts[i]);
		pending->loses_names |= !is_followed && changes_names(facts[i]);
	}
	if (follows)
		*follows = is_followed ? facts[0] : NULL;
}

static int note_text(struct session *session, struct pending *pending, const struct facts *facts)
{
	if (!facts)
		return -EINVAL;
	weaken_by(session, pending, facts);
	for (uint32_t i = 0; i < facts->top_level_count; i++) {
		const struct facts_statement *statement = &facts_statements(facts)[i];
		int r = note_statement(session, pending, facts, i);

		if (r == 0 && (statement->flags & FACTS_BARES_PATH) && facts->top_level_count == 1)
			r = add_change(pending, CHANGE_BARES_PATH, i, SLICE(""));
		if (r < 0)
			return r;
		if (statement->kind == STATEMENT_EXECUTE)
			weaken_by_name(session, pending, facts_slice(facts, statement->name), NULL);
	}
	return 0;
}

static struct naming protocol_naming(struct session *session, struct slice name)
{
	return (struct naming){ &session->prepared, CHANGE_PREPARES, name, 0, FACTS_NONE, false };
}

static int note_execute(struct session *session, struct pending *pending, struct slice name)
{
	const struct facts *only = NULL;

	weaken_by_name(session, pending, name, &only);
	return only ? note_text(session, pending, only) : 0;
}

static int note_call(struct session *session, struct pending *pending, enum session_call call,
		     struct slice name, const struct facts *facts)
{
	struct naming naming = protocol_naming(session, name);

	switch (call) {
	case CALL_QUERY:
	case CALL_QUERY_PARAMS:
		return note_text(session, pending, facts);
	case CALL_PREPARE:
		return facts ? note_name(pending, facts, &naming) : -EINVAL;
	case CALL_EXECUTE:
		return note_execute(session, pending, name);
	case CALL_FASTPATH:
		weaken_wholly(session, pending);
		return 0;
	case CALL_CLOSE_PREPARED:
		return add_change(pending, CHANGE_DEALLOCATES, 0, name);
	case CALL_CLOSE_PORTAL:
		return add_change(pending, CHANGE_CLOSES, 0, name);
	case CALL_LARGE_OBJECT_READ:
	case CALL_LARGE_OBJECT_WRITE:
	case CALL_LARGE_OBJECT_SEEK:
		return 0;
	}
	return -EINVAL;
}

/* What the call does besides, if its text is read in the other way. */
static int note_other(struct session *session, struct pending *pending, enum session_call call,
		      struct slice name, const struct facts *other)
{
	struct naming naming = protocol_naming(session, name);

	if (call == CALL_PREPARE)
		return hold_name(pending, other, &naming);
	pending->loses_names = true;
	return note_text(session, pending, other);
}

/* One more than can be followed. */
static int sent_unseen(struct session *session)
{
	session->calls++;
	session_forget(session);
	session->unseen++;
	session->last_call = 0;
	return 0;
}

static struct pending *add_pending(struct session *session)
{
	struct pending *pending =
		reallocarray(session->pending, session->pending_count + 1, sizeof(*pending));

	if (!pending)
		return NULL;
	session->pending = pending;
	pending += session->pending_count++;
	*pending = (struct pending){ .number = ++session->calls };
	return pending;
}

/* What could not be noted is not sent, but has left traces: nothing is taken for known. */
static int give_up(struct session *session, int code)
{
	pending_done(&session->pending[--session->pending_count]);
	session_forget(session);
	return code;
}

int session_sent_either(struct session *session, enum session_call call, struct slice name,
			const struct facts *facts, const struct facts *other)
{
	struct pending *pending;
	int r;

	if (session->pending_count == SESSION_PENDING_MAX)
		return sent_unseen(session);
	pending = add_pending(session);
	if (!pending)
		return -ENOMEM;
	pending->statements = facts && !other ? facts->top_level_count : 1;
	session->last_call = pending->number;
	r = note_call(session, pending, call, name, facts);
	if (r == 0 && other)
		r = note_other(session, pending, call, name, other);
	if (r < 0)
		return give_up(session, r);
	if (pending->loses_names)
		session_lose_names(session);
	return 0;
}

int session_sent(struct session *session, enum session_call call, struct slice name,
		 const struct facts *facts)
{
	return session_sent_either(session, call, name, facts, NULL);
}

uint64_t session_last_call(const struct session *session)
{
	return session->last_call;
}
