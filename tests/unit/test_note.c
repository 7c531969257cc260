/* SPDX-License-Identifier: MIT */
/* Keys and signed notes are those of c2sp.org/signed-note, and nothing that is nearly one passes. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/checkpoint.h"
#include "tests/unit/run_suite.h"

/* The example of golang.org/x/mod/sumdb/note. */
#define PUBLIC "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define SECRET "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define TEXT                                                                                       \
	"If you think cryptography is the answer to your problem,\n"                               \
	"then you don't know what your problem is.\n"
#define BLOB                                                                                       \
	"x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJ" \
	"nAM="
#define LINE   "\xe2\x80\x94 PeterNeumann " BLOB "\n"
#define NOTE   TEXT "\n" LINE
#define OTHERS "\xe2\x80\x94 somebody AAAAAAAA\n"

static struct verifying_key known(void)
{
	struct verifying_key key;

	ck_assert_int_eq(verifying_key_read(SLICE(PUBLIC), &key), 0);
	return key;
}

static int open_note(struct slice message)
{
	struct verifying_key key = known();
	struct note note;

	return note_open(message, &key, 1, &note);
}

START_TEST(reads_and_writes_the_published_keys)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(1 * KIB);
	SCOPED(signing_key_done) struct signing_key key;

	ck_assert_int_eq(signing_key_read(SLICE(" " SECRET "\n"), &key), 0);
	signing_key_write(&key, &out);
	ck_assert_str_eq(buf_text(&out), SECRET);
	buf_clear(&out);
	verifying_key_write(&key.verifying, &out);
	ck_assert_str_eq(buf_text(&out), PUBLIC);
}
END_TEST

START_TEST(signs_as_published)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(1 * KIB);
	SCOPED(signing_key_done) struct signing_key key;

	ck_assert_int_eq(signing_key_read(SLICE(SECRET), &key), 0);
	ck_assert_int_eq(note_begin(SLICE(TEXT), &out), 0);
	ck_assert_int_eq(note_sign(SLICE(TEXT), &key, &out), 0);
	ck_assert_str_eq(buf_text(&out), NOTE);
}
END_TEST

START_TEST(opens_what_a_known_key_signed)
{
	struct verifying_key key = known();
	struct note note;

	ck_assert_int_eq(note_open(SLICE(NOTE), &key, 1, &note), 0);
	ck_assert(slice_is(note.text, TEXT));
	ck_assert_uint_eq(note.signed_by, 1);
	ck_assert_int_eq(open_note(SLICE(TEXT "\n" OTHERS LINE OTHERS LINE)), 0);
}
END_TEST

static const struct {
	const char *message;
	int result;
} REFUSED[] = {
	{ "", -EBADMSG },
	{ "\n", -EBADMSG },
	{ TEXT, -EBADMSG },
	{ TEXT "\n", -EBADMSG },
	{ TEXT LINE, -EBADMSG },
	{ TEXT "\n\xe2\x80\x94 PeterNeumann " BLOB, -EBADMSG },       /* no line's end */
	{ TEXT "\n\xe2\x80\x94 PeterNeumann  " BLOB "\n", -EBADMSG }, /* two spaces */
	{ TEXT "\n- PeterNeumann " BLOB "\n", -EBADMSG },             /* another dash */
	{ TEXT "\n\xe2\x80\x94 PeterNeumann x08go/8=\n", -EKEYREJECTED },
	{ TEXT "\n\xe2\x80\x94 PeterNeumann x08go/8\n", -EBADMSG },
	{ TEXT "\n\xe2\x80\x94 PeterNeumann x08gow==\n", -EBADMSG }, /* an id alone */
	{ TEXT "\n\xe2\x80\x94  x08gow==\n", -EBADMSG },             /* no name */
	{ "\t" TEXT "\n" LINE, -EBADMSG },
	{ TEXT "\xff\n\n" LINE, -EBADMSG },
	{ "Another text.\n\n" LINE, -EKEYREJECTED },
	{ TEXT "\n\n" LINE, -EKEYREJECTED }, /* of a text with one empty line more */
	{ TEXT "\n" OTHERS, -ENOKEY },
	{ TEXT "\n\xe2\x80\x94 peterneumann " BLOB "\n", -ENOKEY },
};

START_TEST(refuses_what_is_no_note)
{
	ck_assert_int_eq(open_note(slice_of(REFUSED[_i].message)), REFUSED[_i].result);
}
END_TEST

START_TEST(refuses_a_note_in_which_a_byte_changed)
{
	char message[sizeof(NOTE)];

	for (size_t i = 0; i < sizeof(NOTE) - 1; i++) {
		for (int bit = 0; bit < 8; bit++) {
			memcpy(message, NOTE, sizeof(NOTE));
			message[i] = (char)(message[i] ^ 1 << bit);
			ck_assert_int_ne(open_note((struct slice){ message, sizeof(NOTE) - 1 }), 0);
		}
	}
}
END_TEST

START_TEST(stops_at_too_many_signatures)
{
	SCOPED(buf_done) struct buf message = BUF_MAX(64 * KIB);

	buf_add_text(&message, TEXT "\n");
	for (unsigned int i = 0; i < NOTE_SIGNATURES_MAX; i++)
		buf_add_text(&message, i == 7 ? LINE : OTHERS);
	ck_assert_int_eq(open_note(buf_view(&message)), 0);
	buf_add_text(&message, OTHERS);
	ck_assert_int_eq(open_note(buf_view(&message)), -EBADMSG);
}
END_TEST

