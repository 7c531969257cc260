/* SPDX-License-Identifier: MIT */
/* The scanner.  Each rule names its counterpart in src/backend/parser/scan.l of PostgreSQL 15. */
#include "policy/core/lex.h"

#include <string.h>

enum {
	CLASS_START = 1, /* ident_start */
	CLASS_DIGIT = 2,
	CLASS_SPACE = 4,
	CLASS_OPERATOR = 8, /* op_chars */
	CLASS_SINGLE = 16,  /* of "self", those that join nothing */
	CLASS_DOLLAR = 32,
};

#define CLASS_IDENTIFIER (CLASS_START | CLASS_DIGIT | CLASS_DOLLAR) /* ident_cont */

/* clang-format off */
#define S CLASS_START
#define D CLASS_DIGIT
#define O CLASS_OPERATOR
#define P CLASS_SINGLE
#define W CLASS_SPACE
#define H CLASS_START
#define H16 H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H
static const unsigned char CLASSES[256] = {
	['\t'] = W, ['\n'] = W, ['\f'] = W, ['\r'] = W, [' '] = W,
	['0'] = D, D, D, D, D, D, D, D, D, D,
	['A'] = S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S,
	['a'] = S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S,
	['_'] = S, ['$'] = CLASS_DOLLAR,
	[','] = P, ['('] = P, [')'] = P, ['['] = P, [']'] = P, [';'] = P,
	['~'] = O, ['!'] = O, ['@'] = O, ['#'] = O, ['^'] = O, ['&'] = O, ['|'] = O, ['`'] = O,
	['?'] = O, ['+'] = O, ['-'] = O, ['*'] = O, ['/'] = O, ['%'] = O, ['<'] = O, ['>'] = O,
	['='] = O,
	[0x80] = H16, H16, H16, H16, H16, H16, H16, H16,
};
#undef S
#undef D
#undef O
#undef P
#undef W
#undef H
#undef H16
/* clang-format on */

static inline bool is(const char *at, const char *end, unsigned classes)
{
	return at < end && (CLASSES[(unsigned char)*at] & classes);
}

static inline bool holds(const char *at, const char *end, char c)
{
	return at < end && *at == c;
}

static inline const char *skip(const char *at, const char *end, unsigned classes)
{
	while (is(at, end, classes))
		at++;
	return at;
}

struct lexer lexer_of(struct slice text, struct lexing lexing)
{
	const char *nul = text.length > 0 ? memchr(text.at, '\0', text.length) : NULL;
	struct lexer lexer = {
		.at = text.at,
		.end = nul               ? nul
		       : text.length > 0 ? text.at + text.length
					 : text.at,
		.is_cut = nul != NULL,
		.has_escapes = !lexing.standard_conforming_strings,
	};

	/* Where an ASCII byte may be half a character, nothing behind the first other byte is
	 * certain. */
	if (lexing.is_ascii_safe)
		return lexer;
	for (const char *at = lexer.at; at < lexer.end; at++) {
		if ((unsigned char)*at & 0x80) {
			lexer.end = at;
			lexer.is_cut = true;
		}
	}
	return lexer;
}

/* The functions below get a place and return where what begins there ends, NULL when it does not.
 * */

static const char *line_comment(const char *at, const char *end)
{
	while (at < end && *at != '\n' && *at != '\r')
		at++;
	return at;
}

/* <xc>: nested; begins behind the first slash and star. */
static const char *block_comment(const char *at, const char *end)
{
	for (size_t depth = 1; at + 1 < end;) {
		if (at[0] == '*' && at[1] == '/') {
			at += 2;
			if (--depth == 0)
				return at;
		} else if (at[0] == '/' && at[1] == '*') {
			at += 2;
			depth++;
		} else {
			at++;
		}
	}
	return NULL;
}

/* What follows a closing quote up to the quote that goes on with the same string: white space and
 * -- comments with at least one newline (whitespace_with_newline).  NULL when the string is not
 * continued. */
