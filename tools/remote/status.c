/* SPDX-License-Identifier: MIT */
/* `chaperone status`: who this machine is to its server, and whether they understand each other. */
#include <errno.h>
#include <stdio.h>

#include "tools/command/command.h"
#include "tools/command/options.h"
#include "tools/command/report.h"
#include "tools/remote/commands.h"
#include "tools/remote/enrolled.h"
#include "tools/remote/remote.h"

#define ANSWER_MAX (64 * KIB)
#define TIMEOUT_MS 10000
#define OK         200u

struct status_options {
	const char *folder;
	bool is_json;
};

static const struct option_row ROWS[] = {
	OPTION_TEXT(status_options, folder, "folder", "FOLDER", "where the enrolment is kept"),
	OPTION_FLAG(status_options, is_json, "json", "print it as JSON"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about =
		"Says with which server this machine is enrolled, as whom, and whether it answers.",
	.exits = "0 all is well, 1 something is not, 2 asked wrongly",
};

static int ask(const struct enrolled *enrolled, struct error *error)
{
	SCOPED(remote_closep) struct remote *remote = NULL;
	SCOPED(remote_answer_done) struct remote_answer answer = REMOTE_ANSWER(ANSWER_MAX);
	struct remote_request request = { .method = "GET",
					  .path = "/v1/agent",
					  .headers = { "Agent-State: version=" CHAPERONE_VERSION },
					  .timeout_ms = TIMEOUT_MS };
	int r = remote_open(enrolled->url, enrolled->key_hash, enrolled->token, &remote, error);

	if (r == 0)
		r = remote_ask(remote, &request, &answer, error);
	if (r == 0 && answer.status != OK)
		r = remote_refused(&answer, error);
	return r;
}

static void say_server(struct report *report, const struct enrolled *enrolled)
{
	struct error error = { .text = "" };

	report_say(report, REPORT_NOTE, "machine", "%s, policies %s", enrolled->agent,
		   enrolled->bundle);
	if (ask(enrolled, &error) < 0)
		report_say(report, REPORT_PROBLEM, "server", "%s (%s): %s", enrolled->server,
			   enrolled->url, error.text);
	else
		report_say(report, REPORT_GOOD, "server", "%s (%s) answers", enrolled->server,
			   enrolled->url);
}

int command_status(int argc, char **argv)
{
	SCOPED(enrolled_done) struct enrolled enrolled = { .url = "" };
	struct status_options options = { .folder = NULL };
	struct error error = { .text = "" };
	char folder[PATH_MAX];
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	struct report report = REPORT_EMPTY(options.is_json);
	int r = enrolled_folder(options.folder, folder, &error);
	if (r == 0)
		r = enrolled_read(folder, &enrolled, &error);
	if (r == -ENOENT)
		report_say(&report, REPORT_NOTE, "server",
			   "none: this machine is not enrolled; policies and record are its own");
	else if (r < 0)
		report_say(&report, REPORT_PROBLEM, "server", "%s", error.text);
	else
		say_server(&report, &enrolled);
	return report_end(&report);
}
