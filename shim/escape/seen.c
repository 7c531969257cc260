/* SPDX-License-Identifier: MIT */
/* A fixed table of hashes, each with its state in the lowest two bits. */
#include "shim/escape/seen.h"

#include <stdatomic.h>

#define STATE_BITS 3u

static _Atomic uint64_t table[SEEN_MAX];

/* FNV-1a; who looks for a collision gains the answer to another destination of his own. */
uint64_t seen_key(struct slice text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < text.length; i++)
		hash = (hash ^ (unsigned char)text.at[i]) * 0x100000001b3u;
	hash &= ~(uint64_t)STATE_BITS;
	return hash ? hash : STATE_BITS + 1;
}

enum seen_state seen_find(uint64_t key)
{
	for (unsigned i = 0; i < SEEN_MAX; i++) {
		uint64_t word = atomic_load(&table[i]);

		if (!word)
			break;
		if ((word & ~(uint64_t)STATE_BITS) == key)
			return (enum seen_state)(word & STATE_BITS);
	}
	return SEEN_NOT;
}

bool seen_note(uint64_t key, enum seen_state state)
{
	for (unsigned i = 0; i < SEEN_MAX; i++) {
		uint64_t word = 0;

		if (atomic_compare_exchange_strong(&table[i], &word, key | state))
			return true;
		if ((word & ~(uint64_t)STATE_BITS) == key)
			return atomic_exchange(&table[i], key | state) != (key | state);
	}
	return false;
}
