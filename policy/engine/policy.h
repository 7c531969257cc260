/* SPDX-License-Identifier: MIT */
/* A bundle of policy files, read and checked: what policy-v1.json describes, as plain data.
 *
 * All strings are NUL-terminated and owned by the policy.  References by name (`for`, `database`,
 * `overrides`, column groups) are resolved to indexes when the bundle is read; wildcards in them
 * are expanded. */
#ifndef POLICY_ENGINE_POLICY_H
#define POLICY_ENGINE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "common/sha256.h"
#include "policy/core/detect.h"
#include "policy/core/mask.h"
#include "policy/core/verb.h"

#define POLICY_FILE_MAX      (1 * MIB)
#define POLICY_FILES_MAX     256
#define POLICY_RULES_MAX     10000
#define POLICY_DATABASES_MAX 1024
#define POLICY_MEMORY_MAX    (256 * MIB)

/* Where something stands, for messages. */
struct policy_place {
	uint16_t file; /* index into files */
	uint32_t line;
	uint32_t column;
};

/* Texts in which `*` stands for any part (slice_matches). */
struct globs {
	const char **items;
	size_t count;
};
bool globs_match(const struct globs *globs, struct slice text);

enum decision {
	DECISION_NONE, /* nothing said: the default decides */
	DECISION_ALLOW,
	DECISION_APPROVE,
	DECISION_DENY,
};
const char *decision_text(enum decision decision);

enum engine {
	ENGINE_POSTGRES,
	ENGINE_MYSQL,
	ENGINE_MONGODB,
};

enum caller_kind {
	KIND_NONE,
	KIND_AGENT,
	KIND_JOB,
	KIND_PERSON,
	KIND_SERVICE,
};
const char *caller_kind_text(enum caller_kind kind);

/* A condition on the caller: every key that is given must match. */
struct policy_who {
	enum caller_kind kind; /* KIND_NONE: not given */
	struct globs group, subject, workload, exe, db_user, user;
};

struct policy_person {
	const char *name;
	struct policy_who who;
	struct policy_place place;
};

/* The value of `for`, `except`: everyone, people by index, or a condition written in place. */
struct policy_whom {
	bool is_given;
	bool is_everyone;
	uint32_t *people;
	size_t people_count;
	const struct policy_who *who; /* NULL unless written in place */
};

struct policy_database {
	const char *name;
	enum engine engine;
	struct globs hosts, names, sockets, server_ids;
	struct globs schemas; /* `schemas:`; public when not given */
	uint16_t *ports;
	size_t port_count;
	enum decision default_decision; /* DECISION_NONE: the bundle's */
	enum decision unknown;
	bool is_pooled; /* `pooled: true` */
	struct policy_place place;
};

/* A column pattern; `*` stands for any part of a name. */
struct policy_column {
	const char *schema; /* NULL: any */
	const char *table;
	const char *column; /* MongoDB: the dotted path */
};

struct policy_column_group {
	const char *name;
	struct policy_column *columns;
	size_t count;
	struct policy_place place;
};

struct policy_mask {
	uint32_t group;   /* index into column_groups */
	struct mask mask; /* `key`: index into key_names */
};

enum policy_probe {
	PROBE_ANSWER_DENY,
	PROBE_ANSWER_LOOKUP,
	PROBE_ANSWER_APPROVE,
	PROBE_ANSWER_ALLOW,
};

struct policy_limit {
	uint64_t rows; /* 0: none */
	uint64_t bytes;
	uint64_t time_ms;
	uint64_t per_minute;
	uint64_t statements;
	uint64_t changed_rows; /* UINT64_MAX: none, because 0 is a limit */
};

enum approve_bound {
	BOUND_STATEMENT = 1,
	BOUND_VALUES = 2,
	BOUND_IDENTITY = 4,
	BOUND_DATABASE = 8,
	BOUND_PROCESS = 16,
};

struct policy_approve {
	struct policy_whom by;
	uint32_t people;
	bool not_requester, not_sponsor;
	uint64_t wait_ms, answer_within_ms, use_within_ms; /* 0: not given */
	uint32_t uses;
	unsigned bound_to; /* enum approve_bound bits */
	/* bits in the schema's order: statement, values, plan, process, history */
	unsigned show;
};

struct policy_break_glass {
	struct policy_whom by;
	uint64_t lasts_ms, review_within_ms; /* 0: not given */
	struct globs tell;
};

/* A time window, answered without system time zone state; see window.h. */
struct window;

struct policy_condition { /* one entry of only-where: the column must be held to one of the values
			   */
	struct policy_column column;
	const char **values;
	size_t count;
};

