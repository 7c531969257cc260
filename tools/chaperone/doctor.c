/* SPDX-License-Identifier: MIT */
/* `chaperone doctor`: says what is governed on this machine, and what is not. */
#include "tools/chaperone/doctor.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tools/chaperone/command.h"
#include "tools/chaperone/commands.h"
#include "tools/chaperone/terminal.h"

#define LINES_MAX (4 * MIB)

static const char HELP[] =
	"usage: chaperone doctor [options] [-- CMD...]\n"
	"\n"
	"Looks at this machine, the policy in force and the record; with CMD, at the clients of databases that it\n"
	"would load.  CMD is not run.\n"
	"\n"
	"  --policy PATH    as for `chaperone run`\n"
	"  --record PATH    as for `chaperone run`\n"
	"  --json           one JSON object\n"
	"  -h, --help       this help\n"
	"\n"
	"exit: 0 no problem, 1 problems, 2 could not look\n";

struct doctor_options {
	const char *policy, *record, *command;
	bool is_json;
};

static const struct option OPTIONS[] = {
	{ "policy", required_argument, NULL, 'p' }, { "record", required_argument, NULL, 'r' },
	{ "json", no_argument, NULL, 'j' },         { "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char *const LEVELS[] = {
	[DOCTOR_GOOD] = "good",
	[DOCTOR_NOTE] = "note",
	[DOCTOR_PROBLEM] = "problem",
};

static void add_json(struct doctor *doctor, enum doctor_level level, const char *subject, const char *text)
{
	buf_printf(&doctor->lines, "%s{\"level\":\"%s\",\"subject\":", doctor->said ? "," : "", LEVELS[level]);
	buf_add_json(&doctor->lines, slice_of(subject));
	buf_add_text(&doctor->lines, ",\"text\":");
	buf_add_json(&doctor->lines, slice_of(text));
	buf_add_char(&doctor->lines, '}');
}

void doctor_say(struct doctor *doctor, enum doctor_level level, const char *subject, const char *format, ...)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(16 * KIB);
	va_list arguments;

	va_start(arguments, format);
	buf_vprintf(&text, format, arguments);
	va_end(arguments);
	if (doctor->is_json)
		add_json(doctor, level, subject, buf_text(&text));
	else
		buf_printf(&doctor->lines, "%c %-11s %s\n", level == DOCTOR_PROBLEM ? '!' : ' ', subject, buf_text(&text));
	doctor->said++;
	doctor->problems += level == DOCTOR_PROBLEM;
}

/* 0 to go on, or the exit status + 1. */
static int read_options(int argc, char **argv, struct doctor_options *options)
{
	int key;

	optind = 1;
	while ((key = getopt_long(argc, argv, "+h", OPTIONS, NULL)) >= 0) {
		switch (key) {
		case 'p':
			options->policy = optarg;
			break;
		case 'r':
			options->record = optarg;
			break;
		case 'j':
			options->is_json = true;
			break;
		case 'h':
			fputs(HELP, stdout);
			return EXIT_GOOD + 1;
		default:
			return EXIT_USAGE + 1;
		}
	}
	options->command = argv[optind];
	return 0;
}

static void print_lines(struct slice lines)
{
	while (lines.length > 0) {
		terminal_print(stdout, slice_cut(&lines, '\n'));
		putchar('\n');
	}
}

static void print(const struct doctor *doctor)
{
	if (doctor->is_json) {
		printf("{\"problems\":%zu,\"findings\":[%s]}\n", doctor->problems, buf_text(&doctor->lines));
		return;
	}
	print_lines(buf_view(&doctor->lines));
	printf("%zu problem%s\n", doctor->problems, doctor->problems == 1 ? "" : "s");
}

int command_doctor(int argc, char **argv)
{
	struct doctor_options options = { 0 };
	int status = read_options(argc, argv, &options);

	if (status != 0)
		return status - 1;
	struct doctor doctor = { .lines = BUF_MAX(LINES_MAX), .is_json = options.is_json };
	if (options.command)
		doctor_program(&doctor, options.command);
	doctor_machine(&doctor);
	doctor_policy(&doctor, options.policy);
	doctor_record(&doctor, options.record);
	status = doctor.lines.failed ? EXIT_USAGE : doctor.problems ? EXIT_FINDINGS : EXIT_GOOD;
	if (doctor.lines.failed)
		fputs("chaperone: doctor: there is no memory for what was found\n", stderr);
	else
		print(&doctor);
	buf_done(&doctor.lines);
	return status;
}
