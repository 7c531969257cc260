/* SPDX-License-Identifier: MIT */
/* Which drivers an interpreter can import, told by the files in the folders where it looks. */
#ifndef TOOLS_CHAPERONE_MODULES_H
#define TOOLS_CHAPERONE_MODULES_H

#include "tools/chaperone/clients.h"

/* Tells `found` of each row of CLIENT_MODULES that `interpreter`, a path, can import: once, with
 * the first place. Returns the interpreter's row of RUNTIMES; NULL for any other program. */
const struct runtime *modules_find(const char *interpreter,
				   void (*found)(void *context, const struct client *client,
						 const char *path),
				   void *context);

#endif
