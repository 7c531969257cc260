/* SPDX-License-Identifier: MIT */
/* The ring's reader survives whatever is done to the file, and says what it gave up. */
#include "tests/unit/ring_fixture.h"

/* A slot that was taken by a writer that died: what `take` alone leaves. */
static void leave_hole(void)
{
	_Atomic uint64_t *taken = (_Atomic uint64_t *)(void *)((char *)ring.header + 128);

	atomic_fetch_add(taken, 1);
}

START_TEST(a_torn_slot_is_waited_for_then_skipped_and_counted)
{
	struct ring_slot slots[4];

	write_intent(0, 0);
	leave_hole();
	write_intent(0, 1);
	ck_assert_int_eq(ring_read(&reader, 100, 50, slots, 4), 1);
	ck_assert_int_eq(ring_read(&reader, 149, 50, slots, 4), 0);
	ck_assert_uint_eq(reader.skipped, 0);
	ck_assert_int_eq(ring_read(&reader, 150, 50, slots, 4), 1);
	ck_assert_uint_eq(slots[0].intent.text_bytes, 1);
	ck_assert_uint_eq(reader.skipped, 1);
}
END_TEST

START_TEST(a_changed_byte_of_a_slot_is_noticed)
{
	for (size_t byte = 0; byte < RING_SLOT_SIZE; byte++) {
		struct ring_slot slots[4];

		drop_ring();
		make_ring();
		write_intent(0, 0);
		write_intent(0, 1);
		((unsigned char *)ring.slots)[byte] ^= 0x40;
		ck_assert_int_eq(ring_read(&reader, 0, 0, slots, 4), 1);
		ck_assert_uint_eq(slots[0].intent.text_bytes, 1);
		ck_assert_uint_eq(reader.skipped, 1);
	}
}
END_TEST

/* A copy that is made while a slot is written can have its first words of this lap and the others of the
 * one before. */
START_TEST(a_slot_of_two_laps_is_none)
{
	for (unsigned int bits = 1; bits < 48; bits++) {
		struct ring_slot slots[4], slot = intent_of(0, 0);
		uint64_t sequence;

		drop_ring();
		make_ring();
		slot.time_ns = ((1ull << bits) - 1) * RING_SLOTS;
		ck_assert_int_eq(ring_write_intent(&ring, &slot, &sequence), 0);
		ring.slots[0].time_ns = 0;
		atomic_store(&ring.slots[0].sequence, RING_SLOTS + sequence);
		reader.next = RING_SLOTS;
		ck_assert_int_le(ring_read(&reader, 0, UINT64_MAX, slots, 4), 0);
	}
}
END_TEST

START_TEST(a_truncated_file_is_an_error_not_a_crash)
{
	struct ring_slot slots[4];

	write_intent(0, 0);
	ck_assert_int_eq(ftruncate(ring_fd, RING_HEADER_SIZE + 96), 0);
	ck_assert_int_eq(ring_read(&reader, 0, 0, slots, 4), 1);
	ck_assert_int_eq(ring_read(&reader, 0, 0, slots, 4), -ENODATA);
	ck_assert_int_eq(ftruncate(ring_fd, 0), 0);
	ck_assert_int_eq(ring_read(&reader, 0, 0, slots, 4), -ENODATA);
	/* Put back to its length it is a ring without slots. */
	ck_assert_int_eq(ftruncate(ring_fd, (off_t)RING_FILE_SIZE), 0);
	ck_assert_int_eq(ring_read(&reader, 0, 0, slots, 4), 0);
}
END_TEST

START_TEST(a_deleted_file_is_read_to_its_end)
{
	struct ring_slot slots[4];

	write_intent(0, 0);
	ck_assert_int_eq(unlinkat(folder_fd, "ring", 0), 0);
	ck_assert_int_eq(ring_read(&reader, 0, 0, slots, 4), 1);
	ck_assert_int_eq(ring_read(&reader, 0, 0, slots, 4), -ENOENT);
	write_intent(0, 1);
	ck_assert_int_eq(ring_read(&reader, 0, 0, slots, 4), 1);
}
END_TEST

