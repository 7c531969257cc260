/* SPDX-License-Identifier: MIT */
#include "tools/server/http/response.h"

#include <microhttpd.h>

/* Of every answer that does not say otherwise. */
static const char *const HEADERS[][2] = {
	{ MHD_HTTP_HEADER_CACHE_CONTROL, "no-store" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
};

static bool has_header(const struct reply *reply, const char *name)
{
	for (size_t i = 0; i < reply->header_count; i++) {
		if (slice_is(slice_of(name), reply->headers[i].name))
			return true;
	}
	return false;
}

/* Takes the body over: a second copy of it would live until the slowest reader has it. */
static struct MHD_Response *give_body(struct reply *reply)
{
	if (!reply->body.at)
		return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	struct MHD_Response *response = MHD_create_response_from_buffer(
		reply->body.length, reply->body.at, MHD_RESPMEM_MUST_FREE);
	if (response)
		reply->body = (struct buf)BUF_MAX(REPLY_BODY_MAX);
	return response;
}

struct MHD_Response *response_new(struct reply *reply, const struct buf *allowed)
{
	struct MHD_Response *response = give_body(reply);

	if (!response)
		return NULL;
	for (size_t i = 0; i < COUNT_OF(HEADERS); i++) {
		if (!has_header(reply, HEADERS[i][0]))
			MHD_add_response_header(response, HEADERS[i][0], HEADERS[i][1]);
	}
	if (reply->type)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
	for (size_t i = 0; i < reply->header_count; i++)
		MHD_add_response_header(response, reply->headers[i].name,
					buf_text(&reply->headers[i].value));
	if (reply->closes)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	if (allowed->length > 0)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, buf_text(allowed));
	if (reply->status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	return response;
}
