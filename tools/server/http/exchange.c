/* SPDX-License-Identifier: MIT */
#include "tools/server/http/exchange.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tools/server/http/guard.h"
#include "tools/server/http/http_service.h"
#include "tools/server/http/response.h"
#include "tools/server/http/server.h"
#include "tools/server/http/source.h"

#define NO_ROOM      "too much is under way: try again in a while"
#define HTML         "text/html"
#define ALLOWED_MAX  256u
#define ANSWER_FREE  (64 * KIB) /* for an answer of so many bytes there is always room */
#define LATER_MAX_S  8u
#define SECONDS_SIZE 12u

/* While its connection is suspended it belongs to a lane or to those that are held. */
struct exchange {
	struct http_service *service;
	struct MHD_Connection *connection;
	struct request request;
	const struct route *route;
	struct buf body;
	struct reply reply;
	struct deadline *deadline;
	uint64_t held_since_ns; /* 0: it is not held */
	uint64_t held_ns;       /* for which it was */
	struct job job;
	struct held held;
	bool is_answered; /* by a lane */
	bool is_crowded;  /* there was no room for its body, which is read and forgotten */
	size_t bytes;     /* that it has of the service's */
};

static void tell(const struct exchange *exchange, enum http_event_kind kind, unsigned int status,
		 const char *why)
{
	const struct http_listener *listener = &exchange->service->listener;
	struct http_event event = {
		.kind = kind,
		.address = source_address(exchange->connection),
		.route = exchange->route,
		.status = status,
		.took_ns = monotonic_ns() - exchange->request.begun_ns - exchange->held_ns,
		.why = why,
	};

	listener->tell(listener->context, &event);
}

static struct deadline *deadline_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		->socket_context;
}

/* When its reader has to be done with it. */
static uint64_t end_of(const struct reply *reply)
{
	return monotonic_ns() + HTTP_ANSWER_NS + reply->body.length * SECOND_NS / HTTP_ANSWER_RATE;
}

/* Browsers say that they take pages, and programs do not. */
static bool wants_page(const struct exchange *exchange)
{
	struct slice accepted = http_header(&exchange->request, MHD_HTTP_HEADER_ACCEPT);

	return exchange->service->refuse_page && accepted.at &&
	       memmem(accepted.at, accepted.length, HTML, strlen(HTML));
}

/* The reply becomes a problem, or a page that says so. */
static void object(const struct exchange *exchange, unsigned int status, const char *detail,
		   struct reply *reply)
{
	if (wants_page(exchange))
		exchange->service->refuse_page(&exchange->request, status, detail, reply);
	else
		reply_problem(reply, status, detail);
}

/* As object, of a trouble in the server: `why` is for whoever runs it. */
static void object_to_trouble(const struct exchange *exchange, unsigned int status,
			      const char *detail, const char *why, struct reply *reply)
{
	object(exchange, status, detail, reply);
	snprintf(reply->why, sizeof(reply->why), "%s", why);
}

static enum MHD_Result send_reply(const struct exchange *exchange, struct reply *reply,
				  const struct buf *allowed)
{
	if (reply->body.failed)
		object_to_trouble(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR,
				  "the answer is too long", "the answer is too long", reply);
	deadline_set(exchange->deadline, DEADLINE_ANSWER, end_of(reply));
	struct MHD_Response *response = response_new(reply, allowed);
	enum MHD_Result result =
		response ? MHD_queue_response(exchange->connection, reply->status, response)
			 : MHD_NO;

	tell(exchange, HTTP_ANSWERED, reply->status, reply->why);
	if (response)
		MHD_destroy_response(response);
	return result;
}

/* What cannot be answered as it was asked. */
struct objection {
	unsigned int status;
	const char *detail;
	struct buf *allowed;
};

/* Whoever is lost among the pages sees where he can go, for which the page asks who it is. */
static bool is_lost(const struct exchange *exchange, unsigned int status)
{
	return (status == MHD_HTTP_NOT_FOUND || status == MHD_HTTP_METHOD_NOT_ALLOWED) &&
	       wants_page(exchange);
}

