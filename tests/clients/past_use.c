/* SPDX-License-Identifier: MIT */
/* Reads a masked column, tries what is refused, and says that it is alive. */
#include <libpq-fe.h>
#include <stdint.h>
#include <stdio.h>

#include "past.h"

/* As the type of the function that libpq's header declares under this name. */
#define PAST_LOOK(look, library, name) ((__typeof__(&name))(uintptr_t)look(library, #name))

static void past_show(look_function *look, void *library, PGresult *result)
{
	int rows = PAST_LOOK(look, library, PQntuples)(result);

	printf("%s\n", rows ? PAST_LOOK(look, library, PQgetvalue)(result, 0, 0)
			    : PAST_LOOK(look, library, PQresultErrorMessage)(result));
	PAST_LOOK(look, library, PQclear)(result);
}

void past_use(look_function *look, void *library)
{
	static const char *const STATEMENTS[] = { "SELECT email FROM customers ORDER BY id",
						  "DROP TABLE orders", "SELECT 'alive'" };
	PGconn *connection = PAST_LOOK(look, library, PQconnectdb)("");
	const char *message = PAST_LOOK(look, library, PQerrorMessage)(connection);

	printf("connected: %s\n", message);
	for (int i = 0; i < 3 && PAST_LOOK(look, library, PQstatus)(connection) == CONNECTION_OK;
	     i++)
		past_show(look, library,
			  PAST_LOOK(look, library, PQexec)(connection, STATEMENTS[i]));
	PAST_LOOK(look, library, PQfinish)(connection);
	fflush(stdout); /* the module's own, in a namespace with a libc of its own */
}
