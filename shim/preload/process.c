/* SPDX-License-Identifier: MIT */
/* Remembers numbers in a page that does not survive fork. */
#include "shim/preload/process.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One word of a page of its own: 0 until this process has asked. */
static _Atomic(_Atomic uint32_t *) page;
static atomic_bool has_no_page;

/* The thread's number, and the process in which it was asked for: a forked child keeps the first,
 * not the second. */
static _Thread_local struct {
	uint32_t process;
	uint32_t thread;
} asked;

static _Atomic uint32_t *new_page(void)
{
	/* the kernel rounds up to pages, in all three calls */
	const size_t size = sizeof(_Atomic uint32_t);
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	_Atomic uint32_t *none = NULL;

	if (at == MAP_FAILED)
		return NULL;
	if (madvise(at, size, MADV_WIPEONFORK) == 0 &&
	    atomic_compare_exchange_strong(&page, &none, at))
		return at;
	munmap(at, size);
	return none; /* another thread's, if it was quicker */
}

static _Atomic uint32_t *known_page(void)
{
	_Atomic uint32_t *known = atomic_load_explicit(&page, memory_order_acquire);

	if (known || atomic_load_explicit(&has_no_page, memory_order_relaxed))
		return known;
	known = new_page();
	if (!known)
		atomic_store(&has_no_page, true);
	return known;
}

uint32_t process_number(void)
{
	_Atomic uint32_t *known = known_page();
	uint32_t number = known ? atomic_load_explicit(known, memory_order_relaxed) : 0;

	if (number == 0) {
		number = (uint32_t)getpid();
		if (known)
			atomic_store_explicit(known, number, memory_order_relaxed);
	}
	return number;
}

uint32_t thread_number(void)
{
	uint32_t process = process_number();

	if (asked.process != process) {
		asked.thread = (uint32_t)syscall(SYS_gettid);
		asked.process = process;
	}
	return asked.thread;
}
