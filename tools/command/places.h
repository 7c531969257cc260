/* SPDX-License-Identifier: MIT */
/* Where Chaperone keeps what is not the user's to edit: records, and what lives as long as an
 * agent. */
#ifndef TOOLS_COMMAND_PLACES_H
#define TOOLS_COMMAND_PLACES_H

#include <limits.h>

#include "common/cleanup.h"
#include "common/error.h"

/* The record's folder: `option` (NULL: not given), $CHAPERONE_RECORD,
 * $XDG_STATE_HOME/chaperone/record,
 * ~/.local/state/chaperone/record. */
must_use int place_of_record(const char *option, char ret_path[PATH_MAX], struct error *error);

/* Below which sockets and rings live: $XDG_RUNTIME_DIR/chaperone, else ~/.local/state/chaperone.
 * Private to the user; never a shared temporary folder (security.md 15). */
must_use int place_of_rings(char ret_path[PATH_MAX], struct error *error);

#endif
