/* SPDX-License-Identifier: MIT */
/* Templates: the tokens of a text, with one byte for each literal. */
#include "policy/core/template.h"

#include <errno.h>
#include <string.h>

#include "policy/core/lex.h"

/* What stands for a literal.  No token that is kept has these bytes.  Numbers have the class of the
 * type that the server's make_const gives them, because functions and operators are chosen by it.
 * */
enum {
	LITERAL_STRING = 1,
	LITERAL_INT4 = 2,
	LITERAL_INT8 = 3,
	LITERAL_NUMERIC = 4,
	LITERAL_BITS = 5,
};

/* Where numbers have to stay as they are:
 * - behind GROUP and ORDER, and in DISTINCT ON (...), where a number is the position of an output
 *   column;
 * - behind LIMIT, OFFSET and FETCH, because policies limit rows;
 * - in float(n), where it chooses the type.
 * One rule serves all: from the word on, every number is kept until the parenthesis closes inside
 * which the word stands, or to the end.  That is sound, as what belongs to the word cannot reach
 * further; it only costs templates that could have been shared.  The words are reserved, so that
 * they rarely mean something else. */
enum keeper {
	KEEPER_NONE,
	KEEPER_HERE,     /* keeps from itself on */
	KEEPER_DISTINCT, /* does so when ON follows */
	KEEPER_ON,
	KEEPER_FLOAT, /* does so inside the parenthesis that follows */
};

static const struct {
	char text[9];
	unsigned char length;
	enum keeper keeper;
} KEEPERS[] = {
	{ "group", 5, KEEPER_HERE },  { "order", 5, KEEPER_HERE },
	{ "limit", 5, KEEPER_HERE },  { "fetch", 5, KEEPER_HERE },
	{ "offset", 6, KEEPER_HERE }, { "distinct", 8, KEEPER_DISTINCT },
	{ "on", 2, KEEPER_ON },       { "float", 5, KEEPER_FLOAT },
};

/* A blank is kept between two tokens that share a bit here, and around what joins names. */
enum { GLUE_NONE = 0, GLUE_WORD = 1, GLUE_OPERATOR = 2, GLUE_DOT = 4 };

static const unsigned char GLUES[] = {
	[TOKEN_WORD] = GLUE_WORD,        [TOKEN_QUOTED] = GLUE_WORD,
	[TOKEN_STRING] = GLUE_WORD,      [TOKEN_DOLLAR] = GLUE_WORD,
	[TOKEN_BITS] = GLUE_WORD,        [TOKEN_NUMBER] = GLUE_WORD,
	[TOKEN_PARAMETER] = GLUE_WORD,   [TOKEN_OPERATOR] = GLUE_OPERATOR,
	[TOKEN_PUNCTUATION] = GLUE_NONE, [TOKEN_DOT] = GLUE_DOT,
};

#define DEPTH_NONE UINT32_MAX

/* All numbers of so many digits are int4 (whole_class). */
#define SIMPLE_DIGITS_MAX 9u

struct writer {
	const char *text;
	struct template_literals *literals; /* may be NULL */
	char *at;                           /* room for as many bytes as the text has left */
	const char *end;                    /* of the text */
	unsigned glue;                      /* of the last token */
	bool has_space;                     /* behind the last token */
	enum keeper previous;               /* the word that the last token was */
	uint32_t depth;                     /* of parentheses */
	uint32_t keeping;                   /* numbers are kept while the depth is not below it */
};

static enum keeper keeper_of(const char *word, size_t length)
{
	/* First letters d, f, g, l, o and lengths 2, 5, 6, 8. */
	const uint32_t letters = 1u << 4 | 1u << 6 | 1u << 7 | 1u << 12 | 1u << 15;

	if (length > 8 || !(0x164u >> length & 1) || !(letters >> ((unsigned char)*word & 31) & 1))
		return KEEPER_NONE;
	for (size_t i = 0; i < sizeof(KEEPERS) / sizeof(KEEPERS[0]); i++) {
		if (KEEPERS[i].length == length && memcmp(KEEPERS[i].text, word, length) == 0)
			return KEEPERS[i].keeper;
	}
	return KEEPER_NONE;
}

static void keep_from(struct writer *writer, uint32_t depth)
{
	if (depth < writer->keeping)
		writer->keeping = depth;
}

/* The ASCII capitals among eight bytes as small letters: in each byte of `low`, adding sets the top
 * bit from 'A' on, or from behind 'Z' on. */
static uint64_t fold_eight(uint64_t bytes)
{
	const uint64_t each = 0x0101010101010101u;
	uint64_t low = bytes & 0x7f * each;
	uint64_t from_a = low + (0x80 - 'A') * each, behind_z = low + (0x7f - 'Z') * each;
	uint64_t capitals = from_a & ~behind_z & ~bytes & 0x80 * each;

	return bytes | capitals >> 2;
}

/* Eight bytes at a time where the text has so many, also when the word ends before: what is written
 * too much is written over, and there is as much room as text. */
static void fold(struct writer *writer, struct slice word)
{
	size_t i = 0;

	for (; i < word.length && writer->end - (word.at + i) >= 8; i += 8) {
		uint64_t bytes;

		memcpy(&bytes, word.at + i, sizeof(bytes));
		bytes = fold_eight(bytes);
		memcpy(writer->at + i, &bytes, sizeof(bytes));
	}
	for (; i < word.length; i++) {
		unsigned c = (unsigned char)word.at[i];

		writer->at[i] = (char)(c | (unsigned)(c - 'A' < 26) << 5);
	}
	writer->at += word.length;
}

