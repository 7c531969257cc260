/* SPDX-License-Identifier: MIT */
#include "tools/server/pages/lines.h"

#include "control/archive.h"
#include "tools/policy/changes.h"
#include "tools/policy/line_diff.h"

static void add_file(struct buf *out, const struct archive_file *file)
{
	struct slice rest = file->bytes;

	HTML(out,
	     "<section class=\"file\" aria-label=\"{}\">\n<h2>{}</h2>\n"
	     "<ol class=\"lines\" tabindex=\"0\" aria-label=\"Text of {}\">\n",
	     html_text(file->name), html_text(file->name), html_text(file->name));
	for (int64_t number = 1; rest.length > 0; number++) {
		struct slice line = slice_cut(&rest, '\n');

		HTML(out, "<li id=\"{}-{}\"><code>{}</code></li>\n", html_text(file->name),
		     html_number(number), html_text(line));
	}
	HTML_PUT(out, "</ol>\n</section>\n");
}

int lines_add_archive(struct buf *out, struct slice archive)
{
	struct archive_walk walk;
	struct archive_file file;
	int r = archive_open(archive, &walk);

	while (r == 0 && (r = archive_next(&walk, &file)) > 0) {
		add_file(out, &file);
		r = 0;
	}
	return r;
}

/* What a line of a unified diff is, by how it begins. */
static const struct {
	const char *prefix;
	const char *class, *word;
} KINDS[] = {
	{ "@@", "place", "" },
	{ "+", "added", "added: " },
	{ "-", "removed", "removed: " },
	{ "", "same", "" },
};

static void add_diff_line(struct buf *out, struct slice line)
{
	size_t i = 0;

	while (!slice_starts_with(line, KINDS[i].prefix))
		i++;
	HTML(out, "<li class=\"{}\"><span class=\"spoken\">{}</span><code>{}</code></li>\n",
	     html_word(KINDS[i].class), html_word(KINDS[i].word), html_text(line));
}

static int add_change(struct buf *out, const struct change *change)
{
	SCOPED(buf_done) struct buf diff = BUF_MAX(CHANGES_DIFF_MAX);
	int r = line_diff(change->from, change->to, &diff);
	struct slice rest = buf_view(&diff);

	HTML(out,
	     "<section class=\"file\" aria-label=\"{}\">\n<h2>{} <small>{}</small></h2>\n"
	     "<ol class=\"diff\" tabindex=\"0\" aria-label=\"What differs in {}\">\n",
	     html_text(change->name), html_text(change->name), html_word(change_word(change->kind)),
	     html_text(change->name));
	while (rest.length > 0)
		add_diff_line(out, slice_cut(&rest, '\n'));
	HTML_PUT(out, "</ol>\n</section>\n");
	return r;
}

int lines_add_changes(struct buf *out, struct slice from, struct slice to,
		      const char *const labels[2])
{
	SCOPED(changes_done) struct changes changes = { NULL, 0 };
	int r = changes_find(from, to, &changes);

	if (r == 0 && changes.count == 0)
		HTML(out, "<p>{} and {} have the same files.</p>\n", html_word(labels[0]),
		     html_word(labels[1]));
	for (size_t i = 0; r == 0 && i < changes.count; i++)
		r = add_change(out, &changes.items[i]);
	return r;
}
