/* SPDX-License-Identifier: MIT */
/* Reads a mapped ELF object: its dynamic section, names and functions, trusting nothing that stands
 * in it.
 *
 * Every access is checked against the image's size and against its readable segments, so that a
 * damaged or crafted object gives "not found" and never a fault.  Nothing here calls libc: under a
 * sanitizer the string functions are interceptors that may not be ready yet. */
#ifndef SHIM_PRELOAD_IMAGE_H
#define SHIM_PRELOAD_IMAGE_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

/* The longest name that is compared or handed out. */
#define IMAGE_NAME_MAX 4096

/* More program headers than this are not looked at: the object is not readable. */
#define IMAGE_SEGMENTS_MAX 64

struct image {
	const unsigned char *bytes; /* the first mapped byte */
	size_t size;
	/* where the object believes `bytes` to be; the same, unless a test reads a copy */
	uintptr_t address;
	uintptr_t bias; /* address minus virtual address */
	const ElfW(Phdr) * segments;
	size_t segment_count;

	/* The dynamic section, and what was read from it: addresses, 0 when absent. */
	const ElfW(Dyn) * dynamic;
	size_t dynamic_count;
	uintptr_t strings, symbols, gnu_hash, hash, versions;
	size_t strings_size;
};

/* Opens the object that is mapped with `bias` and described by its program headers; what the loader
 * tells in dl_iterate_phdr.  -ENOEXEC when it cannot be read. */
must_use int image_open(uintptr_t bias, const ElfW(Phdr) * segments, size_t segment_count,
			struct image *ret_image);

/* The same for `size` bytes of an object at `bytes` which believes to be mapped at `address`; the
 * program headers are found through its own ELF header. */
must_use int image_open_copy(const void *bytes, size_t size, uintptr_t address,
			     struct image *ret_image);

/* The address of an exported function, in its default version where it has several; 0 when there is
 * none.  Indirect functions (IFUNC) do not count, nor does an address outside the executable
 * segments. */
uintptr_t image_function(const struct image *image, const char *name);

/* DT_SONAME, or NULL. */
const char *image_soname(const struct image *image);

/* The `index`th DT_NEEDED, or NULL when there are not as many. */
const char *image_needed(const struct image *image, size_t index);

/* The smallest range that holds all executable segments; begin equals end when there are none. */
void image_text(const struct image *image, uintptr_t *ret_begin, uintptr_t *ret_end);

/* True when a segment holds `address`. */
bool image_holds(const struct image *image, uintptr_t address);

/* Comparison without libc. */
bool text_is(const char *a, const char *b);

#endif
