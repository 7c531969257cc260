/* SPDX-License-Identifier: MIT */
/* The record gives back what was added, stays small, and keeps what the disk refuses. */
#include <errno.h>
#include <stdbool.h>
#include <sys/syscall.h>

#include "common/record_gap.h"
#include "tests/unit/record_fixture.h"

static bool refuses_sync;

/* In place of libc's; the record calls it for folders alone. */
int fsync(int fd)
{
	if (refuses_sync) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

START_TEST(entries_come_back_as_they_were_added)
{
	SCOPED(record_reader_closep) struct record_reader *reader = NULL;
	struct record_entry entry, intent = intent_entry(0), outcome = outcome_entry(0);
	struct error error;

	write_small();
	reader = open_reader();
	ck_assert_int_eq(record_reader_next(reader, &entry, &error), 1);
	ck_assert_uint_eq(entry.kind, RECORD_BOOT);
	ck_assert_uint_ne(entry.number, 0);
	ck_assert_uint_eq(entry.fact_count, 3);
	ck_assert(slice_is(entry.facts[0].value, "/usr/bin/psql"));
	ck_assert_uint_eq(entry.facts[2].mark, RECORD_PROVEN);
	ck_assert_int_eq(record_reader_next(reader, &entry, &error), 1);
	ck_assert_uint_eq(entry.number, 31);
	ck_assert_uint_eq(entry.parent, 2);
	ck_assert(slice_is(entry.decision, "allow"));
	ck_assert(slice_is(entry.reason, "rule"));
	ck_assert_uint_eq(entry.rule_count, 2);
	ck_assert(slice_is(entry.rules[1], "shop/mask-contact"));
	ck_assert(slice_is(entry.effects[0], "select public.customers"));
	ck_assert(slice_is(entry.masked, "customers.email"));
	ck_assert_int_eq(record_reader_next(reader, &entry, &error), 1);
	ck_assert_uint_eq(entry.judgement, 31);
	ck_assert_int_eq(memcmp(&entry.slot, &intent.slot, sizeof(entry.slot)), 0);
	ck_assert_int_eq(record_reader_next(reader, &entry, &error), 1);
	ck_assert_uint_eq(entry.number, 1);
	ck_assert_int_eq(memcmp(&entry.slot, &outcome.slot, sizeof(entry.slot)), 0);
	ck_assert_int_eq(record_reader_next(reader, &entry, &error), 1);
	ck_assert_uint_eq(entry.kind, RECORD_END);
	ck_assert_int_eq(record_reader_next(reader, &entry, &error), 0);
}
END_TEST

START_TEST(folder_and_files_are_private)
{
	struct stat status;

	write_small();
	ck_assert_int_eq(stat(folder, &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0700);
	ck_assert_uint_eq(find_files(), 1);
	ck_assert_int_eq(stat(found[0], &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0600);
}
END_TEST

START_TEST(agents_may_share_a_folder)
{
	struct record *first = open_record(), *second = open_record(), *third;
	struct record_entry intent = intent_entry(0);

	ck_assert_uint_ne(record_boot(first), record_boot(second));
	add(first, &intent);
	ck_assert_int_eq(record_flush(first), 0);
	third = open_record();
	add(second, &intent);
	add(first, &intent);
	record_close(first);
	record_close(third);
	record_close(second);
	struct record_report report = verify();
	ck_assert_msg(report.is_good, "%s %s", report.bad_file, report.bad_text);
	ck_assert_uint_eq(report.entries, 3);
}
END_TEST

START_TEST(a_full_file_is_followed_by_a_part)
{
	struct error error;
	struct record *record;

	ck_assert_int_eq(record_open_sized(folder, 1000, &record, &error), 0);
	for (uint64_t i = 0; i < 100; i++) {
		struct record_entry intent = intent_entry(i);

		add(record, &intent);
		if (i % 5 == 4)
			ck_assert_int_eq(record_flush(record), 0);
	}
	record_close(record);
	ck_assert_uint_ge(find_files(), 4);
	ck_assert_ptr_nonnull(strstr(found[1], "_0002.rec"));
	struct record_report report = verify();
	ck_assert_msg(report.is_good, "%s %s", report.bad_file, report.bad_text);
	ck_assert_uint_eq(report.entries, 100);
	unlink(found[2]);
	ck_assert(!verify().is_good);
}
END_TEST

START_TEST(a_full_batch_is_written_by_itself)
{
	struct record *record = open_record();

	for (uint64_t i = 0; i < 100000; i++) {
		struct record_entry intent = intent_entry(i);

		ck_assert_int_eq(record_add(record, &intent), 0);
	}
	record_close(record);
	struct record_report report = verify();
	ck_assert(report.is_good);
	ck_assert_uint_eq(report.entries, 100000);
	ck_assert_uint_gt(report.batches, 1);
}
END_TEST

START_TEST(a_plain_select_costs_under_sixty_bytes)
{
	struct record *record = open_record();

	for (uint64_t i = 0; i < 10000; i++) {
		struct record_entry intent = intent_entry(i), outcome = outcome_entry(i);

		add(record, &intent);
		add(record, &outcome);
		if (i % 500 == 499)
			ck_assert_int_eq(record_flush(record), 0);
	}
	record_close(record);
	uint64_t bytes = verify().bytes;
	printf("bytes per statement: %.1f\n", (double)bytes / 10000);
	ck_assert_uint_lt(bytes, 10000 * 60);
}
END_TEST

START_TEST(what_is_too_big_is_refused_and_changes_nothing)
{
	static char shape[RECORD_BATCH_MAX + 1];
	struct record *record = open_record();
	struct record_entry judgement = judgement_entry(), many = judgement,
			    intent = intent_entry(0);

	add(record, &intent);
	judgement.shape = (struct slice){ shape, sizeof(shape) };
	ck_assert_int_eq(record_add(record, &judgement), -E2BIG);
	many.rule_count = RECORD_TEXTS_MAX + 1;
	ck_assert_int_eq(record_add(record, &many), -EINVAL);
	add(record, &intent);
	record_close(record);
	struct record_report report = verify();
	ck_assert(report.is_good);
	ck_assert_uint_eq(report.entries, 2);
}
END_TEST

START_TEST(what_the_disk_refuses_is_kept_and_written_later)
{
	struct record *record = open_record();
	struct record_entry intent = intent_entry(0);
	struct rlimit limit, before;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 100; /* the header is 80 bytes long: the batch is cut in its middle */
	add(record, &intent);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	int refused = record_flush(record), added = record_add(record, &intent),
	    again = record_flush(record);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_int_eq(refused, -EFBIG);
	ck_assert_int_eq(added, 0); /* in memory, where there is room */
	ck_assert_int_eq(again, -EFBIG);
	ck_assert_int_eq(record_flush(record), 0);
	add(record, &intent);
	record_close(record);
	struct record_report report = verify();
	ck_assert_msg(report.is_good, "%s", report.bad_text);
	ck_assert_uint_eq(report.entries, 3);
}
END_TEST

START_TEST(a_part_whose_name_may_be_gone_is_made_again)
{
	struct record_entry intent = intent_entry(0);
	struct record *record;
	struct error error;
	int r = 0;

	ck_assert_int_eq(record_open_sized(folder, 1000, &record, &error), 0);
	refuses_sync = true;
	for (size_t i = 0; i < 100 && r == 0; i++) {
		add(record, &intent);
		r = record_flush(record);
	}
	refuses_sync = false;
	ck_assert_int_eq(r, -EIO);
	ck_assert_int_eq(record_flush(record), 0);
	record_close(record);
	ck_assert_uint_eq(find_files(), 2);
	struct record_report report = verify();
	ck_assert_msg(report.is_good, "%s %s", report.bad_file, report.bad_text);
}
END_TEST

START_TEST(a_read_only_folder_is_an_error)
{
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	ck_assert_int_eq(chmod(top, 0755), 0);
	ck_assert_int_eq(chown(folder, 65534, 65534), 0);
	ck_assert_int_eq(chmod(folder, 0500), 0);
	pid_t child = fork();
	if (child == 0) {
		struct record *record;

		if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
			_exit(2);
		_exit(record_open(folder, &record, NULL) == -EACCES ? 0 : 1);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(a_reader_called_again_gives_what_was_added)
{
	struct record *record = open_record(), *other;
	SCOPED(record_reader_closep) struct record_reader *reader = NULL;
	struct record_entry intent = intent_entry(0), entry;
	struct error error;

	add(record, &intent);
	ck_assert_int_eq(record_flush(record), 0);
	reader = open_reader();
	ck_assert_int_eq(record_reader_next(reader, &entry, &error), 1);
	ck_assert_int_eq(record_reader_next(reader, &entry, &error), 0);
	ck_assert_int_eq(record_reader_next(reader, &entry, &error), 0);
	other = open_record();
	add(other, &intent);
	ck_assert_int_eq(record_flush(other), 0);
	intent.number = 7;
	add(record, &intent);
	ck_assert_int_eq(record_flush(record), 0);
	ck_assert_int_eq(record_reader_next(reader, &entry, &error), 1);
	ck_assert_uint_eq(entry.number, 7);
	ck_assert_int_eq(record_reader_next(reader, &entry, &error), 1);
	ck_assert_uint_eq(entry.number, 1);
	ck_assert_int_eq(record_reader_next(reader, &entry, &error), 0);
	record_close(record);
	record_close(other);
}
END_TEST

static void write_note(struct record *record, const char *text)
{
	const struct record_entry note = { .kind = RECORD_NOTE, .shape = slice_of(text) };

	add(record, &note);
	ck_assert_int_eq(record_flush(record), 0);
}

START_TEST(a_file_that_was_let_go_is_missed_unless_a_note_says_so)
{
	struct record_gap gap = { .part = 1, .from = 10, .entries = 5 };
	struct record *record;
	struct stat status;
	char text[RECORD_GAP_SIZE];

	write_small();
	ck_assert_uint_eq(find_files(), 1);
	ck_assert_int_eq(stat(found[0], &status), 0);
	record = open_record();
	ck_assert_int_eq(truncate(found[0], status.st_size - 1), 0);
	gap.to = (uint64_t)status.st_size;
	gap.boot = (uint32_t)strtoul(strrchr(found[0], '-') + 1, NULL, 16);
	record_gap_write(&gap, text);
	write_note(record, text);
	ck_assert(!verify().is_good); /* it is there, and was cut */
	unlink(found[0]);
	struct record_report report = verify();
	ck_assert_msg(report.is_good, "%s %s", report.bad_file, report.bad_text);
	ck_assert_uint_eq(report.gaps, 1);
	ck_assert_uint_eq(report.gap_entries, 5);
	record_close(record);
}
END_TEST

START_TEST(what_only_resembles_such_a_note_explains_nothing)
{
	static const char *const TEXTS[] = {
		"let go: 0000000g-1 from 0 to 9, 1 entries that no server took",
		"let go: 00000001-1 from 0 to 9, 1 entries that no server took ",
		"let go: 1-1 from 0 to 9, 1 entries that no server took",
		"let go: 00000001-01 from 0 to 9, 1 entries that no server took",
		" let go: 00000001-1 from 0 to 9, 1 entries that no server took",
		"let go: 00000001-1 from -1 to 9, 1 entries that no server took",
		"let go: ",
		"",
	};
	struct record_gap gap = { 1, 1, 0, 9, 1 };
	char text[RECORD_GAP_SIZE];

	for (size_t i = 0; i < COUNT_OF(TEXTS); i++)
		ck_assert_msg(!record_gap_read(slice_of(TEXTS[i]), &gap), "%s", TEXTS[i]);
	record_gap_write(&gap, text);
	ck_assert(record_gap_read(slice_of(text), &gap));
	struct record_link link = { .boot = 1, .part = 1, .end = 9 };
	struct record_gaps gaps = { 0 };
	ck_assert_int_eq(record_gaps_add(&gaps, &gap), 0);
	ck_assert(record_gaps_explain(&gaps, &link));
	link.end = 10;
	ck_assert(!record_gaps_explain(&gaps, &link));
	link = (struct record_link){ .boot = 1, .part = 2, .end = 9 };
	ck_assert(!record_gaps_explain(&gaps, &link));
	record_gaps_done(&gaps);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, entries_come_back_as_they_were_added);
	tcase_add_test(tcase, folder_and_files_are_private);
	tcase_add_test(tcase, agents_may_share_a_folder);
	tcase_add_test(tcase, a_full_file_is_followed_by_a_part);
	tcase_add_test(tcase, a_full_batch_is_written_by_itself);
	tcase_add_test(tcase, a_plain_select_costs_under_sixty_bytes);
	tcase_add_test(tcase, what_is_too_big_is_refused_and_changes_nothing);
	tcase_add_test(tcase, what_the_disk_refuses_is_kept_and_written_later);
	tcase_add_test(tcase, a_part_whose_name_may_be_gone_is_made_again);
	tcase_add_test(tcase, a_read_only_folder_is_an_error);
	tcase_add_test(tcase, a_reader_called_again_gives_what_was_added);
	tcase_add_test(tcase, a_file_that_was_let_go_is_missed_unless_a_note_says_so);
	tcase_add_test(tcase, what_only_resembles_such_a_note_explains_nothing);
}

int main(void)
{
	return run_suite("record", setup, teardown, add_tests);
}
