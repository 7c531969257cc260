/* SPDX-License-Identifier: MIT */
/* Masks that write text: labels, stars, digits of a keyed hash. */
#ifndef POLICY_CORE_MASK_TEXT_H
#define POLICY_CORE_MASK_TEXT_H

#include <stddef.h>

#include "common/buf.h"
#include "common/slice.h"
#include "policy/core/mask.h"
#include "policy/core/mask_type.h"

/* "[redacted]", or "[email]" and so on when a detector asked for the mask. */
struct slice mask_label(struct mask mask);

/* Appends the masked form of the text `value`, within `limit`.  MASK_HASH without a key and keeps
 * that would show too much become labels.  `mask.how` is one of KEEP_LAST, KEEP_FIRST, HASH,
 * REDACT. */
void mask_text(struct mask mask, const struct sha256_hmac_key *key, struct slice value,
	       struct text_limit limit, struct buf *out);

#endif
