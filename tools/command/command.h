/* SPDX-License-Identifier: MIT */
/* The table of commands, and how a command line finds its row. */
#ifndef TOOLS_COMMAND_COMMAND_H
#define TOOLS_COMMAND_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#define COMMAND_NAME_MAX 64 /* of a full name, its NUL included */

enum command_exit { /* beside what a command gives to its own codes; `run` passes on its child's */
		    EXIT_GOOD = 0,
		    EXIT_FINDINGS = 1,    /* it ran, and the answer is no */
		    EXIT_USAGE = 2,       /* it could not run: asked wrongly */
		    EXIT_CHAPERONE = 125, /* `run`: chaperone itself could not do its part */
};

/* One line of the table.  A name of two words is a noun and its verb; rows of one noun stand
 * together. */
struct command {
	const char *name;                  /* "run", "policy check" */
	int (*run)(int argc, char **argv); /* argv[0] is `name`; answers -h and --help itself */
	const char *about;                 /* one line of help; NULL: not shown */
};

struct command_table {
	const struct command *rows;
	size_t count;
	const char *version;
};

/* What the program is called; each defines it beside its main. */
extern const char command_program[];

/* Runs the command that `argv` asks for and returns its exit status.  -h, --help, help,
 * --version and no command at all are answered here; an unknown command gets the nearest
 * spelling and EXIT_USAGE. */
int command_dispatch(const struct command_table *table, int argc, char **argv);

/* Says on stderr why `command` could not run; returns EXIT_USAGE. */
struct error;
int command_fail(const char *command, const struct error *error);

#endif
