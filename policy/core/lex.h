/* SPDX-License-Identifier: MIT */
/* PostgreSQL's lexical rules, as far as one must know them to tell literals from everything else.
 * */
#ifndef POLICY_CORE_LEX_H
#define POLICY_CORE_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "common/slice.h"
#include "policy/core/template.h"

#define IDENTIFIER_BYTES 63 /* NAMEDATALEN - 1: the server cuts longer names */

enum token_kind {
	TOKEN_END,    /* nothing left */
	TOKEN_BAD,    /* cannot be read from here on */
	TOKEN_SPACE,  /* white space and comments, as many as there are */
	TOKEN_WORD,   /* keyword or unquoted identifier */
	TOKEN_QUOTED, /* "identifier", U&"identifier" */
	TOKEN_STRING, /* string constant with its prefix and continuations */
	TOKEN_DOLLAR, /* dollar-quoted string constant */
	TOKEN_BITS,   /* B'', X'' */
	TOKEN_NUMBER,
	TOKEN_PARAMETER,   /* $1 */
	TOKEN_OPERATOR,    /* operator characters up to a comment; may be several operators */
	TOKEN_PUNCTUATION, /* , ( ) [ ] ; */
	TOKEN_DOT,         /* . : in any number and what else joins names */
};

struct token {
	enum token_kind kind;
	bool is_odd;  /* read right, but its value may change what the text means */
	bool is_real; /* of a number: has a point or an exponent */
	struct slice text;
};

struct lexer {
	const char *at;
	const char *end;  /* a NUL or a byte that may be half a character ends it */
	bool is_cut;      /* there is more text behind `end` */
	bool has_escapes; /* a backslash in '' escapes */
};

struct lexer lexer_of(struct slice text, struct lexing lexing);

/* Reads the next token.  Behind TOKEN_BAD there is nothing to read. */
void lex_next(struct lexer *lexer, struct token *ret_token);

#endif
