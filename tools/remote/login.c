/* SPDX-License-Identifier: MIT */
/* `chaperone login` and `chaperone logout`: a person is known to the server for a while. */
#include <errno.h>
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "control/base64.h"
#include "tools/command/json.h"
#include "tools/command/options.h"
#include "tools/remote/author_options.h"
#include "tools/remote/commands.h"
#include "tools/command/password.h"
#include "tools/remote/visit.h"

#define TEXT_MAX   (16 * KIB)
#define TIMEOUT_MS 30000

struct login_options {
	const char *account, *pin, *bundle, *folder;
	bool is_from_stdin, is_json;
};

static const struct option_row ROWS[] = {
	OPTION_TEXT(login_options, account, "account", "NAME", "who logs in (the login's name)"),
	OPTION_TEXT(
		login_options, pin, "pin", "HASH",
		"the SHA-256 of the server's key, where neither this machine nor the last log-in "
		"knows it:\nwhat `chaperone-server init` printed of its certificate, or what stands "
		"behind the dot of a\ncode of `chaperone-server code`"),
	OPTION_TEXT(login_options, bundle, "bundle", "NAME",
		    "the policies that `policy` commands mean (this machine's, else " SESSION_BUNDLE
		    ")"),
	OPTION_TEXT(login_options, folder, "folder", "FOLDER", "where the enrolment is kept"),
	OPTION_FLAG(login_options, is_from_stdin, "password-stdin",
		    "the password is the first line of standard input"),
	OPTION_FLAG(login_options, is_json, "json", "print who is logged in as JSON"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.operands = "[URL]",
	.operands_max = 1,
	.about =
		"Logs a person in, with a password, for twelve hours.  Without URL the server is the one\n"
		"that this machine is enrolled with, or that of the last log-in.",
	.exits = AUTHOR_EXITS,
};

/* ---- which server ---- */

static int read_pin(const char *pin, unsigned char ret_hash[SHA256_SIZE], struct error *error)
{
	size_t length;

	if ((sodium_hex2bin(ret_hash, SHA256_SIZE, pin, strlen(pin), ": ", &length, NULL) == 0 &&
	     length == SHA256_SIZE) ||
	    (base64url_read(slice_of(pin), ret_hash, SHA256_SIZE, &length) == 0 &&
	     length == SHA256_SIZE))
		return 0;
	return error_set(
		error, -EINVAL,
		"--pin is no hash of a key: `chaperone-server init` printed it, 64 digits");
}

static bool is_same_url(const char *url, const char *known)
{
	size_t length = strlen(url);

	length -= length > 0 && url[length - 1] == '/';
	return strncmp(url, known, length) == 0 &&
	       strspn(known + length, "/") == strlen(known + length);
}

/* Takes what is known of a server, if it is the one that is asked for or if none is. */
static bool take(const char *asked, const char *url, const unsigned char *hash, const char *bundle,
		 struct session *session)
{
	if (asked && !is_same_url(asked, url))
		return false;
	snprintf(session->url, sizeof(session->url), "%s", url);
	snprintf(session->bundle, sizeof(session->bundle), "%s", bundle);
	memcpy(session->key_hash, hash, SHA256_SIZE);
	return true;
}

static bool find_enrolment(const char *asked, const char *option, struct session *session)
{
	SCOPED(enrolled_done) struct enrolled enrolled = { .url = "" };
	char folder[PATH_MAX];

	return enrolled_folder(option, folder, NULL) == 0 &&
	       enrolled_read(folder, &enrolled, NULL) == 0 &&
	       take(asked, enrolled.url, enrolled.key_hash, enrolled.bundle, session);
}

static bool find_last(const char *asked, struct session *session)
{
	SCOPED(session_done) struct session last = { .url = "" };

	return session_read(&last, NULL) == 0 &&
	       take(asked, last.url, last.key_hash, last.bundle, session);
}

static int find_server(const char *url, const struct login_options *options,
		       struct session *session, struct error *error)
{
	bool is_known = find_enrolment(url, options->folder, session) || find_last(url, session);

	if (!is_known && !url)
		return error_set(error, -EINVAL, "this machine is not enrolled: say URL and --pin");
	if (!is_known && !options->pin)
		return error_set(error, -EINVAL,
				 "%.200s is not the server of this machine: say with --pin which "
				 "key it has, as `chaperone-server init` printed",
				 url);
	if (!is_known && strlen(url) >= sizeof(session->url))
		return error_set(error, -EINVAL, "'%.200s' is not https://HOST:PORT", url);
	if (!is_known)
		take(NULL, url, session->key_hash, SESSION_BUNDLE, session);
	return options->pin ? read_pin(options->pin, session->key_hash, error) : 0;
}

/* ---- who ---- */

static int choose(const char *what, const char *given, char ret_name[NAME_PLAIN_MAX + 1],
		  struct error *error)
{
	if (given && !name_is_plain(slice_of(given)))
		return error_set(error, -EINVAL,
				 "'%.64s' is no %s: small letters, digits, . - and _", given, what);
	if (given)
		snprintf(ret_name, NAME_PLAIN_MAX + 1, "%s", given);
	return 0;
}

static int find_person(const struct login_options *options, struct session *session,
		       struct error *error)
{
	const struct passwd *login = options->account ? NULL : getpwuid(geteuid());
	const char *account = options->account ? options->account : login ? login->pw_name : "";
	int r = choose("account", account, session->account, error);

	return r < 0 ? r : choose("bundle", options->bundle, session->bundle, error);
}

static int get_password(const struct login_options *options, const struct session *session,
			struct buf *password, struct error *error)
{
	char prompt[2 * KIB];

	if (options->is_from_stdin)
		return password_read(password, error);
	snprintf(prompt, sizeof(prompt), "Password of %s at %s: ", session->account, session->url);
	return password_ask(prompt, password, error);
}

/* ---- asking ---- */

static int ask(const struct session *session, const char *token, const char *path,
	       struct slice body, struct remote_answer *answer, struct error *error)
{
	SCOPED(remote_closep) struct remote *remote = NULL;
	struct remote_request request = {
		.method = "POST", .path = path, .body = body, .timeout_ms = TIMEOUT_MS
	};
	int r = remote_open(session->url, session->key_hash, token, &remote, error);

	if (r == 0)
		r = remote_ask(remote, &request, answer, error);
	if (r == -EKEYREJECTED)
		return error_set(error, r,
				 "%.200s is another server: its key is not the one that "
				 "was expected, and it was asked nothing",
				 session->url);
	return r;
}

static int send(struct session *session, struct slice password, struct error *error)
{
	SCOPED(secret_done) struct buf body = BUF_MAX(TEXT_MAX);
	SCOPED(remote_answer_done) struct remote_answer answer = REMOTE_ANSWER(TEXT_MAX);

	json_open(&body, NULL, '{');
	json_text(&body, "account", slice_of(session->account));
	json_text(&body, "password", password);
	json_close(&body, '}');
	json_end(&body);
	int r = ask(session, NULL, "/v1/login", buf_view(&body), &answer, error);
	if (r < 0)
		return r;
	if (answer.status == STATUS_OK)
		return session_keep(buf_view(&answer.body), session, error);
	remote_refused(&answer, error);
	return VISIT_NO;
}

static int log_in(const char *url, const struct login_options *options, struct session *session,
		  struct error *error)
{
	SCOPED(secret_done) struct buf password = BUF_MAX(PASSWORD_MAX);
	int r = find_server(url, options, session, error);

	if (r == 0)
		r = find_person(options, session, error);
	if (r == 0)
		r = get_password(options, session, &password, error);
	return r < 0 ? r : send(session, buf_view(&password), error);
}

static void show(const struct session *session, bool is_json)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(TEXT_MAX);

	if (!is_json) {
		printf("%s is logged in to %s until %s, as %s; policy commands mean %s.\n",
		       session->account, session->url, session->expires, session->role,
		       session->bundle);
		return;
	}
	json_open(&out, NULL, '{');
	json_text(&out, "url", slice_of(session->url));
	json_text(&out, "account", slice_of(session->account));
	json_text(&out, "role", slice_of(session->role));
	json_text(&out, "bundle", slice_of(session->bundle));
	json_text(&out, "expires", slice_of(session->expires));
	json_close(&out, '}');
	json_end(&out);
	puts(buf_text(&out));
}

int command_login(int argc, char **argv)
{
	SCOPED(session_done) struct session session = { .url = "" };
	struct login_options options = { .account = NULL };
	struct error error = { .text = "" };
	int status;
	char **operands = options_read(&OPTIONS, argc, argv, &options, &status);

	if (!operands)
		return status;
	prctl(PR_SET_DUMPABLE, 0); /* the password is in it */
	int r = log_in(operands[0], &options, &session, &error);
	if (r == 0)
		show(&session, options.is_json);
	return visit_end(argv[0], r, &error);
}
