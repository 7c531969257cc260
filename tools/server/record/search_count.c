/* SPDX-License-Identifier: MIT */
#include "tools/server/record/search_count.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

#define NAMES_MAX 1000u /* that are compared by how much they have */

#define SUMS_OF(rows)                                                                              \
	", CAST(sum(" rows ".statements) AS BIGINT) AS statements,"                                \
	" CAST(sum(" rows ".refused) AS BIGINT) AS refused,"                                       \
	" CAST(sum(" rows ".failed) AS BIGINT) AS failed,"                                         \
	" CAST(sum(" rows ".masked_cells) AS BIGINT) AS masked_cells"
#define KEPT                                                                                       \
	" FROM record_count AS kept JOIN record_source AS origin ON origin.source = kept.source"   \
	" WHERE kept.step = $1 AND kept.start >= $2 AND kept.start < $3"                           \
	" AND ($4 = '' OR origin.agent = $4)"

/* Machines choose the names, so that no more of them are read than are looked at. */
#define TOTALS_OF(column)                                                                          \
	"SELECT " column SUMS_OF("kept") KEPT " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $5"

/* Of the names that were chosen; what has none of them has no number. */
_Static_assert(COUNT_SERIES_MAX == 20, "each has its name below");
#define CHOSEN                                                                                     \
	"(SELECT 0 AS number, CAST($5 AS TEXT) AS name"                                            \
	" UNION ALL SELECT 1, CAST($6 AS TEXT) UNION ALL SELECT 2, CAST($7 AS TEXT)"               \
	" UNION ALL SELECT 3, CAST($8 AS TEXT) UNION ALL SELECT 4, CAST($9 AS TEXT)"               \
	" UNION ALL SELECT 5, CAST($10 AS TEXT) UNION ALL SELECT 6, CAST($11 AS TEXT)"             \
	" UNION ALL SELECT 7, CAST($12 AS TEXT) UNION ALL SELECT 8, CAST($13 AS TEXT)"             \
	" UNION ALL SELECT 9, CAST($14 AS TEXT) UNION ALL SELECT 10, CAST($15 AS TEXT)"            \
	" UNION ALL SELECT 11, CAST($16 AS TEXT) UNION ALL SELECT 12, CAST($17 AS TEXT)"           \
	" UNION ALL SELECT 13, CAST($18 AS TEXT) UNION ALL SELECT 14, CAST($19 AS TEXT)"           \
	" UNION ALL SELECT 15, CAST($20 AS TEXT) UNION ALL SELECT 16, CAST($21 AS TEXT)"           \
	" UNION ALL SELECT 17, CAST($22 AS TEXT) UNION ALL SELECT 18, CAST($23 AS TEXT)"           \
	" UNION ALL SELECT 19, CAST($24 AS TEXT))"
/* clang-format off */
#define SPANS_OF(column)                                                                           \
	"span AS (SELECT kept.start AS start, " column " AS name" SUMS_OF("kept") KEPT             \
	" GROUP BY 1, 2)"
#define FOUND_BY(is_chosen)                                                                        \
	"found AS MATERIALIZED (SELECT list.name AS name, chosen.number AS number"                 \
	" FROM (SELECT DISTINCT name FROM span) AS list"                                           \
	" JOIN " CHOSEN " AS chosen ON " is_chosen ")"
#define POINTS_OF(column, is_chosen)                                                               \
	"WITH " SPANS_OF(column) ", " FOUND_BY(is_chosen)                                          \
	" SELECT span.start, found.number" SUMS_OF("span")                                         \
	" FROM span LEFT JOIN found ON found.name = span.name GROUP BY 1, 2"
/* clang-format on */

#define IS_NAME "chosen.name = list.name"
#define IS_LINE                                                                                    \
	"replace('\n' || list.name || '\n', '\n' || chosen.name || '\n', '')"                      \
	" <> '\n' || list.name || '\n'"

static const struct {
	const char *totals, *points;
} QUERIES[] = {
#define QUERY(column, is_chosen)                                                                   \
	{                                                                                          \
		TOTALS_OF(column), POINTS_OF(column, is_chosen)                                    \
	}
	[COUNT_BY_NOTHING] = QUERY("''", IS_NAME),
	[COUNT_BY_PERSON] = QUERY("kept.person", IS_NAME),
	[COUNT_BY_AGENT] = QUERY("origin.agent", IS_NAME),
	[COUNT_BY_RULE] = QUERY("kept.rules", IS_LINE),
	[COUNT_BY_VERDICT] = QUERY("kept.verdict", IS_NAME),
#undef QUERY
};

enum { FIRST_NAME = 4 }; /* of a query's values */
enum total_column { TOTAL_NAME, TOTAL };
enum point_column { START, NUMBER, FIRST_SUM };

struct total {
	char name[COUNT_NAME_SIZE];
	int64_t statements;
};

