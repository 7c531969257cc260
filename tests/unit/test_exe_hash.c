/* SPDX-License-Identifier: MIT */
/* Executables are hashed within bounds, and nothing in their place makes the loop wait. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "tests/unit/run_suite.h"
#include "tools/chaperone/exe_file.h"
#include "tools/chaperone/exe_hash.h"

#define PLENTY_MS 20000
/* FIPS 180-4's "abc". */
static const unsigned char ABC[SHA256_SIZE] = {
	0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
	0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
	0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
};

static char folder[] = "/tmp/chaperone-exe-XXXXXX";
static char path[64];

static void set_up(void)
{
	memcpy(folder, "/tmp/chaperone-exe-XXXXXX", sizeof(folder));
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/file", folder);
}

static void tear_down(void)
{
	unlink(path);
	rmdir(folder);
}

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void age_file(void)
{
	/* ctime cannot be set: wait until the file is old enough to be remembered. */
	sleep(3);
}

static struct exe_hash_result wait_for_result(struct exe_hasher *hasher)
{
	struct exe_hash_result result = { .number = 0 };
	struct pollfd polled = { exe_hasher_fd(hasher), POLLIN, 0 };

	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(poll(&polled, 1, PLENTY_MS), 1);
		if (exe_hasher_next(hasher, &result))
			return result;
	}
	ck_abort_msg("woken without a result");
	return result;
}

static struct exe_hash_result hash_with_deadline(uint64_t deadline_ms, const char *what)
{
	SCOPED(exe_hasher_freep) struct exe_hasher *hasher = NULL;

	ck_assert_int_eq(exe_hasher_new(deadline_ms, &hasher), 0);
	ck_assert_int_eq(exe_hasher_ask(hasher, what, 812), 0);
	return wait_for_result(hasher);
}

START_TEST(a_file_has_its_published_hash)
{
	write_file("abc");
	struct exe_hash_result result = hash_with_deadline(PLENTY_MS, path);

	ck_assert_int_eq(result.code, 0);
	ck_assert_uint_eq(result.number, 812);
	ck_assert_mem_eq(result.digest, ABC, sizeof(ABC));
}
END_TEST

START_TEST(our_own_program_is_hashed_through_proc)
{
	ck_assert_int_eq(hash_with_deadline(PLENTY_MS, "/proc/self/exe").code, 0);
}
END_TEST

START_TEST(what_is_not_there_is_an_error_at_once)
{
	SCOPED(exe_hasher_freep) struct exe_hasher *hasher = NULL;

	ck_assert_int_eq(exe_hasher_new(PLENTY_MS, &hasher), 0);
	ck_assert_int_eq(exe_hasher_ask(hasher, path, 1), -ENOENT);
}
END_TEST

START_TEST(a_pipe_is_not_waited_for)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(hash_with_deadline(PLENTY_MS, path).code, -ENOTSUP);
}
END_TEST

START_TEST(devices_and_folders_are_not_read)
{
	ck_assert_int_eq(hash_with_deadline(PLENTY_MS, "/dev/zero").code, -ENOTSUP);
	ck_assert_int_eq(hash_with_deadline(PLENTY_MS, folder).code, -ENOTSUP);
}
END_TEST

START_TEST(a_huge_sparse_file_is_refused_unread)
{
	write_file("");
	ck_assert_int_eq(truncate(path, (off_t)1 << 40), 0);
	ck_assert_int_eq(hash_with_deadline(PLENTY_MS, path).code, -EFBIG);
	ck_assert_int_eq(truncate(path, (off_t)EXE_HASH_SIZE_MAX + 1), 0);
	ck_assert_int_eq(hash_with_deadline(PLENTY_MS, path).code, -EFBIG);
}
END_TEST

START_TEST(a_file_that_takes_too_long_is_given_up)
{
	write_file("");
	ck_assert_int_eq(truncate(path, (off_t)EXE_HASH_SIZE_MAX), 0);
	ck_assert_int_eq(hash_with_deadline(5, path).code, -ETIMEDOUT);
}
END_TEST

START_TEST(a_file_behind_a_slow_one_has_its_own_answer)
{
	SCOPED(exe_hasher_freep) struct exe_hasher *hasher = NULL;
	int timeouts = 0;

	write_file("");
	ck_assert_int_eq(truncate(path, (off_t)EXE_HASH_SIZE_MAX), 0);
	ck_assert_int_eq(exe_hasher_new(5, &hasher), 0);
	for (uint64_t i = 0; i < 8; i++)
		ck_assert_int_eq(exe_hasher_ask(hasher, path, i), 0);
	for (uint64_t i = 0; i < 8; i++) {
		struct exe_hash_result result = wait_for_result(hasher);

		ck_assert_uint_eq(result.number, i);
		timeouts += result.code == -ETIMEDOUT;
	}
	ck_assert_int_eq(timeouts, 8);
	struct exe_hash_result more;
	ck_assert_int_eq(exe_hasher_next(hasher, &more), 0);
}
END_TEST

START_TEST(the_queue_has_an_end)
{
	SCOPED(exe_hasher_freep) struct exe_hasher *hasher = NULL;
	struct exe_hash_result result;

	write_file("abc");
	ck_assert_int_eq(exe_hasher_new(PLENTY_MS, &hasher), 0);
	for (uint64_t i = 0; i < EXE_HASH_QUEUE_MAX; i++)
		ck_assert_int_eq(exe_hasher_ask(hasher, path, i), 0);
	ck_assert_int_eq(exe_hasher_ask(hasher, path, 99), -EAGAIN);
	result = wait_for_result(hasher);
	ck_assert_int_eq(result.code, 0);
	ck_assert_int_eq(exe_hasher_ask(hasher, path, 99), 0);
}
END_TEST

