/* SPDX-License-Identifier: MIT */
/* Another preloaded library, which stands in for connect and execve and says so. */
#include <dlfcn.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t length)
{
	int (*next)(int, __CONST_SOCKADDR_ARG, socklen_t);
	void *found = dlsym(RTLD_NEXT, "connect");

	if (write(2, "companion: connect\n", 19) < 0)
		return -1;
	memcpy(&next, &found, sizeof(next));
	return next(fd, address, length);
}

EXPORTED int execve(const char *path, char *const arguments[], char *const variables[])
{
	int (*next)(const char *, char *const[], char *const[]);
	void *found = dlsym(RTLD_NEXT, "execve");

	if (write(2, "companion: execve\n", 18) < 0)
		return -1;
	memcpy(&next, &found, sizeof(next));
	return next(path, arguments, variables);
}
