/* SPDX-License-Identifier: MIT */
/* One page for one person: who asks, and what all pages have in common.  Every page is whole without
 * scripts, and allows none but the server's own (Content-Security-Policy). */
#ifndef TOOLS_SERVER_PAGES_VIEW_H
#define TOOLS_SERVER_PAGES_VIEW_H

#include "tools/server/pages/form.h"
#include "tools/server/pages/html.h"
#include "tools/server/pages/session.h"

#define VIEW_FORM_MAX   (4 * KIB) /* a body of a form that has a few fields */
#define VIEW_WRONG_SIZE 512u

struct view {
	const struct request *request;
	struct reply *reply;
	struct buf *out; /* the body, once view_begin was called */
	bool is_part;    /* it is a part of a page, without what all pages have */
	struct session session;
	bool has_session;
	struct form form; /* what came behind the path, or in the body of a POST */
	int64_t now_ns;   /* since 1970 */
	const char *done; /* what was done just now, which the page says; NULL: nothing */
	const char
		*wrong_field; /* whose input cannot be taken, "" for no one field's; NULL: it can */
	char wrong[VIEW_WRONG_SIZE];
};

/* Writes a page.  A negative errno becomes a page that says so. */
typedef int (*view_fn)(struct view *view);

/* Which person may see it, and what writes it. */
struct view_page {
	view_fn write;
	unsigned int roles; /* ROUTE_ANYBODY: whoever is not logged in, too */
};

/* Answers with the page.  Who has no session is sent to log in, from where he comes back; a POST is
 * refused unless it comes from a page of this server, and with its session's word where there is a
 * session. */
int view_answer(const struct view_page *page, const struct request *request, struct reply *reply);

/* The input cannot be taken: the page that begins next says `text` and has status 422, and the field is marked
 * (field.h). */
void view_wrong(struct view *view, const char *field, const char *text);

/* Begins a page of status 200, up to where its own part begins; `title` is a literal or lives until then.
 * `section` is the path of the part of the site to which it belongs. */
void view_begin(struct view *view, const char *section, struct slice title);

/* The page becomes one that says why there is none. */
void view_refuse(struct view *view, unsigned int status, const char *detail);

/* A request that no page answers becomes such a page (route_refuse_fn). */
void view_refuse_request(const struct request *request, unsigned int status, const char *detail,
			 struct reply *reply);

/* Sends the browser on to a path of this server (303). */
void view_send_to(struct view *view, struct slice path);

/* Whether `path` is one of this server's, to which a browser may be sent. */
bool view_is_own_path(struct slice path);

/* A field of the form; `at` is NULL when it has none of that name. */
struct slice view_field(const struct view *view, const char *name);

/* Appends the hidden field that a form of POST brings back. */
void view_add_form_word(struct view *view);

/* Appends a moment. */
void view_add_time(struct view *view, int64_t ns);

/* Whether the person has one of the roles. */
bool view_may(const struct view *view, unsigned int roles);

#endif
