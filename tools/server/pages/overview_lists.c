/* SPDX-License-Identifier: MIT */
#include "tools/server/pages/overview_lists.h"

#include <stdio.h>
#include <string.h>

#include "tools/server/pages/agent_state.h"

#define TOP_SHOWN    5u
#define SILENT_SHOWN 20
#define SHARE_WIDTH  100

static int take_name(void *context, const struct store_value *columns, size_t count)
{
	struct overview_names *names = context;

	(void)count;
	if (names->count == OVERVIEW_HOSTS_MAX)
		return 0;
	snprintf(names->items[names->count].id, sizeof(names->items[0].id), "%.*s",
		 SLICE_ARGUMENTS(columns[0].bytes));
	snprintf(names->items[names->count].host, sizeof(names->items[0].host), "%.*s",
		 SLICE_ARGUMENTS(columns[1].bytes));
	names->count++;
	return 0;
}

int overview_names_read(struct store *store, struct overview_names *ret_names)
{
	ret_names->count = 0;
	return store_run(
		store,
		"SELECT agent.id, agent.host FROM agent JOIN record_source"
		" ON record_source.agent = agent.id"
		" ORDER BY CASE WHEN revoked IS NULL THEN 0 ELSE 1 END, seen DESC LIMIT $1",
		STORE_VALUES(store_number(OVERVIEW_HOSTS_MAX)), take_name, ret_names);
}

const char *overview_name(const struct overview_names *names, enum count_by by, const char *name)
{
	if (by == COUNT_BY_NOTHING)
		return "all";
	for (size_t i = 0; by == COUNT_BY_AGENT && i < names->count; i++) {
		if (strcmp(names->items[i].id, name) == 0)
			return names->items[i].host;
	}
	return name[0] ? name : "not known";
}

static int64_t refused_of(const struct count_series *series, size_t points)
{
	int64_t refused = 0;

	for (size_t i = 0; i < points; i++)
		refused += series->points[COUNT_REFUSED][i];
	return refused;
}

static void add_top_row(struct buf *out, const struct overview_top *top, const char *name,
			const struct count_series *series)
{
	if (series->name[0])
		HTML(out, "<tr><th scope=\"row\"><a href=\"/record?{}={}\">{}</a>",
		     html_word(top->field), html_url(slice_of(series->name)), html_word(name));
	else
		HTML(out, "<tr><th scope=\"row\"><span class=\"none\">{}</span>", html_word(name));
}

void overview_add_top(struct buf *out, const struct overview_top *top,
		      const struct overview_names *names, const struct count_result *result)
{
	int64_t most =
		result->count > 0 && result->series[0].total > 0 ? result->series[0].total : 1;

	HTML(out,
	     "<table class=\"top\">\n<caption>{}</caption>\n<thead><tr><th scope=\"col\">Name</th>"
	     "<th scope=\"col\" class=\"number\">Statements</th>"
	     "<th scope=\"col\" class=\"number\">Refused</th></tr></thead>\n<tbody>\n",
	     html_word(top->caption));
	for (size_t i = 0; i < result->count && i < TOP_SHOWN; i++) {
		const struct count_series *series = &result->series[i];

		add_top_row(out, top, overview_name(names, top->by, series->name), series);
		HTML(out,
		     "<svg class=\"share\" viewBox=\"0 0 100 4\" aria-hidden=\"true\" "
		     "preserveAspectRatio=\"none\"><rect width=\"{}\" height=\"4\"/></svg></th>"
		     "<td class=\"number\">{}</td><td class=\"number\">{}</td></tr>\n",
		     html_number(series->total * SHARE_WIDTH / most), html_count(series->total),
		     html_count(refused_of(series, result->points)));
	}
	if (result->count == 0)
		HTML_PUT(out,
			 "<tr><td colspan=\"3\" class=\"none\">Nothing in this time.</td></tr>\n");
	HTML_PUT(out, "</tbody>\n</table>\n");
}

struct troubles {
	struct view *view;
	size_t count;
};

static void open_troubles(struct troubles *troubles)
{
	if (troubles->count++ == 0)
		HTML_PUT(troubles->view->out,
			 "<section class=\"card troubles\" aria-labelledby=\"troubles\">\n"
			 "<h2 id=\"troubles\">To look at</h2>\n<ul>\n");
}

static int add_alarm(void *context, const struct store_value *columns, size_t count)
{
	struct troubles *troubles = context;
	struct view *view = troubles->view;

	(void)count;
	open_troubles(troubles);
	HTML(view->out,
	     "<li><span class=\"chip bad\">{}</span> of <a href=\"/agents\">{}</a>: {} "
	     "<small>({} times, the last one ",
	     html_text(columns[0].bytes), html_text(columns[1].bytes), html_text(columns[2].bytes),
	     html_count(columns[4].number));
	view_add_time(view, columns[3].number);
	HTML_PUT(view->out, ")</small></li>\n");
	return 0;
}

static int add_silent(void *context, const struct store_value *columns, size_t count)
{
	struct troubles *troubles = context;
	struct view *view = troubles->view;

	(void)count;
	open_troubles(troubles);
	HTML(view->out,
	     "<li><span class=\"chip warn\">silent</span> <a href=\"/agents\">{}</a> was seen ",
	     html_text(columns[0].bytes));
	view_add_time(view, columns[1].number);
	HTML_PUT(view->out, "</li>\n");
	return 0;
}

int overview_add_troubles(struct view *view)
{
	struct troubles troubles = { .view = view };
	struct store *store = view->request->store;
	int r = store_run(store,
			  "SELECT alarm.kind, agent.host, alarm.detail, alarm.last, alarm.times"
			  " FROM record_alarm_open AS alarm JOIN agent ON agent.id = alarm.agent"
			  " ORDER BY alarm.last DESC, alarm.agent, alarm.kind LIMIT $1",
			  STORE_VALUES(store_number(SILENT_SHOWN)), add_alarm, &troubles);

	if (r == 0)
		r = store_run(store,
			      "SELECT host, seen FROM agent WHERE revoked IS NULL AND seen < $1"
			      " ORDER BY seen DESC, id LIMIT $2",
			      STORE_VALUES(store_number(view->now_ns - (int64_t)AGENT_SILENT_NS),
					   store_number(SILENT_SHOWN)),
			      add_silent, &troubles);
	if (troubles.count > 0)
		HTML_PUT(view->out, "</ul>\n</section>\n");
	return r;
}
