/* SPDX-License-Identifier: MIT */
/* The ELF reader finds what the loader finds, and survives whatever an object contains. */
#include <check.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "shim/preload/image.h"
#include "shim/preload/object.h"
#include "tests/unit/run_suite.h"
#include "tests/preload/dice.h"

#define ROUNDS 20000

/* The bytes of a mapped library, for tests to copy and damage. */
struct sample {
	const char *file;
	unsigned char *bytes;
	struct image image;
};

static struct sample samples[] = {
	{ .file = "libfakepq-a.so" },
	{ .file = "libfakepq-sysv.so" },
};

static bool is_sample(const struct object *object, void *data)
{
	struct sample *sample = data;

	if (!object_is_named(object, sample->file))
		return false;
	sample->image = object->image;
	return true;
}

/* Byte by byte and unchecked: a segment has a sanitizer's guard zones in it. */
__attribute__((no_sanitize("address"))) static void
copy_mapped(unsigned char *to, const volatile unsigned char *from, size_t length)
{
	for (size_t i = 0; i < length; i++)
		to[i] = from[i];
}

static void sample_load(struct sample *sample)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", FOLDER, sample->file);
	ck_assert_msg(dlopen(path, RTLD_NOW) != NULL, "%s", dlerror());
	ck_assert(objects_visit(is_sample, sample));
	sample->bytes = calloc(1, sample->image.size);
	ck_assert_ptr_nonnull(sample->bytes);
	for (size_t i = 0; i < sample->image.segment_count; i++) {
		const ElfW(Phdr) *segment = &sample->image.segments[i];

		if (segment->p_type == PT_LOAD)
			copy_mapped(sample->bytes + segment->p_vaddr,
				    sample->image.bytes + segment->p_vaddr, segment->p_memsz);
	}
}

static void samples_load(void)
{
	for (size_t i = 0; i < COUNT_OF(samples); i++)
		sample_load(&samples[i]);
}

static void samples_free(void)
{
	for (size_t i = 0; i < COUNT_OF(samples); i++)
		free(samples[i].bytes);
}

/* A copy of exactly `size` bytes, so that a sanitizer sees each byte that is read beyond it. */
static unsigned char *sample_copy(const struct sample *sample, size_t size)
{
	unsigned char *bytes = malloc(size);

	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, sample->bytes, size);
	return bytes;
}

static uintptr_t find(const unsigned char *bytes, const struct sample *sample, const char *name)
{
	struct image image;

	ck_assert_int_eq(image_open_copy(bytes, sample->image.size, sample->image.address, &image),
			 0);
	return image_function(&image, name);
}

START_TEST(finds_what_the_loader_finds)
{
	static const char *const NAMES[] = { "getpid", "dlopen", "strtol", "qsort",
					     "dl_iterate_phdr" };
	struct object libc;

	ck_assert(object_at(dlsym(RTLD_DEFAULT, "getpid"), &libc));
	ck_assert_str_eq(image_soname(&libc.image), "libc.so.6");
	for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
		void *handle = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);

		ck_assert_ptr_eq((void *)image_function(&libc.image, NAMES[i]),
				 dlsym(handle, NAMES[i]));
	}
	ck_assert_uint_eq(image_function(&libc.image, "no_such_function"), 0);
	ck_assert_uint_eq(image_function(&libc.image, ""), 0);
}
END_TEST

/* glibc keeps what old programs were linked to under the same name. */
START_TEST(a_function_with_several_versions_is_its_default_one)
{
	static const char *const VERSIONED[] = { "posix_spawn", "posix_spawnp", "memcpy",
						 "fclose",      "connect",      "popen" };
	void *handle = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
	struct object libc;

	ck_assert(object_at(dlsym(handle, "getpid"), &libc));
	for (size_t i = 0; i < COUNT_OF(VERSIONED); i++) {
		uintptr_t found = image_function(&libc.image, VERSIONED[i]);

		if (found) /* memcpy may be an indirect function */
			ck_assert_ptr_eq((void *)found, dlsym(handle, VERSIONED[i]));
	}
	ck_assert_ptr_nonnull((void *)image_function(&libc.image, "posix_spawn"));
}
END_TEST

