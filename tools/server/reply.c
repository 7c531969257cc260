/* SPDX-License-Identifier: MIT */
#include "tools/server/reply.h"

#include <microhttpd.h>

#include "tools/command/json.h"

void reply_done(struct reply *reply)
{
	buf_done(&reply->body);
}

void reply_text(struct reply *reply, unsigned int status, const char *text)
{
	reply->status = status;
	reply->type = "text/plain; charset=utf-8";
	buf_clear(&reply->body);
	buf_add_text(&reply->body, text);
}

void reply_problem(struct reply *reply, unsigned int status, const char *detail)
{
	const char *title = MHD_get_reason_phrase_for(status);

	reply->status = status;
	reply->type = "application/problem+json";
	buf_clear(&reply->body);
	json_open(&reply->body, NULL, '{');
	json_text(&reply->body, "title", slice_of(title));
	json_number(&reply->body, "status", status);
	json_text_if(&reply->body, "detail", slice_of(detail));
	json_close(&reply->body, '}');
	json_end(&reply->body);
}
