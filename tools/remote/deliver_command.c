/* SPDX-License-Identifier: MIT */
/* `chaperone audit deliver`: sends what the server does not have of a record. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "tools/command/command.h"
#include "tools/command/json.h"
#include "tools/command/options.h"
#include "tools/command/places.h"
#include "tools/command/terminal.h"
#include "tools/remote/commands.h"
#include "tools/remote/deliver.h"
#include "tools/remote/enrolled.h"
#include "tools/remote/follower.h"
#include "tools/remote/remote.h"

#define ANSWER_MAX (64 * KIB)
#define TIMEOUT_MS 60000
#define HEADER_MAX 64u
#define EVERY_MS   1000u /* how long something may wait to be sent */
#define BUSY_MS    5000u

struct deliver_options {
	const char *record, *folder;
	bool is_followed, is_json;
};

static const struct option_row ROWS[] = {
	OPTION_TEXT(deliver_options, record, "record", "FOLDER",
		    "the record's folder ($CHAPERONE_RECORD, ~/.local/state/chaperone/record)"),
	OPTION_TEXT(deliver_options, folder, "folder", "FOLDER", "where the enrolment is kept"),
	OPTION_FLAG(
		deliver_options, is_followed, "follow",
		"go on as the record grows, and print a line for each delivery, until standard\n"
		"output is closed"),
	OPTION_FLAG(deliver_options, is_json, "json", "print what was sent as JSON"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about =
		"Sends what the server does not have yet of the record.  `chaperone run` and `chaperone agent` do so\n"
		"by themselves on a machine that is enrolled.",
	.exits = "0 the server has all of it, 1 it has not, 2 asked wrongly",
};

struct sending {
	struct enrolled enrolled;
	struct remote *remote;
	struct deliver *deliver;
	struct remote_answer answer;
	struct error error;
	uint64_t sent; /* deliveries */
	uint64_t left; /* entries, at the last look */
};

static void sending_done(struct sending *sending)
{
	deliver_close(sending->deliver);
	remote_answer_done(&sending->answer);
	remote_close(sending->remote);
	enrolled_done(&sending->enrolled);
}

static int post(void *context, const struct delivery *delivery, struct deliver_answer *ret_answer)
{
	struct sending *sending = context;
	char part[HEADER_MAX], offset[HEADER_MAX], state[2 * HEADER_MAX];
	const struct remote_request request = {
		.method = "POST",
		.path = "/v1/record",
		.headers = { "Content-Type: application/octet-stream", "Content-Encoding: zstd",
			     part, offset, state },
		.body = delivery->frame,
		.timeout_ms = TIMEOUT_MS,
	};

	snprintf(part, sizeof(part), "Record-Part: %s", delivery->part);
	snprintf(offset, sizeof(offset), "Record-Offset: %" PRIu64, delivery->start);
	snprintf(state, sizeof(state), "Agent-State: version=" CHAPERONE_VERSION "; spool=%" PRIu64,
		 sending->left);
	int r = remote_ask(sending->remote, &request, &sending->answer, &sending->error);
	if (r < 0)
		return r;
	sending->sent++;
	*ret_answer =
		(struct deliver_answer){ sending->answer.status, buf_view(&sending->answer.body) };
	return 0;
}

static int open_all(const struct deliver_options *options, struct sending *sending)
{
	struct error *error = &sending->error;
	char folder[PATH_MAX], record[PATH_MAX];
	int r = enrolled_folder(options->folder, folder, error);

	if (r == 0)
		r = enrolled_read(folder, &sending->enrolled, error);
	if (r == 0)
		r = place_of_record(options->record, record, error);
	if (r == 0)
		r = remote_open(sending->enrolled.url, sending->enrolled.key_hash,
				sending->enrolled.token, &sending->remote, error);
	return r < 0 ? r : deliver_open(record, &sending->deliver, error);
}

/* What the server said, or why there is nothing that it said. */
static int explain(struct sending *sending, int r)
{
	if (sending->error.text[0])
		return r;
	if (sending->answer.status >= 300)
		return remote_refused(&sending->answer, &sending->error);
	return error_system(&sending->error, r, "the record cannot be delivered");
}

static int send_all(struct sending *sending, struct deliver_depth *ret_left)
{
	int r = deliver_look(sending->deliver, ret_left);

	if (r < 0)
		return explain(sending, r);
	uint64_t sent = sending->sent;
	sending->left = ret_left->entries;
	while ((r = deliver_once(sending->deliver, post, sending)) == 1)
		;
	if (r < 0)
		return explain(sending, r);
	if (sending->sent == sent)
		return 0;
	r = deliver_look(sending->deliver, ret_left);
	return r < 0 ? explain(sending, r) : 0;
}

static void show(const struct sending *sending, const struct deliver_depth *left, bool is_json)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(KIB);

	if (is_json) {
		json_open(&out, NULL, '{');
		json_number(&out, "deliveries", sending->sent);
		json_number(&out, "entries_left", left->entries);
		json_number(&out, "files_refused", left->refused);
		json_close(&out, '}');
		json_end(&out);
	} else {
		buf_printf(&out, "%" PRIu64 " %s to %s; it lacks %" PRIu64 " entries",
			   sending->sent, sending->sent == 1 ? "delivery" : "deliveries",
			   sending->enrolled.server, left->entries);
		if (left->refused > 0)
			buf_printf(
				&out,
				": %u files are refused, of which it has others under their names",
				left->refused);
	}
	puts(buf_text(&out));
}

