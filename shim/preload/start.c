/* SPDX-License-Identifier: MIT */
/* Copies of the environment's texts, and the only constructor. */
#include "shim/preload/start.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/auditor.h"
#include "common/slice.h"
#include "shim/preload/guard.h"
#include "shim/preload/next.h"
#include "shim/preload/walk.h"

/* The length of the longest name, its "=" and the NUL included. */
#define NAME_ROOM 32

static const char *const NAMES[START_VARIABLES] = {
	[START_SOCKET] = "CHAPERONE_SOCKET",
	[START_PEER] = "CHAPERONE_PEER",
	[START_RUN] = "CHAPERONE_RUN",
	[START_DATABASES] = "CHAPERONE_DATABASES",
};

/* One behind the other, because each page that is touched costs a process microseconds at its start. */
static struct {
	atomic_bool is_settled;
	dev_t stderr_device;
	ino_t stderr_inode;
	/* where they begin in `texts`; 0: "" */
	uint16_t preload, audit, entries[START_VARIABLES];
	uint16_t length; /* of `texts`, the NUL at its end left out */
	char texts[2 * START_VALUE_MAX + START_VARIABLES * (NAME_ROOM + START_VALUE_MAX)];
} kept;
_Static_assert(sizeof(kept.texts) <= UINT16_MAX, "offsets");

static void add(struct slice text)
{
	memcpy(kept.texts + kept.length, text.at, text.length);
	kept.length += (uint16_t)text.length;
}

static uint16_t begin(void)
{
	return ++kept.length;
}

static void remember(enum start_variable variable)
{
	struct slice value = slice_of(getenv(NAMES[variable]));

	if (!value.at || value.length >= START_VALUE_MAX)
		return;
	kept.entries[variable] = begin();
	add(slice_of(NAMES[variable]));
	add(SLICE("="));
	add(value);
}

/* Remembers the part of a list that names a file of this name.  ld.so(8): blanks separate as well as
 * colons; neither can be in our own paths (tools/chaperone/shim_file.c). */
static void remember_listed(const char *variable, struct slice own, uint16_t *ret_begin)
{
	struct slice list = slice_of(getenv(variable));

	while (list.length > 0) {
		struct slice blanks = slice_cut(&list, ':');

		while (blanks.length > 0) {
			struct slice entry = slice_cut(&blanks, ' ');

			if (entry.length == 0 || entry.length >= START_VALUE_MAX ||
			    !slice_equal(slice_file_name(entry), own))
				continue;
			*ret_begin = begin();
			add(entry);
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
	remember_listed("LD_PRELOAD", slice_file_name(slice_of(next_settle())), &kept.preload);
	remember_listed("LD_AUDIT", SLICE(AUDITOR_FILE), &kept.audit);
	remember_stderr();
	atomic_store_explicit(&kept.is_settled, true, memory_order_release);
}

__attribute__((constructor)) static void start(void)
{
	KEEP_ERRNO;

	settle();
	walk_watch_forks();
}

const char *start_name(enum start_variable variable)
{
	return NAMES[variable];
}

const char *start_entry(enum start_variable variable)
{
	settle();
	return kept.texts + kept.entries[variable];
}

const char *start_value(enum start_variable variable)
{
	const char *entry = start_entry(variable);

	return entry[0] ? entry + strlen(NAMES[variable]) + 1 : "";
}

const char *start_preload(void)
{
	settle();
	return kept.texts + kept.preload;
}

const char *start_audit(void)
{
	settle();
	return kept.texts + kept.audit;
}

const char *start_tunable(void)
{
	return start_audit()[0] ? AUDITOR_TUNABLE : "";
}

bool start_has_same_stderr(void)
{
	struct stat status;

	settle();
	return fstat(STDERR_FILENO, &status) == 0 && status.st_dev == kept.stderr_device &&
	       status.st_ino == kept.stderr_inode;
}
