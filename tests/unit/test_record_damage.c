/* SPDX-License-Identifier: MIT */
/* No change of a byte, a file or the end of a file stays unnoticed. */
#include "tests/unit/record_fixture.h"

static size_t load(const char *path, unsigned char *bytes, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, bytes, max);

	close(fd);
	ck_assert_int_gt(n, 0);
	return (size_t)n;
}

static void store(const char *path, const unsigned char *bytes, size_t length)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0 || file_write_all(fd, bytes, length) < 0)
		abort();
	close(fd);
}

START_TEST(a_head_from_elsewhere_anchors_the_record)
{
	unsigned char head[SHA256_SIZE];

	write_small();
	struct record_report report = verify();
	ck_assert(report.is_good && !report.is_anchored && report.ends_in_order);
	ck_assert_uint_eq(report.entries, 5);
	ck_assert_uint_eq(report.batches, 2);
	memcpy(head, report.head, sizeof(head));
	ck_assert(verify_with(head).is_anchored);
	head[31] ^= 1;
	ck_assert(!verify_with(head).is_anchored);
}
END_TEST

START_TEST(every_changed_byte_is_noticed)
{
	unsigned char bytes[4096];

	write_small();
	write_small();
	ck_assert_uint_eq(find_files(), 2);
	size_t length = load(found[_i % 2], bytes, sizeof(bytes));
	for (size_t i = 0; i < length; i++) {
		bytes[i] ^= (unsigned char)(1u << (i % 8));
		store(found[_i % 2], bytes, length);
		struct record_report report = verify();
		if (report.is_good)
			ck_abort_msg("byte %zu of %s", i, found[_i % 2]);
		if (!strstr(found[_i % 2], report.bad_file) && !strstr(report.bad_text, "names"))
			ck_abort_msg("byte %zu: said of %s", i, report.bad_file);
		bytes[i] ^= (unsigned char)(1u << (i % 8));
	}
	store(found[_i % 2], bytes, length);
	ck_assert(verify().is_good);
}
END_TEST

START_TEST(every_truncation_of_a_linked_file_is_noticed)
{
	unsigned char bytes[4096];

	write_small();
	find_files();
	char first[400];
	strcpy(first, found[0]);
	write_small();
	size_t length = load(first, bytes, sizeof(bytes));
	for (size_t cut = 0; cut < length; cut++) {
		store(first, bytes, cut);
		if (verify().is_good)
			ck_abort_msg("cut to %zu bytes", cut);
	}
}
END_TEST

START_TEST(a_cut_at_a_batch_shows_only_by_the_head)
{
	unsigned char bytes[4096];
	size_t boundaries = 0;

	write_small();
	struct record_report whole = verify();
	find_files();
	size_t length = load(found[0], bytes, sizeof(bytes));
	for (size_t cut = 1; cut < length; cut++) {
		store(found[0], bytes, cut);
		struct record_report report = verify_with(whole.head);
		ck_assert(!report.is_anchored);
		if (report.is_good) {
			boundaries++;
			ck_assert(!report.ends_in_order);
		} else if (cut > RECORD_HEADER_FIXED + SHA256_SIZE) {
			ck_assert_str_eq(report.bad_text, "ends early: torn tail");
		}
	}
	ck_assert_uint_eq(boundaries, 2);
}
END_TEST

START_TEST(a_missing_file_is_noticed)
{
	write_small();
	write_small();
	write_small();
	ck_assert_uint_eq(find_files(), 3);
	size_t bad = 0;
	for (size_t i = 0; i < 3; i++) {
		char hidden[80];

		snprintf(hidden, sizeof(hidden), "%s/away", folder);
		ck_assert_int_eq(rename(found[i], hidden), 0);
		bad += !verify().is_good;
		ck_assert_int_eq(rename(hidden, found[i]), 0);
	}
	ck_assert_uint_eq(bad, 2); /* nobody names the newest */
}
END_TEST

