/* SPDX-License-Identifier: MIT */
#include "tools/evidence/block.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define LINE_MAX_BYTES (64 * KIB)
#define HEADER_MAX     (64 * KIB)

static const char *const NAMES[] = {
#define EVIDENCE_NAME(kind, name) [kind] = (name),
	EVIDENCE_KINDS(EVIDENCE_NAME)
#undef EVIDENCE_NAME
};

const char *evidence_kind_name(enum evidence_kind kind)
{
	return NAMES[kind];
}

static int open_regular(const char *path, FILE **ret_stream, uint64_t *ret_size)
{
	SCOPED(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? -EISDIR : -ENOTSUP;
	FILE *stream = fdopen(fd, "r");
	if (!stream)
		return -errno;
	(void)steal_fd(&fd);
	*ret_stream = stream;
	*ret_size = (uint64_t)status.st_size;
	return 0;
}

/* Reads a line with its end into `file->line`.  0: it ends early, or is too long. */
static int read_line(struct evidence_file *file)
{
	char piece[4096];

	buf_clear(&file->line);
	while (fgets(piece, sizeof(piece), file->stream)) {
		buf_add_text(&file->line, piece);
		if (file->line.failed)
			return 0;
		if (file->line.length > 0 && file->line.at[file->line.length - 1] == '\n') {
			file->at += file->line.length;
			return 1;
		}
	}
	return 0;
}

static void hash_line(struct evidence_file *file)
{
	sha256_add(&file->hash, file->line.at, file->line.length);
}

/* The lines that say how to read the rest; 0: they are not those of an export. */
static int read_header(struct evidence_file *file)
{
	if (read_line(file) != 1 || !slice_is(buf_view(&file->line), EVIDENCE_TITLE))
		return 0;
	hash_line(file);
	while (file->at < HEADER_MAX && read_line(file) == 1) {
		hash_line(file);
		if (file->line.length == 1)
			return 1;
	}
	return 0;
}

int evidence_open(const char *path, struct evidence_file *ret_file, struct error *error)
{
	struct evidence_file file = { .line = BUF_MAX(LINE_MAX_BYTES),
				      .bytes = BUF_MAX(EVIDENCE_BYTES_MAX + 1),
				      .is_read = true };
	int r = open_regular(path, &file.stream, &file.size);

	if (r < 0)
		return error_system(error, r, path);
	sha256_init(&file.hash);
	if (read_header(&file) != 1) {
		evidence_close(&file);
		return error_set(error, -EBADMSG, "%s is no export of version 1", path);
	}
	*ret_file = file;
	return 0;
}

void evidence_close(struct evidence_file *file)
{
	if (file->stream)
		fclose(file->stream);
	json_decref(file->block.told);
	buf_done(&file->line);
	buf_done(&file->bytes);
	*file = (struct evidence_file){ .stream = NULL };
}

int evidence_text(const struct evidence_block *block, const char *name, struct slice *ret_text,
		  struct error *error)
{
	*ret_text = document_text(block->told, name);
	return ret_text->at ? 0 : error_set(error, -EBADMSG, "its line does not say \"%s\"", name);
}

int evidence_number(const struct evidence_block *block, const char *name, uint64_t *ret_number,
		    struct error *error)
{
	const json_t *number = json_object_get(block->told, name);

	if (!json_is_integer(number) || json_integer_value(number) < 0)
		return error_set(error, -EBADMSG, "its line does not say \"%s\"", name);
	*ret_number = (uint64_t)json_integer_value(number);
	return 0;
}

static int read_kind(struct evidence_block *block, enum evidence_kind before, bool is_first,
		     struct error *error)
{
	struct slice name;
	int r = evidence_text(block, "kind", &name, error);

	for (size_t i = 0; r == 0 && i < COUNT_OF(NAMES); i++) {
		if (!slice_is(name, NAMES[i]))
			continue;
		block->kind = (enum evidence_kind)i;
		if (is_first ? i != EVIDENCE_LOG : i < before || i == EVIDENCE_LOG)
			return error_set(error, -EBADMSG, "a block of kind %s does not belong here",
					 NAMES[i]);
		return 0;
	}
	return r < 0 ? r
		     : error_set(error, -EBADMSG,
				 "a block of a kind that this program does not know");
}

/* Reads the block's line, which is in `file->line`. */
static int take_line(struct evidence_file *file, uint64_t at, struct error *error)
{
	struct evidence_block *block = &file->block;
	enum evidence_kind before = block->kind;

	json_decref(block->told);
	*block = (struct evidence_block){ .kind = before,
					  .number = file->blocks,
					  .at = at,
					  .bytes_at = file->at,
					  .told = document_read(buf_view(&file->line)) };
	if (!block->told)
		return error_set(error, -EBADMSG, "its line is no JSON object");
	int r = read_kind(block, before, file->blocks == 0, error);
	if (r == 0)
		r = evidence_number(block, "bytes", &block->length, error);
	if (r < 0)
		return r;
	if (block->length > EVIDENCE_BYTES_MAX)
		return error_set(error, -EBADMSG,
				 "it says that it has %llu bytes, which is too many",
				 (unsigned long long)block->length);
	file->blocks++;
	file->is_read = block->length == 0;
	return 1;
}

static int pass_over(struct evidence_file *file, struct error *error)
{
	uint64_t behind = file->block.bytes_at + file->block.length + 1;

	if (file->is_read)
		return 0;
	file->is_read = true;
	if (behind > file->size || fseeko(file->stream, (off_t)behind, SEEK_SET) < 0)
		return error_set(error, -EBADMSG, "the export ends early");
	file->at = behind;
	return 0;
}

int evidence_next(struct evidence_file *file, const struct evidence_block **ret_block,
		  struct error *error)
{
	int r = pass_over(file, error);
	uint64_t at = file->at;

	if (r < 0)
		return r;
	if (file->blocks > 0 && file->block.kind == EVIDENCE_END)
		return at == file->size ? 0
					: error_set(error, -EBADMSG, "something is behind the end");
	if (read_line(file) != 1)
		return error_set(error, -EBADMSG, "the export ends early");
	struct sha256 before = file->hash;
	hash_line(file);
	r = take_line(file, at, error);
	if (r == 1 && file->block.kind == EVIDENCE_END)
		sha256_end(&before, file->block.before);
	*ret_block = &file->block;
	return r;
}

int evidence_bytes(struct evidence_file *file, struct slice *ret_bytes, struct error *error)
{
	size_t length = (size_t)file->block.length;

	if (!file->is_read) {
		buf_clear(&file->bytes);
		char *room = buf_extend(&file->bytes, length + 1);

		if (!room)
			return error_system(error, -ENOMEM, "export");
		if (fread(room, 1, length + 1, file->stream) != length + 1 || room[length] != '\n')
			return error_set(error, -EBADMSG,
					 "its bytes do not end where its line says");
		sha256_add(&file->hash, room, length + 1);
		file->at += length + 1;
		file->is_read = true;
	}
	*ret_bytes = slice_part(buf_view(&file->bytes), 0, length);
	return 0;
}