static enum MHD_Result refuse(struct exchange *exchange, const struct objection *objection)
{
	SCOPED(reply_done) struct reply reply = REPLY_EMPTY;
	struct store_pool *stores =
		is_lost(exchange, objection->status) ? exchange->service->stores : NULL;

	exchange->request.store = stores ? store_pool_take(stores) : NULL;
	object(exchange, objection->status, objection->detail, &reply);
	if (stores)
		store_pool_give(stores, exchange->request.store);
	reply.closes = guard_has_body(exchange->connection);
	return send_reply(exchange, &reply, objection->allowed);
}

static int recognise(struct http_service *service, const struct route *route,
		     struct request *request)
{
	struct slice shown = http_header(request, MHD_HTTP_HEADER_AUTHORIZATION);
	struct store *store = store_pool_take(service->stores);
	int r = route->callers & ROUTE_AGENT ? agent_recognise(store, shown, &request->agent)
					     : person_recognise(store, shown, &request->person);

	store_pool_give(service->stores, store);
	return r;
}

/* Whether the route is for who asks.  False: `objection` says why not. */
static bool is_welcome(struct http_service *service, const struct route *route,
		       struct request *request, struct objection *objection)
{
	if (route->callers == ROUTE_ANYBODY)
		return true;
	objection->status = MHD_HTTP_UNAUTHORIZED;
	objection->detail =
		route->callers & ROUTE_AGENT
			? "this is for machines that are enrolled and were not revoked"
			: "this is for people who logged in within the last 12 hours, and for "
			  "API tokens that did not end";
	int r = recognise(service, route, request);
	if (r < 0 && r != -EACCES) { /* nobody knows who it is */
		objection->status = MHD_HTTP_SERVICE_UNAVAILABLE;
		objection->detail = REPLY_NO_DATABASE;
	}
	if (r < 0)
		return false;
	objection->status = MHD_HTTP_FORBIDDEN;
	objection->detail = "this is not for accounts of your role";
	if (route->callers & ROUTE_AGENT || !(route->callers & request->person.role))
		return route->callers & ROUTE_AGENT;
	objection->detail = "this is not among the scopes of your token";
	return route->scope & request->person.scopes;
}

/* Finds who answers the exchange.  False: nobody, and `objection` says why. */
static bool settle(struct http_service *service, struct MHD_Connection *connection,
		   struct exchange *exchange, struct objection *objection)
{
	exchange->route = route_find(service->routes, &exchange->request, objection->allowed);
	if (!exchange->route && objection->allowed->length == 0)
		exchange->route =
			route_find(service->pages, &exchange->request, objection->allowed);
	objection->status =
		objection->allowed->length > 0 ? MHD_HTTP_METHOD_NOT_ALLOWED : MHD_HTTP_NOT_FOUND;
	if (!exchange->route)
		return false;
	buf_clear(objection->allowed);
	objection->status = MHD_HTTP_CONTENT_TOO_LARGE;
	objection->detail = "the body is longer than this path takes";
	if (guard_announced(connection) > exchange->route->body_max)
		return false;
	return is_welcome(service, exchange->route, &exchange->request, objection);
}

enum MHD_Result exchange_begin(struct http_service *service, struct MHD_Connection *connection,
			       const struct request *request, void **ret_exchange)
{
	SCOPED(buf_done) struct buf allowed = BUF_MAX(ALLOWED_MAX);
	struct objection objection = { MHD_HTTP_BAD_REQUEST,
				       "a request has one Host, and either one Content-Length "
				       "or one Transfer-Encoding",
				       &allowed };
	struct exchange exchange = { .service = service,
				     .connection = connection,
				     .request = *request,
				     .reply = REPLY_EMPTY,
				     .deadline = deadline_of(connection) };

	exchange.request.server = service->server;
	if (guard_is_ambiguous(connection)) {
		tell(&exchange, HTTP_AMBIGUOUS, objection.status, NULL);
		return refuse(&exchange, &objection);
	}
	objection.detail = NULL;
	if (!settle(service, connection, &exchange, &objection))
		return refuse(&exchange, &objection);
	deadline_set(exchange.deadline, DEADLINE_BODY, request->begun_ns + HTTP_REQUEST_NS);
	exchange.body = (struct buf)BUF_MAX(exchange.route->body_max);
	*ret_exchange = malloc(sizeof(exchange));
	if (!*ret_exchange)
		return MHD_NO;
	memcpy(*ret_exchange, &exchange, sizeof(exchange));
	atomic_fetch_add(&service->exchanges, 1);
	return MHD_YES;
}

