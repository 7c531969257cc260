/* SPDX-License-Identifier: MIT */
/* Stand-ins for system and popen.  glibc starts their shell from inside, with the program's
 * `environ`: no stand-in sees it.  Where that environment lacks something, the command sets it and
 * executes the shell once more, which is then governed, with the name "sh" that its messages begin
 * with.
 *
 * Neither function may be called in a signal handler or a vfork child, so memory of the heap is
 * used. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "shim/escape/environment.h"
#include "shim/preload/guard.h"
#include "shim/preload/next.h"

/* MAX_ARG_STRLEN of Linux: the kernel takes no longer command. */
#define COMMAND_MAX (128 * KIB)

extern char **environ;

/* In single quotes, between which a shell reads nothing but their end. */
static void add_quoted(struct buf *out, struct slice text)
{
	buf_add_char(out, '\'');
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] == '\'')
			buf_add_text(out, "'\\''");
		else
			buf_add_char(out, text.at[i]);
	}
	buf_add_char(out, '\'');
}

static bool is_name(struct slice name)
{
	for (size_t i = 0; i < name.length; i++) {
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", name.at[i]))
			return false;
	}
	return name.length > 0;
}

static void add_export(struct buf *out, const char *entry)
{
	struct slice value = slice_of(entry), name = slice_cut(&value, '=');

	if (!is_name(name))
		return;
	buf_add_text(out, "export ");
	buf_add_slice(out, name);
	buf_add_char(out, '=');
	add_quoted(out, value);
	buf_add_text(out, "; ");
}

static int write_command(const char *command, char *const *repaired, struct buf *out)
{
	for (; *repaired; repaired++) {
		if (environment_is_ours(*repaired))
			add_export(out, *repaired);
	}
	buf_add_text(out, "exec /bin/sh -c -- ");
	add_quoted(out, slice_of(command));
	buf_add_text(out, " sh");
	return out->failed;
}

/* 0, or a negative errno.  `out` stays empty when the command can stay as it is. */
static int govern(const char *command, struct buf *out)
{
	KEEP_ERRNO;
	struct environment_look look;
	ssize_t room = environment_room(environ, &look);
	SCOPED(free_p) void *memory = room > 0 ? malloc((size_t)room) : NULL;

	if (room <= 0)
		return (int)room;
	return memory ? write_command(command, environment_repair(&look, memory), out) : -ENOMEM;
}

STAND_IN int system(const char *command)
{
	__typeof__(&system) next = NEXT(system);
	SCOPED(buf_done) struct buf governed = BUF_MAX(COMMAND_MAX);
	int r = !next ? -ENOSYS : command ? govern(command, &governed) : 0;

	if (r < 0) {
		errno = -r;
		return -1;
	}
	return next(governed.length > 0 ? buf_text(&governed) : command);
}

STAND_IN FILE *popen(const char *command, const char *modes)
{
	__typeof__(&popen) next = NEXT(popen);
	SCOPED(buf_done) struct buf governed = BUF_MAX(COMMAND_MAX);
	int r = next ? govern(command, &governed) : -ENOSYS;

	if (r < 0) {
		errno = -r;
		return NULL;
	}
	return next(governed.length > 0 ? buf_text(&governed) : command, modes);
}
