/* SPDX-License-Identifier: MIT */
/* chaperone-remote, the program that talks to the server: it is beside this one. */
#ifndef TOOLS_CHAPERONE_REMOTE_PROGRAM_H
#define TOOLS_CHAPERONE_REMOTE_PROGRAM_H

#include <limits.h>
#include <sys/types.h>

#include "common/cleanup.h"
#include "common/error.h"

#define REMOTE_PROGRAM_WORDS_MAX 14u

must_use int remote_program_find(char ret_path[PATH_MAX], struct error *error);

/* Runs one of its commands, of which nobody sees anything, for `patience_ms` at most.  Its exit status;
 * -1 when it had to be ended. */
int remote_program_run(const char *const *words, int patience_ms);

/* Starts one that goes on until `ret_lines`, to which it prints, is closed. */
must_use int remote_program_follow(const char *const *words, pid_t *ret_pid, int *ret_lines);

#endif
