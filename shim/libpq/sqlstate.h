/* SPDX-License-Identifier: MIT */
/* What an SQLSTATE says about the message that comes with it. */
#ifndef SHIM_LIBPQ_SQLSTATE_H
#define SHIM_LIBPQ_SQLSTATE_H

#include <stdbool.h>

/* The condition's name, "division by zero"; NULL for a code that is not the server's own. */
const char *sqlstate_name(const char *code);

/* Whether the server's own message under this code never quotes a value. */
bool sqlstate_is_fixed(const char *code);

#endif
