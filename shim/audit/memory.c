/* SPDX-License-Identifier: MIT */
/* What compilers make of initialisers and copies; there is no libc here. */
#include "shim/audit/memory.h"

void *memset(void *to, int value, size_t size)
{
	volatile unsigned char *at = to;

	while (size-- > 0)
		*at++ = (unsigned char)value;
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	volatile unsigned char *at = to;

	for (const unsigned char *next = from; size > 0; size--)
		*at++ = *next++;
	return to;
}
