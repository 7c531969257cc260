/* SPDX-License-Identifier: MIT */
/* Scalars: texts by pattern, words of closed lists, numbers, durations, sizes, instants. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/engine/bind.h"
#include "policy/engine/nearest.h"
#include "policy/engine/text_form.h"
#include "policy/engine/window.h"

static size_t character_count(struct slice text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.length; i++)
		count += ((unsigned char)text.at[i] & 0xc0) != 0x80;
	return count;
}

int bind_text(struct binder *binder, const struct bind_type *type, const struct yaml_node *node,
	      void *target)
{
	int r = bind_is(binder, node, YAML_SCALAR, type->expected);

	if (r < 0)
		return r;
	if (type->matches && !type->matches(yaml_text(node)))
		return bind_wrong(binder, node, type->expected);
	if (type->maximum && character_count(yaml_text(node)) > type->maximum)
		return bind_refuse(binder, node, "expected %s", type->expected);
	const char *text;
	r = bind_copy(binder, node, &text);
	if (r == 0)
		memcpy(target, &text, sizeof(text));
	return r;
}

static int unknown_word(struct binder *binder, const struct bind_type *type,
			const struct yaml_node *node)
{
	const struct bind_word *words = type->detail;
	struct nearest nearest = nearest_to(yaml_text(node));
	SCOPED(buf_done) struct buf known = BUF_MAX(320);
	char hint[NEAREST_HINT_SIZE];

	for (size_t i = 0; i < type->detail_count; i++) {
		nearest_try(&nearest, words[i].text);
		buf_printf(&known, "%s%s", i ? ", " : "", words[i].text);
	}
	nearest_hint(&nearest, hint);
	return bind_refuse(binder, node, "expected one of %s, not '%.64s'%s", buf_text(&known),
			   node->of.text, hint);
}

static int find_word(struct binder *binder, const struct bind_type *type,
		     const struct yaml_node *node, const struct bind_word **ret_word)
{
	const struct bind_word *words = type->detail;
	int r = bind_is(binder, node, YAML_SCALAR, type->expected ? type->expected : "a word");

	if (r < 0)
		return r;
	for (size_t i = 0; i < type->detail_count; i++) {
		if (!slice_is(yaml_text(node), words[i].text))
			continue;
		*ret_word = &words[i];
		return bind_note_gap(binder, node, words[i].gap);
	}
	return unknown_word(binder, type, node);
}

_Static_assert(sizeof(enum decision) == sizeof(unsigned), "bind_word writes enums");

int bind_word(struct binder *binder, const struct bind_type *type, const struct yaml_node *node,
	      void *target)
{
	const struct bind_word *word;
	int r = find_word(binder, type, node, &word);

	if (r == 0)
		memcpy(target, &word->value, sizeof(word->value));
	return r;
}

int bind_flag(struct binder *binder, const struct bind_type *type, const struct yaml_node *node,
	      void *target)
{
	const struct bind_word *word;
	int r = find_word(binder, type, node, &word);

	if (r == 0)
		memcpy(target, &(bool){ word->value != 0 }, sizeof(bool));
	return r;
}

int bind_bool(struct binder *binder, const struct bind_type *type, const struct yaml_node *node,
	      void *target)
{
	bool is_true = node->kind == YAML_SCALAR && slice_is(yaml_text(node), "true");
	bool is_false = node->kind == YAML_SCALAR && slice_is(yaml_text(node), "false");

	if (!node->is_plain || (!is_true && !is_false))
		return bind_wrong(binder, node, "true or false, without quotes");
	memcpy(target, &is_true, sizeof(is_true));
	return bind_note_gap(binder, node, is_true ? type->gap : NULL);
}

int bind_u64(struct binder *binder, const struct bind_type *type, const struct yaml_node *node,
	     void *target)
{
	uint64_t number;
	struct slice text = node->kind == YAML_SCALAR ? yaml_text(node) : SLICE("");

	if (!node->is_plain || slice_to_u64(text, &number) < 0 ||
	    (text.length > 1 && text.at[0] == '0') || number < type->minimum ||
	    (type->maximum && number > type->maximum))
		return bind_wrong(binder, node, type->expected);
	memcpy(target, &number, sizeof(number));
	return 0;
}

int bind_version(struct binder *binder, const struct bind_type *type, const struct yaml_node *node,
		 void *target)
{
	uint64_t version;

	(void)target;
	return bind_u64(binder, type, node, &version);
}

int bind_u32(struct binder *binder, const struct bind_type *type, const struct yaml_node *node,
	     void *target)
{
	uint64_t number;
	int r = bind_u64(binder, type, node, &number);

	if (r == 0)
		memcpy(target, &(uint32_t){ (uint32_t)number }, sizeof(uint32_t));
	return r;
}

int bind_u16(struct binder *binder, const struct bind_type *type, const struct yaml_node *node,
	     void *target)
{
	uint64_t number;
	int r = bind_u64(binder, type, node, &number);

	if (r == 0)
		memcpy(target, &(uint16_t){ (uint16_t)number }, sizeof(uint16_t));
	return r;
}

struct unit {
	const char *text;
	uint64_t factor;
};

static const struct unit TIMES[] = {
	{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 },
};
/* Powers of 1024, as PostgreSQL reads its own settings. */
static const struct unit SIZES[] = {
	{ "B", 1 },
	{ "KB", 1024 },
	{ "MB", 1024 * 1024 },
	{ "GB", 1024 * 1024 * 1024 },
};

