/* SPDX-License-Identifier: MIT */
/* The options of one command as a table, from which they are read and --help is written. */
#ifndef TOOLS_COMMAND_OPTIONS_H
#define TOOLS_COMMAND_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

#define OPTION_ROWS_MAX 16

/* One option.  Without `argument` it is a flag: the bool at `offset` becomes true.  With one, the
 * const char * at `offset` becomes it, or `read` makes of it what stands there. */
struct option_row {
	const char *name;     /* without dashes */
	const char *argument; /* what --help calls it; NULL: none is taken */
	size_t offset;        /* in the command's options */
	const char *help;     /* a newline begins another line */
	int (*read)(const char *text, void *ret_value); /* 0 or a negative errno */
	const char *expected;                           /* with `read`: what a right argument is */
	char letter;                                    /* of "-n"; 0: none */
	bool is_needed;
};

/* Rows without `read`, whose member is of the type that belongs there or the row does not
 * compile. */
#define OPTION_PLACE(options, member, type)                                                        \
	(offsetof(struct options, member) +                                                        \
	 0 * sizeof(_Generic(((struct options *)0)->member, type : 0)))
#define OPTION_FLAG(options, member, word, text)                                                   \
	{                                                                                          \
		.name = word, .offset = OPTION_PLACE(options, member, bool), .help = text          \
	}
#define OPTION_TEXT(options, member, word, takes, text)                                            \
	{                                                                                          \
		.name = word, .argument = takes,                                                   \
		.offset = OPTION_PLACE(options, member, const char *), .help = text                \
	}

/* -h and --help are options of every command and have no row. */
struct option_table {
	const struct option_row *rows;
	size_t count;         /* at most OPTION_ROWS_MAX */
	const char *operands; /* as the usage line shows them; NULL: none are taken */
	size_t operands_min, operands_max;
	/* what follows the first operand belongs to it, with or without `--` */
	bool is_command_behind;
	const char *about;  /* lines */
	const char *exits;  /* lines */
	int status_refused; /* of a command line that is wrong; 0: EXIT_USAGE */
};

#define OPERANDS_MANY SIZE_MAX

/* Too many rows do not compile. */
#define OPTION_ROWS(table)                                                                         \
	.rows = table,                                                                             \
	.count = COUNT_OF(table) + 0 * sizeof(char[COUNT_OF(table) <= OPTION_ROWS_MAX ? 1 : -1])

/* Fills `options` from `argv`, which ends with NULL and whose first word is the command's name.
 * Returns its operands, which end with NULL too; or NULL when the command is to exit with
 * `ret_status`: --help was printed, or what is wrong was said on stderr.  Operands may stand
 * between options; `argv` is put in order. */
must_use char **options_read(const struct option_table *table, int argc, char **argv, void *options,
			     int *ret_status);

/* For `read`: a decimal number from `min` to `max`. */
must_use int option_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number);

#endif
