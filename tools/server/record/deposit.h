/* SPDX-License-Identifier: MIT */
/* Taking a delivery of an agent's record: all of it is verified, stored, added to the log's tree and
 * indexed in one transaction, or none of it. */
#ifndef TOOLS_SERVER_RECORD_DEPOSIT_H
#define TOOLS_SERVER_RECORD_DEPOSIT_H

#include "control/part.h"
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
	DEPOSIT_LARGE,
};

struct deposit_size {
	uint64_t bytes, entries, statements; /* unpacked */
};

struct deposit {
	const char *agent;
	int64_t log; /* its number */
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

/* 0 however it ended; a negative errno when the database has a trouble: then nothing is known.  A fork
 * or damage is remembered as an alarm; so is a header that contradicts what is here, which is taken. */
must_use int deposit_take(struct store *store, struct deposit *deposit);

#endif
