/* SPDX-License-Identifier: MIT */
/* To whom the record is sent on, and how far each of them has it. */
#ifndef TOOLS_SERVER_FORWARD_FORWARD_H
#define TOOLS_SERVER_FORWARD_FORWARD_H

#include "common/buf.h"
#include "tools/server/record/log_reader.h"

#define FORWARD_NAME_MAX        64u
#define FORWARD_URL_MAX         2048u
#define FORWARD_HEADERS_MAX     (16 * KIB)
#define FORWARD_AUTHORITIES_MAX (256 * KIB)
#define FORWARD_ERROR_MAX       256u
#define FORWARDS_MAX            16u

enum forward_kind { FORWARD_OTLP, FORWARD_NDJSON, FORWARD_KINDS };
enum forward_state {
	FORWARD_RUNNING,
	FORWARD_PAUSED,  /* by a person */
	FORWARD_STOPPED, /* the receiver does not take what it is sent */
	FORWARD_STATES,
};

/* How far the receiver has the record. */
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
	struct forward_progress progress;
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

/* In a transaction.  -EEXIST: the name is taken; -E2BIG: there are FORWARDS_MAX. */
must_use int forward_add(struct store *store, const struct forward *forward);

/* Fills the forward of that name; -ENOENT. */
must_use int forward_find(struct store *store, const char *name, struct forward *ret_forward);

/* Gives each, by name, borrowed. */
typedef int forward_fn(void *context, const struct forward *forward);
must_use int forward_each(struct store *store, forward_fn *seen, void *context);

/* -ENOENT: there is none of that name. */
must_use int forward_remove(struct store *store, const char *name);
must_use int forward_set_state(struct store *store, const char *name, enum forward_state state);

/* What the receiver has now. */
struct forward_receipt {
	struct forward_progress progress;
	uint64_t sent, rejected, skipped; /* that are new */
	bool is_answered;                 /* by the receiver: nothing may have been worth sending */
	const char *error;                /* of those that are rejected or skipped; NULL: none is */
};

/* Of the forward that was read, as long as it is the same one. */
must_use int forward_acknowledge(struct store *store, const struct forward *forward,
				 const struct forward_receipt *receipt);
must_use int forward_fail(struct store *store, const struct forward *forward, const char *error,
			  bool stops);

#endif
