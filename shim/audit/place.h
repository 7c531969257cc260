/* SPDX-License-Identifier: MIT */
/* From the loader's description of an object to its image, without the loader's help. */
#ifndef SHIM_AUDIT_PLACE_H
#define SHIM_AUDIT_PLACE_H

#include <link.h>

#include "common/cleanup.h"
#include "shim/preload/image.h"

/* -ENOEXEC for what is not mapped as libraries are: with the ELF header at its first byte, on one
 * page with the first of the tables that its dynamic section names.  Nothing else is touched. */
must_use int place_open(const struct link_map *map, struct image *ret_image);

#endif
