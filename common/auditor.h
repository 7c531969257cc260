/* SPDX-License-Identifier: MIT */
/* What `chaperone run --audit` puts into a command's environment, and the shim keeps there. */
#ifndef COMMON_AUDITOR_H
#define COMMON_AUDITOR_H

/* In LD_AUDIT; beside the shim. */
#define AUDITOR_FILE "libchaperone-audit.so"

/* In GLIBC_TUNABLES, room for what libraries like jemalloc ask for: a loader with auditors lays
 * static thread-local storage out before it knows them, and would not start their programs with its
 * default of 512. */
#define AUDITOR_TUNABLE "glibc.rtld.optional_static_tls=16384"

#endif
