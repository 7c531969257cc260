/* SPDX-License-Identifier: MIT */
#include "tools/server/pages/html.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tools/command/visible.h"
#include "tools/server/common/moment.h"

#define NUMBER_SIZE 32u
#define GROUP       3u

/* What the characters that end a text or an attribute are written as. */
static const char *entity(uint32_t code)
{
	switch (code) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* One character.  What controls, reorders or hides is shown as its number (security.md 21); lines and
 * tabs are white space. */
static void add_character(struct buf *out, struct slice character, uint32_t code)
{
	const char *escaped = entity(code);

	if (escaped)
		buf_add_text(out, escaped);
	else if (code != '\n' && code != '\t' && visible_is_hidden(code))
		visible_add(out, character, 0);
	else
		buf_add_slice(out, character);
}

static void add_text(struct buf *out, struct slice text)
{
	while (text.length > 0) {
		uint32_t code = 0;
		size_t length = visible_decode(text, &code);

		if (length == 0) {
			buf_add_text(out, "\xef\xbf\xbd");
			length = 1;
		} else {
			add_character(out, slice_part(text, 0, length), code);
		}
		text = slice_part(text, length, SIZE_MAX);
	}
}

static bool is_unreserved(unsigned char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || (byte && strchr("-._~", byte));
}

static void add_url(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = (unsigned char)text.at[i];

		if (is_unreserved(byte))
			buf_add_char(out, (char)byte);
		else
			buf_printf(out, "%%%02X", byte);
	}
}

static void add_count(struct buf *out, int64_t number)
{
	char digits[NUMBER_SIZE];
	int length = snprintf(digits, sizeof(digits), "%" PRId64, number);

	for (int i = 0; i < length; i++) {
		if (i > 0 && digits[i - 1] != '-' && (unsigned int)(length - i) % GROUP == 0)
			buf_add_text(out, "\u202f");
		buf_add_char(out, digits[i]);
	}
}

static void add_value(struct buf *out, const struct html_value *value)
{
	switch (value->kind) {
	case HTML_TEXT:
		add_text(out, value->text);
		break;
	case HTML_NUMBER:
		buf_printf(out, "%" PRId64, value->number);
		break;
	case HTML_COUNT:
		add_count(out, value->number);
		break;
	case HTML_URL:
		add_url(out, value->text);
		break;
	}
}

void html_write(struct buf *out, const char *pattern, const struct html_value *values, size_t count)
{
	const char *place;

	while ((place = strstr(pattern, "{}"))) {
		assert(count > 0);
		buf_add(out, pattern, (size_t)(place - pattern));
		add_value(out, values++);
		count--;
		pattern = place + 2;
	}
	assert(count == 0);
	buf_add_text(out, pattern);
}

/* Units of time, and below which many seconds they are said. */
static const struct {
	int64_t below_s, unit_s;
	const char *name;
} UNITS[] = {
	{ 60, 1, "second" },
	{ 3600, 60, "minute" },
	{ 2 * 86400, 3600, "hour" },
	{ 60 * 86400, 86400, "day" },
	{ 730 * 86400ll, 30 * 86400, "month" },
	{ INT64_MAX, 365 * 86400, "year" },
};

static void say_distance(int64_t seconds, char *ret_text, size_t size)
{
	int64_t distance = seconds < 0 ? -seconds : seconds;
	size_t i = 0;

	while (distance >= UNITS[i].below_s)
		i++;
	/* What is to come lasts for all of its last unit. */
	int64_t rest = seconds < 0 ? UNITS[i].unit_s - 1 : 0;
	int64_t count = (distance + rest) / UNITS[i].unit_s;
	if (distance == 0)
		snprintf(ret_text, size, "now");
	else
		snprintf(ret_text, size, "%s%" PRId64 " %s%s%s", seconds < 0 ? "in " : "", count,
			 UNITS[i].name, count == 1 ? "" : "s", seconds < 0 ? "" : " ago");
}

void html_add_time(struct buf *out, int64_t ns, int64_t now_ns)
{
	char moment[MOMENT_SIZE], distance[NUMBER_SIZE * 2];

	if (ns == 0) {
		HTML_PUT(out, "<span class=\"none\">never</span>");
		return;
	}
	moment_text(ns, moment);
	say_distance((now_ns - ns) / (int64_t)SECOND_NS, distance, sizeof(distance));
	HTML(out, "<time datetime=\"{}\" title=\"{}\">{}</time>", html_word(moment),
	     html_word(moment), html_word(distance));
}