static const char *continuation(const char *at, const char *end)
{
	bool has_newline = false;

	for (;;) {
		if (is(at, end, CLASS_SPACE))
			has_newline |= *at == '\n' || *at == '\r', at++;
		else if (holds(at, end, '-') && holds(at + 1, end, '-'))
			at = line_comment(at, end);
		else
			return has_newline && holds(at, end, '\'') ? at + 1 : NULL;
	}
}

/* What ends a string, beside a quote. */
enum quoting {
	QUOTING_PLAIN,   /* two quotes are one */
	QUOTING_ESCAPES, /* and a backslash takes the next byte with it */
	QUOTING_BITS,    /* <xb>, <xh>: two quotes end one string and begin another */
};

/* One quoted piece, from behind its first quote. */
static const char *piece(const char *at, const char *end, enum quoting quoting, bool *odd)
{
	for (; at < end; at++) {
		if (*at == '\'') {
			if (quoting == QUOTING_BITS || !holds(at + 1, end, '\''))
				return at + 1;
			at++;
		} else if (*at == '\\') {
			*odd = true;
			at += quoting == QUOTING_ESCAPES && at + 1 < end;
		}
	}
	return NULL;
}

static const char *string(const char *at, const char *end, enum quoting quoting, bool *odd)
{
	for (;;) {
		const char *stop = piece(at, end, quoting, odd);
		const char *further = stop ? continuation(stop, end) : NULL;

		if (!further)
			return stop;
		*odd = true;
		at = further;
	}
}

/* <xd> and <xui>, from behind the first quote. */
static const char *quoted(const char *at, const char *end, bool *odd)
{
	const char *begin = at;

	for (; at < end; at++) {
		if ((unsigned char)*at < 0x09)
			*odd = true;
		if (*at != '"')
			continue;
		if (!holds(at + 1, end, '"')) {
			*odd |= at == begin || at - begin > IDENTIFIER_BYTES;
			return at + 1;
		}
		at++;
	}
	return NULL;
}

/* ---- tokens ---- */

/* Completes the token that began at `begin`; a NULL `stop` makes it bad. */
static void finish(struct lexer *lexer, struct token *token, enum token_kind kind,
		   const char *begin, const char *stop)
{
	token->kind = stop ? kind : TOKEN_BAD;
	lexer->at = stop ? stop : lexer->end;
	token->text = (struct slice){ begin, (size_t)(lexer->at - begin) };
}

static void lex_space(struct lexer *lexer, struct token *token)
{
	const char *at = lexer->at;

	/* Nearly always it is one blank. */
	if (is(at, lexer->end, CLASS_SPACE) &&
	    !is(at + 1, lexer->end, CLASS_SPACE | CLASS_OPERATOR)) {
		finish(lexer, token, TOKEN_SPACE, at, at + 1);
		return;
	}
	while (at && at < lexer->end) {
		if (is(at, lexer->end, CLASS_SPACE))
			at++;
		else if (*at == '-' && holds(at + 1, lexer->end, '-'))
			at = line_comment(at, lexer->end);
		else if (*at == '/' && holds(at + 1, lexer->end, '*'))
			at = block_comment(at + 2, lexer->end);
		else
			break;
	}
	finish(lexer, token, TOKEN_SPACE, lexer->at, at);
}

/* What a quote makes of the single letter before it: xbstart, xhstart, xnstart, xestart. */
static const struct prefix {
	enum token_kind kind;
	enum quoting quoting;
	bool is_odd;
} PREFIXES[26] = {
	['b' - 'a'] = { TOKEN_BITS, QUOTING_BITS, false },
	['x' - 'a'] = { TOKEN_BITS, QUOTING_BITS, false },
	['n' - 'a'] = { TOKEN_STRING, QUOTING_PLAIN, true },
	['e' - 'a'] = { TOKEN_STRING, QUOTING_ESCAPES, true },
};

