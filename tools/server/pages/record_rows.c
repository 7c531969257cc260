/* SPDX-License-Identifier: MIT */
#include "tools/server/pages/record_rows.h"

#define SHAPE_SHOWN 300u

struct rows {
	struct view *view;
	const char *caption;
	size_t count;
};

struct slice record_rows_who(const struct search_event *event)
{
	if (event->bot.length > 0)
		return event->bot;
	return event->person.length > 0 ? event->person : event->os_user;
}

void record_rows_add_verdict(struct buf *out, const struct search_event *event)
{
	bool is_refused = search_event_is_refused(event);
	const char *class = is_refused                          ? "bad"
			    : slice_is(event->verdict, "allow") ? "good"
								: "warn";

	HTML(out, "<span class=\"chip {}\">{}</span>", html_word(class), html_text(event->verdict));
	if (event->has_ended && !event->is_lost && event->masked_cells > 0)
		HTML_PUT(out, " <span class=\"chip warn\">masked</span>");
}

static void add_outcome(struct buf *out, const struct search_event *event)
{
	const char *status = search_event_status(event);

	if (status[0] && !slice_is(slice_of(status), "ok"))
		HTML(out, "<td data-label=\"Outcome\">{}</td>", html_word(status));
	else
		HTML(out, "<td data-label=\"Outcome\">{}</td>",
		     html_word(status[0] ? "ok" : search_event_outcome(event)));
	if (event->has_ended && !event->is_lost)
		HTML(out,
		     "<td class=\"number\" data-label=\"Rows\">{}</td><td class=\"number\" data-label=\"Masked cells\">{}</td>",
		     html_count(event->rows), html_count(event->masked_cells));
	else
		HTML_PUT(
			out,
			"<td class=\"number none\" data-label=\"Rows\">–</td><td class=\"number none\" data-label=\"Masked cells\">–</td>");
}

static void open_table(struct rows *rows)
{
	HTML(rows->view->out,
	     "<table class=\"stacked\">\n<caption>{}</caption>\n<thead><tr><th scope=\"col\">When</th>"
	     "<th scope=\"col\">Who</th><th scope=\"col\">Machine</th><th scope=\"col\">Database</th>"
	     "<th scope=\"col\">Statement</th><th scope=\"col\">Verdict</th>"
	     "<th scope=\"col\">Outcome</th><th scope=\"col\" class=\"number\">Rows</th>"
	     "<th scope=\"col\" class=\"number\">Masked cells</th></tr></thead>\n<tbody>\n",
	     html_word(rows->caption));
}

static int add_row(void *context, const struct search_event *event)
{
	struct rows *rows = context;
	struct buf *out = rows->view->out;
	struct slice shape = slice_part(event->shape, 0, SHAPE_SHOWN);
	char id[SEARCH_ID_SIZE];

	if (rows->count++ == 0)
		open_table(rows);
	search_event_id(event, id);
	HTML(out, "<tr><td><a href=\"/record/{}/{}\">", html_url(event->agent),
	     html_url(slice_of(id)));
	view_add_time(rows->view, event->key.time_ns);
	HTML(out,
	     "</a></td><td data-label=\"Who\">{}</td><td data-label=\"Machine\">{}</td><td data-label=\"Database\">{}</td><td class=\"shape\" data-label=\"Statement\"><code>{}</code>",
	     html_text(record_rows_who(event)), html_text(event->host), html_text(event->database),
	     html_text(shape));
	if (shape.length < event->shape.length)
		HTML_PUT(out, "…");
	HTML_PUT(out, "</td><td data-label=\"Verdict\">");
	record_rows_add_verdict(out, event);
	HTML_PUT(out, "</td>");
	add_outcome(out, event);
	HTML_PUT(out, "</tr>\n");
	return out->failed;
}

int record_rows_add(struct view *view, const struct search *search, const char *caption,
		    char ret_cursor[SEARCH_CURSOR_SIZE])
{
	struct rows rows = { .view = view, .caption = caption };
	int r = search_events(view->request->store, search, add_row, &rows, ret_cursor);

	if (rows.count > 0)
		HTML_PUT(view->out, "</tbody>\n</table>\n");
	else if (r == 0)
		HTML_PUT(view->out, "<p class=\"empty\">There is no such statement here.</p>\n");
	return r;
}
