/* SPDX-License-Identifier: MIT */
/* The file that `export` writes: blocks, each a line of JSON and bytes, and a seal at its end
 * (doc/export.md). */
#ifndef TOOLS_SERVER_RECORD_EXPORT_FILE_H
#define TOOLS_SERVER_RECORD_EXPORT_FILE_H

#include "common/buf.h"
#include "common/sha256.h"
#include "control/key.h"
#include "tools/server/record/deposit.h"

#define EXPORT_LINE_MAX (16 * KIB)

struct export_file {
	int fd;
	struct sha256 hash; /* of what was written */
	uint64_t blocks;
	struct buf line, bytes; /* of the block that is being made */
};

#define EXPORT_FILE(descriptor)                                                                    \
	{                                                                                          \
		.fd = (descriptor), .line = BUF_MAX(EXPORT_LINE_MAX),                              \
		.bytes = BUF_MAX(DEPOSIT_UNPACKED_MAX + 1)                                         \
	}

/* Writes the lines that say how to read the rest. */
must_use int export_begin(struct export_file *file);

/* Begins a block, whose line the caller goes on with (tools/command/json.h); its bytes come into
 * `bytes`.  export_end_block writes both. */
struct buf *export_block(struct export_file *file, const char *kind);
must_use int export_end_block(struct export_file *file);

/* Writes the seal (control/seal.h), behind which there is nothing. */
must_use int export_seal(struct export_file *file, const struct signing_key *key);

void export_file_done(struct export_file *file);

#endif
