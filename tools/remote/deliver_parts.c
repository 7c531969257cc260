/* SPDX-License-Identifier: MIT */
#include "tools/remote/deliver_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/file.h"

#define FILE_NAME "delivered"
#define LINE_MAX  64u /* of a part */

void deliver_parts_done(struct deliver_parts *parts)
{
	free(parts->at);
	*parts = (struct deliver_parts){ .at = NULL };
}

static bool is_same(const struct part_name *a, const struct part_name *b)
{
	return a->boot == b->boot && a->part == b->part;
}

/* Looks from `*hint` on, behind which it leaves it: both lists are in one order. */
static struct deliver_part *find(const struct deliver_parts *parts, const struct part_name *name,
				 size_t *hint)
{
	for (size_t i = 0; i < parts->count; i++) {
		size_t at = (*hint + i) % parts->count;

		if (is_same(&parts->at[at].name, name)) {
			*hint = at + 1;
			return &parts->at[at];
		}
	}
	return NULL;
}

/* Files that are no record are the audit commands' to complain about. */
static void leave_out(void *context, const char *name, uint64_t offset, const char *text)
{
	(void)context;
	(void)name;
	(void)offset;
	(void)text;
}

static void add_part(struct deliver_parts *parts, const struct deliver_parts *before,
		     const struct record_file *file, size_t *hint)
{
	const struct part_name name = { (uint32_t)file->header.boot, file->header.part };
	const struct deliver_part *known = find(before, &name, hint);
	struct deliver_part *part = &parts->at[parts->count];

	if (!part_name_fits(&name, &file->header) || name.boot == 0 || name.part == 0)
		return; /* no writer names files so */
	*part = known ? *known : (struct deliver_part){ .name = name };
	snprintf(part->file, sizeof(part->file), "%s", file->name);
	part->is_over = part->is_over && part->size == file->size;
	part->size = file->size;
	parts->count++;
}

int deliver_parts_list(int folder, struct deliver_parts *parts)
{
	SCOPED(record_files_done) struct record_files files = { 0 };
	struct deliver_parts now = { .at = NULL };
	size_t hint = 0;
	int r = record_files_list(folder, leave_out, NULL, &files);

	if (r < 0)
		return r;
	now.at = calloc(files.count + 1, sizeof(*now.at));
	if (!now.at)
		return -ENOMEM;
	for (size_t i = 0; i < files.count; i++)
		add_part(&now, parts, &files.at[i], &hint);
	deliver_parts_done(parts);
	*parts = now;
	return 0;
}

static void take_line(const struct deliver_parts *parts, struct slice line, size_t *hint)
{
	struct slice name_text = slice_cut(&line, ' ');
	struct part_name name;
	uint64_t position;

	if (part_name_read(name_text, &name) < 0 || slice_to_u64(line, &position) < 0)
		return;
	struct deliver_part *part = find(parts, &name, hint);
	if (part && position <= part->size)
		deliver_part_move(part, position, 0);
}

int deliver_parts_load(int folder, struct deliver_parts *parts)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(RECORD_FILES_MAX * LINE_MAX);
	SCOPED(close_p)
	int fd = openat(folder, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	size_t hint = 0;
	int r = file_read_fd(fd, &text);
	struct slice rest = buf_view(&text);
	while (r == 0 && rest.length > 0)
		take_line(parts, slice_cut(&rest, '\n'), &hint);
	return r;
}

int deliver_parts_save(int folder, const struct deliver_parts *parts)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(RECORD_FILES_MAX * LINE_MAX);

	for (size_t i = 0; i < parts->count; i++) {
		char name[PART_NAME_SIZE];

		part_name_write(&parts->at[i].name, name);
		buf_printf(&text, "%s %" PRIu64 "\n", name, parts->at[i].position);
	}
	return text.failed ? text.failed : file_replace(folder, FILE_NAME, text.at, text.length);
}

void deliver_part_move(struct deliver_part *part, uint64_t position, uint64_t entries)
{
	bool is_counted = entries > 0 && position <= part->counted && entries <= part->entries;

	part->entries = is_counted ? part->entries - entries : 0;
	part->counted = is_counted ? part->counted : position;
	part->counted_size = is_counted ? part->counted_size : 0;
	part->position = position;
}

int deliver_part_count(int folder, struct deliver_part *part)
{
	SCOPED(close_p) int fd = -1;
	enum record_batch_state state;
	struct record_batch batch;
	struct record_header header;
	char fixed[RECORD_HEADER_FIXED];

	if (part->counted_size == part->size)
		return 0;
	int r = record_file_open(folder, part->file, &fd);
	if (r == 0 && part->counted == 0) {
		r = record_pread(fd, 0, fixed, sizeof(fixed));
		if (r == 0 &&
		    !record_header_decode((struct slice){ fixed, sizeof(fixed) }, &header))
			part->counted = record_header_size(header.link_count);
	}
	while (r == 0 && part->counted > 0) {
		r = record_batch_look(fd, part->counted, &batch, &state);
		if (r < 0 || state != RECORD_BATCH_WHOLE)
			break;
		part->counted += RECORD_BATCH_OVERHEAD + batch.length;
		part->entries += batch.entries;
	}
	if (r == 0)
		part->counted_size = part->size;
	return r;
}
