/* SPDX-License-Identifier: MIT */
/* The shared objects that a program would be loaded with, found as the loader would (ld.so(8)),
 * without running it. */
#ifndef TOOLS_CHAPERONE_LIBRARIES_H
#define TOOLS_CHAPERONE_LIBRARIES_H

#include <stddef.h>

#include "tools/chaperone/elf_file.h"

#define LIBRARIES_MAX 512

struct libraries {
	char *names[LIBRARIES_MAX]; /* as they are asked for: "libpq.so.5" */
	char *paths[LIBRARIES_MAX]; /* canonical; NULL: not found */
	size_t count;
	size_t looked_into;    /* that many have been asked what they need */
	struct buf configured; /* the folders of /etc/ld.so.conf.d, each on a line */
};
#define LIBRARIES_EMPTY                                                                            \
	{                                                                                          \
		.configured = BUF_MAX(64 * KIB)                                                    \
	}

/* Adds what `file`, found at `path`, needs by itself.  What is beyond LIBRARIES_MAX is left out.
 * Returns how many were added. */
must_use int libraries_of(const char *path, const struct elf_file *file,
			  struct libraries *libraries);

/* Adds what those need that the last call added; returns how many were added. */
must_use int libraries_deeper(struct libraries *libraries);
void libraries_done(struct libraries *libraries);

#endif