/* A word of one letter in front of a quote, or of an ampersand and a quote.  Whether it was the
 * start of that. */
static bool lex_prefixed(struct lexer *lexer, struct token *token)
{
	const char *begin = lexer->at, *end = lexer->end;
	unsigned letter = ((unsigned char)*begin | 0x20u) - 'a';
	bool is_unicode = letter == 'u' - 'a' && holds(begin + 1, end, '&');

	if (is_unicode && holds(begin + 2, end, '"')) {
		finish(lexer, token, TOKEN_QUOTED, begin, quoted(begin + 3, end, &token->is_odd));
		token->is_odd = true;
		return true;
	}
	if (is_unicode && holds(begin + 2, end, '\'')) {
		/* The server refuses these where a backslash escapes. */
		const char *stop = NULL;
		if (!lexer->has_escapes)
			stop = string(begin + 3, end, QUOTING_PLAIN, &token->is_odd);
		finish(lexer, token, TOKEN_STRING, begin, stop);
		token->is_odd = true;
		return true;
	}
	if (letter >= 26 || PREFIXES[letter].kind == TOKEN_END || !holds(begin + 1, end, '\''))
		return false;
	const struct prefix *prefix = &PREFIXES[letter];
	enum quoting quoting = prefix->quoting;
	if (quoting == QUOTING_PLAIN && lexer->has_escapes)
		quoting = QUOTING_ESCAPES;
	finish(lexer, token, prefix->kind, begin, string(begin + 2, end, quoting, &token->is_odd));
	token->is_odd |= prefix->is_odd;
	return true;
}

static void lex_word(struct lexer *lexer, struct token *token)
{
	const char *begin = lexer->at, *end = lexer->end, *at = begin;
	unsigned seen = 0;

	for (; at < end && (CLASSES[(unsigned char)*at] & CLASS_IDENTIFIER); at++)
		seen |= (unsigned char)*at;
	if (at - begin == 1 && lex_prefixed(lexer, token))
		return;
	finish(lexer, token, TOKEN_WORD, begin, at);
	token->is_odd = token->text.length > IDENTIFIER_BYTES ||
			((seen & 0x80) && !slice_is_utf8(token->text));
}

/* integer, decimal, real.  The server refuses a letter right behind (integer_junk), older ones
 * start a name there, newer ones read 0x1f and 1_000: all of it is the number here. */
static void lex_number(struct lexer *lexer, struct token *token)
{
	const char *begin = lexer->at, *end = lexer->end;
	const char *at = skip(begin, end, CLASS_DIGIT);

	/* decimalfail: 1..10 is two numbers */
	if (holds(at, end, '.') && !holds(at + 1, end, '.')) {
		token->is_real = true;
		at = skip(at + 1, end, CLASS_DIGIT);
	}
	if (at < end && (*at | 0x20) == 'e') {
		const char *sign = at + 1;
		const char *digits =
			holds(sign, end, '+') || holds(sign, end, '-') ? sign + 1 : sign;

		if (is(digits, end, CLASS_DIGIT)) {
			token->is_real = true;
			at = skip(digits, end, CLASS_DIGIT);
		}
	}
	token->is_odd = is(at, end, CLASS_IDENTIFIER);
	if (is(at, end, CLASS_START)) {
		at = skip(at, end, CLASS_START | CLASS_DIGIT);
		/* A dollar sign here is a part of a name for some versions, the start of a string
		 * for others. */
		if (is(at, end, CLASS_DOLLAR))
			at = NULL;
	}
	finish(lexer, token, TOKEN_NUMBER, begin, at);
}

/* dolqdelim: the end of the delimiter that begins at `at`. */
static const char *delimiter(const char *at, const char *end)
{
	const char *stop = at + 1;

	if (is(stop, end, CLASS_START))
		stop = skip(stop, end, CLASS_START | CLASS_DIGIT);
	return holds(stop, end, '$') ? stop + 1 : NULL;
}

