/* SPDX-License-Identifier: MIT */
/* What went wrong in something that a person wrote or asked for.  Filled once where it is noticed,
 * passed up unchanged, printed by main alone. */
#ifndef COMMON_ERROR_H
#define COMMON_ERROR_H

#include <stdarg.h>

struct error {
	char file[256]; /* empty where there is no file */
	int line;       /* 1-based; 0 where there is no place */
	int column;     /* 1-based, in bytes */
	char text[512]; /* one line, no full stop, says what was expected */
};

/* Fills `error` (which may be NULL) and returns `code`, a negative errno. */
int error_set(struct error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As error_set, with a place. */
int error_set_at(struct error *error, int code, int line, int column, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* "SUBJECT: text of `code`". */
int error_system(struct error *error, int code, const char *subject);

/* Writes "FILE:LINE:COLUMN: TEXT" or as much of it as is known into `ret_line`, always
 * terminated. */
void error_format(const struct error *error, char *ret_line, unsigned long size);

#endif
