/* SPDX-License-Identifier: MIT */
/* The policy of the server that this machine is enrolled with, as the machine keeps it. */
#ifndef TOOLS_CHAPERONE_SERVER_POLICY_H
#define TOOLS_CHAPERONE_SERVER_POLICY_H

#include <stdint.h>

#include "tools/policy/source.h"

/* The server's latest word on it. */
struct server_word {
	uint64_t version;
	int64_t issued, expires; /* seconds since 1970 */
};

/* Lets chaperone-remote ask the server for the newest one, for `patience_ms` at most.  Whether it
 * was told: what is kept is good for a while if not. */
bool server_policy_pull(const char *folder, int patience_ms);

/* Reads what is kept in the enrolment's `folder`.  -ENOENT: nothing came from the server yet. */
must_use int server_policy_read(const char *folder, struct policy_source *ret_source,
				struct server_word *ret_word, struct error *error);

#endif
