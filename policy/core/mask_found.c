/* SPDX-License-Identifier: MIT */
/* Values that detectors find inside a cell, replaced where they stand. */
#include "policy/core/mask.h"

#include "policy/core/character.h"
#include "policy/core/mask_text.h"
#include "policy/core/mask_type.h"

#define JSONB_VERSION        1
#define ARRAY_DIMENSIONS_MAX 6 /* MAXDIM of src/include/utils/array.h */

/* One cell's search. */
struct hunt {
	const struct mask_search *search;
	detector_set wanted;
	bool is_json;
	struct buf *out;
	struct mask_outcome outcome;
};

static const struct sha256_hmac_key *key_for(const struct mask_search *search, struct mask mask)
{
	if (mask.how != MASK_HASH || !search->key_of)
		return NULL;
	return search->key_of(search->context, mask.key);
}

/* Whether a place in JSON text is inside a string; moves forward only, so that a cell is read once.
 * */
struct json_place {
	size_t at;
	bool is_inside;
};

static void move_to(struct json_place *place, struct slice text, size_t target)
{
	while (place->at < target) {
		char c = text.at[place->at];

		if (c == '"')
			place->is_inside = !place->is_inside;
		place->at += 1 + (c == '\\' && place->is_inside);
	}
}

/* Appends what replaces `finding`.  In JSON a number outside a string becomes a string, with its
 * sign. */
static void add_replacement(struct hunt *hunt, struct slice text, const struct finding *finding,
			    bool is_bare)
{
	struct mask mask = hunt->search->masks[finding->detector];
	struct slice value = slice_part(text, finding->offset, finding->length);

	mask.detector = (uint8_t)(finding->detector + 1);
	if (is_bare)
		buf_add_char(hunt->out, '"');
	mask_text(mask, key_for(hunt->search, mask), value, NO_TEXT_LIMIT, hunt->out);
	if (is_bare)
		buf_add_char(hunt->out, '"');
}

/* Counts the finding; false when it makes the whole cell NULL. */
static bool count(struct hunt *hunt, const struct finding *finding)
{
	hunt->outcome.found++;
	hunt->outcome.is_changed = true;
	if (hunt->search->masks[finding->detector].how >= MASK_BLANK)
		hunt->outcome.is_null = true;
	return !hunt->outcome.is_null;
}

/* Appends `text` with what is found in it replaced; nothing at all when nothing is found.  Whether
 * it was. */
static bool replace_in(struct hunt *hunt, struct slice text)
{
	struct json_place place = { 0, false };
	struct finding finding;
	size_t copied = 0;
	bool is_any = false;

	for (size_t from = 0; detect_next(text, from, hunt->wanted, &finding);
	     from = finding.offset + finding.length) {
		size_t begin = finding.offset;

		is_any = true;
		if (!count(hunt, &finding))
			return true;
		if (hunt->is_json)
			move_to(&place, text, begin);
		bool is_bare = hunt->is_json && !place.is_inside;
		if (is_bare && begin > copied && text.at[begin - 1] == '-')
			begin--;
		buf_add_slice(hunt->out, slice_part(text, copied, begin - copied));
		add_replacement(hunt, text, &finding, is_bare);
		copied = finding.offset + finding.length;
	}
	if (is_any)
		buf_add_slice(hunt->out, slice_part(text, copied, text.length));
	return is_any;
}

static void search_text(struct hunt *hunt, const struct cell *cell)
{
	struct text_limit limit = type_text_limit(cell);
	size_t begin = hunt->out->length;

	if (!replace_in(hunt, cell->value))
		return;
	struct slice written = slice_part(buf_view(hunt->out), begin, hunt->out->length);
	written.length = character_span(written, limit.characters);
	buf_truncate(hunt->out, begin + character_fit(written, limit.bytes));
}

static void search_json(struct hunt *hunt, const struct cell *cell)
{
	hunt->is_json = true;
	replace_in(hunt, cell->value);
}

/* A cell whose format we cannot rewrite: NULL as soon as there is something in it. */
static void search_opaque(struct hunt *hunt, const struct cell *cell)
{
	struct finding finding;

	if (detect_next(cell->value, 0, hunt->wanted, &finding) && count(hunt, &finding))
		hunt->outcome.is_null = true;
}

static void search_jsonb(struct hunt *hunt, const struct cell *cell)
{
	struct slice value = cell->value;

	if (value.length == 0 || value.at[0] != JSONB_VERSION) {
		search_opaque(hunt, cell);
		return;
	}
	size_t begin = hunt->out->length;
	buf_add_char(hunt->out, JSONB_VERSION);
	hunt->is_json = true;
	if (!replace_in(hunt, slice_part(value, 1, value.length)))
		buf_truncate(hunt->out, begin);
}

