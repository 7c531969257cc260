/* SPDX-License-Identifier: MIT */
/* `chaperone-server code`: lets one machine enrol. */
#include <errno.h>
#include <stdio.h>

#include "tools/command/command.h"
#include "tools/command/json.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"
#include "tools/server/people/audit.h"
#include "tools/server/common/certificate.h"
#include "tools/server/commands/commands.h"
#include "tools/server/store/data.h"
#include "tools/server/api/enrolment.h"
#include "tools/server/common/moment.h"
#include "control/name.h"

#define DEFAULT_BUNDLE "default"

struct code_options {
	const char *data;
	const char *bundle;
	const char *certificate;
	bool is_json;
};

static const struct option_row ROWS[] = {
	OPTION_TEXT(code_options, data, "data", "FOLDER", "the folder that init made"),
	OPTION_TEXT(code_options, bundle, "bundle", "NAME",
		    "the policies that the machine gets (" DEFAULT_BUNDLE ")"),
	OPTION_TEXT(code_options, certificate, "certificate", "FILE",
		    "the certificate with which the server runs, where that is not init's"),
	OPTION_FLAG(code_options, is_json, "json", "print the code as JSON"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about = "Prints a code with which one machine enrols within 15 minutes.",
	.exits = "0 printed, 1 none was made, 2 asked wrongly",
};

static int read_key_hash(const struct data *data, const char *given, unsigned char *ret_hash,
			 struct error *error)
{
	SCOPED(buf_done) struct buf certificate = BUF_MAX(DATA_FILE_MAX);
	int r = data_read_or(data, given, DATA_CERTIFICATE, &certificate, error);

	if (r == 0 && certificate_key_hash(buf_view(&certificate), ret_hash) < 0)
		r = error_set(error, -EINVAL, "%.300s is no certificate",
			      given ? given : DATA_CERTIFICATE);
	return r;
}

struct offer {
	struct enrolment_code *code;
	struct slice bundle;
	int64_t expires_ns;
};

static int make_offer(struct store *store, void *context)
{
	struct offer *offer = context;

	return enrolment_offer(store, audit_system(), offer->bundle, offer->code,
			       &offer->expires_ns);
}

static int make_code(const struct code_options *options, struct enrolment_code *ret_code,
		     int64_t *ret_expires_ns, struct error *error)
{
	SCOPED(data_close) struct data data = DATA_NONE;
	int r = data_open(options->data, &data, error);

	if (r == 0)
		r = read_key_hash(&data, options->certificate, ret_code->key_hash, error);
	if (r < 0)
		return r;
	struct offer offer = { ret_code, slice_of(options->bundle), 0 };
	r = store_transact(data.store, make_offer, &offer);
	*ret_expires_ns = offer.expires_ns;
	return r < 0 ? error_set(error, r, "%s", store_trouble(data.store)) : 0;
}

static void show(const struct enrolment_code *code, int64_t expires_ns, bool is_json)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(DATA_FILE_MAX);
	SCOPED(buf_done) struct buf out = BUF_MAX(DATA_FILE_MAX);
	char expires[MOMENT_SIZE];

	code_write(code, &text);
	moment_text(expires_ns, expires);
	if (is_json) {
		json_open(&out, NULL, '{');
		json_text(&out, "code", buf_view(&text));
		json_text(&out, "expires", slice_of(expires));
		json_close(&out, '}');
		json_end(&out);
	} else {
		buf_add_slice(&out, buf_view(&text));
		fprintf(stderr, "One machine enrols with it until %s.\n", expires);
	}
	puts(buf_text(&out));
}

int command_code(int argc, char **argv)
{
	struct code_options options = { .bundle = DEFAULT_BUNDLE };
	struct error error = { .text = "" };
	struct enrolment_code code;
	int64_t expires_ns;
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	if (!name_is_plain(slice_of(options.bundle))) {
		error_set(&error, -EINVAL, "'%.64s' is no bundle: small letters, digits, . - and _",
			  options.bundle);
		return command_fail(argv[0], &error);
	}
	if (make_code(&options, &code, &expires_ns, &error) < 0) {
		terminal_error(argv[0], &error);
		return EXIT_FINDINGS;
	}
	show(&code, expires_ns, options.is_json);
	return EXIT_GOOD;
}
