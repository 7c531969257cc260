/* SPDX-License-Identifier: MIT */
/* Refusals that no agent wrote, because none could be asked. */
#ifndef SHIM_GATE_REFUSAL_H
#define SHIM_GATE_REFUSAL_H

#include "common/buf.h"

/* Static refusals are plain ASCII without quotes or backslashes inside, so that every lexing
 * setting reads them the same way. */
#define RAISE(what, detail, hint)                                                                  \
	"DO $chaperone$BEGIN RAISE EXCEPTION USING ERRCODE = '42501', "                            \
	"MESSAGE = 'chaperone refused this: " what "', DETAIL = '" detail " Nothing was sent.', "  \
	"HINT = '" hint "';END$chaperone$"

/* Appends the SQL that refuses with `reason`, of which all that could end or change the text is
 * replaced. */
void refusal_write(struct buf *out, const char *reason);

#endif
