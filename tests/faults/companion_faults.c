/* SPDX-License-Identifier: MIT */
/* A preloaded library that lets a call fail, or ends the process there; place.h says which. */
#include "tests/faults/place.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
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
	return place_is(SITE(CALL_MEMORY)) ? no_memory() : __libc_malloc(size);
}

EXPORTED void *calloc(size_t count, size_t size)
{
	return place_is(SITE(CALL_MEMORY)) ? no_memory() : __libc_calloc(count, size);
}

EXPORTED void *realloc(void *old, size_t size)
{
	return place_is(SITE(CALL_MEMORY)) ? no_memory() : __libc_realloc(old, size);
}

EXPORTED char *strndup(const char *text, size_t size)
{
	size_t length = strnlen(text, size);
	char *copy = place_is(SITE(CALL_MEMORY)) ? no_memory() : __libc_malloc(length + 1);

	if (copy) {
		memcpy(copy, text, length);
		copy[length] = '\0';
	}
	return copy;
}

/* A stand-in that fails with `code`, or makes the system call. */
#define SYSTEM_CALL(type, name, parameters, call, fd, code, ...)                                   \
	EXPORTED type name parameters                                                              \
	{                                                                                          \
		const struct call_site *site = SITE_ON(call, fd);                                  \
		bool is_fault = place_is(site);                                                    \
                                                                                                   \
		if (is_fault && place_fails()) {                                                   \
			errno = code;                                                              \
			return (type)-1;                                                           \
		}                                                                                  \
		return (type)place_passed(site, is_fault, syscall(__VA_ARGS__));                   \
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
SYSTEM_CALL(void *, mmap, MAP_PARAMETERS, CALL_MAP, -1, ENOMEM, SYS_mmap, at, size, protection, flags, fd, offset)
SYSTEM_CALL(void *, mmap64, MAP_PARAMETERS, CALL_MAP, -1, ENOMEM, SYS_mmap, at, size, protection, flags, fd, offset)
SYSTEM_CALL(int, open, (const char *path, int flags, ...), CALL_OPEN, -1, EMFILE, SYS_openat, AT_FDCWD, path, flags, MODE)
SYSTEM_CALL(int, open64, (const char *path, int flags, ...), CALL_OPEN, -1, EMFILE, SYS_openat, AT_FDCWD, path, flags, MODE)
SYSTEM_CALL(int, openat, (int at, const char *path, int flags, ...), CALL_OPEN, -1, EMFILE, SYS_openat, at, path, flags, MODE)
SYSTEM_CALL(int, openat64, (int at, const char *path, int flags, ...), CALL_OPEN, -1, EMFILE, SYS_openat, at, path, flags, MODE)
SYSTEM_CALL(int, memfd_create, (const char *name, unsigned flags), CALL_OPEN, -1, EMFILE, SYS_memfd_create, name, flags)
SYSTEM_CALL(int, socket, (int domain, int type, int protocol), CALL_SOCKET, -1, EMFILE, SYS_socket, domain, type, protocol)
SYSTEM_CALL(int, socketpair, (int domain, int type, int protocol, int pair[2]), CALL_SOCKET, -1, EMFILE, SYS_socketpair, domain, type, protocol, pair)
SYSTEM_CALL(int, connect, (int fd, __CONST_SOCKADDR_ARG address, socklen_t length), CALL_SOCKET, fd, EAGAIN, SYS_connect, fd, address.__sockaddr__, length)
SYSTEM_CALL(int, accept4, (int fd, __SOCKADDR_ARG address, socklen_t *length, int flags), CALL_SOCKET, fd, EMFILE, SYS_accept4, fd, address.__sockaddr__, length, flags)
SYSTEM_CALL(ssize_t, read, (int fd, void *bytes, size_t size), CALL_READ, fd, EIO, SYS_read, fd, bytes, size)
SYSTEM_CALL(ssize_t, pread, (int fd, void *bytes, size_t size, off_t offset), CALL_READ, fd, EIO, SYS_pread64, fd, bytes, size, offset)
SYSTEM_CALL(ssize_t, pread64, (int fd, void *bytes, size_t size, off_t offset), CALL_READ, fd, EIO, SYS_pread64, fd, bytes, size, offset)
SYSTEM_CALL(ssize_t, write, (int fd, const void *bytes, size_t size), CALL_WRITE, fd, ENOSPC, SYS_write, fd, bytes, size)
SYSTEM_CALL(ssize_t, pwrite, (int fd, const void *bytes, size_t size, off_t offset), CALL_WRITE, fd, ENOSPC, SYS_pwrite64, fd, bytes, size, offset)
SYSTEM_CALL(ssize_t, pwrite64, (int fd, const void *bytes, size_t size, off_t offset), CALL_WRITE, fd, ENOSPC, SYS_pwrite64, fd, bytes, size, offset)
SYSTEM_CALL(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), CALL_READ, fd, ENOBUFS, SYS_recvmsg, fd, message, flags)
SYSTEM_CALL(int, fcntl, (int fd, int command, ...), CALL_NUMBER, fd, EMFILE, SYS_fcntl, fd, command, THIRD)
SYSTEM_CALL(int, fcntl64, (int fd, int command, ...), CALL_NUMBER, fd, EMFILE, SYS_fcntl, fd, command, THIRD)
SYSTEM_CALL(int, fdatasync, (int fd), CALL_SYNC, fd, EIO, SYS_fdatasync, fd)
SYSTEM_CALL(int, fsync, (int fd), CALL_SYNC, fd, EIO, SYS_fsync, fd)
SYSTEM_CALL(int, ftruncate, (int fd, off_t size), CALL_SYNC, fd, EIO, SYS_ftruncate, fd, size)
SYSTEM_CALL(int, ftruncate64, (int fd, off_t size), CALL_SYNC, fd, EIO, SYS_ftruncate, fd, size)
SYSTEM_CALL(ssize_t, send, (int fd, const void *bytes, size_t size, int flags), CALL_SEND, fd, ECONNRESET, SYS_sendto, fd, bytes, size, flags, NULL, 0)
/* clang-format on */

