/* SPDX-License-Identifier: MIT */
/* The phrase's two halves: clients that the program is linked with, and drivers that it can
 * import. */
#include "tools/chaperone/prospect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/chaperone/clients.h"
#include "tools/chaperone/libraries.h"
#include "tools/chaperone/modules.h"
#include "tools/chaperone/program.h"

#define LEVEL_COUNT     (REPORT_PROBLEM + 1)
#define NAMES_SHOWN_MAX 3
#define NAMES_MAX_BYTES KIB

/* Names with commas between them. */
struct names {
	struct buf text;
	size_t count;
};
#define NAMES_EMPTY                                                                                \
	{                                                                                          \
		.text = BUF_MAX(NAMES_MAX_BYTES)                                                   \
	}

/* By level. */
struct found {
	struct names names[LEVEL_COUNT];
};
#define FOUND_EMPTY                                                                                \
	{                                                                                          \
		{                                                                                  \
			NAMES_EMPTY, NAMES_EMPTY, NAMES_EMPTY                                      \
		}                                                                                  \
	}

static void found_done(struct found *found)
{
	for (size_t i = 0; i < LEVEL_COUNT; i++)
		buf_done(&found->names[i].text);
}

static size_t found_count(const struct found *found)
{
	return found->names[REPORT_GOOD].count + found->names[REPORT_NOTE].count +
	       found->names[REPORT_PROBLEM].count;
}

/* Since PostgreSQL 10 libpq's file is libpq.so.5.MAJOR (src/interfaces/libpq/Makefile,
 * SO_MINOR_VERSION); a bundled one's has a hash in front of the dot. */
static unsigned libpq_version(const char *path)
{
	const char *name = program_name(path), *suffix = strstr(name, ".so.5.");
	unsigned version;

	if (!suffix || strncmp(name, "libpq", strlen("libpq")) != 0)
		return 0;
	return sscanf(suffix, ".so.5.%u", &version) == 1 && version >= 10 ? version : 0;
}

/* Neither governed nor not: only its own words are true of it. */
static const char *words_of(const struct client *client)
{
	return client->level == REPORT_NOTE ? client->how : "";
}

static void add_name(struct found *found, const struct client *client, const char *path)
{
	struct names *names = &found->names[client->level];
	unsigned version = libpq_version(path);

	if (names->count++ == NAMES_SHOWN_MAX)
		buf_add_text(&names->text, ", …");
	if (names->count > NAMES_SHOWN_MAX)
		return;
	buf_printf(&names->text, "%s%s%s", names->count > 1 ? ", " : "", client->name,
		   words_of(client));
	if (version)
		buf_printf(&names->text, " %u", version);
}

static void add_module(void *found, const struct client *client, const char *path)
{
	add_name(found, client, path);
}

static void add_libraries(struct found *found, const struct libraries *libraries)
{
	for (size_t i = libraries->looked_into; i < libraries->count; i++) {
		const struct client *client = client_of_library(libraries->names[i]);

		if (client && libraries->paths[i])
			add_name(found, client, libraries->paths[i]);
	}
}

static void find_linked(struct found *found, const char *path, const struct elf_file *file)
{
	SCOPED(libraries_done) struct libraries libraries = LIBRARIES_EMPTY;
	const struct client *client = client_of_program(path);
	int r = libraries_of(path, file, &libraries);

	if (client)
		add_name(found, client, path);
	add_libraries(found, &libraries);
	if (r <= 0 || found_count(found) > 0)
		return;
	r = libraries_deeper(&libraries);
	if (r > 0)
		add_libraries(found, &libraries);
}

/* How a half puts its names: "(libpq 15) governed, (libmariadb) NOT GOVERNED". */
struct half {
	const char *begin, *between, *end;
	const char *open, *close; /* around the names of one level */
	const char *behind[LEVEL_COUNT];
};

static const struct half LINKED = {
	.begin = " ",
	.between = ", ",
	.end = "",
	.open = "(",
	.close = ")",
	.behind = { [REPORT_GOOD] = " governed",
		    [REPORT_NOTE] = "",
		    [REPORT_PROBLEM] = " NOT GOVERNED" },
};
static const struct half IMPORTED = {
	.begin = " (",
	.between = "; ",
	.end = ")",
	.open = "",
	.close = "",
	.behind = { [REPORT_GOOD] = " governed when loaded",
		    [REPORT_NOTE] = "",
		    [REPORT_PROBLEM] = " NOT GOVERNED" },
};

static void say_half(struct buf *line, const struct half *half, const struct found *found)
{
	const char *before = half->begin;

	for (size_t i = 0; i < LEVEL_COUNT; i++) {
		if (found->names[i].count == 0)
			continue;
		buf_printf(line, "%s%s%s%s%s", before, half->open, buf_text(&found->names[i].text),
			   half->close, half->behind[i]);
		before = half->between;
	}
	if (found_count(found) > 0)
		buf_add_text(line, half->end);
}

static void say_clients(struct buf *line, const char *path, const struct elf_file *file)
{
	SCOPED(found_done) struct found linked = FOUND_EMPTY;
	SCOPED(found_done) struct found imported = FOUND_EMPTY;
	const struct runtime *runtime = modules_find(path, add_module, &imported);

	find_linked(&linked, path, file);
	say_half(line, &LINKED, &linked);
	say_half(line, &IMPORTED, &imported);
	if (found_count(&imported) > 0)
		return;
	if (runtime && runtime->remark)
		buf_printf(line, " (%s)", runtime->remark);
	else if (found_count(&linked) == 0)
		buf_add_text(line, " (no client found; libpq is governed when it loads)");
}

static void say_program(struct buf *line, const char *path)
{
	struct elf_file file = ELF_FILE_EMPTY;
	int r = elf_file_read(path, &file);
	const char *why = program_changes_user(path);

	if (!why && r == 0)
		why = program_unreachable(&file);
	if (why)
		buf_printf(line, " NOT GOVERNED (%s)", why);
	else if (r < 0)
		buf_printf(line, " (%s)", program_refused(r));
	else
		say_clients(line, path, &file);
	elf_file_done(&file);
}

void prospect_add(struct buf *line, const char *command)
{
	char path[PATH_MAX];
	int r = program_follow(command, NULL, NULL, path);

	buf_add_text(line, program_name(command));
	if (r < 0) {
		buf_add_text(line, r == -ENOENT ? " (not found, or not executable)"
						: " (scripts of scripts)");
		return;
	}
	if (strcmp(program_name(command), program_name(path)) != 0)
		buf_printf(line, " → %s", program_name(path));
	say_program(line, path);
}
