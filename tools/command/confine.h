/* SPDX-License-Identifier: MIT */
/* What a process that reads what others wrote gives up before it begins. */
#ifndef TOOLS_COMMAND_CONFINE_H
#define TOOLS_COMMAND_CONFINE_H

#include <stddef.h>

/* Limits the memory of this process, keeps it from being traced and from leaving a core file, and ends
 * it with the thread that started it. */
void confine(size_t memory_max);

#endif
