/* SPDX-License-Identifier: MIT */
/* The `chaperone audit` commands, and the options that they share. */
#ifndef TOOLS_CHAPERONE_AUDIT_H
#define TOOLS_CHAPERONE_AUDIT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "common/sha256.h"
#include "common/slice.h"

/* Each parses its own arguments, argv[0] being its name; returns the exit status. */
int command_audit_list(int argc, char **argv);
int command_audit_show(int argc, char **argv);
int command_audit_tail(int argc, char **argv);
int command_audit_verify(int argc, char **argv);
int command_audit_head(int argc, char **argv);
int command_audit_export(int argc, char **argv);

#define AUDIT_EXIT_GOOD     0
#define AUDIT_EXIT_FINDINGS 1
#define AUDIT_EXIT_FAILED   2

#define AUDIT_LIMIT_DEFAULT 1000u
#define AUDIT_LIMIT_MAX     1000000u

struct audit_options {
	char record[PATH_MAX];
	bool is_json;
	bool is_following;
	bool has_head;
	unsigned char head[SHA256_SIZE];
	size_t limit;          /* 0: not given */
	uint64_t since_ns;
	uint64_t until_ns;     /* UINT64_MAX: no end */
	struct slice person;   /* patterns with `*`; empty: any */
	struct slice table;
	struct slice verdict;
	struct slice rule;
	struct slice run;
	struct slice format;
	const char *operand;   /* the argument without a dash; NULL: none */
};

/* What a command takes: letters of the options below and how many operands. */
struct audit_usage {
	const char *text;      /* for --help */
	const char *options;   /* r record, j json, f follow, h head, n limit, s since, u until, p person, t table,
				  v verdict, l rule, R run, F format */
	bool takes_operand;
};

/* 0; 1 when help was printed; -EINVAL when what is wrong was printed. */
must_use int audit_options_parse(int argc, char **argv, const struct audit_usage *usage,
				 struct audit_options *ret_options);

/* Prints the error for `audit COMMAND`, escaped; returns AUDIT_EXIT_FAILED. */
int audit_fail(const char *command, const struct error *error);

/* Reads "2026-11-22", "2026-11-22 18:45[:01]" (local time), RFC 3339, or an age: "90s", "30m", "2h", "7d". */
must_use int audit_time_parse(const char *text, uint64_t now_ns, uint64_t *ret_ns);

#endif
