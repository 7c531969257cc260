/* SPDX-License-Identifier: MIT */
/* The chains of all parts in an export: how far each has been passed, and whether every hash that a
 * part's header names is the one that the named part has there.  Who writes a header may name what he
 * likes, so that what does not fit is said of his machine, and so is how much of it was looked at. */
#ifndef TOOLS_EVIDENCE_CHAINS_H
#define TOOLS_EVIDENCE_CHAINS_H

#include "common/error.h"
#include "common/record_walk.h"
#include "control/part.h"

#define EVIDENCE_LINKS_MAX (1u << 18) /* of one machine */

struct evidence_chains;

/* One part, as far as it was passed. */
struct evidence_part {
	size_t agent; /* its number */
	struct part_name name;
	struct record_walk walk;
	uint64_t gone; /* bytes before it were let go of */
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
 * nothing, nor does one of a part that cannot be.  Those beyond EVIDENCE_LINKS_MAX are left out.
 * -ENOMEM. */
must_use int evidence_chains_expect(struct evidence_chains *chains, size_t agent,
				    struct slice header);

/* The part as far as it was passed; at its beginning when it was not seen before.  Borrowed.  -ENOMEM. */
must_use int evidence_chains_part(struct evidence_chains *chains, size_t agent,
				  const struct part_name *name, struct evidence_part **ret_part);

/* Looks whether the hash up to where the part has come to is the one that its machine's other parts name. */
void evidence_chains_compare(struct evidence_chains *chains, const struct evidence_part *part);

/* Tells places that parts name: those that were neither passed nor let go of; and the first of each machine
 * at which another hash is named than is there.  Those of one machine come together. */
typedef void evidence_named(void *context, struct slice agent, const struct part_name *name,
			    uint64_t end);
void evidence_chains_missing(struct evidence_chains *chains, evidence_named *missing,
			     void *context);
void evidence_chains_contradicted(const struct evidence_chains *chains,
				  evidence_named *contradicted, void *context);

/* Tells each machine whose parts name more than EVIDENCE_LINKS_MAX others. */
typedef void evidence_left_out(void *context, struct slice agent);
void evidence_chains_left_out(const struct evidence_chains *chains, evidence_left_out *left_out,
			      void *context);

/* How many machines either of these is told of. */
uint64_t evidence_chains_doubted(const struct evidence_chains *chains);

/* How many parts were passed. */
uint64_t evidence_chains_count(const struct evidence_chains *chains);

#endif
