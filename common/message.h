/* SPDX-License-Identifier: MIT */
/* What shim and agent say to each other.  Each message is a packet kind and a body; the writer and
 * the reader of a body stand side by side, so that they cannot drift apart.
 *
 *   shim                               agent
 *   HELLO    who I am              →   WELCOME  with two descriptors: ring file, control page
 *   CONNECT  a connection is made  →   CONNECTED its number, whether to learn, mask keys
 *   LEARN    the rows of the query →   DONE
 *   JUDGE    a call is to be sent  →   VERDICT
 *   OUTCOME  what became of it     →   DONE
 *   CLOSE    a connection ended        (no answer)
 *   NOTE     something refused here    (no answer)
 *   OUTSIDE  a way past the library →   PERMIT   whether it may be taken
 *   CARRY    a cancel request      →   PERMIT   whether it is carried
 *            comes; then with two descriptors: from here, to there */
#ifndef COMMON_MESSAGE_H
#define COMMON_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/slice.h"
#include "common/wire.h"

#define MESSAGE_PROTOCOL 1u
#define MESSAGE_KEYS_MAX 64u
#define MESSAGE_KEY_SIZE 32u
#define MESSAGE_ROWS_MAX 300000u

enum message_kind {
	MESSAGE_HELLO = 1,
	MESSAGE_WELCOME,
	MESSAGE_CONNECT,
	MESSAGE_CONNECTED,
	MESSAGE_LEARN,
	MESSAGE_JUDGE,
	MESSAGE_VERDICT,
	MESSAGE_OUTCOME,
	MESSAGE_CLOSE,
	MESSAGE_NOTE,
	MESSAGE_DONE,
	MESSAGE_OUTSIDE,
	MESSAGE_PERMIT,
	MESSAGE_CARRY,
};

struct message_hello {
	uint32_t protocol;
	uint32_t pid;
	struct slice client; /* "libpq 15.18" */
};

struct message_welcome {
	uint32_t protocol;
	uint64_t process;     /* the agent's number */
	uint32_t flags;       /* WELCOME_* */
	uint32_t deadline_ms; /* how long the shim waits for an answer */
	struct slice reason;  /* not empty: every statement is refused, and this is why */
};
enum {
	WELCOME_ALLOWS_EVERYTHING = 1, /* channels that cannot be masked or judged stay open */
};

struct message_connect {
	uint64_t process;
	struct slice host, host_address, port, database, user, options;
	struct slice peer; /* where its socket leads, as common/address.h writes it */
	struct slice standard_conforming_strings, client_encoding;
	bool is_replication;
	bool is_physical;    /* replication, and of no database: the server runs no SQL there */
	bool is_used;        /* statements may have been sent on it before this */
	uint32_t open_calls; /* that may change its session, and have not ended */
	int32_t backend_pid;
	uint32_t server_version;
};

struct message_connected {
	uint64_t connection;      /* the agent's number */
	uint32_t context_index;   /* into ring_control.contexts */
	uint64_t learn_judgement; /* for the intent of the learning query */
	struct slice learn_query; /* empty: nothing is to be learned */
	struct slice own_query;   /* likewise, in an open transaction */
	uint32_t key_count;
	struct slice keys; /* key_count * MESSAGE_KEY_SIZE bytes */
};

struct message_learn {
	uint64_t connection;
	bool is_own; /* the rows of own_query, not of learn_query */
	bool failed;
	uint32_t row_count;
	struct slice rows; /* row_count wire texts, one behind the other */
};

struct message_judge {
	uint64_t connection;
	uint8_t call;        /* enum session_call's value */
	uint8_t transaction; /* PGTransactionStatusType */
	uint16_t parameters;
	uint32_t function; /* CALL_FASTPATH: its OID */
	bool is_final;     /* no LEARN_FIRST, please: learning was tried, or cannot be */
	/* the unnamed prepared statement is no longer the one that was judged last */
	bool is_unnamed_replaced;
	bool is_withheld; /* the text is too large to come along: none stands here */
	struct slice name;
	struct slice text;
	struct slice standard_conforming_strings, client_encoding; /* as reported now */
};

enum message_decision { VERDICT_ALLOW = 1, VERDICT_DENY = 2 };

