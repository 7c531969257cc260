/* SPDX-License-Identifier: MIT */
/* The plain tables that a session made in its open transaction, as far as they were learned. */
#include "policy/engine/catalogue_private.h"
#include "policy/engine/session_private.h"

void session_forget_own(struct session *session)
{
	catalogue_free(session->own);
	session->own = NULL;
	session->is_own_out_of_reach = false;
}

/* Whether what was learned is of now: nothing is under way that could change it. */
static bool is_settled(const struct session *session)
{
	return session->pending_count == 0 && session->unseen == 0 && !session->unsettled;
}

void session_learn_own(struct session *session, struct catalogue *catalogue)
{
	int32_t pid = session->address.backend_pid;

	session_forget_own(session);
	if (catalogue && session_may_learn_own(session) &&
	    (pid == 0 || catalogue_identity(catalogue)->backend_pid == pid)) {
		session->own = catalogue;
		return;
	}
	catalogue_free(catalogue);
	session->is_own_out_of_reach = true;
}

bool session_may_learn_own(const struct session *session)
{
	return session->catalogue && !session->own && !session->is_own_out_of_reach &&
	       !session->is_pooled && !session->is_tainted && session->freshness != SESSION_FRESH &&
	       is_settled(session);
}

void session_stands(struct session *session, enum session_transaction transaction)
{
	session->is_open_for_sure = transaction == TRANSACTION_OPEN;
	if (transaction != TRANSACTION_IDLE && transaction != TRANSACTION_FAILED)
		return;
	session_forget_own(session);
	if (transaction == TRANSACTION_FAILED)
		session_outdate_held(session);
}

void session_taint(struct session *session)
{
	session->is_tainted = true;
	session_forget_own(session);
}

static bool is_temporary(struct slice schema)
{
	return slice_starts_with(schema, "pg_temp_");
}

static bool is_in(const struct catalogue_relation *table, struct slice schema)
{
	if (slice_is(schema, "pg_temp"))
		return is_temporary(table->schema);
	return schema.length == 0 || slice_equal(table->schema, schema);
}

/* Whether a text of that call may still mean, on the server, what the name meant before the table
 * was made: a prepared statement keeps its tables when another hides them. */
static bool is_older(const struct session *session, struct slice name, uint64_t since)
{
	size_t i = session_find_created(session, name);

	return since <= session->any_created_by ||
	       (i < session->created_count && since <= session->created[i].made_by);
}

/* What the catalogue knew of before was not made since, whatever it is called now; and what was not
 * may have been another's before ALTER, unless it is temporary. */
static bool was_made_here(const struct session *session, const struct catalogue_relation *table)
{
	return !catalogue_by_oid(session->catalogue, table->oid) &&
	       (is_temporary(table->schema) || !session->is_altered);
}

const struct catalogue_relation *session_own_table(const struct session *session,
						   struct slice schema, struct slice name,
						   uint64_t since)
{
	const struct catalogue *own = session->own;

	if (!own || session->is_tainted || is_older(session, name, since))
		return NULL;
	for (size_t i = 0; i < own->relation_count; i++) {
		const struct catalogue_relation *table = &own->relations[i];

		if (slice_equal(table->name, name) && is_in(table, schema))
			return was_made_here(session, table) ? table : NULL;
	}
	return NULL;
}

bool session_field_is_new(const struct session *session, struct slice name)
{
	size_t i = session_find_created(session, name);

	return session->is_any_call_created ||
	       (i < session->created_count && session->created[i].is_call);
}
