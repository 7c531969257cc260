/* SPDX-License-Identifier: MIT */
/* Checking and testing a bundle as it travels: its source archive (control/archive.h), without a
 * file. */
#ifndef TOOLS_POLICY_ARCHIVE_CHECK_H
#define TOOLS_POLICY_ARCHIVE_CHECK_H

#include "common/cleanup.h"
#include "common/slice.h"
#include "tools/policy/findings.h"

/* Adds what `chaperone policy check` and `policy test` find in the archive's files, where a test that
 * fails is an error (FINDING_TEST).  Tests are judged under the archive's own policies alone.  `now`:
 * seconds since 1970.  -EBADMSG for what is no archive, -ENOMEM. */
must_use int archive_check(struct slice archive, int64_t now, struct findings *findings);

#endif
