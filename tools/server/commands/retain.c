/* SPDX-License-Identifier: MIT */
/* `chaperone-server retain`: lets go of what machines delivered before some time. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "tools/command/command.h"
#include "tools/command/json.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"
#include "tools/command/when.h"
#include "tools/server/commands/commands.h"
#include "tools/server/commands/retention.h"
#include "tools/server/common/moment.h"
#include "tools/server/people/setting.h"
#include "tools/server/store/data.h"

#define DAY_NS     (86400 * SECOND_NS)
#define OUTPUT_MAX (8 * KIB)

struct retain_options {
	const char *data;
	uint64_t before_ns;
	bool is_dry, is_json, is_regardless;
};

static const struct option_row ROWS[] = {
	OPTION_TEXT(retain_options, data, "data", "FOLDER", "the folder that init made"),
	{ .name = "before",
	  .argument = "WHEN",
	  .offset = offsetof(struct retain_options, before_ns),
	  .help = "what the server had earlier goes, a day ago at the latest:\n" WHEN_FORMS
		  "\n(as the setting retain says)",
	  .read = when_read,
	  .expected = WHEN_FORMS },
	OPTION_FLAG(retain_options, is_dry, "dry-run", "only say what would go"),
	OPTION_FLAG(retain_options, is_regardless, "regardless-of-forwards",
		    "let go of what a receiver does not have yet as well"),
	OPTION_FLAG(retain_options, is_json, "json", "print one JSON object"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about =
		"Lets go, for good, of what machines delivered to this server before some time, and of\n"
		"what is searched of it.  The hashes of all of it, checkpoints and counts stay.  A server\n"
		"may run meanwhile.",
	.exits = "0 done, 1 it cannot be done, or a forward holds some of it up, 2 asked wrongly",
};

static int choose_time(struct store *store, struct retain_options *options, struct error *error)
{
	uint64_t now_ns = realtime_ns(), retain_s = 0;

	if (options->before_ns == 0) {
		int r = setting_read(store, SETTING_RETAIN, &retain_s);

		if (r < 0)
			return error_set(error, r, "%s", store_reason(store, r));
		if (retain_s == 0)
			return error_set(error, -EINVAL,
					 "expected --before: the setting retain is off");
		options->before_ns =
			retain_s < now_ns / SECOND_NS ? now_ns - retain_s * SECOND_NS : 1;
	}
	return options->before_ns + DAY_NS <= now_ns
		       ? 0
		       : error_set(error, -EINVAL,
				   "--before: expected a time that is a day ago or longer");
}

static bool progress(void *context, const struct retain *retain)
{
	(void)context;
	fprintf(stderr, "\r%3u %% of %llu deliveries",
		(unsigned)(retain->deliveries ? retain->gone.deliveries * 100 / retain->deliveries
					      : 100),
		(unsigned long long)retain->deliveries);
	fflush(stderr);
	return false;
}

static int let_go(struct store *store, struct retention_run *run, struct error *error)
{
	bool is_watched = isatty(STDERR_FILENO);

	if (is_watched)
		run->is_over = progress;
	int r = retention_do(store, run);
	if (is_watched)
		fputs("\r\033[K", stderr);
	if (r == -EUCLEAN)
		return error_set(error, r,
				 "from leaf %llu on the record here is not what the log has: "
				 "chaperone-server export and verify_export.py say more",
				 (unsigned long long)(run->retain.first + run->retain.gone.leaves));
	return r < 0 ? error_set(error, r, "%s", store_reason(store, r)) : 0;
}

static void add_json(const struct retention_run *run, bool is_dry, struct buf *out)
{
	const struct retain *retain = &run->retain;
	struct retain_sum planned = { retain->deliveries, retain->leaves, retain->bytes };
	const struct retain_sum *sum = is_dry ? &planned : &retain->gone;

	json_open(out, NULL, '{');
	json_text(out, "log", slice_of(retain->signer->key->verifying.name));
	moment_json(out, "before", (int64_t)retain->before_ns);
	json_bool(out, "dry_run", is_dry);
	json_number(out, "first_leaf", retain->first);
	json_number(out, "deliveries", sum->deliveries);
	json_number(out, "leaves", sum->leaves);
	json_number(out, "bytes", sum->bytes);
	json_number(out, "boots", run->boots);
	json_text_if(out, "forward", slice_of(retain->forward));
	json_close(out, '}');
	json_end(out);
	buf_add_char(out, '\n');
}

static void add_lines(const struct retention_run *run, bool is_dry, struct buf *out)
{
	const struct retain *retain = &run->retain;
	struct retain_sum planned = { retain->deliveries, retain->leaves, retain->bytes };
	const struct retain_sum *sum = is_dry ? &planned : &retain->gone;
	char before[MOMENT_SIZE];

	moment_text((int64_t)retain->before_ns, before);
	buf_printf(out,
		   "%s: %llu deliveries of %llu leaves before %s, %llu bytes; %s leaf %llu on\n",
		   is_dry ? "would go" : "gone", (unsigned long long)sum->deliveries,
		   (unsigned long long)sum->leaves, before, (unsigned long long)sum->bytes,
		   is_dry ? "what would stay begins with" : "what is here goes from",
		   (unsigned long long)(retain->first + sum->leaves));
}

static int show(const struct retention_run *run, const struct retain_options *options)
{
	char room[OUTPUT_MAX];
	struct buf out = BUF_OVER(room);

	(options->is_json ? add_json : add_lines)(run, options->is_dry, &out);
	fwrite(out.at, 1, out.length, stdout);
	if (!run->retain.forward[0])
		return EXIT_GOOD;
	fprintf(stderr,
		"chaperone-server retain: the forward %s does not have leaf %llu yet, so that it and "
		"what follows stay\n"
		"(forward list; --regardless-of-forwards lets go of it)\n",
		run->retain.forward, (unsigned long long)run->retain.end);
	return EXIT_FINDINGS;
}

static int work(const struct retain_options *options, struct data *data, struct error *error)
{
	SCOPED(signing_key_done) struct signing_key key = { .secret = { 0 } };
	struct ledger_signer signer = { .key = &key };
	int r = data_key(data, DATA_LOG_KEY, &key, error);

	if (r < 0)
		return r;
	r = ledger_open(data->store, &key.verifying, &signer.log);
	struct retention_run run = { .retain = { .signer = &signer,
						 .before_ns = options->before_ns,
						 .is_regardless = options->is_regardless },
				     .actor = audit_system() };
	if (r == 0)
		r = retention_plan(data->store, &run);
	if (r < 0)
		return error_set(error, r, "%s", store_reason(data->store, r));
	if (!options->is_dry)
		r = let_go(data->store, &run, error);
	return r < 0 ? r : show(&run, options);
}

int command_retain(int argc, char **argv)
{
	struct retain_options options = { .data = NULL };
	SCOPED(data_close) struct data data = DATA_NONE;
	struct error error = { .text = "" };
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	int r = data_open(options.data, &data, &error);
	if (r == 0) {
		r = choose_time(data.store, &options, &error);
		if (r == -EINVAL)
			return command_fail(argv[0], &error);
	}
	if (r == 0)
		r = work(&options, &data, &error);
	if (r >= 0)
		return r;
	terminal_error(argv[0], &error);
	return EXIT_FINDINGS;
}
