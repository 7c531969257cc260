/* SPDX-License-Identifier: MIT */
/* libpq as the resolver knows it: the names of its functions. */
#include "shim/libpq/real.h"

static const char *const NAMES[] = {
#define ROW_NAME(name) #name,
	LIBPQ_ROWS(ROW_NAME, ROW_NAME, ROW_NAME) LIBPQ_NEWER_ROWS(ROW_NAME, ROW_NAME)
#undef ROW_NAME
};

const struct driver libpq_driver = {
	.name = "libpq",
	.functions = NAMES,
	.function_count = LIBPQ_FUNCTION_COUNT,
	.marker = LIBPQ_PQconninfoFree,
};

const struct driver *const DRIVERS[] = { &libpq_driver, NULL };
