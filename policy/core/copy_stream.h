/* SPDX-License-Identifier: MIT */
/* Masks the rows of a COPY as they pass.  Bytes come from a server and go to a program: a message
 * that does not read as whole rows is an error, after which nothing of it may be shown. */
#ifndef POLICY_CORE_COPY_STREAM_H
#define POLICY_CORE_COPY_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "policy/core/copy_format.h"
#include "policy/core/mask.h"
#include "policy/core/plan.h"

/* MaxAllocSize of src/include/utils/memutils.h: no message of a server is longer, and none of
 * ours. */
#define COPY_MESSAGE_MAX ((size_t)0x3fffffff)

struct copy_column;

struct copy_stream {
	struct copy_format format;
	struct copy_column *columns;
	uint32_t column_count;
	/* columns from the left up to the last that something is done with */
	uint32_t looked_at;
	struct mask_search search;
	bool null_is_certain;
	bool header_is_due;
	struct buf value, masked; /* one field: as it is read, and as it is masked */
	struct buf fixed;         /* fields that are the same in every row */
	uint64_t rows;
	uint32_t masked_cells;
};

/* Makes a stream whose rows have `count` columns.  `search` says what detectors look for, and has
 * the keys of masks; what it points to must stay.  0; -EINVAL for a format that is not readable;
 * -ENOMEM. */
must_use int copy_stream_open(struct copy_stream *stream, const struct copy_format *format,
			      const struct plan_column *columns, uint32_t count,
			      const struct mask_search *search);

/* Gives memory back.  Accepts zeroed memory. */
void copy_stream_done(struct copy_stream *stream);

/* Reads one message of whole rows.  Where a field is masked, all of it is appended to `out`, and
 * `*ret_is_changed` is set; else nothing is.  0; -EBADMSG for what is not whole rows of the format;
 * -E2BIG, -ENOMEM. */
must_use int copy_stream_pass(struct copy_stream *stream, struct slice message, struct buf *out,
			      bool *ret_is_changed);

#endif
