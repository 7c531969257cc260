/* SPDX-License-Identifier: MIT */
/* Which addresses are databases: the well-known ports and socket names, and those that the policy's
 * databases name.
 *
 * The list only grows.  It is known without asking anybody, since every connect of every program is
 * looked at; so a database behind a port that neither is well-known nor stands in the policy is not
 * noticed. */
#ifndef SHIM_ESCAPE_DESTINATION_H
#define SHIM_ESCAPE_DESTINATION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* "PostgreSQL", "MySQL", "MongoDB", "a database of the policy"; NULL for every other address.  No
 * system call. */
const char *destination_database(const struct sockaddr_storage *address, socklen_t length);

#endif