struct counting {
	struct count_result *result;
	size_t count;
	struct total totals[NAMES_MAX];
};

/* ---- which names have the most ---- */

static void add_total(struct counting *counting, struct slice name, int64_t statements)
{
	size_t i = 0;

	while (i < counting->count && !slice_is(name, counting->totals[i].name))
		i++;
	if (i == NAMES_MAX)
		return;
	if (i == counting->count) {
		snprintf(counting->totals[i].name, COUNT_NAME_SIZE, "%.*s", SLICE_ARGUMENTS(name));
		counting->totals[i].statements = 0;
		counting->count++;
	}
	counting->totals[i].statements += statements;
}

/* Rules are names with a line each; other names have one line. */
static int take_total(void *context, const struct store_value *columns, size_t count)
{
	struct slice names = columns[TOTAL_NAME].bytes;

	(void)count;
	do
		add_total(context, slice_cut(&names, '\n'), columns[TOTAL].number);
	while (names.at);
	return 0;
}

static int compare_totals(const void *a, const void *b)
{
	const struct total *left = a, *right = b;

	if (left->statements != right->statements)
		return left->statements > right->statements ? -1 : 1;
	return strcmp(left->name, right->name);
}

static void begin_series(struct counting *counting)
{
	struct count_result *result = counting->result;

	if (counting->count > 0)
		qsort(counting->totals, counting->count, sizeof(struct total), compare_totals);
	result->count = counting->count < COUNT_SERIES_MAX ? counting->count : COUNT_SERIES_MAX;
	for (size_t i = 0; i < result->count; i++)
		memcpy(result->series[i].name, counting->totals[i].name, COUNT_NAME_SIZE);
}

/* ---- their points ---- */

static int take_point(void *context, const struct store_value *columns, size_t count)
{
	struct count_result *result = context;
	bool is_other = columns[NUMBER].kind == STORE_NULL;
	struct count_series *series =
		is_other ? &result->others : &result->series[columns[NUMBER].number];
	int64_t at =
		(columns[START].number - result->start_ns) / (int64_t)(result->step_s * SECOND_NS);

	(void)count;
	result->has_others |= is_other;
	series->total += columns[FIRST_SUM].number;
	for (size_t kind = 0; kind < COUNT_KIND_COUNT; kind++)
		series->points[kind][at] += columns[FIRST_SUM + kind].number;
	return 0;
}

/* ---- which spans ---- */

static const uint64_t STEPS[] = {
#define COUNT_STEP(seconds) seconds,
	COUNT_STEPS(COUNT_STEP)
#undef COUNT_STEP
};

/* False: not with spans of this length. */
static bool fits(const struct search_count *asked, uint64_t step_s, struct count_result *result)
{
	uint64_t step_ns = step_s * SECOND_NS;
	uint64_t start_ns = asked->from_ns - asked->from_ns % step_ns;
	uint64_t points = (asked->until_ns - start_ns + step_ns - 1) / step_ns;

	if (points > COUNT_POINTS_MAX || (asked->step_s > 0 && asked->step_s != step_s))
		return false;
	result->start_ns = (int64_t)start_ns;
	result->step_s = step_s;
	result->points = points;
	return true;
}

static int choose_spans(const struct search_count *asked, struct count_result *result)
{
	if (asked->until_ns <= asked->from_ns || asked->until_ns > INT64_MAX)
		return -EDOM;
	for (size_t i = 0; i < COUNT_OF(STEPS); i++) {
		if (fits(asked, STEPS[i], result))
			return 0;
	}
	return -EDOM;
}

int search_counts(struct store *store, const struct search_count *asked,
		  struct count_result **ret_result)
{
	SCOPED(free_p) struct count_result *result = calloc(1, sizeof(*result));
	SCOPED(free_p) struct counting *counting = malloc(sizeof(*counting));

	if (!result || !counting)
		return -ENOMEM;
	int r = choose_spans(asked, result);
	if (r < 0)
		return r;
	counting->result = result;
	counting->count = 0;
	struct store_value values[FIRST_NAME + COUNT_SERIES_MAX] = {
		store_number((int64_t)result->step_s),
		store_number(result->start_ns),
		store_number((int64_t)asked->until_ns),
		store_text(asked->agent),
		store_number(NAMES_MAX),
	};
	r = store_run(store, QUERIES[asked->by].totals,
		      (struct store_values){ values, FIRST_NAME + 1 }, take_total, counting);
	if (r < 0)
		return r;
	begin_series(counting);
	for (size_t i = 0; i < COUNT_SERIES_MAX; i++)
		values[FIRST_NAME + i] = i < result->count
						 ? store_text(slice_of(result->series[i].name))
						 : (struct store_value){ .kind = STORE_NULL };
	r = store_run(store, QUERIES[asked->by].points,
		      (struct store_values){ values, COUNT_OF(values) }, take_point, result);
	if (r < 0)
		return r;
	*ret_result = steal(result);
	return 0;
}
