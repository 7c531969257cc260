/* SPDX-License-Identifier: MIT */
/* A policy file: its top-level keys, of which some may stand in one file of a bundle alone. */
#include "policy/engine/bundle.h"

#include <stdarg.h>
#include <stdio.h>

#include "policy/engine/nearest.h"

const char *const BUNDLE_NOUNS[NOUN_COUNT] = {
	[NOUN_PEOPLE] = "people entry",
	[NOUN_DATABASES] = "databases entry",
	[NOUN_COLUMNS] = "columns entry",
	[NOUN_RULES] = "rule",
};

struct bundle *bundle_of(struct binder *binder)
{
	return (struct bundle *)((char *)binder - offsetof(struct bundle, binder));
}

int bundle_refuse(struct bundle *bundle, struct policy_place place, const char *format, ...)
{
	struct yaml_node node = { .line = place.line, .column = place.column };
	struct error *error = bundle->binder.error;
	char text[sizeof(error->text)];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (error)
		snprintf(error->file, sizeof(error->file), "%s",
			 bundle->policy.files[place.file].path);
	return bind_refuse(&bundle->binder, &node, "%s", text);
}

int bundle_define(struct bundle *bundle, enum bundle_noun noun, const struct yaml_node *key,
		  const char **ret_name)
{
	struct binder *binder = &bundle->binder;
	struct name_table *table = &bundle->names[noun];
	const char *name;
	int r = bind_copy(binder, key, &name);

	if (r < 0)
		return r;
	uint32_t first = name_table_find(table, name);
	if (first != NAME_NONE) {
		struct policy_place place = table->entries[first].place;

		return bind_refuse(binder, key, "there is another %s called '%s', at %s:%u:%u",
				   BUNDLE_NOUNS[noun], name, bundle->policy.files[place.file].path,
				   place.line, place.column);
	}
	if (name_table_add(table, binder->memory, name, bind_place(binder, key)) < 0)
		return bind_out_of_memory(binder);
	*ret_name = name;
	return 0;
}

static const struct bind_word STALE_WORDS[] = {
	{ "keep", STALE_KEEP, NULL },
	{ "deny-writes", STALE_DENY_WRITES, NULL },
	{ "deny", STALE_DENY, NULL },
};
static const struct bind_type STALE_THEN = { .bind = bind_word, BIND_WORDS(STALE_WORDS) };

/* The parts of `stale` and `record` lie in the policy itself. */
#define AT(member) offsetof(struct policy, member)
static const struct bind_field STALE_FIELDS[] = {
	{ "after", &BIND_DURATION, AT(stale_after_ms), true, 0, NULL },
	{ "then", &STALE_THEN, AT(stale_then), true, 0, NULL },
	{ "hard", &BIND_DURATION, AT(stale_hard_ms), false, 0, NULL },
};
static const struct bind_shape STALE = { .what = "'stale'", BIND_FIELDS(STALE_FIELDS) };
static const struct bind_type STALE_TYPE = {
	.bind = bind_struct,
	.expected = "a mapping such as { after: 15m, then: deny-writes }",
	.detail = &STALE,
};

