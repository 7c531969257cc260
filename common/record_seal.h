/* SPDX-License-Identifier: MIT */
/* Seals: the last entry of each batch of a machine that is enrolled, made with a key that is gone when the
 * batch is written.  Who takes the machine over later cannot make another one for what was before, be it
 * delivered or not; the server, which had the first key, can check each (doc/record.md).
 *
 * Keys come out of each other and never back: a machine's of an epoch, which one boot uses; from it that
 * of the boot's part; from it that of each batch. */
#ifndef COMMON_RECORD_SEAL_H
#define COMMON_RECORD_SEAL_H

#include "common/record_format.h"

#define RECORD_SEAL_MAX 64u /* bytes of the entry */

struct record_secret {
	unsigned char bytes[SHA256_SIZE];
};

/* Where a part's seals have come to. */
struct record_seal {
	uint64_t boot, epoch;
	uint32_t part;
	uint64_t index;           /* of the next batch, from 0 */
	struct record_secret key; /* of that batch */
};

/* A key becomes the one after it. */
void record_secret_next(struct record_secret *secret);
void record_secret_wipe(struct record_secret *secret);

/* The key of a boot's first part, out of the machine's. */
void record_secret_of_boot(const struct record_secret *machine, uint64_t boot,
			   struct record_secret *ret_boot);

/* The seals of a part, whose key is `of_part`: that of the first one, moved on once for each part
 * between. */
void record_seal_begin(const struct record_secret *of_part, uint64_t boot, uint32_t part,
		       uint64_t epoch, struct record_seal *ret_seal);

/* Appends the seal to the batch, of which `batch` has header and entries, and moves no key: what could not
 * be written is sealed anew.  `prior` is the hash before the batch. */
void record_seal_add(const struct record_seal *seal, const unsigned char prior[SHA256_SIZE],
		     const struct record_state *state, struct buf *batch);

/* Whether the batch, as in its file but for its hash, ends with the seal that is due; `entry` is its last
 * one. */
must_use bool record_seal_fits(const struct record_seal *seal,
			       const unsigned char prior[SHA256_SIZE], struct slice batch,
			       const struct record_entry *entry);

/* Behind a batch that was written, or that fits. */
void record_seal_move(struct record_seal *seal);

#endif
