/* SPDX-License-Identifier: MIT */
/* The chains of all parts in an export: how far each has been passed, and whether every hash that a
 * part's header names is the one that the named part has there. */
#ifndef TOOLS_EVIDENCE_CHAINS_H
#define TOOLS_EVIDENCE_CHAINS_H

#include "common/error.h"
#include "common/record_walk.h"
#include "control/part.h"

#define EVIDENCE_LINKS_MAX (1u << 20)

struct evidence_chains;

/* One part, as far as it was passed. */
struct evidence_part {
	size_t agent; /* its number */
	struct part_name name;
	struct record_walk walk;
};

/* NULL: out of memory. */
struct evidence_chains *evidence_chains_new(void);
void evidence_chains_free(struct evidence_chains *chains);
DEFINE_FREEP(struct evidence_chains, evidence_chains_freep, evidence_chains_free)

/* Gives a machine a number; one that is known keeps its own. */
must_use int evidence_chains_list(struct evidence_chains *chains, struct slice agent,
				  size_t *ret_number);

/* The number of a machine; -ENOENT: it is not listed. */
must_use int evidence_chains_agent(const struct evidence_chains *chains, struct slice agent,
				   size_t *ret_number);

/* Notes what the header of a part names, before any part is passed.  A header that cannot be read says
 * nothing.  -E2BIG beyond EVIDENCE_LINKS_MAX, -ENOMEM. */
must_use int evidence_chains_expect(struct evidence_chains *chains, size_t agent,
				    struct slice header);

/* The part as far as it was passed; at its beginning when it was not seen before.  Borrowed.  -ENOMEM. */
must_use int evidence_chains_part(struct evidence_chains *chains, size_t agent,
				  const struct part_name *name, struct evidence_part **ret_part);

/* Whether the hash up to where the part has come to is the one that other parts name. */
bool evidence_chains_fit(struct evidence_chains *chains, const struct evidence_part *part);

/* Tells each place that is named and was not passed. */
typedef void evidence_missing(void *context, struct slice agent, const struct part_name *name,
			      uint64_t end);
void evidence_chains_missing(const struct evidence_chains *chains, evidence_missing *missing,
			     void *context);

/* How many parts were passed. */
uint64_t evidence_chains_count(const struct evidence_chains *chains);

#endif
