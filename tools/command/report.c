/* SPDX-License-Identifier: MIT */
#include "tools/command/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "tools/command/command.h"
#include "tools/command/terminal.h"

static const char *const LEVELS[] = {
	[REPORT_GOOD] = "good",
	[REPORT_NOTE] = "note",
	[REPORT_PROBLEM] = "problem",
};

static void add_json(struct report *report, enum report_level level, const char *subject,
		     const char *text)
{
	buf_printf(&report->lines, "%s{\"level\":\"%s\",\"subject\":", report->said ? "," : "",
		   LEVELS[level]);
	buf_add_json(&report->lines, slice_of(subject));
	buf_add_text(&report->lines, ",\"text\":");
	buf_add_json(&report->lines, slice_of(text));
	buf_add_char(&report->lines, '}');
}

void report_say(struct report *report, enum report_level level, const char *subject,
		const char *format, ...)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(16 * KIB);
	va_list arguments;

	va_start(arguments, format);
	buf_vprintf(&text, format, arguments);
	va_end(arguments);
	if (report->is_json)
		add_json(report, level, subject, buf_text(&text));
	else
		buf_printf(&report->lines, "%c %-11s %s\n", level == REPORT_PROBLEM ? '!' : ' ',
			   subject, buf_text(&text));
	report->said++;
	report->problems += level == REPORT_PROBLEM;
}

static void print(const struct report *report)
{
	if (report->is_json) {
		printf("{\"problems\":%zu,\"findings\":[%s]}\n", report->problems,
		       buf_text(&report->lines));
		return;
	}
	terminal_print_lines(stdout, buf_view(&report->lines));
	printf("%zu problem%s\n", report->problems, report->problems == 1 ? "" : "s");
}

int report_end(struct report *report)
{
	bool is_whole = report->lines.failed == 0;

	if (is_whole)
		print(report);
	else
		fprintf(stderr, "%s: there is no memory for what was found\n", command_program);
	buf_done(&report->lines);
	return !is_whole ? EXIT_USAGE : report->problems ? EXIT_FINDINGS : EXIT_GOOD;
}
