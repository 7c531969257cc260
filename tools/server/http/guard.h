/* SPDX-License-Identifier: MIT */
/* What is looked at before a request is read any further (control-plane.md 5.1). */
#ifndef TOOLS_SERVER_HTTP_GUARD_H
#define TOOLS_SERVER_HTTP_GUARD_H

#include <stdbool.h>
#include <stdint.h>

struct MHD_Connection;

/* Whether a proxy in front could have read another request than libmicrohttpd did (CWE-444): before
 * 1.0.4 that takes two lengths for one. */
bool guard_is_ambiguous(struct MHD_Connection *connection);

/* How long a body is said to become; UINT64_MAX for what is no number, 0 where nothing is said. */
uint64_t guard_announced(struct MHD_Connection *connection);

/* Whether one follows. */
bool guard_has_body(struct MHD_Connection *connection);

#endif
