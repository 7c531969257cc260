/* SPDX-License-Identifier: MIT */
/* The pages on which the record is searched. */
#include <errno.h>
#include <microhttpd.h>

#include "tools/server/pages/live.h"
#include "tools/server/pages/pages.h"
#include "tools/server/pages/record_query.h"
#include "tools/server/pages/record_rows.h"
#include "tools/server/record/retained.h"

#define EVENTS_SHOWN 50u

static void refuse_time(struct view *view, const char *wrong)
{
	view_begin(view, "/record", SLICE("Record"));
	view->reply->status = MHD_HTTP_BAD_REQUEST;
	record_query_add_form(view);
	HTML(view->out,
	     "<p class=\"bad\" role=\"alert\">{} is a time such as 2026-11-23 18:45 (in UTC), or an "
	     "age such as 30m, 2h, 7d.</p>\n",
	     html_word(wrong));
}

static void add_next(struct view *view, const char *cursor)
{
	if (!cursor[0])
		return;
	HTML_PUT(view->out, "<p><a rel=\"next\" class=\"button\" href=\"/record");
	record_query_add(view, NULL, slice_of(cursor));
	HTML_PUT(view->out, "\">Older statements</a></p>\n");
}

/* Behind the oldest statements. */
static int add_gone(struct view *view)
{
	int64_t before_ns;
	int r = retained_before(view->request->store, &before_ns);

	if (r >= 0 && before_ns > 0) {
		HTML_PUT(view->out, "<p class=\"gone\">What came before ");
		view_add_time(view, before_ns);
		HTML_PUT(view->out, " was let go of.</p>\n");
	}
	return r < 0 ? r : 0;
}

/* The part that is loaded again while the page is open: the newest statements, not older ones. */
static int add_events(struct view *view, const struct search *search)
{
	char cursor[SEARCH_CURSOR_SIZE];
	struct buf *out = view->out;

	HTML_PUT(out, "<section id=\"events\" aria-label=\"Statements\"");
	if (search->cursor.length == 0) {
		HTML_PUT(out, " hx-get=\"/record/events");
		record_query_add(view, NULL, SLICE(""));
		HTML_PUT(out, "\" hx-trigger=\"every 5s\" hx-swap=\"outerHTML\"");
	}
	HTML_PUT(out, ">\n");
	int r = record_rows_add(view, search,
				search->cursor.length > 0 ? "Older statements"
							  : "Statements, the newest first",
				cursor);
	if (r == 0)
		add_next(view, cursor);
	if (r == 0 && !cursor[0])
		r = add_gone(view);
	HTML_PUT(out, "</section>\n");
	return r;
}

int record_view(struct view *view)
{
	struct search search = { .filter = SEARCH_ANY, .limit = EVENTS_SHOWN };
	const char *wrong;

	if (record_query_read(view, &search, &wrong) < 0) {
		refuse_time(view, wrong);
		return 0;
	}
	view_begin(view, "/record", SLICE("Record"));
	record_query_add_form(view);
	int r = add_events(view, &search);
	if (r == -EDOM) {
		view_refuse(view, MHD_HTTP_BAD_REQUEST, "The address is none of the record.");
		return 0;
	}
	return r;
}

int record_events_view(struct view *view)
{
	struct search search = { .filter = SEARCH_ANY, .limit = EVENTS_SHOWN };
	const char *wrong;

	if (record_query_read(view, &search, &wrong) < 0 || search.cursor.length > 0) {
		view_refuse(view, MHD_HTTP_BAD_REQUEST, "The address is none of the record.");
		return 0;
	}
	int r = live_begin(view);
	return r <= 0 ? r : add_events(view, &search);
}
