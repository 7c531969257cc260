/* SPDX-License-Identifier: MIT */
/* Writing a record: entries gather in a batch, a batch goes to the file at once with its hash, a
 * full file is followed by the boot's next part.  What the disk refuses stays in memory and is
 * tried again at the same place. */
#include "common/record_format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/record_links.h"
#include "common/record_seal.h"

#define BOOT_TRIES 16

struct record {
	int folder_fd;
	int fd;
	uint64_t file_max;
	struct record_header header; /* of the file being written */
	uint64_t offset;             /* where its next batch goes */
	unsigned char head[SHA256_SIZE];
	struct buf batch; /* header and body; the hash is added while it is written */
	uint32_t entries;
	uint64_t batches; /* begun */
	struct record_state state;
	bool is_sealed;
	struct record_seal seal;           /* of the file being written */
	struct record_secret of_next_part; /* its key */
	int refused;                       /* what the last flush said */
	/* what fdatasync said: written pages may be gone, so this is final */
	int broken;
};

static void format_name(const struct record_header *header, char ret_name[RECORD_NAME_SIZE])
{
	time_t seconds = (time_t)(header->time_ns / SECOND_NS);
	struct tm utc;
	char stamp[24], part[16] = "";

	gmtime_r(&seconds, &utc);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc);
	if (header->part > 1)
		snprintf(part, sizeof(part), "_%04u", header->part);
	snprintf(ret_name, RECORD_NAME_SIZE, "%s-%08llx%s.rec", stamp,
		 (unsigned long long)header->boot, part);
}

static int write_header(int fd, struct record_header *header, const struct record_link *links)
{
	SCOPED(buf_done) struct buf bytes = BUF_MAX(record_header_size(RECORD_LINKS_MAX));

	record_header_encode(&bytes, header, links);
	if (bytes.failed)
		return bytes.failed;
	/* The lock tells readers that a short last batch is one being written. */
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	int r = file_write_all(fd, bytes.at, bytes.length);
	return r == 0 && fdatasync(fd) < 0 ? -errno : r;
}

