/* SPDX-License-Identifier: MIT */
/* Findings about policies, gathered to be printed in order of place. */
#ifndef TOOLS_POLICY_FINDINGS_H
#define TOOLS_POLICY_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "policy/engine/policy_check.h"
#include "policy/engine/policy_files.h"

#define FINDINGS_MAX 10000

struct findings {
	struct policy_finding *items;
	size_t count;
	size_t left_out; /* beyond FINDINGS_MAX */
	bool failed;     /* memory ran out: some are missing */
};

void findings_add(struct findings *findings, const struct policy_finding *finding);

/* Warns of files that nobody reads (POLICY_STRAY). */
void findings_add_strays(struct findings *findings, const struct policy_files *files);
void findings_done(struct findings *findings);
void findings_sort(struct findings *findings);
size_t findings_count(const struct findings *findings, enum finding_severity severity);

/* FILE:LINE:COLUMN: severity: text [id]; control characters are shown as "?". */
void findings_print(const struct findings *findings, FILE *out);

/* One object: {"findings": [...], "errors": n, "warnings": n}. */
void findings_print_json(const struct findings *findings, FILE *out);

#endif
