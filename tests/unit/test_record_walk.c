/* SPDX-License-Identifier: MIT */
/* A walk takes from memory what the writer wrote, however it is cut, and nothing else. */
#include "common/record_walk.h"
#include "tests/unit/record_fixture.h"

#define FILE_MAX (256 * KIB)

static struct buf file = BUF_MAX(FILE_MAX);

static void make_file(void)
{
	setup();
	write_small();
	ck_assert_uint_eq(find_files(), 1);
	buf_clear(&file);
	ck_assert_int_eq(file_read(found[0], &file), 0);
}

static void remove_file(void)
{
	buf_done(&file);
	teardown();
}

/* How the walk over `bytes` ends; `ret_entries` were in what it took, and could be read. */
static int walk_all(struct slice bytes, struct record_walk *walk, size_t *ret_entries)
{
	static struct record_entries entries;
	struct record_piece piece;
	struct record_entry entry;
	int r;

	*ret_entries = 0;
	while ((r = record_walk_next(walk, &bytes, &piece)) == 1) {
		record_entries_of(&entries, &piece);
		while ((r = record_entries_next(&entries, &entry)) == 1)
			(*ret_entries)++;
		if (r < 0)
			return r;
	}
	return r;
}

START_TEST(all_of_a_file_is_taken)
{
	struct record_walk walk = { 0 };
	struct record_report report = verify();
	size_t entries;

	ck_assert_int_eq(walk_all(buf_view(&file), &walk, &entries), 0);
	ck_assert_uint_eq(walk.offset, file.length);
	ck_assert_uint_eq(entries, report.entries);
	ck_assert_int_eq(memcmp(walk.head, report.head, SHA256_SIZE), 0);
}
END_TEST

START_TEST(the_beginning_of_a_piece_waits_for_its_rest)
{
	for (size_t length = 0; length < file.length; length++) {
		SCOPED(free_p) char *copy = malloc(length + 1); /* what is behind it is nobody's */
		struct record_walk walk = { 0 }, before;
		size_t entries;

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, file.at, length);
		ck_assert_int_eq(walk_all((struct slice){ copy, length }, &walk, &entries), 0);
		ck_assert_uint_le(walk.offset, length);
		before = walk;
		struct slice rest = slice_part(buf_view(&file), walk.offset, file.length);
		ck_assert_int_eq(walk_all(rest, &walk, &entries), 0);
		ck_assert_uint_eq(walk.offset, file.length);
		ck_assert_uint_gt(walk.offset, before.offset);
	}
}
END_TEST

START_TEST(no_bit_can_turn)
{
	for (size_t bit = 0; bit < 8 * file.length; bit++) {
		struct record_walk walk = { 0 };
		size_t entries;

		file.at[bit / 8] ^= (char)(1 << bit % 8);
		int r = walk_all(buf_view(&file), &walk, &entries);
		ck_assert(r == -EBADMSG || r == -ESTALE || walk.offset < file.length);
		file.at[bit / 8] ^= (char)(1 << bit % 8);
	}
}
END_TEST

START_TEST(what_has_another_past_is_told)
{
	struct record_walk walk = { 0 };
	struct record_piece piece;
	struct slice rest = buf_view(&file);

	ck_assert_int_eq(record_walk_next(&walk, &rest, &piece), 1);
	ck_assert_uint_eq(piece.entries, 0);
	ck_assert_uint_eq(piece.header.part, 1);
	walk.head[7] ^= 1;
	struct record_walk before = walk;
	ck_assert_int_eq(record_walk_next(&walk, &rest, &piece), -ESTALE);
	ck_assert_int_eq(memcmp(&walk, &before, sizeof(walk)), 0);
	walk.head[7] ^= 1;
	ck_assert_int_eq(record_walk_next(&walk, &rest, &piece), 1);
	ck_assert_uint_eq(piece.entries, 2);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, all_of_a_file_is_taken);
	tcase_add_test(tcase, the_beginning_of_a_piece_waits_for_its_rest);
	tcase_add_test(tcase, no_bit_can_turn);
	tcase_add_test(tcase, what_has_another_past_is_told);
}

int main(void)
{
	return run_suite("record_walk", make_file, remove_file, add_tests);
}
