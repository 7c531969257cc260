/* SPDX-License-Identifier: MIT */
/* Whether anything of a command can be governed: into some programs nothing can be preloaded. */
#include <errno.h>
#include <stdio.h>

#include "tools/chaperone/off_switch.h"
#include "tools/chaperone/program.h"
#include "tools/chaperone/run.h"

/* A Go program that is linked to libpq calls it as any other program does. */
static bool needs_libpq(const struct elf_file *file)
{
	struct slice names = buf_view(&file->needed);

	while (names.length > 0) {
		if (slice_starts_with(slice_cut(&names, '\0'), "libpq.so"))
			return true;
	}
	return false;
}

static const char *unreachable(const char *path)
{
	struct elf_file file = ELF_FILE_EMPTY;
	const char *why = program_changes_user(path);

	if (why)
		return why;
	if (elf_file_read(path, &file) == 0 &&
	    !(file.is_go && file.is_dynamic && needs_libpq(&file)))
		why = program_unreachable(&file);
	elf_file_done(&file);
	return why;
}

static bool is_enforced(const struct run *run)
{
	return !run->options.lets_ungoverned && !run->policy->is_trial && !off_switch_is_on() &&
	       !policy_allows_everything(run->policy);
}

int run_check_reach(struct run *run, struct error *error)
{
	const char *command = run->options.command[0], *why;
	char path[PATH_MAX];

	if (program_follow(command, NULL, NULL, path) < 0 || !(why = unreachable(path)))
		return 0;
	if (is_enforced(run))
		return error_set(
			error, -EPERM,
			"%s cannot be governed: %s (--ungoverned warn starts it all the same)",
			command, why);
	snprintf(run->unreached, sizeof(run->unreached), "NOT GOVERNED: the command %.200s: %s",
		 path, why);
	run->settings.first_note = run->unreached;
	return 0;
}
