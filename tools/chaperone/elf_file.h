/* SPDX-License-Identifier: MIT */
/* What an ELF file says about how it is loaded (ELF-64, gABI chapter 5).  Files are anybody's: all
 * is bounded. */
#ifndef TOOLS_CHAPERONE_ELF_FILE_H
#define TOOLS_CHAPERONE_ELF_FILE_H

#include <limits.h>
#include <stdbool.h>

#include "common/buf.h"
#include "common/cleanup.h"

#define ELF_NEEDED_MAX 256

struct elf_file {
	bool is_native;      /* of this machine and word size */
	bool is_dynamic;     /* it names a loader, or is a shared object */
	bool is_go;          /* it has the note that Go's linker writes */
	char loader[256];    /* "" when it names none */
	char run_path[2048]; /* DT_RUNPATH, else DT_RPATH */
	struct buf needed;   /* the names of DT_NEEDED, each with its NUL */
};
#define ELF_FILE_EMPTY                                                                             \
	{                                                                                          \
		.needed = BUF_MAX(64 * KIB)                                                        \
	}

/* -ENOEXEC when it is no ELF file, -EBADMSG when it is a damaged one. */
must_use int elf_file_read(const char *path, struct elf_file *ret_file);
void elf_file_done(struct elf_file *file);

/* Whether it is an ELF file of this machine and word size; nothing else in it is looked at. */
bool elf_file_is_native(const char *path);

#endif