/* "delivered LEFT" for each time that something was, as long as somebody listens. */
static bool tell(const struct sending *sending, uint64_t sent, const struct deliver_depth *left)
{
	if (sending->sent == sent || follower_is_alone(NULL))
		return true;
	printf("delivered %" PRIu64 "\n", left->entries);
	return fflush(stdout) == 0;
}

static void follow(struct sending *sending)
{
	struct deliver_depth left;
	unsigned int failures = 0;
	bool is_heard;

	do {
		uint64_t sent = sending->sent;
		/* Who writes the record closes the pipe behind his last word, which is then sent. */
		bool is_last = follower_is_alone(NULL);

		sending->error = (struct error){ .text = "" };
		sending->answer.status = 0;
		int r = send_all(sending, &left);
		failures = r < 0 ? failures + 1 : 0;
		is_heard =
			r < 0 ? follower_tell_failure(&sending->error) : tell(sending, sent, &left);
		if (is_last)
			break;
		if (failures > 0)
			follower_pause(failures, remote_header(&sending->answer, "Retry-After"));
		else
			follower_sleep_ms(EVERY_MS);
	} while (is_heard);
}

/* Another one of the same record may be there, and end. */
static int open_patiently(const struct deliver_options *options, struct sending *sending)
{
	int r;

	while ((r = open_all(options, sending)) == -EBUSY && options->is_followed &&
	       !follower_is_alone(NULL)) {
		remote_close(sending->remote);
		sending->remote = NULL;
		follower_sleep_ms(BUSY_MS);
	}
	return r;
}

int command_audit_deliver(int argc, char **argv)
{
	SCOPED(sending_done) struct sending sending = { .answer = REMOTE_ANSWER(ANSWER_MAX) };
	struct deliver_options options = { .record = NULL };
	struct deliver_depth left = { .entries = 0 };
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	prctl(PR_SET_DUMPABLE, 0); /* the token is in it */
	int r = open_patiently(&options, &sending);
	if (r == 0 && options.is_followed) {
		follow(&sending);
		return EXIT_GOOD;
	}
	if (r == 0)
		r = send_all(&sending, &left);
	if (r < 0) {
		terminal_error(argv[0], &sending.error);
		return EXIT_FINDINGS;
	}
	show(&sending, &left, options.is_json);
	return left.entries > 0 || left.refused > 0 ? EXIT_FINDINGS : EXIT_GOOD;
}
