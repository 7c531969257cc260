/* SPDX-License-Identifier: MIT */
/* A preloaded library that lets the n-th call of a kind fail, or ends the process there.
 *
 *   FAULT_IN    whose calls count: `shim`, `libpq` (and the shim's), `agent` (all that it makes)
 *   FAULT_CALL  the kind of call, a column of CALLS below
 *   FAULT_AT    n, from 1 on
 *   FAULT_DO    `fail` (once), `fail-on` (from n on), `kill-before`, `kill-after`
 *   FAULT_FILE  where struct tally is kept, which all processes share */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))
#define CALLER   ((uintptr_t)__builtin_return_address(0))
#define RANGES   2

enum call {
	CALL_NONE,
	CALL_MEMORY,
	CALL_MAP,
	CALL_OPEN,
	CALL_WRITE,
	CALL_SOCKET,
	CALL_READ,
	CALL_NUMBER,
	CALL_SYNC,
	CALL_SEND,
	CALL_RECEIVE,
	CALL_CLOCK,
	CALL_RENAME,
	CALL_RECORD,
	CALL_ASK,
};

static const struct {
	const char *name;
	enum call call;
} CALLS[] = {
	{ "memory", CALL_MEMORY },   /* malloc, calloc, realloc, strndup */
	{ "map", CALL_MAP },         /* mmap */
	{ "open", CALL_OPEN },       /* open, openat, memfd_create */
	{ "write", CALL_WRITE },     /* write, pwrite, sendmsg */
	{ "socket", CALL_SOCKET },   /* socket, connect, socketpair, accept4 */
	{ "read", CALL_READ },       /* read, pread, recvmsg */
	{ "number", CALL_NUMBER },   /* fcntl */
	{ "sync", CALL_SYNC },       /* fdatasync, fsync, ftruncate, posix_fallocate */
	{ "send", CALL_SEND },       /* send */
	{ "receive", CALL_RECEIVE }, /* recv, once it has received */
	{ "clock", CALL_CLOCK },     /* clock_gettime of the time of day */
	{ "rename", CALL_RENAME },   /* renameat2 */
	{ "ask", CALL_ASK },         /* sendmsg to the worker, which is what `kill-after` ends */
	{ "record", CALL_RECORD },   /* write to a file of a record */
};

struct tally {
	_Atomic uint64_t calls;  /* that counted */
	_Atomic uint64_t faults; /* that were made to fail */
	_Atomic uint64_t died;   /* the signal that killed an agent, but for SIGKILL */
};

static struct {
	struct tally *tally; /* NULL: nothing is to fail here */
	enum call call;
	uint64_t at;
	bool is_for_good, is_kill, is_after, is_in_agent, is_agent;
	struct {
		const char *name;
		uintptr_t begin, end;
	} ranges[RANGES];
} fault;

/* glibc's look-up of a user ends by SIGSEGV when its first allocation fails (nss/nss_database.c of
 * 2.36), which no caller of it can help: what it calls does not count. */
static _Thread_local bool is_in_user_lookup;

/* ---- which calls count ---- */

static int note_range(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size;
	(void)context;
	for (size_t i = 0; i < RANGES; i++) {
		if (!fault.ranges[i].name || !strstr(info->dlpi_name, fault.ranges[i].name))
			continue;
		for (size_t p = 0; p < info->dlpi_phnum; p++) {
			const ElfW(Phdr) *header = &info->dlpi_phdr[p];

			if (header->p_type != PT_LOAD || !(header->p_flags & PF_X))
				continue;
			fault.ranges[i].begin = info->dlpi_addr + header->p_vaddr;
			fault.ranges[i].end = fault.ranges[i].begin + header->p_memsz;
		}
	}
	return 0;
}

static bool counts(enum call call, uintptr_t caller)
{
	if (!fault.tally || call != fault.call || is_in_user_lookup)
		return false;
	if (fault.is_in_agent)
		return fault.is_agent;
	for (size_t i = 0; i < RANGES; i++) {
		if (caller >= fault.ranges[i].begin && caller < fault.ranges[i].end)
			return true;
	}
	return false;
}

