/* SPDX-License-Identifier: MIT */
/* `columns`, and the masks of rules on them. */
#include <string.h>

#include "policy/engine/bundle.h"
#include "policy/engine/text_form.h"

#define KEEP_MAX 255

const struct bind_type BIND_COLUMN_TEXT = {
	.bind = bind_text,
	.expected = "a column: table.column, schema.table.column or *.column",
	.matches = text_is_column,
};

int bind_column(struct binder *binder, const struct yaml_node *node,
		struct policy_column *ret_column)
{
	const char *part[3] = { NULL, NULL, NULL };
	size_t count = 0;

	int r = bind_is(binder, node, YAML_SCALAR, BIND_COLUMN_TEXT.expected);
	if (r < 0)
		return r;
	if (!text_is_column(yaml_text(node)))
		return bind_wrong(binder, node, BIND_COLUMN_TEXT.expected);
	struct slice rest = yaml_text(node);
	/* Four parts or more are a path into a MongoDB document: collection.field.field. */
	size_t dots = 0;
	for (size_t i = 0; i < rest.length; i++)
		dots += rest.at[i] == '.';
	size_t wanted = dots == 2 ? 3 : 2;
	while (rest.at && count < wanted) {
		struct slice text = count + 1 == wanted ? rest : slice_cut(&rest, '.');

		part[count] = arena_text(binder->memory, text);
		if (!part[count++])
			return bind_out_of_memory(binder);
	}
	*ret_column = wanted == 3 ? (struct policy_column){ part[0], part[1], part[2] }
				  : (struct policy_column){ NULL, part[0], part[1] };
	return 0;
}

static int add_column(struct binder *binder, const struct bind_type *item,
		      const struct yaml_node *node, void *target)
{
	struct policy_column_group *group = target;
	struct policy_column *columns =
		arena_grow(binder->memory, group->columns, group->count, sizeof(*columns));

	(void)item;
	if (!columns)
		return bind_out_of_memory(binder);
	group->columns = columns;
	int r = bind_column(binder, node, &columns[group->count]);
	group->count += r == 0;
	return r;
}

static const struct bind_list COLUMN_LIST = { true, 1, add_column, NULL };
static const struct bind_type COLUMNS_TYPE = {
	.bind = bind_list,
	.expected = "a column or a list of columns, such as [customers.email, \"*.ssn\"]",
	.detail = &COLUMN_LIST,
};

static int add_group(struct binder *binder, const struct bind_map *map,
		     const struct yaml_pair *pair, void *target)
{
	struct bundle *bundle = target;
	struct policy *policy = &bundle->policy;
	struct policy_column_group *groups = arena_grow(
		binder->memory, policy->column_groups, policy->column_group_count, sizeof(*groups));

	if (!groups)
		return bind_out_of_memory(binder);
	policy->column_groups = groups;
	struct policy_column_group *group = &groups[policy->column_group_count];
	*group = (struct policy_column_group){ .place = bind_place(binder, pair->key) };
	int r = bundle_define(bundle, NOUN_COLUMNS, pair->key, &group->name);
	if (r < 0)
		return r;
	policy->column_group_count++;
	return map->value->bind(binder, map->value, pair->value, group);
}

static const struct bind_map COLUMNS = {
	"a column group", &BIND_ID, "found", 0, add_group, &COLUMNS_TYPE,
};
const struct bind_type BIND_COLUMNS = {
	.bind = bind_map,
	.expected = "a mapping of names to columns",
	.detail = &COLUMNS,
};

static const struct bind_word HOWS[] = {
	{ "redact", MASK_REDACT, NULL },
	{ "blank", MASK_BLANK, NULL },
};
static const struct bind_type HOW_WORD = {
	.bind = bind_word,
	.expected = "redact, blank, or one of { keep-last: 2 }, { keep-first: 2 }, { hash: KEY }",
	BIND_WORDS(HOWS),
};
static const struct bind_type KEEP = {
	.bind = bind_u64,
	.expected = "how many characters to keep, 0 to 255",
	.maximum = KEEP_MAX,
};

static int add_keep(struct binder *binder, const struct yaml_node *node, struct mask *ret_mask)
{
	uint64_t keep;
	int r = bind_u64(binder, &KEEP, node, &keep);

	if (r == 0)
		ret_mask->keep = (uint16_t)keep;
	return r;
}

static int add_key(struct binder *binder, const struct yaml_node *node, struct mask *ret_mask)
{
	const char *name;
	int r = BIND_ID.bind(binder, &BIND_ID, node, &name);

	if (r < 0)
		return r;
	for (size_t i = 0; i < binder->key_count; i++) {
		if (strcmp(binder->keys[i], name) == 0) {
			ret_mask->key = (uint32_t)i;
			return 0;
		}
	}
	const char **keys =
		arena_grow(binder->memory, binder->keys, binder->key_count, sizeof(*keys));
	if (!keys)
		return bind_out_of_memory(binder);
	binder->keys = keys;
	ret_mask->key = (uint32_t)binder->key_count;
	keys[binder->key_count++] = name;
	return 0;
}

