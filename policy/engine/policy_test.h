/* SPDX-License-Identifier: MIT */
/* A test of policies, read and checked: what policy-test-v1.json describes, as plain data. */
#ifndef POLICY_ENGINE_POLICY_TEST_H
#define POLICY_ENGINE_POLICY_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "common/slice.h"
#include "policy/engine/judge.h"
#include "policy/engine/policy.h"

#define POLICY_TEST_MEMORY_MAX (64 * MIB)

/* Data, read by YAML's core schema: plain null, true and 42 are what they look like, all else is
 * text. */
enum policy_test_kind {
	TEST_NULL,
	TEST_BOOLEAN,
	TEST_INTEGER,
	TEST_TEXT,
};

struct policy_test_value {
	enum policy_test_kind kind;
	int64_t integer;  /* 0 and 1 for booleans */
	const char *text; /* as written */
};

struct policy_test_values {
	struct policy_test_value *items;
	size_t count;
};

struct policy_test_cell {
	const char *column;
	struct policy_test_value value;
};

struct policy_test_row {
	struct policy_test_cell *cells;
	size_t count;
};

struct policy_test_rows {
	struct policy_test_row *items;
	size_t count;
};

/* Facts about a caller, taken as proven; texts are NULL when not given. */
struct policy_test_caller {
	const char *name;
	enum caller_kind kind;
	struct globs groups;
	const char *subject, *workload, *exe, *user, *db_user;
};

struct policy_test_want {
	enum decision decision;
	bool has_reason;
	enum reason reason;
	bool has_rules;
	struct globs rules;
	bool has_people;
	uint64_t people;
	const char *sqlstate; /* may be NULL */
	bool has_break_glass, break_glass;
	bool has_masked;
	struct globs masked;
	bool has_rows;
	struct policy_test_rows rows;
};

struct policy_test {
	const char *name;
	uint32_t line, column; /* where it stands */
	int64_t at;            /* seconds since 1970; the file's unless it has its own */
	bool has_at;
	const char *as;
	uint32_t caller; /* index into callers */
	const char *database, *sql;
	struct policy_test_values values;
	struct globs before; /* statements of the same session */
	bool has_returns;
	struct policy_test_rows returns;
	struct policy_test_want want;
};

struct policy_test_file {
	const char *path;
	struct globs policies; /* paths, usable from where `path` is */
	int64_t at;
	struct policy_test_caller *callers;
	size_t caller_count;
	struct policy_test *tests;
	size_t test_count;
	struct arena *memory; /* everything above */
};

/* Reads the test file; the policies that it names are not read.  On failure `error` names file,
 * line and column and
 * what was expected. */
must_use int policy_test_read(const char *path, struct policy_test_file **ret_file,
			      struct error *error);

/* As policy_test_read for a text in memory; `path` stands in messages. */
must_use int policy_test_read_text(const char *path, struct slice text,
				   struct policy_test_file **ret_file, struct error *error);
void policy_test_free(struct policy_test_file *file);
DEFINE_FREEP(struct policy_test_file, policy_test_freep, policy_test_free)

#endif
