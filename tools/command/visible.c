/* SPDX-License-Identifier: MIT */
/* Makes what would control a terminal, reorder or hide text visible. */
#include "tools/command/visible.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"

static size_t character_length(struct slice text)
{
	for (size_t length = 1; length <= 4 && length <= text.length; length++) {
		if (slice_is_utf8(slice_part(text, 0, length)))
			return length;
	}
	return 0;
}

static uint32_t code_point(const char *at, size_t length)
{
	static const unsigned char FIRST_MASK[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t code = (unsigned char)at[0] & FIRST_MASK[length];

	for (size_t i = 1; i < length; i++)
		code = code << 6 | ((unsigned char)at[i] & 0x3fu);
	return code;
}

size_t visible_decode(struct slice text, uint32_t *ret_code)
{
	size_t length = character_length(text);

	if (length)
		*ret_code = code_point(text.at, length);
	return length;
}

/* Control characters (C0, DEL, C1), line and paragraph separators, the bidirectional ones that
 * reorder what is read (Unicode Standard Annex 9), zero-width ones and tags, which hide text. */
static const struct {
	uint32_t first, last;
} HIDDEN[] = {
	{ 0x00, 0x1f },     { 0x7f, 0x9f },     { 0xad, 0xad },     { 0x61c, 0x61c },
	{ 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
	{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff },
};

bool visible_is_hidden(uint32_t code)
{
	for (size_t i = 0; i < COUNT_OF(HIDDEN); i++) {
		if (code >= HIDDEN[i].first && code <= HIDDEN[i].last)
			return true;
	}
	return false;
}

/* Writes one visible form of what `text` starts with; returns how many bytes it stands for. */
static size_t visible_form(struct slice text, char ret_form[16], size_t *ret_width)
{
	uint32_t code = 0;
	size_t length = visible_decode(text, &code);

	if (length && !visible_is_hidden(code)) {
		memcpy(ret_form, text.at, length);
		ret_form[length] = '\0';
		*ret_width = 1;
		return length;
	}
	int n = length > 1 ? snprintf(ret_form, 16, "\\u{%x}", code)
			   : snprintf(ret_form, 16, "\\x%02x", (unsigned char)text.at[0]);
	*ret_width = (size_t)n;
	return length ? length : 1;
}

size_t visible_add(struct buf *out, struct slice text, size_t columns)
{
	size_t used = 0, cut_length = out->length, cut_width = 0;

	while (text.length > 0) {
		char form[16];
		size_t width, taken = visible_form(text, form, &width);

		if (columns && used + width > columns) {
			buf_truncate(out, cut_length);
			buf_add_char(out, '~');
			return cut_width + 1;
		}
		buf_add_text(out, form);
		used += width;
		if (used < columns) {
			cut_length = out->length;
			cut_width = used;
		}
		text = slice_part(text, taken, text.length);
	}
	return used;
}

void visible_add_cell(struct buf *out, struct slice text, size_t columns)
{
	for (size_t used = visible_add(out, text, columns); used < columns; used++)
		buf_add_char(out, ' ');
}
