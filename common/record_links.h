/* SPDX-License-Identifier: MIT */
/* Which files a new file of a record has to name. */
#ifndef COMMON_RECORD_LINKS_H
#define COMMON_RECORD_LINKS_H

#include "common/record_format.h"

/* Fills `ret_links` (room for RECORD_LINKS_MAX) with a link to each of the newest files whose end
 * no other file names yet. */
must_use int record_links_make(int folder_fd, const struct record_files *files,
			       struct record_link *ret_links, uint32_t *ret_count);

#endif
