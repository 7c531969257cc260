/* SPDX-License-Identifier: MIT */
/* Outcomes of policy tests in the forms that people and CI systems read. */
#ifndef TOOLS_CHAPERONE_TEST_REPORT_H
#define TOOLS_CHAPERONE_TEST_REPORT_H

#include "tools/policy/test_outcome.h"

/* The outcomes of one file. */
struct test_group {
	const struct policy_test_file *file;
	struct test_outcome *outcomes;
	size_t count;
};

struct test_report {
	struct test_group *groups;
	size_t count;
};

size_t test_report_failed(const struct test_report *report);
size_t test_report_total(const struct test_report *report);

void test_report_text(const struct test_report *report, struct buf *out);
void test_report_tap(const struct test_report *report, struct buf *out);
void test_report_json(const struct test_report *report, struct buf *out);
void test_report_junit(const struct test_report *report, struct buf *out);

#endif
