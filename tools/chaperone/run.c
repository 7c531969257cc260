/* SPDX-License-Identifier: MIT */
/* `chaperone run`: starts a command under the shim, and is its parent in every respect that the
 * command can see. */
#include "tools/chaperone/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/command/command.h"
#include "tools/chaperone/commands.h"
#include "tools/chaperone/governed.h"
#include "tools/command/options.h"

static int read_ungoverned(const char *text, void *ret_lets)
{
	bool is_warn = strcmp(text, "warn") == 0;

	if (!is_warn && strcmp(text, "refuse") != 0)
		return -EINVAL;
	*(bool *)ret_lets = is_warn;
	return 0;
}

static const struct option_row ROWS[] = {
	OPTION_TEXT(
		run_options, policy, "policy", "PATH",
		"a policy file or folder (else $CHAPERONE_POLICY, ./chaperone and its parents,\n"
		"~/.config/chaperone, /etc/chaperone)"),
	OPTION_TEXT(run_options, record, "record", "PATH",
		    "the folder of the record (else ~/.local/state/chaperone/record)"),
	OPTION_TEXT(run_options, as_name, "as", "NAME", "be the caller that the policy calls NAME"),
	OPTION_TEXT(run_options, reason, "reason", "TEXT", "why, for the record"),
	OPTION_FLAG(run_options, is_trial, "trial", "judge and record, enforce nothing"),
	{ .name = "ungoverned",
	  .argument = "MODE",
	  .offset = OPTION_PLACE(run_options, lets_ungoverned, bool),
	  .read = read_ungoverned,
	  .expected = "refuse or warn",
	  .help = "what becomes of clients that are not governed: `refuse` stops them at connect, `warn`\n"
		  "lets them pass with a line and a note on the record (refuse)" },
	OPTION_FLAG(
		run_options, is_audited, "audit",
		"have the loader show every binding (LD_AUDIT): governs what binds to libpq past "
		"the\n"
		"preloaded library, and guards what dlmopen loads"),
	OPTION_FLAG(run_options, is_quiet, "quiet", "no line at the start and at the end"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.operands = "-- CMD [ARGUMENT...]",
	.operands_min = 1,
	.operands_max = OPERANDS_MANY,
	.is_command_behind = true,
	.about =
		"Runs CMD with every statement it sends to a database judged, masked and recorded.",
	.exits =
		"that of CMD, 128+N when signal N ended it; 125 when chaperone cannot do its part,\n"
		"126 when CMD cannot be executed, 127 when it is not found",
	.status_refused = EXIT_CHAPERONE,
};

static int fail(const struct error *error)
{
	char text[1024];

	error_format(error, text, sizeof(text));
	fprintf(stderr, "chaperone: %s\n", text);
	return EXIT_CHAPERONE;
}

/* Inside a governed tree the outer run governs: an inner one could only loosen what it says. */
static int run_governed(const struct run_options *options, const char *why)
{
	if (!options->is_quiet && isatty(STDERR_FILENO))
		fprintf(stderr, "chaperone: governed already (%s): that run's policy counts\n",
			why);
	execvp(options->command[0], options->command);
	int code = errno;
	fprintf(stderr, "chaperone: %s: %s\n", options->command[0], strerror(code));
	return code == ENOENT ? RUN_NOT_FOUND : RUN_CANNOT_EXECUTE;
}

int command_run(int argc, char **argv)
{
	struct run_options options = { 0 };
	struct run run = RUN_EMPTY;
	struct error error = { 0 };
	char why[GOVERNED_WHY_MAX];
	int status;

	options.command = options_read(&OPTIONS, argc, argv, &options, &status);
	if (!options.command)
		return status;
	if (governed(why))
		return run_governed(&options, why);
	if (run_prepare(&run, &options, &error) < 0 || run_check_reach(&run, &error) < 0 ||
	    run_start_agent(&run, &error) < 0) {
		run_done(&run);
		return fail(&error);
	}
	run_say_start(&run);
	status = run_command(&run);
	run_stop_agent(&run);
	run_say_end(&run);
	run_done(&run);
	return status;
}
