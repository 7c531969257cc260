/* SPDX-License-Identifier: MIT */
/* The log of an export: its leaves and its checkpoints, without what was delivered. */
#ifndef TOOLS_EVIDENCE_LOG_H
#define TOOLS_EVIDENCE_LOG_H

#include "tools/evidence/leaves.h"
#include "tools/evidence/verify.h"

#define EVIDENCE_NEWEST UINT64_MAX

struct evidence_log {
	struct evidence_file file;
	struct evidence_leaves leaves;
	struct verifying_key key;
	enum evidence_key_source key_source;
	/* checkpoints, by size */
	struct evidence_signed {
		uint64_t size, at, length; /* leaves; where the note is */
	} * signed_at;
	size_t signed_count, signed_capacity;
};

/* A checkpoint whose signature and root were checked. */
struct evidence_head {
	struct buf note;
	struct checkpoint checkpoint; /* points into `note` */
};

#define EVIDENCE_HEAD_NONE                                                                         \
	{                                                                                          \
		.note = BUF_MAX(NOTE_SIZE_MAX)                                                     \
	}

/* Reads the lines of an export up to its deliveries.  -EBADMSG: it is none. */
must_use int evidence_log_open(const char *path, const struct evidence_trust *trust,
			       struct evidence_log *ret_log, struct error *error);
void evidence_log_close(struct evidence_log *log);

/* The checkpoint of `size` leaves, or EVIDENCE_NEWEST, checked.  -ENOENT: there is none such; -EBADMSG: it
 * does not fit. */
must_use int evidence_log_head(struct evidence_log *log, uint64_t size,
			       struct evidence_head *ret_head, struct error *error);
void evidence_head_done(struct evidence_head *head);

/* Whether the log begins with what `checkpoint` says.  -EBADMSG: it does not. */
must_use int evidence_log_check(struct evidence_log *log, const struct checkpoint *checkpoint,
				struct error *error);

#endif
