/* SPDX-License-Identifier: MIT */
/* Driver handle → connection, for all threads. */
#ifndef SHIM_GATE_CONNECTIONS_H
#define SHIM_GATE_CONNECTIONS_H

#include <stdbool.h>

struct gate_connection;

#define CONNECTIONS_MAX 4096u

/* False when the table is full. */
bool connections_add(const void *handle, struct gate_connection *connection);
struct gate_connection *connections_find(const void *handle);

/* Takes the entry out and returns what it held; NULL when there was none. */
struct gate_connection *connections_remove(const void *handle);

#endif
