/* SPDX-License-Identifier: MIT */
/* `chaperone-server forward list`: the receivers of the record, and how far each has each log. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tools/command/command.h"
#include "tools/command/json.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"
#include "tools/server/commands/commands.h"
#include "tools/server/common/moment.h"
#include "tools/server/forward/forward.h"
#include "tools/server/store/data.h"

#define LIST_MAX (1 * MIB)

struct forwards_options {
	const char *data;
	bool is_json;
};

static const struct option_row ROWS[] = {
	OPTION_TEXT(forwards_options, data, "data", "FOLDER", "the folder that init made"),
	OPTION_FLAG(forwards_options, is_json, "json", "a list of objects"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about =
		"Lists where the record is sent to: how far each receiver has it, how far behind that is,\n"
		"and what went wrong last.",
	.exits =
		"0 listed, and all of them take it; 1 one does not, or the folder cannot be read; 2 asked wrongly",
};

/* Of one log, or of all that a receiver gets. */
struct state {
	uint64_t behind, lag_s; /* lag_s: how long what comes next has been here */
	uint64_t sent, rejected, skipped;
	uint64_t succeeded_ns, failed_ns;
	char error[FORWARD_ERROR_MAX];
};

struct listing {
	struct store *store;
	struct buf *out;
	uint64_t now_ns;
	bool is_json, has_trouble;
	char name[FORWARD_NAME_MAX + 1]; /* of the forward that has begun; empty: none has */
	struct buf logs;                 /* of that */
	size_t log_count;
	struct state all;
};

/* ---- what is told of a log ---- */

static int find_lag(const struct listing *listing, const struct forward *forward,
		    uint64_t *ret_lag_s)
{
	struct log_delivery delivery;
	int r = log_find_next(listing->store, forward->log.log, forward->progress.next.leaf,
			      &delivery);

	*ret_lag_s = 0;
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (delivery.received_ns < listing->now_ns)
		*ret_lag_s = (listing->now_ns - delivery.received_ns) / SECOND_NS;
	return 0;
}

static int read_state(const struct listing *listing, const struct forward *forward,
		      struct state *ret_state)
{
	uint64_t leaf = forward->progress.next.leaf, size = forward->log.size;

