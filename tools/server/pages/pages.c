/* SPDX-License-Identifier: MIT */
/* The table of pages. */
#include "tools/server/pages/pages.h"

#include "tools/server/pages/asset.h"
#include "tools/server/people/scope.h"

#define VIEW_ANSWER(method, path, page, roles, lane, body_max)                                     \
	static int answer_##page(const struct request *request, struct reply *reply)               \
	{                                                                                          \
		static const struct view_page PAGE = { page, roles };                              \
                                                                                                   \
		return view_answer(&PAGE, request, reply);                                         \
	}
VIEWS(VIEW_ANSWER)
#undef VIEW_ANSWER

/* Who may see a page is asked where it is written: the browser is sent elsewhere, not refused. */
const struct route PAGES[] = {
#define VIEW_ROUTE(method, path, page, roles, lane, body_max)                                      \
	{ method, path, answer_##page, ROUTE_ANYBODY, lane, body_max, SCOPE_NONE },
	VIEWS(VIEW_ROUTE)
#undef VIEW_ROUTE
		{ "GET", "/static/{name}", asset_answer, ROUTE_ANYBODY, LANE_NONE, 0, SCOPE_NONE },
	{ .method = NULL },
};

void pages_refuse(const struct request *request, unsigned int status, const char *detail,
		  struct reply *reply)
{
	view_refuse_request(request, status, detail, reply);
}
