/* SPDX-License-Identifier: MIT */
/* One thread sends a text again and again while another one edits it: `flip ROUNDS`. */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Both texts are of one length, and only the first one is permitted. */
static const char GOOD[] = "SELECT 1 AS a FROM plain WHERE id = 1";
static const char EVIL[] = "TRUNCATE TABLE victim /* unpermitted*/";
static char text[64];
static atomic_bool is_over;

static void *flip(void *nothing)
{
	volatile char *at = text;

	while (!is_over) {
		for (size_t i = 0; EVIL[i]; i++)
			at[i] = EVIL[i];
		for (size_t i = 0; GOOD[i]; i++)
			at[i] = GOOD[i];
		at[sizeof(GOOD) - 1] = ' ';
	}
	return nothing;
}

int main(int argc, char **argv)
{
	long rounds = argc > 1 ? atol(argv[1]) : 1000, served = 0, refused = 0, failed = 0;
	PGconn *connection = PQconnectdb("");
	pthread_t thread;

	memcpy(text, EVIL, sizeof(EVIL));
	memcpy(text, GOOD, sizeof(GOOD) - 1);
	text[sizeof(GOOD) - 1] = ' ';
	pthread_create(&thread, NULL, flip, NULL);
	for (long i = 0; i < rounds; i++) {
		PGresult *result = PQexec(connection, text);
		const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

		if (PQresultStatus(result) == PGRES_TUPLES_OK)
			served++;
		else if (state && strcmp(state, "42501") == 0)
			refused++;
		else
			failed++;
		PQclear(result);
	}
	is_over = true;
	pthread_join(thread, NULL);
	PQfinish(connection);
	printf("served %ld refused %ld failed %ld\n", served, refused, failed);
	return 0;
}
