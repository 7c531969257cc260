/* SPDX-License-Identifier: MIT */
/* Reading an export of a server's record block by block (doc/export.md), in memory that does not grow
 * with it. */
#ifndef TOOLS_EVIDENCE_BLOCK_H
#define TOOLS_EVIDENCE_BLOCK_H

#include <stdint.h>
#include <stdio.h>

#include "common/buf.h"
#include "common/error.h"
#include "common/sha256.h"
#include "tools/command/document.h"

#define EVIDENCE_TITLE     "chaperone-export 1\n"
#define EVIDENCE_BYTES_MAX (64 * MIB) /* of one block: what a delivery unpacks to at most */

/* Kinds in the order in which they come: ROW(kind, name) */
#define EVIDENCE_KINDS(ROW)                                                                        \
	ROW(EVIDENCE_LOG, "log")                                                                   \
	ROW(EVIDENCE_PINS, "pins")                                                                 \
	ROW(EVIDENCE_ROOT, "root")                                                                 \
	ROW(EVIDENCE_AUTHOR, "author")                                                             \
	ROW(EVIDENCE_AGENT, "agent")                                                               \
	ROW(EVIDENCE_ALARM, "alarm")                                                               \
	ROW(EVIDENCE_POLICY, "policy")                                                             \
	ROW(EVIDENCE_GRANTS, "grants")                                                             \
	ROW(EVIDENCE_LEAVES, "leaves")                                                             \
	ROW(EVIDENCE_CHECKPOINT, "checkpoint")                                                     \
	ROW(EVIDENCE_RETENTION, "retention")                                                       \
	ROW(EVIDENCE_GONE, "gone")                                                                 \
	ROW(EVIDENCE_DEFINITION, "definition")                                                     \
	ROW(EVIDENCE_DELIVERY, "delivery")                                                         \
	ROW(EVIDENCE_END, "end")

enum evidence_kind {
#define EVIDENCE_ENUMERATOR(kind, name) kind,
	EVIDENCE_KINDS(EVIDENCE_ENUMERATOR)
#undef EVIDENCE_ENUMERATOR
		EVIDENCE_KIND_COUNT,
};

struct evidence_block {
	enum evidence_kind kind;
	uint64_t number;                   /* of the block, from 0 */
	uint64_t at;                       /* where its line begins in the file */
	uint64_t bytes_at, length;         /* of its bytes */
	unsigned char before[SHA256_SIZE]; /* END: the digest of all that is before its line */
	json_t *told;                      /* its line */
};

struct evidence_file {
	FILE *stream;
	uint64_t size, at, blocks;
	struct sha256 hash; /* of what was read; worth nothing once bytes were passed over */
	struct evidence_block block;
	bool is_read; /* the block's bytes were */
	struct buf line, bytes;
};

/* Opens a regular file that begins as an export does; else -EBADMSG, or open's errors. */
must_use int evidence_open(const char *path, struct evidence_file *ret_file, struct error *error);
void evidence_close(struct evidence_file *file);

/* Goes to the next block, past the bytes of the one before: 1 and `ret_block`, borrowed until the next
 * call; 0: that was the end, and nothing is behind it; -EBADMSG: it is no export from here on. */
must_use int evidence_next(struct evidence_file *file, const struct evidence_block **ret_block,
			   struct error *error);

/* The bytes of the block, borrowed until evidence_next.  -EBADMSG: they are not all there. */
must_use int evidence_bytes(struct evidence_file *file, struct slice *ret_bytes,
			    struct error *error);

const char *evidence_kind_name(enum evidence_kind kind);

/* Members of a block's line.  -EBADMSG, with `error`, where there is none such. */
must_use int evidence_text(const struct evidence_block *block, const char *name,
			   struct slice *ret_text, struct error *error);
must_use int evidence_number(const struct evidence_block *block, const char *name,
			     uint64_t *ret_number, struct error *error);

#endif
