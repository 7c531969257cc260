/* SPDX-License-Identifier: MIT */
/* GET /v1/events/{agent}/{event}: one event, and where the log has it. */
#include <errno.h>
#include <microhttpd.h>

#include "tools/command/json.h"
#include "tools/server/record/event_json.h"
#include "tools/server/api/events.h"
#include "control/note.h"
#include "tools/server/record/known_log.h"
#include "tools/server/record/ledger.h"
#include "tools/server/record/retained.h"

struct showing {
	struct reply *reply;
	int64_t leaf, log;
};

static int show(void *context, const struct search_event *event)
{
	struct showing *showing = context;

	showing->leaf = event->leaf;
	showing->log = event->log;
	event_json_add(reply_object(showing->reply, MHD_HTTP_OK), event, true);
	return showing->reply->body.failed;
}

static int show_delivery(void *context, const struct store_value *columns, size_t count)
{
	struct buf *out = context;

	(void)count;
	json_text(out, "part", columns[0].bytes);
	json_number(out, "offset", (uint64_t)columns[1].number);
	json_number(out, "length", (uint64_t)columns[2].number);
	json_number(out, "first_leaf", (uint64_t)columns[3].number);
	json_number(out, "leaves", (uint64_t)columns[4].number);
	return out->failed;
}

/* That the leaf is in the tree of the newest checkpoint, once there is one that has it. */
static int show_proof(struct ledger_place place, const struct known_log *known, int64_t leaf,
		      struct buf *out)
{
	SCOPED(buf_done) struct buf note = BUF_MAX(NOTE_SIZE_MAX);
	const struct tree_source source = { ledger_find, &place };
	struct tree_proof proof;

	if ((uint64_t)leaf >= known->size)
		return 0;
	int r = tree_prove_leaf(&source, (uint64_t)leaf, known->size, &proof);
	if (r == 0)
		r = known_log_checkpoint(place.store, place.log, known->size, &note);
	if (r < 0)
		return r;
	json_number(out, "size", known->size);
	json_text(out, "checkpoint", buf_view(&note));
	json_open(out, "proof", '[');
	for (size_t i = 0; i < proof.count; i++) {
		char room[2 * SHA256_SIZE + 1];
		struct buf hash = BUF_OVER(room);

		buf_add_hex(&hash, proof.hashes[i].bytes, SHA256_SIZE);
		json_text(out, NULL, buf_view(&hash));
	}
	json_close(out, ']');
	return 0;
}

static int show_place(struct ledger_place place, int64_t leaf, struct buf *out)
{
	struct known_log known;
	int r = known_log_numbered(place.store, place.log, &known);

	if (r < 0)
		return r == -ENOENT ? -EUCLEAN : r;
	json_open(out, "log", '{');
	json_text(out, "name", slice_of(known.name));
	json_text(out, "key", slice_of(known.key));
	json_number(out, "leaf", (uint64_t)leaf);
	if (r >= 0)
		r = store_run(place.store,
			      "SELECT part, start, length, first_leaf, leaves FROM record_delivery"
			      " WHERE log = $1 AND first_leaf <= $2"
			      " ORDER BY first_leaf DESC LIMIT 1",
			      STORE_VALUES(store_number(place.log), store_number(leaf)),
			      show_delivery, out);
	if (r >= 0)
		r = show_proof(place, &known, leaf, out);
	json_close(out, '}');
	return r;
}

/* What of a boot is gone cannot be told from what never was. */
static int miss(const struct request *request, struct reply *reply)
{
	bool may_be_gone;
	int r = retained_may_have_had(request->store, request->parts[0], request->parts[1],
				      &may_be_gone);

	if (may_be_gone)
		reply_problem(reply, MHD_HTTP_GONE,
			      "it is not here: old records of that machine were let go of");
	else
		reply_problem(reply, MHD_HTTP_NOT_FOUND, "there is no such event");
	return r;
}

int events_show(const struct request *request, struct reply *reply)
{
	struct showing showing = { .reply = reply };
	int r = search_event_one(request->store, request->parts[0], request->parts[1], show,
				 &showing);

	if (r == -ENOENT)
		return miss(request, reply);
	if (r == 0)
		r = show_place((struct ledger_place){ request->store, showing.log }, showing.leaf,
			       &reply->body);
	reply_object_end(reply);
	return r < 0 ? r : 0;
}
