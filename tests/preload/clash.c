/* SPDX-License-Identifier: MIT */
/* A library that has functions of a client library's names and is none. */
#include "tests/preload/fakepq.h"

int fakepq_send(const char *sql)
{
	return sql[1];
}
