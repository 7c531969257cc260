/* SPDX-License-Identifier: MIT */
/* `chaperone-server forward remove`, `pause`, `resume`, `take-over` and `test`: what is done with the
 * receivers of the record. */
#include <errno.h>
#include <stdio.h>

#include "tools/command/command.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"
#include "tools/server/commands/change.h"
#include "tools/server/commands/commands.h"
#include "tools/server/forward/forward_batch.h"
#include "tools/server/forward/forward_sender.h"
#include "tools/server/record/ledger.h"

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

/* ---- take-over ---- */

struct take_options {
	struct change change;
	int64_t taker; /* the log of the folder's server */
};

static const struct option_row TAKE_ROWS[] = { CHANGE_OPTION_DATA(take_options) };

static const struct change_case TAKE_CASES[] = {
	{ -ENOENT, "there is no such log: chaperone-server forward list shows them" },
	{ -EBUSY, "the server that forwards it wrote within the last minute: it is there still" },
	{ -E2BIG, "this server has taken over 16 logs already, and no more can be" },
	{ .text = NULL },
};
_Static_assert(FORWARD_LOGS_MAX == 16 && FORWARD_GONE_NS == 60 * SECOND_NS, "as is said");

static int find_taker(void *context, struct error *error)
{
	SCOPED(signing_key_done) struct signing_key key = { .secret = { 0 } };
	SCOPED(data_close) struct data data = DATA_NONE;
	struct take_options *options = context;
	int r = data_open(options->change.data, &data, error);

	if (r == 0)
		r = data_key(&data, DATA_LOG_KEY, &key, error);
	if (r < 0)
		return r;
	r = ledger_open(data.store, &key.verifying, &options->taker);
	return r < 0 ? error_system(error, r, DATA_LOG_KEY) : 0;
}

static int take_over(struct store *store, void *context)
{
	const struct take_options *options = context;

	return note(store, forward_take_over(store, name_of(context), options->taker),
		    AUDIT_FORWARD_TAKE, context);
}

static const struct change_command TAKE = {
	.options = { OPTION_ROWS(TAKE_ROWS), .operands = "LOG", .operands_min = 1,
		     .operands_max = 1,
		     .about =
			     "The folder's server sends on what came to another one that is gone for good,\n"
			     "from where every receiver has that log.  A server that starts again takes its\n"
			     "own log back.",
		     .exits = CHANGE_EXITS },
	.cases = TAKE_CASES,
	.prepare = find_taker,
	.work = take_over,
};

int command_forward_take_over(int argc, char **argv)
{
	struct take_options options = { .change = { .data = NULL } };

	return change_run(&TAKE, argc, argv, &options);
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
	if (try_out(&alone, operands[0], &error) == 0)
		return EXIT_GOOD;
	terminal_error(argv[0], &error);
	return EXIT_FINDINGS;
}