enum policy_then {
	THEN_NONE,
	THEN_ALLOW,
	THEN_DENY,
	THEN_APPROVE,
	THEN_WARN,
};

struct policy_rule {
	const char *name;
	struct policy_place place;
	uint32_t *databases; /* indexes; `has_database` false: any */
	size_t database_count;
	bool has_database;
	bool matches_other_database; /* `other` is among the names */
	struct policy_whom for_whom, except;
	verb_set verbs; /* `has_verbs` false: any */
	bool has_verbs;
	struct globs tables; /* "table", "schema.table"; count 0: any */
	struct globs functions;
	struct window *during; /* NULL: always */
	struct policy_condition *only_where;
	size_t only_where_count;
	enum policy_then then;
	bool is_trial;
	const char *say;     /* NULL: none */
	uint32_t *overrides; /* rule indexes */
	size_t override_count;
	struct policy_mask *masks;
	size_t mask_count;
	struct mask found[DETECTOR_COUNT]; /* MASK_NONE where not asked for */
	enum policy_probe probe;
	bool derived_allow, copied_allow, write_back_allow;
	bool has_limit;
	struct policy_limit limit;
	struct policy_approve *approve;         /* with THEN_APPROVE */
	struct policy_break_glass *break_glass; /* may be NULL */
};

struct policy_file {
	const char *path;
	const char *name;  /* `name:` */
	const char *about; /* may be NULL */
	struct globs owners;
	unsigned char digest[SHA256_SIZE]; /* of the text */
};

/* Something that stands in the bundle and that `chaperone run` does not enforce yet. */
struct policy_gap {
	struct policy_place place;
	const char *what; /* "limit" */
};

enum stale_then {
	STALE_KEEP,
	STALE_DENY_WRITES,
	STALE_DENY,
};

enum record_literals { RECORD_LITERALS_HIDE, RECORD_LITERALS_HASH, RECORD_LITERALS_KEEP };
enum record_values {
	RECORD_VALUES_HASH,
	RECORD_VALUES_HIDE,
	RECORD_VALUES_MASK,
	RECORD_VALUES_KEEP
};
enum record_when_full { WHEN_FULL_DENY_WRITES, WHEN_FULL_DENY, WHEN_FULL_ALLOW };
#define POLICY_FULL_AT_BYTES (1 * GIB)

struct policy {
	struct policy_file *files;
	size_t file_count;
	struct policy_database *databases;
	size_t database_count;
	struct policy_person *people;
	size_t person_count;
	struct policy_column_group *column_groups;
	size_t column_group_count;
	const char **key_names; /* of `hash: NAME` */
	size_t key_count;
	struct policy_rule *rules;
	size_t rule_count;
	enum decision default_decision; /* ALLOW or DENY */
	enum decision unknown;
	bool is_trial;
	uint64_t version; /* that a server gave it; 0: it is no server's */
	bool has_stale;
	uint64_t stale_after_ms, stale_hard_ms;
	enum stale_then stale_then;
	enum record_literals record_literals;
	enum record_values record_values;
	enum record_when_full when_full;
	uint64_t full_at_bytes;  /* of what no server took; 0: POLICY_FULL_AT_BYTES */
	struct policy_gap *gaps; /* policy_unenforced tells them */
	size_t gap_count;
	unsigned char digest[SHA256_SIZE]; /* over all files' names and digests, in order */
	struct arena *memory;              /* everything above */
};

/* Reads PATH: a file, or a folder, of which every .yaml except *_test.yaml is read in order of
 * name.  On failure `error` names file, line and column and what was expected. */
must_use int policy_read(const char *path, struct policy **ret_policy, struct error *error);

/* As policy_read for the given files, which make one bundle. */
must_use int policy_read_files(const char *const *paths, size_t count, struct policy **ret_policy,
			       struct error *error);

/* As policy_read_files for texts in memory; `names` stand in messages. */
must_use int policy_read_texts(const char *const *names, const struct slice *texts, size_t count,
			       struct policy **ret_policy, struct error *error);

void policy_free(struct policy *policy);
DEFINE_FREEP(struct policy, policy_freep, policy_free)

/* Whether the bundle decides nothing and shows everything: default and unknown allow, no masks, no
 * limits, no deny or approve.  Then nothing is asked of the server (decisions.md 19). */
bool policy_allows_everything(const struct policy *policy);

/* The n-th thing in the bundle that `chaperone run` does not enforce yet: fills `error` with its
 * place and name
 * ("limit is not enforced by this version") and returns true; false behind the last. */
bool policy_unenforced(const struct policy *policy, size_t n, struct error *error);

#endif
