/* SPDX-License-Identifier: MIT */
/* The page of one account, for administrators and auditors, and what administrators do to it. */
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>

#include "tools/command/password.h"
#include "tools/server/pages/act.h"
#include "tools/server/pages/field.h"
#include "tools/server/pages/pages.h"
#include "tools/server/pages/people_parts.h"
#include "tools/server/people/account.h"

#define PATH_SIZE 128u

/* So that nobody does it by the enter key alone. */
static const struct field SURE = {
	.name = "sure",
	.label = "Yes, its log-ins end",
	.is_needed = true,
};

/* An account as it is shown. */
struct sight {
	char role[PERSON_ROLE_SIZE];
	int64_t created_ns, disabled_ns, login_ns;
};

static int take_account(void *context, const struct store_value *columns, size_t count)
{
	struct sight *sight = context;

	(void)count;
	snprintf(sight->role, sizeof(sight->role), "%.*s", SLICE_ARGUMENTS(columns[0].bytes));
	sight->created_ns = columns[1].number;
	sight->disabled_ns = columns[2].number;
	sight->login_ns = columns[3].number;
	return 0;
}

/* -ENOENT. */
static int read_sight(struct store *store, struct slice account, struct sight *ret_sight)
{
	*ret_sight = (struct sight){ .role = "" };
	int r = store_run(store,
			  "SELECT role, created, coalesce(disabled, 0), coalesce((SELECT max(time)"
			  " FROM audit WHERE action = 'login' AND subject = $1), 0)"
			  " FROM account WHERE name = $1",
			  STORE_VALUES(store_text(account)), take_account, ret_sight);

	return r < 0 ? r : ret_sight->role[0] ? 0 : -ENOENT;
}

static int set_role(struct store *store, const struct deed *deed)
{
	return person_role(slice_of(deed->object)) ? deed_account_role(store, deed) : -EDOM;
}

static const struct act_case ACCOUNT_CASES[] = {
	{ -ENOENT, "there is no such account" },
	{ -EDOM, "this is no role" },
	{ -EPERM, "this is the last administrator who can log in, and stays one" },
	{ .text = NULL },
};

static const struct act_case GROUP_CASES[] = {
	{ -ENOENT, "it is no member, or there is no such group" },
	{ -ESRCH, "there is no such account" },
	{ -EEXIST, "it is a member already" },
	{ .text = NULL },
};

static const struct act_case KEY_CASES[] = {
	{ -ENOENT, "the account has no such key, or it is revoked" },
	{ .text = NULL },
};

static const struct act ACTS[] = {
	{ .word = "role",
	  .name = "Give this role",
	  .work = set_role,
	  .field = "role",
	  .done = "The account has another role.",
	  .cases = ACCOUNT_CASES },
	{ .word = "disable",
	  .name = "Disable",
	  .work = deed_account_disable,
	  .question = "Disable {}?",
	  .means = "Its log-ins and its API tokens end for good, nobody can log in to it, and its "
		   "signatures count no more. It can be enabled again.",
	  .done = "The account is disabled.",
	  .cases = ACCOUNT_CASES },
	{ .word = "enable",
	  .name = "Enable",
	  .work = deed_account_enable,
	  .done = "The account can be used again, with the password and the keys that it had.",
	  .cases = ACCOUNT_CASES },
	{ .word = "join",
	  .name = "Add to the group",
	  .work = deed_member_add,
	  .field = "group",
	  .is_field_subject = true,
	  .done = "It is a member of the group.",
	  .cases = GROUP_CASES },
	{ .word = "leave",
	  .name = "Take out",
	  .work = deed_member_remove,
	  .field = "group",
	  .is_field_subject = true,
	  .question = "Take the account out of the group {}?",
	  .means = "Rules that name the group ask and trust it no more.",
	  .done = "It is no member of the group any more.",
	  .cases = GROUP_CASES },
	{ .word = "key-revoke",
	  .name = "Revoke",
	  .work = deed_key_revoke,
	  .field = "key",
	  .is_field_subject = true,
	  .question = "Revoke the key {}?",
	  .means = "Nothing that it signed counts any more, drafts included, and it stays revoked. "
		   "Machines believe it until a root of the authors leaves it out.",
	  .done = "The key is revoked.",
	  .cases = KEY_CASES },
	PEOPLE_TOKEN_REVOKE,
	{ .word = "password", .done = "The account has another password; its log-ins ended." },
	{ .word = "added", .done = "The account was added." },
	{ .word = NULL },
};

