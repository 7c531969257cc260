/* SPDX-License-Identifier: MIT */
/* `chaperone enroll`: the machine comes to belong to a server. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control/code.h"
#include "tools/command/command.h"
#include "tools/command/json.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"
#include "tools/remote/commands.h"
#include "tools/remote/enrolled.h"
#include "tools/remote/remote.h"

#define ANSWER_MAX (256 * KIB)
#define TEXT_MAX   (4 * KIB)
#define TIMEOUT_MS 30000
#define CREATED    201u

struct enroll_options {
	const char *code, *host, *folder;
	bool is_json, is_again;
};

static const struct option_row ROWS[] = {
	{ .name = "code",
	  .argument = "CODE",
	  .offset = OPTION_PLACE(enroll_options, code, const char *),
	  .is_needed = true,
	  .help = "what `chaperone-server code` printed; it lets one machine enrol, for 15 minutes" },
	OPTION_TEXT(enroll_options, host, "host", "NAME",
		    "what the server's pages call this machine (its host name)"),
	OPTION_TEXT(enroll_options, folder, "folder", "FOLDER",
		    "where the enrolment is kept (" ENROLLED_OF_ROOT
		    " for root,\nelse ~/.local/state/chaperone/server)"),
	OPTION_FLAG(enroll_options, is_again, "again", "in place of an enrolment that is there"),
	OPTION_FLAG(enroll_options, is_json, "json", "print what was enrolled as JSON"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.operands = "URL",
	.operands_min = 1,
	.operands_max = 1,
	.about =
		"Makes this machine one of a server's, whose policies are in force here from then on.  The code\n"
		"says which server it is: another one that answers at URL is not believed.",
	.exits = "0 enrolled, 1 the server said no, 2 could not ask",
};

static int check_place(const struct enroll_options *options, const char *folder,
		       struct error *error)
{
	if (enrolled_is(folder) && !options->is_again)
		return error_set(error, -EEXIST,
				 "this machine is enrolled (%.200s); --again enrols it anew",
				 folder);
	return 0;
}

static int host_name(const struct enroll_options *options, char ret_host[ENROLLED_NAME_MAX + 1])
{
	if (options->host)
		return snprintf(ret_host, ENROLLED_NAME_MAX + 1, "%s", options->host) >
				       (int)ENROLLED_NAME_MAX
			       ? -ENAMETOOLONG
			       : 0;
	return gethostname(ret_host, ENROLLED_NAME_MAX) < 0 ? -errno : 0;
}

/* The server gets the secret, and never the hash of its own key: it would have to have it. */
static void write_request(struct slice code, const char *host, struct buf *out)
{
	struct slice rest = slice_trim(code);

	json_open(out, NULL, '{');
	json_text(out, "code", slice_cut(&rest, '.'));
	json_text(out, "host", slice_of(host));
	json_close(out, '}');
	json_end(out);
}

/* 1 and `error`: the server said no. */
static int ask(const char *url, const struct enrolment_code *code, struct slice body,
	       struct remote_answer *answer, struct error *error)
{
	SCOPED(remote_closep) struct remote *remote = NULL;
	struct remote_request request = { .method = "POST",
					  .path = "/v1/enroll",
					  .headers = { "Content-Type: application/json" },
					  .body = body,
					  .timeout_ms = TIMEOUT_MS };
	int r = remote_open(url, code->key_hash, NULL, &remote, error);

	if (r == 0)
		r = remote_ask(remote, &request, answer, error);
	if (r == -EKEYREJECTED)
		return error_set(error, r, "%.200s is not the server that the code is for", url);
	if (r < 0)
		return r;
	if (answer->status == CREATED)
		return 0;
	remote_refused(answer, error);
	return 1;
}

static int enroll(const char *url, const struct enroll_options *options,
		  struct enrolled *ret_enrolled, struct error *error)
{
	SCOPED(buf_done) struct buf body = BUF_MAX(TEXT_MAX);
	SCOPED(remote_answer_done) struct remote_answer answer = REMOTE_ANSWER(ANSWER_MAX);
	char folder[PATH_MAX], host[ENROLLED_NAME_MAX + 1] = "";
	struct enrolment_code code;
	int r = enrolled_folder(options->folder, folder, error);

	if (r == 0)
		r = check_place(options, folder, error);
	if (r < 0)
		return r;
	if (code_read(slice_of(options->code), &code) < 0)
		return error_set(error, -EINVAL,
				 "the code is none: `chaperone-server code` prints one");
	if (host_name(options, host) < 0)
		return error_set(error, -EINVAL, "a host's name has at most %u letters",
				 ENROLLED_NAME_MAX);
	write_request(slice_of(options->code), host, &body);
	r = ask(url, &code, buf_view(&body), &answer, error);
	return r != 0 ? r
		      : enrolled_keep(folder, url, code.key_hash, buf_view(&answer.body),
				      ret_enrolled, error);
}

static void show(const struct enrolled *enrolled, bool is_json)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(TEXT_MAX);

	if (!is_json) {
		printf("Enrolled with %s as %s; its policies are %s.\n", enrolled->server,
		       enrolled->agent, enrolled->bundle);
		return;
	}
	json_open(&out, NULL, '{');
	json_text(&out, "server", slice_of(enrolled->server));
	json_text(&out, "agent", slice_of(enrolled->agent));
	json_text(&out, "bundle", slice_of(enrolled->bundle));
	json_text(&out, "folder", slice_of(enrolled->folder));
	json_close(&out, '}');
	json_end(&out);
	puts(buf_text(&out));
}

int command_enroll(int argc, char **argv)
{
	SCOPED(enrolled_done) struct enrolled enrolled = { .url = "" };
	struct enroll_options options = { .code = NULL };
	struct error error = { .text = "" };
	int status;
	char **operands = options_read(&OPTIONS, argc, argv, &options, &status);

	if (!operands)
		return status;
	int r = enroll(operands[0], &options, &enrolled, &error);
	if (r == 0) {
		show(&enrolled, options.is_json);
		return EXIT_GOOD;
	}
	terminal_error(argv[0], &error);
	return r > 0 ? EXIT_FINDINGS : EXIT_USAGE;
}
