/* SPDX-License-Identifier: MIT */
#include "control/part.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BOOT_DIGITS 8u

static bool read_boot(struct slice text, uint32_t *ret_boot)
{
	static const char DIGITS[] = "0123456789abcdef";
	uint32_t boot = 0;

	for (size_t i = 0; i < text.length; i++) {
		const char *digit = text.at[i] ? strchr(DIGITS, text.at[i]) : NULL;

		if (!digit)
			return false;
		boot = boot << 4 | (uint32_t)(digit - DIGITS);
	}
	*ret_boot = boot;
	return text.length == BOOT_DIGITS && boot != 0;
}

int part_name_read(struct slice text, struct part_name *ret_name)
{
	struct slice boot = slice_cut(&text, '-');
	struct part_name name;
	uint64_t part;

	if (!read_boot(boot, &name.boot) || text.length == 0 || text.at[0] == '0' ||
	    slice_to_u64(text, &part) < 0 || part > UINT32_MAX)
		return -EINVAL;
	name.part = (uint32_t)part;
	*ret_name = name;
	return 0;
}

void part_name_write(const struct part_name *name, char ret_text[PART_NAME_SIZE])
{
	snprintf(ret_text, PART_NAME_SIZE, "%08" PRIx32 "-%" PRIu32, name->boot, name->part);
}

bool part_name_fits(const struct part_name *name, const struct record_header *header)
{
	return header->boot == name->boot && header->part == name->part;
}
