/* SPDX-License-Identifier: MIT */
/* The page of accounts and their keys. */
#include "tools/server/pages/pages.h"

#define ACCOUNTS_SHOWN 1000

/* The columns of the query. */
enum column { NAME, ROLE, CREATED, DISABLED, LAST_LOGIN };

static int add_group(void *context, const struct store_value *columns, size_t count)
{
	struct view *view = context;

	(void)count;
	HTML(view->out, "<li>{}</li>", html_text(columns[0].bytes));
	return 0;
}

static int add_key(void *context, const struct store_value *columns, size_t count)
{
	struct view *view = context;

	(void)count;
	HTML(view->out, "<li><code>{}</code>", html_text(columns[0].bytes));
	if (columns[1].kind != STORE_NULL)
		HTML_PUT(view->out, " <span class=\"chip plain\">revoked</span>");
	HTML_PUT(view->out, "</li>");
	return 0;
}

static int add_lists(struct view *view, struct slice account)
{
	struct store *store = view->request->store;

	HTML_PUT(view->out, "<td><ul class=\"keys\">");
	int r = store_run(store,
			  "SELECT account_group FROM account_group_member WHERE account = $1"
			  " ORDER BY account_group",
			  STORE_VALUES(store_text(account)), add_group, view);
	HTML_PUT(view->out, "</ul></td><td><ul class=\"keys\">");
	if (r == 0)
		r = store_run(store,
			      "SELECT verifier, revoked FROM author_key WHERE account = $1"
			      " ORDER BY created, verifier",
			      STORE_VALUES(store_text(account)), add_key, view);
	HTML_PUT(view->out, "</ul></td></tr>\n");
	return r;
}

static int add_account(void *context, const struct store_value *columns, size_t count)
{
	struct view *view = context;

	(void)count;
	HTML(view->out, "<tr><th scope=\"row\">{}</th><td>{}</td><td>",
	     html_text(columns[NAME].bytes), html_text(columns[ROLE].bytes));
	if (columns[DISABLED].kind == STORE_NULL)
		HTML_PUT(view->out, "<span class=\"chip good\">active</span>");
	else
		HTML_PUT(view->out, "<span class=\"chip bad\">disabled</span>");
	HTML_PUT(view->out, "</td><td>");
	view_add_time(view, columns[CREATED].number);
	HTML_PUT(view->out, "</td><td>");
	view_add_time(view, columns[LAST_LOGIN].number);
	HTML_PUT(view->out, "</td>");
	return add_lists(view, columns[NAME].bytes);
}

int people_view(struct view *view)
{
	view_begin(view, "/people", SLICE("People"));
	HTML_PUT(view->out, "<table>\n<caption>Accounts of this server</caption>\n<thead><tr>"
			    "<th scope=\"col\">Account</th><th scope=\"col\">Role</th>"
			    "<th scope=\"col\">State</th><th scope=\"col\">Made</th>"
			    "<th scope=\"col\">Last log-in</th><th scope=\"col\">Groups</th>"
			    "<th scope=\"col\">Keys</th></tr></thead>\n<tbody>\n");
	int r = store_run(view->request->store,
			  "SELECT account.name, account.role, account.created, account.disabled,"
			  " coalesce(visit.last, 0) FROM account LEFT JOIN"
			  " (SELECT subject, max(time) AS last FROM audit WHERE action = 'login'"
			  " GROUP BY subject) AS visit ON visit.subject = account.name"
			  " ORDER BY account.name LIMIT $1",
			  STORE_VALUES(store_number(ACCOUNTS_SHOWN)), add_account, view);
	HTML_PUT(view->out, "</tbody>\n</table>\n");
	return r;
}
