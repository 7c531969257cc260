/* SPDX-License-Identifier: MIT */
/* The page of one statement: all that is known of it, and the proof that the log has it. */
#include <errno.h>
#include <microhttpd.h>

#include "tools/audit/json.h"
#include "tools/server/pages/pages.h"
#include "tools/server/pages/proof.h"
#include "tools/server/pages/record_rows.h"
#include "tools/server/record/retained.h"
#include "tools/server/record/search.h"

#define EXACT_SIZE 64u

struct sight {
	struct view *view;
	int64_t log, leaf;
};

static void add_fact(struct buf *out, const char *name, struct slice value)
{
	if (value.length > 0)
		HTML(out, "<dt>{}</dt><dd>{}</dd>\n", html_word(name), html_text(value));
}

static void add_list(struct buf *out, const char *name, struct slice lines)
{
	if (lines.length == 0)
		return;
	HTML(out, "<dt>{}</dt><dd><ul class=\"keys\">", html_word(name));
	while (lines.length > 0)
		HTML(out, "<li><code>{}</code></li>", html_text(slice_cut(&lines, '\n')));
	HTML_PUT(out, "</ul></dd>\n");
}

static void add_time(struct view *view, const char *name, int64_t ns)
{
	char room[EXACT_SIZE];
	struct buf exact = BUF_OVER(room);

	audit_add_utc_time(&exact, (uint64_t)ns);
	HTML(view->out, "<dt>{}</dt><dd>{} <small>", html_word(name), html_word(buf_text(&exact)));
	view_add_time(view, ns);
	HTML_PUT(view->out, "</small></dd>\n");
}

static void add_who(struct view *view, const struct search_event *event)
{
	struct buf *out = view->out;

	HTML_PUT(out, "<h2>Who</h2>\n<dl class=\"facts\">\n");
	add_fact(out, "AI agent", event->bot);
	add_fact(out, "Person", event->person);
	add_fact(out, "System user", event->os_user);
	add_fact(out, "Program", event->program);
	add_fact(out, "Machine", event->host);
	HTML(out, "<dt>Its id</dt><dd><code>{}</code></dd>\n", html_text(event->agent));
	add_fact(out, "Run", event->run);
	add_fact(out, "Database", event->database);
	add_fact(out, "Server", event->server);
	add_fact(out, "Database user", event->db_user);
	HTML_PUT(out, "</dl>\n");
}

static void add_judgement(struct view *view, const struct search_event *event)
{
	struct buf *out = view->out;
	char room[2 * SEARCH_SHAPE_ID + 1];
	struct buf shape_id = BUF_OVER(room);

	buf_add_hex(&shape_id, event->shape_id.at, event->shape_id.length);
	HTML(out,
	     "<pre class=\"wraps\" aria-label=\"The statement without its values\" tabindex=\"0\">{}"
	     "</pre>\n<dl class=\"facts\">\n<dt>Verdict</dt><dd>",
	     html_text(event->shape));
	record_rows_add_verdict(out, event);
	HTML_PUT(out, "</dd>\n");
	add_fact(out, "Reason", event->reason);
	add_list(out, "Rules", event->rules);
	add_list(out, "Effects", event->effects);
	add_list(out, "Masked", event->masked);
	HTML(out,
	     "<dt>Shape</dt><dd><a href=\"/record?shape={}\"><code>{}</code></a> "
	     "<small>all like it</small></dd>\n</dl>\n",
	     html_url(buf_view(&shape_id)), html_text(buf_view(&shape_id)));
}

static void add_outcome(struct view *view, const struct search_event *event)
{
	struct buf *out = view->out;
	char sqlstate[6];

	HTML_PUT(out, "<h2>Outcome</h2>\n<dl class=\"facts\">\n");
	add_time(view, "Began", event->key.time_ns);
	if (event->has_ended && !event->is_lost) {
		search_event_sqlstate(event, sqlstate);
		add_time(view, "Ended", event->ended_ns);
		add_fact(out, "Status", slice_of(search_event_status(event)));
		add_fact(out, "SQLSTATE", slice_of(sqlstate));
		HTML(out, "<dt>Rows</dt><dd>{}</dd>\n<dt>Masked cells</dt><dd>{}</dd>\n",
		     html_count(event->rows), html_count(event->masked_cells));
	} else {
		HTML(out, "<dt>Outcome</dt><dd>{}</dd>\n",
		     html_word(event->key.kind == SEARCH_ASKED ? "no process told that it was sent"
			       : event->is_lost                ? "will never be known"
							       : "not known yet"));
	}
	HTML_PUT(out, "</dl>\n");
}

static int show(void *context, const struct search_event *event)
{
	struct sight *sight = context;
	struct view *view = sight->view;
	char id[SEARCH_ID_SIZE];

	search_event_id(event, id);
	view_begin(view, "/record", SLICE("Statement"));
	HTML(view->out, "<p class=\"links\"><a href=\"/record\">Record</a> <code>{}</code></p>\n",
	     html_word(id));
	add_judgement(view, event);
	add_who(view, event);
	add_outcome(view, event);
	sight->log = event->log;
	sight->leaf = event->leaf;
	return 0;
}

static int miss(struct view *view)
{
	bool may_be_gone;
	int r = retained_may_have_had(view->request->store, view->request->parts[0],
				      view->request->parts[1], &may_be_gone);

	if (may_be_gone)
		view_refuse(view, MHD_HTTP_GONE,
			    "This statement is gone: old records of its machine were let go of.");
	else
		view_refuse(view, MHD_HTTP_NOT_FOUND, "There is no such statement.");
	return r;
}

int event_view(struct view *view)
{
	struct sight sight = { .view = view };
	int r = search_event_one(view->request->store, view->request->parts[0],
				 view->request->parts[1], show, &sight);

	if (r == -ENOENT)
		return miss(view);
	return r < 0 ? r : proof_add(view, sight.log, sight.leaf);
}
