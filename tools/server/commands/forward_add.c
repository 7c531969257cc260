/* SPDX-License-Identifier: MIT */
/* `chaperone-server forward add`: one more receiver of the record. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/file.h"
#include "control/name.h"
#include "tools/command/when.h"
#include "tools/server/commands/change.h"
#include "tools/server/commands/commands.h"
#include "tools/server/forward/forward_sender.h"

#define TIMEOUT_S    30
#define TIMEOUT_MAX  600
#define OPEN_S       60
#define OPEN_MAX     86400
#define FROM_FORMS   "now, start, " WHEN_FORMS
#define PEM_BEGINS   "-----BEGIN CERTIFICATE-----"
#define TOKEN_OTHERS "!#$%&'*+-.^_`|~" /* RFC 9110, 5.6.2 */

struct add_options {
	struct change change;
	enum forward_kind kind;
	const char *header_file, *authorities_file;
	struct beginning {
		enum forward_from from;
		uint64_t when_ns;
	} beginning;
	uint64_t timeout_s, open_after_s;
	struct forward forward; /* what they make */
};

static int read_kind(const char *text, void *ret_kind)
{
	return forward_kind_read(text, ret_kind);
}

static int read_beginning(const char *text, void *ret_beginning)
{
	struct beginning *beginning = ret_beginning;

	beginning->from = strcmp(text, "now") == 0     ? FORWARD_FROM_NOW
			  : strcmp(text, "start") == 0 ? FORWARD_FROM_START
						       : FORWARD_FROM_WHEN;
	return beginning->from == FORWARD_FROM_WHEN ? when_read(text, &beginning->when_ns) : 0;
}

static int read_timeout(const char *text, void *ret_value)
{
	return option_number(text, 1, TIMEOUT_MAX, ret_value);
}

static int read_open_after(const char *text, void *ret_value)
{
	return option_number(text, 1, OPEN_MAX, ret_value);
}

static const struct option_row ROWS[] = {
	CHANGE_OPTION_DATA(add_options),
	{ .name = "to",
	  .argument = "KIND",
	  .offset = offsetof(struct add_options, kind),
	  .help = "otlp: OpenTelemetry's logs, protobuf over HTTP (URL/v1/logs where the URL has no\n"
		  "path); ndjson: a line of JSON for each event, OCSF 1.8 Datastore Activity",
	  .read = read_kind,
	  .expected = "otlp or ndjson",
	  .is_needed = true },
	OPTION_TEXT(add_options, header_file, "header-file", "FILE",
		    "headers that are sent with each request, one in a line; readable by its\n"
		    "owner alone"),
	OPTION_TEXT(add_options, authorities_file, "ca", "FILE",
		    "whom to believe who the receiver is, in PEM, in place of the machine's"),
	{ .name = "from",
	  .argument = "WHEN",
	  .offset = offsetof(struct add_options, beginning),
	  .help = "now (the default), start, or a moment: " WHEN_FORMS,
	  .read = read_beginning,
	  .expected = FROM_FORMS },
	{ .name = "timeout",
	  .argument = "SECONDS",
	  .offset = offsetof(struct add_options, timeout_s),
	  .help = "how long a request may take (30)",
	  .read = read_timeout,
	  .expected = "seconds, 1 to 600" },
	{ .name = "open-after",
	  .argument = "SECONDS",
	  .offset = offsetof(struct add_options, open_after_s),
	  .help = "send a statement without its outcome when that did not come within (60)",
	  .read = read_open_after,
	  .expected = "seconds, at most a day" },
};

/* ---- the files that are named ---- */

