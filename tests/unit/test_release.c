/* SPDX-License-Identifier: MIT */
/* What authors and the freshness key sign has one spelling, and nothing that is nearly one passes. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/freshness.h"
#include "control/release.h"
#include "tests/unit/run_suite.h"

#define ZEROS  "0000000000000000000000000000000000000000000000000000000000000000"
#define ONES   "1111111111111111111111111111111111111111111111111111111111111111"
#define DIGEST "sha256:" ONES
#define FIRST                                                                                      \
	"chaperone.policy/v1\nbundle shop\nversion 1\nprevious 0 -\nsource 20144 " DIGEST          \
	"\nby anna\nwhy\n"
#define LATER                                                                                      \
	"chaperone.policy/v1\nbundle shop\nversion 215\nprevious 214 " DIGEST                      \
	"\nsource 0 sha256:" ZEROS "\nby anna\nwhy ticket 812: \xc3\xa4\n"

static const char *const RELEASES[] = { FIRST, LATER };

START_TEST(a_release_is_read_as_it_was_written)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(RELEASE_TEXT_MAX);
	struct release release;

	ck_assert_int_eq(release_read(slice_of(RELEASES[_i]), &release), 0);
	ck_assert_int_eq(release_write(&release, &out), 0);
	ck_assert_str_eq(buf_text(&out), RELEASES[_i]);
}
END_TEST

START_TEST(a_release_says_what_it_is_of)
{
	struct release release;

	ck_assert_int_eq(release_read(SLICE(LATER), &release), 0);
	ck_assert(slice_is(release.bundle, "shop") && slice_is(release.by, "anna"));
	ck_assert(slice_is(release.why, "ticket 812: \xc3\xa4"));
	ck_assert_uint_eq(release.version, 215);
	ck_assert_uint_eq(release.previous, 214);
	ck_assert_int_eq(release.previous_digest[31], 0x11);
	ck_assert_uint_eq(release.source_length, 0);
	ck_assert_int_eq(release_read(SLICE(FIRST), &release), 0);
	ck_assert_uint_eq(release.source_length, 20144);
	ck_assert(slice_is(release.why, ""));
}
END_TEST

/* Every shorter text, and every text of which a byte is another: no release, or one that says
 * something else. */
START_TEST(a_release_has_one_spelling)
{
	char text[sizeof(LATER)];
	struct release release;

	for (size_t length = 0; length < sizeof(LATER) - 1; length++)
		ck_assert_int_eq(release_read(slice_part(SLICE(LATER), 0, length), &release),
				 -EBADMSG);
	for (size_t i = 0; i < sizeof(LATER) - 1; i++) {
		for (int c = 0; c < 256; c++) {
			SCOPED(buf_done) struct buf out = BUF_MAX(RELEASE_TEXT_MAX);

			memcpy(text, LATER, sizeof(LATER));
			text[i] = (char)c;
			if (release_read((struct slice){ text, sizeof(LATER) - 1 }, &release) < 0)
				continue;
			ck_assert_int_eq(release_write(&release, &out), 0);
			ck_assert(slice_equal(buf_view(&out),
					      (struct slice){ text, sizeof(LATER) - 1 }));
		}
	}
}
END_TEST

#define SOURCE "source 1 " DIGEST "\n"

