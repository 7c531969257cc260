/* SPDX-License-Identifier: MIT */
/* The keyed hash of values that are not text, as values of the same type. */
#ifndef POLICY_CORE_MASK_HASH_H
#define POLICY_CORE_MASK_HASH_H

#include <stdbool.h>

#include "common/buf.h"
#include "policy/core/mask.h"

/* Appends a value of the type and format of `cell` that depends on `key` and on what the cell
 * means, not on its format.  False when the type has no such form or the value cannot be read; what
 * was appended is then void. */
bool mask_hash(const struct sha256_hmac_key *key, const struct cell *cell, struct buf *out);

#endif
