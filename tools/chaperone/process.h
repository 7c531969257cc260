/* SPDX-License-Identifier: MIT */
/* One process as /proc shows it.  The folder /proc/PID is held open: its entries belong to that
 * very process, and answer -ESRCH when it is gone, even when its number is in use again. */
#ifndef TOOLS_CHAPERONE_PROCESS_H
#define TOOLS_CHAPERONE_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/cleanup.h"

#define PROCESS_NAME_MAX 80
#define PROCESS_TTY_MAX  32

struct process {
	int folder;
	pid_t pid;
	pid_t parent;         /* 0: none that can be seen */
	uint64_t start_ticks; /* since boot; with the pid it names the process for good */
	unsigned tty_device;  /* of the controlling terminal; 0: none */
	uid_t uid;            /* real */
	uid_t effective_uid;
	char name[PROCESS_NAME_MAX]; /* the file's, 15 bytes of it, or what the process set */
};

/* A process that is not open. */
#define PROCESS_NONE                                                                               \
	{                                                                                          \
		.folder = -1                                                                       \
	}

/* -ESRCH when there is no such process. */
must_use int process_open(pid_t pid, struct process *ret_process);
void process_close(struct process *process);

/* Opens the parent.  -ESRCH when it cannot be seen, or is younger than its child: then its
 * number was given away again. */
must_use int process_open_parent(const struct process *child, struct process *ret_parent);

/* Appends the entry ("environ") as far as it fits into the buffer's maximum.  1: there was more. */
must_use int process_read(const struct process *process, const char *entry, struct buf *buf);

/* Where the link `entry` ("exe", "cwd") points; -ENAMETOOLONG when that does not fit. */
must_use int process_link(const struct process *process, const char *entry, char *ret_target,
			  size_t size);

/* "/dev/pts/3", or "" without a terminal. */
void process_tty(const struct process *process, char ret_name[PROCESS_TTY_MAX]);

#endif
