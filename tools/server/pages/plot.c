/* SPDX-License-Identifier: MIT */
#include "tools/server/pages/plot.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"

/* The drawing, in its own units, and the room of the labels in it. */
#define WIDTH  480.0
#define HEIGHT 190.0
#define LEFT   46.0
#define RIGHT  8.0
#define TOP    10.0
#define BOTTOM 26.0

#define LABEL_SIZE 32u
#define GRID_LINES 4
#define TIMES      4u
#define DAY_S      86400u

static int64_t largest(const struct plot *plot)
{
	int64_t most = 0;

	for (size_t i = 0; i < plot->count; i++) {
		for (size_t k = 0; k < plot->points; k++)
			most = plot->series[i].points[k] > most ? plot->series[i].points[k] : most;
	}
	return most;
}

static int64_t sum(const struct plot *plot)
{
	int64_t all = 0;

	for (size_t i = 0; i < plot->count; i++) {
		for (size_t k = 0; k < plot->points; k++)
			all += plot->series[i].points[k];
	}
	return all;
}

/* What the scale goes up to: 4, 8, 20, 40, 80, 200, …, which have four equal parts. */
static int64_t scale_of(int64_t most)
{
	static const int64_t NICE[] = { 4, 8, 20 };
	int64_t scale = 1;

	while (most > NICE[COUNT_OF(NICE) - 1] * scale)
		scale *= 10;
	for (size_t i = 0; i < COUNT_OF(NICE); i++) {
		if (most <= NICE[i] * scale)
			return NICE[i] * scale;
	}
	return NICE[COUNT_OF(NICE) - 1] * scale;
}

static double across(const struct plot *plot, double point)
{
	return LEFT + (WIDTH - LEFT - RIGHT) * point / (double)plot->points;
}

static double up(int64_t number, int64_t scale)
{
	return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (double)number / (double)scale;
}

static void number_label(int64_t number, char ret_label[LABEL_SIZE])
{
	static const struct {
		int64_t unit;
		const char *name;
	} UNITS[] = { { 1000000000, " G" }, { 1000000, " M" }, { 1000, " k" } };

	for (size_t i = 0; i < COUNT_OF(UNITS); i++) {
		if (number >= UNITS[i].unit) {
			snprintf(ret_label, LABEL_SIZE, "%.4g%s",
				 (double)number / (double)UNITS[i].unit, UNITS[i].name);
			return;
		}
	}
	snprintf(ret_label, LABEL_SIZE, "%" PRId64, number);
}

static void add_grid(struct buf *out, int64_t scale)
{
	for (int64_t i = 0; i <= GRID_LINES; i++) {
		int64_t number = scale * i / GRID_LINES;
		double y = up(number, scale);
		char label[LABEL_SIZE];

		number_label(number, label);
		buf_printf(out,
			   "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
			   LEFT, y, WIDTH - RIGHT, y);
		buf_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 6,
			   y + 4);
		HTML(out, "{}</text>", html_word(label));
	}
}

static void time_label(const struct plot *plot, size_t point, char ret_label[LABEL_SIZE])
{
	time_t moment =
		(time_t)(plot->start_ns / (int64_t)SECOND_NS) + (time_t)(point * plot->step_s);
	bool is_long = plot->points * plot->step_s > 2 * DAY_S;
	struct tm utc;

	strftime(ret_label, LABEL_SIZE, is_long ? "%d %b" : "%H:%M", gmtime_r(&moment, &utc));
}

static void add_times(struct buf *out, const struct plot *plot)
{
	for (size_t i = 0; i < TIMES; i++) {
		size_t point = plot->points * i / TIMES;
		char label[LABEL_SIZE];

		time_label(plot, point, label);
		buf_printf(out, "<text x=\"%.1f\" y=\"%.1f\">", across(plot, (double)point),
			   HEIGHT - 8);
		HTML(out, "{}</text>", html_word(label));
	}
}

/* A step for each point: what was counted within its span. */
static void add_series(struct buf *out, const struct plot *plot, size_t which, int64_t scale)
{
	const int64_t *points = plot->series[which].points;

	buf_printf(out, "<path class=\"series-%zu%s\" d=\"M%.1f %.1f", which,
		   plot->count == 1 ? " filled" : "", across(plot, 0), up(0, scale));
	for (size_t i = 0; i < plot->points; i++)
		buf_printf(out, "V%.1fH%.1f", up(points[i], scale), across(plot, (double)i + 1));
	buf_printf(out, "V%.1f\"/>", up(0, scale));
}

static void add_legend(struct buf *out, const struct plot *plot)
{
	if (plot->count < 2)
		return;
	HTML_PUT(out, "<ul class=\"legend\">");
	for (size_t i = 0; i < plot->count; i++) {
		HTML(out,
		     "<li><svg viewBox=\"0 0 24 8\" aria-hidden=\"true\"><path class=\"series-{}\" "
		     "d=\"M0 4H24\"/></svg> ",
		     html_number((int64_t)i));
		HTML(out, "{}</li>", html_word(plot->series[i].name));
	}
	HTML_PUT(out, "</ul>");
}

/* For scripts: what is on a series' path, as numbers. */
static void add_data(struct buf *out, const struct plot *plot)
{
	HTML(out, " data-start=\"{}\" data-step=\"{}\"",
	     html_number(plot->start_ns / (int64_t)SECOND_NS), html_number((int64_t)plot->step_s));
	for (size_t i = 0; i < plot->count; i++) {
		buf_printf(out, " data-series-%zu=\"", i);
		for (size_t k = 0; k < plot->points; k++)
			buf_printf(out, "%s%" PRId64, k ? " " : "", plot->series[i].points[k]);
		HTML(out, "\" data-name-{}=\"{}\"", html_number((int64_t)i),
		     html_word(plot->series[i].name));
	}
}

void plot_add(struct buf *out, const struct plot *plot)
{
	int64_t most = largest(plot), scale = scale_of(most);

	HTML_PUT(out, "<figure class=\"plot\"");
	add_data(out, plot);
	HTML(out, ">\n<figcaption>{} <small>{} in all</small></figcaption>\n",
	     html_word(plot->title), html_count(sum(plot)));
	buf_printf(out, "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\"", WIDTH, HEIGHT);
	HTML(out, " aria-label=\"{} over time: {} in all, at most {} at once\">",
	     html_word(plot->title), html_count(sum(plot)), html_count(most));
	add_grid(out, scale);
	add_times(out, plot);
	for (size_t i = 0; i < plot->count; i++)
		add_series(out, plot, i, scale);
	HTML_PUT(out, "</svg>\n");
	add_legend(out, plot);
	HTML_PUT(out, "</figure>\n");
}
