/* SPDX-License-Identifier: MIT */
/* Reading a record: every hash and link is checked before an entry is given; what does not fit is
 * said once, with file and offset, and reading goes on behind it where a place to go on is certain.
 *
 * The reader passes over the files in their order.  When it has given the last entry it says so;
 * called again it looks for what has been added since, which is how `audit tail -f` follows. */
#include "common/record_format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "common/record_gap.h"
#include "common/record_targets.h"
#include "common/record_walk.h"

#define LIVE_TRIES    20
#define LIVE_WAIT_US  10000
#define BAD_NAMES_MAX 64u

struct bad_name {
	char name[RECORD_NAME_SIZE];
	char text[80];
};

/* How far a file has been read; beside reader->files.at. */
struct progress {
	uint64_t offset;
	unsigned char hash[SHA256_SIZE];
	bool is_duplicate;
};

struct record_reader {
	int folder_fd;
	struct record_files files;
	struct progress *progress;
	struct record_targets targets;
	struct record_gaps gaps; /* that its notes tell of */
	size_t at;               /* the current file */
	int fd;                  /* of the current file; -1: not opened yet */
	/* the first pass is over: links have been judged, short tails may grow */
	bool is_following;
	size_t targets_said; /* those before are met or said to be missing */
	bool is_pass_over;
	struct bad_name bad[BAD_NAMES_MAX];
	size_t bad_count, bad_given;
	struct buf batch;
	struct record_entries entries;
	struct record_place place;
	record_head_seen *seen;
	void *seen_context;
};

static int complain(struct record_reader *reader, const char *name, uint64_t offset,
		    const char *text, struct error *error)
{
	reader->place.file = name;
	reader->place.offset = offset;
	snprintf(reader->place.text, sizeof(reader->place.text), "%s", text);
	if (error)
		snprintf(error->file, sizeof(error->file), "%s", name);
	return error_set(error, -EBADMSG, "offset %llu: %s", (unsigned long long)offset, text);
}

static void keep_bad(void *context, const char *name, uint64_t offset, const char *text)
{
	struct record_reader *reader = context;

	(void)offset;
	if (reader->bad_count >= BAD_NAMES_MAX || reader->is_following)
		return;
	struct bad_name *bad = &reader->bad[reader->bad_count++];
	snprintf(bad->name, sizeof(bad->name), "%s", name);
	snprintf(bad->text, sizeof(bad->text), "%s", text);
}

static struct record_file *current(struct record_reader *reader)
{
	return &reader->files.at[reader->at];
}

static void start_progress(const struct record_file *file, struct progress *progress)
{
	progress->offset = record_header_size(file->header.link_count);
	memcpy(progress->hash, file->header.hash, SHA256_SIZE);
}

static bool is_same_part(const struct record_file *a, const struct record_file *b)
{
	return a->header.boot == b->header.boot && a->header.part == b->header.part;
}

/* A copy has its original's number. */
static bool is_duplicate(const struct record_files *files, size_t at)
{
	const struct record_file *file = &files->at[at];

	while (at-- > 0 && files->at[at].header.number == file->header.number) {
		if (is_same_part(&files->at[at], file))
			return true;
	}
	return false;
}

static int start_files(struct record_reader *reader)
{
	size_t count = reader->files.count;

	free(reader->progress);
	record_targets_done(&reader->targets);
	reader->at = 0;
	reader->progress = calloc(count + 1, sizeof(*reader->progress));
	if (!reader->progress)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		start_progress(&reader->files.at[i], &reader->progress[i]);
		reader->progress[i].is_duplicate = is_duplicate(&reader->files, i);
	}
	return record_targets_make(&reader->files, &reader->targets);
}

