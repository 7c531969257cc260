/* SPDX-License-Identifier: MIT */
#include "tools/remote/follower.h"

#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PAUSE_FIRST_MS 2000u

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

unsigned int follower_pause_ms(unsigned int failures, struct slice asked_for)
{
	unsigned int most_ms = PAUSE_FIRST_MS;
	uint64_t least_s = 0;

	for (unsigned int i = 1; i < failures && most_ms < FOLLOWER_PAUSE_MAX_MS; i++)
		most_ms *= 2;
	if (most_ms > FOLLOWER_PAUSE_MAX_MS)
		most_ms = FOLLOWER_PAUSE_MAX_MS;
	if (slice_to_u64(asked_for, &least_s) < 0)
		least_s = 0; /* a date, or nothing */
	if (least_s > FOLLOWER_PAUSE_MAX_MS / 1000)
		least_s = FOLLOWER_PAUSE_MAX_MS / 1000;
	return (unsigned int)least_s * 1000 + randombytes_uniform(most_ms);
}

void follower_pause(unsigned int failures, struct slice asked_for)
{
	follower_sleep_ms(follower_pause_ms(failures, asked_for));
}

bool follower_tell_failure(const struct error *error)
{
	printf("failed %.*s\n", (int)strcspn(error->text, "\n"), error->text);
	return fflush(stdout) == 0;
}