static int show_account(struct view *view);

static const struct acts ACCOUNT_ACTS = { ACTS, "/people", show_account };

static void add_facts(struct view *view, const struct sight *sight)
{
	struct buf *out = view->out;

	HTML(out, "<dl class=\"facts\">\n<dt>Role</dt><dd>{}</dd>\n<dt>State</dt><dd>",
	     html_word(sight->role));
	people_add_state(out, sight->disabled_ns);
	HTML_PUT(out, "</dd>\n<dt>Made</dt><dd>");
	view_add_time(view, sight->created_ns);
	HTML_PUT(out, "</dd>\n<dt>Last log-in</dt><dd>");
	view_add_time(view, sight->login_ns);
	HTML_PUT(out, "</dd>\n</dl>\n");
}

static void add_forms(struct view *view, const struct sight *sight, const char *path)
{
	struct slice account = view->request->parts[0];

	HTML_PUT(view->out, "<h2>Change it</h2>\n<div class=\"cards\">\n");
	field_begin_form(view, "/people/", account, "/role");
	people_add_roles(view, sight->role);
	field_end_form(view, "Give this role");
	field_begin_form(view, "/people/", account, "/password");
	/* for what keeps passwords, which has to know whose it is */
	HTML(view->out,
	     "<input type=\"text\" name=\"account\" autocomplete=\"username\" value=\"{}\" "
	     "hidden>\n",
	     html_text(account));
	field_add(view, &PEOPLE_PASSWORD);
	field_add_check(view, &SURE);
	field_end_form(view, "Give it another password");
	HTML(view->out, "<div class=\"card\"><p>{}</p>\n",
	     html_word(sight->disabled_ns
			       ? "It is disabled: nobody can log in to it."
			       : "Whoever is disabled cannot log in, and signs nothing."));
	act_add_button(view, &ACCOUNT_ACTS, sight->disabled_ns ? "enable" : "disable", path,
		       account);
	HTML_PUT(view->out, "</div>\n</div>\n");
}

/* Rows of a list, each with a button where the person may. */
struct listing {
	struct view *view;
	const char *path, *act;
};

static int add_group(void *context, const struct store_value *columns, size_t count)
{
	const struct listing *listing = context;

	(void)count;
	HTML(listing->view->out, "<li><span>{}</span>", html_text(columns[0].bytes));
	if (view_may(listing->view, ROLE_ADMINISTRATOR))
		act_add_button(listing->view, &ACCOUNT_ACTS, "leave", listing->path,
			       columns[0].bytes);
	HTML_PUT(listing->view->out, "</li>\n");
	return 0;
}

static int add_choice(void *context, const struct store_value *columns, size_t count)
{
	struct view *view = context;

	(void)count;
	field_add_choice(view, &PEOPLE_GROUP, columns[0].bytes);
	return 0;
}

static int add_join_form(struct view *view)
{
	struct slice account = view->request->parts[0];
	int64_t others = 0;
	struct store_values values = STORE_VALUES(store_text(account));
	int r = store_run(view->request->store,
			  "SELECT count(*) FROM account_group WHERE name NOT IN (SELECT"
			  " account_group FROM account_group_member WHERE account = $1)",
			  values, store_take_number, &others);

	if (r < 0 || others == 0)
		return r;
	field_begin_form(view, "/people/", account, "/join");
	field_begin_choices(view, &PEOPLE_GROUP);
	r = store_run(view->request->store,
		      "SELECT name FROM account_group WHERE name NOT IN (SELECT account_group"
		      " FROM account_group_member WHERE account = $1) ORDER BY name",
		      values, add_choice, view);
	field_end_choices(view, &PEOPLE_GROUP);
	field_end_form(view, "Add to the group");
	return r;
}

static int add_groups(struct listing *listing)
{
	struct view *view = listing->view;

	HTML_PUT(view->out, "<h2>Groups</h2>\n<ul class=\"rows\">\n");
	int r = store_run(view->request->store,
			  "SELECT account_group FROM account_group_member WHERE account = $1"
			  " ORDER BY account_group",
			  STORE_VALUES(store_text(view->request->parts[0])), add_group, listing);
	HTML_PUT(view->out, "</ul>\n");
	return r == 0 && view_may(view, ROLE_ADMINISTRATOR) ? add_join_form(view) : r;
}

