/* SPDX-License-Identifier: MIT */
/* Reading a command line by its table, and the help of the same table. */
#include "tools/command/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "policy/engine/nearest.h"
#include "tools/command/command.h"
#include "tools/command/terminal.h"

#define HEAD_MAX  64              /* "-n, --limit N", its NUL included */
#define SHOWN_MAX 64              /* bytes of a name that does not exist */
#define KEY_FIRST (UCHAR_MAX + 1) /* getopt_long's answer for row 0 */

static const struct option_row HELP = { .name = "help", .help = "this help", .letter = 'h' };

/* Rows, then --help. */
static const struct option_row *row_at(const struct option_table *table, size_t i)
{
	return i < table->count ? &table->rows[i] : &HELP;
}

static void head_of(const struct option_row *row, char ret_head[HEAD_MAX])
{
	char letter[] = "    ";

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	snprintf(ret_head, HEAD_MAX, "%.4s--%s%s%s", letter, row->name, row->argument ? " " : "",
		 row->argument ? row->argument : "");
}

static void print_row(const struct option_row *row, int width)
{
	struct slice lines = slice_of(row->help);
	char head[HEAD_MAX];

	head_of(row, head);
	for (const char *left = head; lines.length > 0; left = "") {
		struct slice line = slice_cut(&lines, '\n');

		printf("  %-*s  %.*s\n", width, left, SLICE_ARGUMENTS(line));
	}
}

static void print_usage(const struct option_table *table, const char *name)
{
	printf("usage: %s %s", command_program, name);
	for (size_t i = 0; i < table->count; i++) {
		if (table->rows[i].is_needed)
			printf(" --%s %s", table->rows[i].name, table->rows[i].argument);
	}
	printf(" [options]%s%s\n\n%s\n\n", table->operands ? " " : "",
	       table->operands ? table->operands : "", table->about);
}

static void print_help(const struct option_table *table, const char *name)
{
	char head[HEAD_MAX];
	int width = 0;

	print_usage(table, name);
	for (size_t i = 0; i <= table->count; i++) {
		head_of(row_at(table, i), head);
		width = (int)strlen(head) > width ? (int)strlen(head) : width;
	}
	for (size_t i = 0; i <= table->count; i++)
		print_row(row_at(table, i), width);
	printf("\nexit: %s\n", table->exits);
}

/* What getopt_long(3) calls an option, and what it answers for it. */
struct parser {
	struct option names[OPTION_ROWS_MAX + 2];
	char letters[2 * OPTION_ROWS_MAX + 4];
};

static void prepare(const struct option_table *table, struct parser *ret_parser)
{
	struct parser parser = { .letters = "" };
	char *at = stpcpy(parser.letters, table->is_command_behind ? "+:" : ":");

	for (size_t i = 0; i <= table->count; i++) {
		const struct option_row *row = row_at(table, i);
		int takes = row->argument ? required_argument : no_argument;

		parser.names[i] = (struct option){ row->name, takes, NULL, KEY_FIRST + (int)i };
		if (row->letter)
			at += sprintf(at, "%c%s", row->letter, row->argument ? ":" : "");
	}
	*ret_parser = parser;
}

/* The row that an answer of getopt_long or its `optopt` means; NULL for none. */
static const struct option_row *row_of(const struct option_table *table, int key)
{
	if (key >= KEY_FIRST)
		return row_at(table, (size_t)(key - KEY_FIRST));
	for (size_t i = 0; key > 0 && i <= table->count; i++) {
		if (row_at(table, i)->letter == key)
			return row_at(table, i);
	}
	return NULL;
}

static int refuse_name(const struct option_table *table, const char *word, struct error *error)
{
	struct slice rest = slice_of(word + 2), name = slice_cut(&rest, '=');
	struct nearest nearest = nearest_to(name);
	int length = (int)(name.length < SHOWN_MAX ? name.length : SHOWN_MAX);

	for (size_t i = 0; i <= table->count; i++)
		nearest_try(&nearest, row_at(table, i)->name);
	if (nearest.best)
		return error_set(error, -EINVAL, "unknown option '--%.*s'; did you mean '--%s'?",
				 length, name.at, nearest.best);
	return error_set(error, -EINVAL, "unknown option '--%.*s'", length, name.at);
}

/* `word` is where getopt_long stopped. */
static int refuse(const struct option_table *table, int key, const char *word, struct error *error)
{
	const struct option_row *row = row_of(table, optopt);

	if (row && key == ':')
		return error_set(error, -EINVAL, "--%s needs %s", row->name, row->argument);
	if (row)
		return error_set(error, -EINVAL, "--%s takes no argument", row->name);
	if (optopt)
		return error_set(error, -EINVAL, "unknown option '-%c'", optopt);
	return refuse_name(table, word, error);
}

static int take(const struct option_row *row, const char *text, void *options, struct error *error)
{
	void *place = (char *)options + row->offset;

	if (!row->argument)
		*(bool *)place = true;
	else if (!row->read)
		*(const char **)place = text;
	else if (row->read(text, place) < 0)
		return error_set(error, -EINVAL, "--%s '%.64s': expected %s", row->name, text,
				 row->expected);
	return 0;
}

/* 1 when help was asked for. */
static int take_all(const struct option_table *table, int argc, char **argv, void *options,
		    struct error *error)
{
	bool is_given[OPTION_ROWS_MAX] = { false };
	struct parser parser;
	int key, r = 0;

	prepare(table, &parser);
	optind =
		0; /* getopt_long(3): starts anew, also in a process that has read options before */
	opterr = 0;
	while (r == 0 &&
	       (key = getopt_long(argc, argv, parser.letters, parser.names, NULL)) != -1) {
		const struct option_row *row = row_of(table, key);

		if (row == &HELP)
			return 1;
		if (!row)
			return refuse(table, key, argv[optind - 1], error);
		is_given[row - table->rows] = true;
		r = take(row, optarg, options, error);
	}
	for (size_t i = 0; r == 0 && i < table->count; i++) {
		if (table->rows[i].is_needed && !is_given[i])
			r = error_set(error, -EINVAL, "--%s %s is needed", table->rows[i].name,
				      table->rows[i].argument);
	}
	return r;
}

static int count_operands(const struct option_table *table, char **operands, size_t count,
			  struct error *error)
{
	if (count < table->operands_min)
		return error_set(error, -EINVAL, "expected %s", table->operands);
	if (count > table->operands_max)
		return error_set(error, -EINVAL, "unexpected argument '%.64s'",
				 operands[table->operands_max]);
	return 0;
}

int option_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number)
{
	uint64_t number;
	int r = slice_to_u64(slice_of(text), &number);

	if (r < 0 || number < min || number > max)
		return r < 0 ? r : -ERANGE;
	*ret_number = number;
	return 0;
}

char **options_read(const struct option_table *table, int argc, char **argv, void *options,
		    int *ret_status)
{
	struct error error = { .text = "" };
	int refused = table->status_refused ? table->status_refused : EXIT_USAGE;
	int r = take_all(table, argc, argv, options, &error);

	if (r > 0) {
		print_help(table, argv[0]);
		*ret_status = fflush(stdout) == 0 ? EXIT_GOOD : refused;
		return NULL;
	}
	if (r == 0)
		r = count_operands(table, argv + optind, (size_t)(argc - optind), &error);
	if (r == 0)
		return argv + optind;
	terminal_error(argv[0], &error);
	fprintf(stderr, "`%s %s --help` shows what it takes.\n", command_program, argv[0]);
	*ret_status = refused;
	return NULL;
}
