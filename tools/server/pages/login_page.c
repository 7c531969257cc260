/* SPDX-License-Identifier: MIT */
/* The page on which people log in, and the button with which they log out. */
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>

#include "tools/server/pages/pages.h"
#include "tools/server/http/server.h"

#define TROUBLE_MAX 160u
#define WAIT_MAX    32u

static void show_form(struct view *view, const char *trouble)
{
	struct slice next = view_field(view, "next"), account = view_field(view, "account");
	struct buf *out;

	view_begin(view, "", SLICE("Log in"));
	out = view->out;
	HTML(out,
	     "<p>To the Chaperone server {}.</p>\n"
	     "<form class=\"card login\" method=\"post\" action=\"/login\">\n",
	     html_word(view->request->server->name));
	if (trouble)
		HTML(out, "<p id=\"trouble\" role=\"alert\" class=\"bad\">{}</p>\n",
		     html_word(trouble));
	if (view->has_session)
		view_add_form_word(view);
	if (view_is_own_path(next))
		HTML(out, "<input type=\"hidden\" name=\"next\" value=\"{}\">\n", html_text(next));
	HTML(out,
	     "<label for=\"account\">Account</label>\n"
	     "<input id=\"account\" name=\"account\" value=\"{}\" autocomplete=\"username\" "
	     "autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"64\" required autofocus>\n"
	     "<label for=\"password\">Password</label>\n"
	     "<input id=\"password\" name=\"password\" type=\"password\" "
	     "autocomplete=\"current-password\" maxlength=\"1024\" required>\n"
	     "<button>Log in</button>\n</form>\n",
	     html_text(account));
}

int login_view(struct view *view)
{
	show_form(view, NULL);
	return 0;
}

static void refuse(struct view *view, unsigned int status, const char *trouble)
{
	show_form(view, trouble);
	view->reply->status = status;
}

static void refuse_many(struct view *view, uint64_t wait_s)
{
	char trouble[TROUBLE_MAX], seconds[WAIT_MAX];

	snprintf(seconds, sizeof(seconds), "%" PRIu64, wait_s);
	snprintf(trouble, sizeof(trouble),
		 "Too many passwords were wrong. Try again in %s seconds.", seconds);
	refuse(view, MHD_HTTP_TOO_MANY_REQUESTS, trouble);
	reply_header(view->reply, MHD_HTTP_HEADER_RETRY_AFTER, slice_of(seconds));
}

int login_post(struct view *view)
{
	struct slice next = view_field(view, "next");
	struct login login = { .account = view_field(view, "account"),
			       .password = view_field(view, "password") };
	int r = login_check(view->request, &login);

	if (r == -EACCES && login.wait_s > 0)
		refuse_many(view, login.wait_s);
	else if (r == -EACCES)
		refuse(view, MHD_HTTP_FORBIDDEN, "Account or password is not right.");
	if (r < 0)
		return r == -EACCES ? 0 : r;
	r = session_begin(view->request, login.account, view->reply);
	if (r == 0)
		view_send_to(view, view_is_own_path(next) ? next : SLICE("/"));
	return r;
}

int logout_post(struct view *view)
{
	int r = session_end(view->request, &view->session, view->reply);

	view_send_to(view, SLICE("/login"));
	return r;
}