static const char *const NO_RELEASES[] = {
	"",
	FIRST "\n",
	FIRST FIRST,
	"chaperone.policy/v2\nbundle shop\nversion 1\nprevious 0 -\n" SOURCE "by anna\nwhy\n",
	"chaperone.policy/v1\nversion 1\nbundle shop\nprevious 0 -\n" SOURCE "by anna\nwhy\n",
	"chaperone.policy/v1\nbundle Shop\nversion 1\nprevious 0 -\n" SOURCE "by anna\nwhy\n",
	"chaperone.policy/v1\nbundle shop\nversion 01\nprevious 0 -\n" SOURCE "by anna\nwhy\n",
	"chaperone.policy/v1\nbundle shop\nversion 0\nprevious 0 -\n" SOURCE "by anna\nwhy\n",
	"chaperone.policy/v1\nbundle shop\nversion 2\nprevious 0 -\n" SOURCE "by anna\nwhy\n",
	"chaperone.policy/v1\nbundle shop\nversion 1\nprevious 0 " DIGEST "\n" SOURCE
	"by anna\nwhy\n",
	"chaperone.policy/v1\nbundle shop\nversion 2\nprevious 1 -\n" SOURCE "by anna\nwhy\n",
	"chaperone.policy/v1\nbundle shop\nversion 2\nprevious 1 sha256:" ZEROS "\n" SOURCE
	"by anna\nwhy\n",
	"chaperone.policy/v1\nbundle shop\nversion 3\nprevious 1 " DIGEST "\n" SOURCE
	"by anna\nwhy\n",
	"chaperone.policy/v1\nbundle shop\nversion 9223372036854775808\nprevious "
	"9223372036854775807 " DIGEST "\n" SOURCE "by anna\nwhy\n",
	"chaperone.policy/v1\nbundle shop\nversion 1\nprevious 0 -\nsource 16777217 " DIGEST
	"\nby anna\nwhy\n",
	"chaperone.policy/v1\nbundle shop\nversion 1\nprevious 0 -\nsource 1 -\nby anna\nwhy\n",
	"chaperone.policy/v1\nbundle shop\nversion 1\nprevious 0 -\nsource 1 " DIGEST
	"1\nby anna\nwhy\n",
	"chaperone.policy/v1\nbundle shop\nversion 1\nprevious 0 -\nsource 1 md5:" ONES
	"\nby anna\nwhy\n",
	"chaperone.policy/v1\nbundle shop\nversion 1\nprevious 0 -\n" SOURCE "by \nwhy\n",
	"chaperone.policy/v1\nbundle shop\nversion 1\nprevious 0 -\n" SOURCE "by anna\nwhy \n",
	"chaperone.policy/v1\nbundle shop\nversion 1\nprevious 0 -\n" SOURCE "by anna\n",
	"chaperone.policy/v1\nbundle shop\nversion 1\nprevious 0 -\n" SOURCE "by anna\nwhy \t\n",
	"chaperone.policy/v1\nbundle shop\nversion 1\nprevious 0 -\n" SOURCE "by anna\nwhy \xff\n",
	"chaperone.policy/v1\nbundle shop\nversion 1\nprevious 0 -\n" SOURCE
	"by anna\nwhy \xc2\x9b\n",
	"chaperone.policy/v1\nbundle shop\nversion 1\nprevious 0 -\n" SOURCE
	"by anna\nwhy a\nwhy b\n",
};

START_TEST(refuses_what_is_no_release)
{
	struct release release;

	ck_assert_int_eq(release_read(slice_of(NO_RELEASES[_i]), &release), -EBADMSG);
}
END_TEST

START_TEST(refuses_to_write_what_is_no_release)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(RELEASE_TEXT_MAX);
	char why[RELEASE_WHY_MAX + 1];
	struct release release;

	memset(why, 'y', sizeof(why));
	ck_assert_int_eq(release_read(SLICE(FIRST), &release), 0);
	release.why = (struct slice){ why, RELEASE_WHY_MAX };
	ck_assert_int_eq(release_write(&release, &out), 0);
	release.why.length++;
	ck_assert_int_eq(release_write(&release, &out), -EINVAL);
	release.why = SLICE("a\nby bea");
	ck_assert_int_eq(release_write(&release, &out), -EINVAL);
	release.why = SLICE("");
	release.by = SLICE("anna\nwhy");
	ck_assert_int_eq(release_write(&release, &out), -EINVAL);
	release.by = SLICE("anna");
	release.version = 2;
	ck_assert_int_eq(release_write(&release, &out), -EINVAL);
}
END_TEST

static struct signing_key new_key(void)
{
	struct signing_key key;

	ck_assert_int_eq(signing_key_new(SLICE("shop.example/freshness"), &key), 0);
	return key;
}

