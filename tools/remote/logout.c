/* SPDX-License-Identifier: MIT */
/* `chaperone logout`: the log-in ends, here and on the server. */
#include <errno.h>
#include <stdio.h>

#include "tools/command/json.h"
#include "tools/command/options.h"
#include "tools/remote/author_options.h"
#include "tools/remote/commands.h"
#include "tools/remote/visit.h"

#define ANSWER_MAX (64 * KIB)
#define TIMEOUT_MS 10000
#define NO_CONTENT 204u

struct logout_options {
	bool is_json;
};

static const struct option_row ROWS[] = {
	OPTION_FLAG(logout_options, is_json, "json", "print who was logged in as JSON"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about = "Ends a log-in: the server is told, and nothing is kept here.",
	.exits = AUTHOR_EXITS,
};

/* A log-in that the server does not know any more is over as well. */
static int tell_server(const struct session *session, struct error *error)
{
	SCOPED(remote_closep) struct remote *remote = NULL;
	SCOPED(remote_answer_done) struct remote_answer answer = REMOTE_ANSWER(ANSWER_MAX);
	struct remote_request request = { .method = "POST",
					  .path = "/v1/logout",
					  .timeout_ms = TIMEOUT_MS };
	int r = remote_open(session->url, session->key_hash, session->token, &remote, error);

	if (r == 0)
		r = remote_ask(remote, &request, &answer, error);
	if (r < 0 || answer.status == NO_CONTENT || answer.status == STATUS_UNAUTHORIZED)
		return r;
	remote_refused(&answer, error);
	return VISIT_NO;
}

static void show(const struct session *session, bool is_json)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(8 * KIB);

	if (is_json) {
		json_open(&out, NULL, '{');
		json_text(&out, "account", slice_of(session->account));
		json_text(&out, "url", slice_of(session->url));
		json_close(&out, '}');
		json_end(&out);
		puts(buf_text(&out));
	} else {
		printf("%s is logged out of %s.\n", session->account, session->url);
	}
}

int command_logout(int argc, char **argv)
{
	SCOPED(session_done) struct session session = { .url = "" };
	struct logout_options options = { .is_json = false };
	struct error error = { .text = "" }, told = { .text = "" };
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	int r = session_read(&session, &error);
	if (r == 0)
		r = tell_server(&session, &told);
	if (r != 0 && told.text[0])
		error_set(&error, r < 0 ? r : -EACCES,
			  "nothing is kept here any more, but the server was not told: %.300s",
			  told.text);
	if (session.url[0] && session_drop(&error) < 0)
		return visit_end(argv[0], -EIO, &error);
	if (r == 0)
		show(&session, options.is_json);
	return visit_end(argv[0], r, &error);
}