/* Whether this call is one that shall fail; ends the process where that is asked for. */
static bool fails(enum call call, uintptr_t caller)
{
	if (!counts(call, caller))
		return false;
	uint64_t number = atomic_fetch_add(&fault.tally->calls, 1) + 1;
	if (number < fault.at || (number > fault.at && !fault.is_for_good))
		return false;
	atomic_fetch_add(&fault.tally->faults, 1);
	if (fault.is_kill && !fault.is_after)
		kill(getpid(), SIGKILL);
	return true;
}

/* A call that was made although it is one to fail at: the process ends behind it. */
static long made(bool is_fault, long result)
{
	int code = errno;

	if (is_fault && fault.is_kill && result >= 0)
		kill(getpid(), SIGKILL);
	errno = code;
	return result;
}

/* ---- the calls ---- */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static void *no_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

EXPORTED void *malloc(size_t size)
{
	return fails(CALL_MEMORY, CALLER) ? no_memory() : __libc_malloc(size);
}

EXPORTED void *calloc(size_t count, size_t size)
{
	return fails(CALL_MEMORY, CALLER) ? no_memory() : __libc_calloc(count, size);
}

EXPORTED void *realloc(void *old, size_t size)
{
	return fails(CALL_MEMORY, CALLER) ? no_memory() : __libc_realloc(old, size);
}

EXPORTED char *strndup(const char *text, size_t size)
{
	size_t length = strnlen(text, size);
	char *copy = fails(CALL_MEMORY, CALLER) ? no_memory() : __libc_malloc(length + 1);

	if (copy) {
		memcpy(copy, text, length);
		copy[length] = '\0';
	}
	return copy;
}

/* A stand-in that fails with `code`, or makes the system call. */
#define SYSTEM_CALL(type, name, parameters, call, code, ...)                                       \
	EXPORTED type name parameters                                                              \
	{                                                                                          \
		bool is_fault = fails(call, CALLER);                                               \
                                                                                                   \
		if (is_fault && !fault.is_kill) {                                                  \
			errno = code;                                                              \
			return (type)-1;                                                           \
		}                                                                                  \
		return (type)made(is_fault, syscall(__VA_ARGS__));                                 \
	}

#define MAP_PARAMETERS (void *at, size_t size, int protection, int flags, int fd, off_t offset)
#define MODE                                                                                       \
	__extension__({                                                                            \
		va_list rest;                                                                      \
		va_start(rest, flags);                                                             \
		mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;          \
		va_end(rest);                                                                      \
		mode;                                                                              \
	})
#define THIRD                                                                                      \
	__extension__({                                                                            \
		va_list rest;                                                                      \
		va_start(rest, command);                                                           \
		long third = va_arg(rest, long);                                                   \
		va_end(rest);                                                                      \
		third;                                                                             \
	})

