/* SPDX-License-Identifier: MIT */
/* The first page: what happened, in numbers and pictures, and what needs somebody to look. */

#include "tools/server/pages/live.h"
#include "tools/server/pages/overview_lists.h"
#include "tools/server/pages/pages.h"
#include "tools/server/pages/plot.h"
#include "tools/server/record/search_count.h"

#define HOUR_S 3600u
#define DAY_S  86400u

struct period {
	const char *name, *label;
	uint64_t length_s, step_s;
};

#define PERIOD_DAY 1u

static const struct period PERIODS[] = {
	{ "hour", "hour", HOUR_S, 60 },
	{ "day", "24 hours", DAY_S, HOUR_S },
	{ "week", "7 days", 7 * DAY_S, HOUR_S },
	{ "month", "30 days", 30 * DAY_S, DAY_S },
};

static const struct split {
	const char *name, *label;
	enum count_by by;
} SPLITS[] = {
	{ "all", "all together", COUNT_BY_NOTHING },   { "rule", "by rule", COUNT_BY_RULE },
	{ "agent", "by machine", COUNT_BY_AGENT },     { "person", "by person", COUNT_BY_PERSON },
	{ "verdict", "by verdict", COUNT_BY_VERDICT },
};

/* What is shown: a period, and how it is split. */
struct overview {
	struct view *view;
	const struct period *period;
	const struct split *split;
	struct overview_names names;
};

static void read_choice(struct overview *overview)
{
	struct slice period = view_field(overview->view, "period");
	struct slice by = view_field(overview->view, "by");

	overview->period = &PERIODS[PERIOD_DAY];
	overview->split = &SPLITS[0];
	for (size_t i = 0; i < COUNT_OF(PERIODS); i++) {
		if (slice_is(period, PERIODS[i].name))
			overview->period = &PERIODS[i];
	}
	for (size_t i = 0; i < COUNT_OF(SPLITS); i++) {
		if (slice_is(by, SPLITS[i].name))
			overview->split = &SPLITS[i];
	}
}

static void add_link(struct buf *out, const struct overview *chosen, bool is_current,
		     const char *label)
{
	HTML(out, "<li><a class=\"chip plain\" href=\"/?period={}&amp;by={}\"",
	     html_word(chosen->period->name), html_word(chosen->split->name));
	if (is_current)
		HTML_PUT(out, " aria-current=\"true\"");
	HTML(out, ">{}</a></li>\n", html_word(label));
}

static void add_choices(const struct overview *overview)
{
	struct buf *out = overview->view->out;
	struct overview other = *overview;

	HTML_PUT(out, "<nav class=\"choices\" aria-label=\"Period\"><ul class=\"chips\">\n");
	for (size_t i = 0; i < COUNT_OF(PERIODS); i++) {
		other.period = &PERIODS[i];
		add_link(out, &other, other.period == overview->period, PERIODS[i].label);
	}
	other = *overview;
	HTML_PUT(out,
		 "</ul></nav>\n<nav class=\"choices\" aria-label=\"Split\"><ul class=\"chips\">\n");
	for (size_t i = 0; i < COUNT_OF(SPLITS); i++) {
		other.split = &SPLITS[i];
		add_link(out, &other, other.split == overview->split, SPLITS[i].label);
	}
	HTML_PUT(out, "</ul></nav>\n");
}

static int count(const struct overview *overview, enum count_by by,
		 struct count_result **ret_result)
{
	uint64_t now_ns = (uint64_t)overview->view->now_ns;
	const struct search_count asked = {
		.from_ns = now_ns - overview->period->length_s * SECOND_NS,
		.until_ns = now_ns,
		.step_s = overview->period->step_s,
		.by = by,
	};

	return search_counts(overview->view->request->store, &asked, ret_result);
}

static const char *const TITLES[COUNT_KIND_COUNT] = {
	[COUNT_STATEMENTS] = "Statements",
	[COUNT_REFUSED] = "Refused",
	[COUNT_FAILED] = "Failed",
	[COUNT_MASKED_CELLS] = "Masked cells",
};

static int64_t sum_of(const struct count_result *result, enum count_kind kind)
{
	int64_t sum = 0;

	for (size_t i = 0; i < result->count; i++) {
		for (size_t k = 0; k < result->points; k++)
			sum += result->series[i].points[kind][k];
	}
	return sum;
}

static void add_tiles(struct buf *out, const struct count_result *result)
{
	HTML_PUT(out, "<dl class=\"tiles\">\n");
	for (size_t kind = 0; kind < COUNT_KIND_COUNT; kind++)
		HTML(out, "<div><dt>{}</dt><dd>{}</dd></div>\n", html_word(TITLES[kind]),
		     html_count(sum_of(result, (enum count_kind)kind)));
	HTML_PUT(out, "</dl>\n");
}

