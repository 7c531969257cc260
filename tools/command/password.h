/* SPDX-License-Identifier: MIT */
/* How a person's password comes in. */
#ifndef TOOLS_COMMAND_PASSWORD_H
#define TOOLS_COMMAND_PASSWORD_H

#include "common/buf.h"
#include "common/error.h"

#define PASSWORD_MAX 1024u /* bytes */

/* Appends one line of standard input, without its end. */
must_use int password_read(struct buf *ret_password, struct error *error);

/* Asks a person at the terminal, which does not show what is typed.  -ENOTTY: there is none; -ECANCELED:
 * the answer was the interrupt key. */
must_use int password_ask(const char *prompt, struct buf *ret_password, struct error *error);

#endif
