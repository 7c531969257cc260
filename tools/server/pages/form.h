/* SPDX-License-Identifier: MIT */
/* What browsers send of forms: application/x-www-form-urlencoded, in a body or behind a path. */
#ifndef TOOLS_SERVER_PAGES_FORM_H
#define TOOLS_SERVER_PAGES_FORM_H

#include "common/buf.h"
#include "common/cleanup.h"

#define FORM_MAX        (2 * MIB)
#define FORM_FIELDS_MAX 40u

struct form {
	struct buf text; /* into which the fields point */
	struct slice names[FORM_FIELDS_MAX], values[FORM_FIELDS_MAX];
	size_t count;
};

#define FORM_EMPTY                                                                                 \
	{                                                                                          \
		.text = BUF_MAX(FORM_MAX)                                                          \
	}

/* Reads NAME=VALUE&…; lines end with LF alone.  -EINVAL for too many fields, escapes that are none, and what is not UTF-8 or has
 * a zero byte; -E2BIG, -ENOMEM. */
must_use int form_read(struct slice encoded, struct form *form);
void form_done(struct form *form);

/* The first field of that name; `at` is NULL when there is none. */
struct slice form_value(const struct form *form, const char *name);

#endif
