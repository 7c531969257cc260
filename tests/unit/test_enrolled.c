/* SPDX-License-Identifier: MIT */
/* Several processes keep what comes from the server in one folder: none of them takes back what another one
 * has kept. */
#include <check.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>

#include "control/base64.h"
#include "control/envelope.h"
#include "control/freshness.h"
#include "control/release.h"
#include "tests/unit/run_suite.h"
#include "tools/command/json.h"
#include "tools/remote/bundle.h"

#define VERSIONS_MAX 8u
#define NOW_S        1800000000u

enum { AUTHOR, FRESHNESS, LOG, KEYS };

static const char *const NAMES[KEYS] = { "shop/anna", "shop/freshness", "shop/log" };
#define SOURCE SLICE("what is no archive, and nobody looks")

static struct signing_key keys[KEYS];
static char folder[] = "/tmp/chaperone-enrolled-XXXXXX";
static struct buf releases[VERSIONS_MAX]; /* their texts, by version */

static void add_key(struct buf *out, const char *name, int key)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(KIB);

	verifying_key_write(&keys[key].verifying, &text);
	json_text(out, name, buf_view(&text));
}

static void enrol(const char *agent, struct enrolled *ret_enrolled)
{
	static const unsigned char HASH[SHA256_SIZE] = { 1 };
	SCOPED(buf_done) struct buf answer = BUF_MAX(64 * KIB);
	SCOPED(buf_done) struct buf chain_key = BUF_MAX(KIB);

	base64url_write(HASH, sizeof(HASH), &chain_key);
	json_open(&answer, NULL, '{');
	json_text(&answer, "server", SLICE("shop"));
	json_text(&answer, "agent", slice_of(agent));
	json_text(&answer, "bundle", SLICE("shop"));
	json_text(&answer, "token", SLICE("token"));
	json_text(&answer, "chain_key", buf_view(&chain_key));
	add_key(&answer, "freshness_key", FRESHNESS);
	add_key(&answer, "log_key", LOG);
	json_number(&answer, "author_threshold", 1);
	json_open(&answer, "author_keys", '[');
	add_key(&answer, NULL, AUTHOR);
	json_close(&answer, ']');
	json_close(&answer, '}');
	json_end(&answer);
	ck_assert_int_eq(enrolled_keep(folder, "https://shop:1", HASH, buf_view(&answer),
				       ret_enrolled, NULL),
			 0);
}

static void write_release(uint64_t version)
{
	struct buf *text = &releases[version];
	struct release release = { .bundle = SLICE("shop"),
				   .version = version,
				   .previous = version - 1,
				   .source_length = SOURCE.length,
				   .by = SLICE("anna"),
				   .why = SLICE("") };

	if (version > 1)
		sha256(releases[version - 1].at, releases[version - 1].length,
		       release.previous_digest);
	sha256(SOURCE.at, SOURCE.length, release.source_digest);
	*text = (struct buf)BUF_MAX(RELEASE_TEXT_MAX);
	ck_assert_int_eq(release_write(&release, text), 0);
}

