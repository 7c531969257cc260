/* SPDX-License-Identifier: MIT */
/* Checked reading from an image; between the files that read images. */
#ifndef SHIM_PRELOAD_IMAGE_READ_H
#define SHIM_PRELOAD_IMAGE_READ_H

#include "shim/preload/image.h"

/* `length` bytes at `address`, which one readable segment holds wholly; NULL otherwise, or when
 * they are not aligned. */
const void *image_read(const struct image *image, uintptr_t address, size_t length,
		       size_t alignment);

/* Element `index` of an array of elements of `size` bytes. */
const void *image_element(const struct image *image, uintptr_t array, size_t index, size_t size,
			  size_t alignment);

/* The terminated string at `offset` of the string table, or NULL. */
const char *image_string(const struct image *image, size_t offset);

/* True when an executable segment holds `address`. */
bool image_executes(const struct image *image, uintptr_t address);

#endif
