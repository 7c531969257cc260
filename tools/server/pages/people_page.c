/* SPDX-License-Identifier: MIT */
/* The page of all accounts and groups, and what administrators add to them. */
#include <errno.h>
#include <stdio.h>

#include "tools/command/password.h"
#include "tools/server/pages/act.h"
#include "tools/server/pages/field.h"
#include "tools/server/pages/pages.h"
#include "tools/server/pages/people_parts.h"
#include "tools/server/people/account.h"

#define ACCOUNTS_SHOWN 1000
#define PATH_SIZE      128u

/* The columns of the query. */
enum column { NAME, ROLE, CREATED, DISABLED, LAST_LOGIN };

static const struct field ACCOUNT = {
	.name = "account",
	.label = "Account",
	.hint = "Small letters, digits, dots, dashes and underscores.",
	.length_max = NAME_PLAIN_MAX,
	.is_needed = true,
};

static const struct field GROUP = {
	.name = "group",
	.label = "Group",
	.hint = "Small letters, digits, dots, dashes and underscores.",
	.length_max = NAME_PLAIN_MAX,
	.is_needed = true,
};

static int add_plain_group(struct store *store, const struct deed *deed)
{
	return name_is_plain(slice_of(deed->subject)) ? deed_group_add(store, deed) : -EDOM;
}

static const struct act_case CASES[] = {
	{ -ENOENT, "there is no such group" },
	{ -EEXIST, "there is one of that name already" },
	{ -EDOM, "a name has small letters, digits, dots, dashes and underscores" },
	{ .text = NULL },
};

static const struct act ACTS[] = {
	{ .word = "add",
	  .name = "Add the group",
	  .work = add_plain_group,
	  .field = "group",
	  .is_field_subject = true,
	  .done = "The group was added. Its members are added on their own pages.",
	  .cases = CASES },
	{ .word = "remove",
	  .name = "Take away",
	  .work = deed_group_remove,
	  .field = "group",
	  .is_field_subject = true,
	  .question = "Take the group {} away?",
	  .means = "Rules that name it ask and trust nobody by it. The accounts in it stay.",
	  .done = "The group is gone.",
	  .cases = CASES },
	{ .word = NULL },
};

static int show_people(struct view *view);

static const struct acts GROUP_ACTS = { ACTS, "/people", show_people };

static int add_word(void *context, const struct store_value *columns, size_t count)
{
	struct view *view = context;

	(void)count;
	HTML(view->out, "<li>{}</li>", html_text(columns[0].bytes));
	return 0;
}

/* By its name and its number; the account's page has all of it. */
static int add_key(void *context, const struct store_value *columns, size_t count)
{
	struct view *view = context;
	struct slice verifier = columns[0].bytes, name = slice_cut(&verifier, '+');

	(void)count;
	HTML(view->out, "<li><code>{}", html_text(name));
	if (verifier.at)
		HTML(view->out, "+{}", html_text(slice_cut(&verifier, '+')));
	HTML_PUT(view->out, "</code>");
	if (columns[1].kind != STORE_NULL)
		HTML_PUT(view->out, " <span class=\"chip plain\">revoked</span>");
	HTML_PUT(view->out, "</li>");
	return 0;
}

static int add_lists(struct view *view, struct slice account)
{
	struct store *store = view->request->store;

	HTML_PUT(view->out, "<td data-label=\"Groups\"><ul class=\"keys\">");
	int r = store_run(store,
			  "SELECT account_group FROM account_group_member WHERE account = $1"
			  " ORDER BY account_group",
			  STORE_VALUES(store_text(account)), add_word, view);
	HTML_PUT(view->out, "</ul></td><td data-label=\"Keys\"><ul class=\"keys\">");
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
	HTML(view->out,
	     "<tr><th scope=\"row\"><a href=\"/people/{}\">{}</a></th><td data-label=\"Role\">{}</td><td data-label=\"State\">",
	     html_url(columns[NAME].bytes), html_text(columns[NAME].bytes),
	     html_text(columns[ROLE].bytes));
	people_add_state(view->out, columns[DISABLED].number);
	HTML_PUT(view->out, "</td><td data-label=\"Made\">");
	view_add_time(view, columns[CREATED].number);
	HTML_PUT(view->out, "</td><td data-label=\"Last log-in\">");
	view_add_time(view, columns[LAST_LOGIN].number);
	HTML_PUT(view->out, "</td>");
	return add_lists(view, columns[NAME].bytes);
}

static int add_accounts(struct view *view)
{
	HTML_PUT(view->out,
		 "<table class=\"stacked\">\n<caption>Accounts of this server</caption>\n"
		 "<thead><tr><th scope=\"col\">Account</th><th scope=\"col\">Role</th>"
		 "<th scope=\"col\">State</th><th scope=\"col\">Made</th>"
		 "<th scope=\"col\">Last log-in</th><th scope=\"col\">Groups</th>"
		 "<th scope=\"col\">Keys</th></tr></thead>\n<tbody>\n");
	int r = store_run(view->request->store,
			  "SELECT account.name, account.role, account.created,"
			  " coalesce(account.disabled, 0),"
			  " coalesce(visit.last, 0) FROM account LEFT JOIN"
			  " (SELECT subject, max(time) AS last FROM audit WHERE action = 'login'"
			  " GROUP BY subject) AS visit ON visit.subject = account.name"
			  " ORDER BY account.name LIMIT $1",
			  STORE_VALUES(store_number(ACCOUNTS_SHOWN)), add_account, view);
	HTML_PUT(view->out, "</tbody>\n</table>\n");
	return r;
}

