/* SPDX-License-Identifier: MIT */
/* Which policy is in force: where it is looked for, and whether it may be used. */
#ifndef TOOLS_CHAPERONE_POLICY_FIND_H
#define TOOLS_CHAPERONE_POLICY_FIND_H

#include <limits.h>
#include <stdbool.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "tools/policy/source.h"

enum policy_origin {                     /* in the order in which they are looked at */
		     ORIGIN_OPTION,      /* --policy */
		     ORIGIN_ENVIRONMENT, /* $CHAPERONE_POLICY */
		     ORIGIN_SERVER,      /* the server that the machine is enrolled with */
		     ORIGIN_FOLDER,      /* chaperone/ here or above, up to the repository's root */
		     ORIGIN_USER,        /* ~/.config/chaperone */
		     ORIGIN_SYSTEM,      /* /etc/chaperone */
};

/* "--policy", "$CHAPERONE_POLICY", "this folder" … */
const char *policy_origin_text(enum policy_origin origin);

struct policy_found {
	enum policy_origin origin;
	bool needs_trust;
	char path[PATH_MAX]; /* canonical; of a file or a folder, or the enrolment's */
};

/* Finds the policy.  `option` is --policy's value or NULL.  The first place that has one wins:
 * one that cannot be used is an error, not a reason to look on.  A machine that is enrolled has its
 * server's and no other: `option` is -EPERM there.  -ENOENT: nowhere is one. */
must_use int policy_find(const char *option, struct policy_found *ret_found, struct error *error);

/* As policy_find in chaperone/ here and above alone.  Without a repository (.git) around it,
 * only ./chaperone counts. */
must_use int policy_find_in_folders(struct policy_found *ret_found, struct error *error);

/* Reads what was found.  -EACCES: it is not trusted, and `error` says the command to type. */
must_use int policy_found_read(const struct policy_found *found, struct policy_source *ret_source,
			       struct error *error);

#endif
