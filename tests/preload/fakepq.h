/* SPDX-License-Identifier: MIT */
/* A client library in miniature, of which several copies with different names are made. */
#ifndef TESTS_PRELOAD_FAKEPQ_H
#define TESTS_PRELOAD_FAKEPQ_H

#pragma GCC visibility push(default)

const char *fakepq_identity(void);
const char *
/* the marker; has no stand-in: says which copy the loader binds the caller to */
fakepq_plain(void);
int fakepq_query(const char *sql); /* calls fakepq_send through the symbol table */
int fakepq_send(const char *sql);
int fakepq_notify(void (*callback)(void *), void *data);
int fakepq_fail(void);  /* sets errno to EDOM */
int fakepq_newer(void); /* some copies lack it */

enum fakepq_function {
	FAKEPQ_IDENTITY,
	FAKEPQ_QUERY,
	FAKEPQ_SEND,
	FAKEPQ_NOTIFY,
	FAKEPQ_FAIL,
	FAKEPQ_NEWER,
	FAKEPQ_PLAIN,
	FAKEPQ_FUNCTIONS,
};

#pragma GCC visibility pop

#endif
