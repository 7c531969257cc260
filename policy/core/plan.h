/* SPDX-License-Identifier: MIT */
/* The mask plan: what the agent predicted about the columns of a call's results, carried out by the
 * shim against the origins that the server reports.  Flat bytes, so that it can be cached and sent
 * as it is. */
#ifndef POLICY_CORE_PLAN_H
#define POLICY_CORE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/slice.h"
#include "policy/core/copy_format.h"
#include "policy/core/detect.h"
#include "policy/core/mask.h"

/* Layout: struct plan, then `statement_count` struct plan_statement, then `column_count` struct
 * plan_column, then `origin_count` struct plan_origin sorted by (relation, column), then
 * `copy_count` struct plan_copy sorted by statement.  All offsets follow from the counts. */
struct plan {
	uint32_t statement_count;
	uint32_t column_count;
	uint32_t origin_count;
	uint32_t copy_count;
	uint32_t flags;                    /* PLAN_* */
	struct mask found[DETECTOR_COUNT]; /* per detector; MASK_NONE: not looked for */
	/* for columns that no prediction covers and whose origin is unknown */
	struct mask unpredicted;
};

enum {
	/* An origin (relation OID) that is not among the origins is masked with `unpredicted`. */
	PLAN_CHECKS_ORIGINS = 1,
	/* The statements may read masked columns: what the server says about them may quote values.
	 * Without it, what functions say is hidden where origins are checked, and texts in which a
	 * detector finds something. */
	PLAN_HIDES_TEXTS = 2,
	/* The statements write rows, for which the server computes defaults and checks that can
	 * read anything: messages that quote values are hidden, but not the details of broken
	 * constraints. */
	PLAN_HIDES_COMPUTED = 4,
};

/* A statement's columns: `head` predictions from the left, `tail` from the right; what lies between
 * comes from stars and is decided by its origin.  Without a star, `has_star` is 0, `tail` is 0 and
 * a result with another number of columns than `head` is masked whole. */
struct plan_statement {
	/* index of the first head prediction; the tail ones follow the head ones */
	uint32_t first_column;
	uint16_t head;
	uint16_t tail;
	uint32_t has_star;
};

struct plan_column {
	struct mask mask; /* predicted by lineage */
	/* 1: computed; 0: a plain column: one without an origin is masked with `unpredicted` when
	 * origins are checked */
	uint32_t is_derived;
	/* Of a COPY, whose rows come without: a pg_type OID, or 0 where nobody knows, and what
	 * PQfmod would give. */
	uint32_t type;
	int32_t modifier;
};

/* A relation whose columns may appear, and what its columns are masked with.  `column` 0 stands for
 * every column that has no entry of its own; without it such a column's origin is unknown. */
struct plan_origin {
	uint32_t relation;
	int32_t column;
	struct mask mask;
};

/* A statement that is a COPY from or to the client.  One with masks has as many columns as were
 * predicted. */
struct plan_copy {
	uint32_t statement;
	uint16_t is_from;
	uint16_t is_masked;
	struct copy_format format;
};

/* Checks that `bytes` is a well-formed plan, aligned for uint32_t.  NULL when it is not. */
const struct plan *plan_read(struct slice bytes);

/* The detectors that the plan asks for. */
detector_set plan_searches(const struct plan *plan);

/* What the server said about one result column. */
struct plan_question {
	uint32_t statement; /* 0-based number of the statement in the call */
	uint32_t column;    /* 0-based */
	uint32_t columns;   /* of this result */
	uint32_t relation;  /* PQftable, 0 for none */
	int32_t attribute;  /* PQftablecol; 0 with a relation: the whole row */
};

/* The mask for one result column: the stricter of prediction and origin.  Origins in pg_catalog
 * (below 16384) are known and unmasked here: the judge decides on them by statement. */
struct mask plan_mask(const struct plan *plan, const struct plan_question *question);

/* The first COPY at or behind `statement`, or NULL. */
const struct plan_copy *plan_copy_find(const struct plan *plan, uint32_t statement);

/* What column `column` of a COPY's `columns` is masked with.  False when its rows cannot have so
 * many. */
bool plan_copy_column(const struct plan *plan, const struct plan_copy *copy, uint32_t column,
		      uint32_t columns, struct plan_column *ret_column);

#endif
