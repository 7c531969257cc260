/* SPDX-License-Identifier: MIT */
/* An allocator that looks up the one behind it at the first call, as jemalloc looks up
 * pthread_create, and again at every hundredth. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma GCC visibility push(default)
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *old, size_t size);
void free(void *old);
#pragma GCC visibility pop

static char early[1 << 16];
static size_t early_used;
static _Thread_local int depth, calls;

static void *take_early(size_t size)
{
	void *taken = early + early_used;

	early_used += (size + 15) & ~(size_t)15;
	return early_used <= sizeof(early) ? taken : NULL;
}

static uintptr_t behind(const char *name)
{
	depth++;
	uintptr_t found = (uintptr_t)dlsym(RTLD_NEXT, name);
	depth--;
	return found;
}

void *malloc(size_t size)
{
	static void *(*next)(size_t);

	if (depth)
		return take_early(size);
	if (!next || ++calls % 100 == 0)
		next = (void *(*)(size_t))behind("malloc");
	return next(size);
}

void *calloc(size_t count, size_t size)
{
	void *bytes = malloc(count * size);

	return bytes ? memset(bytes, 0, count * size) : NULL;
}

void *realloc(void *old, size_t size)
{
	static void *(*next)(void *, size_t);

	if (!next)
		next = (void *(*)(void *, size_t))behind("realloc");
	return depth || (uintptr_t)old - (uintptr_t)early < sizeof(early) ? NULL : next(old, size);
}

void free(void *old)
{
	static void (*next)(void *);

	if (!old || (uintptr_t)old - (uintptr_t)early < sizeof(early))
		return;
	if (!next)
		next = (void (*)(void *))behind("free");
	next(old);
}
