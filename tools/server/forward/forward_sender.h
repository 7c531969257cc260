/* SPDX-License-Identifier: MIT */
/* Requests to a receiver, over HTTPS with libcurl, and what its answers mean. */
#ifndef TOOLS_SERVER_FORWARD_FORWARD_SENDER_H
#define TOOLS_SERVER_FORWARD_FORWARD_SENDER_H

#include <curl/curl.h>

#include "common/error.h"
#include "tools/server/forward/forward.h"

struct forward_sender;

enum sending_end {
	SENDING_TAKEN,
	SENDING_AGAIN,     /* later */
	SENDING_TOO_LARGE, /* of less than that maybe */
	SENDING_REFUSED,   /* the receiver will never take it */
};

struct sending {
	enum sending_end end;
	unsigned int status;          /* of the answer; 0: there was none */
	uint64_t after_s;             /* SENDING_AGAIN: what the receiver asks for; 0: nothing */
	uint64_t rejected;            /* SENDING_TAKEN: how many events it did not take */
	char said[FORWARD_ERROR_MAX]; /* what went wrong, or what the receiver says; "" */
};

/* Checks what a forward is sent to: https://HOST…, or http:// for this machine, without a user or a
 * password; and appends it to `ret_url`, for OTLP with the path /v1/logs where it has none. */
must_use int forward_url_read(const char *url, enum forward_kind kind,
			      char ret_url[FORWARD_URL_MAX], struct error *error);

/* Made of the forward's settings; curl_global_init was called. */
must_use int forward_sender_new(const struct forward *forward, struct forward_sender **ret_sender);
void forward_sender_free(struct forward_sender *sender);
DEFINE_FREEP(struct forward_sender, forward_sender_freep, forward_sender_free)

/* Begins a request with `body`, which outlives it.  It is the caller's to perform; what came of it is
 * then given to forward_sender_end. */
CURL *forward_sender_begin(struct forward_sender *sender, struct slice body);
void forward_sender_end(struct forward_sender *sender, CURLcode code, struct sending *ret_sending);

#endif
