/* SPDX-License-Identifier: MIT */
#include "tools/server/metrics/exposition.h"

#include <inttypes.h>

#include "common/clock.h"

/* Backslashes and line feeds are escaped everywhere, `quote` as well unless it is 0. */
static void add_escaped(struct buf *out, struct slice text, char quote)
{
	for (size_t i = 0; i < text.length; i++) {
		char c = text.at[i];

		if (c == '\\' || c == '\n' || (quote && c == quote))
			buf_add_char(out, '\\');
		buf_add_char(out, c == '\n' ? 'n' : c);
	}
}

void exposition_family(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s ", name);
	add_escaped(out, slice_of(help), 0);
	buf_printf(out, "\n# TYPE %s %s\n", name, type);
}

static void add_labels(struct buf *out, struct exposition_labels labels)
{
	for (size_t i = 0; i < labels.count; i++) {
		buf_printf(out, "%c%s=\"", i == 0 ? '{' : ',', labels.at[i].name);
		add_escaped(out, labels.at[i].value, '"');
		buf_add_char(out, '"');
	}
	if (labels.count > 0)
		buf_add_char(out, '}');
}

void exposition_count(struct buf *out, const char *name, struct exposition_labels labels,
		      uint64_t number)
{
	buf_add_text(out, name);
	add_labels(out, labels);
	buf_printf(out, " %" PRIu64 "\n", number);
}

void exposition_seconds(struct buf *out, const char *name, struct exposition_labels labels,
			uint64_t time_ns)
{
	buf_add_text(out, name);
	add_labels(out, labels);
	buf_printf(out, " %llu.%09llu\n", time_ns / SECOND_NS, time_ns % SECOND_NS);
}
