/* SPDX-License-Identifier: MIT */
/* Taking a delivery of an agent's record: all of it is verified, and then stored, added to the log's tree and
 * indexed, or none of it. */
#ifndef TOOLS_SERVER_RECORD_DEPOSIT_H
#define TOOLS_SERVER_RECORD_DEPOSIT_H

#include "control/part.h"
#include "tools/server/record/ledger.h"
#include "tools/server/record/position.h"

#define DEPOSIT_BODY_MAX     (8 * MIB)  /* a frame */
#define DEPOSIT_UNPACKED_MAX (64 * MIB) /* what it becomes */
#define DEPOSIT_DETAIL_MAX   160u

enum deposit_end {
	DEPOSIT_TAKEN,
	DEPOSIT_KNOWN,  /* it is here already, up to where the part is here */
	DEPOSIT_GAP,    /* bytes before it are not here */
	DEPOSIT_FORK,   /* other bytes are here, or it continues others */
	DEPOSIT_DAMAGE, /* it is no record */
	DEPOSIT_SEAL,   /* it is not sealed with the key that the machine had then */
	DEPOSIT_LARGE,
};

struct deposit_size {
	uint64_t bytes, entries, statements; /* unpacked */
};

struct deposit {
	const char *agent;
	struct part_name name;
	uint64_t start; /* in the part */
	struct slice frame;

	/* Filled by deposit_take. */
	enum deposit_end end;
	struct position position; /* of the part, afterwards */
	uint64_t place;           /* in the part, where it goes wrong */
	struct deposit_size size; /* of what was taken */
	char detail[DEPOSIT_DETAIL_MAX];
};

/* In the transaction that is under way, of which `ledger` is the tree of the delivery's log; what it adds there
 * is saved by the caller, behind the last of several deliveries.  0 however it ended: one that is not taken has changed
 * nothing but for the alarm that remembers a fork or damage.  A negative errno when the database has a trouble:
 * then nothing is known, and the transaction is to be undone.  A header that contradicts what is here is taken, and
 * remembered as a fork. */
must_use int deposit_take(struct store *store, struct ledger *ledger, struct deposit *deposit);

#endif
