/* SPDX-License-Identifier: MIT */
#include "tools/remote/follower.h"

#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PAUSE_FIRST_MS 500u
#define PAUSE_MAX_MS   60000u

bool follower_is_alone(const void *context)
{
	struct pollfd out = { STDOUT_FILENO, 0, 0 };

	(void)context;
	return poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLHUP));
}

/* A pipe whose reader is gone is an error at once, and nothing else happens to it. */
void follower_sleep_ms(unsigned int ms)
{
	struct pollfd out = { STDOUT_FILENO, 0, 0 };

	poll(&out, 1, (int)ms);
}

void follower_pause(unsigned int failures)
{
	unsigned int most_ms = PAUSE_FIRST_MS;

	for (unsigned int i = 1; i < failures && most_ms < PAUSE_MAX_MS; i++)
		most_ms *= 2;
	follower_sleep_ms(randombytes_uniform(most_ms < PAUSE_MAX_MS ? most_ms : PAUSE_MAX_MS));
}

bool follower_tell_failure(const struct error *error)
{
	printf("failed %.*s\n", (int)strcspn(error->text, "\n"), error->text);
	return fflush(stdout) == 0;
}
