/* SPDX-License-Identifier: MIT */
/* Source archives and what carries them have one spelling, and nothing that is nearly one passes. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/archive.h"
#include "control/envelope.h"
#include "tests/unit/run_suite.h"

#define FIRST "chaperone.source/v1\n"

static const struct archive_file FILES[] = {
	{ { "A.yaml", 6 }, { "", 0 } },
	{ { "policy.yaml", 11 }, { "a: 1\nb.yaml 3\n", 14 } },
	{ { "policy_test.yaml", 16 }, { "\0\xff\n", 3 } },
};

#define WHOLE FIRST "A.yaml 0\npolicy.yaml 14\na: 1\nb.yaml 3\npolicy_test.yaml 3\n\0\xff\n"

START_TEST(an_archive_is_its_files)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(1 * KIB);
	struct archive_walk walk;
	struct archive_file file;

	ck_assert_int_eq(archive_write(FILES, COUNT_OF(FILES), &out), 0);
	ck_assert(slice_equal(buf_view(&out), SLICE(WHOLE)));
	ck_assert_int_eq(archive_open(buf_view(&out), &walk), 0);
	for (size_t i = 0; i < COUNT_OF(FILES); i++) {
		ck_assert_int_eq(archive_next(&walk, &file), 1);
		ck_assert(slice_equal(file.name, FILES[i].name));
		ck_assert(slice_equal(file.bytes, FILES[i].bytes));
	}
	ck_assert_int_eq(archive_next(&walk, &file), 0);
	ck_assert_int_eq(archive_next(&walk, &file), 0);
}
END_TEST

/* 0 for an archive, else the first error of a walk through it. */
static int walk_through(struct slice archive)
{
	struct archive_walk walk;
	struct archive_file file;
	int r = archive_open(archive, &walk);

	if (r < 0)
		return r;
	do
		r = archive_next(&walk, &file);
	while (r > 0);
	return r;
}

#define TEXT(literal)                                                                              \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

static const struct {
	struct slice text;
} REFUSED[] = {
	{ TEXT("") },
	{ TEXT("chaperone.source/v1") },
	{ TEXT("chaperone.source/v2\n") },
	{ TEXT("chaperone.source/v1\r\n") },
	{ TEXT(FIRST "a.yaml 1") },
	{ TEXT(FIRST "a.yaml 2\nx") },
	{ TEXT(FIRST "a.yaml 1\nxx") },
	{ TEXT(FIRST "a.yaml 01\nx") },
	{ TEXT(FIRST "a.yaml +1\nx") },
	{ TEXT(FIRST "a.yaml 1 \nx") },
	{ TEXT(FIRST "a.yaml  1\nx") },
	{ TEXT(FIRST "a.yaml\n") },
	{ TEXT(FIRST "a.yaml \n") },
	{ TEXT(FIRST " 0\n") },
	{ TEXT(FIRST "a.yaml 18446744073709551615\nx") },
	{ TEXT(FIRST "a.yaml 18446744073709551617\nx") },
	{ TEXT(FIRST "\n") },
	{ TEXT(FIRST "a.yaml 0\na.yaml 0\n") }, /* twice */
	{ TEXT(FIRST "b.yaml 0\na.yaml 0\n") }, /* not sorted */
	{ TEXT(FIRST "/etc/a.yaml 0\n") },
	{ TEXT(FIRST "../a.yaml 0\n") },
	{ TEXT(FIRST "a/b.yaml 0\n") },
	{ TEXT(FIRST "a\\b.yaml 0\n") },
	{ TEXT(FIRST ".yaml 0\n") },
	{ TEXT(FIRST ".a.yaml 0\n") },
	{ TEXT(FIRST "a.yml 0\n") },
	{ TEXT(FIRST "a.yaml.sh 0\n") },
	{ TEXT(FIRST "a\0.yaml 0\n") },
	{ TEXT(FIRST "\xc3\xa4.yaml 0\n") },
};

START_TEST(refuses_what_is_no_archive)
{
	ck_assert_int_eq(walk_through(REFUSED[_i].text), -EBADMSG);
}
END_TEST

START_TEST(refuses_to_write_what_cannot_be_read)
{
	static const struct archive_file SWAPPED[] = { { TEXT("b.yaml"), TEXT("") },
						       { TEXT("a.yaml"), TEXT("") } };
	static const struct archive_file TWICE[] = { { TEXT("a.yaml"), TEXT("") },
						     { TEXT("a.yaml"), TEXT("") } };
	static const struct archive_file PATH = { TEXT("../a.yaml"), TEXT("") };
	static const struct archive_file LONG = { TEXT("a.yaml"), { "", ARCHIVE_FILE_MAX + 1 } };
	SCOPED(buf_done) struct buf out = BUF_MAX(1 * KIB);

	ck_assert_int_eq(archive_write(SWAPPED, 2, &out), -EINVAL);
	ck_assert_int_eq(archive_write(TWICE, 2, &out), -EINVAL);
	ck_assert_int_eq(archive_write(&PATH, 1, &out), -EINVAL);
	ck_assert_int_eq(archive_write(&LONG, 1, &out), -E2BIG);
	ck_assert_int_eq(archive_write(NULL, ARCHIVE_FILES_MAX + 1, &out), -E2BIG);
	ck_assert_uint_eq(out.length, 0);
	ck_assert_int_eq(archive_write(NULL, 0, &out), 0);
	ck_assert_str_eq(buf_text(&out), FIRST);
}
END_TEST

