/* SPDX-License-Identifier: MIT */
/* What a file needs is found as the loader would find it, and no file does harm by what it says of
 * itself. */
#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "shim/preload/driver.h"
#include "shim/preload/elf_strings.h"
#include "shim/preload/needs.h"
#include "tests/unit/run_suite.h"
#include "tests/preload/dice.h"

#define ROUNDS 3000

static const char *const NAMES[] = { "fakepq_plain" };
static const struct driver FAKEPQ = { "libfakepq", NAMES, 1, 0 };
const struct driver *const DRIVERS[] = { &FAKEPQ, NULL };

static const struct {
	const char *name;
	bool needs;
} FILES[] = {
	{ FOLDER "/plugin-a.so", true },
	{ FOLDER "/plugin-hashed.so", true },
	{ FOLDER "/plugin-transitive.so", true },
	{ FOLDER "/plugin-look-sibling.so", true },
	{ FOLDER "/libfakepq-b.so", true },
	{ FOLDER "/plugin-foreign.so", true },
	{ FOLDER "/plugin-foreign-through-others.so", false },
	{ FOLDER "/deep.so", false },
	{ FOLDER "/clash.so", false },
	{ FOLDER "/plugin-look-none.so", false },
	{ FOLDER "/libsibling.so", false },
	{ FOLDER "/absent.so", false },
	{ FOLDER, false },
	{ "/dev/null", false },
	{ "/etc/passwd", false },
	{ "", false },
	{ "libfakepq.so.5", true },
	{ "libfakepq-e8a033dd.so.5.16", true },
	{ "/absent/libfakepq.so", true },
	{ "libfakepqxx-6.4.so", false },
	{ "libfakep.so", false },
	{ "$ORIGIN/plugin-a.so", false }, /* the origin is the unit test's own */
	{ "libc.so.6", false },
};

START_TEST(files_that_bring_a_client_library_are_told_from_others)
{
	ck_assert_msg(needs_client(FILES[_i].name, NULL) == FILES[_i].needs, "%s", FILES[_i].name);
}
END_TEST

struct file {
	char path[64];
	unsigned char *bytes;
	size_t size;
};

static struct file sample;

static void write_file(const unsigned char *bytes, size_t size)
{
	FILE *file = fopen(sample.path, "wb");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
}

static void sample_load(void)
{
	FILE *file = fopen(FOLDER "/plugin-transitive.so", "rb");

	ck_assert_ptr_nonnull(file);
	sample.bytes = malloc(MIB);
	ck_assert_ptr_nonnull(sample.bytes);
	sample.size = fread(sample.bytes, 1, MIB, file);
	fclose(file);
	snprintf(sample.path, sizeof(sample.path), "/tmp/chaperone-needs-%d.so", getpid());
}

static void sample_free(void)
{
	unlink(sample.path);
	free(sample.bytes);
}

START_TEST(a_truncated_file_needs_nothing)
{
	for (size_t size = 0; size < 4096; size += size < 64 ? 1 : 37) {
		write_file(sample.bytes, size);
		ck_assert(!needs_client(sample.path, NULL));
	}
}
END_TEST

static bool is_any(const char *text, void *data)
{
	ck_assert_uint_lt(strlen(text), ELF_STRING_MAX);
	++*(int *)data;
	return false;
}

START_TEST(damaged_files_are_harmless)
{
	SCOPED(free_p) unsigned char *bytes = malloc(sample.size);
	int undamaged = 0, seen = 0;

	ck_assert_ptr_nonnull(bytes);
	(void)elf_strings_visit(FOLDER "/plugin-transitive.so", DT_NEEDED, is_any, &undamaged);
	for (int i = 0; i < ROUNDS; i++) {
		memcpy(bytes, sample.bytes, sample.size);
		for (uint64_t j = 1 + number_below(6); j > 0; j--)
			bytes[number_below(number_below(2) ? 1024 : sample.size)] =
				(unsigned char)number_below(256);
		write_file(bytes, sample.size);
		(void)needs_client(sample.path, NULL);
		(void)elf_strings_visit(sample.path, DT_NEEDED, is_any, &seen);
	}
	ck_assert_int_gt(seen, ROUNDS / 10);
	ck_assert_int_lt(seen, undamaged * ROUNDS);
}
END_TEST

/* Each of these says that it needs the next, and the last one the first. */
START_TEST(a_circle_of_needs_ends)
{
	ck_assert(!needs_client(FOLDER "/circle-a.so", NULL));
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_unchecked_fixture(tcase, sample_load, sample_free);
	tcase_add_loop_test(tcase, files_that_bring_a_client_library_are_told_from_others, 0,
			    COUNT_OF(FILES));
	tcase_add_test(tcase, a_truncated_file_needs_nothing);
	tcase_add_test(tcase, damaged_files_are_harmless);
	tcase_add_test(tcase, a_circle_of_needs_ends);
}

int main(void)
{
	return run_suite("needs", NULL, NULL, add_tests);
}
