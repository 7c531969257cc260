/* SPDX-License-Identifier: MIT */
/* Looking for the policy. */
#include "tools/chaperone/policy_find.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/chaperone/server_policy.h"
#include "tools/command/home.h"
#include "tools/remote/enrolled.h"
#include "tools/chaperone/trust.h"

#define SYSTEM_FOLDER  "/etc/chaperone"
#define SHOWN_PATH_MAX 160 /* so that the command behind it fits into an error */

static const char *const ORIGINS[] = {
	[ORIGIN_OPTION] = "--policy",          [ORIGIN_ENVIRONMENT] = "$CHAPERONE_POLICY",
	[ORIGIN_SERVER] = "the server",        [ORIGIN_FOLDER] = "this folder",
	[ORIGIN_USER] = "~/.config/chaperone", [ORIGIN_SYSTEM] = SYSTEM_FOLDER,
};

const char *policy_origin_text(enum policy_origin origin)
{
	return (size_t)origin < COUNT_OF(ORIGINS) ? ORIGINS[origin] : "?";
}

/* Whether the folder `path` has a policy in it: 1, 0, or an error. */
static int has_policy(const char *path, struct error *error)
{
	SCOPED(policy_files_done) struct policy_files files = { NULL, 0 };
	struct stat status;

	if (lstat(path, &status) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : error_system(error, -errno, path);
	/* What is no folder, planted links and pipes too, is left for the reading to refuse. */
	if (!S_ISDIR(status.st_mode))
		return S_ISREG(status.st_mode) ? 0 : 1;
	int r = policy_files_find(path, POLICY_FILES, &files, error);
	return r < 0 ? r : files.count > 0;
}

static int take(const char *path, enum policy_origin origin, struct policy_found *ret_found,
		struct error *error)
{
	char canonical[PATH_MAX];

	if (!realpath(path, canonical))
		return error_set(error, -errno, "%.300s (%s): %s", path, policy_origin_text(origin),
				 strerror(errno));
	ret_found->origin = origin;
	ret_found->needs_trust = origin == ORIGIN_FOLDER;
	snprintf(ret_found->path, sizeof(ret_found->path), "%s", canonical);
	return 0;
}

/* A link in a folder is refused by its own name, which realpath would hide. */
static int take_in_folder(const char *path, struct policy_found *ret_found)
{
	ret_found->origin = ORIGIN_FOLDER;
	ret_found->needs_trust = true;
	snprintf(ret_found->path, sizeof(ret_found->path), "%s", path);
	return 0;
}

static bool is_repository(const char *folder)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/.git", folder);

	return n > 0 && (size_t)n < sizeof(path) && access(path, F_OK) == 0;
}

/* Cuts `folder` back to its parent; false at the top. */
static bool to_parent(char *folder)
{
	char *slash = strrchr(folder, '/');

	if (!slash || !folder[0])
		return false;
	*slash = '\0';
	return true;
}

/* The length of the repository's root in `folder`, which is in it; of `folder` itself when there
 * is none. */
static size_t root_length(const char *folder)
{
	char at[PATH_MAX];

	snprintf(at, sizeof(at), "%s", folder);
	do {
		if (is_repository(at))
			return strlen(at);
	} while (to_parent(at));
	return strlen(folder);
}

int policy_find_in_folders(struct policy_found *ret_found, struct error *error)
{
	char folder[PATH_MAX], path[PATH_MAX];

	if (!getcwd(folder, sizeof(folder)))
		return error_system(error, -errno, "this folder");
	if (strcmp(folder, "/") == 0)
		folder[0] = '\0';
	size_t shortest = root_length(folder);
	do {
		int n = snprintf(path, sizeof(path), "%s/chaperone", folder);

		if (n < 0 || (size_t)n >= sizeof(path))
			return error_system(error, -ENAMETOOLONG, "this folder");
		int r = has_policy(path, error);
		if (r != 0)
			return r < 0 ? r : take_in_folder(path, ret_found);
	} while (to_parent(folder) && strlen(folder) >= shortest);
	return error_set(error, -ENOENT,
			 "no policy in ./chaperone; `chaperone init` writes a first one");
}

