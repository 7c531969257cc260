/* SPDX-License-Identifier: MIT */
/* Writing mask plans, statement by statement. */
#ifndef POLICY_CORE_PLAN_BUILD_H
#define POLICY_CORE_PLAN_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "policy/core/plan.h"

#define PLAN_STATEMENTS_MAX 4096
#define PLAN_COLUMNS_MAX    65535
#define PLAN_ORIGINS_MAX    65536

/* `plan.flags`, `plan.found` and `plan.unpredicted` are the caller's to set at any time before
 * plan_build_finish.  A failure sticks until plan_build_finish tells it. */
struct plan_build {
	struct plan plan;
	struct buf statements;
	struct buf columns;
	struct buf origins;
	struct buf copies;
	int failed;
};

void plan_build_init(struct plan_build *build);
void plan_build_done(struct plan_build *build);

/* Starts the next statement.  One without columns and without a star returns none. */
void plan_build_statement(struct plan_build *build);

/* Adds a column at the right end of the statement started last. */
void plan_build_column(struct plan_build *build, struct mask mask, bool is_derived);

/* Says what type the column added last has. */
void plan_build_type(struct plan_build *build, uint32_t type, int32_t modifier);

/* Says that the statement started last is a COPY. */
void plan_build_copy(struct plan_build *build, const struct copy_format *format, bool is_from,
		     bool is_masked);

/* Adds columns that a star stands for, at the right end.  Of several stars the first and the last
 * count: what is between them cannot be found by position and is left to its origins. */
void plan_build_star(struct plan_build *build);

/* Adds an origin; `column` 0 stands for all without one of their own.  Of two for one column the
 * stricter counts. */
void plan_build_origin(struct plan_build *build, uint32_t relation, int32_t column,
		       struct mask mask);

/* Appends the plan to `out`.  plan_read accepts it where it is aligned for uint32_t, as it is at
 * the start of a buffer.  0, -EINVAL for columns before any statement, -E2BIG beyond the maxima
 * above, -ENOMEM. */
must_use int plan_build_finish(struct plan_build *build, struct buf *out);

#endif
