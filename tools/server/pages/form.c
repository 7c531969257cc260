/* SPDX-License-Identifier: MIT */
#include "tools/server/pages/form.h"

#include <errno.h>
#include <string.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that an escape of `encoded` stands for, two digits behind its percent sign; negative when it is
 * none. */
static int unescape(struct slice encoded, size_t place)
{
	if (encoded.length - place < 3)
		return -1;
	int high = digit(encoded.at[place + 1]), low = digit(encoded.at[place + 2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Writes at most as many bytes as it reads: `at` has room for them.  Browsers end lines with CR LF (HTML, 4.10.21.7): LF is
 * left of it. */
static int decode(struct slice encoded, char *at, struct slice *ret_text)
{
	size_t length = 0;

	for (size_t i = 0; i < encoded.length; i++) {
		int c = encoded.at[i] == '+' ? ' ' : encoded.at[i];

		if (c == '%') {
			c = unescape(encoded, i);
			i += 2;
			if (c <= 0)
				return -EINVAL;
		}
		if (c == '\n' && length > 0 && at[length - 1] == '\r')
			length--;
		at[length++] = (char)c;
	}
	*ret_text = (struct slice){ at, length };
	return slice_is_utf8(*ret_text) ? 0 : -EINVAL;
}

static int add_field(struct form *form, struct slice field, char *at)
{
	struct slice name = slice_cut(&field, '=');
	size_t i = form->count;

	if (i == FORM_FIELDS_MAX)
		return -EINVAL;
	int r = decode(name, at, &form->names[i]);
	if (r == 0)
		r = decode(field, at + form->names[i].length, &form->values[i]);
	if (r == 0)
		form->count++;
	return r;
}

int form_read(struct slice encoded, struct form *form)
{
	int r = 0;

	if (encoded.length == 0)
		return 0;
	if (memchr(encoded.at, 0, encoded.length))
		return -EINVAL;
	char *at = buf_extend(&form->text, encoded.length);
	if (!at)
		return form->text.failed;
	while (r == 0 && encoded.at) {
		struct slice field = slice_cut(&encoded, '&');

		if (field.length > 0)
			r = add_field(form, field, at);
		at += field.length;
	}
	return r;
}

void form_done(struct form *form)
{
	buf_done(&form->text);
}

struct slice form_value(const struct form *form, const char *name)
{
	for (size_t i = 0; i < form->count; i++) {
		if (slice_is(form->names[i], name))
			return form->values[i];
	}
	return (struct slice){ NULL, 0 };
}
