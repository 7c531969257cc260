/* SPDX-License-Identifier: MIT */
/* The machine: kernel, libc, the shim's file, folders, agents that are configured, the kill
 * switch. */
#include <errno.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "common/service.h"
#include "common/socket.h"
#include "tools/chaperone/doctor.h"
#include "tools/chaperone/off_switch.h"
#include "tools/command/places.h"
#include "tools/chaperone/shim_file.h"

#define ROOM_NEEDED_MIB 64u

/* pidfd_open (Linux 5.3) tells the agent surely that a process has ended. */
static void look_at_kernel(struct report *report)
{
	struct utsname name;
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	bool has_pidfd = fd >= 0;

	close_p(&fd);
	if (uname(&name) == 0)
		report_say(report, has_pidfd ? REPORT_GOOD : REPORT_NOTE, "kernel", "%s %s%s",
			   name.sysname, name.release,
			   has_pidfd ? "" : ", which cannot hold on to processes (before 5.3)");
	report_say(report, REPORT_GOOD, "libc", "glibc %s", gnu_get_libc_version());
}

static void look_at_auditor(struct report *report, const char *shim)
{
	char path[PATH_MAX];
	struct error error;
	bool is_good = shim_file_find_auditor(shim, path, &error) == 0;

	report_say(report, is_good ? REPORT_GOOD : REPORT_NOTE, "auditor", "%s%s",
		   is_good ? path : error.text,
		   is_good ? " (for run --audit)" : "; run --audit will not start");
}

static void look_at_shim(struct report *report)
{
	char path[PATH_MAX], folder[PATH_MAX];
	struct error error;
	bool is_good = shim_file_find(path, &error) == 0;

	report_say(report, is_good ? REPORT_GOOD : REPORT_PROBLEM, "shim", "%s",
		   is_good ? path : error.text);
	if (is_good && shim_file_is_hidden(path, folder))
		report_say(report, REPORT_NOTE, "shim",
			   "programs of other users, also those that give up root's id, are "
			   "not governed: they cannot enter %s",
			   folder);
	if (is_good)
		look_at_auditor(report, path);
}

/* The folder or, where it is not made yet, the one in which it would be. */
static int existing_part(char path[PATH_MAX], struct stat *ret_status)
{
	while (stat(path, ret_status) < 0) {
		char *slash = strrchr(path, '/');

		if (errno != ENOENT || !slash || slash == path)
			return -errno;
		*slash = '\0';
	}
	return 0;
}

void doctor_folder(struct report *report, const char *subject, const char *path)
{
	char part[PATH_MAX];
	struct stat status;
	struct statvfs room;

	snprintf(part, sizeof(part), "%s", path);
	int r = existing_part(part, &status);
	bool is_there = strcmp(part, path) == 0;
	unsigned long long free_mib =
		r == 0 && statvfs(part, &room) == 0
			? (unsigned long long)room.f_bavail * room.f_frsize / MIB
			: 0;
	if (r < 0)
		report_say(report, REPORT_PROBLEM, subject, "%s: %s", path, strerror(-r));
	else if (is_there &&
		 (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 077)))
		report_say(report, REPORT_PROBLEM, subject,
			   "%s is not a folder of yours that nobody else can enter", path);
	else if (access(part, W_OK | X_OK) < 0)
		report_say(report, REPORT_PROBLEM, subject, "%s cannot be written: %s", part,
			   strerror(errno));
	else if (free_mib < ROOM_NEEDED_MIB)
		report_say(report, REPORT_PROBLEM, subject,
			   "%s: %llu MB are free; when it is full, writes are refused", path,
			   free_mib);
	else
		report_say(report, REPORT_GOOD, subject, "%s%s, %llu MB free", path,
			   is_there ? "" : " (will be made)", free_mib);
}

static void look_at_folders(struct report *report)
{
	char path[PATH_MAX];
	struct error error;

	if (place_of_rings(path, &error) < 0)
		report_say(report, REPORT_PROBLEM, "run folder", "%s", error.text);
	else
		doctor_folder(report, "run folder", path);
}

static void look_at_socket(struct report *report, const char *path, const char *why)
{
	int fd = -1;
	int r = socket_connect(path, &fd);

	close_p(&fd);
	if (r == 0)
		report_say(report, REPORT_GOOD, "service", "an agent answers at %s (%s)", path,
			   why);
	else
		report_say(report, REPORT_PROBLEM, "service",
			   "no agent answers at %s (%s): %s; statements are refused", path, why,
			   strerror(-r));
}

static void look_at_configuration(struct report *report)
{
	char path[PATH_MAX];
	int r = service_configured(path, sizeof(path));

	if (r == 0)
		look_at_socket(report, path, SERVICE_CONFIGURATION);
	else if (r != -ENOENT)
		report_say(report, REPORT_PROBLEM, "service",
			   SERVICE_CONFIGURATION
			   " must be a file of root's that nobody else may "
			   "write, with a line socket=/PATH; statements are refused");
	else if (access(SERVICE_SOCKET, F_OK) == 0)
		look_at_socket(report, SERVICE_SOCKET, "for programs without chaperone run");
}

static void look_at_switch(struct report *report)
{
	struct stat status;

	if (lstat(OFF_SWITCH, &status) < 0)
		return;
	if (off_switch_is_on())
		report_say(report, REPORT_PROBLEM, "switch",
			   OFF_SWITCH " is there: nothing is enforced on this machine");
	else
		report_say(report, REPORT_NOTE, "switch",
			   OFF_SWITCH " is not root's and has no effect");
}

void doctor_machine(struct report *report)
{
	look_at_kernel(report);
	look_at_shim(report);
	look_at_folders(report);
	look_at_configuration(report);
	look_at_switch(report);
}
