/* SPDX-License-Identifier: MIT */
/* Interpreters, the options of theirs that take an argument, and the script that comes behind. */
#include "tools/chaperone/script.h"

#include <string.h>

#include "common/cleanup.h"

/* Options are one text in which each stands between spaces. */
static const struct interpreter {
	const char *pattern;     /* of the program's file name */
	const char *with_value;  /* the next argument belongs to the option */
	const char *with_code;   /* the next argument is code: there is no script */
	const char *with_name;   /* the next argument is the script by another name: a module */
	const char *subcommands; /* may stand before the script */
} INTERPRETERS[] = {
	{ "python*", " -W -X --check-hash-based-pycs ", " -c ", " -m ", "" },
	{ "pypy*", " -W -X ", " -c ", " -m ", "" },
	{ "node*", " -r --require --import --loader -C --conditions --env-file ",
	  " -e --eval -p --print ", "", " inspect " },
	{ "bun", " -r --preload -c --config --cwd ", " -e --eval -p --print ", "", " run x " },
	{ "deno", " -c --config --import-map --env-file ", " eval -e --eval ", "", " run " },
	{ "php*", " -c -d -z --php-ini --define ", " -r --run -B -R -E ", " -f --file ", "" },
	{ "ruby*", " -C -E -I -r --encoding --require ", " -e ", "", "" },
	{ "perl*", " -I -M -m -C ", " -e -E ", "", "" },
	{ "bash", " -O +O -o +o --rcfile --init-file ", " -c -lc -ic ", "", "" },
	{ "sh", " -o +o ", " -c -lc -ic ", "", "" },
	{ "dash", " -o +o ", " -c -lc -ic ", "", "" },
	{ "zsh", " -o +o ", " -c -lc -ic ", "", "" },
	{ "java",
	  " -cp -classpath --class-path -p --module-path --add-opens --add-exports --add-modules ",
	  "", " -jar -m --module ", "" },
	{ "tclsh*", " -encoding ", "", "", "" },
	{ "Rscript", " -e ", " -e ", "", "" },
};

static const struct interpreter *interpreter_of(struct slice program)
{
	struct slice name = slice_file_name(program);

	if (slice_starts_with(name, "-"))
		name = slice_part(name, 1, name.length);
	for (size_t i = 0; i < COUNT_OF(INTERPRETERS); i++)
		if (slice_matches(name, slice_of(INTERPRETERS[i].pattern)))
			return &INTERPRETERS[i];
	return NULL;
}

static bool is_among(const char *options, struct slice option)
{
	for (const char *at = strstr(options, " "); at; at = strstr(at + 1, " "))
		if (strncmp(at + 1, option.at, option.length) == 0 && at[1 + option.length] == ' ')
			return option.length > 0;
	return false;
}

static bool is_option(struct slice argument)
{
	return argument.length > 1 && (argument.at[0] == '-' || argument.at[0] == '+');
}

/* Options of one letter may stand together: -ne is -n -e.  A letter too many costs us a script's
 * name, one too few would put code on record. */
static bool announces_code(const struct interpreter *interpreter, struct slice argument)
{
	if (is_among(interpreter->with_code, argument))
		return true;
	if (!is_option(argument) || argument.at[1] == '-')
		return false;
	for (size_t i = 1; i < argument.length; i++) {
		char letter[] = { '-', argument.at[i] };

		if (is_among(interpreter->with_code, (struct slice){ letter, sizeof(letter) }))
			return true;
	}
	return false;
}

static struct slice first_script(const struct interpreter *interpreter, struct slice rest)
{
	const struct slice none = { NULL, 0 };
	bool may_be_subcommand = interpreter->subcommands[0] != '\0';

	while (rest.length) {
		struct slice argument = slice_cut(&rest, '\0');

		if (slice_is(argument, "--") || is_among(interpreter->with_name, argument))
			return slice_cut(&rest, '\0');
		if (slice_is(argument, "-") || announces_code(interpreter, argument))
			return none;
		if (is_among(interpreter->with_value, argument)) {
			slice_cut(&rest, '\0');
			continue;
		}
		if (is_option(argument))
			continue;
		if (!may_be_subcommand || !is_among(interpreter->subcommands, argument))
			return argument;
		may_be_subcommand = false;
	}
	return none;
}

void script_find(struct slice arguments, struct slice *ret_program, struct slice *ret_script)
{
	struct slice rest = arguments, program = slice_cut(&rest, '\0');
	const struct interpreter *interpreter;
	size_t length = 0;

	while (length < program.length && !strchr(" \t\r\n", program.at[length]))
		length++;
	program.length = length;
	interpreter = interpreter_of(program);
	*ret_program = program;
	*ret_script = interpreter ? first_script(interpreter, rest) : (struct slice){ NULL, 0 };
}
