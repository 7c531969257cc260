/* SPDX-License-Identifier: MIT */
/* chaperone-remote, the program that talks to the server: it is beside this one. */
#ifndef TOOLS_CHAPERONE_REMOTE_PROGRAM_H
#define TOOLS_CHAPERONE_REMOTE_PROGRAM_H

#include <limits.h>

#include "common/error.h"
#include "common/cleanup.h"

must_use int remote_program_find(char ret_path[PATH_MAX], struct error *error);

#endif
