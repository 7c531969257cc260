/* SPDX-License-Identifier: MIT */
/* `rules`: the keys of a rule, and what they demand of one another. */
#include "policy/engine/bundle.h"
#include "policy/engine/text_form.h"

static const struct bind_word VERB_WORDS[] = {
#define VERB_WORD(verb, text, groups) { text, VERB_BIT(verb), NULL },
	VERBS(VERB_WORD)
#undef VERB_WORD
};
static const struct bind_word GROUP_WORDS[] = {
	{ "read", GROUP_READ, NULL },
	{ "write", GROUP_WRITE, NULL },
	{ "ddl", GROUP_DDL, NULL },
	{ "admin", GROUP_ADMIN, NULL },
};
/* All spellings in one list, so that the nearest one is found among verbs and groups alike. */
#define SPELLED_VERB(verb, text, groups) { text, 0, NULL },
static const struct bind_word ALL_WORDS[] = { VERBS(SPELLED_VERB){ "read", 0, NULL },
					      { "write", 0, NULL },
					      { "ddl", 0, NULL },
					      { "admin", 0, NULL } };
#undef SPELLED_VERB
static const struct bind_type VERB_OR_GROUP = {
	.bind = bind_word,
	.expected = "a verb such as select, or a group of verbs such as read",
	BIND_WORDS(ALL_WORDS),
};

/* A rule for the verb also matches its special case (policy language, "Verbs"). */
static verb_set with_special_cases(verb_set verbs)
{
	if (verbs & VERB_BIT(VERB_UPDATE))
		verbs |= VERB_BIT(VERB_UPDATE_ALL);
	if (verbs & VERB_BIT(VERB_DELETE))
		verbs |= VERB_BIT(VERB_DELETE_ALL);
	return verbs;
}

static int add_verb(struct binder *binder, const struct bind_type *item,
		    const struct yaml_node *node, void *target)
{
	verb_set *verbs = target;
	unsigned value;
	int r = item->bind(binder, item, node, &value);

	if (r < 0)
		return r;
	for (size_t i = 0; i < COUNT_OF(VERB_WORDS); i++) {
		if (slice_is(yaml_text(node), VERB_WORDS[i].text))
			*verbs |= with_special_cases(VERB_WORDS[i].value);
	}
	for (size_t i = 0; i < COUNT_OF(GROUP_WORDS); i++) {
		if (slice_is(yaml_text(node), GROUP_WORDS[i].text))
			*verbs |= verb_group_set(GROUP_WORDS[i].value);
	}
	return 0;
}

static const struct bind_list VERB_LIST = { true, 1, add_verb, &VERB_OR_GROUP };
const struct bind_type BIND_VERBS = {
	.bind = bind_list,
	.expected = "a verb or a list of verbs",
	.detail = &VERB_LIST,
};

static const struct bind_word THENS[] = {
	{ "allow", THEN_ALLOW, NULL },
	{ "deny", THEN_DENY, NULL },
	{ "approve", THEN_APPROVE, "then: approve" },
	{ "warn", THEN_WARN, "then: warn" },
};
static const struct bind_type THEN = { .bind = bind_word, BIND_WORDS(THENS) };

static const struct bind_word PROBES[] = {
	{ "deny", PROBE_ANSWER_DENY, NULL },
	{ "lookup", PROBE_ANSWER_LOOKUP, "probe: lookup" },
	{ "approve", PROBE_ANSWER_APPROVE, "probe: approve" },
	{ "allow", PROBE_ANSWER_ALLOW, NULL },
};
static const struct bind_type PROBE = { .bind = bind_word, BIND_WORDS(PROBES) };

