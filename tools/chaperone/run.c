/* SPDX-License-Identifier: MIT */
/* `chaperone run`: starts a command under the shim, and is its parent in every respect that the command can see. */
#include "tools/chaperone/run.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>

#include "tools/chaperone/command.h"
#include "tools/chaperone/commands.h"
#include "tools/chaperone/governed.h"

static const char HELP[] =
	"usage: chaperone run [options] -- CMD [ARGUMENT...]\n"
	"\n"
	"Runs CMD with every statement it sends to a database judged, masked and recorded.\n"
	"\n"
	"  --policy PATH        a policy file or folder (else $CHAPERONE_POLICY, ./chaperone and its parents,\n"
	"                       ~/.config/chaperone, /etc/chaperone)\n"
	"  --record PATH        the folder of the record (else ~/.local/state/chaperone/record)\n"
	"  --as NAME            be the caller that the policy calls NAME\n"
	"  --reason TEXT        why, for the record\n"
	"  --trial              judge and record, enforce nothing\n"
	"  --quiet              no line at the start and at the end\n"
	"  -h, --help           this help\n"
	"\n"
	"exit: that of CMD, 128+N when signal N ended it; 125 when chaperone cannot do its part,\n"
	"126 when CMD cannot be executed, 127 when it is not found\n";

enum option_key { OPTION_POLICY = 256, OPTION_RECORD, OPTION_AS, OPTION_REASON, OPTION_TRIAL, OPTION_QUIET };

static const struct option OPTIONS[] = {
	{ "policy", required_argument, NULL, OPTION_POLICY }, { "record", required_argument, NULL, OPTION_RECORD },
	{ "as", required_argument, NULL, OPTION_AS },         { "reason", required_argument, NULL, OPTION_REASON },
	{ "trial", no_argument, NULL, OPTION_TRIAL },         { "quiet", no_argument, NULL, OPTION_QUIET },
	{ "help", no_argument, NULL, 'h' },                   { NULL, 0, NULL, 0 },
};

/* Takes one option; false when it is not one. */
static bool take_option(struct run_options *options, int key)
{
	switch (key) {
	case OPTION_POLICY:
		options->policy = optarg;
		return true;
	case OPTION_RECORD:
		options->record = optarg;
		return true;
	case OPTION_AS:
		options->as_name = optarg;
		return true;
	case OPTION_REASON:
		options->reason = optarg;
		return true;
	case OPTION_TRIAL:
		options->is_trial = true;
		return true;
	case OPTION_QUIET:
		options->is_quiet = true;
		return true;
	default:
		return false;
	}
}

/* 0 to go on, or the exit status + 1. */
static int read_options(int argc, char **argv, struct run_options *options)
{
	int key;

	optind = 1;
	while ((key = getopt_long(argc, argv, "+h", OPTIONS, NULL)) >= 0) {
		if (key == 'h') {
			fputs(HELP, stdout);
			return EXIT_GOOD + 1;
		}
		if (!take_option(options, key))
			return EXIT_CHAPERONE + 1;
	}
	options->command = argv + optind;
	if (options->command[0])
		return 0;
	fputs("chaperone: run: no command was given; chaperone run -- CMD\n", stderr);
	return EXIT_CHAPERONE + 1;
}

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
		fprintf(stderr, "chaperone: governed already (%s): that run's policy counts\n", why);
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
	int status = read_options(argc, argv, &options);

	char why[GOVERNED_WHY_MAX];

	if (status != 0)
		return status - 1;
	if (governed(why))
		return run_governed(&options, why);
	if (run_prepare(&run, &options, &error) < 0)
		return fail(&error);
	if (run_start_agent(&run, &error) < 0) {
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