int bind_quantity(struct binder *binder, const struct bind_type *type, const struct yaml_node *node,
		  void *target)
{
	const struct unit *units = type->detail;
	struct slice text = node->kind == YAML_SCALAR ? yaml_text(node) : SLICE("");
	size_t digits = 0;

	while (digits < text.length && text.at[digits] >= '0' && text.at[digits] <= '9')
		digits++;
	struct slice word = slice_part(text, digits, text.length);
	for (size_t i = 0; i < type->detail_count && digits > 0 && text.at[0] != '0'; i++) {
		uint64_t number;

		if (!slice_is(word, units[i].text))
			continue;
		if (slice_to_u64(slice_part(text, 0, digits), &number) < 0 ||
		    number > INT64_MAX / units[i].factor)
			return bind_refuse(binder, node, "this is too large: expected %s",
					   type->expected);
		number *= units[i].factor;
		memcpy(target, &number, sizeof(number));
		return 0;
	}
	return bind_wrong(binder, node, type->expected);
}

int bind_instant(struct binder *binder, const struct bind_type *type, const struct yaml_node *node,
		 void *target)
{
	int64_t seconds;

	if (node->kind != YAML_SCALAR || instant_read(node->of.text, &seconds) < 0)
		return bind_wrong(binder, node, type->expected);
	memcpy(target, &seconds, sizeof(seconds));
	return 0;
}

int bind_add_glob(struct binder *binder, const struct bind_type *item, const struct yaml_node *node,
		  void *target)
{
	struct globs *globs = target;
	const char **items = arena_grow(binder->memory, globs->items, globs->count, sizeof(*items));

	if (!items)
		return bind_out_of_memory(binder);
	globs->items = items;
	int r = item->bind(binder, item, node, &items[globs->count]);
	globs->count += r == 0;
	return r;
}

int bind_add_bit(struct binder *binder, const struct bind_type *item, const struct yaml_node *node,
		 void *target)
{
	unsigned bits, bit;
	int r = item->bind(binder, item, node, &bit);

	if (r < 0)
		return r;
	memcpy(&bits, target, sizeof(bits));
	bits |= bit;
	memcpy(target, &bits, sizeof(bits));
	return 0;
}

const struct bind_type BIND_ANY_TEXT = { bind_text, "text", NULL, 0, 0, 0, NULL, NULL };
const struct bind_type BIND_ID = {
	.bind = bind_text,
	.expected = "a name (a-z, then up to 62 of a-z, 0-9, -)",
	.matches = text_is_id,
};
static const struct bind_list GLOBS = { true, 1, bind_add_glob, &BIND_ANY_TEXT };
const struct bind_type BIND_GLOBS = {
	.bind = bind_list,
	.expected = "text or a list of texts",
	.detail = &GLOBS,
};
static const struct bind_list TEXTS = { false, 0, bind_add_glob, &BIND_ANY_TEXT };
const struct bind_type BIND_TEXTS = {
	.bind = bind_list,
	.expected = "a list of texts",
	.detail = &TEXTS,
};
const struct bind_type BIND_DURATION = {
	.bind = bind_quantity,
	.expected = "a duration such as 500ms, 90s, 15m, 24h or 7d",
	BIND_WORDS(TIMES),
};
const struct bind_type BIND_SIZE = {
	.bind = bind_quantity,
	.expected = "a size such as 512KB, 20MB or 1GB",
	BIND_WORDS(SIZES),
};
const struct bind_type BIND_BOOLEAN = { .bind = bind_bool, .expected = "true or false" };
const struct bind_type BIND_INSTANT = {
	.bind = bind_instant,
	.expected = "a date and time with an offset, such as \"2026-11-18T14:00:00+01:00\"",
};
const struct bind_type BIND_VERSION = {
	.bind = bind_version,
	.expected = "version 1",
	.minimum = 1,
	.maximum = 1,
};
