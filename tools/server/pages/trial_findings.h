/* SPDX-License-Identifier: MIT */
/* What a check finds in a policy, line by line. */
#ifndef TOOLS_SERVER_PAGES_TRIAL_FINDINGS_H
#define TOOLS_SERVER_PAGES_TRIAL_FINDINGS_H

#include <jansson.h>

#include "tools/server/pages/html.h"

/* Appends a list of findings (trial.h), each with a link to its line, which lines.h writes. */
void trial_findings_add(struct buf *out, const json_t *findings);

#endif
