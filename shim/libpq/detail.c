/* SPDX-License-Identifier: MIT */
/* Takes the DETAIL out of an error of the server: "Failing row contains (…)" and "Key (…)=(…)" quote values of columns
 * that no statement named.  The texts are libpq's own memory, which its accessors hand out again, and only get shorter. */
#include <stddef.h>
#include <string.h>

#include "shim/libpq/result.h"

static const char HIDDEN[] = "[redacted]";

/* Puts HIDDEN at `at`, in the place of `length` bytes. */
static void replace(char *at, size_t length)
{
	size_t kept = length < sizeof(HIDDEN) - 1 ? length : sizeof(HIDDEN) - 1;
	size_t rest = strlen(at + length);

	memcpy(at, HIDDEN, kept);
	memmove(at + kept, at + length, rest + 1);
	memset(at + kept + rest, 0, length - kept);
}

static void hide_in(const char *text, const char *detail)
{
	char *at = text ? memmem(text, strlen(text), detail, strlen(detail)) : NULL;

	if (at)
		replace(at, strlen(detail));
}

void detail_hide(PGconn *conn, const struct instance *instance, const PGresult *result)
{
	char *detail = REAL(instance, PQresultErrorField)(result, PG_DIAG_MESSAGE_DETAIL);

	if (!detail || !detail[0])
		return;
	hide_in(REAL(instance, PQresultErrorMessage)(result), detail);
	hide_in(REAL(instance, PQerrorMessage)(conn), detail);
	replace(detail, strlen(detail));
}
