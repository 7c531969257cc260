/* SPDX-License-Identifier: MIT */
/* What a record could not write is in a file whole, as far as it was kept, and nowhere else read. */
#include "common/record_unwritten.h"

#include "tests/unit/record_fixture.h"

static struct record *record;
static struct record_unwritten unwritten;
static int top_fd;

static void set_up(void)
{
	setup();
	record = open_record();
	top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(record_unwritten_create(top_fd, record_boot(record), &unwritten), 0);
}

static void tear_down(void)
{
	record_unwritten_done(&unwritten, top_fd, false);
	record_close(record);
	close(top_fd);
	teardown();
}

static void keep(void)
{
	ck_assert_int_eq(record_unwritten_keep(&unwritten, record), 0);
}

static void add_intents(uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i < to; i++) {
		struct record_entry intent = intent_entry(i);

		add(record, &intent);
	}
}

/* Reads the file; -EBADMSG when it or an entry is not as written. */
static int count_left(uint64_t first)
{
	SCOPED(record_leftover_done) struct record_leftover left = { .boot = 0 };
	struct record_entry entry;
	int r = record_leftover_read(top_fd, unwritten.name, &left), count = 0;

	if (r < 0)
		return r;
	ck_assert_uint_eq(left.boot, record_boot(record));
	while ((r = record_leftover_next(&left, &entry)) > 0) {
		struct record_entry intent = intent_entry(first + (uint64_t)count++);

		ck_assert_uint_eq(entry.number, intent.number);
		ck_assert_uint_eq(entry.time_ns, intent.time_ns);
	}
	return r < 0 ? r : count;
}

START_TEST(what_is_added_and_not_flushed_is_there)
{
	ck_assert_int_eq(count_left(0), 0);
	for (uint64_t i = 0; i < 50; i++) {
		add_intents(i, i + 1);
		keep();
		ck_assert_int_eq(count_left(0), (int)i + 1);
	}
	keep();
	ck_assert_int_eq(count_left(0), 50);
}
END_TEST

START_TEST(what_is_flushed_is_not)
{
	add_intents(0, 10);
	keep();
	ck_assert_int_eq(record_flush(record), 0);
	keep();
	ck_assert_int_eq(count_left(0), 0);
	add_intents(10, 13);
	keep();
	ck_assert_int_eq(count_left(10), 3);
}
END_TEST

START_TEST(another_batch_of_the_same_length_takes_the_place)
{
	add_intents(0, 10);
	keep();
	ck_assert_int_eq(record_flush(record), 0);
	add_intents(10, 20);
	keep();
	ck_assert_int_eq(count_left(10), 10);
}
END_TEST

START_TEST(a_full_batch_has_room)
{
	struct record_entry intent = intent_entry(0);
	uint64_t count = 0;
	struct record_pending pending = record_pending(record);
	size_t each = 0;

	do {
		size_t before = pending.entries.length;

		intent = intent_entry(count++);
		add(record, &intent);
		pending = record_pending(record);
		each = pending.entries.length > before ? pending.entries.length - before : each;
	} while (pending.entries.length + 2 * each < RECORD_BATCH_MAX);
	keep();
	ck_assert_int_eq(count_left(0), (int)count);
}
END_TEST

START_TEST(a_writer_that_dies_leaves_what_stood_there)
{
	add_intents(0, 5);
	keep();
	add_intents(5, 9);
	struct record_pending pending = record_pending(record);
	/* as when the entries are written, and the header is not */
	ck_assert_int_eq(pwrite(unwritten.fd, pending.entries.at, pending.entries.length, 4096),
			 (ssize_t)pending.entries.length);
	ck_assert_int_eq(count_left(0), 5);
}
END_TEST

START_TEST(every_changed_byte_is_noticed)
{
	add_intents(0, 5);
	keep();
	for (size_t i = 0; i < 56 + unwritten.length; i++) {
		off_t at = (off_t)(i < 56 ? i : 4096 + i - 56);
		char whole, damaged;

		ck_assert_int_eq(pread(unwritten.fd, &whole, 1, at), 1);
		damaged = (char)(whole ^ (1 << i % 8));
		ck_assert_int_eq(pwrite(unwritten.fd, &damaged, 1, at), 1);
		if (count_left(0) != -EBADMSG)
			ck_abort_msg("byte %zu", i);
		ck_assert_int_eq(pwrite(unwritten.fd, &whole, 1, at), 1);
	}
	for (off_t size = 0; size < (off_t)(4096 + unwritten.length); size += 7) {
		ck_assert_int_eq(ftruncate(unwritten.fd, size), 0);
		ck_assert_int_eq(count_left(0), -EBADMSG);
	}
}
END_TEST

START_TEST(a_file_that_nobody_finds_keeps_nothing)
{
	struct record_unwritten none = { .fd = -1 };

	ck_assert_int_eq(record_unwritten_keep(&none, record), 0);
	add_intents(0, 1);
	ck_assert_int_eq(record_unwritten_keep(&none, record), -ENOENT);
	ck_assert_int_eq(unlinkat(top_fd, unwritten.name, 0), 0);
	ck_assert_int_eq(record_unwritten_keep(&unwritten, record), -ENOENT);
}
END_TEST

START_TEST(links_pipes_and_folders_are_not_read)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", top, unwritten.name);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	ck_assert_int_eq(count_left(0), -ELOOP);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(count_left(0), -EBADMSG);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(count_left(0), -EBADMSG);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

START_TEST(it_goes_unless_it_is_left)
{
	record_unwritten_done(&unwritten, top_fd, true);
	ck_assert_int_eq(faccessat(top_fd, unwritten.name, F_OK, 0), 0);
	struct record_unwritten again;
	ck_assert_int_eq(record_unwritten_create(top_fd, record_boot(record), &again), -EEXIST);
	ck_assert_int_eq(unlinkat(top_fd, unwritten.name, 0), 0);
	ck_assert_int_eq(record_unwritten_create(top_fd, record_boot(record), &again), 0);
	record_unwritten_done(&again, top_fd, false);
	ck_assert_int_ne(faccessat(top_fd, unwritten.name, F_OK, 0), 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, what_is_added_and_not_flushed_is_there);
	tcase_add_test(tcase, what_is_flushed_is_not);
	tcase_add_test(tcase, another_batch_of_the_same_length_takes_the_place);
	tcase_add_test(tcase, a_full_batch_has_room);
	tcase_add_test(tcase, a_writer_that_dies_leaves_what_stood_there);
	tcase_add_test(tcase, every_changed_byte_is_noticed);
	tcase_add_test(tcase, a_file_that_nobody_finds_keeps_nothing);
	tcase_add_test(tcase, links_pipes_and_folders_are_not_read);
	tcase_add_test(tcase, it_goes_unless_it_is_left);
}

int main(void)
{
	return run_suite("unwritten", set_up, tear_down, add_tests);
}
