/* SPDX-License-Identifier: MIT */
/* `chaperone init`: writes a first policy and its test, and never over anything. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "common/file.h"
#include "policy/engine/nearest.h"
#include "tools/chaperone/commands.h"
#include "tools/command/command.h"
#include "tools/command/embedded.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"

#define FOLDER        "chaperone"
#define POLICY_NAME   "policy.yaml"
#define TEST_NAME     "policy_test.yaml"
#define FILE_NAME_MAX 40u

/* The first one is taken where none is named. */
static const char *const TEMPLATE_NAMES[] = { "agent", "team", "strict" };

/* Of each NAME, NAME.yaml and NAME_test.yaml. */
extern const struct embedded TEMPLATES[];

struct init_options {
	const char *template_name;
	bool is_json;
};

static const struct option_row ROWS[] = {
	OPTION_TEXT(init_options, template_name, "template", "NAME",
		    "agent: an AI agent on a local development database: e-mail addresses are\n"
		    "    masked, destructive statements refused (the default)\n"
		    "team: people, agents and jobs on a shared database\n"
		    "strict: nothing but what is listed"),
	OPTION_FLAG(init_options, is_json, "json", "print what was written as JSON"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about =
		"Writes chaperone/policy.yaml and chaperone/policy_test.yaml here.  Never overwrites.",
	.exits = "0 written, 1 could not write or files are there already, 2 asked wrongly",
};

static int check_name(const char *name, struct error *error)
{
	struct nearest nearest = nearest_to(slice_of(name));
	char hint[NEAREST_HINT_SIZE];

	for (size_t i = 0; i < COUNT_OF(TEMPLATE_NAMES); i++) {
		if (strcmp(TEMPLATE_NAMES[i], name) == 0)
			return 0;
		nearest_try(&nearest, TEMPLATE_NAMES[i]);
	}
	nearest_hint(&nearest, hint);
	return error_set(error, -EINVAL, "there is no template '%.64s'%s", name, hint);
}

/* The file of a template that is there. */
static struct slice template_file(const char *name, const char *ending)
{
	char file[FILE_NAME_MAX];

	snprintf(file, sizeof(file), "%s%s", name, ending);
	return embedded_find(TEMPLATES, file);
}

static int open_folder(int *ret_fd, struct error *error)
{
	if (mkdir(FOLDER, 0755) < 0 && errno != EEXIST)
		return error_system(error, -errno, FOLDER);
	*ret_fd = open(FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *ret_fd < 0 ? error_set(error, -errno, FOLDER " is not a folder of its own") : 0;
}

/* A dangling link counts as there: nothing is written through it. */
static int check_absent(int folder, const char *name, struct error *error)
{
	struct stat status;

	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(error, -EEXIST, FOLDER "/%s is there already and stays as it is",
				 name);
	return errno == ENOENT ? 0 : error_system(error, -errno, name);
}

static int write_new(int folder, const char *name, struct slice text, struct error *error)
{
	SCOPED(close_p)
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	int r = fd < 0 ? -errno : file_write_all(fd, text.at, text.length);

	if (r == 0 || fd < 0)
		return r < 0 ? error_system(error, r, name) : 0;
	unlinkat(folder, name, 0);
	return error_system(error, r, name);
}

static int write_template(const char *name, struct error *error)
{
	SCOPED(close_p) int folder = -1;
	int r = open_folder(&folder, error);

	if (r == 0)
		r = check_absent(folder, POLICY_NAME, error);
	if (r == 0)
		r = check_absent(folder, TEST_NAME, error);
	if (r == 0)
		r = write_new(folder, POLICY_NAME, template_file(name, ".yaml"), error);
	if (r < 0)
		return r;
	r = write_new(folder, TEST_NAME, template_file(name, "_test.yaml"), error);
	if (r < 0)
		unlinkat(folder, POLICY_NAME, 0);
	return r;
}

static void show_written(bool is_json)
{
	if (is_json)
		puts("{\"written\":[\"" FOLDER "/" POLICY_NAME "\",\"" FOLDER "/" TEST_NAME "\"],"
		     "\"next\":\"chaperone policy trust\"}");
	else
		puts("Wrote " FOLDER "/" POLICY_NAME " and " FOLDER "/" TEST_NAME ".\n"
		     "Read them, name your database in them, then type: chaperone policy trust");
}

int command_init(int argc, char **argv)
{
	struct init_options options = { .template_name = TEMPLATE_NAMES[0] };
	struct error error = { .text = "" };
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	if (check_name(options.template_name, &error) < 0)
		return command_fail(argv[0], &error);
	if (write_template(options.template_name, &error) < 0) {
		terminal_error(argv[0], &error);
		return EXIT_FINDINGS;
	}
	show_written(options.is_json);
	return EXIT_GOOD;
}
