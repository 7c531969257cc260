/* SPDX-License-Identifier: MIT */
/* Judging a program that is about to be started, and starting it. */
#include "shim/escape/start_program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "shim/escape/child_folder.h"
#include "shim/escape/environment.h"
#include "shim/escape/line.h"
#include "shim/gate/outside.h"
#include "shim/preload/guard.h"
#include "shim/preload/start.h"

static struct slice name_of(const struct target *target, char *room, size_t size)
{
	if (target->path[0])
		return slice_of(target->path);
	snprintf(room, size, "descriptor %d", target->folder);
	return slice_of(room);
}

/* Why a program is asked about. */
struct doubt {
	enum message_outside_kind kind;
	const char *reason, *consequence;
};

static const struct doubt DOUBTS[] = {
	[TARGET_OTHER_USER] = { OUTSIDE_OTHER_USER, "it changes its user or has capabilities",
				"the loader leaves this library out of it" },
	[TARGET_UNKNOWN] = { OUTSIDE_UNKNOWN, "its folder cannot be known beforehand",
			     "it may be one that changes its user" },
};

static int ask_about(const struct doubt *doubt, struct slice name)
{
	int permit = outside_permit(doubt->kind, name, true);

	if (permit < 0)
		line_say(
			"refused to start %.*s: %s, %s, and no agent answers to say whether it may",
			SLICE_ARGUMENTS(name), doubt->reason, doubt->consequence);
	else if (permit == PERMIT_REFUSE)
		line_say("refused to start %.*s: %s, and %s", SLICE_ARGUMENTS(name), doubt->reason,
			 doubt->consequence);
	else if (permit == PERMIT_WARN)
		line_say("%.*s is NOT GOVERNED: %s", SLICE_ARGUMENTS(name), doubt->reason);
	return permit == PERMIT_WARN || permit == PERMIT_PASS ? 0 : -EACCES;
}

/* Without the file the loader says so and goes on, and the program would run ungoverned. */
static bool is_library_gone(void)
{
	const char *path = start_preload();

	return path[0] == '/' && faccessat(AT_FDCWD, path, F_OK, 0) < 0 &&
	       (errno == ENOENT || errno == ENOTDIR);
}

static int refuse_without_library(struct slice name)
{
	line_say("refused to start %.*s: %s is not there any more; install chaperone again",
		 SLICE_ARGUMENTS(name), start_preload());
	return -EACCES;
}

/* 0, or -EACCES.  A static program is named on the record and started: nearly every shell script
 * starts some. */
static int judge(const struct target *target)
{
	char room[32];
	enum target_kind kind = target_look(target);

	if (kind == TARGET_OTHER_USER || kind == TARGET_UNKNOWN)
		return ask_about(&DOUBTS[kind], name_of(target, room, sizeof(room)));
	if (kind == TARGET_STATIC)
		(void)!outside_permit(OUTSIDE_STATIC, name_of(target, room, sizeof(room)), false);
	else if (is_library_gone())
		return refuse_without_library(name_of(target, room, sizeof(room)));
	return 0;
}

/* Looks at the program where the child will be. */
static int judge_there(const struct program_start *start)
{
	SCOPED(close_p) int folder = AT_FDCWD;
	struct target target = start->target;
	int r = child_folder(start->actions, &folder);

	if (r == -ENOENT)
		return 0;
	target.working = r < 0 ? TARGET_FOLDER_UNKNOWN : folder;
	if (target.folder == AT_FDCWD)
		target.folder = target.working;
	return judge(&target);
}

static ssize_t prepare(const struct program_start *start, char *const variables[],
		       struct environment_look *ret_look)
{
	KEEP_ERRNO;
	int r = judge_there(start);

	return r < 0 ? r : environment_room(variables, ret_look);
}

/* Memory of this frame, of a stated maximum (shim/escape/environment.h). */
int program_start(const struct program_start *start, char *const variables[], int *ret_result)
{
	struct environment_look look;
	ssize_t room = prepare(start, variables, &look);

	if (room < 0)
		return (int)room;
	if (room > 0)
		variables = environment_repair(&look, __builtin_alloca((size_t)room));
	*ret_result = start->forward(start, variables);
	return 0;
}
