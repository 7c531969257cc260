/* SPDX-License-Identifier: MIT */
/* The ring loses nothing that was whole and gives nothing twice, whoever dies when. */
#include "tests/unit/ring_fixture.h"

_Static_assert(sizeof(struct ring_slot) == 64, "layout");
_Static_assert(offsetof(struct ring_slot, time_ns) == 8, "layout");
_Static_assert(offsetof(struct ring_slot, connection) == 16, "layout");
_Static_assert(offsetof(struct ring_slot, intent.judgement) == 24, "layout");
_Static_assert(offsetof(struct ring_slot, intent.thread) == 36, "layout");
_Static_assert(offsetof(struct ring_slot, outcome.sqlstate) == 52, "layout");
_Static_assert(offsetof(struct ring_slot, kind) == 56, "layout");
_Static_assert(offsetof(struct ring_slot, check) == 60, "layout");
_Static_assert(offsetof(struct ring_control, consumed) == 8, "layout");
_Static_assert(offsetof(struct ring_control, contexts) == 24, "layout");
_Static_assert(sizeof(struct ring_control) <= 4096, "layout");

#define WRITERS          4
#define PAIRS_PER_WRITER 50000u /* 100,000 entries */
#define KILL_ROUNDS      200
#define CLOSE_ROUNDS     500
#define BATCH            256

START_TEST(an_intent_and_its_outcome_are_read_as_written)
{
	struct ring_slot slots[4];
	uint64_t sequence = write_intent(3, 41);

	write_outcome(sequence, 3, 7);
	ck_assert_int_eq(ring_read(&reader, 0, 0, slots, 4), 2);
	ck_assert_uint_eq(sequence, 1);
	ck_assert_uint_eq(slots[0].sequence, 1);
	ck_assert_uint_eq(slots[0].kind, RING_INTENT);
	ck_assert_uint_eq(slots[0].intent.text_bytes, 41);
	ck_assert_uint_eq(slots[1].kind, RING_OUTCOME);
	ck_assert_uint_eq(slots[1].outcome.intent, 1);
	ck_assert_uint_eq(slots[1].outcome.rows, 7);
	ck_assert_int_eq(ring_read(&reader, 0, 0, slots, 4), 0);
}
END_TEST

START_TEST(a_full_ring_refuses_intents_and_still_takes_every_outcome)
{
	static uint64_t intents[RING_SLOTS];
	static struct ring_slot slots[RING_SLOTS];
	struct ring_slot slot = intent_of(0, 0);
	size_t count = 0;

	while (ring_write_intent(&ring, &slot, &intents[count]) == 0)
		count++;
	ck_assert_uint_eq(count, RING_SLOTS / 2);
	for (size_t i = 0; i < count; i++)
		write_outcome(intents[i], 0, (uint32_t)i);
	ck_assert_int_eq(ring_read(&reader, 0, 0, slots, RING_SLOTS), (int)RING_SLOTS);
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_eq(slots[count + i].outcome.intent, intents[i]);
	ck_assert_int_eq(ring_write_intent(&ring, &slot, &intents[0]), -EAGAIN);
	consume();
	ck_assert_int_eq(ring_write_intent(&ring, &slot, &intents[0]), 0);
	ck_assert_uint_eq(intents[0], RING_SLOTS + 1);
}
END_TEST

START_TEST(an_outcome_too_many_overwrites_nothing)
{
	static struct ring_slot slots[RING_SLOTS];
	struct ring_slot slot = intent_of(0, 0);
	uint64_t sequence;

	for (size_t i = 0; ring_write_intent(&ring, &slot, &sequence) == 0; i++)
		write_outcome(sequence, 0, (uint32_t)i);
	write_outcome(sequence, 9, 9);
	ck_assert_int_eq(ring_read(&reader, 0, 0, slots, RING_SLOTS), (int)RING_SLOTS);
	ck_assert_uint_eq(slots[0].sequence, 1);
	ck_assert_uint_eq(slots[0].kind, RING_INTENT);
}
END_TEST

START_TEST(numbers_go_on_when_the_ring_wraps)
{
	struct ring_slot slots[BATCH];
	uint64_t expected = 1;

	for (uint32_t i = 0; i < 5 * RING_SLOTS; i++) {
		write_outcome(write_intent(1, i), 1, i);
		int n = ring_read(&reader, 0, UINT64_MAX, slots, BATCH);
		ck_assert_int_eq(n, 2);
		ck_assert_uint_eq(slots[0].sequence, expected);
		ck_assert_uint_eq(slots[0].intent.text_bytes, i);
		expected += 2;
		consume();
	}
	ck_assert_uint_eq(reader.skipped, 0);
}
END_TEST