static int find_in(const char *path, enum policy_origin origin, struct policy_found *ret_found,
		   struct error *error)
{
	int r = has_policy(path, error);

	if (r == 0)
		return -ENOENT;
	return r < 0 ? r : take(path, origin, ret_found, error);
}

/* -ENOENT: the machine is not enrolled. */
static int find_of_server(const char *option, struct policy_found *ret_found, struct error *error)
{
	char folder[PATH_MAX];
	struct error nobody;

	if (enrolled_folder(NULL, folder, &nobody) < 0 || !enrolled_is(folder))
		return -ENOENT;
	if (option)
		return error_set(error, -EPERM,
				 "this machine is enrolled (%.200s): its server's policy is in "
				 "force, and --policy is for machines that are not",
				 folder);
	ret_found->origin = ORIGIN_SERVER;
	ret_found->needs_trust = false;
	snprintf(ret_found->path, sizeof(ret_found->path), "%s", folder);
	return 0;
}

int policy_find(const char *option, struct policy_found *ret_found, struct error *error)
{
	const char *variable = getenv("CHAPERONE_POLICY");
	char path[PATH_MAX];
	int of_server = find_of_server(option, ret_found, error);

	if (of_server != -ENOENT)
		return of_server;
	if (option)
		return take(option, ORIGIN_OPTION, ret_found, error);
	if (variable && variable[0])
		return take(variable, ORIGIN_ENVIRONMENT, ret_found, error);
	int r = policy_find_in_folders(ret_found, error);
	if (r != -ENOENT)
		return r;
	if (home_path(".config/chaperone", path, sizeof(path)) == 0) {
		r = find_in(path, ORIGIN_USER, ret_found, error);
		if (r != -ENOENT)
			return r;
	}
	r = find_in(SYSTEM_FOLDER, ORIGIN_SYSTEM, ret_found, error);
	if (r != -ENOENT)
		return r;
	return error_set(error, r,
			 "no policy: looked at --policy, $CHAPERONE_POLICY, ./chaperone, "
			 "~/.config/chaperone and " SYSTEM_FOLDER
			 "; `chaperone init` writes a first one");
}

/* The command that is right wherever it is typed, or, for a path that is long or not plain, in
 * this folder. */
static void trust_command(const char *path, char *ret_command, size_t size)
{
	static const char PLAIN[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@%=:,";
	bool is_plain = strlen(path) <= SHOWN_PATH_MAX && strspn(path, PLAIN) == strlen(path);

	snprintf(ret_command, size, "chaperone policy trust%s%.*s", is_plain ? " " : "",
		 is_plain ? SHOWN_PATH_MAX : 0, path);
}

static int check_trust(const struct policy_found *found, const struct policy_source *source,
		       struct error *error)
{
	char command[SHOWN_PATH_MAX + 32];
	enum trust trust;
	int r = trust_look_up(found->path, source->digest, &trust, error);

	if (r < 0 || trust == TRUST_GIVEN)
		return r;
	trust_command(found->path, command, sizeof(command));
	return error_set(
		error, -EACCES, "%.*s %s; read it, then type: %s", SHOWN_PATH_MAX, found->path,
		trust == TRUST_CHANGED ? "has changed since it was trusted" : "is not trusted yet",
		command);
}

int policy_found_read(const struct policy_found *found, struct policy_source *ret_source,
		      struct error *error)
{
	SCOPED(policy_source_done) struct policy_source source = { .texts = NULL };
	struct server_word word;

	if (found->origin == ORIGIN_SERVER)
		return server_policy_read(found->path, ret_source, &word, error);
	int r = policy_source_read(found->path, found->needs_trust ? CARE_LINKS : CARE_OWNER,
				   &source, error);

	if (r == 0 && found->needs_trust)
		r = check_trust(found, &source, error);
	if (r < 0)
		return r;
	*ret_source = source;
	source = (struct policy_source){ .texts = NULL };
	return 0;
}
