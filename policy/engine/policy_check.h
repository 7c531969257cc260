/* SPDX-License-Identifier: MIT */
/* What a bundle says that its author can hardly mean: found by looking at the rules alone. */
#ifndef POLICY_ENGINE_POLICY_CHECK_H
#define POLICY_ENGINE_POLICY_CHECK_H

#include <stdint.h>

#include "policy/engine/policy.h"

/* ROW(enumerator, stable id) */
#define FINDINGS(ROW)                                                                              \
	ROW(FINDING_SYNTAX, "syntax")                                                              \
	ROW(FINDING_TEST, "test")                                                                  \
	ROW(FINDING_UNENFORCED, "unenforced")                                                      \
	ROW(FINDING_STRAY_FILE, "stray-file")                                                      \
	ROW(FINDING_WINDOW_NEVER, "window-never")                                                  \
	ROW(FINDING_WINDOW_OVER, "window-over")                                                    \
	ROW(FINDING_CALLER_NEVER, "caller-never")                                                  \
	ROW(FINDING_VERBS_WITHOUT_TABLES, "verbs-without-tables")                                  \
	ROW(FINDING_FUNCTIONS_WITHOUT_CALL, "functions-without-call")                              \
	ROW(FINDING_DATABASE_OVERLAP, "database-overlap")                                          \
	ROW(FINDING_ALLOW_SWALLOWED, "allow-swallowed")                                            \
	ROW(FINDING_EXE_ALONE, "exe-alone")                                                        \
	ROW(FINDING_COLUMNS_UNUSED, "columns-unused")                                              \
	ROW(FINDING_MASK_NO_COLUMN, "mask-no-column")                                              \
	ROW(FINDING_HASH_FEW_VALUES, "hash-few-values")                                            \
	ROW(FINDING_TRIAL_MASK, "trial-mask")                                                      \
	ROW(FINDING_APPROVERS_TOO_FEW, "approvers-too-few")

enum finding_id {
#define FINDING_ENUMERATOR(finding, text) finding,
	FINDINGS(FINDING_ENUMERATOR)
#undef FINDING_ENUMERATOR
};
const char *finding_id_text(enum finding_id id);

enum finding_severity {
	FINDING_WARNING,
	FINDING_ERROR, /* what was written cannot be meant, or cannot be read */
};

struct policy_finding {
	enum finding_id id;
	enum finding_severity severity;
	struct error where; /* file, line, column, text */
};

struct policy_finder {
	void (*found)(struct policy_finder *finder, const struct policy_finding *finding);
	int64_t now; /* seconds since 1970: windows that are over are told */
};

/* Tells all findings about `policy`, what is not enforced yet included. */
void policy_check(const struct policy *policy, struct policy_finder *finder);

#endif
