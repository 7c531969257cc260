/* SPDX-License-Identifier: MIT */
#include "control/archive.h"

#include <errno.h>

#include "control/line.h"

#define FIRST_LINE "chaperone.source/v1"
#define SUFFIX     ".yaml"

static bool is_name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

bool archive_is_name(struct slice name)
{
	if (name.length > ARCHIVE_NAME_MAX || !slice_ends_with(name, SUFFIX) || name.at[0] == '.')
		return false;
	for (size_t i = 0; i < name.length; i++) {
		if (!is_name_character(name.at[i]))
			return false;
	}
	return true;
}

/* Whether a file of the name may stand behind one called `last`, which is empty before the first. */
static bool may_follow(struct slice name, struct slice last)
{
	return archive_is_name(name) && slice_compare(last, name) < 0;
}

static int check_files(const struct archive_file *files, size_t count)
{
	struct slice last = { "", 0 };

	if (count > ARCHIVE_FILES_MAX)
		return -E2BIG;
	for (size_t i = 0; i < count; i++) {
		if (!may_follow(files[i].name, last))
			return -EINVAL;
		if (files[i].bytes.length > ARCHIVE_FILE_MAX)
			return -E2BIG;
		last = files[i].name;
	}
	return 0;
}

int archive_write(const struct archive_file *files, size_t count, struct buf *out)
{
	size_t before = out->length;
	int r = check_files(files, count);

	if (r < 0)
		return r;
	buf_add_text(out, FIRST_LINE "\n");
	for (size_t i = 0; i < count; i++) {
		buf_printf(out, "%.*s %zu\n", SLICE_ARGUMENTS(files[i].name),
			   files[i].bytes.length);
		buf_add_slice(out, files[i].bytes);
	}
	if (out->failed)
		return out->failed;
	return out->length - before > ARCHIVE_MAX ? -E2BIG : 0;
}

int archive_open(struct slice archive, struct archive_walk *ret_walk)
{
	struct slice line;

	if (archive.length > ARCHIVE_MAX)
		return -EBADMSG;
	int r = line_cut(&archive, &line);
	if (r < 0 || !slice_is(line, FIRST_LINE))
		return -EBADMSG;
	*ret_walk = (struct archive_walk){ .rest = archive, .last_name = { "", 0 } };
	return 0;
}

int archive_next(struct archive_walk *walk, struct archive_file *ret_file)
{
	struct slice rest = walk->rest, line;
	uint64_t length;

	if (rest.length == 0)
		return 0;
	int r = line_cut(&rest, &line);
	if (r < 0)
		return r;
	struct slice name = slice_cut(&line, ' ');
	if (!may_follow(name, walk->last_name) || line_number(line, &length) < 0 ||
	    length > ARCHIVE_FILE_MAX || length > rest.length || ++walk->seen > ARCHIVE_FILES_MAX)
		return -EBADMSG;
	*ret_file = (struct archive_file){ name, slice_part(rest, 0, length) };
	walk->rest = slice_part(rest, length, SIZE_MAX);
	walk->last_name = name;
	return 1;
}
