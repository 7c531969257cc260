/* SPDX-License-Identifier: MIT */
/* `chaperone policy pull`: asks the server for the newest policy, once or for as long as its starter
 * lives. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "common/clock.h"
#include "control/base64.h"
#include "tools/command/command.h"
#include "tools/command/json.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"
#include "tools/policy/source.h"
#include "tools/remote/bundle.h"
#include "tools/remote/commands.h"
#include "tools/remote/follower.h"
#include "tools/remote/remote.h"
#include "tools/remote/roots.h"

#define HELD_S      30 /* how long the server may hold a request */
#define ANSWER_MS   10000
#define HELD_MS     (HELD_S * 1000 + ANSWER_MS)
#define STATUS_OK   200u
#define STATUS_SAME 304u
#define HEADER_MAX  256u
#define TRIES       3

struct pull_options {
	const char *folder;
	bool is_followed, is_json;
};

static const struct option_row ROWS[] = {
	OPTION_TEXT(pull_options, folder, "folder", "FOLDER", "where the enrolment is kept"),
	OPTION_FLAG(
		pull_options, is_followed, "follow",
		"go on asking, and print a line for each answer, until standard output is closed"),
	OPTION_FLAG(pull_options, is_json, "json", "print what is held then as JSON"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about =
		"Asks the server for the newest policy and keeps it, if it is signed by whom this machine\n"
		"believes.  `chaperone run` does so by itself.",
	.exits = "0 the newest is held, 1 the server or its policy is not right, 2 asked wrongly",
};

struct pull {
	struct enrolled enrolled;
	struct remote *remote;
	struct bundle held;
	struct remote_answer answer;
};

static void pull_done(struct pull *pull)
{
	remote_answer_done(&pull->answer);
	bundle_done(&pull->held);
	remote_close(pull->remote);
	enrolled_done(&pull->enrolled);
}

/* What the machine's agents will do with it: they have to be able to. */
static int try(void *context, struct slice source, struct error *error)
{
	SCOPED(policy_source_done) struct policy_source texts = { .texts = NULL };
	SCOPED(policy_freep) struct policy *policy = NULL;
	int r = policy_source_unpack(source, &texts, error);

	(void)context;
	if (r == 0)
		r = policy_source_parse(&texts, &policy, error);
	if (r == 0 && policy_unenforced(policy, 0, error))
		r = -ENOTSUP;
	return r;
}

/* Asks; waits for a version that is not held where `held_s` is not 0. */
static int ask(struct pull *pull, int held_s, struct error *error)
{
	char match[HEADER_MAX], prefer[HEADER_MAX], state[HEADER_MAX];
	struct remote_request request = { .method = "GET",
					  .path = "/v1/policy",
					  .headers = { state, match, prefer },
					  .timeout_ms = held_s > 0 ? HELD_MS : ANSWER_MS,
					  .is_over = held_s > 0 ? follower_is_alone : NULL };

	snprintf(state, sizeof(state),
		 "Agent-State: version=" CHAPERONE_VERSION "; policy=%" PRIu64, pull->held.version);
	snprintf(match, sizeof(match), "If-None-Match: \"%" PRIu64 "\"", pull->held.version);
	snprintf(prefer, sizeof(prefer), "Prefer: wait=%d", held_s);
	if (held_s == 0)
		request.headers[2] = NULL;
	return remote_ask(pull->remote, &request, &pull->answer, error);
}

static int refresh(struct pull *pull, struct error *error)
{
	struct slice text = remote_header(&pull->answer, "Policy-Fresh");
	char note[REMOTE_HEADERS_MAX];
	size_t length;

	if (base64_read(text, note, sizeof(note), &length) < 0)
		return error_set(error, -EBADMSG, "the server's answer is not complete");
	return bundle_refresh(&pull->enrolled, (struct slice){ note, length }, &pull->held, error);
}

/* Who signs may have changed since: one root after the other is asked for, before the policy is looked
 * at. */
static int walk(struct pull *pull, struct error *error)
{
	struct slice header = remote_header(&pull->answer, "Author-Root");
	uint64_t newest = 0;

	if (!header.at || slice_to_u64(header, &newest) < 0)
		return error_set(error, -EBADMSG, "the server's answer is not complete");
	return roots_walk(&pull->enrolled, pull->remote, newest, pull->held.release_digest, error);
}

/* 1: another version is held now, 0: the same still. */
static int take(struct pull *pull, struct error *error)
{
	if (pull->answer.status == STATUS_OK || pull->answer.status == STATUS_SAME) {
		int r = walk(pull, error);

		if (r < 0)
			return r;
	}
	switch (pull->answer.status) {
	case STATUS_OK:
		return bundle_receive(&pull->enrolled, buf_view(&pull->answer.body), try, NULL,
				      &pull->held, error);
	case STATUS_SAME:
		return refresh(pull, error);
	default:
		return remote_refused(&pull->answer, error);
	}
}

static int pull_open(const struct pull_options *options, struct pull *pull, struct error *error)
{
	char folder[PATH_MAX];
	int r = enrolled_folder(options->folder, folder, error);

	if (r == 0)
		r = enrolled_read(folder, &pull->enrolled, error);
	if (r == 0)
		r = bundle_held(&pull->enrolled, &pull->held, error);
	if (r == 0)
		r = remote_open(pull->enrolled.url, pull->enrolled.key_hash, pull->enrolled.token,
				&pull->remote, error);
	return r;
}

static void show(const struct bundle *held, const char *bundle, bool is_json)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(KIB);

	if (!is_json) {
		printf("%s version %" PRIu64 "\n", bundle, held->version);
		return;
	}
	json_open(&out, NULL, '{');
	json_text(&out, "bundle", slice_of(bundle));
	json_number(&out, "version", held->version);
	json_number(&out, "issued", held->issued_s);
	json_number(&out, "expires", held->expires_s);
	json_close(&out, '}');
	json_end(&out);
	puts(buf_text(&out));
}

