/* SPDX-License-Identifier: MIT */
/* Writing one line, or nothing. */
#include "shim/escape/line.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "shim/preload/guard.h"
#include "shim/preload/start.h"

/* A pipe without readers would end the program with SIGPIPE; poll tells first (poll(2),
 * POLLERR). */
static bool is_read(void)
{
	struct pollfd poller = { STDERR_FILENO, POLLOUT, 0 };

	return poll(&poller, 1, 0) == 1 && poller.revents == POLLOUT;
}

void line_say(const char *format, ...)
{
	KEEP_ERRNO;
	char text[LINE_MAX_BYTES];
	va_list arguments;

	int begin = snprintf(text, sizeof(text), "chaperone: ");
	va_start(arguments, format);
	int length =
		begin + vsnprintf(text + begin, sizeof(text) - (size_t)begin, format, arguments);
	va_end(arguments);
	if (length > LINE_MAX_BYTES - 1)
		length = LINE_MAX_BYTES - 1;
	for (int i = 0; i < length; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 127)
			text[i] = '?';
	}
	text[length] = '\n';
	if (start_has_same_stderr() && is_read()) {
		ssize_t ignored __attribute__((unused)) =
			write(STDERR_FILENO, text, (size_t)length + 1);
	}
}