START_TEST(data_and_indirect_functions_are_not_functions)
{
	struct object libc;

	ck_assert(object_at(dlsym(RTLD_DEFAULT, "getpid"), &libc));
	ck_assert_uint_eq(image_function(&libc.image, "strlen"), 0);
	ck_assert_uint_eq(image_function(&libc.image, "environ"), 0);
}
END_TEST

static bool needs(const struct image *image, const char *name)
{
	const char *needed;

	for (size_t i = 0; (needed = image_needed(image, i)); i++) {
		if (strcmp(needed, name) == 0)
			return true;
	}
	return false;
}

START_TEST(a_copy_reads_like_the_object)
{
	struct sample *sample = &samples[_i];
	SCOPED(free_p) unsigned char *bytes = sample_copy(sample, sample->image.size);
	uintptr_t begin, end, found = find(bytes, sample, "fakepq_send");
	struct image image;

	ck_assert_uint_ne(found, 0);
	ck_assert_uint_eq(found, image_function(&sample->image, "fakepq_send"));
	ck_assert_int_eq(image_open_copy(bytes, sample->image.size, sample->image.address, &image),
			 0);
	ck_assert_str_eq(image_soname(&image), sample->file);
	ck_assert(needs(&image, "libc.so.6") && !needs(&image, "libm.so.6"));
	image_text(&image, &begin, &end);
	ck_assert(begin <= found && found < end);
	ck_assert(image_holds(&image, found) && !image_holds(&image, end + 0x100000));
}
END_TEST

/* Words of the GNU hash table: buckets, first symbol, filter words, shift; then filter, buckets,
 * chains. */
static const struct {
	const char *what;
	unsigned word;
	uint32_t value;
} CRAFTED[] = {
	{ "no buckets", 0, 0 },
	{ "too many buckets", 0, UINT32_MAX },
	{ "first symbol too high", 1, UINT32_MAX },
	{ "no filter", 2, 0 },
	{ "filter beyond the end", 2, UINT32_MAX },
	{ "shift beyond the word", 3, 255 },
};

START_TEST(crafted_hash_header_is_harmless)
{
	struct sample *sample = &samples[0];
	SCOPED(free_p) unsigned char *bytes = sample_copy(sample, sample->image.size);
	size_t table = sample->image.gnu_hash - sample->image.address;

	memcpy(bytes + table + 4 * CRAFTED[_i].word, &CRAFTED[_i].value, 4);
	(void)find(bytes, sample, "fakepq_send");
	if (CRAFTED[_i].word != 3 && CRAFTED[_i].value != 1)
		ck_assert_uint_eq(find(bytes, sample, "fakepq_send"), 0);
}
END_TEST

/* Sets every bucket, or every chain word, of the GNU hash table. */
static void craft(unsigned char *bytes, const struct sample *sample, bool is_chain, uint32_t value)
{
	size_t table = sample->image.gnu_hash - sample->image.address;
	uint32_t header[4];

	memcpy(header, bytes + table, sizeof(header));
	size_t buckets = table + sizeof(header) + header[2] * sizeof(ElfW(Addr));
	size_t at = is_chain ? buckets + 4 * header[0] : buckets;
	for (size_t i = 0; i < (is_chain ? 7 : header[0]); i++)
		memcpy(bytes + at + 4 * i, &value, 4);
}

START_TEST(empty_buckets_find_nothing)
{
	SCOPED(free_p) unsigned char *bytes = sample_copy(&samples[0], samples[0].image.size);

	craft(bytes, &samples[0], false, 0);
	ck_assert_uint_eq(find(bytes, &samples[0], "fakepq_send"), 0);
	craft(bytes, &samples[0], false, UINT32_MAX);
	ck_assert_uint_eq(find(bytes, &samples[0], "fakepq_send"), 0);
}
END_TEST

START_TEST(a_chain_without_end_ends)
{
	SCOPED(free_p) unsigned char *bytes = sample_copy(&samples[0], samples[0].image.size);

	craft(bytes, &samples[0], true, 0);
	ck_assert_uint_eq(find(bytes, &samples[0], "fakepq_send"), 0);
}
END_TEST

