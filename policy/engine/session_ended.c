/* SPDX-License-Identifier: MIT */
/* Takes up how calls ended: what they may have changed holds then, or does not. */
#include <stdlib.h>
#include <string.h>

#include "policy/engine/session_private.h"

void pending_done(struct pending *pending)
{
	for (size_t i = 0; i < pending->change_count; i++)
		free((char *)(uintptr_t)pending->changes[i].name.at);
	free(pending->changes);
}

void pending_drop(struct session *session)
{
	for (size_t i = 0; i < session->pending_count; i++)
		pending_done(&session->pending[i]);
	free(session->pending);
	session->pending = NULL;
	session->pending_count = 0;
}

void session_lose_names(struct session *session)
{
	held_names_done(&session->prepared);
	held_names_done(&session->cursors);
	session->is_lost = true;
	session->lost_by = session->calls;
}

static void discard(struct session *session, uint64_t call)
{
	held_names_remove(&session->prepared, SLICE(""), true, call);
	held_names_remove(&session->cursors, SLICE(""), true, call);
	if (session->lost_by < call)
		session->is_lost = false;
}

static void apply(struct session *session, const struct change *change, uint64_t call)
{
	switch (change->kind) {
	case CHANGE_PREPARES:
		held_names_remove(&session->prepared, change->name, false, call);
		held_names_settle(&session->prepared, call, change->statement, true);
		break;
	case CHANGE_DECLARES:
		held_names_remove(&session->cursors, change->name, false, call);
		held_names_settle(&session->cursors, call, change->statement, true);
		break;
	case CHANGE_DEALLOCATES:
	case CHANGE_DEALLOCATES_ALL:
		held_names_remove(&session->prepared, change->name,
				  change->kind == CHANGE_DEALLOCATES_ALL, call);
		break;
	case CHANGE_CLOSES:
	case CHANGE_CLOSES_ALL:
		held_names_remove(&session->cursors, change->name,
				  change->kind == CHANGE_CLOSES_ALL, call);
		break;
	case CHANGE_ENDS:
		held_names_end_transaction(&session->cursors, call);
		break;
	case CHANGE_DISCARDS:
		discard(session, call);
		break;
	case CHANGE_BARES_PATH:
	case CHANGE_NONE:
		break;
	}
}

/* Outside a transaction the path is learned before the next statement; inside one it cannot be, and
 * whatever ends the transaction or goes back in it may take the change back. */
static void bare_path(struct session *session, const struct pending *pending,
		      const struct session_ending *ending)
{
	if (ending->is_settled && ending->transaction == TRANSACTION_OPEN &&
	    session->path_call == pending->number)
		session->is_path_bare = true;
}

static void take_back(struct session *session, const struct change *change, uint64_t call)
{
	if (change->kind == CHANGE_PREPARES)
		held_names_settle(&session->prepared, call, change->statement, false);
	else if (change->kind == CHANGE_DECLARES)
		held_names_settle(&session->cursors, call, change->statement, false);
}

static size_t find_pending(const struct session *session, uint64_t call)
{
	size_t i = 0;

	while (i < session->pending_count && session->pending[i].number != call)
		i++;
	return i;
}

static void remove_pending(struct session *session, size_t place)
{
	pending_done(&session->pending[place]);
	session->pending_count--;
	memmove(&session->pending[place], &session->pending[place + 1],
		(session->pending_count - place) * sizeof(session->pending[0]));
}

/* A call ended that is not followed. */
static void end_unseen(struct session *session)
{
	if (session->unseen > 0)
		session->unseen--;
}

/* The end of a transaction takes back what it touched, but not what calls behind it are about to
 * touch. */
