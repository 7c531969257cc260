/* SPDX-License-Identifier: MIT */
/* A stand-in for connect in each namespace: it asks the shim's guard, then calls the namespace's own
 * libc, or says EACCES in that libc's errno. */
#include "shim/audit/foreign.h"

#include <stdatomic.h>

#include "shim/preload/auditor.h"

#define ADDRESS_MAX 128u /* sizeof(struct sockaddr_storage) */

/* No process has anything in its first or its last page. */
#define PAGE 4096u

typedef int connect_function(int fd, const void *address, unsigned length);
typedef int *errno_function(void);

static struct {
	_Atomic(connect_function *) connect;
	_Atomic(errno_function *) errno_location;
} libcs[NAMESPACES_MAX];

static _Atomic(auditor_guard *) guard;

void foreign_note(Lmid_t namespace, const struct image *image)
{
	uintptr_t connect = image_function(image, "connect");
	uintptr_t errno_location = image_function(image, "__errno_location");

	if (namespace < 0 || namespace >= NAMESPACES_MAX || !connect || !errno_location)
		return;
	atomic_store(&libcs[namespace].connect, (connect_function *)connect);
	atomic_store(&libcs[namespace].errno_location, (errno_function *)errno_location);
}

/* What is dialled is a copy, which no other thread can edit after the guard's look at it; what cannot be an
 * address is the kernel's to refuse. */
static int dial(unsigned namespace, int fd, const void *address, unsigned length)
{
	connect_function *connect = atomic_load(&libcs[namespace].connect);
	unsigned char copy[ADDRESS_MAX] __attribute__((aligned(16)));

	if ((uintptr_t)address + PAGE < 2 * PAGE || length > sizeof(copy))
		return connect(fd, address, length);
	for (unsigned i = 0; i < length; i++)
		copy[i] = ((const unsigned char *)address)[i];
	int r = atomic_load(&guard)(fd, copy, length);
	if (r == 0)
		return connect(fd, copy, length);
	*atomic_load (&libcs[namespace].errno_location)() = -r;
	return -1;
}

/* clang-format off */
#define NAMESPACES(ROW) \
	ROW(0) ROW(1) ROW(2) ROW(3) ROW(4) ROW(5) ROW(6) ROW(7) \
	ROW(8) ROW(9) ROW(10) ROW(11) ROW(12) ROW(13) ROW(14) ROW(15)
/* clang-format on */

#define DIAL(number)                                                                               \
	static int dial_##number(int fd, const void *address, unsigned length)                     \
	{                                                                                          \
		return dial(number, fd, address, length);                                          \
	}
NAMESPACES(DIAL)

#define DIAL_NAME(number) dial_##number,
static connect_function *const DIALS[NAMESPACES_MAX] = { NAMESPACES(DIAL_NAME) };

uintptr_t foreign_lead(Lmid_t namespace, const char *name, uintptr_t address,
		       const struct image *shim)
{
	auditor_guard *asked = (auditor_guard *)image_function(shim, AUDITOR_GUARD);

	if (!text_is(name, "connect") || namespace < 0 || namespace >= NAMESPACES_MAX || !asked ||
	    address != (uintptr_t)atomic_load(&libcs[namespace].connect))
		return address;
	atomic_store(&guard, asked);
	return (uintptr_t)DIALS[namespace];
}
