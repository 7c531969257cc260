/* SPDX-License-Identifier: MIT */
#include "tools/server/api/pull.h"

#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "control/base64.h"
#include "control/envelope.h"
#include "control/freshness.h"
#include "tools/server/http/http.h"
#include "tools/server/http/prefer.h"
#include "tools/server/policy/published.h"
#include "tools/server/api/roots.h"
#include "tools/server/http/server.h"
#include "tools/server/people/setting.h"

#define HEADER_MAX 64u

static void etag_text(int64_t version, char ret_text[HEADER_MAX])
{
	snprintf(ret_text, HEADER_MAX, "\"%" PRId64 "\"", version);
}

/* Whether If-None-Match has the version (RFC 9110, 13.1.2). */
static bool is_known(struct slice tags, int64_t version)
{
	char etag[HEADER_MAX];

	etag_text(version, etag);
	while (tags.at) {
		struct slice tag = slice_trim(slice_cut(&tags, ','));

		if (slice_starts_with(tag, "W/"))
			tag = slice_part(tag, strlen("W/"), SIZE_MAX);
		if (slice_is(tag, etag))
			return true;
	}
	return false;
}

static int write_freshness(const struct request *request, const struct published_newest *newest,
			   struct buf *out)
{
	uint64_t now_s = realtime_ns() / SECOND_NS, fresh_s;
	int r = setting_read(request->store, SETTING_FRESHNESS, &fresh_s);

	if (r < 0)
		return r;
	struct freshness freshness = { .bundle = slice_of(request->agent.bundle),
				       .version = (uint64_t)newest->version,
				       .issued_s = now_s,
				       .expires_s = now_s + fresh_s };

	memcpy(freshness.release_digest, newest->digest, SHA256_SIZE);
	return freshness_write(&freshness, &request->server->freshness, out);
}

static int add_headers(const struct request *request, struct reply *reply,
		       const struct published_newest *newest, struct slice note)
{
	SCOPED(buf_done) struct buf fresh = BUF_MAX(REPLY_HEADER_MAX);
	char etag[HEADER_MAX];

	etag_text(newest->version, etag);
	base64_write(note.at, note.length, &fresh);
	reply_header(reply, MHD_HTTP_HEADER_ETAG, slice_of(etag));
	reply_header(reply, "Policy-Fresh", buf_view(&fresh));
	return roots_add_header(request->store, reply);
}

static int send_envelope(const struct request *request, const struct published_newest *newest,
			 struct slice fresh, struct reply *reply)
{
	SCOPED(published_text_done) struct published_text text = { .note = { NULL, 0, 0, 0, 0 } };
	int r = published_read(request->store, slice_of(request->agent.bundle), newest->version,
			       &text);

	if (r < 0)
		return r;
	struct envelope envelope = { fresh, buf_view(&text.note), buf_view(&text.source) };
	reply->status = MHD_HTTP_OK;
	reply->type = ENVELOPE_TYPE;
	return envelope_write(&envelope, &reply->body);
}

static int send_policy(const struct request *request, const struct published_newest *newest,
		       struct reply *reply)
{
	SCOPED(buf_done) struct buf fresh = BUF_MAX(FRESHNESS_NOTE_MAX);
	int r = write_freshness(request, newest, &fresh);

	if (r == 0)
		r = add_headers(request, reply, newest, buf_view(&fresh));
	if (r < 0)
		return r;
	if (!is_known(http_header(request, MHD_HTTP_HEADER_IF_NONE_MATCH), newest->version))
		return send_envelope(request, newest, buf_view(&fresh), reply);
	reply->status = MHD_HTTP_NOT_MODIFIED;
	return 0;
}

/* Whether the answer comes later: there is nothing new, and the machine would wait. */
static bool is_held(const struct request *request, const struct published_newest *newest,
		    uint64_t wait_s, struct reply *reply)
{
	uint64_t until_ns;

	if (!prefer_until(request, wait_s, &until_ns) ||
	    (newest->version > 0 &&
	     !is_known(http_header(request, MHD_HTTP_HEADER_IF_NONE_MATCH), newest->version)))
		return false;
	reply->hold = (struct hold){ .until_ns = until_ns, .version = newest->version };
	memcpy(reply->hold.bundle, request->agent.bundle, sizeof(reply->hold.bundle));
	return true;
}

/* At once only where that cannot wait: the threads that answer have connections to serve. */
static int see(const struct request *request)
{
	struct slice state = http_header(request, "Agent-State");

	return sightings_add(&request->server->sightings, &request->agent, state)
		       ? 0
		       : agent_see(request->store, &request->agent, state);
}

int pull_answer(const struct request *request, struct reply *reply)
{
	uint64_t wait_s = prefer_wait_s(request, PULL_WAIT_S);
	struct published_newest newest;
	int r = published_newest(request->store, slice_of(request->agent.bundle), &newest);

	if (r == 0 && !request->was_held)
		r = see(request);
	if (r < 0 || is_held(request, &newest, wait_s, reply))
		return r;
	prefer_applied(reply, wait_s);
	if (newest.version > 0)
		return send_policy(request, &newest, reply);
	reply_problem(reply, MHD_HTTP_NOT_FOUND, "the bundle of this machine has no policy yet");
	return 0;
}
