/* SPDX-License-Identifier: MIT */
/* How a protected value is replaced.  A masked cell is a valid value of its column's type and wire
 * format; NULL stays NULL (the caller never passes NULL cells here). */
#ifndef POLICY_CORE_MASK_H
#define POLICY_CORE_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/sha256.h"
#include "common/slice.h"
#include "policy/core/detect.h"

/* In order of strictness: a larger value shows less. */
enum mask_how {
	MASK_NONE = 0,
	MASK_KEEP_LAST,  /* fixed stars, then the last `keep` characters */
	MASK_KEEP_FIRST, /* the first `keep` characters, then fixed stars */
	MASK_HASH,       /* keyed; equal values stay equal */
	MASK_REDACT,
	MASK_BLANK, /* SQL NULL */
};

/* Crosses processes inside plans. */
struct mask {
	uint8_t how; /* enum mask_how */
	/* enum detector + 1 when a detector asked for it, for "[email]"; else 0 */
	uint8_t detector;
	uint16_t keep; /* characters, for MASK_KEEP_* */
	uint32_t key;  /* for MASK_HASH: index into the keys that came with the session */
};
_Static_assert(sizeof(struct mask) == 8, "struct mask crosses processes");

#define MASK_STARS    13
#define MASK_KEY_SIZE 32

/* The stricter of the two: the larger `how`; of two keeps of one kind the smaller number; first and
 * last together give redact.  Two labels give "[redacted]", two hash keys the one with the smaller
 * number. */
struct mask mask_stricter(struct mask a, struct mask b);

/* A result cell as libpq shows it. */
struct cell {
	uint32_t type;    /* pg_type OID */
	int32_t modifier; /* PQfmod; -1 when there is none */
	bool is_binary;
	struct slice value;
};

/* Appends the masked form of `cell` to `out`, or sets `*ret_is_null` when it becomes NULL.  `key`
 * is the prepared key for MASK_HASH, which is MASK_REDACT without one; else NULL.  A result that
 * does not fit the type becomes NULL.  0, or the buffer's error, after which the caller must not
 * show the value. */
int mask_cell(struct mask mask, const struct sha256_hmac_key *key, const struct cell *cell,
	      struct buf *out, bool *ret_is_null);

/* Whether mask_cell gives the same for all values of a column, whatever its type: then once is
 * enough. */
bool mask_is_constant(struct mask mask);

/* Whether a column of this type can hold text in which detectors look (text, varchar, char, name,
 * json, jsonb, xml, citext-like unknown types, arrays of those); false for numbers, times, uuid,
 * bool, bytea. */
bool mask_type_holds_text(uint32_t type);

/* What detectors look for in cells, and what happens to what they find. */
struct mask_search {
	detector_set wanted;
	const struct mask *masks; /* DETECTOR_COUNT of them; MASK_NONE: not looked for */
	/* Key number `key`, prepared from its MASK_KEY_SIZE bytes; NULL when there is none.  May be
	 * NULL itself. */
	const struct sha256_hmac_key *(*key_of)(void *context, uint32_t key);
	void *context;
};

struct mask_outcome {
	uint32_t found;  /* values found; up to the one that blanked the cell */
	bool is_changed; /* `out` has the new value, or the cell becomes NULL */
	bool is_null;
};

/* Appends `cell` with each value found replaced by its mask to `out`, all else byte for byte as it
 * was.  Appends nothing when nothing is found.  The cell becomes NULL where a finding's mask is
 * MASK_BLANK, and where a finding stands in a format that cannot be rewritten (binary values of
 * unknown types, arrays of json). 0, or the buffer's error, after which the caller must not show
 * the value. */
int mask_found(const struct mask_search *search, const struct cell *cell, struct buf *out,
	       struct mask_outcome *ret_outcome);

#endif
