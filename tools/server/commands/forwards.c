/* SPDX-License-Identifier: MIT */
/* `chaperone-server forward list`, `remove`, `pause`, `resume` and `test`: the receivers of the
 * record. */
#include <errno.h>
#include <stdio.h>

#include "common/clock.h"
#include "tools/command/command.h"
#include "tools/command/json.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"
#include "tools/server/people/change.h"
#include "tools/server/commands/commands.h"
#include "tools/server/forward/forward_batch.h"
#include "tools/server/forward/forward_sender.h"
#include "tools/server/record/ledger.h"
#include "tools/server/common/moment.h"

#define LIST_MAX (1 * MIB)

struct forwards_options {
	const char *data;
	bool is_json;
};

static const struct option_row LIST_ROWS[] = {
	OPTION_TEXT(forwards_options, data, "data", "FOLDER", "the folder that init made"),
	OPTION_FLAG(forwards_options, is_json, "json", "a list of objects"),
};

static const struct option_table LIST_OPTIONS = {
	OPTION_ROWS(LIST_ROWS),
	.about =
		"Lists where the record is sent to: how far each receiver has it, how far behind that is,\n"
		"and what went wrong last.",
	.exits =
		"0 listed, and all of them take it; 1 one does not, or the folder cannot be read; 2 asked wrongly",
};

/* ---- list ---- */

struct listing {
	struct store *store;
	struct buf *out;
	uint64_t size; /* of the log */
	uint64_t now_ns;
	bool is_json, has_trouble;
};

static bool is_in_trouble(const struct forward *forward)
{
	return forward->state == FORWARD_STOPPED ||
	       (forward->state == FORWARD_RUNNING && forward->failed_ns > forward->succeeded_ns);
}

/* How long what comes next has been here; 0 when there is nothing. */
static int find_lag(const struct listing *listing, const struct forward *forward,
		    uint64_t *ret_lag_s)
{
	struct log_delivery delivery;
	int r = log_find_delivery(listing->store, LEDGER_FIRST, forward->progress.next.leaf,
				  &delivery);

	*ret_lag_s = 0;
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (delivery.received_ns < listing->now_ns)
		*ret_lag_s = (listing->now_ns - delivery.received_ns) / SECOND_NS;
	return 0;
}

static uint64_t count_behind(const struct listing *listing, const struct forward *forward)
{
	uint64_t leaf = forward->progress.next.leaf;

	return listing->size > leaf ? listing->size - leaf : 0;
}

static void add_moment(struct buf *out, const char *name, uint64_t ns)
{
	if (ns > 0)
		moment_json(out, name, (int64_t)ns);
}

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

static void add_object(const struct listing *listing, const struct forward *forward, uint64_t lag_s)
{
	struct buf *out = listing->out;

	json_open(out, NULL, '{');
	json_text(out, "name", slice_of(forward->name));
	json_text(out, "to", slice_of(forward_kind_text(forward->kind)));
	json_text(out, "url", forward_shown_url(forward));
	add_header_names(out, forward);
	json_text(out, "state", slice_of(forward_state_text(forward->state)));
	json_number(out, "leaf", forward->progress.next.leaf);
	json_number(out, "behind", count_behind(listing, forward));
	json_number(out, "behind_s", lag_s);
	json_number(out, "sent", forward->sent);
	json_number(out, "rejected", forward->rejected);
	json_number(out, "skipped", forward->skipped);
	add_moment(out, "succeeded", forward->succeeded_ns);
	add_moment(out, "failed", forward->failed_ns);
	json_text_if(out, "error", slice_of(forward->error));
	json_close(out, '}');
}

static void add_lines(const struct listing *listing, const struct forward *forward, uint64_t lag_s)
{
	struct buf *out = listing->out;
	char succeeded[MOMENT_SIZE] = "never", failed[MOMENT_SIZE];

	if (forward->succeeded_ns)
		moment_text((int64_t)forward->succeeded_ns, succeeded);
	buf_printf(out, "%-16s %-8s %-6s %.*s\n", forward->name, forward_state_text(forward->state),
		   forward_kind_text(forward->kind), SLICE_ARGUMENTS(forward_shown_url(forward)));
	buf_printf(out, "  %llu events sent, %llu rejected, %llu skipped; the last ones %s\n",
		   (unsigned long long)forward->sent, (unsigned long long)forward->rejected,
		   (unsigned long long)forward->skipped, succeeded);
	buf_printf(out, "  %llu batches of the record behind, %llu s\n",
		   (unsigned long long)count_behind(listing, forward), (unsigned long long)lag_s);
	if (forward->failed_ns == 0)
		return;
	moment_text((int64_t)forward->failed_ns, failed);
	buf_printf(out, "  %s: %s\n", failed, forward->error);
}

static int add_forward(void *context, const struct forward *forward)
{
	struct listing *listing = context;
	uint64_t lag_s;
	int r = find_lag(listing, forward, &lag_s);

	if (r < 0)
		return r;
	if (is_in_trouble(forward))
		listing->has_trouble = true;
	(listing->is_json ? add_object : add_lines)(listing, forward, lag_s);
	return listing->out->failed;
}

