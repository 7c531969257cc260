/* SPDX-License-Identifier: MIT */
/* Sends each argument as a statement and prints what reached the server.  "@MS" waits. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *null_libpq_text(void);

int main(int argc, char **argv)
{
	PGconn *conn = PQconnectdb("");

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '@') {
			usleep((unsigned)atoi(argv[i] + 1) * 1000u);
			continue;
		}
		PQclear(PQexec(conn, argv[i]));
		puts(null_libpq_text());
		fflush(stdout);
	}
	PQfinish(conn);
	return EXIT_SUCCESS;
}
