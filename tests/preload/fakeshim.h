/* SPDX-License-Identifier: MIT */
/* What the test shim tells the programs that run under it. */
#ifndef TESTS_PRELOAD_FAKESHIM_H
#define TESTS_PRELOAD_FAKESHIM_H

#include <stdbool.h>
#include <stdint.h>

#pragma GCC visibility push(default)

struct fakeshim_counts {
	_Atomic int program, internal; /* calls of stand-ins, by who called */
};

/* Weak in programs: without the shim there is none. */
struct fakeshim_counts *fakeshim_counts(void) __attribute__((weak));
int fakeshim_instances(void) __attribute__((weak));
uintptr_t fakeshim_stand_in(const char *name) __attribute__((weak));
const char *fakeshim_identity_of(const void *function) __attribute__((weak));
bool fakeshim_stands_down(void) __attribute__((weak));
const char *fakeshim_path(void) __attribute__((weak));
uint32_t fakeshim_process(void) __attribute__((weak));
uint32_t fakeshim_thread(void) __attribute__((weak));
int fakeshim_cancel_state_while_held(void) __attribute__((weak));
bool fakeshim_holds(const void *address) __attribute__((weak));
double fakeshim_address_test_ns(void) __attribute__((weak));
double fakeshim_caller_ns(const void *caller) __attribute__((weak));

#pragma GCC visibility pop

#endif
