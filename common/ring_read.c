/* SPDX-License-Identifier: MIT */
/* The agent's side of the ring: copies with pread, then validates, and believes nothing but a slot
 * that names its own number and passes its check. */
#include "common/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "common/ring_layout.h"

#define CHUNK_SLOTS 64u /* copied per pread: one page */

enum slot_state { SLOT_UNWRITTEN, SLOT_WHOLE, SLOT_SCRIBBLED };

static uint64_t sequence_of(const struct ring_slot *slot)
{
	return atomic_load_explicit(&slot->sequence, memory_order_relaxed);
}

/* A slot that waits for `number` holds nothing or an earlier lap. */
static bool is_earlier_lap(uint64_t sequence, uint64_t number)
{
	return sequence == 0 || (sequence <= number && (number + 1 - sequence) % RING_SLOTS == 0);
}

static bool is_valid(const struct ring_slot *slot, uint64_t number)
{
	return slot->kind >= RING_INTENT && slot->kind <= RING_LOST &&
	       slot->check == ring_check(slot, number);
}

static enum slot_state slot_state(const struct ring_slot *slot, uint64_t number)
{
	uint64_t sequence = sequence_of(slot);

	if (sequence == number + 1)
		return is_valid(slot, number) ? SLOT_WHOLE : SLOT_SCRIBBLED;
	return is_earlier_lap(sequence, number) ? SLOT_UNWRITTEN : SLOT_SCRIBBLED;
}

/* Copies at most `count` slots that follow each other in the file from slot `number` on.  Returns
 * how many, or -ENODATA where the file ends too early. */
