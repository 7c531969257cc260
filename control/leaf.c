/* SPDX-License-Identifier: MIT */
#include "control/leaf.h"

#include <inttypes.h>

#define TEXT_MAX 512u

void leaf_text(struct slice agent, const char *part, uint64_t offset, struct slice bytes,
	       struct buf *out)
{
	unsigned char digest[SHA256_SIZE];

	sha256(bytes.at, bytes.length, digest);
	buf_printf(out, "chaperone-record-leaf/1\n%.*s\n%s\n%" PRIu64 "\n%zu\n",
		   SLICE_ARGUMENTS(agent), part, offset, bytes.length);
	buf_add_hex(out, digest, sizeof(digest));
	buf_add_char(out, '\n');
}

struct tree_hash leaf_hash(struct slice agent, const char *part, uint64_t offset,
			   struct slice bytes)
{
	char room[TEXT_MAX];
	struct buf text = BUF_OVER(room);

	leaf_text(agent, part, offset, bytes, &text);
	return tree_leaf(buf_view(&text));
}
