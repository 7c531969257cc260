/* SPDX-License-Identifier: MIT */
/* Reads names out of the dynamic section of an ELF file that is not loaded; the file is anybody's,
 * so all is bounded. */
#ifndef SHIM_PRELOAD_ELF_STRINGS_H
#define SHIM_PRELOAD_ELF_STRINGS_H

#include <link.h>
#include <stdbool.h>

/* A longer text is not shown. */
#define ELF_STRING_MAX 1024

/* Shown each text until it returns true. */
typedef bool elf_string_visitor(const char *text, void *data);

/* Shows the texts of the entries with `tag` (DT_NEEDED, DT_RUNPATH, …).  True when the visitor
 * returned true; a file that cannot be read has none. */
bool elf_strings_visit(const char *path, ElfW(Sxword) tag, elf_string_visitor *visit, void *data);

/* True for a file of this machine's word size with a dynamic section. */
bool elf_has_strings(const char *path);

#endif