int record_reader_open(const char *path, struct record_reader **ret_reader, struct error *error)
{
	SCOPED(record_reader_closep) struct record_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return error_system(error, -ENOMEM, path);
	reader->fd = -1;
	reader->batch = (struct buf)BUF_MAX(RECORD_BATCH_HEADER + RECORD_BATCH_MAX);
	reader->folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (reader->folder_fd < 0)
		return error_system(error, -errno, path);
	int r = record_files_list(reader->folder_fd, keep_bad, reader, &reader->files);
	if (r == 0)
		r = start_files(reader);
	if (r < 0)
		return error_system(error, r, path);
	*ret_reader = steal(reader);
	return 0;
}

void record_reader_start_at(struct record_reader *reader, uint64_t boot)
{
	for (size_t i = 0; i < reader->files.count; i++) {
		if (reader->files.at[i].header.boot == boot) {
			reader->at = i;
			return;
		}
	}
}

void record_reader_close(struct record_reader *reader)
{
	if (!reader)
		return;
	close_p(&reader->fd);
	close_p(&reader->folder_fd);
	record_files_done(&reader->files);
	free(reader->progress);
	record_targets_done(&reader->targets);
	record_gaps_done(&reader->gaps);
	buf_done(&reader->batch);
	free(reader);
}

const struct record_place *record_reader_place(const struct record_reader *reader)
{
	return &reader->place;
}

void record_reader_watch(struct record_reader *reader, record_head_seen *seen, void *context)
{
	reader->seen = seen;
	reader->seen_context = context;
}

/* Judges the links that name this offset of the current file.  NULL, or what is wrong. */
static const char *check_links(struct record_reader *reader)
{
	const struct progress *progress = &reader->progress[reader->at];
	struct record_target *target;
	const char *wrong = NULL;
	size_t count = record_targets_find(&reader->targets, &current(reader)->header,
					   progress->offset, &target);

	for (; count > 0 && !reader->is_following; count--, target++) {
		target->is_met = true;
		if (memcmp(target->link->head, progress->hash, SHA256_SIZE) != 0)
			wrong = "the hash up to here is not the one that a later file names";
	}
	return wrong;
}

/* Passes the hash of the chain at the current place on, and compares it with what links say. */
static const char *pass_head(struct record_reader *reader)
{
	const unsigned char *hash = reader->progress[reader->at].hash;

	memcpy(reader->place.head, hash, SHA256_SIZE);
	if (reader->seen)
		reader->seen(reader->seen_context, hash);
	return check_links(reader);
}

static bool is_torn_as_named(int fd, const struct record_link *link)
{
	unsigned char torn[SHA256_SIZE];
	struct stat status;

	return fstat(fd, &status) == 0 && link->size == (uint64_t)status.st_size &&
	       record_hash_range(fd, link->end, link->size, torn) == 0 &&
	       memcmp(torn, link->torn, SHA256_SIZE) == 0;
}

/* Whether a later file was told of the bytes from here to the end of the file, just as they are. */
static bool is_known_torn(struct record_reader *reader, uint64_t offset)
{
	struct record_target *target;
	size_t count =
		record_targets_find(&reader->targets, &current(reader)->header, offset, &target);

	for (; count > 0; count--, target++) {
		if (is_torn_as_named(reader->fd, target->link))
			return true;
	}
	return false;
}

static bool is_live(int fd)
{
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK;
	flock(fd, LOCK_UN);
	return false;
}

/* As record_batch_look, but gives a writer that is at work the time to complete what it began. */
static int look(struct record_reader *reader, struct record_batch *ret_batch,
		enum record_batch_state *ret_state)
{
	uint64_t offset = reader->progress[reader->at].offset;
	int r = record_batch_look(reader->fd, offset, ret_batch, ret_state);

	for (int i = 0;
	     i < LIVE_TRIES && r == 0 && *ret_state == RECORD_BATCH_SHORT && is_live(reader->fd);
	     i++) {
		usleep(LIVE_WAIT_US);
		r = record_batch_look(reader->fd, offset, ret_batch, ret_state);
	}
	return r;
}

static void leave_file(struct record_reader *reader)
{
	close_p(&reader->fd);
	reader->fd = -1;
	reader->at++;
	if (!reader->is_following)
		reader->place.files++;
}

