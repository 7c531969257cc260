/* SPDX-License-Identifier: MIT */
#include "tools/remote/deliver.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "common/file.h"
#include "common/record_walk.h"
#include "control/frame.h"
#include "tools/command/document.h"
#include "tools/remote/deliver_parts.h"

#define LOCK_NAME  "delivered.lock"
#define CHUNK_SIZE (DELIVER_BYTES + RECORD_PIECE_MAX)
#define FRAME_MAX  (2 * CHUNK_SIZE)

enum {
	HTTP_OK = 200,
	HTTP_BAD_REQUEST = 400,
	HTTP_UNAUTHORIZED = 401,
	HTTP_CONFLICT = 409,
	HTTP_TOO_MANY = 429,
	HTTP_SERVER_ERROR = 500
};

struct deliver {
	int folder, lock;
	struct deliver_parts parts;
	bool is_listed; /* the folder, since something was sent */
	struct buf chunk, frame;
};

void deliver_close(struct deliver *deliver)
{
	if (!deliver)
		return;
	deliver_parts_done(&deliver->parts);
	buf_done(&deliver->chunk);
	buf_done(&deliver->frame);
	close_p(&deliver->lock);
	close_p(&deliver->folder);
	free(deliver);
}

static int take_lock(struct deliver *deliver)
{
	deliver->lock =
		openat(deliver->folder, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (deliver->lock < 0)
		return -errno;
	if (flock(deliver->lock, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return 0;
}

int deliver_open(const char *path, struct deliver **ret_deliver, struct error *error)
{
	SCOPED(deliver_closep) struct deliver *deliver = calloc(1, sizeof(*deliver));

	if (!deliver)
		return error_system(error, -ENOMEM, path);
	deliver->lock = deliver->folder = -1;
	deliver->chunk = (struct buf)BUF_MAX(CHUNK_SIZE);
	deliver->frame = (struct buf)BUF_MAX(FRAME_MAX);
	int r = folder_open_private(path, &deliver->folder);
	if (r == 0)
		r = take_lock(deliver);
	if (r == 0)
		r = deliver_parts_list(deliver->folder, &deliver->parts);
	if (r == 0)
		r = deliver_parts_load(deliver->folder, &deliver->parts);
	if (r < 0)
		return error_system(error, r, path);
	*ret_deliver = steal(deliver);
	return 0;
}

/* Reads on from the part's position, and where its chain stands there. */
static int read_chunk(struct deliver *deliver, const struct deliver_part *part,
		      struct record_walk *ret_walk)
{
	SCOPED(close_p) int fd = -1;
	uint64_t left = part->size - part->position;
	size_t length = left < CHUNK_SIZE ? (size_t)left : CHUNK_SIZE;
	int r = record_file_open(deliver->folder, part->file, &fd);

	buf_clear(&deliver->chunk);
	char *room = buf_extend(&deliver->chunk, length);
	if (r < 0 || !room)
		return r < 0 ? r : deliver->chunk.failed;
	*ret_walk = (struct record_walk){ .offset = part->position };
	if (part->position >= SHA256_SIZE)
		r = record_pread(fd, part->position - SHA256_SIZE, ret_walk->head, SHA256_SIZE);
	return r < 0 ? r : record_pread(fd, part->position, room, length);
}

/* The whole pieces that the chunk begins with, as far as one delivery takes them.  Where a batch does not
 * fit, or is not whole, what is behind it waits. */
static struct slice take_pieces(struct deliver *deliver, struct record_walk *walk,
				uint64_t *ret_entries)
{
	struct slice chunk = buf_view(&deliver->chunk), rest = chunk;
	struct record_piece piece;
	uint64_t entries = 0;

	while (entries < DELIVER_ENTRIES && chunk.length - rest.length < DELIVER_BYTES &&
	       record_walk_next(walk, &rest, &piece) == 1)
		entries += piece.entries;
	*ret_entries = entries;
	return slice_part(chunk, 0, chunk.length - rest.length);
}

static bool find_number(const json_t *answer, const char *name, uint64_t *ret_number)
{
	const json_t *number = json_object_get(answer, name);
	bool is_offset = json_is_integer(number) && json_integer_value(number) >= 0;

	if (is_offset)
		*ret_number = (uint64_t)json_integer_value(number);
	return is_offset;
}

static int refuse(struct deliver_part *part)
{
	part->is_refused = true;
	return 1;
}

/* The server has lost what it had, or was another one. */
static int go_back(struct deliver *deliver, struct deliver_part *part, const json_t *said)
{
	uint64_t expected;

	if (slice_is(document_text(said, "reason"), "fork"))
		return refuse(part);
	if (!find_number(said, "expect", &expected) || expected == part->position)
		return -EPROTO;
	if (expected > part->size)
		return refuse(part);
	deliver_part_move(part, expected, 0);
	part->is_over = false;
	int r = deliver_parts_save(deliver->folder, &deliver->parts);
	return r < 0 ? r : 1;
}

static int go_on(struct deliver *deliver, struct deliver_part *part, const json_t *said,
		 uint64_t end, uint64_t entries)
{
	uint64_t acked;

	if (!find_number(said, "acked", &acked) || acked <= part->position)
		return -EPROTO;
	if (acked > part->size)
		return refuse(part); /* the file was longer once */
	deliver_part_move(part, acked, acked == end ? entries : 0);
	int r = deliver_parts_save(deliver->folder, &deliver->parts);
	return r < 0 ? r : 1;
}

static int take_answer(struct deliver *deliver, struct deliver_part *part,
		       const struct deliver_answer *answer, uint64_t end, uint64_t entries)
{
	SCOPED(document_freep) json_t *said = document_read(answer->body);

	switch (answer->status) {
	case HTTP_OK:
		return go_on(deliver, part, said, end, entries);
	case HTTP_CONFLICT:
		return go_back(deliver, part, said);
	case HTTP_BAD_REQUEST:
		return refuse(part);
	case HTTP_UNAUTHORIZED:
		return -EACCES;
	default:
		return answer->status == HTTP_TOO_MANY || answer->status >= HTTP_SERVER_ERROR
			       ? -EAGAIN
			       : -EPROTO;
	}
}

/* 1: something was sent, 0: the part has nothing whole. */
static int deliver_part(struct deliver *deliver, struct deliver_part *part, deliver_post_fn post,
			void *context)
{
	struct delivery delivery = { .start = part->position };
	struct deliver_answer answer = { 0 };
	struct record_walk walk;
	uint64_t entries;
	int r = read_chunk(deliver, part, &walk);

	if (r < 0)
		return r;
	struct slice pieces = take_pieces(deliver, &walk, &entries);
	if (pieces.length == 0) {
		part->is_over = true;
		return 0;
	}
	buf_clear(&deliver->frame);
	r = frame_make(pieces, &deliver->frame);
	if (r < 0)
		return r;
	delivery.frame = buf_view(&deliver->frame);
	part_name_write(&part->name, delivery.part);
	r = post(context, &delivery, &answer);
	return r < 0 ? r : take_answer(deliver, part, &answer, walk.offset, entries);
}

static bool is_waiting(const struct deliver_part *part)
{
	return part->position < part->size && !part->is_refused && !part->is_over;
}

static int deliver_first(struct deliver *deliver, deliver_post_fn post, void *context)
{
	int r = 0;

	for (size_t i = 0; i < deliver->parts.count && r == 0; i++) {
		if (is_waiting(&deliver->parts.at[i]))
			r = deliver_part(deliver, &deliver->parts.at[i], post, context);
	}
	return r;
}

static int list(struct deliver *deliver)
{
	int r = deliver_parts_list(deliver->folder, &deliver->parts);

	deliver->is_listed = r == 0;
	return r;
}

int deliver_once(struct deliver *deliver, deliver_post_fn post, void *context)
{
	int r = deliver_first(deliver, post, context);

	if (r == 0 && !deliver->is_listed) {
		r = list(deliver);
		if (r == 0)
			r = deliver_first(deliver, post, context);
	}
	deliver->is_listed = deliver->is_listed && r == 0;
	return r;
}

int deliver_look(struct deliver *deliver, struct deliver_depth *ret_depth)
{
	struct deliver_depth depth = { 0 };
	int r = list(deliver);

	for (size_t i = 0; i < deliver->parts.count && r == 0; i++) {
		struct deliver_part *part = &deliver->parts.at[i];

		r = deliver_part_count(deliver->folder, part);
		depth.entries += part->entries;
		depth.refused += part->is_refused;
	}
	if (r == 0)
		*ret_depth = depth;
	return r;
}
