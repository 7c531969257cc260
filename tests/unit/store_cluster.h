/* SPDX-License-Identifier: MIT */
/* Runs a suite of a store's tests on a PostgreSQL of its own; needs cluster.c. */
#ifndef TESTS_UNIT_STORE_CLUSTER_H
#define TESTS_UNIT_STORE_CLUSTER_H

#include <errno.h>

#include "tests/unit/cluster.h"
#include "tests/unit/store_fixture.h"

#define SKIPPED 77

/* Between `setup` and `teardown`, which make and remove the folder.  The exit status of main. */
static inline int run_set_up_on_postgresql(const char *name, void (*setup)(void),
					   void (*teardown)(void), void (*add_tests)(TCase *))
{
	struct cluster cluster = { .postmaster = 0 };
	int r = cluster_start(&cluster);

	if (r == -ENOENT)
		return SKIPPED;
	snprintf(url, sizeof(url), "postgresql://postgres@/postgres?host=%s", cluster.folder);
	if (r == 0)
		r = run_suite(name, setup, teardown, add_tests);
	cluster_stop(&cluster);
	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static inline int run_on_postgresql(const char *name, void (*add_tests)(TCase *))
{
	return run_set_up_on_postgresql(name, make_folder, remove_folder, add_tests);
}

#endif
