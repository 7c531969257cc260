/* SPDX-License-Identifier: MIT */
/* What this process was started with.  Copied at start, because programs clear and rewrite their
 * environment; what the environment says later counts for nothing.  Everything here is fixed from
 * the first call on and safe in signal handlers and in vfork children. */
#ifndef SHIM_PRELOAD_START_H
#define SHIM_PRELOAD_START_H

#include <stdbool.h>

/* The variables that `chaperone run` sets for its tree (tools/chaperone/supervise.c), besides
 * LD_PRELOAD. */
enum start_variable {
	START_SOCKET,    /* where the agent listens */
	START_PEER,      /* "PID START" of the supervisor */
	START_RUN,       /* the run's id */
	START_DATABASES, /* ports and sockets of databases, besides the well-known ones */
	START_VARIABLES,
};

/* Values longer than this count as not set. */
#define START_VALUE_MAX 4096

/* "CHAPERONE_SOCKET" and so on. */
const char *start_name(enum start_variable variable);

/* As it stood in the environment: "NAME=VALUE"; "" when it was not there. */
const char *start_entry(enum start_variable variable);

/* The value; "" when it was not there. */
const char *start_value(enum start_variable variable);

/* The part of LD_PRELOAD that names us, spelled as it was; "" when the loader has us from somewhere
 * else. */
const char *start_preload(void);

/* The same for LD_AUDIT and the auditor that `chaperone run --audit` puts there. */
const char *start_audit(void);

/* The tunable of the loader's that goes with it: to be in GLIBC_TUNABLES where start_audit is in
 * LD_AUDIT; "" otherwise. */
const char *start_tunable(void);

/* Whether descriptor 2 is still what it was. */
bool start_has_same_stderr(void);

#endif
