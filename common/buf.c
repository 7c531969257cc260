/* SPDX-License-Identifier: MIT */
/* The growing buffer: growth by doubling up to the maximum, little-endian integers, JSON
 * strings. */
#include "common/buf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void buf_done(struct buf *buf)
{
	free(buf->at);
	buf->at = NULL;
	buf->length = buf->capacity = 0;
}

void buf_clear(struct buf *buf)
{
	buf->failed = 0;
	buf_truncate(buf, 0);
}

static int grow(struct buf *buf, size_t needed)
{
	size_t capacity = buf->capacity ? buf->capacity : 64;

	while (capacity < needed)
		capacity *= 2;
	char *at = realloc(buf->at, capacity);
	if (!at)
		return -ENOMEM;
	buf->at = at;
	buf->capacity = capacity;
	return 0;
}

char *buf_extend(struct buf *buf, size_t length)
{
	if (buf->failed)
		return NULL;
	if (length > buf->length_max - buf->length) {
		buf->failed = -E2BIG;
		return NULL;
	}
	if (buf->length + length + 1 > buf->capacity) {
		buf->failed = grow(buf, buf->length + length + 1);
		if (buf->failed)
			return NULL;
	}
	char *room = buf->at + buf->length;
	buf->length += length;
	buf->at[buf->length] = '\0';
	return room;
}

void buf_add(struct buf *buf, const void *bytes, size_t length)
{
	char *room = buf_extend(buf, length);

	if (room && length)
		memcpy(room, bytes, length);
}

void buf_add_slice(struct buf *buf, struct slice text)
{
	buf_add(buf, text.at, text.length);
}

void buf_add_text(struct buf *buf, const char *text)
{
	buf_add_slice(buf, slice_of(text));
}

void buf_add_char(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

static void add_little_endian(struct buf *buf, uint64_t number, size_t bytes)
{
	unsigned char out[8];

	for (size_t i = 0; i < bytes; i++)
		out[i] = (unsigned char)(number >> (8 * i));
	buf_add(buf, out, bytes);
}

void buf_add_u16(struct buf *buf, uint16_t number)
{
	add_little_endian(buf, number, 2);
}

void buf_add_u32(struct buf *buf, uint32_t number)
{
	add_little_endian(buf, number, 4);
}

void buf_add_u64(struct buf *buf, uint64_t number)
{
	add_little_endian(buf, number, 8);
}

void buf_add_hex(struct buf *buf, const void *bytes, size_t length)
{
	static const char DIGITS[] = "0123456789abcdef";
	const unsigned char *at = bytes;

	for (size_t i = 0; i < length; i++) {
		buf_add_char(buf, DIGITS[at[i] >> 4]);
		buf_add_char(buf, DIGITS[at[i] & 15]);
	}
}

void buf_vprintf(struct buf *buf, const char *format, va_list arguments)
{
	va_list again;

	va_copy(again, arguments);
	int length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0) {
		buf->failed = -EINVAL;
		return;
	}
	char *room = buf_extend(buf, (size_t)length);
	if (room)
		vsnprintf(room, (size_t)length + 1, format, arguments);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	buf_vprintf(buf, format, arguments);
	va_end(arguments);
}

/* The number of bytes of the well-formed character that `text` starts with, 0 when it is not
 * one. */
static size_t character_length(struct slice text)
{
	for (size_t length = 1; length <= 4 && length <= text.length; length++) {
		if (slice_is_utf8(slice_part(text, 0, length)))
			return length;
	}
	return 0;
}

static void add_json_ascii(struct buf *buf, unsigned char c)
{
	static const char SHORT[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
				      ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\' };

	if (c < sizeof(SHORT) && SHORT[c]) {
		buf_add_char(buf, '\\');
		buf_add_char(buf, SHORT[c]);
	} else if (c < 0x20 || c == 0x7f) {
		buf_printf(buf, "\\u%04x", c);
	} else {
		buf_add_char(buf, (char)c);
	}
}

void buf_add_json(struct buf *buf, struct slice text)
{
	buf_add_char(buf, '"');
	while (text.length > 0) {
		size_t length = character_length(text);

		if (length == 1)
			add_json_ascii(buf, (unsigned char)text.at[0]);
		else if (length > 1)
			buf_add(buf, text.at, length);
		else
			buf_add_text(buf, "\xef\xbf\xbd");
		text = slice_part(text, length ? length : 1, text.length);
	}
	buf_add_char(buf, '"');
}

void buf_truncate(struct buf *buf, size_t length)
{
	if (length >= buf->length)
		return;
	buf->length = length;
	buf->at[length] = '\0';
}

struct slice buf_view(const struct buf *buf)
{
	return (struct slice){ buf->at, buf->length };
}

const char *buf_text(const struct buf *buf)
{
	return buf->at ? buf->at : "";
}