START_TEST(names_have_an_end)
{
	char name[ARCHIVE_NAME_MAX + 1];

	memset(name, 'a', sizeof(name));
	memcpy(name + ARCHIVE_NAME_MAX - 5, ".yaml", 5);
	ck_assert(archive_is_name((struct slice){ name, ARCHIVE_NAME_MAX }));
	memcpy(name + ARCHIVE_NAME_MAX - 4, ".yaml", 5);
	ck_assert(!archive_is_name((struct slice){ name, ARCHIVE_NAME_MAX + 1 }));
}
END_TEST

START_TEST(files_have_an_end)
{
	SCOPED(free_p) char *bytes = calloc(1, ARCHIVE_FILE_MAX + 1);
	SCOPED(buf_done) struct buf text = BUF_MAX(32 * MIB);

	ck_assert_ptr_nonnull(bytes);
	for (size_t length = ARCHIVE_FILE_MAX; length <= ARCHIVE_FILE_MAX + 1; length++) {
		buf_clear(&text);
		buf_printf(&text, FIRST "a.yaml %zu\n", length);
		buf_add(&text, bytes, length);
		ck_assert_int_eq(walk_through(buf_view(&text)),
				 length > ARCHIVE_FILE_MAX ? -EBADMSG : 0);
	}
	buf_clear(&text);
	buf_add_text(&text, FIRST);
	for (unsigned int i = 0; i < ARCHIVE_FILES_MAX; i++)
		buf_printf(&text, "f%04u.yaml 0\n", i);
	ck_assert_int_eq(walk_through(buf_view(&text)), 0);
	buf_add_text(&text, "g.yaml 0\n");
	ck_assert_int_eq(walk_through(buf_view(&text)), -EBADMSG);
}
END_TEST

START_TEST(an_archive_has_an_end)
{
	SCOPED(free_p) char *bytes = calloc(1, ARCHIVE_FILE_MAX);
	SCOPED(buf_done) struct buf out = BUF_MAX(32 * MIB);
	struct archive_file files[17];
	char names[17][16];

	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		snprintf(names[i], sizeof(names[i]), "f%02zu.yaml", i);
		files[i] = (struct archive_file){ slice_of(names[i]), { bytes, ARCHIVE_FILE_MAX } };
	}
	ck_assert_int_eq(archive_write(files, 15, &out), 0);
	ck_assert_int_eq(walk_through(buf_view(&out)), 0);
	buf_clear(&out);
	ck_assert_int_eq(archive_write(files, 16, &out), -E2BIG);
	ck_assert_int_eq(walk_through(buf_view(&out)), -EBADMSG);
}
END_TEST

START_TEST(an_envelope_is_its_parts)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(1 * KIB);
	struct envelope envelope = { SLICE("fresh\n"), SLICE("signed"), SLICE("") }, read;

	ck_assert_int_eq(envelope_write(&envelope, &out), 0);
	ck_assert_str_eq(buf_text(&out), "6\nfresh\n6\nsigned0\n");
	ck_assert_int_eq(envelope_read(buf_view(&out), &read), 0);
	ck_assert(slice_equal(read.freshness, envelope.freshness));
	ck_assert(slice_equal(read.release, envelope.release));
	ck_assert(slice_equal(read.source, envelope.source));
	for (size_t length = 0; length < out.length; length++)
		ck_assert_int_eq(envelope_read(slice_part(buf_view(&out), 0, length), &read),
				 -EBADMSG);
}
END_TEST

static const struct slice NO_ENVELOPES[] = {
	TEXT(""),
	TEXT("0\n0\n"),
	TEXT("0\n0\n0\nx"),
	TEXT("0\n0\n00\n"),
	TEXT("0\n0\n0"),
	TEXT("0\n0\n-1\n"),
	TEXT("0\n1048577\n0\n"),
	TEXT("9999999999999999999\n0\n0\n"),
	TEXT("18446744073709551616\n0\n0\n"),
	TEXT("1\n0\n0\n"),
};

START_TEST(refuses_what_is_no_envelope)
{
	struct envelope envelope;

	ck_assert_int_eq(envelope_read(NO_ENVELOPES[_i], &envelope), -EBADMSG);
}
END_TEST

START_TEST(parts_of_an_envelope_have_an_end)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(1 * KIB);
	struct slice longest = { "", NOTE_SIZE_MAX + 1 }, none = SLICE("");
	struct envelope first = { longest, none, none }, second = { none, longest, none };
	struct envelope third = { none, none, { "", ARCHIVE_MAX + 1 } };

	ck_assert_int_eq(envelope_write(&first, &out), -E2BIG);
	ck_assert_int_eq(envelope_write(&second, &out), -E2BIG);
	ck_assert_int_eq(envelope_write(&third, &out), -E2BIG);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, an_archive_is_its_files);
	tcase_add_loop_test(tests, refuses_what_is_no_archive, 0, COUNT_OF(REFUSED));
	tcase_add_test(tests, refuses_to_write_what_cannot_be_read);
	tcase_add_test(tests, names_have_an_end);
	tcase_add_test(tests, files_have_an_end);
	tcase_add_test(tests, an_archive_has_an_end);
	tcase_add_test(tests, an_envelope_is_its_parts);
	tcase_add_loop_test(tests, refuses_what_is_no_envelope, 0, COUNT_OF(NO_ENVELOPES));
	tcase_add_test(tests, parts_of_an_envelope_have_an_end);
}

int main(void)
{
	return run_suite("archive", NULL, NULL, add_tests);
}
