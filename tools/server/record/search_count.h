/* SPDX-License-Identifier: MIT */
/* How many statements there were over time, for plots, from the counts that are kept (index_count.h): the
 * statements themselves are not read. */
#ifndef TOOLS_SERVER_RECORD_SEARCH_COUNT_H
#define TOOLS_SERVER_RECORD_SEARCH_COUNT_H

#include "common/cleanup.h"
#include "tools/server/record/index_count.h"
#include "tools/server/store/store.h"

#define COUNT_POINTS_MAX 1000u
#define COUNT_SERIES_MAX 20u

enum count_by {
	COUNT_BY_NOTHING,
	COUNT_BY_PERSON,
	COUNT_BY_AGENT,
	COUNT_BY_RULE,
	COUNT_BY_VERDICT
};

struct search_count {
	uint64_t from_ns, until_ns; /* spans that begin before `until_ns` */
	uint64_t step_s;            /* 60, 3600 or 86400; 0: the shortest that fits */
	enum count_by by;
	struct slice agent; /* of this machine alone; empty: of all */
};

/* What is counted, in the order of a point's numbers. */
#define COUNT_KINDS(ROW)                                                                           \
	ROW(STATEMENTS, statements)                                                                \
	ROW(REFUSED, refused) ROW(FAILED, failed) ROW(MASKED_CELLS, masked_cells)
enum count_kind {
#define COUNT_ENUMERATOR(upper, name) COUNT_##upper,
	COUNT_KINDS(COUNT_ENUMERATOR)
#undef COUNT_ENUMERATOR
		COUNT_KIND_COUNT
};

struct count_series {
	char name[COUNT_NAME_SIZE]; /* empty where nobody is known, and of all by nothing */
	int64_t total;              /* of statements */
	int64_t points[COUNT_KIND_COUNT][COUNT_POINTS_MAX];
};

/* Those with the most statements first.  A statement of two rules is in the series of both, and among the
 * others when it is in no series. */
struct count_result {
	int64_t start_ns; /* of the first point */
	uint64_t step_s;
	size_t points, count;
	bool has_others; /* there are more names, which `others` sums up */
	struct count_series others;
	struct count_series series[COUNT_SERIES_MAX];
};

/* -EDOM: more than COUNT_POINTS_MAX points, or a step that is not kept. */
must_use int search_counts(struct store *store, const struct search_count *asked,
			   struct count_result **ret_result);

#endif