static void *write_many(void *thread)
{
	uint32_t number = (uint32_t)(uintptr_t)thread;

	for (uint32_t i = 0; i < PAIRS_PER_WRITER; i++)
		write_outcome(write_intent(number, i), number, i);
	return NULL;
}

/* Per writer: intents and outcomes come in the order written, each once. */
struct progress {
	uint32_t intents[WRITERS], outcomes[WRITERS];
};

static void follow(struct progress *progress, const struct ring_slot *slot)
{
	uint64_t writer = slot->connection;

	demand(writer < WRITERS);
	if (slot->kind == RING_INTENT)
		demand(slot->intent.text_bytes == progress->intents[writer]++);
	else
		demand(slot->outcome.rows == progress->outcomes[writer]++);
}

static size_t drain(struct progress *progress, uint64_t patience_ns)
{
	struct ring_slot slots[BATCH];
	size_t count = 0;
	int n;

	while ((n = ring_read(&reader, monotonic_ns(), patience_ns, slots, BATCH)) > 0) {
		for (int i = 0; i < n; i++)
			follow(progress, &slots[i]);
		consume();
		count += (size_t)n;
	}
	return count;
}

START_TEST(four_threads_lose_nothing_and_repeat_nothing)
{
	pthread_t threads[WRITERS];
	struct progress progress = { 0 };
	size_t count = 0;

	for (uintptr_t i = 0; i < WRITERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, write_many, (void *)i), 0);
	while (count < (size_t)WRITERS * PAIRS_PER_WRITER * 2)
		count += drain(&progress, UINT64_MAX);
	for (size_t i = 0; i < WRITERS; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_uint_eq(progress.outcomes[i], PAIRS_PER_WRITER);
	}
	ck_assert_uint_eq(reader.skipped, 0);
}
END_TEST

/* What the killed process is sure to have written, per writer. */
struct done {
	_Atomic uint32_t intents[WRITERS], outcomes[WRITERS];
};
static struct done *done;

static void *write_until_killed(void *thread)
{
	uintptr_t writer = (uintptr_t)thread;

	for (uint32_t i = 0;; i++) {
		uint64_t sequence = write_intent((uint32_t)writer, i);

		atomic_fetch_add(&done->intents[writer], 1);
		write_outcome(sequence, (uint32_t)writer, i);
		atomic_fetch_add(&done->outcomes[writer], 1);
	}
	return NULL;
}

static void run_writers(void)
{
	pthread_t threads[WRITERS];

	for (uintptr_t i = 0; i < WRITERS; i++)
		pthread_create(&threads[i], NULL, write_until_killed, (void *)i);
	for (;;)
		pause();
}

