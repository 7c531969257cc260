/* SPDX-License-Identifier: MIT */
/* What people see of the machines: which are enrolled, and what they sent and should not have. */
#ifndef TOOLS_SERVER_API_MACHINES_H
#define TOOLS_SERVER_API_MACHINES_H

#include "tools/server/http/route.h"

#define MACHINES_LIMIT_MAX 200u

/* GET /v1/agents: those that are enrolled, revoked ones too, in order of their ids, and `next`, with which
 * ?cursor= goes on. */
int machines_list(const struct request *request, struct reply *reply);

/* GET /v1/alarms: what agents sent and should not have, and who has seen it. */
int machines_alarms(const struct request *request, struct reply *reply);

/* POST /v1/alarms/{agent}/{kind}/{times}: who asks has seen the alarm as it was when it had come so many
 * times.  It stays, and nobody can take that back. */
int machines_acknowledge(const struct request *request, struct reply *reply);

#endif
