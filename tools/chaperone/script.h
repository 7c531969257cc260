/* SPDX-License-Identifier: MIT */
/* What a command line says about the program, without the rest of it: command lines hold
 * secrets. */
#ifndef TOOLS_CHAPERONE_SCRIPT_H
#define TOOLS_CHAPERONE_SCRIPT_H

#include "common/slice.h"

/* `ret_program`: the first argument, up to white space (processes write titles there).
 * `ret_script`: what an interpreter such as python3 runs, its first argument that is no option;
 * empty for other programs, and for code that stands on the command line.  Both borrow from
 * `arguments`, which is /proc/PID/cmdline. */
void script_find(struct slice arguments, struct slice *ret_program, struct slice *ret_script);

#endif
