/* SPDX-License-Identifier: MIT */
/* How machines come to belong to the server: a code that an administrator makes lets one of them enrol
 * (security.md 23). */
#ifndef TOOLS_SERVER_API_ENROLMENT_H
#define TOOLS_SERVER_API_ENROLMENT_H

#include "control/code.h"
#include "tools/server/http/route.h"

#define ENROLMENT_CODE_NS  (15 * 60 * SECOND_NS)
#define ENROLMENT_KEY_SIZE 32u

/* Makes the secret of `code` and writes it down, with who made it: it lets one machine enrol for `bundle` (a plain name)
 * until 15 minutes have passed; `ret_expires_ns` is then.  For transactions. */
must_use int enrolment_offer(struct store *store, struct audit_actor actor, struct slice bundle,
			     struct enrolment_code *code, int64_t *ret_expires_ns);

/* POST /v1/enroll: {"code": SECRET, "host": NAME}.  201 with what the machine keeps, 403 for a code
 * that is unknown, used or over, 429 when too many of those came. */
int enrolment_answer(const struct request *request, struct reply *reply);

#endif
