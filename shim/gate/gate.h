/* SPDX-License-Identifier: MIT */
/* The gate that every statement passes: connections, verdicts, records.  Knows no driver.
 *
 * A driver folder tells of connections as they come and go, asks before it sends, and reports what
 * became of it. A connection is used by one thread at a time, as its driver demands too; different
 * ones at once by any. */
#ifndef SHIM_GATE_GATE_H
#define SHIM_GATE_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/message.h"
#include "common/ring.h"
#include "common/sha256.h"
#include "policy/core/mask.h"
#include "policy/core/template.h"
#include "shim/gate/cache.h"
#include "shim/gate/verdict.h"

/* How a call reaches the server; the values are those of policy/engine's enum session_call. */
enum gate_call_kind {
	GATE_QUERY,
	GATE_QUERY_PARAMS,
	GATE_PREPARE,
	GATE_EXECUTE,
	GATE_FASTPATH,
	GATE_LARGE_OBJECT_READ,
	GATE_LARGE_OBJECT_WRITE,
	GATE_LARGE_OBJECT_SEEK, /* reads, but hands out no bytes of the object */
	GATE_CLOSE_PREPARED,
	GATE_CLOSE_PORTAL,
};

/* What the server reported last about reading text. */
struct gate_settings {
	struct slice standard_conforming_strings; /* "on", "off" */
	struct slice client_encoding;
	bool is_ascii_safe;
};

struct gate_call {
	enum gate_call_kind kind;
	uint8_t transaction; /* PGTransactionStatusType, before it */
	bool is_final;       /* asked again after learning, or nothing can be learned now */
	/* since the unnamed prepared statement was judged last, it became another */
	bool is_unnamed_replaced;
	/* How many there are.  No judgement looks at their values, lengths, formats and types: a
	 * parameter counts as any value (policy/engine/judge_where.c), and a type can choose among
	 * functions of one name only, of which one that is not the server's own makes all of them
	 * strange. */
	uint16_t parameters;
	uint32_t function; /* GATE_FASTPATH */
	struct slice name; /* GATE_PREPARE, GATE_EXECUTE, GATE_CLOSE_… */
	struct slice text; /* empty for those that have none */
	struct gate_settings settings;
};

struct gate_connection;

/* Notes a new connection of the program under its driver's handle.  `connect` says where it leads
 * (its `process` is filled in here), `client` what the driver is.  `state_size` zeroed bytes are
 * the driver's own (gate_state).  NULL without memory: then its statements are refused. */
struct gate_connection *gate_open(const void *handle, const struct message_connect *connect,
				  struct slice client, size_t state_size);

void *gate_state(struct gate_connection *connection);

/* The connection of a handle, or NULL.  Lock-free. */
struct gate_connection *gate_find(const void *handle);

/* Forgets a connection and tells the agent. */
void gate_close(const void *handle);

/* What the agent may want to learn on a connection. */
enum gate_lesson {
	GATE_CATALOGUE,  /* when it is idle */
	GATE_OWN_TABLES, /* in an open transaction, behind a savepoint */
};

/* The query that learns it; empty when there is none.  Borrowed until the next call on this
 * connection. */
struct slice gate_learn_query(const struct gate_connection *connection, enum gate_lesson lesson);

/* Hands over the query's rows (wire texts), or that it failed. */
void gate_learned(struct gate_connection *connection, enum gate_lesson lesson, bool failed,
		  uint32_t row_count, struct slice rows);

/* Whether the policy lets everything through, so that channels which cannot be judged or masked
 * stay open. */
bool gate_allows_everything(struct gate_connection *connection);

/* The answer to "may this be sent?".  Always an answer: when no agent gives one, a refusal that
 * says so. */
struct gate_pass {
	/* a reference of the caller's, to be given back with verdict_unref */
	struct verdict *verdict;
	/* what is to be forwarded: our own copy of the text that was judged, or the refusal;
	 * owned by the connection until the next gate_ask.  The caller's text itself when it is
	 * larger than 16 MB, which passes only where every text does. */
	const char *text;
	uint8_t ring_flags; /* how the verdict was found */
	/* a refusal because nobody could be asked, and nobody reads a record of it */
	bool is_unheard;
};
void gate_ask(struct gate_connection *connection, const struct gate_call *call,
	      struct gate_pass *ret_pass);

/* The statement that raises "there is no memory" on the server, for a connection that could not be
 * made known. */
extern const char GATE_REFUSAL_NO_MEMORY[];

struct attachment;

/* An intent that was written, for its outcome: the ring it stands in may be an earlier agent's. */
struct gate_intent {
	const struct attachment *attachment; /* NULL: nothing was written */
	uint64_t connection;
	uint64_t sequence;
};

/* Writes the intent of a call that is about to be forwarded.  When that cannot be done, the pass is
 * turned into a refusal, which is to be sent instead, unrecorded.  False: the ring is full and its
 * agent's lease is over, so that another agent may be in charge by now; ask again. */
must_use bool gate_intend(struct gate_connection *connection, const struct gate_call *call,
			  struct gate_pass *pass, struct gate_intent *ret_intent);

/* The intent of the learning query.  False when it cannot be written: then the query is not to be
 * sent. */
must_use bool gate_intend_learning(struct gate_connection *connection,
				   struct gate_intent *ret_intent);

struct gate_outcome {
	struct gate_intent intent;
	uint64_t rows;
	uint64_t bytes;
	uint32_t masked_cells;
	uint32_t sqlstate;  /* six bits for each character; 0: none */
	uint32_t completed; /* statements of the call that completed */
	enum ring_status status;
	enum message_stage stage;
	bool is_lost; /* nobody knows what became of it */
	/* after it; this and the settings only when verdict_reports_outcome */
	uint8_t transaction;
	struct gate_settings settings;
};

/* Records what became of a call; when its verdict asks for it, tells the agent before it
 * returns. */
void gate_done(struct gate_connection *connection, const struct verdict *verdict,
	       const struct gate_outcome *outcome);

/* Tells the agent that the calls which ended in a pipeline are settled, and how the server
 * stands. */
void gate_settled(struct gate_connection *connection, uint8_t transaction,
		  const struct gate_settings *settings);

/* Notes in the record that something was refused or happened without a statement. */
void gate_note(struct gate_connection *connection, const char *text);

/* The prepared key of masks that hash, or NULL when there is none of that number. */
const struct sha256_hmac_key *gate_key(const struct gate_connection *connection, uint32_t index);

/* Packs an SQLSTATE ("42501") into six bits a character; 0 for what is none. */
uint32_t gate_sqlstate(const char *state);

#endif
