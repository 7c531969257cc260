/* SPDX-License-Identifier: MIT */
/* Which function answers which request, from whom and how large: a table, with which the published
 * API is compared. */
#ifndef TOOLS_SERVER_HTTP_ROUTE_H
#define TOOLS_SERVER_HTTP_ROUTE_H

#include "common/slice.h"
#include "tools/server/http/agent.h"
#include "tools/server/people/person.h"
#include "tools/server/http/reply.h"
#include "tools/server/store/store.h"

#define ROUTE_PARTS_MAX 4u
#define ROUTE_GROUP_MAX 128u /* requests that are answered at once */

struct server;
struct request_group;

struct request {
	struct slice method, path, body;
	struct slice parts[ROUTE_PARTS_MAX]; /* what stands where the route has {…}, in order */
	struct agent agent;                  /* who asks, where the route is for agents */
	struct person person;                /* who asks, where it is for people */
	uint64_t source;                     /* stands for the address from which it comes */
	uint64_t begun_ns;                   /* monotonic */
	bool was_held;                       /* it was asked before */
	bool is_last;                        /* it cannot be held again */
	const void *connection;              /* http.h reads more of it */
	struct store *store;
	struct server *server;
	struct request_group *group; /* NULL, unless its lane answers several at once */
};

/* Requests of one route that waited at the same time, and share their store.  Whoever answers the first one answers
 * all of them. */
struct request_group {
	struct request_in_group {
		const struct request *request;
		struct reply *reply;
		int result; /* as route_fn returns it */
	} * at;
	size_t count;
};

/* Answers; a negative errno becomes a problem 500.  Where there is a group that is for each to say, and what is
 * returned counts for nothing. */
typedef int (*route_fn)(const struct request *request, struct reply *reply);

/* The reply becomes what a browser shows of a request that cannot be answered; `detail` may be NULL, and so may the
 * request's store. */
typedef void (*route_refuse_fn)(const struct request *request, unsigned int status,
				const char *detail, struct reply *reply);

/* For whom a route is: those who show the token of a machine that is enrolled, or of an account with
 * one of these roles. */
#define ROUTE_ANYBODY  0u
#define ROUTE_AGENT    0x100u
#define ROUTE_PEOPLE   ROLES_ALL
#define ROUTE_AUTHORS  ROLES_AUTHORS
#define ROUTE_AUDITORS ROLES_AUDITORS

/* ROW(lane, name, threads, requests that may wait, that are answered at once); where the last is more than one
 * the lane has one route.  The record has one thread, since the log grows by one transaction after the other. */
#define LANES(ROW)                                                                                 \
	ROW(LANE_PASSWORDS, "passwords", 2, 64, 1)                                                 \
	ROW(LANE_POLICIES, "policies", 2, 64, 1)                                                   \
	ROW(LANE_RECORDS, "records", 1, 512, ROUTE_GROUP_MAX)                                      \
	ROW(LANE_SEARCHES, "searches", 2, 64, 1)

/* Which threads answer: those that also read and write connections, or others, for what takes long. */
enum route_lane {
	LANE_NONE,
#define LANE_ENUMERATOR(lane, name, threads, waiting, together) lane,
	LANES(LANE_ENUMERATOR)
#undef LANE_ENUMERATOR
		LANE_COUNT,
};

#define LANE_SUM(lane, name, threads, waiting, together) +threads
enum { LANES_THREADS = LANES(LANE_SUM) };
#undef LANE_SUM

struct route {
	const char *method;
	const char *path; /* "/v1/policies/{name}": a part in braces is any but an empty one */
	route_fn answer;
	unsigned int callers;
	enum route_lane lane;
	size_t body_max; /* bytes; 0: it has none */
	/* which scope an API token needs, one of enum scope.  Without one nobody can ask where the callers are people:
	 * a row that says nothing of it is for nobody. */
	unsigned int scope;
};

/* Every route of the server's API, of which the last has no method; and those of its pages
 * (tools/server/pages). */
extern const struct route ROUTES[];
extern const struct route PAGES[];
void pages_refuse(const struct request *request, unsigned int status, const char *detail,
		  struct reply *reply);

/* Finds the route of `request`, whose parts are filled.  NULL when there is none; then
 * `ret_allowed` is what other methods the path has ("GET, POST"), empty when it has none. */
const struct route *route_find(const struct route *routes, struct request *request,
			       struct buf *ret_allowed);

#endif
