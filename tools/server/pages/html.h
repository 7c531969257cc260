/* SPDX-License-Identifier: MIT */
/* Writing HTML of which only literals are markup: whatever else goes in is a value, and is escaped. */
#ifndef TOOLS_SERVER_PAGES_HTML_H
#define TOOLS_SERVER_PAGES_HTML_H

#include "common/buf.h"
#include "common/cleanup.h"

enum html_kind {
	HTML_TEXT,   /* in an element or an attribute */
	HTML_NUMBER, /* in decimal */
	HTML_COUNT,  /* as people read it: a thin space between groups of three */
	HTML_URL,    /* as a part of a path or of a query */
};

struct html_value {
	enum html_kind kind;
	struct slice text;
	int64_t number;
};

static inline struct html_value html_text(struct slice text)
{
	return (struct html_value){ .kind = HTML_TEXT, .text = text };
}

static inline struct html_value html_word(const char *text)
{
	return html_text(slice_of(text));
}

static inline struct html_value html_url(struct slice text)
{
	return (struct html_value){ .kind = HTML_URL, .text = text };
}

static inline struct html_value html_number(int64_t number)
{
	return (struct html_value){ .kind = HTML_NUMBER, .number = number };
}

static inline struct html_value html_count(int64_t number)
{
	return (struct html_value){ .kind = HTML_COUNT, .number = number };
}

/* Appends a literal. */
#define HTML_PUT(out, literal) buf_add((out), "" literal "", sizeof(literal) - 1)

/* Appends a literal in which each {} stands for the next value. */
#define HTML(out, literal, ...)                                                                    \
	html_write((out), "" literal "", (const struct html_value[]){ __VA_ARGS__ },               \
		   COUNT_OF(((const struct html_value[]){ __VA_ARGS__ })))

/* What HTML calls: `pattern` is a literal, and has `count` times {}. */
void html_write(struct buf *out, const char *pattern, const struct html_value *values,
		size_t count);

/* Appends a moment, since 1970, as people say it at `now_ns` ("3 minutes ago"), with the exact time on it;
 * "never" for none, which is 0. */
void html_add_time(struct buf *out, int64_t ns, int64_t now_ns);

#endif