/* Tokens need a service that hands them out, which does not exist yet: what shows less stands in
 * for them. */
static int add_token(struct binder *binder, const struct yaml_node *node, struct mask *ret_mask)
{
	const char *name;
	int r = BIND_ID.bind(binder, &BIND_ID, node, &name);

	(void)ret_mask;
	return r < 0 ? r : bind_note_gap(binder, node, "token");
}

static const struct how {
	const char *key;
	enum mask_how how;
	int (*add)(struct binder *binder, const struct yaml_node *node, struct mask *ret_mask);
} HOW_KEYS[] = {
	{ "keep-last", MASK_KEEP_LAST, add_keep },
	{ "keep-first", MASK_KEEP_FIRST, add_keep },
	{ "hash", MASK_HASH, add_key },
	{ "token", MASK_REDACT, add_token },
};

static BINDS(bind_how_pair)
{
	(void)type;
	for (size_t i = 0; i < COUNT_OF(HOW_KEYS); i++) {
		const struct yaml_pair *pair = yaml_find(node, HOW_KEYS[i].key);
		struct mask mask = { .how = (uint8_t)HOW_KEYS[i].how };

		if (!pair)
			continue;
		int r = HOW_KEYS[i].add(binder, pair->value, &mask);
		if (r == 0)
			memcpy(target, &mask, sizeof(mask));
		return r;
	}
	return bind_refuse(binder, node->count ? node->of.pairs[0].key : node, "expected %s",
			   HOW_WORD.expected);
}

static int bind_how(struct binder *binder, const struct yaml_node *node, struct mask *ret_mask)
{
	unsigned how;

	if (node->kind == YAML_MAPPING && node->count > 1)
		return bind_refuse(binder, node->of.pairs[1].key,
				   "a mask is made in one way: expected one key, not %zu",
				   node->count);
	if (node->kind == YAML_MAPPING)
		return bind_how_pair(binder, NULL, node, ret_mask);
	int r = bind_word(binder, &HOW_WORD, node, &how);
	if (r == 0)
		*ret_mask = (struct mask){ .how = (uint8_t)how };
	return r;
}

static const struct bind_word DETECTOR_WORDS[] = {
#define DETECTOR_WORD(detector, text) { text, detector, NULL },
	DETECTORS(DETECTOR_WORD)
#undef DETECTOR_WORD
};
static const struct bind_type DETECTOR_TYPE = { .bind = bind_word, BIND_WORDS(DETECTOR_WORDS) };

static const char *const FOUND_GAPS[] = {
#define FOUND_GAP(detector, text) [detector] = "found: " text,
	DETECTORS(FOUND_GAP)
#undef FOUND_GAP
};

static int add_found(struct binder *binder, const struct yaml_pair *pair, struct mask_drafts *masks)
{
	unsigned detector;
	int r = bind_word(binder, &DETECTOR_TYPE, pair->key, &detector);

	if (r == 0 && !(detectors_available() >> detector & 1))
		r = bind_note_gap(binder, pair->key, FOUND_GAPS[detector]);
	if (r == 0)
		r = bind_how(binder, pair->value, &masks->found[detector]);
	if (r == 0)
		masks->found[detector].detector = (uint8_t)(detector + 1);
	return r;
}

static int bind_found(struct binder *binder, const struct yaml_node *node,
		      struct mask_drafts *masks)
{
	int r = bind_is(binder, node, YAML_MAPPING, "a mapping of detectors to masks");

	for (size_t i = 0; i < node->count && r == 0; i++)
		r = add_found(binder, &node->of.pairs[i], masks);
	return r;
}

static int add_mask(struct binder *binder, const struct yaml_pair *pair, struct mask_drafts *masks)
{
	struct mask_draft *items =
		arena_grow(binder->memory, masks->items, masks->count, sizeof(*items));

	if (!items)
		return bind_out_of_memory(binder);
	masks->items = items;
	struct mask_draft *draft = &items[masks->count];
	*draft = (struct mask_draft){ .group.place = bind_place(binder, pair->key) };
	int r = bind_copy(binder, pair->key, &draft->group.text);
	if (r == 0)
		r = bind_how(binder, pair->value, &draft->mask);
	masks->count += r == 0;
	return r;
}

static BINDS(bind_masks)
{
	int r = bind_is(binder, node, YAML_MAPPING, type->expected);

	if (r == 0 && node->count == 0)
		return bind_refuse(binder, node, "expected %s, not an empty one", type->expected);
	for (size_t i = 0; i < node->count && r == 0; i++) {
		const struct yaml_pair *pair = &node->of.pairs[i];

		if (slice_is(yaml_text(pair->key), "found"))
			r = bind_found(binder, pair->value, target);
		else
			r = add_mask(binder, pair, target);
	}
	return r;
}

const struct bind_type BIND_MASKS = {
	.bind = bind_masks,
	.expected = "a mapping of column groups to masks",
};