/* clang-format off */
SYSTEM_CALL(void *, mmap, MAP_PARAMETERS, CALL_MAP, ENOMEM, SYS_mmap, at, size, protection, flags, fd, offset)
SYSTEM_CALL(void *, mmap64, MAP_PARAMETERS, CALL_MAP, ENOMEM, SYS_mmap, at, size, protection, flags, fd, offset)
SYSTEM_CALL(int, open, (const char *path, int flags, ...), CALL_OPEN, EMFILE, SYS_openat, AT_FDCWD, path, flags, MODE)
SYSTEM_CALL(int, open64, (const char *path, int flags, ...), CALL_OPEN, EMFILE, SYS_openat, AT_FDCWD, path, flags, MODE)
SYSTEM_CALL(int, openat, (int at, const char *path, int flags, ...), CALL_OPEN, EMFILE, SYS_openat, at, path, flags, MODE)
SYSTEM_CALL(int, openat64, (int at, const char *path, int flags, ...), CALL_OPEN, EMFILE, SYS_openat, at, path, flags, MODE)
SYSTEM_CALL(int, memfd_create, (const char *name, unsigned flags), CALL_OPEN, EMFILE, SYS_memfd_create, name, flags)
SYSTEM_CALL(int, socket, (int domain, int type, int protocol), CALL_SOCKET, EMFILE, SYS_socket, domain, type, protocol)
SYSTEM_CALL(int, socketpair, (int domain, int type, int protocol, int pair[2]), CALL_SOCKET, EMFILE, SYS_socketpair, domain, type, protocol, pair)
SYSTEM_CALL(int, connect, (int fd, __CONST_SOCKADDR_ARG address, socklen_t length), CALL_SOCKET, EAGAIN, SYS_connect, fd, address.__sockaddr__, length)
SYSTEM_CALL(int, accept4, (int fd, __SOCKADDR_ARG address, socklen_t *length, int flags), CALL_SOCKET, EMFILE, SYS_accept4, fd, address.__sockaddr__, length, flags)
SYSTEM_CALL(ssize_t, read, (int fd, void *bytes, size_t size), CALL_READ, EIO, SYS_read, fd, bytes, size)
SYSTEM_CALL(ssize_t, pread, (int fd, void *bytes, size_t size, off_t offset), CALL_READ, EIO, SYS_pread64, fd, bytes, size, offset)
SYSTEM_CALL(ssize_t, pread64, (int fd, void *bytes, size_t size, off_t offset), CALL_READ, EIO, SYS_pread64, fd, bytes, size, offset)
SYSTEM_CALL(ssize_t, pwrite, (int fd, const void *bytes, size_t size, off_t offset), CALL_WRITE, ENOSPC, SYS_pwrite64, fd, bytes, size, offset)
SYSTEM_CALL(ssize_t, pwrite64, (int fd, const void *bytes, size_t size, off_t offset), CALL_WRITE, ENOSPC, SYS_pwrite64, fd, bytes, size, offset)
SYSTEM_CALL(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), CALL_READ, ENOBUFS, SYS_recvmsg, fd, message, flags)
SYSTEM_CALL(int, fcntl, (int fd, int command, ...), CALL_NUMBER, EMFILE, SYS_fcntl, fd, command, THIRD)
SYSTEM_CALL(int, fcntl64, (int fd, int command, ...), CALL_NUMBER, EMFILE, SYS_fcntl, fd, command, THIRD)
SYSTEM_CALL(int, fdatasync, (int fd), CALL_SYNC, EIO, SYS_fdatasync, fd)
SYSTEM_CALL(int, fsync, (int fd), CALL_SYNC, EIO, SYS_fsync, fd)
SYSTEM_CALL(int, ftruncate, (int fd, off_t size), CALL_SYNC, EIO, SYS_ftruncate, fd, size)
SYSTEM_CALL(int, ftruncate64, (int fd, off_t size), CALL_SYNC, EIO, SYS_ftruncate, fd, size)
SYSTEM_CALL(ssize_t, send, (int fd, const void *bytes, size_t size, int flags), CALL_SEND, ECONNRESET, SYS_sendto, fd, bytes, size, flags, NULL, 0)
SYSTEM_CALL(int, renameat2, (int from, const char *old, int to, const char *new, unsigned flags), CALL_RENAME, EIO, SYS_renameat2, from, old, to, new, flags)
/* clang-format on */

static enum call write_kind(int fd)
{
	static const char FOLDER[] = "/record";
	char link[] = "/proc/self/fd/0000000000", path[4096];
	char *digit = link + sizeof(link) - 1;

	if (fault.call != CALL_RECORD || !fault.is_agent)
		return CALL_WRITE;
	for (int rest = fd, i = 0; i < 10; i++, rest /= 10)
		*--digit = (char)('0' + rest % 10);
	while (*digit == '0' && digit[1])
		digit++;
	memmove(link + strlen("/proc/self/fd/"), digit, strlen(digit) + 1);
	ssize_t length = readlink(link, path, sizeof(path) - 1);
	path[length > 0 ? length : 0] = '\0';
	return strstr(path, FOLDER) ? CALL_RECORD : CALL_WRITE;
}

/* The other end of a socket pair is of who made it. */
static bool is_of_worker(int fd)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);

	return fault.call == CALL_ASK && fault.is_agent &&
	       syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       peer.pid == getpid();
}

static void kill_worker(void)
{
	char text[32] = "";
	int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/thread-self/children", O_RDONLY);

	if (syscall(SYS_read, fd, text, sizeof(text) - 1) > 0 && atoi(text) > 0)
		kill(atoi(text), SIGKILL);
	syscall(SYS_close, fd);
}

