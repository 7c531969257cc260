/* SPDX-License-Identifier: MIT */
/* Judges texts without a server, as policy tests and explanations do: names resolve as `public`,
 * the address is made to match the database that is asked for. */
#ifndef POLICY_ENGINE_REHEARSE_H
#define POLICY_ENGINE_REHEARSE_H

#include "common/cleanup.h"
#include "common/error.h"
#include "policy/engine/judge.h"

struct rehearsal;

/* A session on the entry `database` ("other" or NULL: none of them).  -ENOENT with `error`
 * filled for a name that the policy does not have.  Policy and caller are borrowed. */
must_use int rehearsal_new(const struct policy *policy, const char *database,
			   const struct caller *caller, struct rehearsal **ret_rehearsal,
			   struct error *error);
void rehearsal_free(struct rehearsal *rehearsal);
DEFINE_FREEP(struct rehearsal, rehearsal_freep, rehearsal_free)

/* Runs a statement in the session as if the server had agreed. */
must_use int rehearsal_run(struct rehearsal *rehearsal, struct slice sql);

/* Names that the next text's result will have, for stars.  Borrowed. */
void rehearsal_columns(struct rehearsal *rehearsal, const struct slice *names, size_t count);

must_use int rehearsal_judge(struct rehearsal *rehearsal, enum session_call call, struct slice sql,
			     int64_t now, struct judgement *ret_judgement);

/* The facts of the text judged last. */
const struct facts *rehearsal_facts(const struct rehearsal *rehearsal);

#endif
