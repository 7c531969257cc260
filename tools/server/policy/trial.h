/* SPDX-License-Identifier: MIT */
/* Trying a bundle in a process of its own, which `chaperone-server worker` is: a text that crashes,
 * hangs or bloats the SQL parser costs that process and nothing else. */
#ifndef TOOLS_SERVER_POLICY_TRIAL_H
#define TOOLS_SERVER_POLICY_TRIAL_H

#include <jansson.h>

#include "common/clock.h"
#include "common/slice.h"
#include "tools/command/document.h"

#define TRIAL_NS            (20 * SECOND_NS)
#define TRIAL_MEMORY_MAX    (2048 * MIB)
#define TRIAL_FINDINGS_SHOW 200u

/* What came of it. */
struct trial {
	json_t *findings; /* a list of at most TRIAL_FINDINGS_SHOW: file, line, column, severity, id, text */
	uint64_t errors;
};

/* Checks and tests a source archive.  -ETIME: it took too long; -ENOTRECOVERABLE: it ended
 * otherwise than it should. */
must_use int trial_run(struct slice archive, struct trial *ret_trial);
void trial_done(struct trial *trial);

#endif
