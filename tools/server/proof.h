/* SPDX-License-Identifier: MIT */
/* Proofs from the log's tree, for those who have a checkpoint. */
#ifndef TOOLS_SERVER_PROOF_H
#define TOOLS_SERVER_PROOF_H

#include "tools/server/route.h"

/* GET /v1/log/proof?leaf=N&size=M: that leaf N is in the log of M leaves; of the newest checkpoint without
 * size.  400 where there is no such leaf or size. */
int proof_of_leaf(const struct request *request, struct reply *reply);

/* GET /v1/log/consistency?from=N&to=M: that the log of M leaves begins with that of N; likewise. */
int proof_of_growth(const struct request *request, struct reply *reply);

#endif
