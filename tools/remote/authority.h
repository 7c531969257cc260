/* SPDX-License-Identifier: MIT */
/* Whether an author may build on what the server says is in force.  A signature under the next root makes
 * whatever that names right for every machine, so the server is believed in none of it: the root has to
 * follow, signed, from one that is known here, and each policy has to be signed by authors who count. */
#ifndef TOOLS_REMOTE_AUTHORITY_H
#define TOOLS_REMOTE_AUTHORITY_H

#include "tools/remote/keys.h"

/* Checks what keys_read brought, in whose place the root itself comes where one was signed, and remembers the
 * root for the next time, beside the log-in.  Known is the root that was remembered, else the one that the
 * machine of this user has followed; with neither `keys->is_new` is true afterwards, and a person has to look
 * at the keys.  -EBADMSG or VISIT_NO: something is not signed by whom it would have to be; `error` says
 * what. */
must_use int authority_check(struct visit *visit, struct keys *keys, struct error *error);

#endif
