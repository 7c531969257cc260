/* SPDX-License-Identifier: MIT */
/* The table of connections: open addressing without locks.  A removed entry leaves a mark, so that
 * searches go on beyond it; marks are used again. */
#include "shim/gate/connections.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define REMOVED ((const void *)1)
#define BUSY    ((const void *)2)

static struct {
	_Atomic(const void *) handle; /* NULL: never used */
	_Atomic(struct gate_connection *) connection;
} table[CONNECTIONS_MAX];

static size_t start_of(const void *handle)
{
	return (size_t)(((uintptr_t)handle >> 4) * 0x9e3779b97f4a7c15u >> 32) % CONNECTIONS_MAX;
}

static size_t after(size_t place)
{
	return (place + 1) % CONNECTIONS_MAX;
}

bool connections_add(const void *handle, struct gate_connection *connection)
{
	size_t place = start_of(handle);

	for (size_t tried = 0; tried < CONNECTIONS_MAX; tried++, place = after(place)) {
		const void *found = atomic_load(&table[place].handle);

		if ((found == NULL || found == REMOVED) &&
		    atomic_compare_exchange_strong(&table[place].handle, &found, BUSY)) {
			atomic_store(&table[place].connection, connection);
			atomic_store(&table[place].handle, handle);
			return true;
		}
	}
	return false;
}

/* The handle's place, or CONNECTIONS_MAX. */
static size_t place_of(const void *handle)
{
	size_t place = start_of(handle);

	for (size_t tried = 0; tried < CONNECTIONS_MAX; tried++, place = after(place)) {
		const void *found =
			atomic_load_explicit(&table[place].handle, memory_order_acquire);

		if (found == handle)
			return place;
		if (!found)
			break;
	}
	return CONNECTIONS_MAX;
}

struct gate_connection *connections_find(const void *handle)
{
	size_t place = handle ? place_of(handle) : CONNECTIONS_MAX;

	return place < CONNECTIONS_MAX ? atomic_load(&table[place].connection) : NULL;
}

struct gate_connection *connections_remove(const void *handle)
{
	size_t place = handle ? place_of(handle) : CONNECTIONS_MAX;

	if (place == CONNECTIONS_MAX)
		return NULL;
	struct gate_connection *connection = atomic_exchange(&table[place].connection, NULL);
	atomic_store(&table[place].handle, REMOVED);
	return connection;
}
