/* SPDX-License-Identifier: MIT */
/* What may hold on one connection: transaction, search path, role, lexing settings, prepared names
 * and cursors with their facts.  Kept as what is known for sure; everything else is "unknown" and
 * judged as the strictest (decisions.md 8-10, 14; security.md 1, 2). */
#ifndef POLICY_ENGINE_SESSION_H
#define POLICY_ENGINE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/slice.h"
#include "policy/core/template.h"
#include "policy/engine/arena.h"
#include "policy/engine/catalogue.h"
#include "policy/engine/facts.h"
#include "policy/engine/policy.h"

#define SESSION_NAMES_MAX 10000

/* What the shim says when a connection is made; texts may be empty. */
struct session_address {
	enum engine engine;
	struct slice host; /* as given */
	struct slice host_address;
	struct slice socket; /* folder or file, for unix sockets */
	uint16_t port;
	struct slice database;
	struct slice user;
	struct slice options; /* PGOPTIONS, options= */
	bool is_replication;
	bool is_physical; /* replication, and of no database: the server runs no SQL there */
	int32_t backend_pid;
	uint32_t server_version;
};

struct session;

must_use int session_new(const struct policy *policy, const struct session_address *address,
			 struct session **ret_session);
void session_free(struct session *session);
DEFINE_FREEP(struct session, session_freep, session_free)

const struct session_address *session_address(const struct session *session);

/* The parameters that the server reported last ("standard_conforming_strings", "client_encoding",
 * …). */
must_use int session_parameter(struct session *session, struct slice name, struct slice value);
struct lexing session_lexing(const struct session *session);
struct slice session_encoding(const struct session *session);

/* Takes what was learned; the session owns it. */
void session_learn(struct session *session, struct catalogue *catalogue);
const struct catalogue *session_catalogue(const struct session *session);

enum session_transaction { /* as libpq's PGTransactionStatusType */
			   TRANSACTION_IDLE,
			   TRANSACTION_ACTIVE,
			   TRANSACTION_OPEN,
			   TRANSACTION_FAILED,
			   TRANSACTION_UNKNOWN,
};

/* Inside of a transaction no more is learned than which plain tables the session made itself
 * (catalogue_own_query), which nobody else can touch.  The session owns `catalogue`; NULL: it could
 * not be learned.  It is forgotten with the next change of names or of the path, and where the
 * transaction ends or goes back; all else that is known stays as it was before. */
void session_learn_own(struct session *session, struct catalogue *catalogue);
void session_forget_own(struct session *session);

/* Whether that may tell what a name means which was made here since the catalogue was learned. */
bool session_may_learn_own(const struct session *session);

/* The table that the session made, which a name means now: in texts that were first read by a call
 * behind the one numbered `since`, where the server cannot have taken it for another's.  An empty
 * schema is the path.  NULL: not known. */
const struct catalogue_relation *session_own_table(const struct session *session,
						   struct slice schema, struct slice name,
						   uint64_t since);

/* Whether a function of this name may have been made since the catalogue was learned that takes
 * the rows of such a table. */
bool session_field_is_new(const struct session *session, struct slice name);

/* The call that gave facts of session_prepared or session_cursor their name. */
uint64_t session_held_since(const struct session *session, const struct facts *facts);

/* Whether names in them may mean to the server what nobody would read in them now: it resolves those
 * of a prepared statement again only when their relations change, those of a cursor never
 * (src/backend/utils/cache/plancache.c, RevalidateCachedQuery). */
bool session_is_outdated(const struct session *session, const struct facts *facts);

/* How the connection stands as the next call is judged, if it is known. */
void session_stands(struct session *session, enum session_transaction transaction);

/* Masked values were copied, as the policy allows: what the session made may hold them. */
void session_taint(struct session *session);

/* Whether the catalogue or the path is out of date, so that the query should be sent again when the
 * connection is next idle outside a transaction. */
bool session_wants_learning(const struct session *session);

/* How far what is known of relations can be believed, since statements sent here may have changed
 * them. */
enum session_freshness {
	SESSION_FRESH,   /* as learned */
	SESSION_CREATED, /* relations may be new, views may be others; tables are as they were */
	SESSION_CHANGED, /* nothing is certain */
};
enum session_freshness session_freshness(const struct session *session);

/* Whether a relation of this name may have been made here since the catalogue was learned, so that
 * the name may mean another one; and whether that holds of every name. */
bool session_name_is_new(const struct session *session, struct slice name);
bool session_names_are_doubtful(const struct session *session);

/* Whether a function, operator, type or cast of this name may have been made here since then. */
bool session_call_is_new(const struct session *session, struct slice name);

/* Whether the search path is what the catalogue says (or `public`, where session_assume was
 * called). */
bool session_path_is_known(const struct session *session);

/* Whether the path is known to hold nothing but what is always on it, which the path that was
 * learned need not say. */
bool session_path_is_bare(const struct session *session);

