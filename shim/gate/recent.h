/* SPDX-License-Identifier: MIT */
/* The text of a connection that had its verdict from a template last.  Programs send one statement
 * with other values again and again, and that is seen faster than a template is made. */
#ifndef SHIM_GATE_RECENT_H
#define SHIM_GATE_RECENT_H

#include "common/buf.h"
#include "policy/core/template.h"
#include "shim/gate/cache.h"
#include "shim/gate/verdict.h"

struct recent {
	struct buf text; /* NUL-terminated */
	struct template_literals literals;
	struct lexing lexing;
	enum cache_kind kind;
	struct verdict *verdict; /* NULL: nothing is kept */
};

/* The verdict of the text kept, when `text` has the same template under the same reading; else
 * NULL.  Its age is the caller's to look at, as with cache_find. */
struct verdict *recent_find(const struct recent *recent, enum cache_kind kind, struct lexing lexing,
			    struct slice text);

/* Keeps `text` with a reference to its verdict.  `literals` are those that template_make found in
 * it. */
void recent_keep(struct recent *recent, enum cache_kind kind, struct lexing lexing,
		 struct slice text, const struct template_literals *literals,
		 struct verdict *verdict);

void recent_done(struct recent *recent);

#endif