static int add_key(void *context, const struct store_value *columns, size_t count)
{
	const struct listing *listing = context;
	struct buf *out = listing->view->out;

	(void)count;
	HTML(out, "<li><code>{}</code>", html_text(columns[0].bytes));
	if (columns[1].kind != STORE_NULL)
		HTML_PUT(out, " <span class=\"chip plain\">revoked</span>");
	else if (view_may(listing->view, ROLE_ADMINISTRATOR))
		act_add_button(listing->view, &ACCOUNT_ACTS, "key-revoke", listing->path,
			       columns[0].bytes);
	HTML_PUT(out, "</li>\n");
	return 0;
}

static int add_keys(struct listing *listing)
{
	struct buf *out = listing->view->out;

	HTML_PUT(out, "<h2>Keys</h2>\n<p>With these it signs policies. Administrators add one with "
		      "<code>chaperone-server user key</code>.</p>\n<ul class=\"rows\">\n");
	int r = store_run(listing->view->request->store,
			  "SELECT verifier, revoked FROM author_key WHERE account = $1"
			  " ORDER BY created, verifier",
			  STORE_VALUES(store_text(listing->view->request->parts[0])), add_key,
			  listing);
	HTML_PUT(out, "</ul>\n");
	return r;
}

static int refuse(struct view *view)
{
	view->wrong_field = NULL;
	view_refuse(view, MHD_HTTP_NOT_FOUND, "There is no such account.");
	return 0;
}

/* `ret_is_there` is false where there is no such account, and the page says so. */
static int read_or_refuse(struct view *view, struct sight *sight, bool *ret_is_there)
{
	int r = read_sight(view->request->store, view->request->parts[0], sight);

	*ret_is_there = r == 0;
	return r == -ENOENT ? refuse(view) : r;
}

static int show_account(struct view *view)
{
	struct slice account = view->request->parts[0];
	char path[PATH_SIZE];
	struct listing listing = { .view = view, .path = path };
	struct sight sight;
	bool is_there;
	int r = read_or_refuse(view, &sight, &is_there);

	if (r < 0 || !is_there)
		return r;
	snprintf(path, sizeof(path), "/people/%.*s", SLICE_ARGUMENTS(account));
	view_begin(view, "/people", account);
	HTML_PUT(view->out, "<p class=\"links\"><a href=\"/people\">All accounts</a></p>\n");
	add_facts(view, &sight);
	if (view_may(view, ROLE_ADMINISTRATOR))
		add_forms(view, &sight, path);
	r = people_add_warning(view);
	if (r == 0)
		r = add_groups(&listing);
	if (r == 0)
		r = add_keys(&listing);
	HTML_PUT(view->out, "<h2>API tokens</h2>\n");
	return r < 0 ? r
		     : people_add_tokens(view, account,
					 view_may(view, ROLE_ADMINISTRATOR) ? &ACCOUNT_ACTS : NULL,
					 path);
}

int account_view(struct view *view)
{
	act_tell(view, &ACCOUNT_ACTS);
	return show_account(view);
}

static void back_to(const struct view *view, char ret_path[PATH_SIZE])
{
	snprintf(ret_path, PATH_SIZE, "/people/%.*s",
		 SLICE_ARGUMENTS(slice_part(view->request->parts[0], 0, NAME_PLAIN_MAX)));
}

int account_post(struct view *view)
{
	char back[PATH_SIZE];

	back_to(view, back);
	return act_do(view, &ACCOUNT_ACTS, view->request->parts[1], view->request->parts[0],
		      slice_of(back));
}

int account_password_post(struct view *view)
{
	SCOPED(secret_done) struct buf password = BUF_MAX(PASSWORD_MAX);
	struct people_password given = { .password = &password, .work = deed_account_password };
	struct slice account = view->request->parts[0];
	char name[NAME_PLAIN_MAX + 1], back[PATH_SIZE];

	if (account.length > NAME_PLAIN_MAX)
		return refuse(view);
	back_to(view, back);
	snprintf(name, sizeof(name), "%.*s", SLICE_ARGUMENTS(account));
	given.deed = (struct deed){ person_actor(&view->session.person), name, NULL, SLICE("") };
	if (!slice_is(view_field(view, SURE.name), FIELD_CHECKED)) {
		view_wrong(view, SURE.name, "this has to be agreed to");
		return show_account(view);
	}
	int r = people_set_password(view, &given);
	if (r < 0)
		return view->wrong_field ? show_account(view) : r == -ENOENT ? refuse(view) : r;
	if (given.is_made)
		people_show_password(view, name, buf_view(&password));
	else
		act_send_back(view, slice_of(back), "password");
	return 0;
}
