/* SPDX-License-Identifier: MIT */
/* To whom the record is sent on, and how far each of them has each log.  The server whose log it is sends
 * a log on, or another one that took that over. */
#ifndef TOOLS_SERVER_FORWARD_FORWARD_H
#define TOOLS_SERVER_FORWARD_FORWARD_H

#include "common/buf.h"
#include "control/key.h"
#include "common/clock.h"
#include "tools/server/record/log_reader.h"

#define FORWARD_NAME_MAX        64u
#define FORWARD_URL_MAX         2048u
#define FORWARD_HEADERS_MAX     (16 * KIB)
#define FORWARD_AUTHORITIES_MAX (256 * KIB)
#define FORWARD_ERROR_MAX       256u
#define FORWARDS_MAX            16u
#define FORWARD_LOGS_MAX        16u              /* that one server sends on */
#define FORWARD_GONE_NS         (60 * SECOND_NS) /* a server that was silent for so long */

enum forward_kind { FORWARD_OTLP, FORWARD_NDJSON, FORWARD_KINDS };
enum forward_state {
	FORWARD_RUNNING,
	FORWARD_PAUSED,  /* by a person */
	FORWARD_STOPPED, /* the receiver does not take what it is sent */
	FORWARD_STATES,
};

/* Where it begins. */
enum forward_from {
	FORWARD_FROM_NOW,
	FORWARD_FROM_START,
	FORWARD_FROM_WHEN, /* with what tells of `since_ns` or later */
};

/* A log as those who send it on know it. */
struct forward_log {
	int64_t log;       /* 0: there is none yet */
	int64_t forwarder; /* the log of the server that sends it on */
	bool has_begun;    /* how far the receiver has it is written down */
	uint64_t size;
	char name[KEY_NAME_MAX + 1];
};

/* How far the receiver has a log. */
struct forward_progress {
	struct log_position next;
	uint64_t open_leaf; /* statements of the leaves before it that have no outcome are sent */
};

struct forward {
	char name[FORWARD_NAME_MAX + 1];
	int64_t made_ns;
	enum forward_kind kind;
	enum forward_state state;
	char url[FORWARD_URL_MAX];
	struct buf headers; /* secret; lines */
	struct buf authorities;
	uint64_t timeout_s, open_after_s, since_ns;
	struct forward_log log;
	struct forward_progress progress; /* of that log, as what follows */
	uint64_t sent, rejected, skipped;
	uint64_t succeeded_ns, failed_ns; /* 0: never */
	char error[FORWARD_ERROR_MAX];
};

#define FORWARD_EMPTY                                                                              \
	{                                                                                          \
		.headers = BUF_MAX(FORWARD_HEADERS_MAX),                                           \
		.authorities = BUF_MAX(FORWARD_AUTHORITIES_MAX)                                    \
	}

void forward_done(struct forward *forward);

/* "otlp", "ndjson"; -EINVAL for anything else. */
must_use int forward_kind_read(const char *text, enum forward_kind *ret_kind);
const char *forward_kind_text(enum forward_kind kind);
const char *forward_state_text(enum forward_state state);

/* What of the URL may be shown: what stands behind a question mark may be a secret. */
struct slice forward_shown_url(const struct forward *forward);

/* In a transaction.  Logs that come later are sent from their start on.  -EEXIST: the name is taken;
 * -E2BIG: there are FORWARDS_MAX. */
must_use int forward_add(struct store *store, const struct forward *forward,
			 enum forward_from from);

/* Fills the forward of that name, with one of its logs; -ENOENT. */
must_use int forward_find(struct store *store, const char *name, struct forward *ret_forward);

/* Gives each with each of the logs that the server of the log `forwarder` sends on, of all servers where
 * that is 0, by name and log, borrowed.  One of which there is no log has number 0. */
typedef int forward_fn(void *context, const struct forward *forward);
must_use int forward_each(struct store *store, int64_t forwarder, forward_fn *seen, void *context);

/* Writes down that nothing is sent yet of the logs that have not begun, of that server. */
must_use int forward_begin(struct store *store, int64_t forwarder);

/* The server of a log sends that on itself. */
must_use int forward_take_own(struct store *store, int64_t log);

/* The server of the log `taker` sends the log called `name` on.  In a transaction.  -ENOENT: there is none;
 * -EBUSY: the server that does so has written within FORWARD_GONE_NS; -E2BIG: it has FORWARD_LOGS_MAX. */
must_use int forward_take_over(struct store *store, const char *name, int64_t taker);

/* In a transaction.  -ENOENT: there is none of that name. */
must_use int forward_remove(struct store *store, const char *name);
must_use int forward_set_state(struct store *store, const char *name, enum forward_state state);

/* What the receiver has now. */
struct forward_receipt {
	struct forward_progress progress;
	uint64_t sent, rejected, skipped; /* that are new */
	bool is_answered;                 /* by the receiver: nothing may have been worth sending */
	const char *error;                /* of those that are rejected or skipped; NULL: none is */
};

/* Of the forward and log that were read, as long as it is the same one.  forward_acknowledge returns -ENOENT
 * when it is not, or another server sends the log on. */
must_use int forward_acknowledge(struct store *store, const struct forward *forward,
				 const struct forward_receipt *receipt);
must_use int forward_fail(struct store *store, const struct forward *forward, const char *error,
			  bool stops);

#endif
