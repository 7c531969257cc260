/* SPDX-License-Identifier: MIT */
/* Start-up options: words between blanks, in which a backslash keeps the next character as it is
 * (pg_split_opts, src/backend/utils/init/postinit.c), then `-c name=value`, `--name=value` and
 * other switches (process_postgres_switches, src/backend/tcop/postgres.c). */
#include "policy/engine/startup.h"

#include <stdio.h>
#include <string.h>

#define WORD_MAX 256

static bool is_blank(char byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* The next word, without its backslashes.  False: there is none. */
static bool next_word(struct slice *text, char word[WORD_MAX])
{
	size_t at = 0, length = 0;

	while (at < text->length && is_blank(text->at[at]))
		at++;
	if (at == text->length)
		return false;
	for (; at < text->length && !is_blank(text->at[at]); at++) {
		if (text->at[at] == '\\' && at + 1 < text->length)
			at++;
		if (length < WORD_MAX - 1)
			word[length++] = text->at[at];
	}
	word[length] = '\0';
	*text = slice_part(*text, at, text->length - at);
	return true;
}

/* The server compares names without case, and takes a dash for an underscore (ParseLongOption). */
static void fold(char *name)
{
	for (; *name; name++) {
		if (*name == '-')
			*name = '_';
		else if (*name >= 'A' && *name <= 'Z')
			*name = (char)(*name - 'A' + 'a');
	}
}

static void read_assignment(const char *text, struct startup_setting *ret_setting)
{
	size_t length = strcspn(text, "=");

	snprintf(ret_setting->name, sizeof(ret_setting->name), "%.*s",
		 (int)(length < 63 ? length : 63), text);
	snprintf(ret_setting->value, sizeof(ret_setting->value), "%.127s",
		 text[length] ? text + length + 1 : "");
	fold(ret_setting->name);
}

bool startup_next(struct slice *options, struct startup_setting *ret_setting)
{
	char word[WORD_MAX], next[WORD_MAX] = "";

	if (!next_word(options, word))
		return false;
	if (strcmp(word, "-c") == 0) {
		next_word(options, next);
		read_assignment(next, ret_setting);
	} else if (strncmp(word, "-c", 2) == 0 || strncmp(word, "--", 2) == 0) {
		read_assignment(word + 2, ret_setting);
	} else {
		snprintf(ret_setting->name, sizeof(ret_setting->name), "%.63s", word);
		ret_setting->value[0] = '\0';
	}
	return true;
}
