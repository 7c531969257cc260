/* SPDX-License-Identifier: MIT */
#include "tools/server/api/proof.h"

#include <errno.h>
#include <microhttpd.h>

#include "control/base64.h"
#include "control/line.h"
#include "tools/command/json.h"
#include "tools/server/http/http.h"
#include "tools/server/record/known_log.h"
#include "tools/server/record/ledger.h"
#include "tools/server/http/server.h"

/* The log that is asked for by its name, or this server's; 404 where there is none of that name: 0 as well. */
static int find_log(const struct request *request, struct reply *reply, struct known_log *ret_known)
{
	struct slice name = http_argument(request, "log");
	int r = name.at ? known_log_named(request->store, name, ret_known)
			: known_log_numbered(request->store, request->server->log_number,
					     ret_known);

	if (r != -ENOENT)
		return r;
	reply_problem(reply, MHD_HTTP_NOT_FOUND, "there is no such log: GET /v1/logs names them");
	return 0;
}

int proof_of_state(const struct request *request, struct reply *reply)
{
	struct known_log known;
	int r = find_log(request, reply, &known);

	if (r < 0 || known.log == 0)
		return r;
	reply->status = MHD_HTTP_OK;
	reply->type = "text/plain; charset=utf-8";
	r = known_log_checkpoint(request->store, known.log, 0, &reply->body);
	if (r != -ENOENT)
		return r;
	reply_problem(reply, MHD_HTTP_NOT_FOUND, "there is no checkpoint yet");
	return 0;
}

struct naming {
	const struct request *request;
	struct buf *out;
	int64_t after;
	size_t count;
};

static int name_log(void *context, const struct known_log *known)
{
	struct naming *naming = context;

	naming->after = known->log;
	naming->count++;
	json_open(naming->out, NULL, '{');
	json_text(naming->out, "log", slice_of(known->name));
	json_text(naming->out, "key", slice_of(known->key));
	json_number(naming->out, "size", known->size);
	json_bool(naming->out, "own", known->log == naming->request->server->log_number);
	json_close(naming->out, '}');
	return naming->out->failed;
}

int proof_logs(const struct request *request, struct reply *reply)
{
	struct naming naming = { .request = request, .out = reply_object(reply, MHD_HTTP_OK) };
	int r;

	json_open(naming.out, "logs", '[');
	do {
		naming.count = 0;
		r = known_log_each(request->store, naming.after, name_log, &naming);
	} while (r == 0 && naming.count > 0);
	json_close(naming.out, ']');
	reply_object_end(reply);
	return r;
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

/* Which log it is, and whose signature is on its checkpoints. */
static struct buf *open_proof(struct reply *reply, const struct known_log *known)
{
	struct buf *out = reply_object(reply, MHD_HTTP_OK);

	json_text(out, "log", slice_of(known->name));
	json_text(out, "key", slice_of(known->key));
	return out;
}

int proof_of_leaf(const struct request *request, struct reply *reply)
{
	struct known_log known;
	struct tree_proof proof;
	struct tree_hash hash;
	int r = find_log(request, reply, &known);

	if (r < 0 || known.log == 0)
		return r;
	struct ledger_place place = { request->store, known.log };
	const struct tree_source source = { ledger_find, &place };
	uint64_t size = known.size, leaf = UINT64_MAX;
	if (read_argument(request, "size", known.size, &size) < 0 || size == 0 ||
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
	struct buf *out = open_proof(reply, &known);
	json_number(out, "leaf", leaf);
	json_number(out, "size", size);
	add_hash(out, "hash", &hash);
	add_hashes(out, &proof);
	reply_object_end(reply);
	return 0;
}

int proof_of_growth(const struct request *request, struct reply *reply)
{
	struct known_log known;
	struct tree_proof proof;
	int r = find_log(request, reply, &known);

	if (r < 0 || known.log == 0)
		return r;
	struct ledger_place place = { request->store, known.log };
	const struct tree_source source = { ledger_find, &place };
	uint64_t to = known.size, from = UINT64_MAX;
	if (read_argument(request, "to", known.size, &to) < 0 ||
	    read_argument(request, "from", to, &from) < 0) {
		reply_problem(reply, MHD_HTTP_BAD_REQUEST,
			      "from is at most to, and to at most the newest checkpoint's size");
		return 0;
	}
	r = tree_prove_growth(&source, from, to, &proof);
	if (r < 0)
		return r;
	struct buf *out = open_proof(reply, &known);
	json_number(out, "from", from);
	json_number(out, "to", to);
	add_hashes(out, &proof);
	reply_object_end(reply);
	return 0;
}