/* What a change that is under way may do to a text which is sent behind it; 0: nothing. */
enum session_doubt {
	DOUBT_STRINGS = 1,  /* standard_conforming_strings may be on or off */
	DOUBT_ENCODING = 2, /* the client encoding may be any */
};
unsigned session_lexing_doubt(const struct session *session);

/* Whether the end of a transaction changes anything here: cursors close, settings go back. */
bool session_minds_transaction_end(const struct session *session);

/* For tests and explanations, where no server is asked: names resolve as `public`, nothing is
 * overloaded, and the address alone says which database it is. */
void session_assume(struct session *session);
bool session_is_assumed(const struct session *session);

/* With session_assume: the names that a result will have, so that a star stands for some of them.
 * Borrowed. */
void session_assume_columns(struct session *session, const struct slice *names, size_t count);
size_t session_assumed_columns(const struct session *session, const struct slice **ret_names);

/* An address that the entry `index` of policy->databases matches; texts live in `memory`. */
must_use int session_address_of(const struct policy *policy, uint32_t index, struct arena *memory,
				struct session_address *ret_address);

/* Which entries of policy->databases the connection is.  An entry that asks for what was not
 * learned yet may be the connection without being it for sure: restrictions then apply, and nothing
 * is granted.  No entry: it is `other`. */
#define SESSION_DATABASES_MAX 1024
bool session_may_be_database(const struct session *session, uint32_t index);
bool session_may_be_other_database(const struct session *session);

/* How a call reaches the server. */
enum session_call {
	CALL_QUERY,        /* simple protocol: PQexec */
	CALL_QUERY_PARAMS, /* extended: PQexecParams */
	CALL_PREPARE,      /* name, text */
	CALL_EXECUTE,      /* name */
	CALL_FASTPATH,     /* PQfn: function OID in `oid` */
	CALL_LARGE_OBJECT_READ,
	CALL_LARGE_OBJECT_WRITE,
	CALL_LARGE_OBJECT_SEEK, /* reads, but hands out no bytes of the object */
	CALL_CLOSE_PREPARED,    /* the protocol's Close: name */
	CALL_CLOSE_PORTAL,      /* a cursor's name too */
};

/* The facts that a name may stand for (prepared statement or cursor): appends borrowed blocks to
 * `ret_facts`, at most `max`; returns their number, or -ENOENT when the name was not seen here,
 * which is "unknown".  A name whose fate is open has more than one. */
int session_prepared(const struct session *session, struct slice name,
		     const struct facts **ret_facts, size_t max);
int session_cursor(const struct session *session, struct slice name, const struct facts **ret_facts,
		   size_t max);

/* Notes that a call with `facts` is about to be sent (CALL_PREPARE: facts of the text, under
 * `name`).  Until its outcome is told, both what held before and what would hold after it may hold.
 * At most SESSION_PENDING_MAX calls are followed at once: with one more, nothing is known until all
 * of them have ended. */
#define SESSION_PENDING_MAX 4096
must_use int session_sent(struct session *session, enum session_call call, struct slice name,
			  const struct facts *facts);

/* The same of a text that may be read in two ways. */
must_use int session_sent_either(struct session *session, enum session_call call, struct slice name,
				 const struct facts *facts, const struct facts *other);

/* The number of the call noted last, to tell its outcome by; 0: it is not followed. */
uint64_t session_last_call(const struct session *session);

#define SESSION_COMPLETED_UNKNOWN                                                                  \
	(UINT32_MAX - 1) /* some of the call's statements, before one failed */

/* How a call ended. */
struct session_ending {
	uint64_t call;      /* its number */
	uint32_t completed; /* of its statements */
	bool failed;
	/* ReadyForQuery came after it.  In a pipeline it does not before the next Sync, and
	 * until then the transaction may still be rolled back, and settings with it (PostgreSQL
	 * manual, 55.2.3) */
	bool is_settled;
	enum session_transaction transaction; /* after it, when settled */
};

/* Outcomes are told in the order in which calls were sent; those before one that is told will never
 * be. */
void session_ended(struct session *session, const struct session_ending *ending);

/* The call was not sent after all. */
void session_unsent(struct session *session, uint64_t call);

/* Nobody knows how the call ended. */
void session_lost(struct session *session, uint64_t call);

/* ReadyForQuery came after the calls that ended in a pipeline. */
void session_settled(struct session *session, enum session_transaction transaction);

/* session_ended for the oldest call noted, settled. */
void session_outcome(struct session *session, uint32_t completed, bool failed,
		     enum session_transaction transaction);

/* The connection was used before it was seen here, and `calls` that may change it have not
 * ended. */
void session_inherit(struct session *session, uint32_t calls);

/* The unnamed prepared statement was replaced or dropped by something that is not noted here. */
void session_unnamed_replaced(struct session *session);

/* Forgets all that is not known for sure: connection shared behind our back, pooled.  Calls under
 * way stay so. */
void session_forget(struct session *session);

enum session_transaction session_transaction(const struct session *session);

/* A number for everything above that a verdict can depend on: equal states of two connections of
 * the same policy have equal numbers.  Verdicts are cached under it.  0 while nothing may be
 * cached. */
uint64_t session_context(const struct session *session);

#endif
