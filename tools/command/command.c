/* SPDX-License-Identifier: MIT */
/* Finding a command's row, and the help that the table itself gives. */
#include "tools/command/command.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/slice.h"
#include "policy/engine/nearest.h"
#include "tools/command/terminal.h"

static struct slice noun_of(const struct command *row)
{
	return (struct slice){ row->name, strcspn(row->name, " ") };
}

static bool has_verb(const struct command *row)
{
	return strchr(row->name, ' ') != NULL;
}

static bool is_help(const char *word)
{
	return strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0;
}

/* Whether `word` is a noun: rows "word verb" exist. */
static bool is_noun(const struct command_table *table, const char *word)
{
	for (size_t i = 0; i < table->count; i++)
		if (has_verb(&table->rows[i]) && slice_is(noun_of(&table->rows[i]), word))
			return true;
	return false;
}

static const struct command *find(const struct command_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->rows[i].name, name) == 0)
			return &table->rows[i];
	return NULL;
}

/* Prints the rows that are shown; those of `noun` only unless it is NULL. */
static void list(const struct command_table *table, const char *noun, FILE *out)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct command *row = &table->rows[i];

		if (row->about && (!noun || slice_is(noun_of(row), noun)))
			fprintf(out, "  %-20s %s\n", row->name, row->about);
	}
}

static int show_help(const struct command_table *table, const char *noun, FILE *out)
{
	fprintf(out, "usage: %s %s\n\n", command_program,
		noun ? "NOUN VERB [OPTIONS]" : "COMMAND [OPTIONS]");
	list(table, noun, out);
	fprintf(out, "\n`%s help COMMAND` shows the options of one; %s(1) tells the rest.\n",
		command_program, command_program);
	return out == stdout ? EXIT_GOOD : EXIT_USAGE;
}

/* Offers the noun of `row`, which `ret_noun` keeps when it is the nearest so far. */
static void try_noun(struct nearest *nearest, const struct command *row,
		     char ret_noun[COMMAND_NAME_MAX])
{
	char noun[COMMAND_NAME_MAX];

	snprintf(noun, sizeof(noun), "%.*s", SLICE_ARGUMENTS(noun_of(row)));
	nearest_try(nearest, noun);
	if (nearest->best != noun)
		return;
	memcpy(ret_noun, noun, sizeof(noun));
	nearest->best = ret_noun;
}

static int refuse_unknown(const struct command_table *table, const char *name)
{
	struct nearest nearest = nearest_to(slice_of(name));
	char noun[COMMAND_NAME_MAX], hint[NEAREST_HINT_SIZE];

	for (size_t i = 0; i < table->count; i++) {
		if (!table->rows[i].about)
			continue;
		nearest_try(&nearest, table->rows[i].name);
		if (!strchr(name, ' '))
			try_noun(&nearest, &table->rows[i], noun);
	}
	nearest_hint(&nearest, hint);
	fprintf(stderr, "%s: '%.64s' is no command%s\n", command_program, name, hint);
	fprintf(stderr, "`%s help` lists them.\n", command_program);
	return EXIT_USAGE;
}

static int run_row(const struct command *row, int argc, char **argv)
{
	char name[COMMAND_NAME_MAX];

	snprintf(name, sizeof(name), "%s", row->name);
	argv[0] = name;
	return row->run(argc, argv);
}

/* `argv[0]` is the first word of the command. */
static int run_words(const struct command_table *table, int argc, char **argv)
{
	char name[2 * COMMAND_NAME_MAX];

	if (!is_noun(table, argv[0])) {
		const struct command *row = find(table, argv[0]);

		return row ? run_row(row, argc, argv) : refuse_unknown(table, argv[0]);
	}
	if (argc == 1 || is_help(argv[1]))
		return show_help(table, argv[0], argc == 1 ? stderr : stdout);
	snprintf(name, sizeof(name), "%.60s %.60s", argv[0], argv[1]);
	const struct command *row = find(table, name);
	return row ? run_row(row, argc - 1, argv + 1) : refuse_unknown(table, name);
}

/* help X is X --help. */
static int help_with(const struct command_table *table, int argc, char **argv)
{
	char help[] = "--help";
	char *words[] = { argv[0], help, help, NULL };
	bool has_two = argc > 1 && is_noun(table, argv[0]);

	if (has_two)
		words[1] = argv[1];
	return run_words(table, has_two ? 3 : 2, words);
}

int command_dispatch(const struct command_table *table, int argc, char **argv)
{
	if (argc < 2)
		return show_help(table, NULL, stderr);
	if (is_help(argv[1]) || (strcmp(argv[1], "help") == 0 && argc == 2))
		return show_help(table, NULL, stdout);
	if (strcmp(argv[1], "--version") == 0) {
		printf("%s %s\n", command_program, table->version);
		return EXIT_GOOD;
	}
	if (strcmp(argv[1], "help") == 0)
		return help_with(table, argc - 2, argv + 2);
	return run_words(table, argc - 1, argv + 1);
}

int command_fail(const char *command, const struct error *error)
{
	terminal_error(command, error);
	return EXIT_USAGE;
}
