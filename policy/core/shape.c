/* SPDX-License-Identifier: MIT */
/* The form of a text that the record keeps: readable, and without what its literals and comments
 * say. */
#include "policy/core/template.h"

#include "policy/core/character.h"
#include "policy/core/lex.h"

#define ELLIPSIS "\xe2\x80\xa6"

/* What is written instead of a token; what is not listed is written as it is. */
static const char *const STAND_INS[] = {
	[TOKEN_BAD] = ELLIPSIS, [TOKEN_SPACE] = " ",  [TOKEN_STRING] = "?", [TOKEN_DOLLAR] = "$?$",
	[TOKEN_BITS] = "?",     [TOKEN_NUMBER] = "?", [TOKEN_DOT] = NULL,
};

static struct slice shown(const struct token *token)
{
	return STAND_INS[token->kind] ? slice_of(STAND_INS[token->kind]) : token->text;
}

int template_shape(struct slice text, struct lexing lexing, size_t max, struct buf *out)
{
	struct lexer lexer = lexer_of(text, lexing);
	size_t begin = out->length, room = max;
	bool has_space = false;
	struct token token = { .kind = TOKEN_SPACE };

	while (room > 0 && token.kind != TOKEN_BAD) {
		lex_next(&lexer, &token);
		if (token.kind == TOKEN_END)
			break;
		/* Space is written before what follows it, so that there is none at either end. */
		if (token.kind == TOKEN_SPACE) {
			has_space = out->length > begin;
			continue;
		}
		struct slice part = shown(&token);
		if (room <= has_space)
			break;
		buf_add(out, " ", has_space);
		room -= has_space;
		has_space = false;
		size_t fits = character_fit(part, room);
		buf_add(out, part.at, fits);
		room = fits < part.length ? 0 : room - fits;
	}
	return out->failed;
}
