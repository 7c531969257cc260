/* SPDX-License-Identifier: MIT */
#include "tools/server/common/journal.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "tools/command/visible.h"
#include "tools/server/common/moment.h"

#define LINES_AT_ONCE  20u
#define LINE_EVERY_NS  (10 * SECOND_NS)
#define VALUE_COLUMNS  200u
#define VALUE_MAX      (4 * KIB)
#define LINE_MAX_BYTES (4 * KIB) /* POSIX: a pipe takes as much as one (PIPE_BUF of Linux) */

static const struct {
	const char *level, *what;
} KINDS[] = {
#define JOURNAL_WORDS(kind, level, what) [kind] = { level, what },
	JOURNAL_KINDS(JOURNAL_WORDS)
#undef JOURNAL_WORDS
};

void journal_init(struct journal *journal, int descriptor, bool is_quiet)
{
	*journal = (struct journal){ .descriptor = descriptor,
				     .is_quiet = is_quiet,
				     .lock = PTHREAD_MUTEX_INITIALIZER };
	for (size_t i = 0; i < JOURNAL_KIND_COUNT; i++)
		journal->throttles[i] = (struct throttle){ .lock = PTHREAD_MUTEX_INITIALIZER,
							   .every_ns = LINE_EVERY_NS,
							   .most = LINES_AT_ONCE };
}

static bool is_plain(struct slice text)
{
	for (size_t i = 0; i < text.length; i++) {
		if (strchr(" \"=", text.at[i]))
			return false;
	}
	return text.length > 0;
}

static void add_text(struct buf *line, struct slice text)
{
	SCOPED(buf_done) struct buf shown = BUF_MAX(VALUE_MAX);

	visible_add(&shown, text, VALUE_COLUMNS);
	if (is_plain(buf_view(&shown))) {
		buf_add_slice(line, buf_view(&shown));
		return;
	}
	buf_add_char(line, '"');
	for (size_t i = 0; i < shown.length; i++) {
		if (shown.at[i] == '"')
			buf_add_char(line, '\\');
		buf_add_char(line, shown.at[i]);
	}
	buf_add_char(line, '"');
}

static void add_pair(struct buf *line, const struct journal_pair *pair)
{
	buf_printf(line, " %s=", pair->key);
	if (pair->text)
		add_text(line, slice_of(pair->text));
	else
		buf_printf(line, "%llu", (unsigned long long)pair->number);
}

static void begin(struct buf *line, enum journal_kind kind)
{
	char moment[MOMENT_SIZE];

	moment_text((int64_t)realtime_ns(), moment);
	buf_printf(line, "%s %s %s", moment, KINDS[kind].level, KINDS[kind].what);
}

/* Whether there is a line to be had; the throttle's lock is not this one. */
static bool may_write(struct journal *journal, enum journal_kind kind)
{
	struct throttle *throttle = &journal->throttles[kind];
	struct pollfd ready = { .fd = journal->descriptor, .events = POLLOUT };
	uint64_t now_ns = monotonic_ns(), wait_s;

	if (!throttle_has(throttle, now_ns, &wait_s) || poll(&ready, 1, 0) != 1 ||
	    !(ready.revents & POLLOUT))
		return false;
	throttle_take(throttle, now_ns);
	return true;
}

static void write_line(struct journal *journal, enum journal_kind kind, struct buf *line)
{
	if (!may_write(journal, kind)) {
		journal->left_out[kind]++;
		return;
	}
	const struct journal_pair more = { "left_out", JOURNAL_NUMBER(journal->left_out[kind]) };
	if (more.number > 0)
		add_pair(line, &more);
	journal->left_out[kind] = 0;
	buf_add_char(line, '\n');
	if (!line->failed)
		(void)!write(journal->descriptor, line->at, line->length);
}

void journal_write(struct journal *journal, enum journal_kind kind,
		   const struct journal_pair *pairs, size_t count)
{
	SCOPED(buf_done) struct buf line = BUF_MAX(LINE_MAX_BYTES);

	if (journal->is_quiet && strcmp(KINDS[kind].level, "error") != 0)
		return;
	begin(&line, kind);
	for (size_t i = 0; i < count; i++)
		add_pair(&line, &pairs[i]);
	pthread_mutex_lock(&journal->lock);
	write_line(journal, kind, &line);
	pthread_mutex_unlock(&journal->lock);
}
