/* SPDX-License-Identifier: MIT */
#include "tools/server/pages/view.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "tools/server/http/http.h"
#include "tools/server/pages/asset.h"
#include "tools/server/http/server.h"

#define NEXT_MAX 2000u

#define BUSY    "The server has too much to do, or its database does not answer. Try again in a while."
#define TROUBLE "The server has a trouble of its own: chaperone-server check tells more."

static const struct {
	const char *name, *value;
} HEADERS[] = {
	{ "Content-Security-Policy",
	  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
	  "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'" },
	{ "X-Frame-Options", "DENY" },
	{ "Strict-Transport-Security", "max-age=31536000" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	/* Without a referrer a form of this page would have no origin either (Fetch, 3.1). */
	{ "Referrer-Policy", "same-origin" },
	{ "Permissions-Policy", "camera=(), geolocation=(), microphone=()" },
	{ "Vary", "Cookie" },
};

/* Parts of the site, as every page lists them. */
static const struct {
	const char *path, *name;
	unsigned int roles;
} SECTIONS[] = {
	{ "/", "Overview", ROUTE_PEOPLE },         { "/record", "Record", ROUTE_PEOPLE },
	{ "/policies", "Policies", ROUTE_PEOPLE }, { "/agents", "Agents", ROUTE_PEOPLE },
	{ "/people", "People", ROUTE_AUDITORS },   { "/settings", "Settings", ROUTE_AUDITORS },
	{ "/log", "Log", ROUTE_AUDITORS },
};

bool view_may(const struct view *view, unsigned int roles)
{
	return view->has_session && view->session.person.role & roles;
}

struct slice view_field(const struct view *view, const char *name)
{
	return form_value(&view->form, name);
}

void view_add_form_word(struct view *view)
{
	HTML(view->out, "<input type=\"hidden\" name=\"form\" value=\"{}\">",
	     html_word(view->session.form));
}

void view_add_time(struct view *view, int64_t ns)
{
	html_add_time(view->out, ns, view->now_ns);
}

static void add_head(struct view *view, struct slice title)
{
	struct buf *out = view->out;

	HTML_PUT(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta name=\"color-scheme\" content=\"light dark\">\n");
	/* htmx: no style of its own, no code in attributes, requests to this server alone, nothing kept */
	HTML_PUT(out,
		 "<meta name=\"htmx-config\" content=\"{&quot;includeIndicatorStyles&quot;:false,"
		 "&quot;allowEval&quot;:false,&quot;selfRequestsOnly&quot;:true,"
		 "&quot;historyEnabled&quot;:false,&quot;allowScriptTags&quot;:false}\">\n");
	HTML(out, "<title>{} · Chaperone</title>\n", html_text(title));
	asset_add_links(out);
	HTML_PUT(out, "</head>\n");
}

static void add_sections(struct view *view, const char *current)
{
	struct buf *out = view->out;

	HTML_PUT(out, "<nav aria-label=\"Sections\"><ul>\n");
	for (size_t i = 0; i < COUNT_OF(SECTIONS); i++) {
		if (!view_may(view, SECTIONS[i].roles))
			continue;
		HTML(out, "<li><a href=\"{}\"", html_word(SECTIONS[i].path));
		if (strcmp(SECTIONS[i].path, current) == 0)
			HTML_PUT(out, " aria-current=\"page\"");
		HTML(out, ">{}</a></li>\n", html_word(SECTIONS[i].name));
	}
	HTML_PUT(out, "</ul></nav>\n");
}

static void add_person(struct view *view, const char *current)
{
	const struct person *person = &view->session.person;

	HTML_PUT(view->out, "<form class=\"person\" method=\"post\" action=\"/logout\">"
			    "<a href=\"/account\"");
	if (strcmp(current, "/account") == 0)
		HTML_PUT(view->out, " aria-current=\"page\"");
	HTML(view->out, "><b>{}</b> <small>{}</small></a>", html_word(person->account),
	     html_word(person_role_name(person->role)));
	view_add_form_word(view);
	HTML_PUT(view->out, "<button class=\"quiet\">Log out</button></form>\n");
}

static void begin(struct view *view, unsigned int status, const char *section, struct slice title)
{
	view->reply->status = status;
	view->reply->type = "text/html; charset=utf-8";
	view->out = &view->reply->body;
	view->is_part = false;
	buf_clear(view->out);
	add_head(view, title);
	HTML_PUT(view->out, "<body>\n<a class=\"skip\" href=\"#content\">Skip to the content</a>\n"
			    "<header>\n<a class=\"brand\" href=\"/\">Chaperone</a>\n");
	if (view->has_session) {
		add_sections(view, section);
		add_person(view, section);
	}
	HTML(view->out, "</header>\n<main id=\"content\" tabindex=\"-1\">\n<h1>{}</h1>\n",
	     html_text(title));
}

static void end(struct view *view)
{
	HTML(view->out, "</main>\n<footer>{} · all times in UTC</footer>\n</body>\n</html>\n",
	     html_word(view->request->server->name));
}

void view_wrong(struct view *view, const char *field, const char *text)
{
	view->wrong_field = field;
	snprintf(view->wrong, sizeof(view->wrong), "%s", text);
}

/* What came of the form that led here. */
static void add_outcome(struct view *view)
{
	if (view->wrong_field && view->wrong_field[0])
		HTML(view->out,
		     "<p class=\"bad\" role=\"alert\">Nothing was changed: "
		     "<a href=\"#field-{}\">{}</a></p>\n",
		     html_word(view->wrong_field), html_word(view->wrong));
	else if (view->wrong_field)
		HTML(view->out, "<p class=\"bad\" role=\"alert\">Nothing was changed: {}</p>\n",
		     html_word(view->wrong));
	else if (view->done)
		HTML(view->out, "<p class=\"good\" role=\"status\">{}</p>\n",
		     html_word(view->done));
}

void view_begin(struct view *view, const char *section, struct slice title)
{
	begin(view, view->wrong_field ? MHD_HTTP_UNPROCESSABLE_CONTENT : MHD_HTTP_OK, section,
	      title);
	add_outcome(view);
}

void view_refuse(struct view *view, unsigned int status, const char *detail)
{
	begin(view, status, "", slice_of(MHD_get_reason_phrase_for(status)));
	HTML(view->out, "<p role=\"alert\">{}</p>\n<p><a href=\"/\">Go to the overview</a></p>\n",
	     html_word(detail));
}

void view_send_to(struct view *view, struct slice path)
{
	view->out = NULL;
	view->reply->type = NULL;
	buf_clear(&view->reply->body);
	view->reply->status = MHD_HTTP_SEE_OTHER;
	reply_header(view->reply, MHD_HTTP_HEADER_LOCATION, path);
}

/* No other host hides behind a second slash, which browsers read backslashes as, too. */
bool view_is_own_path(struct slice path)
{
	if (path.length == 0 || path.length > NEXT_MAX || path.at[0] != '/' ||
	    (path.length > 1 && path.at[1] == '/'))
		return false;
	for (size_t i = 0; i < path.length; i++) {
		if (path.at[i] <= ' ' || path.at[i] > '~' || path.at[i] == '\\')
			return false;
	}
	return true;
}

static void send_to_log_in(struct view *view)
{
	SCOPED(buf_done) struct buf path = BUF_MAX(NEXT_MAX);
	SCOPED(buf_done) struct buf query = BUF_MAX(NEXT_MAX);
	SCOPED(buf_done) struct buf target = BUF_MAX(4 * NEXT_MAX);

	buf_add_slice(&path, view->request->path);
	http_query(view->request, &query);
	if (query.length > 0) {
		buf_add_char(&path, '?');
		buf_add_slice(&path, buf_view(&query));
	}
	buf_add_text(&target, "/login");
	if (!path.failed && !query.failed && slice_is(view->request->method, "GET") &&
	    view_is_own_path(buf_view(&path)) && path.length > 1)
		HTML(&target, "?next={}", html_url(buf_view(&path)));
	view_send_to(view, buf_view(&target));
}

static int read_form(struct view *view)
{
	SCOPED(buf_done) struct buf query = BUF_MAX(FORM_MAX);

	if (slice_is(view->request->method, "POST"))
		return form_read(view->request->body, &view->form);
	http_query(view->request, &query);
	return query.failed ? query.failed : form_read(buf_view(&query), &view->form);
}

/* Whether a POST may do what it asks for. */
static bool is_own_post(const struct view *view)
{
	return session_is_own_site(view->request) &&
	       (!view->has_session ||
		session_is_own_form(&view->session, view_field(view, "form")));
}

static void refuse_foreign(struct view *view)
{
	view_refuse(view, MHD_HTTP_FORBIDDEN,
		    "This was not sent by a page of this server that you have open. Go back, load "
		    "the page again and repeat what you did.");
}

static int write_page(const struct view_page *page, struct view *view)
{
	int r = session_recognise(view->request, &view->session);

	if (r < 0 && r != -EACCES)
		return r;
	view->has_session = r == 0;
	if (read_form(view) < 0)
		view_refuse(view, MHD_HTTP_BAD_REQUEST, "What was sent is no form.");
	else if (slice_is(view->request->method, "POST") && !is_own_post(view))
		refuse_foreign(view);
	else if (page->roles != ROUTE_ANYBODY && !view->has_session)
		send_to_log_in(view);
	else if (page->roles != ROUTE_ANYBODY && !view_may(view, page->roles))
		view_refuse(view, MHD_HTTP_FORBIDDEN, "This is not for accounts of your role.");
	else
		return page->write(view);
	return 0;
}

static void add_headers(struct reply *reply)
{
	for (size_t i = 0; i < COUNT_OF(HEADERS); i++)
		reply_header(reply, HEADERS[i].name, slice_of(HEADERS[i].value));
}

/* What people are told in place of what programs are. */
static const struct {
	unsigned int status;
	const char *text;
} REFUSALS[] = {
	{ MHD_HTTP_NOT_FOUND, "There is no such page. It may have been moved, or its address is "
			      "not complete." },
	{ MHD_HTTP_METHOD_NOT_ALLOWED, "This address is for forms of other pages: it cannot be "
				       "opened by itself." },
	{ MHD_HTTP_CONTENT_TOO_LARGE, "What was sent is longer than this page takes." },
	{ MHD_HTTP_SERVICE_UNAVAILABLE, BUSY },
	{ MHD_HTTP_INTERNAL_SERVER_ERROR, TROUBLE },
};

void view_refuse_request(const struct request *request, unsigned int status, const char *detail,
			 struct reply *reply)
{
	struct view view = { .request = request, .reply = reply };
	const char *text = detail ? detail : "";

	for (size_t i = 0; i < COUNT_OF(REFUSALS); i++) {
		if (REFUSALS[i].status == status)
			text = REFUSALS[i].text;
	}
	view.has_session = request->store && session_recognise(request, &view.session) == 0;
	reply_done(reply);
	*reply = (struct reply)REPLY_EMPTY;
	view_refuse(&view, status, text);
	add_headers(reply);
	end(&view);
}

int view_answer(const struct view_page *page, const struct request *request, struct reply *reply)
{
	struct view view = { .request = request,
			     .reply = reply,
			     .form = FORM_EMPTY,
			     .now_ns = (int64_t)realtime_ns() };
	int r = write_page(page, &view);

	form_done(&view.form);
	add_headers(reply);
	if (r < 0) {
		bool passes = reply_trouble_passes(r);

		snprintf(reply->why, sizeof(reply->why), "%s", store_reason(request->store, r));
		view_refuse(&view,
			    passes ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_INTERNAL_SERVER_ERROR,
			    passes ? BUSY : TROUBLE);
	}
	if (view.out && !view.is_part)
		end(&view);
	return 0;
}