static int list(struct listing *listing)
{
	struct buf *out = listing->out;
	int r = log_size(listing->store, &listing->size);

	if (listing->is_json)
		json_open(out, NULL, '[');
	if (r == 0)
		r = forward_each(listing->store, add_forward, listing);
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

	if (!options_read(&LIST_OPTIONS, argc, argv, &options, &status))
		return status;
	if (data_open(options.data, &data, &error) < 0)
		return fail(argv[0], &error);
	struct listing listing = { .store = data.store,
				   .out = &out,
				   .now_ns = realtime_ns(),
				   .is_json = options.is_json };
	int r = list(&listing);
	if (r < 0) {
		error_set(&error, r, "%s", store_trouble(data.store));
		return fail(argv[0], &error);
	}
	terminal_print_lines(stdout, buf_view(&out));
	return listing.has_trouble ? EXIT_FINDINGS : EXIT_GOOD;
}

/* ---- what is done with one ---- */

static const struct option_row NAME_ROWS[] = { CHANGE_OPTION_DATA(change_alone) };

#define NAME_OPTIONS(text, told)                                                                   \
	{                                                                                          \
		OPTION_ROWS(NAME_ROWS), .operands = "NAME", .operands_min = 1, .operands_max = 1,  \
					.about = text, .exits = told                               \
	}

static const struct change_case CASES[] = {
	{ -ENOENT, "there is no such forward: chaperone-server forward list shows them" },
	{ .text = NULL },
};

static const char *name_of(const void *context)
{
	return ((const struct change_alone *)context)->change.operands[0];
}

static int run(const struct change_command *command, int argc, char **argv)
{
	struct change_alone alone = { .change = { .data = NULL } };

	return change_run(command, argc, argv, &alone);
}

static int note(struct store *store, int r, enum audit_action action, const void *context)
{
	return r < 0 ? r : change_note(store, action, name_of(context), SLICE(""));
}

static int take_away(struct store *store, void *context)
{
	return note(store, forward_remove(store, name_of(context)), AUDIT_FORWARD_REMOVE, context);
}

static int halt(struct store *store, void *context)
{
	return note(store, forward_set_state(store, name_of(context), FORWARD_PAUSED),
		    AUDIT_FORWARD_PAUSE, context);
}

static int go_on(struct store *store, void *context)
{
	return note(store, forward_set_state(store, name_of(context), FORWARD_RUNNING),
		    AUDIT_FORWARD_RESUME, context);
}

static const struct change_command REMOVE = {
	.options = NAME_OPTIONS("The record is sent there no more.", CHANGE_EXITS),
	.cases = CASES,
	.work = take_away,
};
static const struct change_command PAUSE = {
	.options = NAME_OPTIONS(
		"Nothing is sent there until it is resumed, which begins where this ended.",
		CHANGE_EXITS),
	.cases = CASES,
	.work = halt,
};
static const struct change_command RESUME = {
	.options = NAME_OPTIONS(
		"Sends on, where it was paused or where the receiver refused what it was sent.",
		CHANGE_EXITS),
	.cases = CASES,
	.work = go_on,
};

int command_forward_remove(int argc, char **argv)
{
	return run(&REMOVE, argc, argv);
}

int command_forward_pause(int argc, char **argv)
{
	return run(&PAUSE, argc, argv);
}

int command_forward_resume(int argc, char **argv)
{
	return run(&RESUME, argc, argv);
}

/* ---- test ---- */

static const struct option_table TEST_OPTIONS =
	NAME_OPTIONS("Sends the receiver a request without events, and says what comes back.",
		     "0 the receiver takes it, 1 it does not, 2 asked wrongly");

static int send_nothing(const struct forward *forward, struct sending *ret_sending)
{
	SCOPED(forward_sender_freep) struct forward_sender *sender = NULL;
	SCOPED(forward_batch_done) struct forward_batch batch = { .events = 0 };
	int r = forward_sender_new(forward, &sender);

	if (r < 0)
		return r;
	forward_batch_begin(&batch, forward->kind, 1);
	r = forward_batch_end(&batch);
	if (r < 0)
		return r;
	CURL *request = forward_sender_begin(sender, forward_batch_body(&batch));
	forward_sender_end(sender, curl_easy_perform(request), ret_sending);
	return 0;
}

static int find(const struct change_alone *alone, const char *name, struct forward *ret_forward,
		struct error *error)
{
	SCOPED(data_close) struct data data = DATA_NONE;
	int r = data_open(alone->change.data, &data, error);

	if (r < 0)
		return r;
	r = forward_find(data.store, name, ret_forward);
	if (r == -ENOENT)
		return error_set(error, r, "%.64s: %s", name, CASES[0].text);
	return r < 0 ? error_set(error, r, "%s", store_trouble(data.store)) : 0;
}

static int try_out(const struct change_alone *alone, const char *name, struct error *error)
{
	SCOPED(forward_done) struct forward forward = FORWARD_EMPTY;
	struct sending sending;
	int r = find(alone, name, &forward, error);

	if (r < 0)
		return r;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return error_system(error, -ENOMEM, name);
	r = send_nothing(&forward, &sending);
	if (r < 0)
		return error_system(error, r, name);
	if (sending.end != SENDING_TAKEN)
		return error_set(error, -EIO, "%s: %s", name, sending.said);
	printf("%s: the receiver answers %u%s%s\n", name, sending.status,
	       sending.said[0] ? "; " : "", sending.said);
	return 0;
}

int command_forward_test(int argc, char **argv)
{
	struct change_alone alone = { .change = { .data = NULL } };
	struct error error = { .text = "" };
	int status;
	char **operands = options_read(&TEST_OPTIONS, argc, argv, &alone, &status);

	if (!operands)
		return status;
	return try_out(&alone, operands[0], &error) < 0 ? fail(argv[0], &error) : EXIT_GOOD;
}
