/* SPDX-License-Identifier: MIT */
#include "tools/server/pages/form.h"

#include <errno.h>
#include <string.h>

#include "tools/server/http/urlencoded.h"

/* Browsers end lines with CR LF (HTML, 4.10.21.7): LF is left of it. */
static void end_lines(char *at, struct slice *text)
{
	size_t length = 0;

	for (size_t i = 0; i < text->length; i++) {
		if (at[i] == '\n' && length > 0 && at[length - 1] == '\r')
			length--;
		at[length++] = at[i];
	}
	text->length = length;
}

/* `at` has room for as many bytes as are read. */
static int decode(struct slice encoded, char *at, struct slice *ret_text)
{
	int r = urlencoded_decode(encoded, at, encoded.length, ret_text);

	if (r == 0)
		end_lines(at, ret_text);
	return r;
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