static void start(void)
{
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	for (int i = 0; i < KEYS; i++)
		ck_assert_int_eq(signing_key_new(slice_of(NAMES[i]), &keys[i]), 0);
	for (uint64_t version = 1; version < VERSIONS_MAX; version++)
		write_release(version);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

static void end(void)
{
	nftw(folder, remove_one, 4, FTW_DEPTH | FTW_PHYS);
	for (uint64_t version = 1; version < VERSIONS_MAX; version++)
		buf_done(&releases[version]);
}

static void write_word(uint64_t version, uint64_t issued_s, struct buf *out)
{
	struct freshness word = { .bundle = SLICE("shop"),
				  .version = version,
				  .issued_s = issued_s,
				  .expires_s = issued_s + 900 };

	sha256(releases[version].at, releases[version].length, word.release_digest);
	ck_assert_int_eq(freshness_write(&word, &keys[FRESHNESS], out), 0);
}

static int accept(void *context, struct slice source, struct error *error)
{
	(void)context;
	(void)error;
	return slice_equal(source, SOURCE) ? 0 : -EINVAL;
}

/* The server's answer to whoever has another version. */
static int receive(struct enrolled *enrolled, struct bundle *held, uint64_t version,
		   uint64_t issued_s)
{
	SCOPED(buf_done) struct buf word = BUF_MAX(NOTE_SIZE_MAX);
	SCOPED(buf_done) struct buf note = BUF_MAX(NOTE_SIZE_MAX);
	SCOPED(buf_done) struct buf text = BUF_MAX(ENVELOPE_MAX);

	write_word(version, issued_s, &word);
	ck_assert_int_eq(note_begin(buf_view(&releases[version]), &note), 0);
	ck_assert_int_eq(note_sign(buf_view(&releases[version]), &keys[AUTHOR], &note), 0);
	ck_assert_int_eq(
		envelope_write(&(struct envelope){ buf_view(&word), buf_view(&note), SOURCE },
			       &text),
		0);
	return bundle_receive(enrolled, buf_view(&text), accept, NULL, held, NULL);
}

static int refresh(struct enrolled *enrolled, struct bundle *held, uint64_t version,
		   uint64_t issued_s)
{
	SCOPED(buf_done) struct buf word = BUF_MAX(NOTE_SIZE_MAX);

	write_word(version, issued_s, &word);
	return bundle_refresh(enrolled, buf_view(&word), held, NULL);
}

/* A process that begins now. */
struct follower {
	struct enrolled enrolled;
	struct bundle held;
};

static void follower_done(struct follower *follower)
{
	enrolled_done(&follower->enrolled);
	bundle_done(&follower->held);
}

static void begin(struct follower *ret_follower)
{
	*ret_follower = (struct follower){ .held = BUNDLE_NONE };
	ck_assert_int_eq(enrolled_read(folder, &ret_follower->enrolled, NULL), 0);
	ck_assert_int_eq(bundle_load(&ret_follower->enrolled, &ret_follower->held, NULL), 0);
}

static void check_kept(uint64_t version, uint64_t issued_s, uint64_t root)
{
	SCOPED(follower_done) struct follower now;

	begin(&now);
	ck_assert_uint_eq(now.held.version, version);
	ck_assert_uint_eq(now.held.issued_s, issued_s);
	ck_assert_uint_eq(now.enrolled.root.version, root);
}

static void begin_two(struct follower *ret_quick, struct follower *ret_late)
{
	SCOPED(enrolled_done) struct enrolled first = { .url = "" };

	enrol("one", &first);
	begin(ret_quick);
	ck_assert_int_eq(receive(&ret_quick->enrolled, &ret_quick->held, 5, NOW_S), 1);
	begin(ret_late);
}

START_TEST(a_late_policy_does_not_take_back_a_newer_one)
{
	SCOPED(follower_done) struct follower quick;
	SCOPED(follower_done) struct follower late;

	begin_two(&quick, &late);
	ck_assert_int_eq(receive(&quick.enrolled, &quick.held, 7, NOW_S + 2), 1);
	ck_assert_int_eq(receive(&late.enrolled, &late.held, 6, NOW_S + 1), -EALREADY);
	check_kept(7, NOW_S + 2, 0);
	ck_assert_uint_eq(late.held.version, 7);
	/* and now it is no longer late, but wrong */
	ck_assert_int_eq(receive(&late.enrolled, &late.held, 6, NOW_S + 3), -EBADMSG);
	check_kept(7, NOW_S + 2, 0);
}
END_TEST

START_TEST(the_same_news_are_news_to_each)
{
	SCOPED(follower_done) struct follower quick;
	SCOPED(follower_done) struct follower late;

	begin_two(&quick, &late);
	ck_assert_int_eq(receive(&quick.enrolled, &quick.held, 6, NOW_S + 1), 1);
	ck_assert_int_eq(receive(&late.enrolled, &late.held, 6, NOW_S + 1), 1);
	ck_assert_int_eq(receive(&late.enrolled, &late.held, 6, NOW_S + 2), 0);
	check_kept(6, NOW_S + 2, 0);
}
END_TEST

START_TEST(a_late_word_does_not_take_back_a_newer_one)
{
	SCOPED(follower_done) struct follower quick;
	SCOPED(follower_done) struct follower late;

	begin_two(&quick, &late);
	ck_assert_int_eq(refresh(&quick.enrolled, &quick.held, 5, NOW_S + 9), 0);
	ck_assert_int_eq(refresh(&late.enrolled, &late.held, 5, NOW_S + 8), -EALREADY);
	check_kept(5, NOW_S + 9, 0);
	ck_assert_int_eq(refresh(&late.enrolled, &late.held, 5, NOW_S + 8), -EBADMSG);
	/* about a version that is not held any more */
	ck_assert_int_eq(receive(&quick.enrolled, &quick.held, 6, NOW_S + 10), 1);
	ck_assert_int_eq(refresh(&late.enrolled, &late.held, 5, NOW_S + 11), -EALREADY);
	check_kept(6, NOW_S + 10, 0);
}
END_TEST

/* Appends the note of the root that follows; the same author's, who signs for both. */
static void write_root(uint64_t version, unsigned char previous_digest[SHA256_SIZE],
		       struct buf *out)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(ROOT_TEXT_MAX);
	struct root root = { .server = SLICE("shop"),
			     .version = version,
			     .previous = version - 1,
			     .keys = { keys[AUTHOR].verifying },
			     .key_count = 1,
			     .threshold = 1,
			     .by = SLICE("anna"),
			     .why = SLICE("") };

	memcpy(root.previous_digest, previous_digest, SHA256_SIZE);
	ck_assert_int_eq(root_write(&root, &text), 0);
	sha256(text.at, text.length, previous_digest);
	ck_assert_int_eq(note_begin(buf_view(&text), out), 0);
	ck_assert_int_eq(note_sign(buf_view(&text), &keys[AUTHOR], out), 0);
	ck_assert_int_eq(note_sign(buf_view(&text), &keys[FRESHNESS], out), 0);
}

