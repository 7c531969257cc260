/* SPDX-License-Identifier: MIT */
/* Where a user's own files are. */
#ifndef TOOLS_COMMAND_HOME_H
#define TOOLS_COMMAND_HOME_H

#include <stddef.h>

#include "common/cleanup.h"

/* Writes HOME/`below` into `ret_path`: $HOME where it is an absolute path, else the home of the
 * login.  -ENOENT when there is neither. */
must_use int home_path(const char *below, char *ret_path, size_t size);

/* As home_path for what a program keeps between its runs: $XDG_STATE_HOME/`below`, else
 * HOME/.local/state/`below`. */
must_use int home_state_path(const char *below, char *ret_path, size_t size);

/* As home_path for what a user chose: $XDG_CONFIG_HOME/`below`, else HOME/.config/`below`. */
must_use int home_config_path(const char *below, char *ret_path, size_t size);

/* A variable of the XDG Base Directory Specification, which takes absolute paths only; else
 * NULL. */
const char *home_xdg(const char *variable);

#endif