static void settle(struct session *session, enum session_transaction transaction)
{
	uint64_t settled =
		session->pending_count > 0 ? session->pending[0].number : session->calls + 1;

	session->transaction = transaction;
	session->unsettled = 0;
	if (transaction != TRANSACTION_IDLE || session->is_pooled)
		return;
	held_names_end_transaction(&session->cursors, settled);
	session->touched = 0;
	for (size_t i = 0; i < session->pending_count; i++)
		session->touched |= session->pending[i].touches;
}

void session_settled(struct session *session, enum session_transaction transaction)
{
	settle(session, transaction);
}

static void take_changes(struct session *session, const struct pending *pending,
			 const struct session_ending *ending)
{
	for (size_t i = 0; i < pending->change_count && !session->is_pooled; i++) {
		const struct change *change = &pending->changes[i];

		if (!ending->failed && change->kind == CHANGE_BARES_PATH)
			bare_path(session, pending, ending);
		if (!ending->failed || change->statement < ending->completed)
			apply(session, change, pending->number);
		else
			take_back(session, change, pending->number);
	}
	if (!ending->is_settled)
		session->unsettled |= pending->doubt;
}

/* Calls in front of one that ended have ended too, and nobody said how. */
static size_t lose_earlier(struct session *session, size_t place)
{
	if (place == 0 || place == session->pending_count)
		return place;
	for (; place > 0; place--) {
		session->unsettled |= session->pending[0].doubt;
		remove_pending(session, 0);
	}
	session_lose_names(session);
	return 0;
}

void session_ended(struct session *session, const struct session_ending *given)
{
	size_t place = lose_earlier(session, find_pending(session, given->call));
	struct session_ending ending = *given;

	if (place == session->pending_count) {
		end_unseen(session);
	} else {
		struct pending *pending = &session->pending[place];

		if (ending.completed == SESSION_COMPLETED_UNKNOWN && pending->statements == 1)
			ending.completed = 0;
		if (ending.completed == SESSION_COMPLETED_UNKNOWN) {
			session_lost(session, ending.call);
			return;
		}
		take_changes(session, pending, &ending);
		remove_pending(session, place);
	}
	if (ending.is_settled)
		settle(session, ending.transaction);
}

void session_outcome(struct session *session, uint32_t completed, bool failed,
		     enum session_transaction transaction)
{
	session_ended(session,
		      &(struct session_ending){
			      .call = session->pending_count > 0 ? session->pending[0].number : 0,
			      .completed = completed,
			      .failed = failed,
			      .is_settled = true,
			      .transaction = transaction,
		      });
}

void session_unsent(struct session *session, uint64_t call)
{
	size_t place = find_pending(session, call);

	if (place == session->pending_count) {
		end_unseen(session);
		return;
	}
	for (size_t i = 0; i < session->pending[place].change_count; i++)
		take_back(session, &session->pending[place].changes[i], call);
	remove_pending(session, place);
}

void session_lost(struct session *session, uint64_t call)
{
	size_t place = find_pending(session, call);

	if (place < session->pending_count)
		remove_pending(session, place);
	else
		end_unseen(session);
	session_forget(session);
}

void session_inherit(struct session *session, uint32_t calls)
{
	session_lose_names(session);
	session->touched = DOUBT_STRINGS | DOUBT_ENCODING;
	session->unseen += calls;
}

void session_unnamed_replaced(struct session *session)
{
	held_names_remove(&session->prepared, SLICE(""), false, UINT64_MAX);
	session->is_unnamed_lost = true;
}

void session_forget(struct session *session)
{
	session->unseen += session->pending_count;
	pending_drop(session);
	session_lose_names(session);
	session->is_path_known = session->is_path_bare = false;
	session->path_call = 0;
	session->freshness = SESSION_CHANGED;
	session->is_any_created = true;
	session->any_created_by = session->calls;
	session->is_altered = session->is_tainted = true;
	session_forget_own(session);
	session->transaction = TRANSACTION_UNKNOWN;
	session->touched = DOUBT_STRINGS | DOUBT_ENCODING;
	session->wants_learning = catalogue_is_needed(session->policy);
}