START_TEST(who_is_late_does_not_take_back_a_newer_root)
{
	SCOPED(follower_done) struct follower quick;
	SCOPED(follower_done) struct follower late;
	SCOPED(buf_done) struct buf first = BUF_MAX(NOTE_SIZE_MAX);
	SCOPED(buf_done) struct buf second = BUF_MAX(NOTE_SIZE_MAX);
	unsigned char digest[SHA256_SIZE] = { 0 };

	begin_two(&quick, &late);
	write_root(1, digest, &first);
	write_root(2, digest, &second);
	ck_assert_int_eq(enrolled_follow(&quick.enrolled, buf_view(&first), digest, NULL), 0);
	ck_assert_int_eq(enrolled_follow(&quick.enrolled, buf_view(&second), digest, NULL), 0);
	ck_assert_int_eq(enrolled_follow(&late.enrolled, buf_view(&first), digest, NULL), 0);
	ck_assert_uint_eq(late.enrolled.root.version, 2);
	check_kept(5, NOW_S, 2);
	ck_assert_int_eq(enrolled_follow(&late.enrolled, buf_view(&first), digest, NULL), -EBADMSG);
	check_kept(5, NOW_S, 2);
}
END_TEST

static void move_file(const char *from, const char *to)
{
	char before[64], after[64];

	snprintf(before, sizeof(before), "%s/%s", folder, from);
	snprintf(after, sizeof(after), "%s/%s", folder, to);
	ck_assert_int_eq(rename(before, after), 0);
}

START_TEST(what_comes_to_an_earlier_enrolment_is_not_kept)
{
	SCOPED(follower_done) struct follower quick;
	SCOPED(follower_done) struct follower late;
	SCOPED(enrolled_done) struct enrolled anew = { .url = "" };
	SCOPED(buf_done) struct buf first = BUF_MAX(NOTE_SIZE_MAX);
	unsigned char digest[SHA256_SIZE] = { 0 };

	begin_two(&quick, &late);
	write_root(1, digest, &first);
	ck_assert_int_eq(enrolled_follow(&quick.enrolled, buf_view(&first), digest, NULL), 0);
	check_kept(5, NOW_S, 1);
	move_file("root.json", "kept");
	enrol("two", &anew);
	move_file("kept", "root.json"); /* as if its removal had not come to pass */
	check_kept(5, NOW_S, 0);
	ck_assert_int_eq(enrolled_follow(&late.enrolled, buf_view(&first), digest, NULL), -ESTALE);
	ck_assert_int_eq(receive(&late.enrolled, &late.held, 6, NOW_S + 1), -ESTALE);
	ck_assert_int_eq(refresh(&late.enrolled, &late.held, 5, NOW_S + 1), -ESTALE);
	check_kept(5, NOW_S, 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, a_late_policy_does_not_take_back_a_newer_one);
	tcase_add_test(tcase, the_same_news_are_news_to_each);
	tcase_add_test(tcase, a_late_word_does_not_take_back_a_newer_one);
	tcase_add_test(tcase, who_is_late_does_not_take_back_a_newer_root);
	tcase_add_test(tcase, what_comes_to_an_earlier_enrolment_is_not_kept);
}

int main(void)
{
	return run_suite("enrolled", start, end, add_tests);
}
