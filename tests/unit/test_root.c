/* SPDX-License-Identifier: MIT */
/* Roots are walked one by one, each signed by enough authors of the one before it and by enough of its
 * own; nothing skips, goes back, or comes from elsewhere. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/root.h"
#include "tests/unit/run_suite.h"

enum { ANNA, BEN, CYD, EVE, SERVER, KEYS };

static const char *const NAMES[KEYS] = { "shop/anna", "shop/ben", "shop/cyd", "shop/eve",
					 "shop/freshness" };
static struct signing_key keys[KEYS];
static unsigned char policy_digest[SHA256_SIZE] = { 7 };

#define SET(key) (1u << (key))

static void start(void)
{
	for (int i = 0; i < KEYS; i++)
		ck_assert_int_eq(signing_key_new(slice_of(NAMES[i]), &keys[i]), 0);
}

static struct root root_with(unsigned int set, unsigned int threshold)
{
	struct root root = { .server = SLICE("shop"),
			     .threshold = threshold,
			     .by = SLICE("anna"),
			     .why = SLICE("") };

	for (int i = 0; i < KEYS; i++) {
		if (set & SET(i))
			root.keys[root.key_count++] = keys[i].verifying;
	}
	return root;
}

static struct root root_behind(const struct root *before, unsigned int set, unsigned int threshold)
{
	struct root root = root_with(set, threshold);

	root.version = before->version + 1;
	root.previous = before->version;
	memcpy(root.previous_digest, before->digest, SHA256_SIZE);
	return root;
}

/* Appends the note of `root` with the signatures of a set. */
static void sign(const struct root *root, unsigned int set, struct buf *out)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(ROOT_TEXT_MAX);

	ck_assert_int_eq(root_write(root, &text), 0);
	ck_assert_int_eq(note_begin(buf_view(&text), out), 0);
	for (int i = 0; i < KEYS; i++) {
		if (set & SET(i))
			ck_assert_int_eq(note_sign(buf_view(&text), &keys[i], out), 0);
	}
}

/* What opening says of `next` behind `before`. */
static int open_next(const struct root *before, const struct root *next, unsigned int signers)
{
	SCOPED(buf_done) struct buf message = BUF_MAX(NOTE_SIZE_MAX);
	struct root opened;

	sign(next, signers, &message);
	return root_open_next(before, buf_view(&message), &keys[SERVER].verifying, &opened);
}

static const struct {
	unsigned int before, threshold_before, next, threshold_next, signers;
	int result;
} STEPS[] = {
	/* one author hands over to another */
	{ SET(ANNA), 1, SET(BEN), 1, SET(ANNA) | SET(BEN) | SET(SERVER), 0 },
	{ SET(ANNA), 1, SET(BEN), 1, SET(ANNA) | SET(SERVER), -EPERM },
	{ SET(ANNA), 1, SET(BEN), 1, SET(BEN) | SET(SERVER), -EACCES },
	{ SET(ANNA), 1, SET(BEN), 1, SET(SERVER), -EACCES },
	{ SET(ANNA), 1, SET(BEN), 1, SET(ANNA) | SET(BEN), -ENOKEY },
	{ SET(ANNA), 1, SET(BEN), 1, SET(EVE) | SET(SERVER), -EACCES },
	/* one is added, and signs with who was there */
	{ SET(ANNA), 1, SET(ANNA) | SET(BEN), 2, SET(ANNA) | SET(BEN) | SET(SERVER), 0 },
	{ SET(ANNA), 1, SET(ANNA) | SET(BEN), 2, SET(ANNA) | SET(SERVER), -EPERM },
	{ SET(ANNA), 1, SET(ANNA) | SET(BEN), 1, SET(ANNA) | SET(SERVER), 0 },
	/* two of three, of both */
	{ SET(ANNA) | SET(BEN) | SET(CYD), 2, SET(ANNA) | SET(BEN) | SET(EVE), 2,
	  SET(ANNA) | SET(BEN) | SET(SERVER), 0 },
	{ SET(ANNA) | SET(BEN) | SET(CYD), 2, SET(ANNA) | SET(BEN) | SET(EVE), 2,
	  SET(ANNA) | SET(EVE) | SET(SERVER), -EACCES },
	{ SET(ANNA) | SET(BEN) | SET(CYD), 2, SET(ANNA) | SET(BEN) | SET(EVE), 2,
	  SET(ANNA) | SET(CYD) | SET(SERVER), -EPERM },
};

START_TEST(a_root_is_signed_by_enough_of_both)
{
	struct root before = root_with(STEPS[_i].before, STEPS[_i].threshold_before);
	struct root next = root_behind(&before, STEPS[_i].next, STEPS[_i].threshold_next);

	ck_assert_int_eq(open_next(&before, &next, STEPS[_i].signers), STEPS[_i].result);
}
END_TEST

