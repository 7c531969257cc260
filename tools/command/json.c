/* SPDX-License-Identifier: MIT */
/* Writing JSON member by member. */
#include "tools/command/json.h"

#include "tools/command/visible.h"

static void add_name(struct buf *out, const char *name)
{
	if (!name)
		return;
	buf_add_json(out, slice_of(name));
	buf_add_char(out, ':');
}

void json_open(struct buf *out, const char *name, char bracket)
{
	add_name(out, name);
	buf_add_char(out, bracket);
}

void json_end(struct buf *out)
{
	if (out->length && out->at[out->length - 1] == ',')
		buf_truncate(out, out->length - 1);
}

void json_close(struct buf *out, char bracket)
{
	json_end(out);
	buf_add_char(out, bracket);
	buf_add_char(out, ',');
}

static void add_escape(struct buf *out, uint32_t code)
{
	if (code > 0xffff) {
		code -= 0x10000;
		buf_printf(out, "\\u%04x", 0xd800 + (code >> 10));
		code = 0xdc00 + (code & 0x3ff);
	}
	buf_printf(out, "\\u%04x", code);
}

/* Goes over a JSON string, which is ASCII but for what stood in the text, and escapes what a
 * terminal would obey. */
static void add_escaped(struct buf *out, struct slice json)
{
	while (json.length > 0) {
		uint32_t code = 0;
		size_t length = visible_decode(json, &code);

		if (length > 1 && visible_is_hidden(code))
			add_escape(out, code);
		else
			buf_add(out, json.at, length ? length : 1);
		json = slice_part(json, length ? length : 1, json.length);
	}
}

void json_text(struct buf *out, const char *name, struct slice text)
{
	SCOPED(buf_done) struct buf json = BUF_MAX(out->length_max);

	add_name(out, name);
	buf_add_json(&json, text);
	if (json.failed)
		out->failed = json.failed;
	add_escaped(out, buf_view(&json));
	buf_add_char(out, ',');
}

void json_number(struct buf *out, const char *name, uint64_t number)
{
	add_name(out, name);
	buf_printf(out, "%llu,", (unsigned long long)number);
}

void json_bool(struct buf *out, const char *name, bool is_true)
{
	add_name(out, name);
	buf_add_text(out, is_true ? "true," : "false,");
}

void json_text_if(struct buf *out, const char *name, struct slice text)
{
	if (text.length)
		json_text(out, name, text);
}

void json_digits_if(struct buf *out, const char *name, struct slice text)
{
	uint64_t number;

	if (slice_to_u64(text, &number) == 0)
		json_number(out, name, number);
}
