/* SPDX-License-Identifier: MIT */
/* Reading /proc/PID; proc(5). */
#include "tools/chaperone/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "common/slice.h"

#define READ_STEP (4 * KIB)

void process_close(struct process *process)
{
	close_p(&process->folder);
	process->folder = -1;
}

int process_read(const struct process *process, const char *entry, struct buf *buf)
{
	SCOPED(close_p) int fd = openat(process->folder, entry, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	for (;;) {
		size_t before = buf->length, left = buf->length_max - before;
		size_t step = left < READ_STEP ? left : READ_STEP;
		char *room = step ? buf_extend(buf, step) : NULL;

		if (!room)
			return step ? buf->failed : 1;
		ssize_t n = read(fd, room, step);
		int code = -errno;

		buf_truncate(buf, before + (n > 0 ? (size_t)n : 0));
		if (n < 0 && code != -EINTR)
			return code;
		if (n == 0)
			return 0;
	}
}

int process_link(const struct process *process, const char *entry, char *ret_target, size_t size)
{
	ssize_t n = readlinkat(process->folder, entry, ret_target, size);

	if (n < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	if ((size_t)n == size)
		return -ENAMETOOLONG;
	ret_target[n] = '\0';
	return 0;
}

/* "PID (NAME) STATE PPID PGRP SESSION TTY …": the name may hold anything, parentheses and spaces
 * too. */
static int parse_stat(struct slice text, struct process *process)
{
	const char *open = memchr(text.at, '(', text.length);
	const char *close = memrchr(text.at, ')', text.length);
	unsigned long long start;
	int parent, tty;

	if (!open || !close || close < open)
		return -EBADMSG;
	/* Fields 3 to 22. */
	int n = sscanf(close + 1,
		       " %*c %d %*d %*d %d %*d %*u %*u %*u %*u %*u %*u %*u"
		       " %*d %*d %*d %*d %*d %*d %llu",
		       &parent, &tty, &start);
	if (n != 3)
		return -EBADMSG;
	snprintf(process->name, sizeof(process->name), "%.*s", (int)(close - open - 1), open + 1);
	process->parent = parent;
	process->tty_device = (unsigned)tty;
	process->start_ticks = start;
	return 0;
}

static int read_stat(struct process *process)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(4 * KIB);
	int r = process_read(process, "stat", &text);

	if (r < 0)
		return r;
	return buf_text(&text)[0] ? parse_stat(buf_view(&text), process) : -ESRCH;
}

static int read_uid(struct process *process)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(16 * KIB);
	unsigned uid, effective_uid;
	int r = process_read(process, "status", &text);

	if (r < 0)
		return r;
	const char *line = strstr(buf_text(&text), "\nUid:");
	if (!line || sscanf(line, "\nUid: %u %u", &uid, &effective_uid) != 2)
		return -ESRCH;
	process->uid = uid;
	process->effective_uid = effective_uid;
	return 0;
}

int process_open(pid_t pid, struct process *ret_process)
{
	SCOPED(process_close) struct process process = PROCESS_NONE;
	char path[32];

	if (pid <= 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	process.folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (process.folder < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	process.pid = pid;
	int r = read_stat(&process);
	if (r == 0)
		r = read_uid(&process);
	if (r < 0)
		return r;
	*ret_process = process;
	process.folder = -1;
	return 0;
}

int process_open_parent(const struct process *child, struct process *ret_parent)
{
	SCOPED(process_close) struct process parent = PROCESS_NONE;
	int r = process_open(child->parent, &parent);

	if (r < 0)
		return r;
	if (parent.start_ticks > child->start_ticks)
		return -ESRCH;
	*ret_parent = parent;
	parent.folder = -1;
	return 0;
}

/* Numbers from the kernel's Documentation/admin-guide/devices.txt. */
static const struct {
	unsigned major_first, major_last, minor_first, shift;
	const char *prefix;
} TERMINALS[] = {
	{ 136, 143, 0, 256, "/dev/pts/" },  { 4, 4, 64, 0, "/dev/ttyS" },
	{ 4, 4, 0, 0, "/dev/tty" },         { 229, 229, 0, 0, "/dev/hvc" },
	{ 204, 204, 64, 0, "/dev/ttyAMA" },
};

void process_tty(const struct process *process, char ret_name[PROCESS_TTY_MAX])
{
	unsigned device_major = major(process->tty_device),
		 device_minor = minor(process->tty_device);

	ret_name[0] = '\0';
	if (!process->tty_device)
		return;
	snprintf(ret_name, PROCESS_TTY_MAX, "terminal %u:%u", device_major, device_minor);
	for (size_t i = 0; i < COUNT_OF(TERMINALS); i++) {
		if (device_major < TERMINALS[i].major_first ||
		    device_major > TERMINALS[i].major_last ||
		    device_minor < TERMINALS[i].minor_first)
			continue;
		unsigned number = device_minor - TERMINALS[i].minor_first +
				  (device_major - TERMINALS[i].major_first) * TERMINALS[i].shift;
		snprintf(ret_name, PROCESS_TTY_MAX, "%s%u", TERMINALS[i].prefix, number);
		return;
	}
}
