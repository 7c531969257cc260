/* SPDX-License-Identifier: MIT */
/* Which call is the one, and what happens there. */
#include "tests/faults/place.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RANGES      2
#define PATTERN_MAX 128

static const struct {
	const char *name;
	enum call call;
} CALLS[] = {
	{ "memory", CALL_MEMORY },   { "map", CALL_MAP },       { "open", CALL_OPEN },
	{ "write", CALL_WRITE },     { "socket", CALL_SOCKET }, { "read", CALL_READ },
	{ "number", CALL_NUMBER },   { "sync", CALL_SYNC },     { "send", CALL_SEND },
	{ "receive", CALL_RECEIVE }, { "clock", CALL_CLOCK },   { "rename", CALL_RENAME },
	{ "ask", CALL_ASK },         { "sign", CALL_SIGN },     { "verify", CALL_VERIFY },
	{ "random", CALL_RANDOM },
};

static struct {
	struct tally *tally; /* NULL: nothing is to happen here */
	enum call call, after;
	char on[PATTERN_MAX]; /* empty: whatever it is */
	uint64_t at;
	bool is_for_good, is_kill, is_after, is_in_agent, is_agent, is_in_process;
	struct {
		const char *name;
		uintptr_t begin, end;
	} ranges[RANGES];
} place;

static _Thread_local bool is_paused_here;

/* Calls behind the last one of kind FAULT_AFTER, from 1 on; 0: there was none. */
static _Thread_local uint64_t behind;
static _Atomic uint64_t behind_any;

/* ---- which calls count ---- */

static int note_range(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size;
	(void)context;
	for (size_t i = 0; i < RANGES; i++) {
		if (!place.ranges[i].name || !strstr(info->dlpi_name, place.ranges[i].name))
			continue;
		for (size_t p = 0; p < info->dlpi_phnum; p++) {
			const ElfW(Phdr) *header = &info->dlpi_phdr[p];

			if (header->p_type != PT_LOAD || !(header->p_flags & PF_X))
				continue;
			place.ranges[i].begin = info->dlpi_addr + header->p_vaddr;
			place.ranges[i].end = place.ranges[i].begin + header->p_memsz;
		}
	}
	return 0;
}

static bool is_in(uintptr_t caller)
{
	if (place.tally->process != 0 && place.tally->process != (uint64_t)getpid())
		return false;
	if (place.is_in_process)
		return true;
	if (place.is_in_agent)
		return place.is_agent;
	for (size_t i = 0; i < RANGES; i++) {
		if (caller >= place.ranges[i].begin && caller < place.ranges[i].end)
			return true;
	}
	return false;
}

static bool is_on(const struct call_site *site)
{
	char link[64], path[PATH_MAX] = "";
	int code = errno;

	if (!place.on[0])
		return true;
	if (site->name)
		return fnmatch(place.on, site->name, 0) == 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", site->fd);
	ssize_t length = readlink(link, path, sizeof(path) - 1);
	path[length > 0 ? length : 0] = '\0';
	errno = code;
	return fnmatch(place.on, path, 0) == 0;
}

/* 0: this one does not count. */
static uint64_t number_of_call(void)
{
	if (place.after == CALL_NONE)
		return atomic_fetch_add(&place.tally->calls, 1) + 1;
	if (strncmp(place.on, "socket:", strlen("socket:")) == 0)
		return behind_any == 0 ? 0 : atomic_fetch_add(&behind_any, 1);
	return behind == 0 ? 0 : behind++;
}

/* ---- what happens ---- */

enum call place_call(void)
{
	return place.call;
}

bool place_is(const struct call_site *site)
{
	if (!place.tally || site->call != place.call || is_paused_here || !is_in(site->caller) ||
	    !is_on(site))
		return false;
	uint64_t number = number_of_call();
	if (number < place.at || (number > place.at && !place.is_for_good))
		return false;
	atomic_fetch_add(&place.tally->faults, 1);
	if (place.is_kill && !place.is_after)
		kill(getpid(), SIGKILL);
	return true;
}

bool place_fails(void)
{
	return !place.is_kill;
}

long place_passed(const struct call_site *site, bool is_fault, long result)
{
	int code = errno;

	if (is_fault && place.is_kill && result >= 0)
		kill(getpid(), SIGKILL);
	if (place.tally && place.after == site->call && result >= 0 && is_in(site->caller)) {
		behind = 1;
		behind_any = 1;
	}
	errno = code;
	return result;
}

void place_pause(bool is_paused)
{
	is_paused_here = is_paused;
}

/* ---- the start ---- */

static void died(int number)
{
	atomic_store(&place.tally->died, (uint64_t)number);
	signal(number, SIG_DFL);
	raise(number);
}

bool place_is_agent(void)
{
	return place.is_agent;
}

void place_set_agent(void)
{
	static const int NUMBERS[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL };

	if (!place.tally || !place.is_in_agent)
		return;
	place.is_agent = true;
	for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(NUMBERS[0]); i++)
		signal(NUMBERS[i], died);
}

static void read_what_to_do(const char *what)
{
	place.is_kill = strncmp(what, "kill", 4) == 0;
	place.is_after = strcmp(what, "kill-after") == 0;
	place.is_for_good = strcmp(what, "fail-on") == 0;
}

static enum call call_named(const char *name)
{
	for (size_t i = 0; name && i < sizeof(CALLS) / sizeof(CALLS[0]); i++) {
		if (strcmp(CALLS[i].name, name) == 0)
			return CALLS[i].call;
	}
	return CALL_NONE;
}

static void read_where(const char *in)
{
	place.is_in_agent = strcmp(in, "agent") == 0;
	place.is_in_process = strcmp(in, "process") == 0;
	if (!place.is_in_agent && !place.is_in_process)
		place.ranges[0].name = "libchaperone.so";
	if (strcmp(in, "libpq") == 0)
		place.ranges[1].name = "libpq.so";
	dl_iterate_phdr(note_range, NULL);
}

static struct tally *share(const char *path)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	void *at = (void *)syscall(SYS_mmap, NULL, sizeof(struct tally), PROT_READ | PROT_WRITE,
				   MAP_SHARED, fd, 0);

	if (fd >= 0)
		syscall(SYS_close, fd);
	return at == MAP_FAILED ? NULL : at;
}

__attribute__((constructor)) static void start(void)
{
	const char *in = getenv("FAULT_IN"), *on = getenv("FAULT_ON"), *at = getenv("FAULT_AT"),
		   *what = getenv("FAULT_DO"), *path = getenv("FAULT_FILE");

	if (!in || !at || !what || !path)
		return;
	place.call = call_named(getenv("FAULT_CALL"));
	place.after = call_named(getenv("FAULT_AFTER"));
	snprintf(place.on, sizeof(place.on), "%s", on ? on : "");
	place.at = strtoull(at, NULL, 10);
	read_what_to_do(what);
	read_where(in);
	place.tally = share(path);
}
