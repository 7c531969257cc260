/* SPDX-License-Identifier: MIT */
/* From "which policy is in force" to rules that an agent can judge by. */
#ifndef TOOLS_CHAPERONE_POLICY_LOAD_H
#define TOOLS_CHAPERONE_POLICY_LOAD_H

#include "tools/chaperone/policy_find.h"
#include "tools/chaperone/server_policy.h"

struct policy_loaded {
	struct policy_found found;
	struct policy *policy;
	unsigned char digest[SHA256_SIZE]; /* of the files as they were read */
	struct server_word word;           /* of ORIGIN_SERVER */
};

/* Finds, reads and checks the policy.  The server, if it is one's, is asked for the newest first.  One that contains what nothing enforces yet is -ENOTSUP and
 * is named. */
must_use int policy_load(const char *option, bool is_trial, struct policy_loaded *ret_loaded,
			 struct error *error);

/* As policy_load, and no server is asked: for who knows that what is kept is new, and is waited for. */
must_use int policy_load_kept(const char *option, bool is_trial, struct policy_loaded *ret_loaded,
			      struct error *error);

/* Reads it again from where it was found, in place of what was loaded; which stays as it is on an
 * error. */
must_use int policy_load_again(struct policy_loaded *loaded, bool is_trial, struct error *error);

/* The folder of the enrolment whose policy it is; NULL: it is no server's. */
const char *policy_server_folder(const struct policy_loaded *loaded);

/* Whether the files still are what was loaded. */
bool policy_is_current(const struct policy_loaded *loaded);

#endif