#define ALLOW_WORDS(name, otherwise, key)                                                          \
	static const struct bind_word name##_WORDS[] = { { otherwise, 0, NULL },                   \
							 { "allow", 1, key ": allow" } };          \
	static const struct bind_type name = { .bind = bind_flag, BIND_WORDS(name##_WORDS) }
ALLOW_WORDS(DERIVED, "mask", "derived");
ALLOW_WORDS(COPIED, "deny", "copied");
ALLOW_WORDS(WRITE_BACK, "deny", "write-back");

static const struct bind_type SAY = {
	.bind = bind_text,
	.expected = "text of at most 300 characters",
	.maximum = 300,
};

/* Rules are named when they are bound, so that a name that stands twice is told at its place. */
static BINDS(bind_rule_name)
{
	int r = bind_text(binder, type, node, target);

	return r < 0 ? r : bundle_define(bundle_of(binder), NOUN_RULES, node, target);
}
static const struct bind_type RULE_NAME = {
	.bind = bind_rule_name,
	.expected = "a name (a-z, then up to 62 of a-z, 0-9, -)",
	.matches = text_is_id,
};

#define AT(member)   offsetof(struct rule_draft, member)
#define RULE(member) offsetof(struct rule_draft, rule.member)
static const struct bind_field RULE_FIELDS[] = {
	{ "name", &RULE_NAME, RULE(name), true, 0, NULL },
	{ "database", &BIND_NAMES, AT(databases), false, GIVEN(RULE(has_database)), NULL },
	{ "for", &BIND_WHOM, AT(for_whom), false, 0, NULL },
	{ "except", &BIND_WHOM, AT(except), false, 0, NULL },
	{ "do", &BIND_VERBS, RULE(verbs), false, GIVEN(RULE(has_verbs)), NULL },
	{ "tables", &BIND_GLOBS, RULE(tables), false, 0, NULL },
	{ "functions", &BIND_GLOBS, RULE(functions), false, 0, NULL },
	{ "during", &BIND_DURING, RULE(during), false, 0, NULL },
	{ "only-where", &BIND_ONLY_WHERE, AT(rule), false, 0, "only-where" },
	{ "then", &THEN, RULE(then), false, 0, NULL },
	{ "overrides", &BIND_NAMES, AT(overrides), false, 0, NULL },
	{ "trial", &BIND_BOOLEAN, RULE(is_trial), false, 0, NULL },
	{ "say", &SAY, RULE(say), false, 0, NULL },
	{ "mask", &BIND_MASKS, AT(masks), false, 0, NULL },
	{ "probe", &PROBE, RULE(probe), false, 0, NULL },
	{ "derived", &DERIVED, RULE(derived_allow), false, 0, NULL },
	{ "copied", &COPIED, RULE(copied_allow), false, 0, NULL },
	{ "write-back", &WRITE_BACK, RULE(write_back_allow), false, 0, NULL },
	{ "limit", &BIND_LIMIT, RULE(limit), false, GIVEN(RULE(has_limit)), "limit" },
	{ "approve", &BIND_APPROVE, AT(approve), false, 0, NULL },
	{ "break-glass", &BIND_GLASS, AT(glass), false, 0, "break-glass" },
};
#undef AT
#undef RULE

/* clang-format off */
static const struct bind_demand RULE_DEMANDS[] = {
	{ NULL, NULL, false, { "then", "mask", "limit" }, NULL,
	  "a rule needs 'then', 'mask' or 'limit', or it says nothing" },
	{ "then", "approve", false, { "approve" }, NULL,
	  "'then: approve' needs 'approve', which says by whom" },
	{ "approve", NULL, false, { "then" }, "approve",
	  "'approve' stands only beside 'then: approve'" },
	{ "overrides", NULL, false, { "then" }, "allow",
	  "'overrides' stands only beside 'then: allow'" },
	{ "break-glass", NULL, false, { "then" }, "deny",
	  "'break-glass' stands only beside 'then: deny'" },
	{ "then", "deny", true, { "limit" }, NULL,
	  "'limit' has no meaning beside 'then: deny', which lets nothing through" },
	{ "probe", NULL, false, { "mask" }, NULL, "'probe' needs 'mask' beside it" },
	{ "derived", NULL, false, { "mask" }, NULL, "'derived' needs 'mask' beside it" },
	{ "copied", NULL, false, { "mask" }, NULL, "'copied' needs 'mask' beside it" },
	{ "write-back", NULL, false, { "mask" }, NULL, "'write-back' needs 'mask' beside it" },
};
/* clang-format on */
static const struct bind_shape RULE_SHAPE = {
	.what = "a rule",
	BIND_FIELDS(RULE_FIELDS),
	BIND_DEMANDS(RULE_DEMANDS),
};
static const struct bind_type RULE_TYPE = {
	.bind = bind_struct,
	.expected = "a rule",
	.detail = &RULE_SHAPE,
};

static int add_rule(struct binder *binder, const struct bind_type *item,
		    const struct yaml_node *node, void *target)
{
	struct bundle *bundle = target;
	struct policy *policy = &bundle->policy;

	if (policy->rule_count >= POLICY_RULES_MAX)
		return bind_refuse(binder, node, "a bundle has at most %d rules", POLICY_RULES_MAX);
	struct rule_draft *drafts =
		arena_grow(binder->memory, bundle->drafts, policy->rule_count, sizeof(*drafts));
	if (!drafts)
		return bind_out_of_memory(binder);
	bundle->drafts = drafts;
	struct rule_draft *draft = &drafts[policy->rule_count];
	*draft = (struct rule_draft){ .rule.place = bind_place(binder, node),
				      .rule.limit.changed_rows = UINT64_MAX };
	int r = item->bind(binder, item, node, draft);
	policy->rule_count += r == 0;
	return r;
}

static const struct bind_list RULE_LIST = { false, 0, add_rule, &RULE_TYPE };
const struct bind_type BIND_RULES = {
	.bind = bind_list,
	.expected = "a list of rules",
	.detail = &RULE_LIST,
};
