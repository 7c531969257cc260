/* SPDX-License-Identifier: MIT */
/* Prints outcomes of policy tests as text, TAP, JSON and JUnit's XML. */
#include "tools/chaperone/test_report.h"

#include <inttypes.h>
#include <stdio.h>

static size_t count(const struct test_report *report, bool failed_only)
{
	size_t total = 0;

	for (size_t i = 0; i < report->count; i++) {
		for (size_t k = 0; k < report->groups[i].count; k++)
			total += !failed_only ||
				 !test_outcome_passed(&report->groups[i].outcomes[k]);
	}
	return total;
}

size_t test_report_total(const struct test_report *report)
{
	return count(report, false);
}

size_t test_report_failed(const struct test_report *report)
{
	return count(report, true);
}

/* Each line of `text` behind `indent`; control characters become "?". */
static void add_lines(struct buf *out, struct slice text, const char *indent)
{
	while (text.length > 0) {
		struct slice line = slice_cut(&text, '\n');

		buf_add_text(out, indent);
		for (size_t i = 0; i < line.length; i++)
			buf_add_char(out, (unsigned char)line.at[i] < ' ' ? '?' : line.at[i]);
		buf_add_char(out, '\n');
	}
}

static void add_text_outcome(struct buf *out, const struct test_group *group,
			     const struct test_outcome *outcome)
{
	if (test_outcome_passed(outcome))
		return;
	buf_printf(out, "%s:%" PRIu32 ": failed: ", group->file->path, outcome->test->line);
	add_lines(out, slice_of(outcome->test->name), "");
	add_lines(out, buf_view(&outcome->differences), "    ");
}

void test_report_text(const struct test_report *report, struct buf *out)
{
	size_t failed = test_report_failed(report);

	for (size_t i = 0; i < report->count; i++) {
		for (size_t k = 0; k < report->groups[i].count; k++)
			add_text_outcome(out, &report->groups[i], &report->groups[i].outcomes[k]);
	}
	buf_printf(out, "%zu passed, %zu failed\n", test_report_total(report) - failed, failed);
}

void test_report_tap(const struct test_report *report, struct buf *out)
{
	size_t number = 0;

	buf_printf(out, "TAP version 13\n1..%zu\n", test_report_total(report));
	for (size_t i = 0; i < report->count; i++) {
		for (size_t k = 0; k < report->groups[i].count; k++) {
			const struct test_outcome *outcome = &report->groups[i].outcomes[k];
			bool passed = test_outcome_passed(outcome);

			buf_printf(out, "%sok %zu - ", passed ? "" : "not ", ++number);
			add_lines(out, slice_of(outcome->test->name), "");
			if (!passed)
				add_lines(out, buf_view(&outcome->differences), "# ");
		}
	}
}

static void add_json_outcome(struct buf *out, const struct test_group *group,
			     const struct test_outcome *outcome)
{
	struct slice differences = buf_view(&outcome->differences);
	const char *comma = "";

	buf_add_text(out, "{\"file\":");
	buf_add_json(out, slice_of(group->file->path));
	buf_printf(out, ",\"line\":%" PRIu32 ",\"name\":", outcome->test->line);
	buf_add_json(out, slice_of(outcome->test->name));
	buf_printf(out, ",\"passed\":%s,\"differences\":[",
		   test_outcome_passed(outcome) ? "true" : "false");
	while (differences.length > 0) {
		buf_add_text(out, comma);
		buf_add_json(out, slice_cut(&differences, '\n'));
		comma = ",";
	}
	buf_add_text(out, "]}");
}

void test_report_json(const struct test_report *report, struct buf *out)
{
	size_t failed = test_report_failed(report);
	const char *comma = "";

	buf_add_text(out, "{\"tests\":[");
	for (size_t i = 0; i < report->count; i++) {
		for (size_t k = 0; k < report->groups[i].count; k++) {
			buf_add_text(out, comma);
			add_json_outcome(out, &report->groups[i], &report->groups[i].outcomes[k]);
			comma = ",";
		}
	}
	buf_printf(out, "],\"passed\":%zu,\"failed\":%zu}\n", test_report_total(report) - failed,
		   failed);
}

/* XML 1.0 text: what it cannot hold becomes "?". */
static void add_xml(struct buf *out, struct slice text)
{
	if (!slice_is_utf8(text))
		text = SLICE("(not UTF-8)");
	for (size_t i = 0; i < text.length; i++) {
		char c = text.at[i];

		if (c == '<' || c == '>' || c == '&' || c == '"')
			buf_printf(out, "&#%d;", c);
		else
			buf_add_char(out, (unsigned char)c < ' ' && c != '\n' ? '?' : c);
	}
}

static void add_junit_outcome(struct buf *out, const struct test_group *group,
			      const struct test_outcome *outcome)
{
	buf_add_text(out, "    <testcase classname=\"");
	add_xml(out, slice_of(group->file->path));
	buf_add_text(out, "\" name=\"");
	add_xml(out, slice_of(outcome->test->name));
	if (test_outcome_passed(outcome)) {
		buf_add_text(out, "\"/>\n");
		return;
	}
	buf_add_text(out, "\"><failure message=\"judged otherwise\">");
	add_xml(out, buf_view(&outcome->differences));
	buf_add_text(out, "</failure></testcase>\n");
}

void test_report_junit(const struct test_report *report, struct buf *out)
{
	buf_printf(out,
		   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
		   "  <testsuite name=\"chaperone policy test\" tests=\"%zu\" failures=\"%zu\">\n",
		   test_report_total(report), test_report_failed(report));
	for (size_t i = 0; i < report->count; i++) {
		for (size_t k = 0; k < report->groups[i].count; k++)
			add_junit_outcome(out, &report->groups[i], &report->groups[i].outcomes[k]);
	}
	buf_add_text(out, "  </testsuite>\n</testsuites>\n");
}
