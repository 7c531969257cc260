/* SPDX-License-Identifier: MIT */
/* The page of the server's own record: who did what to it. */
#include <microhttpd.h>

#include "control/line.h"
#include "tools/server/pages/pages.h"

#define ENTRIES_SHOWN 100

/* The columns of the query. */
enum column { NUMBER, TIME, KIND, ACTOR, ACTION, SUBJECT, DETAIL };

struct listing {
	struct view *view;
	int64_t count, last;
};

static void add_actor(struct buf *out, const struct store_value *columns)
{
	HTML(out, "{}", html_text(columns[ACTOR].bytes));
	if (!slice_is(columns[KIND].bytes, "account"))
		HTML(out, " <span class=\"chip plain\">{}</span>", html_text(columns[KIND].bytes));
}

/* The query asks for one more than is shown. */
static int add_entry(void *context, const struct store_value *columns, size_t count)
{
	struct listing *listing = context;
	struct buf *out = listing->view->out;

	(void)count;
	if (++listing->count > ENTRIES_SHOWN)
		return 0;
	listing->last = columns[NUMBER].number;
	HTML_PUT(out, "<tr><td data-label=\"When\">");
	view_add_time(listing->view, columns[TIME].number);
	HTML_PUT(out, "</td><td class=\"breaks\" data-label=\"Who\">");
	add_actor(out, columns);
	HTML(out,
	     "</td><th scope=\"row\">{}</th><td class=\"breaks\" data-label=\"To what\">{}</td>"
	     "<td class=\"breaks\" data-label=\"More\">{}</td></tr>\n",
	     html_text(columns[ACTION].bytes), html_text(columns[SUBJECT].bytes),
	     html_text(columns[DETAIL].bytes));
	return 0;
}

int log_view(struct view *view)
{
	struct listing listing = { .view = view };
	struct slice text = view_field(view, "before");
	uint64_t before = INT64_MAX;

	if (text.at && (line_number(text, &before) < 0 || before > INT64_MAX)) {
		view_refuse(view, MHD_HTTP_NOT_FOUND, "There is no such entry.");
		return 0;
	}
	view_begin(view, "/log", SLICE("Log"));
	HTML_PUT(view->out,
		 "<table class=\"stacked\">\n<caption>Who did what to this server, the latest "
		 "first</caption>\n<thead><tr><th scope=\"col\">When</th><th scope=\"col\">Who</th>"
		 "<th scope=\"col\">What</th><th scope=\"col\">To what</th>"
		 "<th scope=\"col\">More</th></tr></thead>\n<tbody>\n");
	int r = store_run(
		view->request->store,
		"SELECT number, time, kind, actor, action, subject, detail FROM audit"
		" WHERE number < $1 ORDER BY number DESC LIMIT $2",
		STORE_VALUES(store_number((int64_t)before), store_number(ENTRIES_SHOWN + 1)),
		add_entry, &listing);
	HTML_PUT(view->out, "</tbody>\n</table>\n");
	if (listing.count > ENTRIES_SHOWN)
		HTML(view->out, "<p><a rel=\"next\" href=\"/log?before={}\">Older</a></p>\n",
		     html_number(listing.last));
	return r;
}
