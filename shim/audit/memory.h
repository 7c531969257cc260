/* SPDX-License-Identifier: MIT */
/* The two functions that a compiler may call on its own (GCC manual, Standards: freestanding). */
#ifndef SHIM_AUDIT_MEMORY_H
#define SHIM_AUDIT_MEMORY_H

#include <stddef.h>

void *memset(void *to, int value, size_t size);
void *memcpy(void *restrict to, const void *restrict from, size_t size);

#endif
