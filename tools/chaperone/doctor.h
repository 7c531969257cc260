/* SPDX-License-Identifier: MIT */
/* What `chaperone doctor` looks at. */
#ifndef TOOLS_CHAPERONE_DOCTOR_H
#define TOOLS_CHAPERONE_DOCTOR_H

#include "tools/command/report.h"

/* doctor_machine.c: kernel, libc, shim, folders, services, the kill switch. */
void doctor_machine(struct report *report);

/* Whether the folder `path` is private and has room, or can be made. */
void doctor_folder(struct report *report, const char *subject, const char *path);

/* doctor_policy.c: which is in force, and what `run` would say to it. */
void doctor_policy(struct report *report, const char *option);

/* doctor_record.c */
void doctor_record(struct report *report, const char *option);

/* doctor_spool.c: how full it is, on a machine that is enrolled. */
void doctor_spool(struct report *report, const char *path);

/* doctor_program.c: what would load when `name` were run, found by reading files alone. */
void doctor_program(struct report *report, const char *name);

#endif