static const struct bind_word LITERAL_WORDS[] = {
	{ "hide", RECORD_LITERALS_HIDE, NULL },
	{ "hash", RECORD_LITERALS_HASH, "record literals: hash" },
	{ "keep", RECORD_LITERALS_KEEP, "record literals: keep" },
};
static const struct bind_type LITERALS = { .bind = bind_word, BIND_WORDS(LITERAL_WORDS) };
static const struct bind_word VALUE_WORDS[] = {
	{ "hide", RECORD_VALUES_HIDE, NULL },
	{ "hash", RECORD_VALUES_HASH, NULL },
	{ "mask", RECORD_VALUES_MASK, "record values: mask" },
	{ "keep", RECORD_VALUES_KEEP, "record values: keep" },
};
static const struct bind_type VALUES = { .bind = bind_word, BIND_WORDS(VALUE_WORDS) };
static const struct bind_word FULL_WORDS[] = {
	{ "deny-writes", WHEN_FULL_DENY_WRITES, NULL },
	{ "deny", WHEN_FULL_DENY, NULL },
	{ "allow", WHEN_FULL_ALLOW, NULL },
};
static const struct bind_type WHEN_FULL = { .bind = bind_word, BIND_WORDS(FULL_WORDS) };
static const struct bind_field RECORD_FIELDS[] = {
	{ "literals", &LITERALS, AT(record_literals), false, 0, NULL },
	{ "values", &VALUES, AT(record_values), false, 0, NULL },
	{ "when-full", &WHEN_FULL, AT(when_full), false, 0, NULL },
	{ "full-at", &BIND_SIZE, AT(full_at_bytes), false, 0, NULL },
};
#undef AT
static const struct bind_shape RECORD = {
	.what = "'record'",
	BIND_FIELDS(RECORD_FIELDS),
	.keys_min = 1,
};
static const struct bind_type RECORD_TYPE = {
	.bind = bind_struct,
	.expected = "a mapping such as { literals: hide }",
	.detail = &RECORD,
};

static const struct bind_word MODE_WORDS[] = { { "enforce", 0, NULL }, { "trial", 1, NULL } };
static const struct bind_type MODE = { .bind = bind_flag, BIND_WORDS(MODE_WORDS) };

#define AT(member)     offsetof(struct bundle, member)
#define POLICY(member) offsetof(struct bundle, policy.member)
static const struct bind_field FILE_FIELDS[] = {
	{ "version", &BIND_VERSION, 0, true, 0, NULL },
	{ "name", &BIND_ID, AT(file.name), true, 0, NULL },
	{ "about", &BIND_ANY_TEXT, AT(file.about), false, 0, NULL },
	{ "owners", &BIND_TEXTS, AT(file.owners), false, 0, NULL },
	{ "mode", &MODE, POLICY(is_trial), false, 0, NULL },
	{ "default", &BIND_ALLOW_DENY, POLICY(default_decision), false, 0, NULL },
	{ "unknown", &BIND_UNKNOWN, POLICY(unknown), false, 0, NULL },
	{ "stale", &STALE_TYPE, AT(policy), false, GIVEN(POLICY(has_stale)), NULL },
	{ "record", &RECORD_TYPE, AT(policy), false, 0, NULL },
	{ "databases", &BIND_DATABASES, 0, false, 0, NULL },
	{ "people", &BIND_PEOPLE, 0, false, 0, NULL },
	{ "columns", &BIND_COLUMNS, 0, false, 0, NULL },
	{ "rules", &BIND_RULES, 0, true, 0, NULL },
};
#undef AT
#undef POLICY
static const struct bind_shape FILE_SHAPE = { .what = "a policy", BIND_FIELDS(FILE_FIELDS) };
static const struct bind_type FILE_TYPE = {
	.bind = bind_struct,
	.expected = "a policy: a mapping with version, name and rules",
	.detail = &FILE_SHAPE,
};

static const char *const SINGLES[BUNDLE_SINGLES] = {
	"mode", "default", "unknown", "stale", "record",
};

static int check_singles(struct binder *binder, struct bundle *bundle, const struct yaml_node *root)
{
	for (size_t i = 0; i < BUNDLE_SINGLES; i++) {
		const struct yaml_pair *pair = yaml_find(root, SINGLES[i]);
		struct policy_place first = bundle->singles[i];

		if (pair && bundle->has_single[i])
			return bind_refuse(binder, pair->key,
					   "'%s' stands in one file of a bundle; it is also at "
					   "%s:%u:%u",
					   SINGLES[i], bundle->policy.files[first.file].path,
					   first.line, first.column);
		if (!pair)
			continue;
		bundle->has_single[i] = true;
		bundle->singles[i] = bind_place(binder, pair->key);
	}
	return 0;
}

static BINDS(bind_file)
{
	(void)type;
	int r = check_singles(binder, target, node);
	return r < 0 ? r : bind_struct(binder, &FILE_TYPE, node, target);
}

const struct bind_type BIND_FILE = { .bind = bind_file };
