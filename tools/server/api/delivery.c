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
		[DEPOSIT_SEAL] = MHD_HTTP_BAD_REQUEST,
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
		[DEPOSIT_SEAL] = COUNTER_DELIVERY_SEAL,
		[DEPOSIT_LARGE] = COUNTER_DELIVERY_LARGE,
	};

	counter_add(counters, ENDS[deposit->end], 1);
	if (deposit->end != DEPOSIT_TAKEN)
		return;
	counter_add(counters, COUNTER_DELIVERED_BYTES, deposit->size.bytes);
	counter_add(counters, COUNTER_DELIVERED_ENTRIES, deposit->size.entries);
	counter_add(counters, COUNTER_DELIVERED_STATEMENTS, deposit->size.statements);
}

/* Fills `ret_deposit` with what the request asks for.  False: it is answered. */
static bool read_request(const struct request *request, struct reply *reply,
			 struct deposit *ret_deposit)
{
	*ret_deposit = (struct deposit){ .agent = request->agent.id, .frame = request->body };
	if (!slice_is(http_header(request, MHD_HTTP_HEADER_CONTENT_ENCODING), "zstd")) {
		reply_problem(reply, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
			      "a delivery has Content-Encoding: zstd");
		return false;
	}
	if (part_name_read(http_header(request, "Record-Part"), &ret_deposit->name) < 0 ||
	    read_offset(http_header(request, "Record-Offset"), &ret_deposit->start) < 0) {
		reply_problem(reply, MHD_HTTP_BAD_REQUEST,
			      "a delivery has Record-Part (01930c7e-1) and Record-Offset (bytes)");
		return false;
	}
	return true;
}

/* A delivery, and the request that brings it. */
struct brought {
	struct request_in_group *by;
	struct deposit deposit;
};

/* Those that are one transaction. */
struct load {
	struct brought *at;
	size_t count;
	struct server *server;
};

static int take_all(struct store *store, const struct load *load, struct ledger *ledger)
{
	int r = ledger_load(store, load->server->log_number, ledger);
	uint64_t size = ledger->tree.size;

	for (size_t i = 0; i < load->count && r == 0; i++) {
		r = deposit_take(store, ledger, &load->at[i].deposit);
		if (r == 0)
			r = see_agent(load->at[i].by->request);
	}
	return r == 0 && ledger->tree.size > size ? ledger_save(ledger) : r;
}

/* May run again when another transaction was first, be it that the same delivery came to two servers. */
static int try_load(struct store *store, void *context)
{
	SCOPED(free_p) struct ledger *ledger = malloc(sizeof(*ledger));
	int r = ledger ? take_all(store, context, ledger) : -ENOMEM;

	return r == -EEXIST ? -EAGAIN : r;
}

/* Troubles that none of the deliveries is to blame for. */
static bool is_of_all(int code)
{
	static const int CODES[] = {
		-EAGAIN, -ENOTCONN, -ECONNREFUSED, -ETIMEDOUT, -ENOSPC, -EROFS
	};
	bool is_found = false;

	for (size_t i = 0; i < COUNT_OF(CODES); i++)
		is_found |= code == CODES[i];
	return is_found;
}

/* One that the database does not take costs the others nothing: each is tried alone then, and has what comes of
 * that. */
static void take_load(struct store *store, const struct load *load)
{
	int r = store_transact(store, try_load, (void *)(uintptr_t)load);
	bool is_told = load->count == 1 || r == 0 || is_of_all(r);

	if (r == 0)
		counter_add(&load->server->counters, COUNTER_DELIVERY_TRANSACTIONS, 1);

	for (size_t i = 0; i < load->count; i++) {
		if (is_told)
			load->at[i].by->result = r;
		else
			take_load(store, &(struct load){ &load->at[i], 1, load->server });
	}
}

static void answer_all(const struct load *load)
{
	for (size_t i = 0; i < load->count; i++) {
		const struct brought *brought = &load->at[i];

		if (brought->by->result < 0)
			continue;
		count(&load->server->counters, &brought->deposit);
		answer_end(brought->by->reply, &brought->deposit);
	}
}

int delivery_answer(const struct request *request, struct reply *reply)
{
	const struct request_group *group = request->group;
	struct brought at[ROUTE_GROUP_MAX];
	struct load load = { .at = at, .server = request->server };

	(void)reply; /* the group has it */
	for (size_t i = 0; i < group->count; i++) {
		struct request_in_group *by = &group->at[i];

		at[load.count].by = by;
		load.count += read_request(by->request, by->reply, &at[load.count].deposit);
	}
	if (load.count > 0)
		take_load(request->store, &load);
	answer_all(&load);
	return 0;
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
