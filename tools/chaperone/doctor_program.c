/* SPDX-License-Identifier: MIT */
/* A command: where it is, what starts it, whether a preloaded library gets into it, which clients
 * it would load. */
#include <errno.h>
#include <stdlib.h>

#include "tools/chaperone/clients.h"
#include "tools/chaperone/doctor.h"
#include "tools/chaperone/libraries.h"
#include "tools/chaperone/modules.h"
#include "tools/chaperone/program.h"

static void say_client(struct report *report, const struct client *client, const char *where)
{
	report_say(report, client->level, client->database, "%s%s%s%s   %s",
		   client->level == REPORT_PROBLEM ? "NOT GOVERNED   " : "", client->name,
		   client->how, client->level == REPORT_GOOD ? "   governed" : "", where);
}

/* What can be imported is governed when it is, and not all of it is. */
static void say_module(void *report, const struct client *client, const char *path)
{
	report_say(report, client->level, client->database, "%s%s%s   %s",
		   client->level == REPORT_PROBLEM ? "NOT GOVERNED   " : "", client->name,
		   client->how, path);
}

static void look_at_modules(struct report *report, const char *path)
{
	size_t said = report->said;
	const struct runtime *runtime = modules_find(path, say_module, report);

	if (runtime && runtime->remark)
		report_say(report, REPORT_NOTE, runtime->name, "%s", runtime->remark);
	else if (runtime && report->said == said)
		report_say(report, REPORT_NOTE, runtime->name,
			   "no known driver of a database is installed for it");
}

static int find_libraries(const char *path, const struct elf_file *file,
			  struct libraries *libraries)
{
	int r = libraries_of(path, file, libraries);

	while (r > 0)
		r = libraries_deeper(libraries);
	return r;
}

/* The guard of shim/escape is in every program that loads the shim, and sees what goes through
 * libc. */
static void say_fate(struct report *report, bool is_reached)
{
	if (is_reached)
		report_say(
			report, REPORT_NOTE, "connections",
			"to databases (ports 5432, 3306, 33060, 27017 and the policy's, and their sockets) by what is "
			"NOT GOVERNED will be refused; with `run --ungoverned warn` they pass "
			"and are recorded");
	else
		report_say(
			report, REPORT_NOTE, "start",
			"will be refused where the policy restricts anything; with `run --ungoverned warn` it starts, "
			"and nothing that it does is seen");
}

static void look_at_clients(struct report *report, const char *path, const struct elf_file *file)
{
	SCOPED(libraries_done) struct libraries libraries = LIBRARIES_EMPTY;
	const struct client *client = client_of_program(path);
	size_t said = report->said;

	if (find_libraries(path, file, &libraries) < 0)
		report_say(report, REPORT_NOTE, "libraries",
			   "there is no memory to look at all of them");
	if (client)
		say_client(report, client, path);
	for (size_t i = 0; i < libraries.count; i++) {
		client = client_of_library(libraries.names[i]);
		if (client)
			say_client(report, client,
				   libraries.paths[i] ? libraries.paths[i] : "(not found)");
	}
	look_at_modules(report, path);
	if (report->said == said)
		report_say(report, REPORT_NOTE, "clients",
			   "none that is known; what it loads or starts later cannot be seen");
}

static void look_at_program(struct report *report, const char *path)
{
	struct elf_file file = ELF_FILE_EMPTY;
	char canonical[PATH_MAX];
	int r = elf_file_read(path, &file);

	if (r < 0) {
		report_say(report, REPORT_PROBLEM, "program", "%s is %s", path, program_refused(r));
		return;
	}
	const char *reasons[] = { program_changes_user(path), program_unreachable(&file) };
	bool is_canonical = realpath(path, canonical) != NULL;
	size_t problems = report->problems;
	report_say(report, REPORT_GOOD, "program", "%s%s%s", path, is_canonical ? " → " : "",
		   is_canonical ? canonical : "");
	for (size_t i = 0; i < COUNT_OF(reasons); i++) {
		if (reasons[i])
			report_say(report, REPORT_PROBLEM, "program", "NOT GOVERNED   %s",
				   reasons[i]);
	}
	bool is_reached = report->problems == problems;
	if (file.is_native && file.is_dynamic)
		look_at_clients(report, path, &file);
	if (report->problems > problems)
		say_fate(report, is_reached);
	elf_file_done(&file);
}

static void say_script(void *report, const char *script, const char *interpreter)
{
	report_say(report, REPORT_GOOD, "script", "%s → %s", script, interpreter);
}

void doctor_program(struct report *report, const char *name)
{
	char path[PATH_MAX];
	int r = program_follow(name, say_script, report, path);

	if (r == -ENOENT)
		report_say(report, REPORT_PROBLEM, "program",
			   "%s is not found, or cannot be executed", path);
	else if (r < 0)
		report_say(report, REPORT_PROBLEM, "program", "%s: scripts of scripts", name);
	else
		look_at_program(report, path);
}
