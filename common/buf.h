/* SPDX-License-Identifier: MIT */
/* A growing byte buffer with a stated maximum.  Once an append fails the buffer stays failed, so
 * that a writer may append many times and ask once at the end. */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/slice.h"

struct buf {
	char *at; /* NUL follows the last byte; NULL while empty */
	size_t length;
	size_t capacity;
	size_t length_max;
	int failed; /* 0, or the -ENOMEM or -E2BIG of the first append that did not fit */
};

/* A buffer that refuses to grow beyond `max` bytes. */
#define BUF_MAX(max)                                                                               \
	{                                                                                          \
		NULL, 0, 0, (max), 0                                                               \
	}

/* A buffer over an array of the caller's, for where nothing may be allocated: it neither grows nor
 * is freed, so it is not given to buf_done. */
#define BUF_OVER(array)                                                                            \
	{                                                                                          \
		(array), 0, sizeof(array), sizeof(array) - 1, 0                                    \
	}

void buf_done(struct buf *buf);

/* Empties the buffer and forgets a failure; keeps the memory. */
void buf_clear(struct buf *buf);

/* Makes room for `length` more bytes and returns where they go, uninitialised; NULL on failure. */
char *buf_extend(struct buf *buf, size_t length);

void buf_add(struct buf *buf, const void *bytes, size_t length);
void buf_add_slice(struct buf *buf, struct slice text);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_char(struct buf *buf, char c);
void buf_add_u16(struct buf *buf, uint16_t number); /* integers: little-endian */
void buf_add_u32(struct buf *buf, uint32_t number);
void buf_add_u64(struct buf *buf, uint64_t number);
void buf_add_hex(struct buf *buf, const void *bytes, size_t length);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *buf, const char *format, va_list arguments);

/* Appends `text` as a JSON string with its quotes (RFC 8259); bytes that are not UTF-8 become
 * U+FFFD. */
void buf_add_json(struct buf *buf, struct slice text);

/* Cuts the buffer back to `length`. */
void buf_truncate(struct buf *buf, size_t length);

/* What the buffer holds; valid until the next change. */
struct slice buf_view(const struct buf *buf);

/* The contents as a NUL-terminated string; "" while empty.  Owned by the buffer. */
const char *buf_text(const struct buf *buf);

#endif
