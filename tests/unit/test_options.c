/* SPDX-License-Identifier: MIT */
/* Command lines read by a table. */
#include <stdio.h>
#include <string.h>

#include "common/slice.h"
#include "tests/unit/run_suite.h"
#include "tools/command/command.h"
#include "tools/command/options.h"

struct options {
	const char *text;
	bool is_given;
	uint64_t number;
};

static int read_number(const char *text, void *ret_number)
{
	return option_number(text, 1, 9, ret_number);
}

static const struct option_row ROWS[] = {
	OPTION_TEXT(options, text, "text", "TEXT", "a text"),
	OPTION_FLAG(options, is_given, "flag", "a flag"),
	{ .name = "number",
	  .argument = "N",
	  .letter = 'n',
	  .offset = offsetof(struct options, number),
	  .read = read_number,
	  .expected = "a number from 1 to 9",
	  .help = "a number" },
};

/* Words between spaces; what was read, as show() writes it; NULL: refused. */
static const struct {
	const char *line, *read, *read_before_command;
} LINES[] = {
	{ "", "- 0 0:", "- 0 0:" },
	{ "--text a --flag", "a 1 0:", "a 1 0:" },
	{ "--text=a", "a 0 0:", "a 0 0:" },
	{ "--text=", " 0 0:", " 0 0:" },
	{ "--text --flag", "--flag 0 0:", "--flag 0 0:" },
	{ "--text a --text b", "b 0 0:", "b 0 0:" },
	{ "-n 7 x", "- 0 7: x", "- 0 7: x" },
	{ "-n7", "- 0 7:", "- 0 7:" },
	{ "--number=9", "- 0 9:", "- 0 9:" },
	{ "x --flag y", "- 1 0: x y", "- 0 0: x --flag y" },
	{ "-- --flag", "- 0 0: --flag", "- 0 0: --flag" },
	{ "x -- y", "- 0 0: x y", "- 0 0: x -- y" },
	{ "-", "- 0 0: -", "- 0 0: -" },
	{ "x y z", NULL, "- 0 0: x y z" },
	{ "--text", NULL, NULL },
	{ "--flag=1", NULL, NULL },
	{ "--number 0", NULL, NULL },
	{ "--number 10", NULL, NULL },
	{ "--number 1x", NULL, NULL },
	{ "-n", NULL, NULL },
	{ "-f", NULL, NULL },
	{ "--other", NULL, NULL },
	{ "--other=1", NULL, NULL },
};

static void show(const struct options *options, char **operands, char *ret_text, size_t size)
{
	int n = snprintf(ret_text, size, "%s %d %d:", options->text ? options->text : "-",
			 options->is_given, (int)options->number);

	for (; *operands; operands++)
		n += snprintf(ret_text + n, size - (size_t)n, " %s", *operands);
}

static void assert_read(const char *line, bool is_command_behind, const char *expected)
{
	const struct option_table table = { OPTION_ROWS(ROWS),
					    .operands = "WORD...",
					    .operands_max = is_command_behind ? OPERANDS_MANY : 2,
					    .is_command_behind = is_command_behind,
					    .status_refused = 125,
					    .about = "",
					    .exits = "" };
	char words[64], text[64], name[] = "test", *argv[10] = { name };
	struct options options = { .text = NULL };
	int argc = 1, status = -1;

	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	char **operands = options_read(&table, argc, argv, &options, &status);
	if (!expected) {
		ck_assert_msg(!operands && status == 125, "%s", line);
		return;
	}
	ck_assert_msg(operands != NULL, "%s", line);
	show(&options, operands, text, sizeof(text));
	ck_assert_str_eq(text, expected);
}

START_TEST(lines_are_read_or_refused)
{
	assert_read(LINES[_i].line, false, LINES[_i].read);
}
END_TEST

START_TEST(what_stands_behind_a_command_is_its_own)
{
	assert_read(LINES[_i].line, true, LINES[_i].read_before_command);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, lines_are_read_or_refused, 0, COUNT_OF(LINES));
	tcase_add_loop_test(tcase, what_stands_behind_a_command_is_its_own, 0, COUNT_OF(LINES));
}

const char command_program[] = "chaperone";

int main(void)
{
	return run_suite("options", NULL, NULL, add_tests);
}
