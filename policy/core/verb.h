/* SPDX-License-Identifier: MIT */
/* What a statement does to an object: the verbs of the policy language, and their groups. */
#ifndef POLICY_CORE_VERB_H
#define POLICY_CORE_VERB_H

#include <stdint.h>

/* ROW(enumerator, spelling in policies and records, group bits) */
#define VERBS(ROW)                                                                                 \
	ROW(VERB_SELECT, "select", GROUP_READ)                                                     \
	ROW(VERB_COPY_OUT, "copy-out", GROUP_READ)                                                 \
	ROW(VERB_INSERT, "insert", GROUP_WRITE)                                                    \
	ROW(VERB_UPDATE, "update", GROUP_WRITE)                                                    \
	ROW(VERB_DELETE, "delete", GROUP_WRITE)                                                    \
	ROW(VERB_MERGE, "merge", GROUP_WRITE)                                                      \
	ROW(VERB_COPY_IN, "copy-in", GROUP_WRITE)                                                  \
	ROW(VERB_UPDATE_ALL, "update-all", GROUP_WRITE)                                            \
	ROW(VERB_DELETE_ALL, "delete-all", GROUP_WRITE)                                            \
	ROW(VERB_TRUNCATE, "truncate", GROUP_WRITE | GROUP_DDL)                                    \
	ROW(VERB_CREATE, "create", GROUP_DDL)                                                      \
	ROW(VERB_ALTER, "alter", GROUP_DDL)                                                        \
	ROW(VERB_DROP, "drop", GROUP_DDL)                                                          \
	ROW(VERB_CALL, "call", 0)                                                                  \
	ROW(VERB_GRANT, "grant", GROUP_ADMIN)                                                      \
	ROW(VERB_SET, "set", GROUP_ADMIN)                                                          \
	ROW(VERB_MAINTAIN, "maintain", GROUP_ADMIN)                                                \
	ROW(VERB_LOCK, "lock", 0)                                                                  \
	ROW(VERB_NOTIFY, "notify", 0)                                                              \
	ROW(VERB_FILE, "file", GROUP_ADMIN)                                                        \
	ROW(VERB_PROGRAM, "program", GROUP_ADMIN)                                                  \
	ROW(VERB_REPLICATE, "replicate", GROUP_ADMIN)

enum verb_group {
	GROUP_READ = 1,
	GROUP_WRITE = 2,
	GROUP_DDL = 4,
	GROUP_ADMIN = 8,
};

enum verb {
#define VERB_ENUMERATOR(verb, text, groups) verb,
	VERBS(VERB_ENUMERATOR)
#undef VERB_ENUMERATOR
		VERB_COUNT
};

/* Sets of verbs are bit masks of `1u << verb`. */
typedef uint32_t verb_set;
#define VERB_BIT(verb) ((verb_set)1 << (verb))

/* The spelling; "?" for what is not a verb. */
const char *verb_text(enum verb verb);

/* The verbs of `group`, one of enum verb_group. */
verb_set verb_group_set(unsigned group);

#endif
