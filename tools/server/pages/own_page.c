/* SPDX-License-Identifier: MIT */
/* The page of who looks at it: the tokens of programs that act for this person. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>

#include "control/key.h"
#include "tools/server/pages/act.h"
#include "tools/server/pages/field.h"
#include "tools/server/pages/pages.h"
#include "tools/server/pages/people_parts.h"
#include "tools/server/people/scope.h"

#define TEXT_SIZE  128u
#define SECRET_MAX 256u

static const struct field NAME = {
	.name = "name",
	.label = "What it is for",
	.hint = "One line, which says so in lists.",
	.length_max = API_TOKEN_NAME_MAX,
};

static const struct field SCOPE = {
	.name = "scope",
	.label = "What it may do",
	.hint = "Read: look at whatever you may look at; policy: push drafts and sign them.",
	.usual = "read",
	.is_needed = true,
};

static const struct field LIFE = {
	.name = "expires",
	.label = "For how long",
	.hint = "A duration such as 12h or 30d, of 366d at most.",
	.usual = "30d",
	.length_max = 16,
	.is_needed = true,
};

static const struct act ACTS[] = {
	PEOPLE_TOKEN_REVOKE,
	{ .word = NULL },
};

static int show_own(struct view *view);

static const struct acts OWN_ACTS = { ACTS, "/account", show_own };

static void add_scopes(struct view *view)
{
	static const char *const CHOICES[] = { "read", "policy", "read,policy" };
	unsigned int scopes;

	field_begin_choices(view, &SCOPE);
	for (size_t i = 0; i < COUNT_OF(CHOICES); i++) {
		struct slice choice = slice_of(CHOICES[i]);

		if (scopes_read(choice, &scopes) == 0 &&
		    scopes_fit(scopes, view->session.person.role))
			field_add_choice(view, &SCOPE, choice);
	}
	field_end_choices(view, &SCOPE);
}

static int show_own(struct view *view)
{
	struct slice account = slice_of(view->session.person.account);

	view_begin(view, "/account", SLICE("Your account"));
	HTML(view->out,
	     "<dl class=\"facts\">\n<dt>Account</dt><dd>{}</dd>\n<dt>Role</dt><dd>{}</dd>\n</dl>\n"
	     "<h2>Your API tokens</h2>\n<p>Programs that act for you show one. Each ends, and is "
	     "good for its scopes alone.</p>\n",
	     html_text(account), html_word(person_role_name(view->session.person.role)));
	int r = people_add_tokens(view, account, &OWN_ACTS, "/account");
	HTML_PUT(view->out, "<h2>Make a token</h2>\n");
	field_begin_form(view, "/account", SLICE(""), "");
	field_add(view, &NAME);
	add_scopes(view);
	field_add(view, &LIFE);
	field_end_form(view, "Make the token");
	return r;
}

int own_view(struct view *view)
{
	act_tell(view, &OWN_ACTS);
	return show_own(view);
}

int own_post(struct view *view)
{
	return act_do(view, &OWN_ACTS, view->request->parts[0],
		      slice_of(view->session.person.account), SLICE("/account"));
}

/* A token that is asked for, with room for its texts. */
struct order {
	struct api_token token;
	struct audit_actor actor;
	char name[API_TOKEN_NAME_MAX + 1], life[TEXT_SIZE];
};

static void order_done(struct order *order)
{
	sodium_memzero(order, sizeof(*order));
}

static int work(struct store *store, void *context)
{
	const struct order *order = context;

	return deed_token_make(store, order->actor, &order->token);
}

/* False: something in the form is wrong. */
static bool read_order(struct view *view, struct order *order)
{
	struct slice name = slice_trim(view_field(view, NAME.name));
	struct slice life = slice_trim(view_field(view, LIFE.name));
	uint64_t life_ns = 0;

	snprintf(order->life, sizeof(order->life), "%.*s", SLICE_ARGUMENTS(life));
	if (!api_token_is_name(name))
		view_wrong(view, NAME.name, "it is one line of at most 64 bytes");
	else if (scopes_read(view_field(view, SCOPE.name), &order->token.scopes) < 0)
		view_wrong(view, SCOPE.name, "it is read, policy, or both");
	else if (life.length >= sizeof(order->life) ||
		 api_token_read_life(order->life, &life_ns) < 0)
		view_wrong(view, LIFE.name, "a duration such as 12h or 30d, of 366d at most");
	if (view->wrong_field)
		return false;
	snprintf(order->name, sizeof(order->name), "%.*s", SLICE_ARGUMENTS(name));
	order->token.account = view->session.person.account;
	order->token.name = order->name;
	order->token.expires_ns = view->now_ns + (int64_t)life_ns;
	order->actor = person_actor(&view->session.person);
	api_token_make(&order->token);
	return true;
}

static void show_token(struct view *view, const struct api_token *token)
{
	SCOPED(secret_done) struct buf secret = BUF_MAX(SECRET_MAX);

	api_token_write(token, &secret);
	view->done = "The token was made. It is shown this once.";
	view_begin(view, "/account", SLICE("Your new token"));
	people_add_secret(view->out, "Token", buf_view(&secret));
	HTML(view->out,
	     "<dl class=\"facts\">\n<dt>Called</dt><dd><code>{}</code></dd>\n<dt>Ends</dt><dd>",
	     html_word(token->id));
	view_add_time(view, token->expires_ns);
	HTML_PUT(view->out, "</dd>\n</dl>\n<p class=\"links\"><a href=\"/account\">Go to your "
			    "account</a></p>\n");
}

int token_post(struct view *view)
{
	SCOPED(order_done) struct order order = { .name = "" };

	if (!read_order(view, &order))
		return show_own(view);
	int r = store_transact(view->request->store, work, &order);
	if (r == -EACCES)
		view_wrong(view, SCOPE.name, "your role may not do all of that");
	else if (r == -EDQUOT)
		view_wrong(view, "", "you have 32 tokens: revoke one first");
	if (view->wrong_field)
		return show_own(view);
	if (r == 0)
		show_token(view, &order.token);
	return r;
}
