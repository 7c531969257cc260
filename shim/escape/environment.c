/* SPDX-License-Identifier: MIT */
/* Comparing a list of variables with what was there at start, and putting it right. */
#include "shim/escape/environment.h"

#include <errno.h>
#include <string.h>

#include "common/slice.h"
#include "shim/preload/start.h"

#define PRELOAD "LD_PRELOAD="

static char *const NOTHING[] = { NULL };

/* Which of our variables an entry sets; START_VARIABLES: none. */
static enum start_variable variable_of(const char *entry)
{
	enum start_variable i = START_VARIABLES;

	if (strncmp(entry, "CHAPERONE_", strlen("CHAPERONE_")) != 0)
		return i;
	for (i = 0; i < START_VARIABLES; i++) {
		size_t length = strlen(start_name(i));

		if (strncmp(entry, start_name(i), length) == 0 && entry[length] == '=')
			break;
	}
	return i;
}

/* A variable that was not there at start is nobody's to set, where the environment is what governs
 * this process. */
static bool is_ours(enum start_variable variable)
{
	return variable < START_VARIABLES && (start_entry(variable)[0] || start_preload()[0]);
}

static bool is_preload(const char *entry)
{
	return start_preload()[0] && strncmp(entry, PRELOAD, strlen(PRELOAD)) == 0;
}

static bool lists_us(const char *entry)
{
	struct slice list = slice_of(entry + strlen(PRELOAD));

	while (list.length > 0) {
		struct slice blanks = slice_cut(&list, ':');

		while (blanks.length > 0) {
			if (slice_is(slice_cut(&blanks, ' '), start_preload()))
				return true;
		}
	}
	return false;
}

struct look {
	size_t count;        /* of all variables */
	const char *preload; /* the last one, which counts for the loader */
	bool has[START_VARIABLES];
	bool is_wrong;
};

static void look_at(struct look *look, const char *entry)
{
	enum start_variable variable = variable_of(entry);

	look->count++;
	if (is_preload(entry)) {
		look->is_wrong = look->is_wrong || !lists_us(entry);
		look->preload = entry;
	} else if (is_ours(variable)) {
		look->is_wrong = look->is_wrong || look->has[variable] ||
				 strcmp(entry, start_entry(variable)) != 0;
		look->has[variable] = true;
	}
}

static struct look look_through(char *const variables[])
{
	struct look look = { .count = 0 };

	for (; *variables; variables++)
		look_at(&look, *variables);
	for (enum start_variable i = 0; i < START_VARIABLES; i++)
		look.is_wrong = look.is_wrong || (start_entry(i)[0] && !look.has[i]);
	look.is_wrong = look.is_wrong || (start_preload()[0] && !look.preload);
	return look;
}

/* Of the list's pointers: LD_PRELOAD, our variables and the end come to what is there. */
static size_t size_of_list(const struct look *look)
{
	return (look->count + 1 + START_VARIABLES + 1) * sizeof(char *);
}

ssize_t environment_room(char *const variables[])
{
	struct look look = look_through(variables ? variables : NOTHING);
	size_t text = look.preload ? strlen(look.preload) : strlen(PRELOAD);

	if (!look.is_wrong)
		return 0;
	text += strlen(":") + strlen(start_preload()) + 1;
	if (look.count > ENVIRONMENT_VARIABLES_MAX || text > ENVIRONMENT_PRELOAD_MAX)
		return -E2BIG;
	return (ssize_t)(size_of_list(&look) + text);
}

static char *append(char *at, const char *text)
{
	size_t length = strlen(text);

	memcpy(at, text, length + 1);
	return at + length;
}

/* Ours before the program's own, as `chaperone run` writes it. */
static char *write_preload(const struct look *look, char *text)
{
	const char *others = look->preload ? look->preload + strlen(PRELOAD) : "";
	char *at = append(text, PRELOAD);

	if (look->preload && lists_us(look->preload))
		return append(at, others), text;
	at = append(at, start_preload());
	if (others[0])
		append(append(at, ":"), others);
	return text;
}

char *const *environment_repair(char *const variables[], void *room)
{
	char *const *from = variables ? variables : NOTHING;
	struct look look = look_through(from);
	char **list = room, **to = list;
	char *preload = write_preload(&look, (char *)room + size_of_list(&look));

	for (; *from; from++) {
		if (is_preload(*from) ? *from == look.preload : !is_ours(variable_of(*from)))
			*to++ = is_preload(*from) ? preload : *from;
	}
	if (start_preload()[0] && !look.preload)
		*to++ = preload;
	for (enum start_variable i = 0; i < START_VARIABLES; i++) {
		if (start_entry(i)[0])
			*to++ = (char *)(uintptr_t)start_entry(i);
	}
	*to = NULL;
	return list;
}
