/* SPDX-License-Identifier: MIT */
/* What the server says about statements besides their results: which of its words reach the
 * program. */
#ifndef SHIM_LIBPQ_DIAGNOSIS_H
#define SHIM_LIBPQ_DIAGNOSIS_H

#include "shim/libpq/session.h"

/* Changes an error result or a notice, and the connection's error message with it, to what may be
 * shown. */
void diagnosis_pass(PGconn *conn, const struct session *session, const PGresult *result,
		    enum hiding hiding);

/* Puts "[redacted]" in the text's place.  Accepts NULL. */
void diagnosis_hide(char *text);

/* Whether the session's detectors find something in a text.  False for NULL. */
bool diagnosis_finds(const struct session *session, const char *text);

/* Whether an error message of a connection's has words of the server in it, and not only libpq's
 * own. False for NULL. */
bool diagnosis_may_quote(const char *text);

#endif
