/* SPDX-License-Identifier: MIT */
/* Which files a new one has to name: all whose end no later file has named yet. */
#include "common/record_links.h"

#include <errno.h>
#include <string.h>

static bool names(const struct record_link *link, const struct record_file *file)
{
	return link->boot == file->header.boot && link->part == file->header.part &&
	       link->size == file->size;
}

static bool is_named(const struct record_files *files, const struct record_file *file)
{
	for (size_t i = 0; i < files->count; i++) {
		for (uint32_t k = 0; k < files->at[i].header.link_count; k++) {
			if (names(&files->at[i].links[k], file))
				return true;
		}
	}
	return false;
}

/* Whether `batch` follows `previous`. */
static int check_last(int fd, const struct record_batch *batch, const unsigned char *previous)
{
	size_t length = RECORD_BATCH_HEADER + batch->length;
	SCOPED(free_p) char *bytes = malloc(length);
	unsigned char hash[SHA256_SIZE];

	if (!bytes)
		return -ENOMEM;
	int r = record_pread(fd, batch->offset, bytes, length);
	if (r < 0)
		return r;
	record_batch_hash(previous, (struct slice){ bytes, length }, hash);
	return memcmp(hash, batch->hash, SHA256_SIZE) == 0;
}

/* Finds where the whole batches end.  Hops over all but the last, which alone can be torn. */
static int find_end(int fd, const struct record_file *file, struct record_link *link)
{
	unsigned char previous[SHA256_SIZE];
	enum record_batch_state state;
	struct record_batch batch, last;
	bool has_last = false;
	int r;

	link->end = record_header_size(file->header.link_count);
	memcpy(link->head, file->header.hash, SHA256_SIZE);
	memcpy(previous, link->head, SHA256_SIZE);
	while ((r = record_batch_look(fd, link->end, &batch, &state)) == 0 &&
	       state == RECORD_BATCH_WHOLE) {
		memcpy(previous, link->head, SHA256_SIZE);
		memcpy(link->head, batch.hash, SHA256_SIZE);
		link->end += RECORD_BATCH_OVERHEAD + batch.length;
		last = batch;
		has_last = true;
	}
	if (r == 0 && has_last)
		r = check_last(fd, &last, previous);
	else if (r == 0)
		r = 1;
	if (r == 0) {
		link->end = last.offset;
		memcpy(link->head, previous, SHA256_SIZE);
	}
	return r < 0 ? r : 0;
}

static int make_link(int folder_fd, const struct record_file *file, struct record_link *ret_link)
{
	SCOPED(close_p) int fd = -1;
	int r = record_file_open(folder_fd, file->name, &fd);

	if (r < 0)
		return r;
	*ret_link = (struct record_link){
		.boot = file->header.boot,
		.part = file->header.part,
		.size = file->size,
	};
	r = find_end(fd, file, ret_link);
	if (r < 0)
		return r;
	/* A live writer may have grown the file since it was listed. */
	if (ret_link->end > ret_link->size)
		ret_link->size = ret_link->end;
	if (ret_link->end == ret_link->size)
		return 0;
	return record_hash_range(fd, ret_link->end, ret_link->size, ret_link->torn);
}

int record_links_make(int folder_fd, const struct record_files *files,
		      struct record_link *ret_links, uint32_t *ret_count)
{
	size_t first = files->count > RECORD_LINKS_MAX ? files->count - RECORD_LINKS_MAX : 0;
	uint32_t count = 0;

	for (size_t i = first; i < files->count; i++) {
		if (is_named(files, &files->at[i]))
			continue;
		int r = make_link(folder_fd, &files->at[i], &ret_links[count]);
		if (r < 0)
			return r;
		count++;
	}
	*ret_count = count;
	return 0;
}