/* What is beyond as many series as a picture shows goes to the others. */
static size_t gather_others(struct count_result *result)
{
	size_t shown = result->count;

	if (!result->has_others && shown <= PLOT_SERIES_MAX)
		return shown;
	shown = shown < PLOT_SERIES_MAX - 1 ? shown : PLOT_SERIES_MAX - 1;
	for (size_t i = shown; i < result->count; i++) {
		for (size_t kind = 0; kind < COUNT_KIND_COUNT; kind++) {
			for (size_t k = 0; k < result->points; k++)
				result->others.points[kind][k] += result->series[i].points[kind][k];
		}
	}
	result->has_others = true;
	return shown;
}

static void add_plot(const struct overview *overview, const struct count_result *result,
		     size_t shown, enum count_kind kind)
{
	struct plot plot = { .title = TITLES[kind],
			     .start_ns = result->start_ns,
			     .step_s = result->step_s,
			     .points = result->points };

	for (size_t i = 0; i < shown; i++)
		plot.series[plot.count++] =
			(struct plot_series){ overview_name(&overview->names, overview->split->by,
							    result->series[i].name),
					      result->series[i].points[kind] };
	if (result->has_others)
		plot.series[plot.count++] =
			(struct plot_series){ "others", result->others.points[kind] };
	plot_add(overview->view->out, &plot);
}

/* `all`: the same numbers, not split. */
static int add_plots(const struct overview *overview, struct count_result *all)
{
	static const enum count_kind KINDS[] = { COUNT_STATEMENTS, COUNT_REFUSED,
						 COUNT_MASKED_CELLS };
	SCOPED(free_p) struct count_result *split = NULL;
	int r = overview->split->by == COUNT_BY_NOTHING
			? 0
			: count(overview, overview->split->by, &split);

	if (r < 0)
		return r;
	struct count_result *result = split ? split : all;
	size_t shown = gather_others(result);
	HTML_PUT(overview->view->out, "<div class=\"plots\">\n");
	for (size_t i = 0; i < COUNT_OF(KINDS); i++)
		add_plot(overview, result, shown, KINDS[i]);
	HTML_PUT(overview->view->out, "</div>\n");
	return 0;
}

/* The part that is loaded again while the page is open. */
static int add_numbers(struct overview *overview)
{
	SCOPED(free_p) struct count_result *result = NULL;
	struct buf *out = overview->view->out;
	int r = count(overview, COUNT_BY_NOTHING, &result);

	if (r < 0)
		return r;
	HTML(out,
	     "<section id=\"numbers\" aria-label=\"Numbers\" "
	     "hx-get=\"/overview/numbers?period={}&amp;by={}\" hx-trigger=\"every 15s\" "
	     "hx-swap=\"outerHTML\">\n",
	     html_word(overview->period->name), html_word(overview->split->name));
	add_tiles(out, result);
	r = add_plots(overview, result);
	HTML_PUT(out, "</section>\n");
	return r;
}

static int add_tops(const struct overview *overview)
{
	static const struct {
		enum count_by by;
		const char *caption, *field;
	} TOPS[] = {
		{ COUNT_BY_RULE, "Rules that decided most", "rule" },
		{ COUNT_BY_AGENT, "Machines with the most statements", "agent" },
		{ COUNT_BY_PERSON, "People and agents with the most statements", "person" },
	};
	int r = 0;

	HTML_PUT(overview->view->out, "<div class=\"plots\">\n");
	for (size_t i = 0; r == 0 && i < COUNT_OF(TOPS); i++) {
		SCOPED(free_p) struct count_result *result = NULL;
		struct overview_top top = { TOPS[i].caption, TOPS[i].field, TOPS[i].by };

		r = count(overview, TOPS[i].by, &result);
		if (r == 0)
			overview_add_top(overview->view->out, &top, &overview->names, result);
	}
	HTML_PUT(overview->view->out, "</div>\n");
	return r;
}

int overview_view(struct view *view)
{
	struct overview overview = { .view = view };
	int r = overview_names_read(view->request->store, &overview.names);

	if (r < 0)
		return r;
	read_choice(&overview);
	view_begin(view, "/", SLICE("Overview"));
	r = overview_add_troubles(view);
	add_choices(&overview);
	if (r == 0)
		r = add_numbers(&overview);
	return r == 0 ? add_tops(&overview) : r;
}

int overview_numbers_view(struct view *view)
{
	struct overview overview = { .view = view };
	int r = overview_names_read(view->request->store, &overview.names);

	if (r == 0)
		r = live_begin(view);
	read_choice(&overview);
	return r <= 0 ? r : add_numbers(&overview);
}
