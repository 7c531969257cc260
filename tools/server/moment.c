/* SPDX-License-Identifier: MIT */
#include "tools/server/moment.h"

#include <stdio.h>

#include "common/clock.h"

void moment_text(int64_t ns, char ret_text[MOMENT_SIZE])
{
	time_t seconds = (time_t)(ns / (int64_t)SECOND_NS);
	struct tm utc;

	strftime(ret_text, MOMENT_SIZE, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
}

void moment_exact_text(int64_t ns, char ret_text[MOMENT_SIZE])
{
	time_t seconds = (time_t)(ns / (int64_t)SECOND_NS);
	struct tm utc;
	size_t length =
		strftime(ret_text, MOMENT_SIZE, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &utc));

	snprintf(ret_text + length, MOMENT_SIZE - length, ".%09uZ",
		 (unsigned)((uint64_t)ns % SECOND_NS));
}
