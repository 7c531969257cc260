/* SPDX-License-Identifier: MIT */
/* Refusals that no agent wrote, because none could be asked or need not be. */
#ifndef SHIM_GATE_REFUSAL_H
#define SHIM_GATE_REFUSAL_H

#include "common/buf.h"

/* The statement that raises a refusal.  Its texts are plain ASCII without quotes or backslashes
 * inside, so that every lexing setting reads them the same way. */
#define RAISE(what, detail, hint) RAISE_BEFORE_DETAIL(what) detail RAISE_AFTER_DETAIL(hint)

#define RAISE_BEFORE_DETAIL(what)                                                                  \
	"DO $chaperone$BEGIN RAISE EXCEPTION USING ERRCODE = '42501', "                            \
	"MESSAGE = 'chaperone refused this: " what "', DETAIL = '"
#define RAISE_AFTER_DETAIL(hint) " Nothing was sent.', HINT = '" hint "';END$chaperone$"

/* Appends the SQL that refuses with `reason`, of which all that could end or change the text is
 * replaced. */
void refusal_write(struct buf *out, const char *reason);

#endif
