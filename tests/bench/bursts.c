/* SPDX-License-Identifier: MIT */
/* Sends what pgbench -S sends, in bursts: for each line on stdin one, whose microseconds are
 * printed.  Two of these, one of them governed, take turns in milliseconds, so that whatever else
 * the machine does meets both. Arguments: CONNINFO simple|prepared STATEMENTS ROWS */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

static PGresult *send_one(PGconn *conn, int is_prepared, int row)
{
	char text[80], number[16];
	const char *values[] = { number };

	snprintf(number, sizeof(number), "%d", row);
	if (is_prepared)
		return PQexecPrepared(conn, "balance", 1, values, NULL, NULL, 0);
	snprintf(text, sizeof(text), "SELECT abalance FROM pgbench_accounts WHERE aid = %d;", row);
	return PQexec(conn, text);
}

static void burst(PGconn *conn, int is_prepared, int statements, int rows)
{
	uint64_t begin = monotonic_ns();

	for (int i = 0; i < statements; i++) {
		PGresult *result = send_one(conn, is_prepared, 1 + rand() % rows);

		if (PQntuples(result) != 1)
			exit(EXIT_FAILURE);
		PQclear(result);
	}
	printf("%.3f\n", (double)(monotonic_ns() - begin) / 1e3);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	PGconn *conn = argc == 5 ? PQconnectdb(argv[1]) : NULL;
	char line[16];

	if (PQstatus(conn) != CONNECTION_OK)
		return EXIT_FAILURE;
	int is_prepared = strcmp(argv[2], "prepared") == 0;
	PQclear(PQprepare(conn, "balance", "SELECT abalance FROM pgbench_accounts WHERE aid = $1",
			  1, NULL));
	while (fgets(line, sizeof(line), stdin))
		burst(conn, is_prepared, atoi(argv[3]), atoi(argv[4]));
	PQfinish(conn);
	return EXIT_SUCCESS;
}