	*ret_state = (struct state){ .behind = size > leaf ? size - leaf : 0,
				     .sent = forward->sent,
				     .rejected = forward->rejected,
				     .skipped = forward->skipped,
				     .succeeded_ns = forward->succeeded_ns,
				     .failed_ns = forward->failed_ns };
	memcpy(ret_state->error, forward->error, sizeof(ret_state->error));
	return find_lag(listing, forward, &ret_state->lag_s);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The last failure of any log is the forward's. */
static void add_state(struct state *all, const struct state *one)
{
	if (one->failed_ns > all->failed_ns)
		memcpy(all->error, one->error, sizeof(all->error));
	all->behind += one->behind;
	all->sent += one->sent;
	all->rejected += one->rejected;
	all->skipped += one->skipped;
	all->lag_s = larger(all->lag_s, one->lag_s);
	all->succeeded_ns = larger(all->succeeded_ns, one->succeeded_ns);
	all->failed_ns = larger(all->failed_ns, one->failed_ns);
}

static bool is_in_trouble(const struct forward *forward)
{
	return forward->state == FORWARD_STOPPED ||
	       (forward->state == FORWARD_RUNNING && forward->failed_ns > forward->succeeded_ns);
}

static void add_moment(struct buf *out, const char *name, uint64_t ns)
{
	if (ns > 0)
		moment_json(out, name, (int64_t)ns);
}

static void add_state_json(struct buf *out, const struct state *state)
{
	json_number(out, "behind", state->behind);
	json_number(out, "behind_s", state->lag_s);
	json_number(out, "sent", state->sent);
	json_number(out, "rejected", state->rejected);
	json_number(out, "skipped", state->skipped);
	add_moment(out, "succeeded", state->succeeded_ns);
	add_moment(out, "failed", state->failed_ns);
	json_text_if(out, "error", slice_of(state->error));
}

/* ---- as JSON ---- */

static void add_header_names(struct buf *out, const struct forward *forward)
{
	struct slice rest = buf_view(&forward->headers);

	json_open(out, "headers", '[');
	while (rest.length > 0) {
		struct slice line = slice_cut(&rest, '\n');

		json_text(out, NULL, slice_cut(&line, ':'));
	}
	json_close(out, ']');
}

static void begin_json(struct listing *listing, const struct forward *forward)
{
	struct buf *out = listing->out;

	json_open(out, NULL, '{');
	json_text(out, "name", slice_of(forward->name));
	json_text(out, "to", slice_of(forward_kind_text(forward->kind)));
	json_text(out, "url", forward_shown_url(forward));
	add_header_names(out, forward);
	json_text(out, "state", slice_of(forward_state_text(forward->state)));
	json_open(out, "logs", '[');
}

static void add_log_json(struct listing *listing, const struct forward *forward, struct slice by,
			 const struct state *state)
{
	struct buf *out = listing->out;

	json_open(out, NULL, '{');
	json_text(out, "log", slice_of(forward->log.name));
	json_text(out, "by", by);
	json_number(out, "leaf", forward->progress.next.leaf);
	add_state_json(out, state);
	json_close(out, '}');
}

static void end_json(struct listing *listing)
{
	json_close(listing->out, ']');
	add_state_json(listing->out, &listing->all);
	json_close(listing->out, '}');
}

/* ---- as lines ---- */

static void begin_lines(struct listing *listing, const struct forward *forward)
{
	buf_printf(listing->out, "%-16s %-8s %-6s %.*s\n", forward->name,
		   forward_state_text(forward->state), forward_kind_text(forward->kind),
		   SLICE_ARGUMENTS(forward_shown_url(forward)));
}

static void add_behind(struct buf *out, const struct state *state)
{
	buf_printf(out, "%llu batches of the record behind, %llu s\n",
		   (unsigned long long)state->behind, (unsigned long long)state->lag_s);
}

static void add_log_line(struct listing *listing, const struct forward *forward, struct slice by,
			 const struct state *state)
{
	struct buf *out = &listing->logs;

	buf_printf(out, "  %s", forward->log.name);
	if (!slice_is(by, forward->log.name))
		buf_printf(out, " (by %.*s)", SLICE_ARGUMENTS(by));
	buf_add_text(out, ": ");
	add_behind(out, state);
}

static void end_lines(struct listing *listing)
{
	const struct state *all = &listing->all;
	struct buf *out = listing->out;
	char succeeded[MOMENT_SIZE] = "never", failed[MOMENT_SIZE];

	if (all->succeeded_ns)
		moment_text((int64_t)all->succeeded_ns, succeeded);
	buf_printf(out, "  %llu events sent, %llu rejected, %llu skipped; the last ones %s\n  ",
		   (unsigned long long)all->sent, (unsigned long long)all->rejected,
		   (unsigned long long)all->skipped, succeeded);
	add_behind(out, all);
	if (listing->log_count > 1)
		buf_add_slice(out, buf_view(&listing->logs));
	if (all->failed_ns == 0)
		return;
	moment_text((int64_t)all->failed_ns, failed);
	buf_printf(out, "  %s: %s\n", failed, all->error);
}

/* ---- which there are ---- */

static const struct {
	void (*begin)(struct listing *listing, const struct forward *forward);
	void (*add_log)(struct listing *listing, const struct forward *forward, struct slice by,
			const struct state *state);
	void (*end)(struct listing *listing);
} FORMS[] = { { begin_lines, add_log_line, end_lines }, { begin_json, add_log_json, end_json } };

static void end_forward(struct listing *listing)
{
	if (listing->name[0])
		FORMS[listing->is_json].end(listing);
}

static void begin_forward(struct listing *listing, const struct forward *forward)
{
	end_forward(listing);
	memcpy(listing->name, forward->name, sizeof(listing->name));
	listing->all = (struct state){ .behind = 0 };
	listing->log_count = 0;
	buf_clear(&listing->logs);
	FORMS[listing->is_json].begin(listing, forward);
}

static int take_name(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	buf_add_slice(context, columns[0].bytes);
	return ((struct buf *)context)->failed;
}

static int add_log(struct listing *listing, const struct forward *forward)
{
	char room[KEY_NAME_MAX + 1];
	struct buf by = BUF_OVER(room);
	struct state state;
	int r = read_state(listing, forward, &state);

	if (r == 0)
		r = store_run(listing->store, "SELECT name FROM log_tree WHERE log = $1",
			      STORE_VALUES(store_number(forward->log.forwarder)), take_name, &by);
	if (r < 0)
		return r;
	add_state(&listing->all, &state);
	listing->log_count++;
	FORMS[listing->is_json].add_log(listing, forward, buf_view(&by), &state);
	return 0;
}

static int add_forward(void *context, const struct forward *forward)
{
	struct listing *listing = context;

	if (strcmp(listing->name, forward->name) != 0)
		begin_forward(listing, forward);
	if (is_in_trouble(forward))
		listing->has_trouble = true;
	int r = forward->log.log == 0 ? 0 : add_log(listing, forward);
	return r < 0 ? r : listing->out->failed;
}

static int list(struct listing *listing)
{
	struct buf *out = listing->out;

	if (listing->is_json)
		json_open(out, NULL, '[');
	int r = forward_each(listing->store, 0, add_forward, listing);
	end_forward(listing);
	if (listing->is_json) {
		json_close(out, ']');
		json_end(out);
		buf_add_text(out, "\n");
	}
	return r < 0 ? r : out->failed;
}

static int fail(const char *command, const struct error *error)
{
	terminal_error(command, error);
	return EXIT_FINDINGS;
}

int command_forward_list(int argc, char **argv)
{
	SCOPED(data_close) struct data data = DATA_NONE;
	SCOPED(buf_done) struct buf out = BUF_MAX(LIST_MAX);
	struct forwards_options options = { .data = NULL };
	struct error error = { .text = "" };
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	if (data_open(options.data, &data, &error) < 0)
		return fail(argv[0], &error);
	struct listing listing = { .store = data.store,
				   .out = &out,
				   .logs = BUF_MAX(LIST_MAX),
				   .now_ns = realtime_ns(),
				   .is_json = options.is_json };
	int r = list(&listing);
	buf_done(&listing.logs);
	if (r < 0) {
		error_set(&error, r, "%s", store_reason(data.store, r));
		return fail(argv[0], &error);
	}
	terminal_print_lines(stdout, buf_view(&out));
	return listing.has_trouble ? EXIT_FINDINGS : EXIT_GOOD;
}
