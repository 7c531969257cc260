/* SPDX-License-Identifier: MIT */
/* What the server says of itself: a line for each thing that happened, "TIME LEVEL WHAT KEY=VALUE…".  Nothing in a
 * value ends a line or controls a terminal.  However often something happens, each kind has 20 lines at once and
 * six a minute; the next one says how many were left out. */
#ifndef TOOLS_SERVER_COMMON_JOURNAL_H
#define TOOLS_SERVER_COMMON_JOURNAL_H

#include "common/slice.h"
#include "tools/server/common/throttle.h"

/* ROW(kind, level, what) */
#define JOURNAL_KINDS(ROW)                                                                         \
	ROW(JOURNAL_SERVES, "info", "serves")                                                      \
	ROW(JOURNAL_ENDS, "info", "ends")                                                          \
	ROW(JOURNAL_FAILED, "error", "failed")           /* an answer is 5xx */                    \
	ROW(JOURNAL_UNREADY, "error", "unready")         /* nothing can be kept */                 \
	ROW(JOURNAL_READY, "info", "ready")              /* it can again */                        \
	ROW(JOURNAL_UNSIGNED, "error", "unsigned")       /* the log has no newer checkpoint */     \
	ROW(JOURNAL_UNFORWARDED, "error", "unforwarded") /* a receiver does not have the record */ \
	ROW(JOURNAL_FORWARDS, "info", "forwards")        /* it gets it again */                    \
	ROW(JOURNAL_REJECTED, "warning", "rejected")     /* a part of it, by a receiver */         \
	ROW(JOURNAL_RETAINED, "info", "retained")        /* what is old was let go of */           \
	ROW(JOURNAL_UNRETAINED, "error", "unretained")   /* it could not be, or not all of it */   \
	ROW(JOURNAL_REFUSED, "warning", "refused") /* what no honest client does, or too often */  \
	ROW(JOURNAL_LATE, "warning", "late")       /* a head or a body did not come in time */     \
	ROW(JOURNAL_SLOW, "warning", "slow")       /* an answer took long */                       \
	ROW(JOURNAL_ODD, "warning", "odd")         /* libmicrohttpd wonders */

enum journal_kind {
#define JOURNAL_ENUMERATOR(kind, level, what) kind,
	JOURNAL_KINDS(JOURNAL_ENUMERATOR)
#undef JOURNAL_ENUMERATOR
		JOURNAL_KIND_COUNT
};

struct journal {
	int descriptor;
	bool is_quiet; /* only errors are said */
	pthread_mutex_t lock;
	struct throttle throttles[JOURNAL_KIND_COUNT];
	uint64_t left_out[JOURNAL_KIND_COUNT];
};

/* A text, or a number where it has none. */
struct journal_pair {
	const char *key;
	const char *text;
	uint64_t number;
};

#define JOURNAL_TEXT(value)   (value), 0
#define JOURNAL_NUMBER(value) NULL, (value)

void journal_init(struct journal *journal, int descriptor, bool is_quiet);

/* Writes a line, unless too many were written, or whoever reads them does not.  Never waits. */
void journal_write(struct journal *journal, enum journal_kind kind,
		   const struct journal_pair *pairs, size_t count);

#endif