/* Makes what was written what is known, as a machine does. */
static void walk(struct root *root, unsigned int set, struct buf *message)
{
	struct root next = root_behind(root, set, 1), opened;

	sign(&next, SET(ANNA) | SET(BEN) | SET(SERVER), message);
	ck_assert_int_eq(root_open_next(root, buf_view(message), &keys[SERVER].verifying, &opened),
			 0);
	*root = opened;
}

START_TEST(roots_are_walked_one_by_one)
{
	SCOPED(buf_done) struct buf first = BUF_MAX(NOTE_SIZE_MAX);
	SCOPED(buf_done) struct buf second = BUF_MAX(NOTE_SIZE_MAX);
	SCOPED(buf_done) struct buf third = BUF_MAX(NOTE_SIZE_MAX);
	struct root pinned = root_with(SET(ANNA), 1), root = pinned, one, two, opened;
	const struct verifying_key *server = &keys[SERVER].verifying;

	walk(&root, SET(ANNA) | SET(BEN), &first);
	one = root;
	walk(&root, SET(BEN), &second);
	two = root;
	walk(&root, SET(ANNA) | SET(BEN), &third);
	/* skipped */
	ck_assert_int_eq(root_open_next(&pinned, buf_view(&second), server, &opened), -ESTALE);
	ck_assert_int_eq(root_open_next(&one, buf_view(&third), server, &opened), -ESTALE);
	/* rolled back, or said again */
	ck_assert_int_eq(root_open_next(&two, buf_view(&first), server, &opened), -ESTALE);
	ck_assert_int_eq(root_open_next(&two, buf_view(&second), server, &opened), -ESTALE);
	ck_assert_int_eq(root_open_next(&root, buf_view(&first), server, &opened), -ESTALE);
	ck_assert_uint_eq(root.version, 3);
}
END_TEST

START_TEST(another_history_is_none)
{
	struct root pinned = root_with(SET(ANNA), 1), next = root_behind(&pinned, SET(ANNA), 1);
	unsigned int all = SET(ANNA) | SET(SERVER);
	SCOPED(buf_done) struct buf message = BUF_MAX(NOTE_SIZE_MAX);
	struct root one;

	sign(&next, all, &message);
	ck_assert_int_eq(root_open_next(&pinned, buf_view(&message), &keys[SERVER].verifying, &one),
			 0);
	struct root second = root_behind(&one, SET(ANNA), 1);
	ck_assert_int_eq(open_next(&one, &second, all), 0);
	second.previous_digest[0] ^= 1;
	ck_assert_int_eq(open_next(&one, &second, all), -EXDEV);
	next.server = SLICE("another");
	ck_assert_int_eq(open_next(&pinned, &next, all), -EXDEV);
}
END_TEST

START_TEST(what_is_forged_is_refused_wherever_it_was_changed)
{
	struct root pinned = root_with(SET(ANNA), 1), next = root_behind(&pinned, SET(BEN), 1);
	SCOPED(buf_done) struct buf message = BUF_MAX(NOTE_SIZE_MAX);
	struct root opened;

	sign(&next, SET(ANNA) | SET(BEN) | SET(SERVER), &message);
	for (size_t i = 0; i < message.length; i++) {
		message.at[i] ^= 1;
		ck_assert_int_lt(root_open_next(&pinned, buf_view(&message),
						&keys[SERVER].verifying, &opened),
				 0);
		message.at[i] ^= 1;
	}
	for (size_t i = 0; i < message.length; i++)
		ck_assert_int_lt(root_open_next(&pinned, slice_part(buf_view(&message), 0, i),
						&keys[SERVER].verifying, &opened),
				 0);
	ck_assert_int_eq(
		root_open_next(&pinned, buf_view(&message), &keys[SERVER].verifying, &opened), 0);
}
END_TEST

/* A key that was made for somebody else's name is another line, and stays one author's. */
START_TEST(one_key_is_not_two_authors)
{
	struct root root = root_with(SET(ANNA) | SET(BEN), 2);
	SCOPED(buf_done) struct buf out = BUF_MAX(ROOT_TEXT_MAX);

	root.version = 1;
	ck_assert_int_eq(root_write(&root, &out), 0);
	memcpy(root.keys[1].public_key, root.keys[0].public_key, KEY_PUBLIC_SIZE);
	ck_assert_int_eq(root_write(&root, &out), -EINVAL);
	root.keys[1] = root.keys[0];
	ck_assert_int_eq(root_write(&root, &out), -EINVAL);
	root.keys[1] = keys[CYD].verifying;
	strcpy(root.keys[1].name, root.keys[0].name);
	ck_assert_int_eq(root_write(&root, &out), -EINVAL);
}
END_TEST

