/* SPDX-License-Identifier: MIT */
/* Copies of the environment's texts, and the only constructor. */
#include "shim/preload/start.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/slice.h"
#include "shim/preload/guard.h"
#include "shim/preload/next.h"

/* The length of the longest name, its "=" and the NUL included. */
#define NAME_ROOM 32

static const char *const NAMES[START_VARIABLES] = {
	[START_SOCKET] = "CHAPERONE_SOCKET",
	[START_PEER] = "CHAPERONE_PEER",
	[START_RUN] = "CHAPERONE_RUN",
	[START_DATABASES] = "CHAPERONE_DATABASES",
};

/* Together, because each page that is touched costs a process microseconds at its start. */
static struct {
	atomic_bool is_settled;
	dev_t stderr_device;
	ino_t stderr_inode;
	char preload[START_VALUE_MAX];
	char entries[START_VARIABLES][NAME_ROOM + START_VALUE_MAX];
} kept;

static void remember(enum start_variable variable)
{
	const char *value = getenv(NAMES[variable]);
	size_t length = value ? strlen(value) : 0, name = strlen(NAMES[variable]);

	if (!value || length >= START_VALUE_MAX)
		return;
	memcpy(kept.entries[variable], NAMES[variable], name);
	kept.entries[variable][name] = '=';
	memcpy(kept.entries[variable] + name + 1, value, length + 1);
}

static struct slice file_name(struct slice path)
{
	for (size_t i = path.length; i > 0; i--) {
		if (path.at[i - 1] == '/')
			return slice_part(path, i, path.length);
	}
	return path;
}

/* ld.so(8): blanks separate as well as colons. */
static void remember_preload(const char *own_path)
{
	struct slice list = slice_of(getenv("LD_PRELOAD")), own = file_name(slice_of(own_path));

	while (list.length > 0) {
		struct slice blanks = slice_cut(&list, ':');

		while (blanks.length > 0) {
			struct slice entry = slice_cut(&blanks, ' ');

			if (entry.length == 0 || entry.length >= sizeof(kept.preload) ||
			    !slice_equal(file_name(entry), own))
				continue;
			memcpy(kept.preload, entry.at, entry.length);
			kept.preload[entry.length] = '\0';
			return;
		}
	}
}

static void remember_stderr(void)
{
	struct stat status;

	if (fstat(STDERR_FILENO, &status) < 0)
		return;
	kept.stderr_device = status.st_dev;
	kept.stderr_inode = status.st_ino;
}

/* A call from another library's constructor may come before ours; there is one thread then. */
static void settle(void)
{
	if (atomic_load_explicit(&kept.is_settled, memory_order_acquire))
		return;
	for (enum start_variable i = 0; i < START_VARIABLES; i++)
		remember(i);
	remember_preload(next_settle());
	remember_stderr();
	atomic_store_explicit(&kept.is_settled, true, memory_order_release);
}

__attribute__((constructor)) static void start(void)
{
	KEEP_ERRNO;

	settle();
}

const char *start_name(enum start_variable variable)
{
	return NAMES[variable];
}

const char *start_entry(enum start_variable variable)
{
	settle();
	return kept.entries[variable];
}

const char *start_value(enum start_variable variable)
{
	const char *entry = start_entry(variable);

	return entry[0] ? entry + strlen(NAMES[variable]) + 1 : "";
}

const char *start_preload(void)
{
	settle();
	return kept.preload;
}

bool start_has_same_stderr(void)
{
	struct stat status;

	settle();
	return fstat(STDERR_FILENO, &status) == 0 && status.st_dev == kept.stderr_device &&
	       status.st_ino == kept.stderr_inode;
}
