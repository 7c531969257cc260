/* SPDX-License-Identifier: MIT */
/* The logs' checkpoints, and proofs from their trees for those who have one.  Each is of the log that `log=NAME`
 * names, whichever server signs that, or without it of this server's; 404 where there is no such log. */
#ifndef TOOLS_SERVER_API_PROOF_H
#define TOOLS_SERVER_API_PROOF_H

#include "tools/server/http/route.h"

/* GET /v1/logs: what they are called, and the keys that sign for them. */
int proof_logs(const struct request *request, struct reply *reply);

/* GET /v1/log/checkpoint: the newest one; 404 before there is one. */
int proof_of_state(const struct request *request, struct reply *reply);

/* GET /v1/log/proof?leaf=N&size=M: that leaf N is in the log of M leaves; of the newest checkpoint without
 * size.  400 where there is no such leaf or size. */
int proof_of_leaf(const struct request *request, struct reply *reply);

/* GET /v1/log/consistency?from=N&to=M: that the log of M leaves begins with that of N; likewise. */
int proof_of_growth(const struct request *request, struct reply *reply);

#endif
