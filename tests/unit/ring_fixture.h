/* SPDX-License-Identifier: MIT */
/* A ring in a folder of its own, for the tests of both sides. */
#ifndef TESTS_UNIT_RING_FIXTURE_H
#define TESTS_UNIT_RING_FIXTURE_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "common/ring.h"
#include "tests/unit/run_suite.h"

static char folder[] = "/tmp/chaperone-ring-XXXXXX";
static int folder_fd, ring_fd, control_fd;
static struct ring_control *control;
static struct ring ring;
static struct ring_reader reader;

static inline void make_ring(void)
{
	int r = ring_create(folder_fd, "ring", 812, 77, &ring_fd, &control_fd, &control);

	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(ring_attach(ring_fd, control_fd, &ring), 0);
	reader = (struct ring_reader){ .fd = ring_fd };
}

static inline void drop_ring(void)
{
	ring_detach(&ring);
	ring_control_free(control);
	close(ring_fd);
	close(control_fd);
	unlinkat(folder_fd, "ring", 0);
}

static inline void setup(void)
{
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	make_ring();
}

static inline void teardown(void)
{
	drop_ring();
	close(folder_fd);
	rmdir(folder);
}

static inline void consume(void)
{
	atomic_store_explicit(&control->consumed, reader.next, memory_order_release);
}

static inline struct ring_slot intent_of(uint32_t thread, uint32_t number)
{
	return (struct ring_slot){ .time_ns = number,
				   .connection = thread,
				   .intent = { .text_bytes = number, .thread = thread } };
}

/* ck_assert writes to a pipe under a lock each time: hot loops and forked writers use this. */
static inline void demand(bool holds)
{
	if (!holds)
		abort();
}

static inline uint64_t write_intent(uint32_t thread, uint32_t number)
{
	struct ring_slot slot = intent_of(thread, number);
	uint64_t sequence;
	int r;

	while ((r = ring_write_intent(&ring, &slot, &sequence)) == -EAGAIN)
		usleep(50);
	demand(r == 0);
	return sequence;
}

static inline void write_outcome(uint64_t intent, uint32_t thread, uint32_t number)
{
	struct ring_slot slot = { .connection = thread,
				  .outcome = { .intent = intent, .rows = number } };

	ring_write_outcome(&ring, &slot);
}

static inline uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif
