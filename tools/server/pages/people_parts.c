/* SPDX-License-Identifier: MIT */
#include "tools/server/pages/people_parts.h"

#include <errno.h>
#include <sodium.h>

#include "tools/command/password.h"
#include "tools/server/people/author.h"
#include "tools/server/people/password.h"
#include "tools/server/people/person.h"
#include "tools/server/people/account.h"

const struct field PEOPLE_PASSWORD = {
	.name = "password",
	.label = "Password",
	.hint = "At least 12 characters; left empty, one is made and shown once.",
	.type = "password",
	.autocomplete = "new-password",
	.length_max = PASSWORD_MAX,
};

const struct field PEOPLE_GROUP = {
	.name = "group",
	.label = "Group",
	.length_max = NAME_PLAIN_MAX,
	.is_needed = true,
};

const struct field PEOPLE_ROLE = {
	.name = "role",
	.label = "Role",
	.hint = "Viewers look; approvers, authors and auditors do that as well; administrators do "
		"everything.",
	.is_needed = true,
};

const struct act_case PEOPLE_TOKEN_CASES[] = {
	{ -ENOENT, "the account has no such token" },
	{ .text = NULL },
};

void people_add_state(struct buf *out, int64_t disabled_ns)
{
	if (disabled_ns)
		HTML_PUT(out, "<span class=\"chip bad\">disabled</span>");
	else
		HTML_PUT(out, "<span class=\"chip good\">active</span>");
}

void people_add_roles(struct view *view, const char *current)
{
	static const char *const NAMES[] = {
#define ROLE_NAME(role, bit, name) name,
		ROLES(ROLE_NAME)
#undef ROLE_NAME
	};
	struct field field = PEOPLE_ROLE;

	field.usual = current;
	field_begin_choices(view, &field);
	for (size_t i = 0; i < COUNT_OF(NAMES); i++)
		field_add_choice(view, &field, slice_of(NAMES[i]));
	field_end_choices(view, &field);
}

/* Tokens as they are listed. */
struct listing {
	struct view *view;
	const struct acts *acts;
	const char *path;
	size_t count;
};

/* The columns of the query. */
enum column { ID, NAME, SCOPE, MADE, EXPIRES };

static int add_token(void *context, const struct store_value *columns, size_t count)
{
	struct listing *listing = context;
	struct view *view = listing->view;
	struct buf *out = view->out;

	(void)count;
	if (listing->count++ == 0)
		HTML_PUT(out, "<table class=\"stacked\">\n<thead><tr><th scope=\"col\">Token</th>"
			      "<th scope=\"col\">What it is for</th><th scope=\"col\">Scopes</th>"
			      "<th scope=\"col\">Made</th><th scope=\"col\">Ends</th>"
			      "<th scope=\"col\"><span class=\"spoken\">Revoke</span></th></tr>"
			      "</thead>\n<tbody>\n");
	HTML(out,
	     "<tr><th scope=\"row\"><code>{}</code></th><td data-label=\"What it is for\">{}</td><td data-label=\"Scopes\">{}</td><td data-label=\"Made\">",
	     html_text(columns[ID].bytes), html_text(columns[NAME].bytes),
	     html_text(columns[SCOPE].bytes));
	view_add_time(view, columns[MADE].number);
	HTML_PUT(out, "</td><td data-label=\"Ends\">");
	view_add_time(view, columns[EXPIRES].number);
	HTML_PUT(out, "</td><td class=\"act\">");
	if (listing->acts)
		act_add_button(view, listing->acts, "token-revoke", listing->path,
			       columns[ID].bytes);
	HTML_PUT(out, "</td></tr>\n");
	return 0;
}

int people_add_tokens(struct view *view, struct slice account, const struct acts *acts,
		      const char *path)
{
	struct listing listing = { view, acts, path, 0 };
	int r = store_run(view->request->store,
			  "SELECT id, name, scopes, made, expires FROM api_token"
			  " WHERE account = $1 AND expires > $2 ORDER BY made, id",
			  STORE_VALUES(store_text(account), store_number(view->now_ns)), add_token,
			  &listing);

	if (listing.count > 0)
		HTML_PUT(view->out, "</tbody>\n</table>\n");
	else
		HTML_PUT(view->out, "<p class=\"empty\">There are none.</p>\n");
	return r;
}

static int take_password(struct view *view, struct people_password *given)
{
	struct slice password = view_field(view, PEOPLE_PASSWORD.name);
	char made[PASSWORD_SIZE];
	struct error error = { .text = "" };

	if (password.length > 0) {
		int r = account_check_password(password, &error);

		if (r < 0)
			view_wrong(view, PEOPLE_PASSWORD.name, error.text);
		else
			buf_add_slice(given->password, password);
		return r < 0 ? -EDOM : given->password->failed;
	}
	given->is_made = true;
	password_make(made);
	buf_add_text(given->password, made);
	sodium_memzero(made, sizeof(made));
	return given->password->failed;
}

static int work(struct store *store, void *context)
{
	const struct people_password *given = context;

	return given->work(store, &given->deed);
}

int people_set_password(struct view *view, struct people_password *given)
{
	int r = take_password(view, given);

	if (r < 0)
		return r;
	given->deed.password = buf_view(given->password);
	return store_transact(view->request->store, work, given);
}

void people_add_secret(struct buf *out, const char *name, struct slice secret)
{
	HTML(out, "<pre class=\"secret wraps\" tabindex=\"0\" aria-label=\"{}\">{}</pre>\n",
	     html_word(name), html_text(secret));
}

void people_show_password(struct view *view, const char *account, struct slice password)
{
	view->done = "It is done. The password is shown this once: hand it over by a way that "
		     "nobody else reads.";
	view_begin(view, "/people", slice_of(account));
	people_add_secret(view->out, "Password", password);
	HTML(view->out, "<p class=\"links\"><a href=\"/people/{}\">Go to the account</a></p>\n",
	     html_word(account));
}

int people_add_warning(struct view *view)
{
	uint64_t threshold, accounts;
	int r = author_threshold(view->request->store, &threshold);

	if (r == 0)
		r = author_accounts(view->request->store, &accounts);
	if (r == 0 && accounts < threshold)
		HTML(view->out,
		     "<p class=\"bad\" role=\"note\">Nothing can be published now: it takes {} "
		     "accounts that sign, and {} have a key that counts.</p>\n",
		     html_number((int64_t)threshold), html_number((int64_t)accounts));
	return r;
}
