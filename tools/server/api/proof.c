/* SPDX-License-Identifier: MIT */
#include "tools/server/api/proof.h"

#include <errno.h>
#include <microhttpd.h>

#include "control/base64.h"
#include "control/line.h"
#include "tools/command/json.h"
#include "tools/server/http/http.h"
#include "tools/server/record/ledger.h"
#include "tools/server/http/server.h"

static int show_note(void *context, const struct store_value *columns, size_t count)
{
	struct reply *reply = context;

	(void)count;
	reply->status = MHD_HTTP_OK;
	reply->type = "text/plain; charset=utf-8";
	buf_clear(&reply->body);
	buf_add_slice(&reply->body, columns[0].bytes);
	return 0;
}

int proof_of_state(const struct request *request, struct reply *reply)
{
	reply_problem(reply, MHD_HTTP_NOT_FOUND, "there is no checkpoint yet");
	return store_run(request->store,
			 "SELECT note FROM log_checkpoint WHERE log = $1"
			 " ORDER BY size DESC LIMIT 1",
			 STORE_VALUES(store_number(request->server->log_number)), show_note, reply);
}

/* A number that may be missing, and is at most `max`.  -EINVAL. */
static int read_argument(const struct request *request, const char *name, uint64_t max,
			 uint64_t *number)
{
	struct slice text = http_argument(request, name);

	if (text.at && line_number(text, number) < 0)
		return -EINVAL;
	return *number <= max ? 0 : -EINVAL;
}

static void add_hash(struct buf *out, const char *name, const struct tree_hash *hash)
{
	char room[64];
	struct buf text = BUF_OVER(room);

	base64_write(hash->bytes, SHA256_SIZE, &text);
	json_text(out, name, buf_view(&text));
}

static void add_hashes(struct buf *out, const struct tree_proof *proof)
{
	json_open(out, "hashes", '[');
	for (size_t i = 0; i < proof->count; i++)
		add_hash(out, NULL, &proof->hashes[i]);
	json_close(out, ']');
}

int proof_of_leaf(const struct request *request, struct reply *reply)
{
	struct ledger_place place = { request->store, request->server->log_number };
	const struct tree_source source = { ledger_find, &place };
	uint64_t last, size, leaf = UINT64_MAX;
	struct tree_proof proof;
	struct tree_hash hash;
	int r = ledger_signed_size(place.store, place.log, &last);

	if (r < 0)
		return r;
	size = last;
	if (read_argument(request, "size", last, &size) < 0 || size == 0 ||
	    read_argument(request, "leaf", size - 1, &leaf) < 0) {
		reply_problem(reply, MHD_HTTP_BAD_REQUEST,
			      "leaf is less than size, and size at most the newest checkpoint's");
		return 0;
	}
	r = ledger_find(&place, 0, leaf, &hash);
	if (r == 0)
		r = tree_prove_leaf(&source, leaf, size, &proof);
	if (r < 0)
		return r;
	struct buf *out = reply_object(reply, MHD_HTTP_OK);
	json_number(out, "leaf", leaf);
	json_number(out, "size", size);
	add_hash(out, "hash", &hash);
	add_hashes(out, &proof);
	reply_object_end(reply);
	return 0;
}

int proof_of_growth(const struct request *request, struct reply *reply)
{
	struct ledger_place place = { request->store, request->server->log_number };
	const struct tree_source source = { ledger_find, &place };
	uint64_t last, to, from = UINT64_MAX;
	struct tree_proof proof;
	int r = ledger_signed_size(place.store, place.log, &last);

	if (r < 0)
		return r;
	to = last;
	if (read_argument(request, "to", last, &to) < 0 ||
	    read_argument(request, "from", to, &from) < 0) {
		reply_problem(reply, MHD_HTTP_BAD_REQUEST,
			      "from is at most to, and to at most the newest checkpoint's size");
		return 0;
	}
	r = tree_prove_growth(&source, from, to, &proof);
	if (r < 0)
		return r;
	struct buf *out = reply_object(reply, MHD_HTTP_OK);
	json_number(out, "from", from);
	json_number(out, "to", to);
	add_hashes(out, &proof);
	reply_object_end(reply);
	return 0;
}