static int rename_at(const struct call_site *site, int from, int to, const char *new,
		     unsigned int flags)
{
	bool is_fault = place_is(site);

	if (is_fault && place_fails()) {
		errno = EIO;
		return -1;
	}
	return (int)place_passed(site, is_fault,
				 syscall(SYS_renameat2, from, site->name, to, new, flags));
}

EXPORTED int renameat2(int from, const char *old, int to, const char *new, unsigned int flags)
{
	return rename_at(SITE_NAMED(CALL_RENAME, old), from, to, new, flags);
}

EXPORTED int renameat(int from, const char *old, int to, const char *new)
{
	return rename_at(SITE_NAMED(CALL_RENAME, old), from, to, new, 0);
}

/* The other end of a socket pair is of who made it. */
static bool is_of_worker(int fd)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);

	return place_call() == CALL_ASK && place_is_agent() &&
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
	bool asks = is_of_worker(fd);
	const struct call_site *site = SITE_ON(asks ? CALL_ASK : CALL_WRITE, fd);
	bool is_fault = place_is(site);

	if (is_fault && place_fails()) {
		errno = ENOBUFS;
		return -1;
	}
	ssize_t sent = syscall(SYS_sendmsg, fd, message, flags);
	if (is_fault && asks)
		kill_worker();
	return place_passed(site, is_fault && !asks, sent);
}

static int allocate(const struct call_site *site, off_t offset, off_t size)
{
	if (place_is(site) && place_fails())
		return ENOSPC;
	return syscall(SYS_fallocate, site->fd, 0, offset, size) < 0 ? errno : 0;
}

EXPORTED int posix_fallocate(int fd, off_t offset, off_t size)
{
	return allocate(SITE_ON(CALL_SYNC, fd), offset, size);
}

EXPORTED int posix_fallocate64(int fd, off_t offset, off_t size)
{
	return allocate(SITE_ON(CALL_SYNC, fd), offset, size);
}

/* glibc's look-up of a user ends by SIGSEGV when its first allocation fails (nss/nss_database.c of
 * 2.36), which no caller of it can help: what it calls does not count. */
EXPORTED int getpwuid_r(uid_t uid, struct passwd *entry, char *memory, size_t size,
			struct passwd **ret_entry)
{
	int (*next)(uid_t, struct passwd *, char *, size_t, struct passwd **);

	*(void **)&next = dlsym(RTLD_NEXT, "getpwuid_r");
	place_pause(true);
	int code = next(uid, entry, memory, size, ret_entry);
	place_pause(false);
	return code;
}

/* Counts what came, not the looks for it. */
EXPORTED ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
	const struct call_site *site = SITE_ON(CALL_RECEIVE, fd);
	ssize_t length = syscall(SYS_recvfrom, fd, bytes, size, flags, NULL, NULL);

	return length > 0 ? place_passed(site, place_is(site), length) : length;
}

EXPORTED int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	const struct call_site *site = SITE(CALL_CLOCK);
	bool is_fault = clock == CLOCK_REALTIME && place_is(site);

	return (int)place_passed(site, is_fault, syscall(SYS_clock_gettime, clock, ret_time));
}

EXPORTED int crypto_sign_detached(unsigned char *signature, unsigned long long *ret_length,
				  const unsigned char *text, unsigned long long length,
				  const unsigned char *key)
{
	int (*next)(unsigned char *, unsigned long long *, const unsigned char *,
		    unsigned long long, const unsigned char *);
	const struct call_site *site = SITE(CALL_SIGN);

	*(void **)&next = dlsym(RTLD_NEXT, "crypto_sign_detached");
	bool is_fault = place_is(site);
	return (int)place_passed(site, is_fault, next(signature, ret_length, text, length, key));
}

EXPORTED int crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *text,
					 unsigned long long length, const unsigned char *key)
{
	int (*next)(const unsigned char *, const unsigned char *, unsigned long long,
		    const unsigned char *);
	const struct call_site *site = SITE(CALL_VERIFY);

	*(void **)&next = dlsym(RTLD_NEXT, "crypto_sign_verify_detached");
	bool is_fault = place_is(site);
	return (int)place_passed(site, is_fault, next(signature, text, length, key));
}

EXPORTED void randombytes_buf(void *bytes, size_t size)
{
	void (*next)(void *, size_t);
	const struct call_site *site = SITE(CALL_RANDOM);

	*(void **)&next = dlsym(RTLD_NEXT, "randombytes_buf");
	bool is_fault = place_is(site);
	next(bytes, size);
	place_passed(site, is_fault, 0);
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
	if (option == PR_SET_NAME)
		place_set_agent();
	return (int)syscall(SYS_prctl, option, values[0], values[1], values[2], values[3]);
}