/* A file appears under its name with a whole header or not at all. */
static int create_file(int folder_fd, struct record_header *header, const struct record_link *links,
		       int *ret_fd)
{
	char name[RECORD_NAME_SIZE], hidden[RECORD_NAME_SIZE + 1];

	format_name(header, name);
	snprintf(hidden, sizeof(hidden), ".%s", name);
	SCOPED(close_p)
	int fd =
		openat(folder_fd, hidden, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int r = write_header(fd, header, links);
	if (r == 0 && renameat2(folder_fd, hidden, folder_fd, name, RENAME_NOREPLACE) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(folder_fd, hidden, 0);
		return r;
	}
	if (fsync(folder_fd) < 0) {
		/* the next try makes it again, and it must not be there twice */
		r = -errno;
		unlinkat(folder_fd, name, 0);
		return r;
	}
	*ret_fd = steal_fd(&fd);
	return 0;
}

static void use_file(struct record *record, int fd, const struct record_header *header)
{
	close_p(&record->fd);
	record->fd = fd;
	record->header = *header;
	record->offset = record_header_size(header->link_count);
	memcpy(record->head, header->hash, SHA256_SIZE);
}

/* Of the part that is written now. */
static void begin_seals(struct record *record, uint64_t epoch)
{
	record_seal_begin(&record->of_next_part, record->header.boot, record->header.part, epoch,
			  &record->seal);
	record_secret_next(&record->of_next_part);
}

void record_seal_with(struct record *record, const struct record_secret *machine, uint64_t epoch)
{
	record_secret_of_boot(machine, record->header.boot, &record->of_next_part);
	begin_seals(record, epoch);
	record->is_sealed = true;
}

static int start_part(struct record *record)
{
	struct record_header header = {
		.boot = record->header.boot,
		.number = record->header.number + 1,
		.time_ns = realtime_ns(),
		.part = record->header.part + 1,
		.link_count = 1,
	};
	struct record_link link = {
		.boot = record->header.boot,
		.part = record->header.part,
		.end = record->offset,
		.size = record->offset,
	};
	int fd = -1;

	memcpy(link.head, record->head, SHA256_SIZE);
	int r = record_sync(record);
	if (r == 0)
		r = create_file(record->folder_fd, &header, &link, &fd);
	if (r < 0)
		return r;
	use_file(record, fd, &header);
	if (record->is_sealed)
		begin_seals(record, record->seal.epoch);
	return 0;
}

/* Fails the first time alone: afterwards there is room. */
static int begin_batch(struct record *record)
{
	static const char PLACE[RECORD_BATCH_HEADER];

	buf_clear(&record->batch);
	buf_add(&record->batch, PLACE, sizeof(PLACE));
	record->entries = 0;
	record->batches++;
	record->state = (struct record_state){ 0 };
	return record->batch.failed;
}

static void store_u32(char *at, uint32_t number)
{
	for (size_t i = 0; i < 4; i++)
		at[i] = (char)(unsigned char)(number >> (8 * i));
}

/* Completes header, seal and hash around the entries; the caller cuts off what is behind them again. */
static int seal_batch(struct record *record, unsigned char ret_hash[SHA256_SIZE])
{
	struct buf *batch = &record->batch;

	if (record->is_sealed)
		record_seal_add(&record->seal, record->head, &record->state, batch);
	store_u32(batch->at, RECORD_BATCH_MAGIC);
	store_u32(batch->at + 4, (uint32_t)(batch->length - RECORD_BATCH_HEADER));
	store_u32(batch->at + 8, record->entries + record->is_sealed);
	record_batch_hash(record->head, buf_view(batch), ret_hash);
	buf_add(batch, ret_hash, SHA256_SIZE);
	return batch->failed;
}

static int write_batch(struct record *record)
{
	size_t body_end = record->batch.length;
	unsigned char hash[SHA256_SIZE];
	int r = seal_batch(record, hash);

	if (r == 0 && lseek(record->fd, (off_t)record->offset, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		r = file_write_all(record->fd, record->batch.at, record->batch.length);
	if (r < 0) {
		/* The next try overwrites what is there; cutting it off spares readers a torn
		 * tail. */
		int ignored = ftruncate(record->fd, (off_t)record->offset);
		(void)ignored;
		record->batch.failed = 0;
		buf_truncate(&record->batch, body_end);
		return r;
	}
	record->offset += record->batch.length;
	memcpy(record->head, hash, SHA256_SIZE);
	if (record->is_sealed)
		record_seal_move(&record->seal);
	return begin_batch(record);
}

int record_flush(struct record *record)
{
	if (record->broken)
		return record->broken;
	if (record->entries == 0)
		return record->refused = 0;
	uint64_t end = record->offset + record->batch.length + RECORD_SEAL_MAX + SHA256_SIZE;
	int r = 0;
	if (end > record->file_max &&
	    record->offset > record_header_size(record->header.link_count))
		r = start_part(record);
	if (r == 0)
		r = write_batch(record);
	return record->refused = r;
}

int record_sync(struct record *record)
{
	if (!record->broken && fdatasync(record->fd) < 0)
		record->broken = -errno;
	return record->broken;
}

/* -E2BIG when the batch has no room for it; then nothing is changed. */
static int encode(struct record *record, const struct record_entry *entry)
{
	struct buf *batch = &record->batch;
	struct record_state before = record->state;
	size_t length = batch->length;
	size_t most = RECORD_BATCH_MAX - (record->is_sealed ? RECORD_SEAL_MAX : 0);

	record_entry_encode(batch, &record->state, entry);
	int r = batch->failed;
	if (r == 0 && batch->length > RECORD_BATCH_HEADER + most)
		r = -E2BIG;
	if (r < 0) {
		batch->failed = 0;
		buf_truncate(batch, length);
		record->state = before;
		return r;
	}
	record->entries++;
	return 0;
}

int record_add(struct record *record, const struct record_entry *entry)
{
	struct record_entry own = *entry;

	if (record->broken)
		return record->broken;
	if (!record_entry_fits(entry))
		return -EINVAL;
	if (own.kind == RECORD_BOOT)
		own.number = record->header.boot;
	int r = encode(record, &own);
	if (r != -E2BIG || record->entries == 0)
		return r;
	if (record->refused)
		return record->refused;
	r = record_flush(record);
	return r < 0 ? r : encode(record, &own);
}

struct record_pending record_pending(const struct record *record)
{
	const struct buf *batch = &record->batch;

	return (struct record_pending){
		.entries = slice_part(buf_view(batch), RECORD_BATCH_HEADER, batch->length),
		.count = record->entries,
		.batch = record->batches,
	};
}

void record_head(const struct record *record, unsigned char ret_head[SHA256_SIZE])
{
	memcpy(ret_head, record->head, SHA256_SIZE);
}

uint64_t record_boot(const struct record *record)
{
	return record->header.boot;
}

void record_close(struct record *record)
{
	if (!record)
		return;
	/* Nobody is left to hear of a failure. */
	int ignored = record_flush(record);
	ignored = record_sync(record);
	(void)ignored;
	close_p(&record->fd);
	close_p(&record->folder_fd);
	buf_done(&record->batch);
	record_secret_wipe(&record->seal.key);
	record_secret_wipe(&record->of_next_part);
	free(record);
}

static bool is_boot_taken(const struct record_files *files, uint64_t boot)
{
	for (size_t i = 0; i < files->count; i++) {
		if (files->at[i].header.boot == boot)
			return true;
	}
	return false;
}

static int draw_boot(const struct record_files *files, uint64_t *ret_boot)
{
	for (int i = 0; i < BOOT_TRIES; i++) {
		uint32_t boot = 0;

		if (getrandom(&boot, sizeof(boot), 0) != (ssize_t)sizeof(boot))
			return -errno;
		if (boot && !is_boot_taken(files, boot)) {
			*ret_boot = boot;
			return 0;
		}
	}
	return -EEXIST;
}

static int note(struct record *record, const char *text)
{
	const struct record_entry entry = { .kind = RECORD_NOTE,
					    .time_ns = realtime_ns(),
					    .shape = slice_of(text) };

	return record_add(record, &entry);
}

static const struct record_file *find_file(const struct record_files *files,
					   const struct record_link *link)
{
	for (size_t i = 0; i < files->count; i++) {
		if (files->at[i].header.boot == link->boot &&
		    files->at[i].header.part == link->part)
			return &files->at[i];
	}
	return NULL;
}

static int note_torn(struct record *record, const struct record_files *files,
		     const struct record_link *links, uint32_t count)
{
	char text[160];
	int r = 0;

	for (uint32_t i = 0; i < count && r == 0; i++) {
		const struct record_file *file = find_file(files, &links[i]);

		if (!file || links[i].end == links[i].size)
			continue;
		snprintf(text, sizeof(text),
			 "%s: %llu bytes from offset %llu on are no whole batch", file->name,
			 (unsigned long long)(links[i].size - links[i].end),
			 (unsigned long long)links[i].end);
		r = note(record, text);
	}
	return r;
}

/* Starts this boot's first file in the folder that `record` has open. */
static int start_boot(struct record *record, const struct record_files *files)
{
	SCOPED(free_p) struct record_link *links = calloc(RECORD_LINKS_MAX, sizeof(*links));
	struct record_header header = { .time_ns = realtime_ns(), .part = 1 };
	int fd = -1;

	if (!links)
		return -ENOMEM;
	if (files->count)
		header.number = files->at[files->count - 1].header.number;
	header.number++;
	int r = draw_boot(files, &header.boot);
	if (r == 0)
		r = record_links_make(record->folder_fd, files, links, &header.link_count);
	if (r == 0)
		r = create_file(record->folder_fd, &header, links, &fd);
	if (r < 0)
		return r;
	use_file(record, fd, &header);
	r = begin_batch(record);
	return r < 0 ? r : note_torn(record, files, links, header.link_count);
}

struct bad_files {
	char text[1024]; /* one line each; what is beyond is not said */
	size_t length;
};

static void keep_bad(void *context, const char *name, uint64_t offset, const char *text)
{
	struct bad_files *bad = context;

	(void)offset;
	if (bad->length < sizeof(bad->text))
		bad->length +=
			(size_t)snprintf(bad->text + bad->length, sizeof(bad->text) - bad->length,
					 "%s%s: %s", bad->length ? "; " : "", name, text);
}

static int start(struct record *record)
{
	SCOPED(record_files_done) struct record_files files = { 0 };
	struct bad_files bad = { .length = 0 };
	int r = record_files_list(record->folder_fd, keep_bad, &bad, &files);

	if (r == 0)
		r = start_boot(record, &files);
	if (r == 0 && bad.length)
		r = note(record, bad.text);
	return r;
}

int record_open_sized(const char *path, uint64_t file_max, struct record **ret_record,
		      struct error *error)
{
	SCOPED(record_closep) struct record *record = NULL;
	int folder_fd = -1;
	int r = folder_open_private(path, &folder_fd);

	if (r < 0)
		return error_system(error, r, path);
	record = calloc(1, sizeof(*record));
	if (!record) {
		close(folder_fd);
		return error_system(error, -ENOMEM, path);
	}
	*record = (struct record){
		.folder_fd = folder_fd,
		.fd = -1,
		.file_max = file_max,
		.batch = BUF_MAX(RECORD_BATCH_HEADER + RECORD_BATCH_MAX + SHA256_SIZE),
	};
	r = start(record);
	if (r < 0)
		return error_system(error, r, path);
	*ret_record = steal(record);
	return 0;
}

int record_open(const char *path, struct record **ret_record, struct error *error)
{
	return record_open_sized(path, RECORD_FILE_MAX, ret_record, error);
}
