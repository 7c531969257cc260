/* SPDX-License-Identifier: MIT */
/* Where root says that the agent of this machine is; read by the shim, which uses it, and by who
 * explains what the shim does. */
#ifndef COMMON_SERVICE_H
#define COMMON_SERVICE_H

#include <stddef.h>

#include "common/cleanup.h"

#define SERVICE_CONFIGURATION "/etc/chaperone/agent.conf"

/* Where a service listens that nobody configured. */
#define SERVICE_SOCKET "/run/chaperone/agent.socket"

/* Reads the configured socket's path.  -ENOENT: there is no configuration; -EPERM: it is not a file
 * that root alone may write; -EINVAL: without a line socket=/PATH, or with too long a one.
 * Allocates nothing. */
must_use int service_configured(char *ret_socket, size_t size);

#endif