enum message_verdict_flag {
	VERDICT_CACHES_EXACT = 1,
	VERDICT_CACHES_TEMPLATE = 2,
	VERDICT_REPORTS_OUTCOME = 4, /* OUTCOME must be told before the next call */
	VERDICT_LEARN_FIRST = 8,     /* no verdict yet: learn, then ask again, finally */
};

struct message_verdict {
	uint8_t decision; /* enum message_decision */
	uint32_t flags;
	uint32_t generation; /* of the policy */
	/* the session context it was judged under; cacheable only when the word says so */
	uint64_t context;
	uint64_t judgement;
	/* VERDICT_REPORTS_OUTCOME: the agent's number for it, to be told in OUTCOME */
	uint64_t call;
	uint64_t valid_until_ns; /* CLOCK_MONOTONIC */
	struct slice plan;       /* policy/core/plan.h; may be empty */
	struct slice instead;    /* VERDICT_DENY: the SQL that raises the refusal on the server */
};

#define MESSAGE_COMPLETED_ALL     UINT32_MAX
#define MESSAGE_COMPLETED_UNKNOWN (UINT32_MAX - 1) /* some of them, before one failed */

enum message_stage {
	/* the call has ended, and so has its transaction, if it was one of its own */
	MESSAGE_STAGE_SETTLED,
	MESSAGE_STAGE_ENDED,  /* the call has ended in a pipeline, whose next Sync settles it */
	MESSAGE_STAGE_UNSENT, /* the call was not sent after all */
	MESSAGE_STAGE_SYNC,   /* no call: calls that ended before are settled */
};

struct message_outcome {
	uint64_t connection;
	uint64_t call; /* of the verdict; 0: another agent's */
	uint8_t stage; /* enum message_stage */
	bool failed;
	bool is_lost;        /* nobody knows what became of it */
	uint8_t transaction; /* after it */
	/* statements of the call that completed, or MESSAGE_COMPLETED_* */
	uint32_t completed;
	struct slice standard_conforming_strings, client_encoding; /* as reported last */
};

struct message_note {
	uint64_t process;
	uint64_t connection; /* 0: none */
	struct slice text;
};

/* What is about to happen that the shim cannot govern. */
enum message_outside_kind {
	OUTSIDE_CONNECTION = 1, /* to a database, from code that is no governed client's */
	OUTSIDE_OTHER_USER,     /* a program that the loader starts without us */
	OUTSIDE_STATIC,         /* a program that no loader starts, or another machine's */
	OUTSIDE_UNKNOWN,        /* a program that cannot be looked at */
};

struct message_outside {
	uint8_t kind;      /* enum message_outside_kind */
	struct slice text; /* the destination, or the program's path */
};

/* What the program dials for itself, to send nothing but the request that ends one of its own
 * statements. */
struct message_carry {
	uint64_t process;
	struct slice address;
};

/* PERMIT is one number. */
enum message_permit {
	PERMIT_REFUSE,
	PERMIT_WARN, /* it may, and a person is told that it is not governed */
	PERMIT_PASS, /* it may, and nobody is told */
};

/* Writers append to `out`; readers borrow from `body` and return 0 or -EBADMSG. */
#define MESSAGES(ROW)                                                                              \
	ROW(hello)                                                                                 \
	ROW(welcome)                                                                               \
	ROW(connect)                                                                               \
	ROW(connected)                                                                             \
	ROW(learn)                                                                                 \
	ROW(judge)                                                                                 \
	ROW(verdict)                                                                               \
	ROW(outcome)                                                                               \
	ROW(note)                                                                                  \
	ROW(outside)                                                                               \
	ROW(carry)

#define MESSAGE_DECLARATIONS(name)                                                                 \
	void message_##name##_write(struct buf *out, const struct message_##name *message);        \
	must_use int message_##name##_read(struct slice body, struct message_##name *ret_message);
MESSAGES(MESSAGE_DECLARATIONS)
#undef MESSAGE_DECLARATIONS

/* The bodies of CLOSE and PERMIT: one number. */
void message_number_write(struct buf *out, uint64_t number);
must_use int message_number_read(struct slice body, uint64_t *ret_number);

#endif
