/* SPDX-License-Identifier: MIT */
#include "tools/remote/roots.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define ANSWER_MS 10000
#define PATH_SIZE 64u
#define STATUS_OK 200u

static int take_next(struct enrolled *enrolled, struct remote *remote,
		     const unsigned char held_digest[SHA256_SIZE], struct error *error)
{
	SCOPED(remote_answer_done) struct remote_answer answer = REMOTE_ANSWER(NOTE_SIZE_MAX);
	char path[PATH_SIZE];
	struct remote_request request = { .method = "GET", .path = path, .timeout_ms = ANSWER_MS };

	snprintf(path, sizeof(path), "/v1/roots/%" PRIu64, enrolled->root.version + 1);
	int r = remote_ask(remote, &request, &answer, error);
	if (r < 0)
		return r;
	if (answer.status != STATUS_OK)
		return remote_refused(&answer, error);
	return enrolled_follow(enrolled, buf_view(&answer.body), held_digest, error);
}

int roots_walk(struct enrolled *enrolled, struct remote *remote, uint64_t newest,
	       const unsigned char held_digest[SHA256_SIZE], struct error *error)
{
	if (newest < enrolled->root.version)
		return error_set(
			error, -EBADMSG,
			"the server says that root %" PRIu64
			" of the authors is the newest, and this machine has root %" PRIu64,
			newest, enrolled->root.version);
	for (unsigned int i = 0; i < ROOTS_AT_ONCE && enrolled->root.version < newest; i++) {
		int r = take_next(enrolled, remote, held_digest, error);

		if (r < 0)
			return r;
	}
	return 0;
}
