/* SPDX-License-Identifier: MIT */
/* Gives slots out, and remembers for each thread which one it came through last. */
#include "shim/preload/slots.h"

#include <stdatomic.h>
#include <stddef.h>

enum state { EMPTY, FILLING, FILLED };

static struct {
	_Atomic enum state state;
	uintptr_t stand_in;
	const struct instance *instance;
} slots[SLOTS_MAX];

static _Thread_local struct {
	const void *return_address;
	const struct instance *instance;
} used;

/* The first instruction of slot 0; in slots.S. */
extern const unsigned char slot_entries[] __attribute__((visibility("hidden")));

static bool holds(unsigned slot, uintptr_t stand_in, const struct instance *instance)
{
	return atomic_load_explicit(&slots[slot].state, memory_order_acquire) == FILLED &&
	       slots[slot].stand_in == stand_in && slots[slot].instance == instance;
}

static bool fill(unsigned slot, uintptr_t stand_in, const struct instance *instance)
{
	enum state empty = EMPTY;

	if (!atomic_compare_exchange_strong(&slots[slot].state, &empty, FILLING))
		return false;
	slots[slot].stand_in = stand_in;
	slots[slot].instance = instance;
	atomic_store_explicit(&slots[slot].state, FILLED, memory_order_release);
	return true;
}

/* Two threads that ask at the same moment may get two slots for the same, which does no harm. */
uintptr_t slot_of(uintptr_t stand_in, const struct instance *instance)
{
	for (unsigned i = 0; i < SLOTS_MAX; i++) {
		if (holds(i, stand_in, instance) || fill(i, stand_in, instance))
			return (uintptr_t)&slot_entries[(size_t)i * SLOT_SIZE];
	}
	return stand_in;
}

bool slot_tells(const void *return_address, const struct instance **ret_instance)
{
	if (used.return_address != return_address)
		return false;
	*ret_instance = used.instance;
	return true;
}

uintptr_t slot_use(unsigned slot, const void *return_address)
{
	used.return_address = return_address;
	used.instance = slots[slot].instance;
	return slots[slot].stand_in;
}
