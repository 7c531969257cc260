/* SPDX-License-Identifier: MIT */
/* Whether we run inside a governed tree, where a person's consent must not come from. */
#ifndef TOOLS_CHAPERONE_GOVERNED_H
#define TOOLS_CHAPERONE_GOVERNED_H

#include <stdbool.h>

#include "common/cleanup.h"

#define GOVERNED_WHY_MAX      160
#define GOVERNED_RUN_VARIABLE "CHAPERONE_RUN" /* set by `run` for its whole tree */

/* On true `ret_why` says how we know ("chaperone run is our ancestor, pid 812").  Code of the
 * same user can hide from this: it stops mistakes and obedient agents, and is no boundary. */
bool governed(char ret_why[GOVERNED_WHY_MAX]);

/* -EPERM and `error` inside one, for what a person alone may ask for; else 0. */
struct error;
must_use int governed_refuse(struct error *error);

#endif