START_TEST(an_extended_file_reads_as_before)
{
	struct ring_slot slots[4];

	ck_assert_int_eq(ftruncate(ring_fd, (off_t)RING_FILE_SIZE * 4), 0);
	write_intent(0, 0);
	ck_assert_int_eq(ring_read(&reader, 0, 0, slots, 4), 1);
}
END_TEST

static void scribble(unsigned seed)
{
	unsigned char *bytes = (unsigned char *)ring.slots;

	srand(seed);
	for (size_t i = 0; i < (size_t)RING_SLOTS * RING_SLOT_SIZE; i++)
		bytes[i] = (unsigned char)rand();
}

START_TEST(random_bytes_are_never_taken_for_slots)
{
	static struct ring_slot slots[RING_SLOTS];

	write_intent(0, 0);
	scribble((unsigned)_i);
	ck_assert_int_eq(ring_read(&reader, 0, 0, slots, RING_SLOTS), -EBADMSG);
	write_intent(0, 1);
	ck_assert_int_eq(ring_read(&reader, 0, 0, slots, RING_SLOTS), 1);
	ck_assert_uint_eq(slots[0].intent.text_bytes, 1);
	ck_assert_uint_eq(reader.skipped, 1);
}
END_TEST

START_TEST(an_orphan_gives_what_is_still_there)
{
	static struct ring_slot slots[RING_SLOTS];
	struct ring_reader orphan;
	uint64_t process_start;
	uint32_t pid;

	for (uint32_t i = 0; i < 3 * RING_SLOTS / 2; i++) {
		write_outcome(write_intent(1, i), 1, i);
		ck_assert_int_eq(ring_read(&reader, 0, 0, slots, 2), 2);
		consume();
	}
	ck_assert_int_eq(ring_open_orphan(folder_fd, "ring", &orphan, &pid, &process_start), 0);
	ck_assert_uint_eq(pid, 812);
	ck_assert_uint_eq(process_start, 77);
	ck_assert_uint_eq(orphan.next, 2 * RING_SLOTS);
	ck_assert_int_eq(ring_read(&orphan, 0, 0, slots, RING_SLOTS), (int)RING_SLOTS);
	ck_assert_uint_eq(orphan.skipped, 0);
	close(orphan.fd);
}
END_TEST

START_TEST(an_orphan_that_is_no_ring_is_refused)
{
	struct ring_reader orphan;
	uint64_t process_start;
	uint32_t pid;

	ck_assert_int_eq(symlinkat("ring", folder_fd, "link"), 0);
	ck_assert_int_eq(mkfifoat(folder_fd, "pipe", 0600), 0);
	ck_assert_int_eq(ring_open_orphan(folder_fd, "link", &orphan, &pid, &process_start),
			 -ELOOP);
	ck_assert_int_eq(ring_open_orphan(folder_fd, "pipe", &orphan, &pid, &process_start),
			 -EBADMSG);
	ck_assert_int_eq(ring_open_orphan(folder_fd, "none", &orphan, &pid, &process_start),
			 -ENOENT);
	ck_assert_int_eq(ftruncate(ring_fd, 5000), 0);
	ck_assert_int_eq(ring_open_orphan(folder_fd, "ring", &orphan, &pid, &process_start),
			 -EBADMSG);
	unlinkat(folder_fd, "link", 0);
	unlinkat(folder_fd, "pipe", 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, a_torn_slot_is_waited_for_then_skipped_and_counted);
	tcase_add_test(tcase, a_changed_byte_of_a_slot_is_noticed);
	tcase_add_test(tcase, a_slot_of_two_laps_is_none);
	tcase_add_test(tcase, a_truncated_file_is_an_error_not_a_crash);
	tcase_add_test(tcase, a_deleted_file_is_read_to_its_end);
	tcase_add_test(tcase, an_extended_file_reads_as_before);
	tcase_add_loop_test(tcase, random_bytes_are_never_taken_for_slots, 0, 20);
	tcase_add_test(tcase, an_orphan_gives_what_is_still_there);
	tcase_add_test(tcase, an_orphan_that_is_no_ring_is_refused);
}

int main(void)
{
	return run_suite("ring_damage", setup, teardown, add_tests);
}