/* Two of three sign: a threshold counts keys, not lines. */
START_TEST(counts_each_key_once)
{
	SCOPED(buf_done) struct buf message = BUF_MAX(4 * KIB);
	struct signing_key keys[3];
	struct verifying_key verifying[3];
	struct note note;

	ck_assert_int_eq(note_begin(SLICE(TEXT), &message), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(signing_key_new(SLICE("shop.example/author"), &keys[i]), 0);
		verifying[i] = keys[i].verifying;
	}
	ck_assert_int_eq(note_sign(SLICE(TEXT), &keys[2], &message), 0);
	ck_assert_int_eq(note_sign(SLICE(TEXT), &keys[0], &message), 0);
	ck_assert_int_eq(note_sign(SLICE(TEXT), &keys[0], &message), 0);
	ck_assert_int_eq(note_open(buf_view(&message), verifying, 3, &note), 0);
	ck_assert_uint_eq(note.signed_by, 5);
}
END_TEST

START_TEST(finds_the_line_of_a_key)
{
	struct verifying_key key = known();
	struct slice line;

	ck_assert_int_eq(note_line(SLICE(TEXT "\n" OTHERS LINE OTHERS), &key, &line), 0);
	ck_assert(slice_is(line, LINE));
	ck_assert_int_eq(note_line(SLICE(TEXT "\n" OTHERS), &key, &line), -ENOKEY);
	ck_assert_int_eq(note_line(SLICE(TEXT LINE), &key, &line), -EBADMSG);
	ck_assert_int_eq(note_line(SLICE(TEXT "\nx\n" LINE), &key, &line), -EBADMSG);
}
END_TEST

static const char *const NO_KEYS[] = {
	"",
	"PeterNeumann",
	"PeterNeumann+c74f20a3",
	"PeterNeumann+c74f20a3+",
	"PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	"PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	"peterneumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	"PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWAAAA",
	"Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
};

START_TEST(refuses_what_is_no_key)
{
	struct verifying_key key;
	struct signing_key secret;
	SCOPED(buf_done) struct buf text = BUF_MAX(1 * KIB);

	ck_assert_int_eq(verifying_key_read(slice_of(NO_KEYS[_i]), &key), -EINVAL);
	ck_assert_int_eq(signing_key_read(slice_of(NO_KEYS[_i]), &secret), -EINVAL);
	buf_printf(&text, "PRIVATE+KEY+%s", NO_KEYS[_i]);
	ck_assert_int_eq(signing_key_read(buf_view(&text), &secret), -EINVAL);
}
END_TEST

START_TEST(a_checkpoint_says_what_it_was_made_of)
{
	SCOPED(buf_done) struct buf message = BUF_MAX(1 * KIB);
	struct signing_key key, other;
	struct checkpoint checkpoint;
	struct tree tree = { 0 };
	struct tree_hash leaf = tree_leaf(SLICE("one")), root;

	ck_assert_int_eq(signing_key_new(SLICE("shop.example/log"), &key), 0);
	ck_assert_int_eq(signing_key_new(SLICE("shop.example/log"), &other), 0);
	for (int i = 0; i < 1234; i++)
		ck_assert_int_eq(tree_add(&tree, &leaf, NULL, NULL), 0);
	ck_assert_int_eq(checkpoint_write(&tree, &key, &message), 0);
	ck_assert_int_eq(checkpoint_open(buf_view(&message), &key.verifying, &checkpoint), 0);
	ck_assert(slice_is(checkpoint.origin, "shop.example/log"));
	ck_assert_uint_eq(checkpoint.size, 1234);
	root = tree_root(&tree);
	ck_assert_mem_eq(&checkpoint.root, &root, sizeof(root));
	ck_assert_int_eq(checkpoint_open(buf_view(&message), &other.verifying, &checkpoint),
			 -ENOKEY);
}
END_TEST

static const char *const NO_CHECKPOINTS[] = {
	"PeterNeumann\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
	"PeterNeumann\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
	"PeterNeumann\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuA==\n",
	"PeterNeumann\n0\n",
	"PeterNeumann\n",
	"somebody\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
};

START_TEST(refuses_what_is_no_checkpoint)
{
	SCOPED(buf_done) struct buf message = BUF_MAX(1 * KIB);
	struct slice text = slice_of(NO_CHECKPOINTS[_i]);
	struct checkpoint checkpoint;
	struct signing_key key;

	ck_assert_int_eq(signing_key_read(SLICE(SECRET), &key), 0);
	ck_assert_int_eq(note_begin(text, &message), 0);
	ck_assert_int_eq(note_sign(text, &key, &message), 0);
	ck_assert_int_eq(checkpoint_open(buf_view(&message), &key.verifying, &checkpoint),
			 -EBADMSG);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, reads_and_writes_the_published_keys);
	tcase_add_test(tests, signs_as_published);
	tcase_add_test(tests, opens_what_a_known_key_signed);
	tcase_add_loop_test(tests, refuses_what_is_no_note, 0, COUNT_OF(REFUSED));
	tcase_add_test(tests, refuses_a_note_in_which_a_byte_changed);
	tcase_add_test(tests, stops_at_too_many_signatures);
	tcase_add_test(tests, counts_each_key_once);
	tcase_add_test(tests, finds_the_line_of_a_key);
	tcase_add_loop_test(tests, refuses_what_is_no_key, 0, COUNT_OF(NO_KEYS));
	tcase_add_test(tests, a_checkpoint_says_what_it_was_made_of);
	tcase_add_loop_test(tests, refuses_what_is_no_checkpoint, 0, COUNT_OF(NO_CHECKPOINTS));
}

int main(void)
{
	return run_suite("note", NULL, NULL, add_tests);
}
