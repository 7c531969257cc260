/* SPDX-License-Identifier: MIT */
/* From SQL text to facts, for PostgreSQL's dialect, by the server's own grammar (libpg_query 15,
 * raw parse tree; no protobuf, no JSON: design notes in doc/sql.md). */
#ifndef POLICY_ENGINE_ANALYSE_H
#define POLICY_ENGINE_ANALYSE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/slice.h"

#define ANALYSE_TEXT_MAX (16 * MIB)

/* How the server will read the text. */
struct analyse_settings {
	bool standard_conforming_strings;
	/* the text's encoding is UTF-8 or a single-byte one whose ASCII part is ASCII */
	bool is_utf8;
	/* sent by the extended protocol: more than one statement is an error there */
	bool single_statement;
};

/* Writes the facts of `text` into `out` (cleared first).  A text that does not parse, is too large,
 * too deep, holds a NUL or is not valid in its encoding gives facts whose `unknown` says so; that
 * is success.  Fails only with the buffer's error.  Not reentrant; one thread. */
must_use int analyse_postgres(struct slice text, const struct analyse_settings *settings,
			      struct buf *out);

#endif