static int add_group(void *context, const struct store_value *columns, size_t count)
{
	struct view *view = context;
	struct slice name = columns[0].bytes;

	(void)count;
	HTML(view->out,
	     "<tr><th scope=\"row\">{}</th><td data-label=\"Members\"><ul class=\"keys\">",
	     html_text(name));
	int r = store_run(view->request->store,
			  "SELECT account FROM account_group_member WHERE account_group = $1"
			  " ORDER BY account",
			  STORE_VALUES(store_text(name)), add_word, view);
	HTML_PUT(view->out, "</ul></td><td class=\"act\">");
	if (view_may(view, ROLE_ADMINISTRATOR))
		act_add_button(view, &GROUP_ACTS, "remove", "/groups", name);
	HTML_PUT(view->out, "</td></tr>\n");
	return r;
}

static int add_groups(struct view *view)
{
	int64_t groups = 0;
	int r = store_run(view->request->store, "SELECT count(*) FROM account_group",
			  STORE_NO_VALUES, store_take_number, &groups);

	HTML_PUT(view->out, "<h2>Groups</h2>\n");
	if (r == 0 && groups == 0)
		HTML_PUT(view->out, "<p class=\"empty\">There are no groups. Rules name them where "
				    "they ask people.</p>\n");
	if (r < 0 || groups == 0)
		return r;
	HTML_PUT(view->out,
		 "<table class=\"stacked\">\n<thead><tr><th scope=\"col\">Group</th>"
		 "<th scope=\"col\">Members</th>"
		 "<th scope=\"col\"><span class=\"spoken\">Take away</span></th></tr></thead>\n"
		 "<tbody>\n");
	r = store_run(view->request->store, "SELECT name FROM account_group ORDER BY name",
		      STORE_NO_VALUES, add_group, view);
	HTML_PUT(view->out, "</tbody>\n</table>\n");
	return r;
}

static void add_forms(struct view *view)
{
	HTML_PUT(view->out, "<div class=\"cards\">\n<section aria-labelledby=\"add-account\">\n"
			    "<h2 id=\"add-account\">Add an account</h2>\n");
	field_begin_form(view, "/people", SLICE(""), "");
	field_add(view, &ACCOUNT);
	people_add_roles(view, "viewer");
	field_add(view, &PEOPLE_PASSWORD);
	field_end_form(view, "Add the account");
	HTML_PUT(view->out, "</section>\n<section aria-labelledby=\"add-group\">\n"
			    "<h2 id=\"add-group\">Add a group</h2>\n");
	field_begin_form(view, "/groups", SLICE(""), "/add");
	field_add(view, &GROUP);
	field_end_form(view, "Add the group");
	HTML_PUT(view->out, "</section>\n</div>\n");
}

static int show_people(struct view *view)
{
	view_begin(view, "/people", SLICE("People"));
	int r = people_add_warning(view);

	if (r == 0)
		r = add_accounts(view);
	if (r == 0)
		r = add_groups(view);
	if (r == 0 && view_may(view, ROLE_ADMINISTRATOR))
		add_forms(view);
	return r;
}

int people_view(struct view *view)
{
	act_tell(view, &GROUP_ACTS);
	return show_people(view);
}

int group_post(struct view *view)
{
	return act_do(view, &GROUP_ACTS, view->request->parts[0], SLICE(""), SLICE("/people"));
}

/* What is wrong with a new account, beside its password. */
static bool is_right(struct view *view, const char *name, const char *role)
{
	struct error error = { .text = "" };

	if (account_check_name(name, &error) < 0)
		view_wrong(view, ACCOUNT.name, error.text);
	else if (account_check_role(role, &error) < 0)
		view_wrong(view, PEOPLE_ROLE.name, error.text);
	return !view->wrong_field;
}

static void copy_field(const struct view *view, const char *field, char ret_copy[PATH_SIZE])
{
	struct slice text = slice_part(slice_trim(view_field(view, field)), 0, PATH_SIZE - 1);

	snprintf(ret_copy, PATH_SIZE, "%.*s", SLICE_ARGUMENTS(text));
}

int people_post(struct view *view)
{
	SCOPED(secret_done) struct buf password = BUF_MAX(PASSWORD_MAX);
	char name[PATH_SIZE], role[PATH_SIZE], back[2 * PATH_SIZE];
	struct people_password given = {
		.work = deed_account_add,
		.deed = { person_actor(&view->session.person), name, role, SLICE("") },
		.password = &password,
	};

	copy_field(view, ACCOUNT.name, name);
	copy_field(view, PEOPLE_ROLE.name, role);
	int r = is_right(view, name, role) ? people_set_password(view, &given) : -EDOM;
	if (r == -EEXIST)
		view_wrong(view, ACCOUNT.name, "there is an account of that name already");
	if (view->wrong_field)
		return show_people(view);
	if (r < 0)
		return r;
	snprintf(back, sizeof(back), "/people/%s", name);
	if (given.is_made)
		people_show_password(view, name, buf_view(&password));
	else
		act_send_back(view, slice_of(back), "added");
	return 0;
}