static int copy_slots(int fd, uint64_t number, size_t count, struct ring_slot *ret_slots)
{
	size_t index = (size_t)(number & (RING_SLOTS - 1));
	size_t until_wrap = RING_SLOTS - index;

	if (count > until_wrap)
		count = until_wrap;
	ssize_t n;
	do {
		n = pread(fd, ret_slots, count * RING_SLOT_SIZE,
			  (off_t)(RING_HEADER_SIZE + index * RING_SLOT_SIZE));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n < (ssize_t)RING_SLOT_SIZE ? -ENODATA : (int)((size_t)n / RING_SLOT_SIZE);
}

/* A copy made while the slot was being filled may have the new sequence and old bytes; one made
 * after the sequence was seen cannot. */
static enum slot_state look_again(int fd, uint64_t number, struct ring_slot *ret_slot)
{
	atomic_thread_fence(memory_order_acquire);
	return copy_slots(fd, number, 1, ret_slot) == 1 ? slot_state(ret_slot, number)
							: SLOT_SCRIBBLED;
}

/* The first whole slot behind `number`, which is not; -ENOENT for none. */
static int find_later(int fd, uint64_t number, uint64_t *ret_later)
{
	struct ring_slot slots[CHUNK_SLOTS];
	uint64_t end = number + RING_SLOTS;

	for (uint64_t at = number + 1; at < end;) {
		size_t want = end - at < CHUNK_SLOTS ? (size_t)(end - at) : CHUNK_SLOTS;
		int n = copy_slots(fd, at, want, slots);

		if (n < 0)
			return n;
		for (int i = 0; i < n; i++) {
			if (slot_state(&slots[i], at + (uint64_t)i) == SLOT_WHOLE) {
				*ret_later = at + (uint64_t)i;
				return 0;
			}
		}
		at += (uint64_t)n;
	}
	return -ENOENT;
}

/* What the file looks like when nothing could be read from it. */
static int file_trouble(int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (status.st_size < (off_t)RING_FILE_SIZE)
		return -ENODATA;
	return status.st_nlink == 0 ? -ENOENT : 0;
}

/* Steps over slot `next`, which is not whole.  A live writer may only be slow, so one slot at a
 * time gives up its patience; without patience the writers are dead, and all up to the next whole
 * slot are given up. 1: stepped, 0: wait. */
static int step_over(struct ring_reader *reader, enum slot_state state, uint64_t now_ns,
		     uint64_t patience_ns)
{
	uint64_t later;

	if (reader->torn_slot != reader->next + 1) {
		reader->torn_slot = reader->next + 1;
		reader->torn_since_ns = now_ns;
	}
	if (now_ns - reader->torn_since_ns < patience_ns)
		return 0;
	reader->torn_since_ns = now_ns;
	int r = find_later(reader->fd, reader->next, &later);
	if (r == -ENOENT)
		return state == SLOT_SCRIBBLED ? -EBADMSG : 0;
	if (r < 0)
		return r;
	uint64_t to = patience_ns == 0 ? later : reader->next + 1;
	reader->skipped += to - reader->next;
	reader->next = to;
	return 1;
}

/* Takes whole slots from a copied run; stops at the first that is not.  Returns how many were
 * taken. */
static size_t take_whole(struct ring_reader *reader, struct ring_slot *slots, size_t count,
			 enum slot_state *ret_state)
{
	for (size_t i = 0; i < count; i++) {
		enum slot_state state = slot_state(&slots[i], reader->next);

		if (state == SLOT_SCRIBBLED)
			state = look_again(reader->fd, reader->next, &slots[i]);
		*ret_state = state;
		if (state != SLOT_WHOLE)
			return i;
		reader->next++;
	}
	return count;
}

static int clip(size_t max)
{
	return max > RING_SLOTS ? (int)RING_SLOTS : (int)max;
}

int ring_read(struct ring_reader *reader, uint64_t now_ns, uint64_t patience_ns,
	      struct ring_slot *ret_slots, size_t max)
{
	int taken = 0, limit = clip(max);

	while (taken < limit) {
		enum slot_state state = SLOT_UNWRITTEN;
		size_t want = (size_t)(limit - taken) < CHUNK_SLOTS ? (size_t)(limit - taken)
								    : CHUNK_SLOTS;
		int copied = copy_slots(reader->fd, reader->next, want, ret_slots + taken);

		if (copied < 0)
			return taken ? taken : copied;
		size_t whole = take_whole(reader, ret_slots + taken, (size_t)copied, &state);
		taken += (int)whole;
		if (whole == (size_t)copied)
			continue;
		int r = step_over(reader, state, now_ns, patience_ns);
		if (r < 0)
			return taken ? taken : r;
		if (r == 0)
			break;
	}
	return taken || limit == 0 ? taken : file_trouble(reader->fd);
}

static int read_header(int fd, struct ring_header *ret_header)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode) || status.st_size < (off_t)RING_FILE_SIZE)
		return -EBADMSG;
	if (status.st_uid != geteuid())
		return -EPERM;
	if (pread(fd, ret_header, sizeof(*ret_header), 0) != (ssize_t)sizeof(*ret_header))
		return -EBADMSG;
	return ret_header->magic == RING_MAGIC && ret_header->version == RING_VERSION ? 0
										      : -EBADMSG;
}

/* The smallest number of a whole slot in the file; 0 where there is none. */
static int find_oldest(int fd, uint64_t *ret_number)
{
	struct ring_slot slots[CHUNK_SLOTS];
	uint64_t oldest = UINT64_MAX;

	for (uint64_t index = 0; index < RING_SLOTS; index += CHUNK_SLOTS) {
		int n = copy_slots(fd, index, CHUNK_SLOTS, slots);

		if (n != (int)CHUNK_SLOTS)
			return n < 0 ? n : -ENODATA;
		for (uint64_t i = 0; i < CHUNK_SLOTS; i++) {
			uint64_t number = sequence_of(&slots[i]) - 1;

			if (number < oldest && number % RING_SLOTS == index + i &&
			    slot_state(&slots[i], number) == SLOT_WHOLE)
				oldest = number;
		}
	}
	*ret_number = oldest == UINT64_MAX ? 0 : oldest;
	return 0;
}

int ring_open_orphan(int folder_fd, const char *name, struct ring_reader *ret_reader,
		     uint32_t *ret_pid, uint64_t *ret_process_start)
{
	SCOPED(close_p)
	int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct ring_header header;
	uint64_t oldest;

	if (fd < 0)
		return -errno;
	int r = read_header(fd, &header);
	if (r == 0)
		r = find_oldest(fd, &oldest);
	if (r < 0)
		return r;
	*ret_pid = header.pid;
	*ret_process_start = header.process_start;
	*ret_reader = (struct ring_reader){ .fd = steal_fd(&fd), .next = oldest };
	return 0;
}
