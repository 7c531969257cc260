/* SPDX-License-Identifier: MIT */
#include "tools/server/record/search_count.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

#define NAMES_MAX 1000u /* that are compared by how much they have */

#define SUMS                                                                                       \
	", CAST(sum(kept.statements) AS BIGINT), CAST(sum(kept.refused) AS BIGINT),"               \
	" CAST(sum(kept.failed) AS BIGINT), CAST(sum(kept.masked_cells) AS BIGINT)"
#define KEPT                                                                                       \
	" FROM record_count AS kept JOIN record_source AS origin ON origin.source = kept.source"   \
	" WHERE kept.step = $1 AND kept.start >= $2 AND kept.start < $3"                           \
	" AND ($4 = '' OR origin.agent = $4)"
#define TOTALS_OF(column) "SELECT 0, " column SUMS KEPT " GROUP BY 2 ORDER BY 3 DESC, 2"
#define POINTS_OF(column) "SELECT kept.start, " column SUMS KEPT " GROUP BY 1, 2"

static const struct {
	const char *totals, *points;
} QUERIES[] = {
#define QUERY(column)                                                                              \
	{                                                                                          \
		TOTALS_OF(column), POINTS_OF(column)                                               \
	}
	[COUNT_BY_NOTHING] = QUERY("'' AS name"),   [COUNT_BY_PERSON] = QUERY("kept.person"),
	[COUNT_BY_AGENT] = QUERY("origin.agent"),   [COUNT_BY_RULE] = QUERY("kept.rules"),
	[COUNT_BY_VERDICT] = QUERY("kept.verdict"),
#undef QUERY
};

enum column { START, NAME, FIRST_SUM };

struct total {
	char name[COUNT_NAME_SIZE];
	int64_t statements;
};

struct counting {
	struct count_result *result;
	size_t count;
	struct total totals[NAMES_MAX];
};

/* Where a character ends. */
static void cut_name(struct slice name, char ret_name[COUNT_NAME_SIZE])
{
	size_t whole = name.length;

	name = slice_part(name, 0, COUNT_NAME_SIZE - 1);
	while (name.length > 0 && name.length < whole && (name.at[name.length] & 0xc0) == 0x80)
		name.length--;
	snprintf(ret_name, COUNT_NAME_SIZE, "%.*s", SLICE_ARGUMENTS(name));
}

/* ---- which names have the most ---- */

static void add_total(struct counting *counting, struct slice name, int64_t statements)
{
	char cut[COUNT_NAME_SIZE];
	size_t i = 0;

	cut_name(name, cut);
	while (i < counting->count && strcmp(counting->totals[i].name, cut) != 0)
		i++;
	if (i == NAMES_MAX)
		return;
	if (i == counting->count) {
		memcpy(counting->totals[i].name, cut, sizeof(cut));
		counting->totals[i].statements = 0;
		counting->count++;
	}
	counting->totals[i].statements += statements;
}

/* Rules are names with a line each; other names have one line. */
static int take_total(void *context, const struct store_value *columns, size_t count)
{
	struct slice names = columns[NAME].bytes;

	(void)count;
	do
		add_total(context, slice_cut(&names, '\n'), columns[FIRST_SUM].number);
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
	result->has_others = counting->count > COUNT_SERIES_MAX;
	result->count = result->has_others ? COUNT_SERIES_MAX : counting->count;
	for (size_t i = 0; i < result->count; i++) {
		struct count_series *series = &result->series[i];

		memcpy(series->name, counting->totals[i].name, sizeof(series->name));
		series->total = counting->totals[i].statements;
	}
}

/* ---- their points ---- */

static struct count_series *find_series(struct count_result *result, struct slice name)
{
	char cut[COUNT_NAME_SIZE];

	cut_name(name, cut);
	for (size_t i = 0; i < result->count; i++) {
		if (strcmp(result->series[i].name, cut) == 0)
			return &result->series[i];
	}
	return &result->others;
}

static int take_point(void *context, const struct store_value *columns, size_t count)
{
	struct count_result *result = context;
	struct slice names = columns[NAME].bytes;
	int64_t at =
		(columns[START].number - result->start_ns) / (int64_t)(result->step_s * SECOND_NS);

	(void)count;
	do {
		struct count_series *series = find_series(result, slice_cut(&names, '\n'));

		if (series == &result->others)
			series->total += columns[FIRST_SUM].number;
		for (size_t kind = 0; kind < COUNT_KIND_COUNT; kind++)
			series->points[kind][at] += columns[FIRST_SUM + kind].number;
	} while (names.at);
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
	struct store_values values =
		STORE_VALUES(store_number((int64_t)result->step_s), store_number(result->start_ns),
			     store_number((int64_t)asked->until_ns), store_text(asked->agent));
	r = store_run(store, QUERIES[asked->by].totals, values, take_total, counting);
	if (r < 0)
		return r;
	begin_series(counting);
	r = store_run(store, QUERIES[asked->by].points, values, take_point, result);
	if (r < 0)
		return r;
	*ret_result = steal(result);
	return 0;
}