/* ---- arrays in binary (src/backend/utils/adt/arrayfuncs.c, array_send) ---- */

static uint32_t load_u32(const char *at)
{
	const unsigned char *byte = (const unsigned char *)at;

	return (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 | (uint32_t)byte[2] << 8 | byte[3];
}

static void store_u32(char *at, uint32_t number)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (char)(number >> (24 - 8 * i));
}

/* The size of what stands before the first element; 0 when it is not the head of an array. */
static size_t array_head(struct slice value)
{
	if (value.length < 12 || load_u32(value.at) > ARRAY_DIMENSIONS_MAX)
		return 0;
	size_t head = 12 + 8 * (size_t)load_u32(value.at);
	return head <= value.length ? head : 0;
}

/* Takes the next element, its length word included, off `rest`; -1 when the bytes do not add up. */
static int take_element(struct slice *rest, struct slice *ret_element)
{
	if (rest->length < 4)
		return -1;
	uint32_t length = load_u32(rest->at);
	size_t size = length == UINT32_MAX ? 4 : 4 + (size_t)length; /* all ones: NULL */
	if (size > rest->length)
		return -1;
	*ret_element = slice_part(*rest, 0, size);
	*rest = slice_part(*rest, size, rest->length);
	return 0;
}

/* Appends one element as it is to be shown. */
static void search_element(struct hunt *hunt, struct slice element, struct cell cell)
{
	size_t begin = hunt->out->length;

	buf_add(hunt->out, element.at, 4);
	cell.value = slice_part(element, 4, element.length);
	search_text(hunt, &cell);
	size_t length = hunt->out->length - begin - 4;
	if (length == 0)
		buf_add_slice(hunt->out, cell.value);
	else if (!hunt->out->failed)
		store_u32(hunt->out->at + begin, (uint32_t)length);
}

static void search_array(struct hunt *hunt, const struct cell *cell)
{
	size_t begin = hunt->out->length, head = array_head(cell->value);
	struct slice rest = slice_part(cell->value, head, cell->value.length), element;
	struct cell inner = *cell;

	buf_add(hunt->out, cell->value.at, head);
	if (head > 0)
		inner.type = load_u32(cell->value.at + 8);
	while (head > 0 && rest.length > 0 && !hunt->outcome.is_null) {
		if (take_element(&rest, &element) < 0)
			head = 0;
		else
			search_element(hunt, element, inner);
	}
	if (head == 0 || !hunt->outcome.is_changed)
		buf_truncate(hunt->out, begin);
	if (head == 0)
		search_opaque(hunt, cell);
}

/* What is not listed is not looked into. */
static const struct {
	void (*text)(struct hunt *hunt, const struct cell *cell);
	void (*binary)(struct hunt *hunt, const struct cell *cell);
} SEARCHES[FAMILY_COUNT] = {
	[FAMILY_UNKNOWN] = { search_text, search_opaque },
	[FAMILY_TEXT] = { search_text, search_text },
	[FAMILY_XML] = { search_text, search_text },
	[FAMILY_JSON] = { search_json, search_json },
	[FAMILY_JSONB] = { search_json, search_jsonb },
	[FAMILY_TEXT_ARRAY] = { search_text, search_array },
	[FAMILY_JSON_ARRAY] = { search_opaque, search_opaque },
};

static detector_set masked_set(const struct mask_search *search)
{
	detector_set set = 0;

	for (unsigned detector = 0; detector < DETECTOR_COUNT; detector++) {
		if (search->masks[detector].how != MASK_NONE)
			set |= (detector_set)1 << detector;
	}
	return set & search->wanted;
}

int mask_found(const struct mask_search *search, const struct cell *cell, struct buf *out,
	       struct mask_outcome *ret_outcome)
{
	enum type_family family = type_family(cell->type);
	void (*look)(struct hunt *, const struct cell *) =
		cell->is_binary ? SEARCHES[family].binary : SEARCHES[family].text;
	struct hunt hunt = { .search = search, .wanted = masked_set(search), .out = out };
	size_t begin = out->length;

	if (look && hunt.wanted != 0)
		look(&hunt, cell);
	if (out->failed || hunt.outcome.is_null)
		buf_truncate(out, begin);
	if (out->failed)
		return out->failed;
	*ret_outcome = hunt.outcome;
	return 0;
}
