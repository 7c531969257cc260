/* SPDX-License-Identifier: MIT */
/* Filling and printing the error object. */
#include "common/error.h"

#include <stdio.h>
#include <string.h>

static void fill(struct error *error, int line, int column, const char *format, va_list arguments)
{
	if (!error)
		return;
	error->line = line;
	error->column = column;
	vsnprintf(error->text, sizeof(error->text), format, arguments);
}

int error_set(struct error *error, int code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fill(error, 0, 0, format, arguments);
	va_end(arguments);
	return code;
}

int error_set_at(struct error *error, int code, int line, int column, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fill(error, line, column, format, arguments);
	va_end(arguments);
	return code;
}

int error_system(struct error *error, int code, const char *subject)
{
	char text[128];

	return error_set(error, code, "%s: %s", subject, strerror_r(-code, text, sizeof(text)));
}

void error_format(const struct error *error, char *ret_line, unsigned long size)
{
	if (error->file[0] && error->line)
		snprintf(ret_line, size, "%s:%d:%d: %s", error->file, error->line, error->column,
			 error->text);
	else if (error->file[0])
		snprintf(ret_line, size, "%s: %s", error->file, error->text);
	else
		snprintf(ret_line, size, "%s", error->text);
}
