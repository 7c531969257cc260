/* SPDX-License-Identifier: MIT */
#include "tools/policy/changes.h"

#include <errno.h>

#include "control/archive.h"
#include "tools/command/json.h"
#include "tools/policy/line_diff.h"

static const char *const WORDS[] = {
	[CHANGE_ADDED] = "added",
	[CHANGE_REMOVED] = "removed",
	[CHANGE_EDITED] = "edited",
};

/* A walk through one of the archives, and the file at which it stands. */
struct side {
	struct archive_walk walk;
	struct archive_file file;
	bool has_file;
};

static int go_on(struct side *side)
{
	int r = side->has_file ? archive_next(&side->walk, &side->file) : 0;

	side->has_file = r > 0;
	return r < 0 ? r : 0;
}

static int begin(struct slice archive, struct side *side)
{
	int r = archive.length > 0 ? archive_open(archive, &side->walk) : 0;

	side->has_file = r == 0 && archive.length > 0;
	return r < 0 ? r : go_on(side);
}

/* Which of both files comes first: below 0 that of `from`, above 0 that of `to`, 0 both. */
static int order(const struct side *from, const struct side *to)
{
	if (!from->has_file || !to->has_file)
		return to->has_file - from->has_file;
	return slice_compare(from->file.name, to->file.name);
}

static void add(struct changes *changes, int first, const struct side *from, const struct side *to)
{
	static const struct slice NOTHING = { "", 0 };
	struct change change = { first < 0   ? CHANGE_REMOVED
				 : first > 0 ? CHANGE_ADDED
					     : CHANGE_EDITED,
				 first > 0 ? to->file.name : from->file.name,
				 first > 0 ? NOTHING : from->file.bytes,
				 first < 0 ? NOTHING : to->file.bytes };

	if (first != 0 || !slice_equal(change.from, change.to))
		changes->items[changes->count++] = change;
}

int changes_find(struct slice from, struct slice to, struct changes *ret_changes)
{
	SCOPED(changes_done) struct changes changes = { NULL, 0 };
	struct side old = { .has_file = false }, new = { .has_file = false };
	int r = begin(from, &old);

	if (r == 0)
		r = begin(to, &new);
	changes.items = calloc((size_t)2 * ARCHIVE_FILES_MAX, sizeof(*changes.items));
	if (!changes.items)
		return -ENOMEM;
	while (r == 0 && (old.has_file || new.has_file)) {
		int first = order(&old, &new);

		add(&changes, first, &old, &new);
		if (first <= 0)
			r = go_on(&old);
		if (r == 0 && first >= 0)
			r = go_on(&new);
	}
	if (r < 0)
		return r;
	*ret_changes = changes;
	changes.items = NULL;
	return 0;
}

void changes_done(struct changes *changes)
{
	free(changes->items);
}

const char *change_word(enum change_kind kind)
{
	return (size_t)kind < COUNT_OF(WORDS) ? WORDS[kind] : "?";
}

void changes_add_json(const struct changes *changes, struct buf *out)
{
	json_open(out, "files", '[');
	for (size_t i = 0; i < changes->count; i++) {
		json_open(out, NULL, '{');
		json_text(out, "name", changes->items[i].name);
		json_text(out, "change", slice_of(change_word(changes->items[i].kind)));
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void write_side(const char *mark, const struct change *change, bool is_there,
		       const char *called, struct buf *out)
{
	if (is_there)
		buf_printf(out, "%s %.*s  %s\n", mark, SLICE_ARGUMENTS(change->name), called);
	else
		buf_printf(out, "%s /dev/null  %s\n", mark, called);
}

int changes_diff(const struct changes *changes, const char *from, const char *to, struct buf *out)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < changes->count; i++) {
		const struct change *change = &changes->items[i];

		write_side("---", change, change->kind != CHANGE_ADDED, from, out);
		write_side("+++", change, change->kind != CHANGE_REMOVED, to, out);
		r = line_diff(change->from, change->to, out);
	}
	return r < 0 ? r : out->failed;
}
