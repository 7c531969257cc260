/* SPDX-License-Identifier: MIT */
/* Analysis in a process of its own: a statement that crashes, hangs or bloats the parser costs one
 * worker and one refused statement (security.md 10). */
#ifndef TOOLS_CHAPERONE_ANALYSIS_H
#define TOOLS_CHAPERONE_ANALYSIS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/socket.h"
#include "policy/engine/analyse.h"
#include "policy/engine/facts.h"

/* How long one statement may keep the worker. */
#define ANALYSIS_DEADLINE_NS (500 * MILLISECOND_NS)
#define ANALYSIS_MEMORY_MAX  (2048 * MIB)

enum analysis_kind {
	ANALYSIS_REQUEST = 100,
	ANALYSIS_FACTS,
};

struct analysis {
	pid_t pid; /* 0: not running */
	int socket;
	uint64_t deaths;
	struct packet packet; /* the last answer; facts point into it */
};

#define ANALYSIS_EMPTY                                                                             \
	{                                                                                          \
		0, -1, 0, PACKET_EMPTY                                                             \
	}

/* Gives the facts of `text`, starting a worker when there is none.  The facts are borrowed until
 * the next call. -ETIMEDOUT, -ENOTCONN and the like: the worker was ended and the text is to be
 * refused. */
must_use int analysis_facts(struct analysis *analysis, struct slice text,
			    const struct analyse_settings *settings,
			    const struct facts **ret_facts);

void analysis_done(struct analysis *analysis);

/* The worker's own main: serves requests on descriptor 3 until it is closed. */
int command_worker(int argc, char **argv);

#endif
