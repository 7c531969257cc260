/* SPDX-License-Identifier: MIT */
#include "tools/server/pages/live.h"

#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>

#include "tools/server/http/http.h"

#define TAG_SIZE 64u

/* How long ago something was is said anew at least that often. */
#define SAID_ANEW_NS (60 * SECOND_NS)

int live_begin(struct view *view)
{
	char tag[TAG_SIZE];
	int64_t size = 0;
	int r = store_run(view->request->store,
			  "SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM log_tree",
			  STORE_NO_VALUES, store_take_number, &size);

	if (r < 0)
		return r;
	snprintf(tag, sizeof(tag), "W/\"%" PRId64 "-%" PRId64 "\"", size,
		 view->now_ns / (int64_t)SAID_ANEW_NS);
	reply_header(view->reply, MHD_HTTP_HEADER_ETAG, slice_of(tag));
	reply_header(view->reply, MHD_HTTP_HEADER_CACHE_CONTROL, SLICE("private, no-cache"));
	view->is_part = true;
	if (slice_is(http_header(view->request, MHD_HTTP_HEADER_IF_NONE_MATCH), tag)) {
		view->reply->status = MHD_HTTP_NOT_MODIFIED;
		return 0;
	}
	view->reply->status = MHD_HTTP_OK;
	view->reply->type = "text/html; charset=utf-8";
	view->out = &view->reply->body;
	return 1;
}
