/* SPDX-License-Identifier: MIT */
/* A text or byte string that somebody else owns: a pointer and a length, never NUL-terminated. */
#ifndef COMMON_SLICE_H
#define COMMON_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
	const char *at;
	size_t length;
};

/* A string literal as a slice. */
#define SLICE(literal) ((struct slice){ (literal), sizeof(literal) - 1 })

/* For printf's "%.*s". */
#define SLICE_ARGUMENTS(slice) (int)(slice).length, (slice).at

/* A slice over the NUL-terminated `text`; an empty one for NULL. */
struct slice slice_of(const char *text);

/* The part of `whole` that starts at `offset` and has at most `length` bytes; clipped to
 * `whole`. */
struct slice slice_part(struct slice whole, size_t offset, size_t length);

bool slice_equal(struct slice a, struct slice b);
bool slice_is(struct slice a, const char *text);

/* As slice_equal, but ASCII letters of either case are equal.  Bytes above 0x7f are compared as
 * they are. */
bool slice_equal_ignoring_case(struct slice a, struct slice b);

bool slice_starts_with(struct slice text, const char *prefix);
bool slice_ends_with(struct slice text, const char *suffix);

/* memcmp order; a prefix sorts before the longer text. */
int slice_compare(struct slice a, struct slice b);

/* Without ASCII white space at both ends. */
struct slice slice_trim(struct slice text);

/* Cuts `text` at the first `separator`: returns what stands before it and leaves in `text` what
 * stands behind it.  Without a separator all is returned and `text` is empty with `at` NULL. */
struct slice slice_cut(struct slice *text, char separator);

/* What stands behind the last slash of `path`, which is all of it without one. */
struct slice slice_file_name(struct slice path);

/* Whether `text` matches `pattern`, in which `*` stands for any bytes, none included.  Linear
 * time. */
bool slice_matches(struct slice text, struct slice pattern);

/* Reads all of `text` as a decimal number.  -EINVAL for anything else, -ERANGE when it does not
 * fit. */
int slice_to_u64(struct slice text, uint64_t *ret_number);

/* Whether `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates). */
bool slice_is_utf8(struct slice text);

#endif