START_TEST(two_pinned_keys_of_one_author_are_one)
{
	struct root pinned = root_with(SET(ANNA), 2), next;
	struct signing_key second;
	SCOPED(buf_done) struct buf message = BUF_MAX(NOTE_SIZE_MAX);
	SCOPED(buf_done) struct buf text = BUF_MAX(ROOT_TEXT_MAX);
	unsigned int count;

	ck_assert_int_eq(signing_key_new(slice_of(NAMES[ANNA]), &second), 0);
	pinned.keys[pinned.key_count++] = second.verifying;
	next = root_behind(&pinned, SET(BEN), 1);
	sign(&next, SET(ANNA) | SET(BEN) | SET(SERVER), &message);
	ck_assert_int_eq(root_write(&next, &text), 0);
	ck_assert_int_eq(note_sign(buf_view(&text), &second, &message), 0);
	ck_assert_int_eq(root_signers(&pinned, buf_view(&message), &count), 0);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(
		root_open_next(&pinned, buf_view(&message), &keys[SERVER].verifying, &next),
		-EACCES);
}
END_TEST

static const struct {
	unsigned int set, threshold;
} THRESHOLDS[] = {
	{ SET(ANNA), 0 }, { SET(ANNA), 2 }, { SET(ANNA) | SET(BEN), 3 }, { 0, 1 }, { 0, 0 }
};

START_TEST(thresholds_are_from_one_to_as_many_as_there_are)
{
	struct root root = root_with(THRESHOLDS[_i].set, THRESHOLDS[_i].threshold);
	SCOPED(buf_done) struct buf out = BUF_MAX(ROOT_TEXT_MAX);

	root.version = 1;
	ck_assert_int_eq(root_write(&root, &out), -EINVAL);
	ck_assert_uint_eq(out.length, 0);
}
END_TEST

START_TEST(a_root_has_one_spelling)
{
	struct root root = root_with(SET(ANNA) | SET(BEN), 2), read;
	SCOPED(buf_done) struct buf text = BUF_MAX(ROOT_TEXT_MAX);
	SCOPED(buf_done) struct buf policies = BUF_MAX(KIB);
	SCOPED(buf_done) struct buf again = BUF_MAX(ROOT_TEXT_MAX);

	root_policy_write(SLICE("shop"), 215, policy_digest, &policies);
	root.version = 1;
	root.policies = buf_view(&policies);
	root.why = SLICE("ticket 812");
	ck_assert_int_eq(root_write(&root, &text), 0);
	ck_assert_int_eq(root_read(buf_view(&text), &read), 0);
	ck_assert_int_eq(root_write(&read, &again), 0);
	ck_assert(slice_equal(buf_view(&text), buf_view(&again)));
	for (size_t i = 0; i < text.length; i++)
		ck_assert_int_eq(root_read(slice_part(buf_view(&text), 0, i), &read), -EBADMSG);
	for (size_t i = 0; i < text.length; i++) {
		text.at[i] ^= 0x20;
		buf_clear(&again);
		if (root_read(buf_view(&text), &read) == 0) {
			ck_assert_int_eq(root_write(&read, &again), 0);
			ck_assert(slice_equal(buf_view(&text), buf_view(&again)));
		}
		text.at[i] ^= 0x20;
	}
}
END_TEST

START_TEST(a_root_vouches_for_the_policies_that_it_names)
{
	const unsigned char other[SHA256_SIZE] = { 8 };
	struct root root = root_with(SET(ANNA), 1);
	SCOPED(buf_done) struct buf policies = BUF_MAX(KIB);
	SCOPED(buf_done) struct buf text = BUF_MAX(ROOT_TEXT_MAX);

	root_policy_write(SLICE("bank"), 3, policy_digest, &policies);
	root_policy_write(SLICE("shop"), 215, policy_digest, &policies);
	root.policies = buf_view(&policies);
	ck_assert(root_has_policy(&root, SLICE("shop"), 215, policy_digest));
	ck_assert(root_has_policy(&root, SLICE("bank"), 3, policy_digest));
	ck_assert(!root_has_policy(&root, SLICE("shop"), 214, policy_digest));
	ck_assert(!root_has_policy(&root, SLICE("shop"), 215, other));
	ck_assert(!root_has_policy(&root, SLICE("farm"), 3, policy_digest));
	root.version = 1;
	root_policy_write(SLICE("farm"), 1, policy_digest, &policies); /* out of order */
	root.policies = buf_view(&policies);
	ck_assert_int_eq(root_write(&root, &text), -EINVAL);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, a_root_is_signed_by_enough_of_both, 0, COUNT_OF(STEPS));
	tcase_add_test(tcase, roots_are_walked_one_by_one);
	tcase_add_test(tcase, another_history_is_none);
	tcase_add_test(tcase, what_is_forged_is_refused_wherever_it_was_changed);
	tcase_add_test(tcase, one_key_is_not_two_authors);
	tcase_add_test(tcase, two_pinned_keys_of_one_author_are_one);
	tcase_add_loop_test(tcase, thresholds_are_from_one_to_as_many_as_there_are, 0,
			    COUNT_OF(THRESHOLDS));
	tcase_add_test(tcase, a_root_has_one_spelling);
	tcase_add_test(tcase, a_root_vouches_for_the_policies_that_it_names);
}

int main(void)
{
	return run_suite("root", start, NULL, add_tests);
}
