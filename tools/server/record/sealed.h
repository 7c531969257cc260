/* SPDX-License-Identifier: MIT */
/* The seals of what a machine delivers (common/record_seal.h): the server had the first key of each
 * machine, and goes on from it.
 *
 * What a machine began before it enrolled has no seal, or those of an earlier enrolment.  It is told by
 * the time in its header, and nothing that came later can be among it. */
#ifndef TOOLS_SERVER_RECORD_SEALED_H
#define TOOLS_SERVER_RECORD_SEALED_H

#include "common/record_seal.h"
#include "tools/server/store/store.h"

#define SEALED_AHEAD_MAX (1u << 20) /* boots of one machine of which the server heard nothing */

/* What is known of a part's seals, behind what is here of it. */
struct sealed {
	bool is_due; /* each batch has one */
	bool has_key;
	struct record_seal seal; /* with the key */
};

/* For a part that begins, by its header. */
must_use int sealed_begin(struct store *store, const char *agent,
			  const struct record_header *header, struct sealed *ret_sealed);

/* Takes the key for the part's first seal, which `entry` is; `source` stands for the agent, or is 0 where
 * nothing is to be kept.  -EBADMSG
 * when there can be no such key. */
must_use int sealed_key(struct store *store, const char *agent, int64_t source,
			const struct record_entry *entry, struct sealed *sealed);

#endif
