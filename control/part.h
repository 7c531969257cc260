/* SPDX-License-Identifier: MIT */
/* The name of a part of a record, which is one file: the boot's number in eight hexadecimal digits, a
 * dash, the part's in decimal ("01930c7e-1"). */
#ifndef CONTROL_PART_H
#define CONTROL_PART_H

#include <stdint.h>

#include "common/record_format.h"

#define PART_NAME_SIZE 20u /* its NUL included */

struct part_name {
	uint32_t boot, part; /* neither is 0 */
};

/* Only what part_name_write writes; -EINVAL for anything else. */
must_use int part_name_read(struct slice text, struct part_name *ret_name);
void part_name_write(const struct part_name *name, char ret_text[PART_NAME_SIZE]);

/* Whether the header is that of this part. */
bool part_name_fits(const struct part_name *name, const struct record_header *header);

#endif
