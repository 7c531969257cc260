/* SPDX-License-Identifier: MIT */
/* Tells a header that is surely mapped from an address that may be nothing. */
#include "shim/audit/place.h"

#include <errno.h>
#include <stdint.h>

#define DYNAMIC_ENTRIES_MAX 1024
#define PAGE                4096u /* the smallest that there is */

/* The lowest address in a dynamic section, relocated by the loader before it shows the object. */
static uintptr_t first_table(const ElfW(Dyn) * dynamic)
{
	static const ElfW(Sxword) TABLES[] = { DT_HASH, DT_GNU_HASH, DT_SYMTAB, DT_STRTAB };
	uintptr_t first = UINTPTR_MAX;

	for (size_t i = 0; i < DYNAMIC_ENTRIES_MAX && dynamic[i].d_tag != DT_NULL; i++) {
		for (size_t j = 0; j < COUNT_OF(TABLES); j++) {
			if (dynamic[i].d_tag == TABLES[j] && dynamic[i].d_un.d_ptr < first)
				first = dynamic[i].d_un.d_ptr;
		}
	}
	return first;
}

int place_open(const struct link_map *map, struct image *ret_image)
{
	uintptr_t begin = map->l_addr;

	if (!begin || begin % PAGE || !map->l_ld || first_table(map->l_ld) - begin >= PAGE)
		return -ENOEXEC;
	return image_open_copy((const void *)begin, SIZE_MAX - begin, begin, ret_image);
}