/* 1: opened, 0: left out without a word, -EBADMSG. */
static int enter_file(struct record_reader *reader, struct error *error)
{
	struct record_file *file = current(reader);
	struct progress *progress = &reader->progress[reader->at];

	if (progress->is_duplicate) {
		reader->at++;
		return reader->is_following
			       ? 0
			       : complain(reader, file->name, 0,
					  "this part of this boot is there twice", error);
	}
	if (record_file_open(reader->folder_fd, file->name, &reader->fd) < 0) {
		reader->at++;
		return complain(reader, file->name, 0, "cannot be opened any more", error);
	}
	if (!reader->is_following)
		reader->place.bytes += progress->offset;
	const char *wrong = reader->is_following ? NULL : pass_head(reader);
	return wrong ? complain(reader, file->name, progress->offset, wrong, error) : 1;
}

static int read_batch(struct record_reader *reader, const struct record_batch *batch)
{
	buf_clear(&reader->batch);
	char *room = buf_extend(&reader->batch, RECORD_BATCH_HEADER + batch->length);

	return room ? record_pread(reader->fd, batch->offset, room, reader->batch.length) : -ENOMEM;
}

/* Takes the whole batch at the current place, whose hash has to follow. */
static int take_batch(struct record_reader *reader, const struct record_batch *batch,
		      struct error *error)
{
	struct progress *progress = &reader->progress[reader->at];
	const char *name = current(reader)->name;
	unsigned char hash[SHA256_SIZE];
	int r = read_batch(reader, batch);

	if (r < 0) {
		leave_file(reader);
		return complain(reader, name, batch->offset, "cannot be read", error);
	}
	record_batch_hash(progress->hash, buf_view(&reader->batch), hash);
	bool fits = memcmp(hash, batch->hash, SHA256_SIZE) == 0;
	if (!fits && is_known_torn(reader, batch->offset)) {
		leave_file(reader);
		return 0;
	}
	memcpy(progress->hash, batch->hash, SHA256_SIZE);
	progress->offset += RECORD_BATCH_OVERHEAD + batch->length;
	reader->place.bytes += RECORD_BATCH_OVERHEAD + batch->length;
	if (!fits)
		return complain(reader, name, batch->offset, "the batch's hash does not fit",
				error);
	reader->place.batches++;
	reader->place.file = name;
	reader->place.boot = current(reader)->header.boot;
	reader->place.offset = batch->offset;
	record_entries_begin(&reader->entries, buf_view(&reader->batch), batch->length,
			     batch->entries);
	const char *wrong = batch->entries == 0 ? "a batch without entries" : NULL;
	const char *unlinked = pass_head(reader);
	if (!wrong)
		wrong = unlinked;
	return wrong ? complain(reader, name, batch->offset, wrong, error) : 1;
}

/* What is behind the last whole batch of a file. */
static int take_tail(struct record_reader *reader, enum record_batch_state state,
		     struct error *error)
{
	const char *name = current(reader)->name;
	uint64_t offset = reader->progress[reader->at].offset;
	bool is_fine =
		state == RECORD_BATCH_NONE || reader->is_following || is_known_torn(reader, offset);

	leave_file(reader);
	if (is_fine)
		return 0;
	return complain(reader, name, offset,
			state == RECORD_BATCH_SHORT ? "ends early: torn tail" : "expected a batch",
			error);
}

/* 1: a batch is open, 0: go on, -EBADMSG. */
static int next_batch(struct record_reader *reader, struct error *error)
{
	struct record_batch batch;
	enum record_batch_state state;

	if (reader->fd < 0) {
		int r = enter_file(reader, error);
		if (r <= 0)
			return r;
	}
	const char *name = current(reader)->name;
	int r = look(reader, &batch, &state);
	if (r < 0) {
		leave_file(reader);
		return complain(reader, name, 0, "cannot be read", error);
	}
	return state == RECORD_BATCH_WHOLE ? take_batch(reader, &batch, error)
					   : take_tail(reader, state, error);
}