static int read_private(const char *path, struct buf *buf, struct error *error)
{
	SCOPED(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat state;
	int r = fd < 0 || fstat(fd, &state) < 0 ? -errno : 0;

	if (r == 0 && (state.st_mode & (S_IRWXG | S_IRWXO)))
		return error_set(error, -EPERM,
				 "%.200s holds secrets and others can read it: chmod 600 it", path);
	if (r == 0)
		r = file_read_fd(fd, buf);
	return r < 0 ? error_system(error, r, path) : 0;
}

/* Those that say what the body is are the server's own. */
static const char *object_to_header(struct slice line)
{
	static const char *const OURS[] = { "content-type",   "content-encoding",
					    "content-length", "transfer-encoding",
					    "host",           "expect" };
	struct slice value = line, name = slice_cut(&value, ':');

	if (!value.at || name.length == 0)
		return "is not NAME: VALUE";
	for (size_t i = 0; i < name.length; i++) {
		if (!isalnum((unsigned char)name.at[i]) && !strchr(TOKEN_OTHERS, name.at[i]))
			return "has a name that no header can have";
	}
	for (size_t i = 0; i < value.length; i++) {
		if (iscntrl((unsigned char)value.at[i]) && value.at[i] != '\t')
			return "holds a control character";
	}
	for (size_t i = 0; i < COUNT_OF(OURS); i++) {
		if (slice_equal_ignoring_case(name, slice_of(OURS[i])))
			return "is a header that the server sets itself";
	}
	return slice_trim(value).length > 0 ? NULL : "has no value";
}

static int read_headers(const char *path, struct forward *forward, struct error *error)
{
	SCOPED(secret_done) struct buf text = BUF_MAX(FORWARD_HEADERS_MAX);
	int r = path ? read_private(path, &text, error) : 0;
	struct slice rest = buf_view(&text);

	for (int number = 1; r == 0 && rest.length > 0; number++) {
		struct slice line = slice_trim(slice_cut(&rest, '\n'));
		const char *objection = line.length > 0 ? object_to_header(line) : NULL;

		if (objection)
			return error_set(error, -EINVAL, "line %d of %.200s %s", number, path,
					 objection);
		if (line.length == 0)
			continue;
		buf_add_text(&forward->headers, forward->headers.length > 0 ? "\n" : "");
		buf_add_slice(&forward->headers, line);
	}
	return r < 0 ? r : forward->headers.failed;
}

static int read_authorities(const char *path, struct forward *forward, struct error *error)
{
	if (!path)
		return 0;
	int r = file_read(path, &forward->authorities);
	if (r < 0)
		return error_system(error, r, path);
	if (!strstr(buf_text(&forward->authorities), PEM_BEGINS))
		return error_set(error, -EINVAL, "%.200s has no certificate in PEM", path);
	return 0;
}

static int prepare(void *context, struct error *error)
{
	struct add_options *options = context;
	struct forward *forward = &options->forward;
	const char *name = options->change.operands[0];

	if (!name_is_plain(slice_of(name)))
		return error_set(error, -EINVAL,
				 "'%.64s' is no name: small letters, digits, . - and _", name);
	snprintf(forward->name, sizeof(forward->name), "%s", name);
	forward->kind = options->kind;
	forward->timeout_s = options->timeout_s;
	forward->open_after_s = options->open_after_s;
	forward->since_ns = options->beginning.when_ns;
	forward->made_ns = (int64_t)realtime_ns();
	int r = forward_url_read(options->change.operands[1], options->kind, forward->url, error);
	if (r == 0)
		r = read_headers(options->header_file, forward, error);
	return r < 0 ? r : read_authorities(options->authorities_file, forward, error);
}

static int add(struct store *store, void *context)
{
	struct add_options *options = context;
	struct forward *forward = &options->forward;
	int r = forward_add(store, forward, options->beginning.from);

	return r < 0 ? r
		     : change_note(store, AUDIT_FORWARD_ADD, forward->name,
				   forward_shown_url(forward));
}

static const struct change_case CASES[] = {
	{ -EEXIST, "there is a forward of that name already" },
	{ -E2BIG, "there are 16 forwards already, and no more can be" },
	{ .text = NULL },
};
_Static_assert(FORWARDS_MAX == 16, "as is said");

static const struct change_command ADD = {
	.options = { OPTION_ROWS(ROWS), .operands = "NAME URL", .operands_min = 2,
		     .operands_max = 2,
		     .about =
			     "A server that runs sends the record there from the next second on, and so\n"
			     "does one that is started later.  URL is https://, or http:// for this\n"
			     "machine.",
		     .exits = CHANGE_EXITS },
	.cases = CASES,
	.prepare = prepare,
	.work = add,
};

int command_forward_add(int argc, char **argv)
{
	struct add_options options = { .timeout_s = TIMEOUT_S,
				       .open_after_s = OPEN_S,
				       .forward = FORWARD_EMPTY };
	int status = change_run(&ADD, argc, argv, &options);

	forward_done(&options.forward);
	return status;
}