static void lex_dollar(struct lexer *lexer, struct token *token)
{
	const char *begin = lexer->at, *end = lexer->end;

	if (is(begin + 1, end, CLASS_DIGIT)) {
		const char *stop = skip(begin + 1, end, CLASS_DIGIT);

		token->is_odd = is(stop, end, CLASS_IDENTIFIER);
		/* param_junk */
		finish(lexer, token, TOKEN_PARAMETER, begin,
		       is(stop, end, CLASS_START) ? NULL : stop);
		return;
	}
	const char *body = delimiter(begin, end);
	const char *stop = NULL;
	if (body) {
		size_t length = (size_t)(body - begin);

		/* The body ends at the first place where the delimiter stands again, whatever is
		 * before it. */
		stop = memmem(body, (size_t)(end - body), begin, length);
		token->is_odd = stop && memchr(body, '\\', (size_t)(stop - body));
		stop = stop ? stop + length : NULL;
	}
	finish(lexer, token, TOKEN_DOLLAR, begin, stop);
}

/* operator, without its splitting at trailing signs: that never moves the place where a comment or
 * another kind of token starts. */
static void lex_operator(struct lexer *lexer, struct token *token)
{
	const char *at = lexer->at, *end = lexer->end;

	for (; is(at, end, CLASS_OPERATOR); at++) {
		if ((*at == '-' && holds(at + 1, end, '-')) ||
		    (*at == '/' && holds(at + 1, end, '*')))
			break;
	}
	if (at == lexer->at)
		lex_space(lexer, token);
	else
		finish(lexer, token, TOKEN_OPERATOR, lexer->at, at);
}

static void lex_dot(struct lexer *lexer, struct token *token)
{
	const char *begin = lexer->at;

	if (*begin == '.' && is(begin + 1, lexer->end, CLASS_DIGIT)) {
		lex_number(lexer, token);
		return;
	}
	bool is_double = holds(begin + 1, lexer->end, *begin);
	finish(lexer, token, TOKEN_DOT, begin, begin + 1 + is_double);
}

static void lex_other(struct lexer *lexer, struct token *token)
{
	const char *begin = lexer->at, *end = lexer->end;
	enum quoting quoting = lexer->has_escapes ? QUOTING_ESCAPES : QUOTING_PLAIN;

	if (*begin == '\'')
		finish(lexer, token, TOKEN_STRING, begin,
		       string(begin + 1, end, quoting, &token->is_odd));
	else if (*begin == '"')
		finish(lexer, token, TOKEN_QUOTED, begin, quoted(begin + 1, end, &token->is_odd));
	else if (*begin == '.' || *begin == ':')
		lex_dot(lexer, token);
	else
		finish(lexer, token, TOKEN_BAD, begin, NULL);
}

void lex_next(struct lexer *lexer, struct token *ret_token)
{
	ret_token->is_odd = ret_token->is_real = false;
	if (lexer->at >= lexer->end) {
		finish(lexer, ret_token, TOKEN_END, lexer->at, lexer->is_cut ? NULL : lexer->at);
		return;
	}
	unsigned class = CLASSES[(unsigned char)*lexer->at];
	if (class & CLASS_START)
		lex_word(lexer, ret_token);
	else if (class & CLASS_SPACE)
		lex_space(lexer, ret_token);
	else if (class & CLASS_SINGLE)
		finish(lexer, ret_token, TOKEN_PUNCTUATION, lexer->at, lexer->at + 1);
	else if (class & CLASS_OPERATOR)
		lex_operator(lexer, ret_token);
	else if (class & CLASS_DIGIT)
		lex_number(lexer, ret_token);
	else if (class & CLASS_DOLLAR)
		lex_dollar(lexer, ret_token);
	else
		lex_other(lexer, ret_token);
}
