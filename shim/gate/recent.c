/* SPDX-License-Identifier: MIT */
/* Keeps one text, and compares with it. */
#include "shim/gate/recent.h"

struct verdict *recent_find(const struct recent *recent, enum cache_kind kind, struct lexing lexing,
			    struct slice text)
{
	if (!recent->verdict || recent->kind != kind ||
	    recent->lexing.standard_conforming_strings != lexing.standard_conforming_strings ||
	    recent->lexing.is_ascii_safe != lexing.is_ascii_safe)
		return NULL;
	return template_repeats(buf_view(&recent->text), &recent->literals, text) ? recent->verdict
										  : NULL;
}

void recent_keep(struct recent *recent, enum cache_kind kind, struct lexing lexing,
		 struct slice text, const struct template_literals *literals,
		 struct verdict *verdict)
{
	struct verdict *before = recent->verdict;

	buf_clear(&recent->text);
	buf_add_slice(&recent->text, text);
	recent->kind = kind;
	recent->lexing = lexing;
	recent->literals = *literals;
	recent->verdict = recent->text.failed ? NULL : verdict_ref(verdict);
	verdict_unref(before);
}

void recent_done(struct recent *recent)
{
	buf_done(&recent->text);
	verdict_unref(recent->verdict);
	recent->verdict = NULL;
}