/* False: there is no room for so many more bytes, which are counted nevertheless. */
static bool make_room(struct exchange *exchange, size_t bytes)
{
	size_t before = atomic_fetch_add(&exchange->service->bytes, bytes);

	exchange->bytes += bytes;
	return before + bytes <= HTTP_BYTES_MAX;
}

static void forget_body(struct exchange *exchange)
{
	buf_done(&exchange->body);
	atomic_fetch_sub(&exchange->service->bytes, exchange->bytes);
	exchange->bytes = 0;
}

/* Only at the body's end an answer can be given. */
enum MHD_Result exchange_take(struct exchange *exchange, const char *bytes, size_t *length)
{
	if (!exchange->is_crowded)
		buf_add(&exchange->body, bytes, *length);
	if (!exchange->is_crowded && !exchange->body.failed) {
		exchange->is_crowded = !make_room(exchange, *length);
		if (exchange->is_crowded)
			forget_body(exchange);
	}
	*length = 0;
	if (!exchange->body.failed)
		return MHD_YES;
	tell(exchange, HTTP_CUT, 0, "its body is longer than its path takes");
	return MHD_NO;
}

static void fail(struct exchange *exchange, int code)
{
	bool passes = reply_trouble_passes(code);

	object_to_trouble(exchange,
			  passes ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_INTERNAL_SERVER_ERROR,
			  passes ? REPLY_NO_DATABASE : NULL,
			  store_reason(exchange->request.store, code), &exchange->reply);
}

static void ask_route(struct exchange *exchange)
{
	struct request *request = &exchange->request;

	request->body = buf_view(&exchange->body);
	request->server = exchange->service->server;
	request->store = store_pool_take(exchange->service->stores);
	int r = exchange->route->answer(request, &exchange->reply);
	if (r < 0)
		fail(exchange, r);
	store_pool_give(exchange->service->stores, request->store);
}

static const size_t TOGETHER[] = {
#define LANE_TOGETHER(lane, name, threads, waiting, together) [lane] = together,
	LANES(LANE_TOGETHER)
#undef LANE_TOGETHER
};

static struct exchange *exchange_of(struct job *job)
{
	return (struct exchange *)(void *)((char *)job - offsetof(struct exchange, job));
}

static void drop(struct exchange *exchange)
{
	object(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "the server ends: try again in a while",
	       &exchange->reply);
}

/* A lane's, as all that follows: an exchange that is resumed is the connection's again, and may be gone at
 * once. */
static void resume_all(struct job *first)
{
	for (struct job *job = first, *next; job; job = next) {
		next = job->next;
		MHD_resume_connection(exchange_of(job)->connection);
	}
}

/* Answers what `first` begins, with one store. */
static void ask_group(struct job *first)
{
	struct request_in_group at[ROUTE_GROUP_MAX];
	struct request_group group = { .at = at };
	struct store_pool *stores = exchange_of(first)->service->stores;
	struct store *store = store_pool_take(stores);

	for (struct job *job = first; job; job = job->next) {
		struct exchange *exchange = exchange_of(job);

		exchange->request.body = buf_view(&exchange->body);
		exchange->request.server = exchange->service->server;
		exchange->request.store = store;
		exchange->request.group = &group;
		at[group.count++] = (struct request_in_group){ .request = &exchange->request,
							       .reply = &exchange->reply };
	}
	(void)!exchange_of(first)->route->answer(at[0].request, at[0].reply);
	for (struct job *job = first; job; job = job->next) {
		int r = (group.at++)->result;

		if (r < 0)
			fail(exchange_of(job), r);
	}
	store_pool_give(stores, store);
}

static void run_together(struct job *first, bool is_dropped)
{
	for (struct job *job = first; is_dropped && job; job = job->next)
		drop(exchange_of(job));
	if (!is_dropped)
		ask_group(first);
	resume_all(first);
}

