/* SPDX-License-Identifier: MIT */
/* The page of the machines that are enrolled. */
#include "tools/server/pages/agent_state.h"
#include "tools/server/pages/pages.h"

/* The columns of the query. */
enum column { ID, HOST, BUNDLE, SEEN, VERSION, POLICY, SPOOL, REVOKED, ENROLLED, NEWEST };

static void add_policy(struct buf *out, const struct store_value *columns)
{
	if (columns[POLICY].kind == STORE_NULL) {
		HTML_PUT(out, "<span class=\"none\">none</span>");
		return;
	}
	HTML(out, "{}", html_number(columns[POLICY].number));
	if (columns[POLICY].number != columns[NEWEST].number)
		HTML(out, " <span class=\"chip warn\">newest is {}</span>",
		     html_number(columns[NEWEST].number));
}

static void add_state(struct view *view, const struct store_value *columns)
{
	enum agent_state state =
		agent_state_of(columns[SEEN].number, columns[REVOKED].number, view->now_ns);

	HTML(view->out, "<td><span class=\"chip {}\">{}</span></td>",
	     html_word(agent_state_class(state)), html_word(agent_state_word(state)));
}

static int add_agent(void *context, const struct store_value *columns, size_t count)
{
	struct view *view = context;
	struct buf *out = view->out;

	(void)count;
	HTML(out, "<tr><th scope=\"row\">{} <small><code>{}</code></small></th>",
	     html_text(columns[HOST].bytes), html_text(slice_part(columns[ID].bytes, 0, 8)));
	add_state(view, columns);
	HTML_PUT(out, "<td>");
	view_add_time(view, columns[SEEN].number);
	HTML(out, "</td><td>{}</td><td><a href=\"/policies/{}\">{}</a></td><td class=\"number\">",
	     html_text(columns[VERSION].bytes), html_url(columns[BUNDLE].bytes),
	     html_text(columns[BUNDLE].bytes));
	add_policy(out, columns);
	HTML(out, "</td><td class=\"number\">{}</td><td>", html_count(columns[SPOOL].number));
	view_add_time(view, columns[ENROLLED].number);
	HTML_PUT(out, "</td></tr>\n");
	return 0;
}

int agents_view(struct view *view)
{
	struct buf *out;

	view_begin(view, "/agents", SLICE("Agents"));
	out = view->out;
	HTML_PUT(out,
		 "<p>Machines enrol with a code that <code>chaperone-server code</code> "
		 "makes.</p>\n<table>\n<caption>Machines that are enrolled</caption>\n<thead><tr>"
		 "<th scope=\"col\">Host</th><th scope=\"col\">State</th>"
		 "<th scope=\"col\">Last seen</th><th scope=\"col\">Program</th>"
		 "<th scope=\"col\">Bundle</th><th scope=\"col\" class=\"number\">Policy</th>"
		 "<th scope=\"col\" class=\"number\">To deliver</th>"
		 "<th scope=\"col\">Enrolled</th></tr></thead>\n<tbody>\n");
	int r = store_run(
		view->request->store,
		"SELECT id, host, bundle, coalesce(seen, 0), version, policy,"
		" coalesce(spool, 0), coalesce(revoked, 0), enrolled,"
		" (SELECT coalesce(max(policy.version), 0) FROM policy"
		" WHERE policy.bundle = agent.bundle)"
		" FROM agent ORDER BY CASE WHEN revoked IS NULL THEN 0 ELSE 1 END, host, id"
		" LIMIT 1000",
		STORE_NO_VALUES, add_agent, view);
	HTML_PUT(out, "</tbody>\n</table>\n");
	return r;
}