/* Keeps what a note says was let go, which no link will find. */
static int take_gap(struct record_reader *reader, const struct record_entry *entry)
{
	struct record_gap gap;

	if (entry->kind != RECORD_NOTE || !record_gap_read(entry->shape, &gap))
		return 1;
	int r = record_gaps_add(&reader->gaps, &gap);
	return r < 0 ? r : 1;
}

/* 1: an entry, -EBADMSG. */
static int next_entry(struct record_reader *reader, struct record_entry *ret_entry,
		      struct error *error)
{
	if (record_entries_next(&reader->entries, ret_entry) == 1)
		return take_gap(reader, ret_entry);
	return complain(reader, reader->place.file, reader->place.offset,
			"an entry of this batch cannot be read", error);
}

/* What a note says went, and is not here, has been let go. */
static bool is_let_go(const struct record_reader *reader, const struct record_link *link)
{
	for (size_t i = 0; i < reader->files.count; i++) {
		const struct record_header *header = &reader->files.at[i].header;

		if (header->boot == link->boot && header->part == link->part)
			return false;
	}
	return record_gaps_explain(&reader->gaps, link);
}

/* Says the next link whose place no file has: a file or the end of one is missing, and was not let
 * go.  0: there are no more. */
static int next_unmet(struct record_reader *reader, struct error *error)
{
	while (reader->targets_said < reader->targets.count) {
		const struct record_target *target = &reader->targets.at[reader->targets_said++];
		char text[160];

		if (target->is_met || is_let_go(reader, target->link))
			continue;
		snprintf(text, sizeof(text),
			 "names offset %llu of part %u of boot %08llx, which is not there",
			 (unsigned long long)target->link->end, target->link->part,
			 (unsigned long long)target->link->boot);
		return complain(reader, target->from->name, target->offset, text, error);
	}
	reader->is_pass_over = true;
	return 0;
}

static const struct progress *find_progress(const struct record_files *files,
					    const struct progress *progress, const char *name)
{
	for (size_t i = 0; i < files->count; i++) {
		if (strcmp(files->at[i].name, name) == 0)
			return &progress[i];
	}
	return NULL;
}

/* Lists the folder again and keeps what is known of each file. */
static int follow(struct record_reader *reader)
{
	SCOPED(record_files_done) struct record_files before = reader->files;
	SCOPED(free_p) struct progress *known = steal(reader->progress);

	reader->files = (struct record_files){ 0 };
	reader->is_following = true;
	reader->place.file = "";
	int r = record_files_list(reader->folder_fd, keep_bad, reader, &reader->files);
	if (r == 0)
		r = start_files(reader);
	for (size_t i = 0; r == 0 && i < reader->files.count; i++) {
		const struct progress *progress =
			find_progress(&before, known, reader->files.at[i].name);
		if (progress)
			reader->progress[i] = *progress;
	}
	return r;
}

static int next_bad_name(struct record_reader *reader, struct error *error)
{
	const struct bad_name *bad = &reader->bad[reader->bad_given++];

	return complain(reader, bad->name, 0, bad->text, error);
}

static bool is_at_end(const struct record_reader *reader)
{
	return reader->at >= reader->files.count;
}

int record_reader_next(struct record_reader *reader, struct record_entry *ret_entry,
		       struct error *error)
{
	int r = 0;

	if (reader->bad_given < reader->bad_count)
		return next_bad_name(reader, error);
	if (reader->is_pass_over && is_at_end(reader) && reader->entries.left == 0)
		r = follow(reader);
	if (r < 0)
		return error_system(error, r, "record");
	while (r >= 0 && reader->entries.left == 0 && !is_at_end(reader))
		r = next_batch(reader, error);
	if (r < 0)
		return r;
	if (reader->entries.left > 0)
		return next_entry(reader, ret_entry, error);
	return reader->is_pass_over ? 0 : next_unmet(reader, error);
}
