/* SPDX-License-Identifier: MIT */
/* Writing a refusal around a reason that comes from elsewhere. */
#include "shim/gate/refusal.h"

/* No quote of any kind, no escape, nothing that is more than one byte in any encoding. */
static char harmless(char c)
{
	if (c < ' ' || c > '~' || c == '$')
		return ' ';
	return c == '\'' ? '"' : c == '\\' ? '/' : c;
}

void refusal_write(struct buf *out, const char *reason)
{
	buf_add_text(out, RAISE_BEFORE_DETAIL("no agent can judge it"));
	for (const char *c = reason; *c; c++)
		buf_add_char(out, harmless(*c));
	buf_add_text(out, "." RAISE_AFTER_DETAIL("chaperone doctor says more."));
}
