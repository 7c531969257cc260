/* SPDX-License-Identifier: MIT */
/* `chaperone doctor`: says what is governed on this machine, and what is not. */
#include "tools/chaperone/doctor.h"

#include <stdarg.h>
#include <stdio.h>

#include "tools/command/command.h"
#include "tools/chaperone/commands.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"

#define LINES_MAX (4 * MIB)

struct doctor_options {
	const char *policy, *record;
	bool is_json;
};

static const struct option_row ROWS[] = {
	OPTION_TEXT(doctor_options, policy, "policy", "PATH", "as for `chaperone run`"),
	OPTION_TEXT(doctor_options, record, "record", "PATH", "as for `chaperone run`"),
	OPTION_FLAG(doctor_options, is_json, "json", "one JSON object"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.operands = "[-- CMD [ARGUMENT...]]",
	.operands_max = OPERANDS_MANY,
	.is_command_behind = true,
	.about =
		"Looks at this machine, the policy in force and the record; with CMD, at the clients of databases that it\n"
		"would load.  CMD is not run.",
	.exits = "0 no problem, 1 problems, 2 could not look",
};

static const char *const LEVELS[] = {
	[DOCTOR_GOOD] = "good",
	[DOCTOR_NOTE] = "note",
	[DOCTOR_PROBLEM] = "problem",
};

static void add_json(struct doctor *doctor, enum doctor_level level, const char *subject,
		     const char *text)
{
	buf_printf(&doctor->lines, "%s{\"level\":\"%s\",\"subject\":", doctor->said ? "," : "",
		   LEVELS[level]);
	buf_add_json(&doctor->lines, slice_of(subject));
	buf_add_text(&doctor->lines, ",\"text\":");
	buf_add_json(&doctor->lines, slice_of(text));
	buf_add_char(&doctor->lines, '}');
}

void doctor_say(struct doctor *doctor, enum doctor_level level, const char *subject,
		const char *format, ...)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(16 * KIB);
	va_list arguments;

	va_start(arguments, format);
	buf_vprintf(&text, format, arguments);
	va_end(arguments);
	if (doctor->is_json)
		add_json(doctor, level, subject, buf_text(&text));
	else
		buf_printf(&doctor->lines, "%c %-11s %s\n", level == DOCTOR_PROBLEM ? '!' : ' ',
			   subject, buf_text(&text));
	doctor->said++;
	doctor->problems += level == DOCTOR_PROBLEM;
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
		printf("{\"problems\":%zu,\"findings\":[%s]}\n", doctor->problems,
		       buf_text(&doctor->lines));
		return;
	}
	print_lines(buf_view(&doctor->lines));
	printf("%zu problem%s\n", doctor->problems, doctor->problems == 1 ? "" : "s");
}

int command_doctor(int argc, char **argv)
{
	struct doctor_options options = { 0 };
	int status;
	char **operands = options_read(&OPTIONS, argc, argv, &options, &status);

	if (!operands)
		return status;
	struct doctor doctor = { .lines = BUF_MAX(LINES_MAX), .is_json = options.is_json };
	if (operands[0])
		doctor_program(&doctor, operands[0]);
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