START_TEST(a_copied_file_is_noticed)
{
	unsigned char bytes[4096];
	char copy[80];

	write_small();
	find_files();
	size_t length = load(found[0], bytes, sizeof(bytes));
	snprintf(copy, sizeof(copy), "%s/copy.rec", folder);
	close(open(copy, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	store(copy, bytes, length);
	ck_assert(!verify().is_good);
}
END_TEST

START_TEST(swapped_batches_are_noticed)
{
	unsigned char bytes[4096], swapped[4096];

	write_small();
	find_files();
	size_t length = load(found[0], bytes, sizeof(bytes));
	size_t header = record_header_size(0);
	size_t first = RECORD_BATCH_OVERHEAD + bytes[header + 4] + ((size_t)bytes[header + 5] << 8);
	memcpy(swapped, bytes, header);
	memcpy(swapped + header, bytes + header + first, length - header - first);
	memcpy(swapped + length - first, bytes + header, first);
	store(found[0], swapped, length);
	struct record_report report = verify();
	ck_assert(!report.is_good);
	ck_assert_uint_eq(report.bad_offset, header);
}
END_TEST

START_TEST(a_torn_tail_is_noted_by_the_next_boot_and_pinned)
{
	unsigned char bytes[4096];

	write_small();
	find_files();
	char torn[400];
	strcpy(torn, found[0]);
	size_t length = load(torn, bytes, sizeof(bytes));
	store(torn, bytes, length - 5);
	ck_assert_str_eq(verify().bad_text, "ends early: torn tail");
	write_small();
	struct record_report report = verify();
	ck_assert_msg(report.is_good, "%s %s", report.bad_file, report.bad_text);
	ck_assert_uint_eq(report.notes, 1);
	/* Neither can the torn bytes be changed now nor be taken away. */
	bytes[length - 10] ^= 1;
	store(torn, bytes, length - 5);
	ck_assert(!verify().is_good);
	bytes[length - 10] ^= 1;
	store(torn, bytes, length - 6);
	ck_assert(!verify().is_good);
}
END_TEST

START_TEST(planted_links_and_pipes_are_refused)
{
	struct record *record;
	struct error error;
	char path[80];

	ck_assert_int_eq(symlink("/tmp", folder), 0);
	int r = record_open(folder, &record, &error);
	ck_assert(r == -ELOOP || r == -ENOTDIR);
	unlink(folder);
	ck_assert_int_eq(mkfifo(folder, 0600), 0);
	ck_assert_int_eq(record_open(folder, &record, &error), -ENOTDIR);
	unlink(folder);

	write_small();
	ck_assert(verify().is_good);
	snprintf(path, sizeof(path), "%s/20261122T174501Z-00000001.rec", folder);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_str_eq(verify().bad_text, "expected a regular file");
	unlink(path);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	ck_assert_str_eq(verify().bad_text, "expected a regular file");
}
END_TEST

/* Random bodies under a right chain: what only the decoder can refuse. */
START_TEST(entries_that_nobody_writes_are_refused)
{
	struct record_lists lists;
	unsigned char bytes[200];

	srand(31);
	for (int round = 0; round < 200000; round++) {
		struct record_state state = { 0 };
		struct record_entry entry;
		size_t length = (size_t)rand() % sizeof(bytes);

		for (size_t i = 0; i < length; i++)
			bytes[i] = (unsigned char)(rand() % 3 ? rand() % 20 : rand());
		struct wire wire = { .rest = { (const char *)bytes, length } };
		while (record_entry_decode(&wire, &state, &lists, &entry)) {
			if (entry.fact_count > RECORD_FACTS_MAX ||
			    entry.rule_count > RECORD_TEXTS_MAX)
				abort();
		}
	}
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, a_head_from_elsewhere_anchors_the_record);
	tcase_add_loop_test(tcase, every_changed_byte_is_noticed, 0, 2);
	tcase_add_test(tcase, every_truncation_of_a_linked_file_is_noticed);
	tcase_add_test(tcase, a_cut_at_a_batch_shows_only_by_the_head);
	tcase_add_test(tcase, a_missing_file_is_noticed);
	tcase_add_test(tcase, a_copied_file_is_noticed);
	tcase_add_test(tcase, swapped_batches_are_noticed);
	tcase_add_test(tcase, a_torn_tail_is_noted_by_the_next_boot_and_pinned);
	tcase_add_test(tcase, planted_links_and_pipes_are_refused);
	tcase_add_test(tcase, entries_that_nobody_writes_are_refused);
}

int main(void)
{
	return run_suite("record_damage", setup, teardown, add_tests);
}
