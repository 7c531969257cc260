/* SPDX-License-Identifier: MIT */
/* The governed process's side of the ring: claims, takes and fills slots.
 *
 * An intent claims two slots at once, its own and its outcome's, and takes one; the outcome takes
 * the other.  So taken <= claimed <= consumed + RING_SLOTS holds at every instruction, in every
 * thread and inside signal handlers, and an outcome never has to wait.  A process that dies leaves
 * at most one slot per thread taken but not filled; the reader steps over it. */
#include "common/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/ring_layout.h"

static int check_control_file(int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (status.st_size < (off_t)sizeof(struct ring_control))
		return -EBADMSG;
	/* A page that could still shrink would kill the process with SIGBUS. */
	int seals = fcntl(fd, F_GET_SEALS);
	return seals >= 0 && (seals & F_SEAL_SHRINK) ? 0 : -EBADMSG;
}

static int check_ring_file(int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	return S_ISREG(status.st_mode) && status.st_size == (off_t)RING_FILE_SIZE ? 0 : -EBADMSG;
}

static int map(int fd, size_t size, int protection, void **ret_at)
{
	void *at = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return -errno;
	*ret_at = at;
	return 0;
}

static bool is_ring(const struct ring_header *header)
{
	return header->magic == RING_MAGIC && header->version == RING_VERSION &&
	       header->slots == RING_SLOTS && header->slot_size == RING_SLOT_SIZE;
}

int ring_attach(int ring_fd, int control_fd, struct ring *ret_ring)
{
	void *file = NULL, *control = NULL;
	int r = check_ring_file(ring_fd);

	if (r == 0)
		r = check_control_file(control_fd);
	if (r == 0)
		r = map(ring_fd, RING_FILE_SIZE, PROT_READ | PROT_WRITE, &file);
	if (r < 0)
		return r;
	r = map(control_fd, sizeof(struct ring_control), PROT_READ, &control);
	if (r < 0) {
		munmap(file, RING_FILE_SIZE);
		return r;
	}
	struct ring ring = {
		.header = file,
		.slots = (struct ring_slot *)(void *)((char *)file + RING_HEADER_SIZE),
		.control = control,
	};
	if (!is_ring(ring.header) || ring.control->magic != RING_MAGIC) {
		ring_detach(&ring);
		return -EBADMSG;
	}
	*ret_ring = ring;
	return 0;
}

void ring_detach(struct ring *ring)
{
	if (!ring->slots)
		return;
	munmap(ring->header, RING_FILE_SIZE);
	munmap((void *)(uintptr_t)ring->control, sizeof(*ring->control));
	*ring = (struct ring){ 0 };
}

static uint64_t consumed(const struct ring *ring)
{
	return atomic_load_explicit(&ring->control->consumed, memory_order_acquire);
}

static int claim_pair(struct ring *ring)
{
	uint64_t claimed = atomic_load_explicit(&ring->header->claimed, memory_order_relaxed);

	for (;;) {
		/* consumed only grows: an old value of it only makes us more careful. */
		if (claimed + 2 - consumed(ring) > RING_SLOTS)
			return -EAGAIN;
		if (atomic_compare_exchange_weak_explicit(&ring->header->claimed, &claimed,
							  claimed + 2, memory_order_relaxed,
							  memory_order_relaxed))
			return 0;
	}
}

static bool is_closed(const struct ring *ring)
{
	return atomic_load_explicit(&ring->control->lease_until_ns, memory_order_relaxed) == 0;
}

/* Whoever takes a slot sees what has been consumed as those who took before it saw it when they claimed: so no outcome
 * finds the ring full that is not. */
static uint64_t take(struct ring *ring)
{
	return atomic_fetch_add_explicit(&ring->header->taken, 1, memory_order_acq_rel);
}

/* Fills slot `number` from `from`; the sequence comes last, and its release makes the rest visible
 * before it. */
static void fill(struct ring *ring, uint64_t number, const struct ring_slot *from, uint8_t kind)
{
	struct ring_slot *slot = &ring->slots[number & (RING_SLOTS - 1)];
	struct ring_slot whole;

	memcpy(&whole, from, sizeof(whole));
	whole.kind = kind;
	whole.reserved = 0;
	whole.check = ring_check(&whole, number);
	memcpy((char *)slot + RING_CHECKED_AT, (const char *)&whole + RING_CHECKED_AT,
	       sizeof(whole) - RING_CHECKED_AT);
	atomic_store_explicit(&slot->sequence, number + 1, memory_order_release);
}

int ring_write_intent(struct ring *ring, const struct ring_slot *intent, uint64_t *ret_sequence)
{
	int r = claim_pair(ring);

	if (r < 0)
		return r;
	uint64_t number = take(ring);
	fill(ring, number, intent, RING_INTENT);
	*ret_sequence = number + 1;
	/* Pairs with ring_close: either its reader sees the slot, or we see that it is closed. */
	atomic_thread_fence(memory_order_seq_cst);
	return is_closed(ring) ? -ESTALE : 0;
}

void ring_write_outcome(struct ring *ring, const struct ring_slot *outcome)
{
	uint64_t number = take(ring);

	/* Only a second outcome of one intent gets here without room: unread slots are worth
	 * more. */
	if (number - consumed(ring) >= RING_SLOTS)
		return;
	fill(ring, number, outcome, outcome->kind == RING_LOST ? RING_LOST : RING_OUTCOME);
}
