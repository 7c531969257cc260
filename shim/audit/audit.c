/* SPDX-License-Identifier: MIT */
/* The loader's auditing interface (rtld-audit(7)).
 *
 * This object lives in a namespace of its own in every process of a tree, so it needs no library at
 * all: a second libc would cost each start more than everything else here, and ends programs that
 * have none themselves. */
#include <link.h>

#include "shim/audit/bind.h"

#define HOOK __attribute__((visibility("default")))

/* glibc 2.35, the first in which functions that are bound at start are shown as well. */
#define VERSION_NEEDED 2

HOOK unsigned la_version(unsigned version);
HOOK unsigned la_objopen(struct link_map *map, Lmid_t namespace, uintptr_t *cookie);
HOOK void la_preinit(uintptr_t *cookie);
HOOK uintptr_t la_symbind64(ElfW(Sym) * symbol, unsigned index, uintptr_t *from, uintptr_t *to,
			    unsigned *flags, const char *name);

/* 0: the loader goes on without us. */
unsigned la_version(unsigned version)
{
	return version < VERSION_NEEDED ? 0 : VERSION_NEEDED;
}

unsigned la_objopen(struct link_map *map, Lmid_t namespace, uintptr_t *cookie)
{
	bind_note(map, namespace, cookie);
	return LA_FLG_BINDTO | LA_FLG_BINDFROM;
}

void la_preinit(uintptr_t *cookie)
{
	(void)cookie;
	bind_start();
}

uintptr_t la_symbind64(ElfW(Sym) * symbol, unsigned index, uintptr_t *from, uintptr_t *to,
		       unsigned *flags, const char *name)
{
	struct binding binding = { *from, *to, name, symbol->st_value,
				   (*flags & LA_SYMB_DLSYM) != 0 };

	(void)index;
	return bind_lead(&binding);
}