/* An answer that another process was quicker to take is asked for again: it may just have been late. */
static int ask_and_take(struct pull *pull, int held_s, struct error *error)
{
	int r = -EALREADY;

	for (int i = 0; i < TRIES && r == -EALREADY; i++) {
		r = ask(pull, i == 0 ? held_s : 0, error);
		if (r == 0)
			r = take(pull, error);
	}
	return r;
}

static int pull_once(struct pull *pull, bool is_json, struct error *error)
{
	int r = ask_and_take(pull, 0, error);

	if (r < 0)
		return r;
	show(&pull->held, pull->enrolled.bundle, is_json);
	return 0;
}

/* ---- for as long as somebody reads ---- */

/* "held VERSION ISSUED EXPIRES", or why not: for agents.  False when nobody reads any more. */
static bool tell(const struct pull *pull, int r, const struct error *error)
{
	if (r < 0)
		return follower_tell_failure(error);
	printf("held %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", pull->held.version,
	       pull->held.issued_s, pull->held.expires_s);
	return fflush(stdout) == 0;
}

static void follow(struct pull *pull)
{
	unsigned int failures = 0;
	struct error error;
	int r;

	do {
		error = (struct error){ .text = "" };
		r = ask_and_take(pull, failures == 0 ? HELD_S : 0, &error);
		failures = r < 0 ? failures + 1 : 0;
		if (failures > 0 && r != -ESTALE)
			follower_pause(failures, remote_header(&pull->answer, "Retry-After"));
	} while (tell(pull, r, &error) &&
		 r != -ESTALE); /* whoever starts it again reads the new enrolment */
}

int command_policy_pull(int argc, char **argv)
{
	SCOPED(pull_done)
	struct pull pull = { .held = BUNDLE_NONE, .answer = REMOTE_ANSWER(ENVELOPE_MAX) };
	struct pull_options options = { .folder = NULL };
	struct error error = { .text = "" };
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	prctl(PR_SET_DUMPABLE, 0); /* the token is in it */
	int r = pull_open(&options, &pull, &error);
	if (r == 0 && options.is_followed)
		follow(&pull);
	else if (r == 0)
		r = pull_once(&pull, options.is_json, &error);
	if (r == 0)
		return EXIT_GOOD;
	terminal_error(argv[0], &error);
	return EXIT_FINDINGS;
}
