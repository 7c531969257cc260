/* SPDX-License-Identifier: MIT */
#include "tools/server/api/delivery.h"

#include <errno.h>
#include <microhttpd.h>

#include "tools/command/json.h"
#include "tools/server/record/deposit.h"
#include "tools/server/http/http.h"
#include "tools/server/http/server.h"

/* Both members are also those of a refusal, so that an agent learns from each answer where to go on. */
static void show_position(struct buf *out, const char *member, const struct position *position)
{
	SCOPED(buf_done) struct buf head = BUF_MAX(2 * SHA256_SIZE);

	if (position->is_begun || position->walk.offset > 0)
		buf_add_hex(&head, position->walk.head, SHA256_SIZE);
	json_number(out, member, position->walk.offset);
	json_text(out, "head", buf_view(&head));
}

static void answer_position(struct reply *reply, const struct position *position)
{
	show_position(reply_object(reply, MHD_HTTP_OK), "acked", position);
	reply_object_end(reply);
}

static void answer_conflict(struct reply *reply, const struct deposit *deposit)
{
	struct buf *out = reply_problem_open(reply, MHD_HTTP_CONFLICT, deposit->detail);

	json_text(out, "reason", deposit->end == DEPOSIT_FORK ? SLICE("fork") : SLICE("gap"));
	show_position(out, "expect", &deposit->position);
	reply_object_end(reply);
}

static void answer_end(struct reply *reply, const struct deposit *deposit)
{
	static const unsigned int STATUS[] = {
		[DEPOSIT_TAKEN] = MHD_HTTP_OK,
		[DEPOSIT_KNOWN] = MHD_HTTP_OK,
		[DEPOSIT_GAP] = MHD_HTTP_CONFLICT,
		[DEPOSIT_FORK] = MHD_HTTP_CONFLICT,
		[DEPOSIT_DAMAGE] = MHD_HTTP_BAD_REQUEST,
		[DEPOSIT_LARGE] = MHD_HTTP_CONTENT_TOO_LARGE,
	};

	switch (STATUS[deposit->end]) {
	case MHD_HTTP_OK:
		answer_position(reply, &deposit->position);
		break;
	case MHD_HTTP_CONFLICT:
		answer_conflict(reply, deposit);
		break;
	default:
		reply_problem(reply, STATUS[deposit->end], deposit->detail);
	}
}

/* A number has one spelling. */
static int read_offset(struct slice text, uint64_t *ret_offset)
{
	if (text.length == 0 || (text.length > 1 && text.at[0] == '0'))
		return -EINVAL;
	int r = slice_to_u64(text, ret_offset);
	return r == 0 && *ret_offset > INT64_MAX ? -ERANGE : r;
}

static int see_agent(const struct request *request)
{
	struct slice state = http_header(request, "Agent-State");

	return state.at ? agent_see(request->store, &request->agent, state) : 0;
}

static void count(struct counters *counters, const struct deposit *deposit)
{
	static const enum counter ENDS[] = {
		[DEPOSIT_TAKEN] = COUNTER_DELIVERY_TAKEN,
		[DEPOSIT_KNOWN] = COUNTER_DELIVERY_KNOWN,
		[DEPOSIT_GAP] = COUNTER_DELIVERY_GAP,
		[DEPOSIT_FORK] = COUNTER_DELIVERY_FORK,
		[DEPOSIT_DAMAGE] = COUNTER_DELIVERY_DAMAGE,
		[DEPOSIT_LARGE] = COUNTER_DELIVERY_LARGE,
	};

	counter_add(counters, ENDS[deposit->end], 1);
	if (deposit->end != DEPOSIT_TAKEN)
		return;
	counter_add(counters, COUNTER_DELIVERED_BYTES, deposit->size.bytes);
	counter_add(counters, COUNTER_DELIVERED_ENTRIES, deposit->size.entries);
	counter_add(counters, COUNTER_DELIVERED_STATEMENTS, deposit->size.statements);
}

int delivery_answer(const struct request *request, struct reply *reply)
{
	struct deposit deposit = { .agent = request->agent.id,
				   .log = request->server->log_number,
				   .frame = request->body };

	if (!slice_is(http_header(request, MHD_HTTP_HEADER_CONTENT_ENCODING), "zstd")) {
		reply_problem(reply, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
			      "a delivery has Content-Encoding: zstd");
		return 0;
	}
	if (part_name_read(http_header(request, "Record-Part"), &deposit.name) < 0 ||
	    read_offset(http_header(request, "Record-Offset"), &deposit.start) < 0) {
		reply_problem(reply, MHD_HTTP_BAD_REQUEST,
			      "a delivery has Record-Part (01930c7e-1) and Record-Offset (bytes)");
		return 0;
	}
	pthread_mutex_lock(&request->server->growing);
	int r = deposit_take(request->store, &deposit);
	pthread_mutex_unlock(&request->server->growing);
	if (r < 0)
		return r;
	count(&request->server->counters, &deposit);
	r = see_agent(request);
	if (r == 0)
		answer_end(reply, &deposit);
	return r;
}

int delivery_position(const struct request *request, struct reply *reply)
{
	struct position position;
	struct part_name name;
	char part[PART_NAME_SIZE];

	if (part_name_read(request->parts[0], &name) < 0) {
		reply_problem(reply, MHD_HTTP_BAD_REQUEST, "a part is named like 01930c7e-1");
		return 0;
	}
	part_name_write(&name, part);
	int r = position_find(request->store, request->agent.id, part, &position);
	if (r == 0)
		answer_position(reply, &position);
	return r;
}
