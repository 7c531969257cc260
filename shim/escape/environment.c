/* SPDX-License-Identifier: MIT */
/* Comparing a list of variables with what was there at start, and putting it right. */
#include "shim/escape/environment.h"

#include <errno.h>
#include <string.h>

#include "common/slice.h"

/* The loader's lists, each with the entry in it that is ours; "" when it was not there. */
static const struct list {
	const char *name;
	const char *(*own)(void);
} LISTS[] = {
	{ "LD_PRELOAD=", start_preload },
	{ "LD_AUDIT=", start_audit },
	{ "GLIBC_TUNABLES=", start_tunable },
};

_Static_assert(COUNT_OF(LISTS) == ENVIRONMENT_LISTS, "a place in a look for each");

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

/* Which list with an entry of ours a variable is; ENVIRONMENT_LISTS: none. */
static size_t list_of(const char *entry)
{
	size_t i = 0;

	while (i < ENVIRONMENT_LISTS &&
	       !(LISTS[i].own()[0] && strncmp(entry, LISTS[i].name, strlen(LISTS[i].name)) == 0))
		i++;
	return i;
}

static bool lists_us(const struct list *of, const char *entry)
{
	struct slice list = slice_of(entry + strlen(of->name));

	while (list.length > 0) {
		struct slice blanks = slice_cut(&list, ':');

		while (blanks.length > 0) {
			if (slice_is(slice_cut(&blanks, ' '), of->own()))
				return true;
		}
	}
	return false;
}

static void look_at(struct environment_look *look, const char *entry)
{
	enum start_variable variable = variable_of(entry);
	size_t list = list_of(entry);

	if (list < ENVIRONMENT_LISTS) {
		look->is_wrong = look->is_wrong || !lists_us(&LISTS[list], entry);
		look->lists[list] = entry;
		look->places[list] = look->count;
	} else if (is_ours(variable)) {
		look->is_wrong = look->is_wrong || look->has[variable] ||
				 strcmp(entry, start_entry(variable)) != 0;
		look->has[variable] = true;
	}
	look->count++;
}

static struct environment_look look_through(char *const variables[])
{
	struct environment_look look = { .variables = variables };

	for (; *variables; variables++)
		look_at(&look, *variables);
	for (enum start_variable i = 0; i < START_VARIABLES; i++)
		look.is_wrong = look.is_wrong || (start_entry(i)[0] && !look.has[i]);
	for (size_t i = 0; i < ENVIRONMENT_LISTS; i++)
		look.is_wrong = look.is_wrong || (LISTS[i].own()[0] && !look.lists[i]);
	return look;
}

/* Of the pointers: the lists, our variables and the end come to what is there. */
static size_t size_of_pointers(const struct environment_look *look)
{
	return (look->count + ENVIRONMENT_LISTS + START_VARIABLES + 1) * sizeof(char *);
}

/* The most that put_list writes. */
static size_t size_of_list(const struct environment_look *look, size_t list)
{
	const char *given = look->lists[list] ? look->lists[list] : LISTS[list].name;

	return LISTS[list].own()[0] ? strlen(given) + strlen(":") + strlen(LISTS[list].own()) + 1
				    : 0;
}

ssize_t environment_room(char *const variables[], struct environment_look *ret_look)
{
	struct environment_look look = look_through(variables ? variables : NOTHING);
	size_t texts = 0;

	if (!look.is_wrong)
		return 0;
	for (size_t i = 0; i < ENVIRONMENT_LISTS; i++) {
		size_t size = size_of_list(&look, i);

		if (size > ENVIRONMENT_PRELOAD_MAX)
			return -E2BIG;
		texts += size;
	}
	if (look.count > ENVIRONMENT_VARIABLES_MAX)
		return -E2BIG;
	*ret_look = look;
	return (ssize_t)(size_of_pointers(&look) + texts);
}

static char *append(char *at, const char *text)
{
	size_t length = strlen(text);

	memcpy(at, text, length + 1);
	return at + length;
}

/* What is written, and where the next goes. */
struct repair {
	const struct environment_look *look;
	char **to;
	char *text;
};

/* Ours before the program's own, as `chaperone run` writes it. */
static void put_list(struct repair *repair, size_t i)
{
	const struct list *list = &LISTS[i];
	const char *given = repair->look->lists[i];
	const char *others = given ? given + strlen(list->name) : "";

	*repair->to++ = repair->text;
	repair->text = append(repair->text, list->name);
	if (!given || !lists_us(list, given)) {
		repair->text = append(repair->text, list->own());
		repair->text = append(repair->text, others[0] ? ":" : "");
	}
	repair->text = append(repair->text, others) + 1;
}

static void put_given(struct repair *repair, char *entry, size_t place)
{
	size_t list = list_of(entry);

	if (list == ENVIRONMENT_LISTS && !is_ours(variable_of(entry)))
		*repair->to++ = entry;
	else if (list < ENVIRONMENT_LISTS && place == repair->look->places[list])
		put_list(repair, list);
}

char *const *environment_repair(const struct environment_look *look, void *room)
{
	struct repair repair = { look, room, (char *)room + size_of_pointers(look) };

	for (size_t i = 0; i < look->count && look->variables[i]; i++)
		put_given(&repair, look->variables[i], i);
	for (size_t i = 0; i < ENVIRONMENT_LISTS; i++) {
		if (LISTS[i].own()[0] && !look->lists[i])
			put_list(&repair, i);
	}
	for (enum start_variable i = 0; i < START_VARIABLES; i++) {
		if (start_entry(i)[0])
			*repair.to++ = (char *)(uintptr_t)start_entry(i);
	}
	*repair.to = NULL;
	return room;
}

bool environment_is_ours(const char *entry)
{
	return list_of(entry) < ENVIRONMENT_LISTS || is_ours(variable_of(entry));
}
