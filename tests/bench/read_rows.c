/* SPDX-License-Identifier: MIT */
/* Reads a large result once and prints how many milliseconds that took.  Arguments: CONNINFO
 * QUERY */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"

int main(int argc, char **argv)
{
	PGconn *conn = argc == 3 ? PQconnectdb(argv[1]) : NULL;
	unsigned long sum = 0;

	if (PQstatus(conn) != CONNECTION_OK)
		return EXIT_FAILURE;
	uint64_t begin = monotonic_ns();
	PGresult *result = PQexec(conn, argv[2]);
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		return EXIT_FAILURE;
	for (int row = 0; row < PQntuples(result); row++) {
		for (int column = 0; column < PQnfields(result); column++)
			sum += (unsigned char)PQgetvalue(result, row, column)[0];
	}
	printf("%.3f %d %lu\n", (double)(monotonic_ns() - begin) / 1e6, PQntuples(result), sum);
	PQclear(result);
	PQfinish(conn);
	return EXIT_SUCCESS;
}
