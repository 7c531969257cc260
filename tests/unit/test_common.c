/* SPDX-License-Identifier: MIT */
/* Slices, buffers, hashes and files keep what their headers promise. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/buf.h"
#include "common/file.h"
#include "common/slice.h"
#include "tests/unit/run_suite.h"

static const struct {
	const char *text, *pattern;
	bool matches;
} MATCHES[] = {
	{ "", "", true },
	{ "", "*", true },
	{ "orders", "orders", true },
	{ "orders", "order", false },
	{ "pg-prod-7.acme.internal", "pg-prod-*.acme.internal", true },
	{ "pg-prod-7.acme.internal.evil", "pg-prod-*.acme.internal", false },
	{ "aXbXc", "a*b*c", true },
	{ "aXbX", "a*b*c", false },
	{ "aaaa", "*a", true },
};

START_TEST(wildcards_match_any_part)
{
	ck_assert_int_eq(slice_matches(slice_of(MATCHES[_i].text), slice_of(MATCHES[_i].pattern)),
			 MATCHES[_i].matches);
}
END_TEST

static const struct {
	const char *text;
	bool is_utf8;
} ENCODED[] = {
	{ "plain", true },         { "\xc3\xa4", true },         { "\xc0\x80", false },
	{ "\xed\xa0\x80", false }, { "\xf0\x9f\x98\x80", true }, { "\xf4\x90\x80\x80", false },
	{ "\xe2\x82", false },
};

START_TEST(the_name_of_a_file_stands_behind_the_last_slash)
{
	ck_assert(slice_is(slice_file_name(SLICE("/usr/lib/libpq.so.5")), "libpq.so.5"));
	ck_assert(slice_is(slice_file_name(SLICE("libpq.so.5")), "libpq.so.5"));
	ck_assert(slice_is(slice_file_name(SLICE("/usr/lib/")), ""));
	ck_assert(slice_is(slice_file_name(slice_of(NULL)), ""));
}
END_TEST

START_TEST(utf8_is_well_formed_or_refused)
{
	ck_assert_int_eq(slice_is_utf8(slice_of(ENCODED[_i].text)), ENCODED[_i].is_utf8);
}
END_TEST

START_TEST(buffer_refuses_beyond_its_maximum_and_stays_failed)
{
	SCOPED(buf_done) struct buf buf = BUF_MAX(4);

	buf_add_text(&buf, "abc");
	buf_add_text(&buf, "de");
	ck_assert_int_eq(buf.failed, -E2BIG);
	buf_add_text(&buf, "f");
	ck_assert(slice_is(buf_view(&buf), "abc"));
	buf_clear(&buf);
	buf_add_text(&buf, "fits");
	ck_assert_int_eq(buf.failed, 0);
	ck_assert_str_eq(buf_text(&buf), "fits");
}
END_TEST

START_TEST(json_strings_are_escaped_and_valid_utf8)
{
	SCOPED(buf_done) struct buf buf = BUF_MAX(100);

	buf_add_json(&buf, SLICE("a\"\\\n\x01\xff\xc3\xa4"));
	ck_assert_str_eq(buf_text(&buf), "\"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\xc3\xa4\"");
}
END_TEST

START_TEST(reading_a_pipe_or_folder_is_an_error_not_a_wait)
{
	char folder[] = "/tmp/chaperone-common-XXXXXX", path[64];
	SCOPED(buf_done) struct buf buf = BUF_MAX(100);

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/pipe", folder);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(file_read(path, &buf), -ENOTSUP);
	ck_assert_int_eq(file_read(folder, &buf), -EISDIR);
	unlink(path);
	rmdir(folder);
}
END_TEST

START_TEST(private_folder_refuses_links_and_open_modes)
{
	char folder[] = "/tmp/chaperone-common-XXXXXX", link[64], open_to_all[64];
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(link, sizeof(link), "%s/link", folder);
	snprintf(open_to_all, sizeof(open_to_all), "%s/open", folder);
	ck_assert_int_eq(symlink("/tmp", link), 0);
	ck_assert_int_eq(mkdir(open_to_all, 0700), 0);
	ck_assert_int_eq(chmod(open_to_all, 0755), 0);
	int r = folder_open_private(link, &fd);
	ck_assert(r == -ELOOP || r == -ENOTDIR);
	ck_assert_int_eq(folder_open_private(open_to_all, &fd), -EPERM);
	unlink(link);
	rmdir(open_to_all);
	rmdir(folder);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, wildcards_match_any_part, 0, COUNT_OF(MATCHES));
	tcase_add_test(tcase, the_name_of_a_file_stands_behind_the_last_slash);
	tcase_add_loop_test(tcase, utf8_is_well_formed_or_refused, 0, COUNT_OF(ENCODED));
	tcase_add_test(tcase, buffer_refuses_beyond_its_maximum_and_stays_failed);
	tcase_add_test(tcase, json_strings_are_escaped_and_valid_utf8);
	tcase_add_test(tcase, reading_a_pipe_or_folder_is_an_error_not_a_wait);
	tcase_add_test(tcase, private_folder_refuses_links_and_open_modes);
}

int main(void)
{
	return run_suite("common", NULL, NULL, add_tests);
}