START_TEST(a_chain_in_a_circle_ends)
{
	struct sample *sample = &samples[1];
	SCOPED(free_p) unsigned char *bytes = sample_copy(sample, sample->image.size);
	size_t table = sample->image.hash - sample->image.address;
	uint32_t counts[2], one = 1;

	memcpy(counts, bytes + table, sizeof(counts));
	for (size_t i = 0; i < (size_t)counts[0] + counts[1]; i++)
		memcpy(bytes + table + 8 + 4 * i, &one, 4);
	ck_assert_uint_eq(find(bytes, sample, "fakepq_absent"), 0);
}
END_TEST

START_TEST(every_truncation_is_harmless)
{
	struct sample *sample = &samples[_i];

	for (size_t size = 0; size < sample->image.size; size += size < 4096 ? 1 : 61) {
		SCOPED(free_p) unsigned char *bytes = sample_copy(sample, size);
		struct image image;

		if (image_open_copy(bytes, size, sample->image.address, &image) < 0)
			continue;
		(void)image_function(&image, "fakepq_send");
		(void)image_soname(&image);
		(void)image_needed(&image, 0);
	}
}
END_TEST

/* A place that matters: program headers, dynamic section, hash table, symbols, or anywhere. */
static size_t place(const struct sample *sample)
{
	const struct image *image = &sample->image;
	uintptr_t table = image->gnu_hash ? image->gnu_hash : image->hash;
	const size_t STARTS[] = {
		0,
		(size_t)((const unsigned char *)image->dynamic - image->bytes),
		table - image->address,
		image->symbols - image->address,
		image->strings - image->address,
	};
	size_t region = number_below(COUNT_OF(STARTS) + 1);

	if (region == COUNT_OF(STARTS))
		return number_below(image->size);
	return (STARTS[region] + number_below(512)) % image->size;
}

static void damage(unsigned char *bytes, const struct sample *sample)
{
	static const unsigned char VALUES[] = { 0, 1, 0x7f, 0x80, 0xff };

	for (uint64_t i = 1 + number_below(8); i > 0; i--)
		bytes[place(sample)] = number_below(2) ? VALUES[number_below(sizeof(VALUES))]
						       : (unsigned char)number_below(256);
}

static bool read_everything(const unsigned char *bytes, size_t size, uintptr_t address)
{
	struct image image;
	uintptr_t begin, end;

	if (image_open_copy(bytes, size, address, &image) < 0)
		return false;
	(void)image_soname(&image);
	for (size_t i = 0; i < 8 && image_needed(&image, i); i++)
		;
	image_text(&image, &begin, &end);
	(void)image_holds(&image, begin);
	(void)image_function(&image, "fakepq_absent");
	return image_function(&image, "fakepq_send") != 0;
}

START_TEST(damaged_objects_are_harmless)
{
	struct sample *sample = &samples[_i];
	int found = 0;

	for (int i = 0; i < ROUNDS; i++) {
		SCOPED(free_p) unsigned char *bytes = sample_copy(sample, sample->image.size);

		damage(bytes, sample);
		found += read_everything(bytes, sample->image.size, sample->image.address);
	}
	/* Light damage often misses what is read; heavy damage must not always. */
	ck_assert_int_gt(found, ROUNDS / 100);
	ck_assert_int_lt(found, ROUNDS);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_unchecked_fixture(tcase, samples_load, samples_free);
	tcase_add_test(tcase, finds_what_the_loader_finds);
	tcase_add_test(tcase, a_function_with_several_versions_is_its_default_one);
	tcase_add_test(tcase, data_and_indirect_functions_are_not_functions);
	tcase_add_loop_test(tcase, a_copy_reads_like_the_object, 0, COUNT_OF(samples));
	tcase_add_loop_test(tcase, crafted_hash_header_is_harmless, 0, COUNT_OF(CRAFTED));
	tcase_add_test(tcase, empty_buckets_find_nothing);
	tcase_add_test(tcase, a_chain_without_end_ends);
	tcase_add_test(tcase, a_chain_in_a_circle_ends);
	tcase_add_loop_test(tcase, every_truncation_is_harmless, 0, COUNT_OF(samples));
	tcase_add_loop_test(tcase, damaged_objects_are_harmless, 0, COUNT_OF(samples));
}

int main(void)
{
	return run_suite("image", NULL, NULL, add_tests);
}
