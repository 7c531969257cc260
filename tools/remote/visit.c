/* SPDX-License-Identifier: MIT */
#include "tools/remote/visit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "tools/command/command.h"
#include "tools/command/document.h"
#include "tools/command/terminal.h"

void visit_done(struct visit *visit)
{
	remote_answer_done(&visit->answer);
	remote_close(visit->remote);
	session_done(&visit->session);
}

int visit_open(const char *bundle, struct visit *ret_visit, struct error *error)
{
	struct session *session = &ret_visit->session;

	prctl(PR_SET_DUMPABLE, 0); /* the token is in it, and soon a key */
	int r = session_read(session, error);
	if (r < 0)
		return r;
	ret_visit->bundle = bundle ? bundle : session->bundle;
	if (!name_is_plain(slice_of(ret_visit->bundle)))
		return error_set(error, -EINVAL,
				 "'%.64s' is no bundle: small letters, digits, . - and _",
				 ret_visit->bundle);
	return remote_open(session->url, session->key_hash, session->token, &ret_visit->remote,
			   error);
}

static int refuse(const struct remote_answer *answer, struct error *error)
{
	if (answer->status == STATUS_UNAUTHORIZED)
		error_set(error, -EACCES,
			  "the server does not know this log-in any more: `chaperone login`");
	else
		remote_refused(answer, error);
	return VISIT_NO;
}

static int ask(struct visit *visit, struct remote_request *request, struct error *error)
{
	char path[2 * VISIT_PATH_MAX];
	int r;

	if (slice_starts_with(slice_of(request->path), "/v1/"))
		snprintf(path, sizeof(path), "%s", request->path);
	else
		snprintf(path, sizeof(path), "/v1/policies/%s%s", visit->bundle, request->path);
	request->path = path;
	request->timeout_ms = VISIT_TIMEOUT_MS;
	r = remote_ask(visit->remote, request, &visit->answer, error);
	if (r < 0)
		return r;
	if (visit->answer.status != STATUS_OK && visit->answer.status != STATUS_CREATED)
		return refuse(&visit->answer, error);
	return 0;
}

__attribute__((format(printf, 2, 0))) static int get(struct visit *visit, const char *format,
						     va_list arguments, struct error *error)
{
	struct remote_request request = { .method = "GET" };
	char path[VISIT_PATH_MAX];

	vsnprintf(path, sizeof(path), format, arguments);
	request.path = path;
	return ask(visit, &request, error);
}

static int read_answer(const struct visit *visit, json_t **ret_document, struct error *error)
{
	*ret_document = document_read(buf_view(&visit->answer.body));
	return *ret_document ? 0 : error_set(error, -EPROTO, "the server's answer is not complete");
}

int visit_get(struct visit *visit, json_t **ret_document, struct error *error, const char *format,
	      ...)
{
	va_list arguments;

	va_start(arguments, format);
	int r = get(visit, format, arguments, error);
	va_end(arguments);
	return r == 0 ? read_answer(visit, ret_document, error) : r;
}

int visit_get_text(struct visit *visit, struct slice *ret_text, struct error *error,
		   const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int r = get(visit, format, arguments, error);
	va_end(arguments);
	*ret_text = buf_view(&visit->answer.body);
	return r;
}

int visit_post(struct visit *visit, const char *path, struct slice body, json_t **ret_document,
	       struct error *error)
{
	struct remote_request request = { .method = "POST", .path = path, .body = body };
	int r = ask(visit, &request, error);

	return r == 0 ? read_answer(visit, ret_document, error) : r;
}

int visit_end(const char *command, int r, const struct error *error)
{
	if (r == 0)
		return EXIT_GOOD;
	if (error->text[0])
		terminal_error(command, error);
	return r > 0 ? EXIT_FINDINGS : EXIT_USAGE;
}