static bool never(void *context)
{
	(void)context;
	return false;
}

static bool change_once(void *context)
{
	int *fd = context;

	if (*fd >= 0)
		ck_assert_int_eq(write(*fd, "x", 1), 1);
	*fd = -1;
	return false;
}

START_TEST(a_file_that_changes_meanwhile_has_no_hash)
{
	unsigned char digest[SHA256_SIZE];

	write_file("abc");
	SCOPED(close_p) int path_fd = open(path, O_PATH | O_CLOEXEC);
	SCOPED(close_p) int writer = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	int once = writer;
	ck_assert_int_eq(exe_file_hash(path_fd, 1 * MIB, change_once, &once, digest), -EBUSY);
	ck_assert_int_eq(exe_file_hash(path_fd, 2, never, NULL, digest), -EFBIG);
}
END_TEST

START_TEST(the_cache_knows_a_file_by_every_part_of_its_key)
{
	struct exe_cache_entry entries[2];
	struct exe_cache cache = { .entries = entries, .max = COUNT_OF(entries) };
	struct exe_key key = { 1, 2, 3, { 4, 5 }, { 6, 7 } };
	struct exe_key others[] = { key, key, key, key, key };

	others[0].device++;
	others[1].inode++;
	others[2].size++;
	others[3].modified.tv_nsec++;
	others[4].changed.tv_nsec++;
	exe_cache_add(&cache, &key, (struct timespec){ 100, 0 }, ABC);
	ck_assert_mem_eq(exe_cache_find(&cache, &key), ABC, sizeof(ABC));
	for (size_t i = 0; i < COUNT_OF(others); i++)
		ck_assert_ptr_null(exe_cache_find(&cache, &others[i]));
	exe_cache_add(&cache, &others[0], (struct timespec){ 100, 0 }, ABC);
	exe_cache_add(&cache, &others[1], (struct timespec){ 100, 0 }, ABC);
	ck_assert_ptr_null(exe_cache_find(&cache, &key));
	ck_assert_uint_eq(cache.count, 2);
}
END_TEST

START_TEST(a_file_changed_just_now_is_not_remembered)
{
	struct exe_cache_entry entries[2];
	struct exe_cache cache = { .entries = entries, .max = COUNT_OF(entries) };
	struct exe_key key = { 1, 2, 3, { 4, 5 }, { 99, 7 } };

	exe_cache_add(&cache, &key, (struct timespec){ 100, 0 }, ABC);
	ck_assert_ptr_null(exe_cache_find(&cache, &key));
}
END_TEST

static uint64_t time_one(struct exe_hasher *hasher)
{
	uint64_t start = monotonic_ns();

	ck_assert_int_eq(exe_hasher_ask(hasher, path, 1), 0);
	ck_assert_int_eq(wait_for_result(hasher).code, 0);
	return monotonic_ns() - start;
}

START_TEST(a_known_file_is_answered_without_reading)
{
	SCOPED(exe_hasher_freep) struct exe_hasher *hasher = NULL;

	write_file("");
	ck_assert_int_eq(truncate(path, (off_t)EXE_HASH_SIZE_MAX), 0);
	age_file();
	ck_assert_int_eq(exe_hasher_new(PLENTY_MS, &hasher), 0);
	uint64_t first = time_one(hasher), second = time_one(hasher);
	ck_assert_msg(second < first / 8, "first %llu ns, second %llu ns",
		      (unsigned long long)first, (unsigned long long)second);
	write_file("abc");
	ck_assert_int_eq(exe_hasher_ask(hasher, path, 4), 0);
	struct exe_hash_result changed = wait_for_result(hasher);
	ck_assert_mem_eq(changed.digest, ABC, sizeof(ABC));
}
END_TEST

START_TEST(ending_does_not_wait_for_the_thread)
{
	struct exe_hasher *hasher = NULL;

	write_file("");
	ck_assert_int_eq(truncate(path, (off_t)EXE_HASH_SIZE_MAX), 0);
	ck_assert_int_eq(exe_hasher_new(PLENTY_MS, &hasher), 0);
	for (uint64_t i = 0; i < 4; i++)
		ck_assert_int_eq(exe_hasher_ask(hasher, path, i), 0);
	exe_hasher_free(hasher);
	exe_hasher_free(NULL);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, a_file_has_its_published_hash);
	tcase_add_test(tcase, our_own_program_is_hashed_through_proc);
	tcase_add_test(tcase, what_is_not_there_is_an_error_at_once);
	tcase_add_test(tcase, a_pipe_is_not_waited_for);
	tcase_add_test(tcase, devices_and_folders_are_not_read);
	tcase_add_test(tcase, a_huge_sparse_file_is_refused_unread);
	tcase_add_test(tcase, a_file_that_takes_too_long_is_given_up);
	tcase_add_test(tcase, a_file_behind_a_slow_one_has_its_own_answer);
	tcase_add_test(tcase, the_queue_has_an_end);
	tcase_add_test(tcase, a_file_that_changes_meanwhile_has_no_hash);
	tcase_add_test(tcase, the_cache_knows_a_file_by_every_part_of_its_key);
	tcase_add_test(tcase, a_file_changed_just_now_is_not_remembered);
	tcase_add_test(tcase, a_known_file_is_answered_without_reading);
	tcase_add_test(tcase, ending_does_not_wait_for_the_thread);
}

int main(void)
{
	return run_suite("exe_hash", set_up, tear_down, add_tests);
}
