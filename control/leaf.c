/* SPDX-License-Identifier: MIT */
#include "control/leaf.h"

#include <inttypes.h>

#define TEXT_MAX 512u

struct tree_hash leaf_hash(struct slice agent, const char *part, uint64_t offset,
			   struct slice bytes)
{
	char room[TEXT_MAX];
	struct buf text = BUF_OVER(room);
	unsigned char digest[SHA256_SIZE];

	sha256(bytes.at, bytes.length, digest);
	buf_printf(&text, "chaperone-record-leaf/1\n%.*s\n%s\n%" PRIu64 "\n%zu\n",
		   SLICE_ARGUMENTS(agent), part, offset, bytes.length);
	buf_add_hex(&text, digest, sizeof(digest));
	buf_add_char(&text, '\n');
	return tree_leaf(buf_view(&text));
}
