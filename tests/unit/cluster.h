/* SPDX-License-Identifier: MIT */
/* A throw-away PostgreSQL in a folder under /tmp, reached by its socket alone. */
#ifndef TESTS_UNIT_CLUSTER_H
#define TESTS_UNIT_CLUSTER_H

#include <sys/types.h>

#include "common/cleanup.h"

struct cluster {
	char folder[64]; /* also the socket's folder */
	pid_t postmaster;
};

/* -ENOENT when there is no PostgreSQL 15 here: then tests are skipped. */
must_use int cluster_start(struct cluster *cluster);
void cluster_stop(struct cluster *cluster);

#endif
