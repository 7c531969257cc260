/* SPDX-License-Identifier: MIT */
/* The audit ring: a file that a governed process writes through a mapping and the agent reads with
 * pread, so that what was written survives the death of either, and nothing the process does to the
 * file can hurt the reader (decisions.md 6, security.md 11).
 *
 * Two pieces of memory, each written by one side only:
 *   ring      a file of RING_FILE_SIZE bytes, allocated before it is mapped.  The process writes
 *             slots.
 *   control   one page in a memfd sealed against shrinking.  The agent writes it, the process maps it
 *             read-only: what has been consumed, the lease, the policy generation, one context word
 *             per connection. */
#ifndef COMMON_RING_H
#define COMMON_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

#define RING_MAGIC        0x31474e52u /* "RNG1" */
#define RING_SLOTS        8192u       /* a power of two */
#define RING_SLOT_SIZE    64u
#define RING_HEADER_SIZE  4096u
#define RING_FILE_SIZE    (RING_HEADER_SIZE + (size_t)RING_SLOTS * RING_SLOT_SIZE)
#define RING_CONTEXTS_MAX 256u

enum ring_kind {
	RING_INTENT = 1,
	RING_OUTCOME = 2,
	RING_LOST = 3, /* the outcome of `intent` will never be known: the connection is gone */
};

enum ring_flag {
	RING_CACHED_EXACT = 1,
	RING_CACHED_TEMPLATE = 2,
	RING_REFUSED = 4, /* the statement was replaced by its refusal */
};

enum ring_status { /* of an outcome */
		   RING_STATUS_OK = 0,
		   RING_STATUS_ERROR = 1,      /* the server said no; sqlstate */
		   RING_STATUS_CONNECTION = 2, /* the connection broke */
		   /* it did not run: an earlier statement of its pipeline failed */
		   RING_STATUS_ABORTED = 3,
};

/* One slot.  `sequence` is stored last: slot number + 1 when the slot is whole. */
struct ring_slot {
	_Atomic uint64_t sequence;
	uint64_t time_ns;    /* CLOCK_REALTIME */
	uint64_t connection; /* the agent's number */
	union {
		struct {
			/* the agent's number of the judgement that let it pass or refused it */
			uint64_t judgement;
			uint32_t text_bytes;
			uint32_t thread;
			uint16_t parameters;
			uint8_t call;        /* enum session_call's value */
			uint8_t transaction; /* before it, as PGTransactionStatusType */
			uint32_t reserved[3];
		} intent;
		struct {
			uint64_t intent; /* its sequence */
			uint64_t rows;
			uint64_t bytes;
			uint32_t masked_cells;
			/* five characters of six bits each, as MAKE_SQLSTATE; 0: none */
			uint32_t sqlstate;
		} outcome;
	};
	uint8_t kind;   /* enum ring_kind */
	uint8_t flags;  /* enum ring_flag */
	uint8_t status; /* enum ring_status, of an outcome */
	uint8_t reserved;
	/* over the slot's number and all of the above, so that scribbling is noticed */
	uint32_t check;
};
_Static_assert(sizeof(struct ring_slot) == RING_SLOT_SIZE, "slots cross processes");

struct ring_control {
	uint32_t magic;
	/* of the policy; a cached verdict of another one is void */
	_Atomic uint32_t generation;
	_Atomic uint64_t consumed; /* slots below this number may be written again */
	/* CLOCK_MONOTONIC; cached verdicts count before it.  0: closed, what is written from now on may
	 * never be read */
	_Atomic uint64_t lease_until_ns;
	/* session_context of each connection; 0: ask each time */
	_Atomic uint64_t contexts[RING_CONTEXTS_MAX];
};

/* ---- the process's side: no allocation, no lock, callable in any thread ---- */

struct ring {
	struct ring_slot *slots; /* NULL: not attached */
	struct ring_header *header;
	const struct ring_control *control;
};

/* Maps a ring and a control page whose descriptors the agent sent; the descriptors may be closed
 * afterwards. -EBADMSG when they are not what they should be. */
must_use int ring_attach(int ring_fd, int control_fd, struct ring *ret_ring);

/* Unmaps both.  Accepts a ring that is not attached. */
void ring_detach(struct ring *ring);

/* Writes the intent and reserves the place of its outcome.  -EAGAIN when there is no room: the
 * agent is behind.  -ESTALE when the agent closed the ring, whether it read this intent or not: what
 * it announces must not be done.  `*ret_sequence` names the intent. */
must_use int ring_write_intent(struct ring *ring, const struct ring_slot *intent,
			       uint64_t *ret_sequence);

/* Writes an outcome or RING_LOST of an intent written before; always has room. */
void ring_write_outcome(struct ring *ring, const struct ring_slot *outcome);

/* ---- the agent's side ---- */

/* Makes the file NAME in the folder, allocated, for the process `pid`, and a control page.  The
 * control descriptor for the process is read-only. */
must_use int ring_create(int folder_fd, const char *name, uint32_t pid, uint64_t process_start,
			 int *ret_ring_fd, int *ret_control_fd, struct ring_control **ret_control);

/* Ends the writing of intents.  Whatever intent a process has written and goes by is in the ring when
 * this returns, but one that is being written may be missing or torn, and then comes to nothing.
 * Accepts NULL. */
void ring_close(struct ring_control *control);

/* Unmaps the agent's control page.  Accepts NULL. */
void ring_control_free(struct ring_control *control);

struct ring_reader {
	int fd;
	uint64_t next;    /* the slot number to be read next */
	uint64_t skipped; /* slots given up as torn or scribbled over */
	uint64_t torn_since_ns;
	uint64_t torn_slot; /* number + 1 of the slot waited for; 0: none */
};

/* Opens an orphan: checks magic, size and owner, finds the oldest slot that is still there.  Slots
 * that an agent consumed before it died are given again: their sequence tells (record.h,
 * RECORD_INTENT and RECORD_OUTCOME). */
must_use int ring_open_orphan(int folder_fd, const char *name, struct ring_reader *ret_reader,
			      uint32_t *ret_pid, uint64_t *ret_process_start);

/* Reads at most `max` whole slots in their order into `ret_slots`; returns how many.  A slot that
 * stays unwritten or scribbled over for `patience_ns` while later ones are there is skipped and
 * counted; with a patience of 0 (the process is dead) all up to the next whole one are.  Negative
 * errno when nothing was read and the file is shorter than it should be (-ENODATA), has no name any
 * more (-ENOENT; later slots are still given) or is scribbled over with nothing whole behind
 * (-EBADMSG). */
must_use int ring_read(struct ring_reader *reader, uint64_t now_ns, uint64_t patience_ns,
		       struct ring_slot *ret_slots, size_t max);

#endif
