/* SPDX-License-Identifier: MIT */
/* The places that the links of a record name, to be found by place. */
#ifndef COMMON_RECORD_TARGETS_H
#define COMMON_RECORD_TARGETS_H

#include "common/record_format.h"

struct record_target {
	const struct record_link *link;
	const struct record_file *from; /* the file with the link */
	uint64_t offset;                /* of the link in that file */
	bool is_met;                    /* the place exists */
};

struct record_targets {
	struct record_target *at; /* by boot, part, end */
	size_t count;
};

/* Collects the links of all files, which have to outlive the targets. */
must_use int record_targets_make(const struct record_files *files,
				 struct record_targets *ret_targets);
void record_targets_done(struct record_targets *targets);

/* The targets that name this place, which follow each other; returns their number. */
size_t record_targets_find(const struct record_targets *targets, const struct record_header *header,
			   uint64_t end, struct record_target **ret_first);

#endif