static void kill_after(pid_t child, struct progress *progress, unsigned delay_us)
{
	uint64_t end = monotonic_ns() + delay_us * 1000u;

	while (monotonic_ns() < end || atomic_load(&done->outcomes[0]) == 0) {
		if (drain(progress, UINT64_MAX) == 0)
			usleep(20);
	}
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

static void check_nothing_lost(struct progress *progress)
{
	drain(progress, 0);
	for (size_t i = 0; i < WRITERS; i++) {
		ck_assert_uint_ge(progress->intents[i], atomic_load(&done->intents[i]));
		ck_assert_uint_ge(progress->outcomes[i], atomic_load(&done->outcomes[i]));
	}
	ck_assert_uint_le(reader.skipped, WRITERS);
}

START_TEST(sigkill_anywhere_loses_no_whole_slot)
{
	done = mmap(NULL, sizeof(*done), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(done != MAP_FAILED);
	srand(812);
	for (int round = 0; round < KILL_ROUNDS; round++) {
		struct progress progress = { 0 };

		memset((void *)done, 0, sizeof(*done));
		drop_ring();
		make_ring();
		pid_t child = fork();
		ck_assert_int_ge(child, 0);
		if (child == 0)
			run_writers();
		kill_after(child, &progress, (unsigned)rand() % 2000);
		check_nothing_lost(&progress);
	}
	munmap((void *)done, sizeof(*done));
}
END_TEST

START_TEST(what_is_announced_in_a_closed_ring_comes_to_nothing)
{
	struct ring_slot slot = intent_of(0, 0), slots[4];
	uint64_t sequence = write_intent(0, 1);

	ring_close(control);
	ck_assert_int_eq(ring_write_intent(&ring, &slot, &(uint64_t){ 0 }), -ESTALE);
	write_outcome(sequence, 0, 1); /* of what was sent before */
	ck_assert_int_eq(ring_read(&reader, 0, 0, slots, 4), 3);
	ck_assert_uint_eq(slots[2].outcome.intent, sequence);
}
END_TEST

/* Writes until the ring is closed; how many intents were good. */
static void *write_until_closed(void *thread)
{
	uint32_t writer = (uint32_t)(uintptr_t)thread, good = 0;

	for (int r = 0; r != -ESTALE;) {
		struct ring_slot slot = intent_of(writer, good);
		uint64_t sequence;

		r = ring_write_intent(&ring, &slot, &sequence);
		if (r == 0)
			write_outcome(sequence, writer, good++);
	}
	return (void *)(uintptr_t)good;
}

START_TEST(whatever_intent_is_gone_by_is_read_by_who_closed)
{
	for (int round = 0; round < CLOSE_ROUNDS; round++) {
		pthread_t threads[WRITERS];
		uint32_t good = 0, read = 0;
		struct progress progress = { 0 };

		for (uintptr_t i = 0; i < WRITERS; i++)
			pthread_create(&threads[i], NULL, write_until_closed, (void *)i);
		usleep((useconds_t)(round % 7) * 10);
		ring_close(control);
		drain(&progress, 0);
		for (size_t i = 0; i < WRITERS; i++)
			read += progress.intents[i];
		for (size_t i = 0; i < WRITERS; i++) {
			void *result;

			pthread_join(threads[i], &result);
			good += (uint32_t)(uintptr_t)result;
		}
		ck_assert_uint_ge(read, good);
		drop_ring();
		make_ring();
	}
}
END_TEST

START_TEST(create_never_takes_what_is_there)
{
	struct ring_control *other;
	int a, b;

	ck_assert_int_eq(ring_create(folder_fd, "ring", 1, 1, &a, &b, &other), -EEXIST);
	ck_assert_int_eq(symlinkat("/tmp/elsewhere", folder_fd, "planted"), 0);
	ck_assert_int_eq(ring_create(folder_fd, "planted", 1, 1, &a, &b, &other), -EEXIST);
	unlinkat(folder_fd, "planted", 0);
}
END_TEST

START_TEST(the_process_can_neither_write_nor_shrink_the_control_page)
{
	char path[32];

	ck_assert_int_eq(fcntl(control_fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	ck_assert(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, control_fd, 0) ==
		  MAP_FAILED);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", control_fd);
	int again = open(path, O_RDWR | O_CLOEXEC);
	if (again >= 0) { /* root may open it; the seals still hold */
		ck_assert_int_lt(ftruncate(again, 0), 0);
		if (fcntl(again, F_GET_SEALS) & F_SEAL_FUTURE_WRITE)
			ck_assert_int_lt(pwrite(again, "x", 1, 0), 0);
		close(again);
	}
	atomic_store(&control->generation, 5);
	ck_assert_uint_eq(atomic_load(&ring.control->generation), 5);
}
END_TEST

START_TEST(attach_refuses_what_is_no_ring)
{
	struct ring other;
	uint32_t nothing = 0;
	int plain = memfd_create("plain", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_eq(ring_attach(control_fd, control_fd, &other), -EBADMSG);
	ck_assert_int_eq(ring_attach(ring_fd, ring_fd, &other), -EBADMSG);
	ck_assert_int_eq(ftruncate(plain, sizeof(struct ring_control)), 0);
	ck_assert_int_eq(ring_attach(ring_fd, plain, &other), -EBADMSG);
	ck_assert_int_eq(fcntl(plain, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	ck_assert_int_eq(ring_attach(ring_fd, plain, &other), -EBADMSG);
	ck_assert_int_eq(pwrite(ring_fd, &nothing, 4, 0), 4);
	ck_assert_int_eq(ring_attach(ring_fd, control_fd, &other), -EBADMSG);
	close(plain);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, an_intent_and_its_outcome_are_read_as_written);
	tcase_add_test(tcase, a_full_ring_refuses_intents_and_still_takes_every_outcome);
	tcase_add_test(tcase, an_outcome_too_many_overwrites_nothing);
	tcase_add_test(tcase, numbers_go_on_when_the_ring_wraps);
	tcase_add_test(tcase, four_threads_lose_nothing_and_repeat_nothing);
	tcase_add_test(tcase, sigkill_anywhere_loses_no_whole_slot);
	tcase_add_test(tcase, what_is_announced_in_a_closed_ring_comes_to_nothing);
	tcase_add_test(tcase, whatever_intent_is_gone_by_is_read_by_who_closed);
	tcase_add_test(tcase, create_never_takes_what_is_there);
	tcase_add_test(tcase, the_process_can_neither_write_nor_shrink_the_control_page);
	tcase_add_test(tcase, attach_refuses_what_is_no_ring);
}

int main(void)
{
	return run_suite("ring", setup, teardown, add_tests);
}