static void write_word(struct writer *writer, struct slice word)
{
	char *begin = writer->at;
	enum keeper before = writer->previous;

	fold(writer, word);
	writer->previous = keeper_of(begin, word.length);
	if (writer->previous == KEEPER_HERE ||
	    (writer->previous == KEEPER_ON && before == KEEPER_DISTINCT))
		keep_from(writer, writer->depth);
}

static void write_same(struct writer *writer, struct slice text)
{
	memcpy(writer->at, text.at, text.length);
	writer->at += text.length;
}

static void write_punctuation(struct writer *writer, struct slice text)
{
	char c = text.at[0];

	*writer->at++ = c;
	if (c == '(') {
		writer->depth++;
		if (writer->previous == KEEPER_FLOAT)
			keep_from(writer, writer->depth);
	} else if (c == ')' && writer->depth > 0) {
		writer->depth--;
		if (writer->keeping != DEPTH_NONE && writer->depth < writer->keeping)
			writer->keeping = DEPTH_NONE;
	}
}

/* Whether the digits `a` are a smaller number than `b`, or the same; neither has leading zeros. */
static int compare_digits(struct slice a, struct slice b)
{
	if (a.length != b.length)
		return a.length < b.length ? -1 : 1;
	return memcmp(a.at, b.at, a.length);
}

/* The class of a whole number; 0 for those that have one type alone and another behind a minus sign
 * (the server reads the sign and the number together, doNegate in gram.y). */
static char whole_class(struct slice digits)
{
	while (digits.length > 1 && digits.at[0] == '0')
		digits = slice_part(digits, 1, digits.length);
	if (digits.length < 10)
		return LITERAL_INT4;
	int order = compare_digits(digits, SLICE("2147483648"));
	if (order <= 0)
		return order < 0 ? LITERAL_INT4 : 0;
	order = compare_digits(digits, SLICE("9223372036854775808"));
	if (order <= 0)
		return order < 0 ? LITERAL_INT8 : 0;
	return LITERAL_NUMERIC;
}

/* A literal that template_repeats may see replaced. */
static void note_simple(struct writer *writer, struct slice literal)
{
	struct template_literals *literals = writer->literals;
	size_t begin = (size_t)(literal.at - writer->text), end = begin + literal.length;

	if (!literals || literals->count == TEMPLATE_LITERALS_MAX || end > UINT32_MAX)
		return;
	literals->at[literals->count].begin = (uint32_t)begin;
	literals->at[literals->count++].end = (uint32_t)end;
}

static void write_number(struct writer *writer, const struct token *token)
{
	char class = token->is_real ? LITERAL_NUMERIC : whole_class(token->text);

	if (class == 0 || writer->keeping != DEPTH_NONE) {
		write_same(writer, token->text);
		return;
	}
	*writer->at++ = class;
	if (!token->is_real && token->text.length <= SIMPLE_DIGITS_MAX)
		note_simple(writer, token->text);
}

/* Neither has a prefix, or a quote inside. */
static bool is_simple_string(const struct token *token)
{
	struct slice text = token->text;

	return token->kind == TOKEN_STRING && text.at[0] == '\'' &&
	       memchr(text.at + 1, '\'', text.length - 1) == text.at + text.length - 1;
}

static void write_literal(struct writer *writer, const struct token *token)
{
	if (token->kind == TOKEN_NUMBER) {
		write_number(writer, token);
		return;
	}
	*writer->at++ = token->kind == TOKEN_BITS ? LITERAL_BITS : LITERAL_STRING;
	if (is_simple_string(token))
		note_simple(writer, token->text);
}

static void write_token(struct writer *writer, const struct token *token)
{
	unsigned glue = GLUES[token->kind];

	if (writer->has_space && ((writer->glue & glue) || ((writer->glue | glue) & GLUE_DOT)))
		*writer->at++ = ' ';
	writer->has_space = false;
	writer->glue = glue;
	if (token->kind == TOKEN_WORD) {
		write_word(writer, token->text);
		return;
	}
	if (token->kind == TOKEN_PUNCTUATION)
		write_punctuation(writer, token->text);
	else if (token->kind == TOKEN_QUOTED || token->kind == TOKEN_PARAMETER ||
		 token->kind == TOKEN_OPERATOR || token->kind == TOKEN_DOT)
		write_same(writer, token->text);
	else
		write_literal(writer, token);
	writer->previous = KEEPER_NONE;
}

int template_make(struct slice text, struct lexing lexing, struct buf *out,
		  struct template_literals *literals)
{
	buf_clear(out);
	if (literals)
		literals->count = 0;
	char *begin = buf_extend(out, text.length);
	if (!begin)
		return out->failed;
	struct lexer lexer = lexer_of(text, lexing);
	struct writer writer = { .text = text.at,
				 .literals = literals,
				 .at = begin,
				 .end = lexer.end,
				 .keeping = DEPTH_NONE };
	struct token token;

	for (lex_next(&lexer, &token); token.kind > TOKEN_BAD; lex_next(&lexer, &token)) {
		if (token.is_odd)
			break;
		if (token.kind == TOKEN_SPACE)
			writer.has_space = true;
		else
			write_token(&writer, &token);
	}
	bool is_eligible = token.kind == TOKEN_END;
	buf_truncate(out, is_eligible ? (size_t)(writer.at - begin) : 0);
	return is_eligible ? 0 : -ENOTSUP;
}
