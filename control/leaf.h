/* SPDX-License-Identifier: MIT */
/* What the log's tree has of a record: a leaf for each header and each batch, in the order of their
 * arrival. */
#ifndef CONTROL_LEAF_H
#define CONTROL_LEAF_H

#include "control/tree.h"

/* The leaf is RFC 6962's hash over its text: six lines, each with its end: "chaperone-record-leaf/1", the
 * agent's id, the part's name (part.h), the offset of the bytes in that file and their length in
 * decimal, and their SHA-256 in hexadecimal. */
void leaf_text(struct slice agent, const char *part, uint64_t offset, struct slice bytes,
	       struct buf *out);
struct tree_hash leaf_hash(struct slice agent, const char *part, uint64_t offset,
			   struct slice bytes);

/* What is known of a leaf whose bytes are not there. */
struct leaf_trace {
	uint64_t offset, length; /* in the file */
	unsigned char digest[SHA256_SIZE];
};

struct tree_hash leaf_hash_traced(struct slice agent, const char *part,
				  const struct leaf_trace *trace);

#endif
