/* SPDX-License-Identifier: MIT */
/* The options that the `chaperone audit` commands share. */
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
#include "tools/command/command.h"
#include "tools/chaperone/commands.h"
#include "tools/command/when.h"
#include "tools/command/options.h"

#define AUDIT_LIMIT_DEFAULT 1000u
#define AUDIT_LIMIT_MAX     1000000u

struct audit_options {
	char record[PATH_MAX];
	bool is_json;
	bool is_following;
	struct audit_head {
		bool is_given;
		unsigned char hash[SHA256_SIZE];
	} head;
	uint64_t limit; /* 0: not given */
	uint64_t since_ns;
	uint64_t until_ns;  /* UINT64_MAX: no end */
	const char *person; /* patterns with `*`; NULL or empty: any */
	const char *table;
	const char *verdict;
	const char *rule;
	const char *run;
	size_t format;          /* of `audit export`, its number there */
	const char *key;        /* of exports: a verifier; NULL: not given, like the next one */
	const char *authors;    /* a file of them */
	struct audit_head root; /* of exports: the digest of an author root */
	const char *against;    /* a file with a checkpoint */
	/* of `policy replay` */
	const char *policy, *was;
	bool fails_on_change, shows_untold;
	const char *export;  /* in place of a record; NULL: not given */
	const char *operand; /* the argument without a dash; NULL: none */
};

/* Rows that several commands have, and what reads their arguments. */
int audit_read_record(const char *text, void *ret_record);
int audit_read_limit(const char *text, void *ret_limit);

/* clang-format off */
#define AUDIT_READ(member, word, takes, reader, right, ...) \
	{ .name = word, .argument = takes, .offset = offsetof(struct audit_options, member), .read = reader, \
	  .expected = right, .help = __VA_ARGS__ }
#define AUDIT_RECORD \
	AUDIT_READ(record, "record", "PATH", audit_read_record, "a folder", "the record's folder")
#define AUDIT_JSON(text) OPTION_FLAG(audit_options, is_json, "json", text)
#define AUDIT_KEYS \
	OPTION_TEXT(audit_options, key, "key", "VERIFIER", \
		    "the log's key, known from elsewhere: NAME+ID+BASE64.  Without it the one that this\n" \
		    "machine got when it enrolled is believed, or else the export itself")
#define AUDIT_LIMIT(text) \
	AUDIT_READ(limit, "limit", "N", audit_read_limit, "a number from 1 to 1000000", text, .letter = 'n')
#define AUDIT_FILTERS \
	OPTION_TEXT(audit_options, person, "person", "NAME", \
		    "of a person, user or agent; * stands for any part of a name"), \
	OPTION_TEXT(audit_options, table, "table", "NAME", "that touch this table"), \
	OPTION_TEXT(audit_options, verdict, "verdict", "WORD", \
		    "allow, deny, approve, would-deny, would-approve, refused, masked"), \
	OPTION_TEXT(audit_options, rule, "rule", "NAME", "in which this rule had a say"), \
	OPTION_TEXT(audit_options, run, "run", "ID", "of one `chaperone run`")
#define AUDIT_SPAN \
	AUDIT_READ(since_ns, "since", "WHEN", when_read, WHEN_FORMS, WHEN_FORMS), \
	AUDIT_READ(until_ns, "until", "WHEN", when_read, WHEN_FORMS, "likewise")
/* clang-format on */

/* As options_read.  False when the command is to exit with `ret_status`. */
must_use bool audit_options_read(const struct option_table *table, int argc, char **argv,
				 struct audit_options *ret_options, int *ret_status);

#endif
