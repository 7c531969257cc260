/* SPDX-License-Identifier: MIT */
/* Puts literals where the record has stand-ins (policy/core/shape.c writes those). */
#include "tools/chaperone/replay_text.h"

#include <string.h>

#include "policy/core/lex.h"
#include "tools/chaperone/agent_reading.h"

#define ELLIPSIS "\xe2\x80\xa6"
#define BODY     "$?$" /* of a function or a DO */

/* The longest character and what is left below AGENT_SHAPE_SIZE: a text that ends here may be cut. */
#define SHAPE_CUT_MIN (AGENT_SHAPE_SIZE - 16 - 4)

/* Words behind which an operand stands, and a number may. */
static const char *const BEFORE_OPERANDS[] = {
	"select", "where",  "and",    "or",        "not",       "then",    "else",     "when",
	"case",   "by",     "limit",  "offset",    "in",        "between", "like",     "ilike",
	"to",     "values", "having", "on",        "distinct",  "all",     "any",      "some",
	"from",   "as",     "is",     "escape",    "returning", "using",   "first",    "next",
	"set",    "if",     "union",  "symmetric", "default",   "forward", "backward", "count",
};

/* Words behind which a string is their value. */
static const char *const TYPES[] = {
	"date", "time",  "timestamp", "timestamptz", "timetz", "interval", "zone", "bit",
	"json", "jsonb", "uuid",      "inet",        "bytea",  "xml",      "text", "precision",
};

static bool is_listed(const char *const *words, size_t count, struct slice word)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_equal_ignoring_case(word, slice_of(words[i])))
			return true;
	}
	return false;
}

struct writing {
	struct lexer lexer;
	enum replay_values values;
	struct buf *out;
	struct replay_text text;
	struct slice word;  /* the word that was just read; empty: something else was */
	bool is_operand;    /* what was just read ends an operand */
	bool is_number_due; /* a number can be one of a list of columns */
	bool is_by;         /* in the list behind BY */
};

static void write_literal(struct writing *writing, bool is_string)
{
	size_t number = writing->values == REPLAY_DISTINCT ? writing->text.literals + 1 : 1;
	const char *quote = is_string || writing->values == REPLAY_STRINGS ? "'" : "";

	buf_printf(writing->out, " %s%zu%s ", quote, number, quote);
	writing->text.literals++;
	writing->text.has_position |= writing->is_by && writing->is_number_due;
	writing->is_operand = true;
	writing->is_number_due = false;
	writing->word = (struct slice){ NULL, 0 };
}

/* Whether what stands behind a `?` is an operand, so that the `?` is an operator between two. */
static bool operand_follows(const struct writing *writing)
{
	struct lexer ahead = writing->lexer;
	struct token token;

	do
		lex_next(&ahead, &token);
	while (token.kind == TOKEN_SPACE);
	switch (token.kind) {
	case TOKEN_OPERATOR:
		return token.text.at[0] == '?';
	case TOKEN_PARAMETER:
	case TOKEN_QUOTED:
		return true;
	case TOKEN_WORD:
		return slice_equal_ignoring_case(token.text, SLICE("array"));
	default:
		return slice_is(token.text, "(");
	}
}

/* Whether the next `?` stands for a literal. */
static bool is_literal(const struct writing *writing)
{
	if (!writing->is_operand)
		return true;
	if (writing->word.length == 0)
		return false;
	return is_listed(TYPES, COUNT_OF(TYPES), writing->word) || !operand_follows(writing);
}

/* Operators and stand-ins without space between them are one token: "?+?", "=?". */
static void write_operators(struct writing *writing, struct slice text)
{
	for (size_t i = 0; i < text.length;) {
		if (text.at[i] == '?' && is_literal(writing)) {
			write_literal(writing, writing->word.length > 0 && writing->is_operand);
			i++;
			continue;
		}
		const char *next = i + 1 < text.length
					   ? memchr(text.at + i + 1, '?', text.length - i - 1)
					   : NULL;
		size_t end = next ? (size_t)(next - text.at) : text.length;

		buf_add(writing->out, text.at + i, end - i);
		writing->is_operand = writing->is_number_due = false;
		writing->word = (struct slice){ NULL, 0 };
		i = end;
	}
}

static void note_word(struct writing *writing, struct slice word)
{
	bool is_by = slice_equal_ignoring_case(word, SLICE("by"));

	writing->word = word;
	writing->is_operand = !is_listed(BEFORE_OPERANDS, COUNT_OF(BEFORE_OPERANDS), word);
	writing->is_number_due = is_by;
	writing->is_by = is_by || (writing->is_by && writing->is_operand);
	/* DISTINCT ON (1) */
	if (slice_equal_ignoring_case(word, SLICE("on")))
		writing->is_by = true;
}

static void note_token(struct writing *writing, const struct token *token)
{
	static const char ENDS[] = ")]";

	if (token->kind == TOKEN_SPACE)
		return;
	if (token->kind == TOKEN_WORD) {
		note_word(writing, token->text);
		return;
	}
	writing->word = (struct slice){ NULL, 0 };
	writing->is_operand = token->kind == TOKEN_QUOTED || token->kind == TOKEN_PARAMETER ||
			      (token->kind == TOKEN_PUNCTUATION && strchr(ENDS, token->text.at[0]));
	writing->is_number_due = token->kind == TOKEN_PUNCTUATION &&
				 (token->text.at[0] == ',' || token->text.at[0] == '(');
}

bool replay_is_whole(struct slice shape)
{
	static const char *const NO_TEXTS[] = { "(no statement text)",
						"(text too large to be taken down)" };

	for (size_t i = 0; i < COUNT_OF(NO_TEXTS); i++) {
		if (slice_is(shape, NO_TEXTS[i]))
			return false;
	}
	return shape.length > 0 && shape.length < SHAPE_CUT_MIN &&
	       !memmem(shape.at, shape.length, ELLIPSIS, strlen(ELLIPSIS));
}

void replay_text_write(struct slice shape, enum replay_values values, struct buf *out,
		       struct replay_text *ret_text)
{
	const struct lexing lexing = { .standard_conforming_strings = true, .is_ascii_safe = true };
	struct writing writing = { .lexer = lexer_of(shape, lexing), .values = values, .out = out };
	struct token token = { .kind = TOKEN_SPACE };

	while (token.kind != TOKEN_END && token.kind != TOKEN_BAD) {
		struct slice rest = { writing.lexer.at,
				      (size_t)(writing.lexer.end - writing.lexer.at) };

		if (slice_starts_with(rest, BODY)) {
			writing.lexer.at += strlen(BODY);
			write_literal(&writing, true);
			continue;
		}
		lex_next(&writing.lexer, &token);
		if (token.kind == TOKEN_OPERATOR) {
			write_operators(&writing, token.text);
			continue;
		}
		buf_add_slice(out, token.text);
		note_token(&writing, &token);
	}
	*ret_text = writing.text;
}
