/* SPDX-License-Identifier: MIT */
#include "tools/server/http/reply.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>

#include "tools/command/json.h"

#define DETAIL_MAX 200u

void reply_done(struct reply *reply)
{
	while (reply->header_count > 0)
		buf_done(&reply->headers[--reply->header_count].value);
	buf_done(&reply->body);
}

void reply_header(struct reply *reply, const char *name, struct slice value)
{
	if (reply->header_count == REPLY_HEADERS_MAX) {
		reply->body.failed = -E2BIG;
		return;
	}
	struct reply_header *header = &reply->headers[reply->header_count++];
	*header = (struct reply_header){ name, BUF_MAX(REPLY_HEADER_MAX) };
	buf_add_slice(&header->value, value);
	if (header->value.failed)
		reply->body.failed = header->value.failed;
}

void reply_text(struct reply *reply, unsigned int status, const char *text)
{
	reply->status = status;
	reply->type = "text/plain; charset=utf-8";
	buf_clear(&reply->body);
	buf_add_text(&reply->body, text);
}

struct buf *reply_object(struct reply *reply, unsigned int status)
{
	reply->status = status;
	reply->type = "application/json";
	buf_clear(&reply->body);
	json_open(&reply->body, NULL, '{');
	return &reply->body;
}

void reply_object_end(struct reply *reply)
{
	json_close(&reply->body, '}');
	json_end(&reply->body);
}

struct buf *reply_problem_open(struct reply *reply, unsigned int status, const char *detail)
{
	struct buf *out = reply_object(reply, status);

	reply->type = "application/problem+json";
	json_text(out, "title", slice_of(MHD_get_reason_phrase_for(status)));
	json_number(out, "status", status);
	json_text_if(out, "detail", slice_of(detail));
	return out;
}

void reply_problem(struct reply *reply, unsigned int status, const char *detail)
{
	reply_problem_open(reply, status, detail);
	reply_object_end(reply);
}

void reply_failure(struct reply *reply, unsigned int status, const char *detail, const char *why)
{
	reply_problem(reply, status, detail);
	snprintf(reply->why, sizeof(reply->why), "%s", why);
}

bool reply_trouble_passes(int code)
{
	return code == -ENOTCONN || code == -ECONNREFUSED || code == -EAGAIN || code == -ETIMEDOUT;
}

int reply_by_case(struct reply *reply, const struct reply_case *cases, size_t count, int code)
{
	for (size_t i = 0; i < count; i++) {
		if (cases[i].code == code) {
			reply_problem(reply, cases[i].status, cases[i].detail);
			return 0;
		}
	}
	return code;
}

void reply_wait(struct reply *reply, const char *what, uint64_t wait_s)
{
	char detail[DETAIL_MAX], seconds[DETAIL_MAX];

	snprintf(seconds, sizeof(seconds), "%" PRIu64, wait_s);
	reply_header(reply, MHD_HTTP_HEADER_RETRY_AFTER, slice_of(seconds));
	snprintf(detail, sizeof(detail), "%s: try again in %" PRIu64 " seconds", what, wait_s);
	reply_problem(reply, MHD_HTTP_TOO_MANY_REQUESTS, detail);
}