START_TEST(freshness_says_what_was_signed)
{
	SCOPED(buf_done) struct buf note = BUF_MAX(FRESHNESS_NOTE_MAX);
	struct signing_key key = new_key(), other = new_key();
	struct freshness freshness = { .bundle = SLICE("shop"),
				       .version = 215,
				       .issued_s = 1764000000,
				       .expires_s = 1764000900 };
	struct freshness read;

	memset(freshness.release_digest, 0xab, SHA256_SIZE);
	ck_assert_int_eq(freshness_write(&freshness, &key, &note), 0);
	ck_assert_int_eq(freshness_open(buf_view(&note), &key.verifying, &read), 0);
	ck_assert(slice_is(read.bundle, "shop"));
	ck_assert_uint_eq(read.version, 215);
	ck_assert_mem_eq(read.release_digest, freshness.release_digest, SHA256_SIZE);
	ck_assert_uint_eq(read.issued_s, 1764000000);
	ck_assert_uint_eq(read.expires_s, 1764000900);
	ck_assert_int_eq(freshness_open(buf_view(&note), &other.verifying, &read), -ENOKEY);
}
END_TEST

START_TEST(refuses_to_sign_what_is_no_freshness)
{
	SCOPED(buf_done) struct buf note = BUF_MAX(FRESHNESS_NOTE_MAX);
	struct signing_key key = new_key();
	struct freshness good = { SLICE("shop"), 1, { 0 }, 5, 6 }, bad[] = { good, good, good };

	bad[0].expires_s = 5;
	bad[1].version = 0;
	bad[2].bundle = SLICE("shop\nversion 2");
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		ck_assert_int_eq(freshness_write(&bad[i], &key, &note), -EINVAL);
	ck_assert_int_eq(freshness_write(&good, &key, &note), 0);
}
END_TEST

#define FRESH                                                                                      \
	"chaperone.freshness/v1\nbundle shop\nversion 2\nrelease " DIGEST "\nissued 5\nexpires 6\n"

/* The first one is right. */
static const char *const FRESHNESSES[] = {
	FRESH,
	FRESH "\n",
	FRESH "why\n",
	"chaperone.freshness/v2\nbundle shop\nversion 2\nrelease " DIGEST "\nissued 5\nexpires 6\n",
	"chaperone.freshness/v1\nbundle shop\nversion 2\nrelease " DIGEST "\nissued 6\nexpires 6\n",
	"chaperone.freshness/v1\nbundle shop\nversion 2\nrelease " DIGEST
	"\nissued 5\nexpires 06\n",
	"chaperone.freshness/v1\nbundle shop\nversion 2\nrelease " DIGEST
	"\nissued -5\nexpires 6\n",
	"chaperone.freshness/v1\nbundle shop\nversion 2\nrelease " DIGEST
	"\nissued 5\nexpires 9223372036854775808\n",
	"chaperone.freshness/v1\nbundle shop\nversion 0\nrelease " DIGEST "\nissued 5\nexpires 6\n",
	"chaperone.freshness/v1\nbundle shop\nversion 2\nrelease -\nissued 5\nexpires 6\n",
	"chaperone.freshness/v1\nbundle .\nversion 2\nrelease " DIGEST "\nissued 5\nexpires 6\n",
	"chaperone.freshness/v1\nversion 2\nrelease " DIGEST "\nissued 5\nexpires 6\n",
	FIRST,
};

START_TEST(opens_freshness_alone)
{
	SCOPED(buf_done) struct buf note = BUF_MAX(4 * KIB);
	struct signing_key key = new_key();
	struct slice text = slice_of(FRESHNESSES[_i]);
	struct freshness freshness;

	ck_assert_int_eq(note_begin(text, &note), 0);
	ck_assert_int_eq(note_sign(text, &key, &note), 0);
	ck_assert_int_eq(freshness_open(buf_view(&note), &key.verifying, &freshness),
			 _i == 0 ? 0 : -EBADMSG);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_loop_test(tests, a_release_is_read_as_it_was_written, 0, COUNT_OF(RELEASES));
	tcase_add_test(tests, a_release_says_what_it_is_of);
	tcase_add_test(tests, a_release_has_one_spelling);
	tcase_add_loop_test(tests, refuses_what_is_no_release, 0, COUNT_OF(NO_RELEASES));
	tcase_add_test(tests, refuses_to_write_what_is_no_release);
	tcase_add_test(tests, freshness_says_what_was_signed);
	tcase_add_test(tests, refuses_to_sign_what_is_no_freshness);
	tcase_add_loop_test(tests, opens_freshness_alone, 0, COUNT_OF(FRESHNESSES));
}

int main(void)
{
	return run_suite("release", NULL, NULL, add_tests);
}
