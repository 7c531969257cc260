/* SPDX-License-Identifier: MIT */
/* Prometheus' text format: nothing in a value ends a label or a line.  And what is counted is in its bucket. */
#include <check.h>

#include "tests/unit/run_suite.h"
#include "tools/server/http/counters.h"
#include "tools/server/metrics/exposition.h"

static const struct {
	const char *value, *shown;
} VALUES[] = {
	{ "plain", "a{b=\"plain\",c=\"2\"} 7\n" },
	{ "", "a{b=\"\",c=\"2\"} 7\n" },
	{ "x\"} 9", "a{b=\"x\\\"} 9\",c=\"2\"} 7\n" },
	{ "x\ny 9", "a{b=\"x\\ny 9\",c=\"2\"} 7\n" },
	{ "x\\", "a{b=\"x\\\\\",c=\"2\"} 7\n" },
	{ "\\n", "a{b=\"\\\\n\",c=\"2\"} 7\n" },
	{ "\xc3\xa9{}", "a{b=\"\xc3\xa9{}\",c=\"2\"} 7\n" },
};

START_TEST(no_value_ends_its_label)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(KIB);

	exposition_count(
		&out, "a",
		EXPOSITION_LABELS({ "b", slice_of(VALUES[_i].value) }, { "c", SLICE("2") }), 7);
	ck_assert_str_eq(buf_text(&out), VALUES[_i].shown);
}
END_TEST

START_TEST(a_family_has_its_help_and_its_type)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(KIB);

	exposition_family(&out, "a_total", "counter", "Says \"a\\b\"\nand more.");
	exposition_count(&out, "a_total", EXPOSITION_NO_LABELS, UINT64_MAX);
	exposition_seconds(&out, "a_total", EXPOSITION_NO_LABELS, 12000000345u);
	ck_assert_str_eq(buf_text(&out), "# HELP a_total Says \"a\\\\b\"\\nand more.\n"
					 "# TYPE a_total counter\n"
					 "a_total 18446744073709551615\n"
					 "a_total 12.000000345\n");
}
END_TEST

static const struct {
	uint64_t took_ns;
	size_t bucket;
} TIMES[] = {
	{ 0, 0 },         { 1000000, 0 },      { 1000001, 1 },      { 5000000, 1 },
	{ 500000000, 4 }, { 10000000000u, 6 }, { 10000000001u, 7 }, { UINT64_MAX, 7 },
};

START_TEST(a_time_is_in_the_bucket_whose_bound_it_does_not_pass)
{
	static struct counters counters;

	counters = (struct counters){ .of = { 0 } };
	counters_answer(&counters, 3, 404, TIMES[_i].took_ns);
	for (size_t i = 0; i < COUNTERS_BUCKETS; i++)
		ck_assert_uint_eq(counter_read(&counters.routes[3].buckets[i]),
				  i == TIMES[_i].bucket);
	ck_assert_uint_eq(counter_read(&counters.routes[3].classes[4]), 1);
	ck_assert_uint_eq(counter_read(&counters.routes[3].sum_ns), TIMES[_i].took_ns);
}
END_TEST

START_TEST(what_has_no_route_is_counted_as_that)
{
	static struct counters counters;

	counters_answer(&counters, COUNTERS_NO_ROUTE, 404, 1);
	counters_answer(&counters, SIZE_MAX, 99999, 1);
	ck_assert_uint_eq(counter_read(&counters.routes[COUNTERS_NO_ROUTE].buckets[0]), 2);
	ck_assert_uint_eq(counter_read(&counters.routes[COUNTERS_NO_ROUTE].classes[4]), 1);
	ck_assert_uint_eq(counter_read(&counters.routes[COUNTERS_NO_ROUTE].classes[0]), 1);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_loop_test(tests, no_value_ends_its_label, 0, COUNT_OF(VALUES));
	tcase_add_test(tests, a_family_has_its_help_and_its_type);
	tcase_add_loop_test(tests, a_time_is_in_the_bucket_whose_bound_it_does_not_pass, 0,
			    COUNT_OF(TIMES));
	tcase_add_test(tests, what_has_no_route_is_counted_as_that);
}

int main(void)
{
	return run_suite("exposition", NULL, NULL, add_tests);
}