EXPORTED ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	bool asks = is_of_worker(fd), is_fault = fails(asks ? CALL_ASK : CALL_WRITE, CALLER);

	if (is_fault && !fault.is_kill) {
		errno = ENOBUFS;
		return -1;
	}
	ssize_t sent = syscall(SYS_sendmsg, fd, message, flags);
	if (is_fault && asks)
		kill_worker();
	return is_fault && !asks ? made(is_fault, sent) : sent;
}

EXPORTED ssize_t write(int fd, const void *bytes, size_t size)
{
	bool is_fault = fails(write_kind(fd), CALLER);

	if (is_fault && !fault.is_kill) {
		errno = ENOSPC;
		return -1;
	}
	return made(is_fault, syscall(SYS_write, fd, bytes, size));
}

static int allocate(bool is_fault, int fd, off_t offset, off_t size)
{
	if (is_fault && !fault.is_kill)
		return ENOSPC;
	return syscall(SYS_fallocate, fd, 0, offset, size) < 0 ? errno : 0;
}

EXPORTED int posix_fallocate(int fd, off_t offset, off_t size)
{
	return allocate(fails(CALL_SYNC, CALLER), fd, offset, size);
}

EXPORTED int posix_fallocate64(int fd, off_t offset, off_t size)
{
	return allocate(fails(CALL_SYNC, CALLER), fd, offset, size);
}

EXPORTED int getpwuid_r(uid_t uid, struct passwd *entry, char *memory, size_t size,
			struct passwd **ret_entry)
{
	int (*next)(uid_t, struct passwd *, char *, size_t, struct passwd **);

	*(void **)&next = dlsym(RTLD_NEXT, "getpwuid_r");
	is_in_user_lookup = true;
	int code = next(uid, entry, memory, size, ret_entry);
	is_in_user_lookup = false;
	return code;
}

/* Counts what came, not the looks for it. */
EXPORTED ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
	ssize_t length = syscall(SYS_recvfrom, fd, bytes, size, flags, NULL, NULL);

	return length > 0 ? made(fails(CALL_RECEIVE, CALLER), length) : length;
}

EXPORTED int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	bool is_fault = clock == CLOCK_REALTIME && fails(CALL_CLOCK, CALLER);

	return (int)made(is_fault, syscall(SYS_clock_gettime, clock, ret_time));
}

/* ---- the start ---- */

static void died(int number)
{
	atomic_store(&fault.tally->died, (uint64_t)number);
	signal(number, SIG_DFL);
	raise(number);
}

static void watch(void)
{
	static const int NUMBERS[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL };

	for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(NUMBERS[0]); i++)
		signal(NUMBERS[i], died);
}

/* An agent is a fork of `chaperone run` that gives itself a name. */
EXPORTED int prctl(int option, ...)
{
	va_list rest;

	va_start(rest, option);
	unsigned long values[4];
	for (size_t i = 0; i < 4; i++)
		values[i] = va_arg(rest, unsigned long);
	va_end(rest);
	if (fault.tally && fault.is_in_agent && option == PR_SET_NAME) {
		fault.is_agent = true;
		watch();
	}
	return (int)syscall(SYS_prctl, option, values[0], values[1], values[2], values[3]);
}

static void read_what_to_do(const char *what)
{
	fault.is_kill = strncmp(what, "kill", 4) == 0;
	fault.is_after = strcmp(what, "kill-after") == 0;
	fault.is_for_good = strcmp(what, "fail-on") == 0;
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
	const char *in = getenv("FAULT_IN"), *call = getenv("FAULT_CALL"), *at = getenv("FAULT_AT"),
		   *what = getenv("FAULT_DO"), *path = getenv("FAULT_FILE");

	if (!in || !call || !at || !what || !path)
		return;
	for (size_t i = 0; i < sizeof(CALLS) / sizeof(CALLS[0]); i++) {
		if (strcmp(CALLS[i].name, call) == 0)
			fault.call = CALLS[i].call;
	}
	fault.at = strtoull(at, NULL, 10);
	read_what_to_do(what);
	fault.is_in_agent = strcmp(in, "agent") == 0;
	if (!fault.is_in_agent)
		fault.ranges[0].name = "libchaperone.so";
	if (strcmp(in, "libpq") == 0)
		fault.ranges[1].name = "libpq.so";
	dl_iterate_phdr(note_range, NULL);
	fault.tally = share(path);
}