static void run_alone(struct job *job, bool is_dropped)
{
	struct exchange *exchange = exchange_of(job);

	if (is_dropped)
		drop(exchange);
	else
		ask_route(exchange);
	MHD_resume_connection(exchange->connection);
}

static void let_go(struct held *held)
{
	struct exchange *exchange =
		(struct exchange *)(void *)((char *)held - offsetof(struct exchange, held));

	MHD_resume_connection(exchange->connection);
}

/* Not all at the same moment. */
static void ask_to_come_later(struct exchange *exchange)
{
	char seconds[SECONDS_SIZE];

	object_to_trouble(exchange, MHD_HTTP_SERVICE_UNAVAILABLE,
			  "too many ask for this: try again in a while", "too many wait",
			  &exchange->reply);
	snprintf(seconds, sizeof(seconds), "%u", 1 + randombytes_uniform(LATER_MAX_S));
	reply_header(&exchange->reply, MHD_HTTP_HEADER_RETRY_AFTER, slice_of(seconds));
}

/* The connection is suspended before anybody can resume it; a lane that is full resumes it at
 * once. */
static enum MHD_Result give_to_lane(struct exchange *exchange)
{
	exchange->is_answered = true;
	exchange->job =
		(struct job){ .run = TOGETHER[exchange->route->lane] > 1 ? run_together : run_alone,
			      .bytes = exchange->body.length };
	MHD_suspend_connection(exchange->connection);
	if (!lane_add(&exchange->service->lanes[exchange->route->lane], &exchange->job)) {
		ask_to_come_later(exchange);
		MHD_resume_connection(exchange->connection);
	}
	return MHD_YES;
}

static enum MHD_Result hold(struct exchange *exchange)
{
	exchange->held = (struct held){ .hold = exchange->reply.hold, .let_go = let_go };
	exchange->request.was_held = true;
	exchange->is_answered = false;
	exchange->held_since_ns = monotonic_ns();
	reply_done(&exchange->reply);
	exchange->reply = (struct reply)REPLY_EMPTY;
	MHD_suspend_connection(exchange->connection);
	if (!holds_add(&exchange->service->server->holds, &exchange->held)) {
		exchange->request.is_last = true;
		MHD_resume_connection(exchange->connection);
	}
	return MHD_YES;
}

static enum MHD_Result answer(struct exchange *exchange)
{
	struct buf none = BUF_MAX(0);
	size_t length = exchange->reply.body.length;

	forget_body(exchange);
	if (!make_room(exchange, length) && length > ANSWER_FREE)
		reply_failure(&exchange->reply, MHD_HTTP_SERVICE_UNAVAILABLE, NO_ROOM, NO_ROOM);
	return send_reply(exchange, &exchange->reply, &none);
}

/* Who was held may have been revoked meanwhile. */
enum MHD_Result exchange_answer(struct exchange *exchange)
{
	struct buf none = BUF_MAX(0);
	struct objection objection = { MHD_HTTP_SERVICE_UNAVAILABLE, NO_ROOM, &none };

	deadline_set(exchange->deadline, DEADLINE_SERVER, 0);
	if (exchange->is_crowded)
		return refuse(exchange, &objection);
	if (exchange->held_since_ns > 0)
		exchange->held_ns += monotonic_ns() - exchange->held_since_ns;
	exchange->held_since_ns = 0;
	if (exchange->route->lane != LANE_NONE && !exchange->is_answered)
		return give_to_lane(exchange);
	if (exchange->request.was_held &&
	    !is_welcome(exchange->service, exchange->route, &exchange->request, &objection))
		return refuse(exchange, &objection);
	if (!exchange->is_answered)
		ask_route(exchange);
	if (exchange->reply.hold.until_ns > 0)
		return hold(exchange);
	return answer(exchange);
}

void exchange_free(struct exchange *exchange)
{
	if (!exchange)
		return;
	forget_body(exchange);
	reply_done(&exchange->reply);
	atomic_fetch_sub(&exchange->service->exchanges, 1);
	free(exchange);
}
