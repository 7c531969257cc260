/* SPDX-License-Identifier: MIT */
/* The files of a record, and where their batches begin and end. */
#include "common/record_format.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int record_pread(int fd, uint64_t offset, void *ret_bytes, size_t length)
{
	char *at = ret_bytes;

	while (length > 0) {
		ssize_t n = pread(fd, at, length, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENODATA;
		at += n;
		offset += (uint64_t)n;
		length -= (size_t)n;
	}
	return 0;
}

int record_hash_range(int fd, uint64_t from, uint64_t to, unsigned char ret_hash[SHA256_SIZE])
{
	char bytes[16 * KIB];
	struct sha256 hash;

	sha256_init(&hash);
	while (from < to) {
		size_t take = to - from < sizeof(bytes) ? (size_t)(to - from) : sizeof(bytes);
		int r = record_pread(fd, from, bytes, take);

		if (r < 0)
			return r;
		sha256_add(&hash, bytes, take);
		from += take;
	}
	sha256_end(&hash, ret_hash);
	return 0;
}

int record_file_open(int folder_fd, const char *name, int *ret_fd)
{
	SCOPED(close_p)
	int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ENOTSUP;
	*ret_fd = steal_fd(&fd);
	return 0;
}

static const char *read_header(int fd, struct record_file *file)
{
	SCOPED(buf_done) struct buf bytes = BUF_MAX(record_header_size(RECORD_LINKS_MAX));
	char *fixed = buf_extend(&bytes, RECORD_HEADER_FIXED);

	if (!fixed)
		return "out of memory";
	if (record_pread(fd, 0, fixed, RECORD_HEADER_FIXED) < 0)
		return "ends early: torn header";
	const char *wrong = record_header_decode(buf_view(&bytes), &file->header);
	if (wrong)
		return wrong;
	size_t rest = record_header_size(file->header.link_count) - RECORD_HEADER_FIXED;
	char *room = buf_extend(&bytes, rest);
	if (!room)
		return "out of memory";
	if (record_pread(fd, RECORD_HEADER_FIXED, room, rest) < 0)
		return "ends early: torn header";
	return record_links_decode(buf_view(&bytes), &file->header, &file->links);
}

/* NULL, or what is wrong; `*ret_code` is 0 when that is a matter of contents. */
static const char *load_file(int folder_fd, const char *name, struct record_file *file,
			     int *ret_code)
{
	SCOPED(close_p) int fd = -1;
	struct stat status;
	int r = record_file_open(folder_fd, name, &fd);

	*ret_code = r;
	if (r == -ELOOP || r == -ENOTSUP)
		return "expected a regular file";
	if (r < 0 || fstat(fd, &status) < 0)
		return "cannot be opened";
	file->size = (uint64_t)status.st_size;
	snprintf(file->name, sizeof(file->name), "%s", name);
	return read_header(fd, file);
}

static int grow(struct record_files *files)
{
	if (files->count < files->capacity)
		return 0;
	if (files->count >= RECORD_FILES_MAX)
		return -E2BIG;
	size_t capacity = files->capacity ? files->capacity * 2 : 16;
	struct record_file *at = realloc(files->at, capacity * sizeof(*at));
	if (!at)
		return -ENOMEM;
	files->at = at;
	files->capacity = capacity;
	return 0;
}

static int add_file(int folder_fd, const char *name, record_bad *bad, void *context,
		    struct record_files *files)
{
	struct record_file file = { 0 };
	int r = grow(files), code;

	if (r < 0)
		return r;
	const char *wrong = load_file(folder_fd, name, &file, &code);
	if (!wrong) {
		files->at[files->count++] = file;
		return 0;
	}
	free(file.links);
	if (bad)
		bad(context, name, 0, wrong);
	return bad ? 0 : code;
}

static int compare_files(const void *a, const void *b)
{
	const struct record_file *left = a, *right = b;

	if (left->header.number != right->header.number)
		return left->header.number < right->header.number ? -1 : 1;
	return strcmp(left->name, right->name);
}

static bool is_record_name(const char *name)
{
	return name[0] != '.' && strlen(name) < RECORD_NAME_SIZE &&
	       slice_ends_with(slice_of(name), ".rec");
}

static int list_folder(DIR *folder, int folder_fd, record_bad *bad, void *context,
		       struct record_files *files)
{
	struct dirent *entry;
	int r = 0;

	while (r == 0 && (entry = readdir(folder))) {
		if (is_record_name(entry->d_name))
			r = add_file(folder_fd, entry->d_name, bad, context, files);
	}
	return r;
}

int record_files_list(int folder_fd, record_bad *bad, void *context, struct record_files *ret_files)
{
	SCOPED(record_files_done) struct record_files files = { 0 };
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (!folder) {
		int code = -errno;
		close_p(&fd);
		return code;
	}
	int r = list_folder(folder, folder_fd, bad, context, &files);
	closedir(folder);
	if (r < 0)
		return r;
	if (files.count)
		qsort(files.at, files.count, sizeof(*files.at), compare_files);
	*ret_files = files;
	files = (struct record_files){ 0 };
	return 0;
}

void record_files_done(struct record_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->at[i].links);
	free(files->at);
	*files = (struct record_files){ 0 };
}

int record_batch_look(int fd, uint64_t offset, struct record_batch *ret_batch,
		      enum record_batch_state *ret_state)
{
	char bytes[RECORD_BATCH_HEADER];
	ssize_t n = pread(fd, bytes, sizeof(bytes), (off_t)offset);

	if (n < 0)
		return -errno;
	*ret_state = n == 0 ? RECORD_BATCH_NONE : RECORD_BATCH_SHORT;
	if (n < (ssize_t)sizeof(bytes))
		return 0;
	*ret_state = RECORD_BATCH_WRONG;
	if (!record_batch_decode((struct slice){ bytes, sizeof(bytes) }, ret_batch))
		return 0;
	ret_batch->offset = offset;
	int r = record_pread(fd, offset + RECORD_BATCH_HEADER + ret_batch->length, ret_batch->hash,
			     SHA256_SIZE);
	*ret_state = r == -ENODATA ? RECORD_BATCH_SHORT : RECORD_BATCH_WHOLE;
	return r == -ENODATA ? 0 : r;
}
