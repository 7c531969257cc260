/* SPDX-License-Identifier: MIT */
#include "control/leaf.h"

#include <inttypes.h>

#define TEXT_MAX 512u

static void add_text(struct slice agent, const char *part, const struct leaf_trace *trace,
		     struct buf *out)
{
	buf_printf(out, "chaperone-record-leaf/1\n%.*s\n%s\n%" PRIu64 "\n%" PRIu64 "\n",
		   SLICE_ARGUMENTS(agent), part, trace->offset, trace->length);
	buf_add_hex(out, trace->digest, sizeof(trace->digest));
	buf_add_char(out, '\n');
}

void leaf_text(struct slice agent, const char *part, uint64_t offset, struct slice bytes,
	       struct buf *out)
{
	struct leaf_trace trace = { .offset = offset, .length = bytes.length };

	sha256(bytes.at, bytes.length, trace.digest);
	add_text(agent, part, &trace, out);
}

struct tree_hash leaf_hash_traced(struct slice agent, const char *part,
				  const struct leaf_trace *trace)
{
	char room[TEXT_MAX];
	struct buf text = BUF_OVER(room);

	add_text(agent, part, trace, &text);
	return tree_leaf(buf_view(&text));
}

struct tree_hash leaf_hash(struct slice agent, const char *part, uint64_t offset,
			   struct slice bytes)
{
	struct leaf_trace trace = { .offset = offset, .length = bytes.length };

	sha256(bytes.at, bytes.length, trace.digest);
	return leaf_hash_traced(agent, part, &trace);
}
