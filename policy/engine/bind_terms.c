/* SPDX-License-Identifier: MIT */
/* The terms under which a rule lets something through: limit, approve, break-glass, only-where. */
#include "policy/engine/bundle.h"

static const struct bind_type COUNT = {
	.bind = bind_u64,
	.expected = "a whole number, 1 or more",
	.minimum = 1,
};
static const struct bind_type COUNT_OR_NONE = {
	.bind = bind_u64,
	.expected = "a whole number, 0 or more",
	.maximum = INT64_MAX,
};

#define AT(member) offsetof(struct policy_limit, member)
static const struct bind_field LIMIT_FIELDS[] = {
	{ "rows", &COUNT, AT(rows), false, 0, NULL },
	{ "changed-rows", &COUNT_OR_NONE, AT(changed_rows), false, 0, NULL },
	{ "bytes", &BIND_SIZE, AT(bytes), false, 0, NULL },
	{ "time", &BIND_DURATION, AT(time_ms), false, 0, NULL },
	{ "per-minute", &COUNT, AT(per_minute), false, 0, NULL },
	{ "statements", &COUNT, AT(statements), false, 0, NULL },
};
#undef AT
static const struct bind_shape LIMIT = {
	.what = "a limit",
	BIND_FIELDS(LIMIT_FIELDS),
	.keys_min = 1,
};
const struct bind_type BIND_LIMIT = {
	.bind = bind_struct,
	.expected = "limits, such as { rows: 1000, time: 10s }",
	.detail = &LIMIT,
};

static const struct bind_word NOTS[] = { { "requester", 1, NULL }, { "sponsor", 2, NULL } };
static const struct bind_type NOT = { .bind = bind_word, BIND_WORDS(NOTS) };
static const struct bind_list NOT_LIST = { false, 0, bind_add_bit, &NOT };
static const struct bind_type NOT_TYPE = {
	.bind = bind_list,
	.expected = "a list of requester and sponsor",
	.detail = &NOT_LIST,
};

static const struct bind_word BOUNDS[] = {
	{ "statement", BOUND_STATEMENT, NULL }, { "values", BOUND_VALUES, NULL },
	{ "identity", BOUND_IDENTITY, NULL },   { "database", BOUND_DATABASE, NULL },
	{ "process", BOUND_PROCESS, NULL },
};
static const struct bind_type BOUND = { .bind = bind_word, BIND_WORDS(BOUNDS) };
static const struct bind_list BOUND_LIST = { false, 0, bind_add_bit, &BOUND };
static const struct bind_type BOUND_TYPE = {
	.bind = bind_list,
	.expected = "a list of what an approval is bound to",
	.detail = &BOUND_LIST,
};

static const struct bind_word SHOWS[] = {
	{ "statement", 1, NULL }, { "values", 2, NULL },   { "plan", 4, NULL },
	{ "process", 8, NULL },   { "history", 16, NULL },
};
static const struct bind_type SHOW = { .bind = bind_word, BIND_WORDS(SHOWS) };
static const struct bind_list SHOW_LIST = { false, 0, bind_add_bit, &SHOW };
static const struct bind_type SHOW_TYPE = {
	.bind = bind_list,
	.expected = "a list of what an approver sees",
	.detail = &SHOW_LIST,
};

static const struct bind_type PEOPLE_COUNT = {
	.bind = bind_u32,
	.expected = "how many people must agree, 1 to 5",
	.minimum = 1,
	.maximum = 5,
};
static const struct bind_type USES = {
	.bind = bind_u32,
	.expected = "how often an approval can be used, 1 to 1000",
	.minimum = 1,
	.maximum = 1000,
};

#define AT(member)      offsetof(struct approve_draft, member)
#define APPROVE(member) offsetof(struct approve_draft, approve.member)
static const struct bind_field APPROVE_FIELDS[] = {
	{ "by", &BIND_NAMES, AT(by), true, 0, NULL },
	{ "people", &PEOPLE_COUNT, APPROVE(people), false, 0, NULL },
	{ "not", &NOT_TYPE, AT(not_words), false, GIVEN(AT(has_not)), NULL },
	{ "wait", &BIND_DURATION, APPROVE(wait_ms), false, 0, NULL },
	{ "answer-within", &BIND_DURATION, APPROVE(answer_within_ms), false, 0, NULL },
	{ "use-within", &BIND_DURATION, APPROVE(use_within_ms), false, 0, NULL },
	{ "uses", &USES, APPROVE(uses), false, 0, NULL },
	{ "bound-to", &BOUND_TYPE, APPROVE(bound_to), false, 0, NULL },
	{ "show", &SHOW_TYPE, APPROVE(show), false, 0, NULL },
};
#undef AT
#undef APPROVE

static int finish_approve(struct binder *binder, const struct yaml_node *node, void *target)
{
	struct approve_draft *draft = target;

	(void)binder;
	(void)node;
	if (!draft->has_not)
		draft->not_words = 3;
	draft->approve.not_requester = draft->not_words & 1;
	draft->approve.not_sponsor = draft->not_words & 2;
	if (draft->approve.people == 0)
		draft->approve.people = 1;
	if (draft->approve.uses == 0)
		draft->approve.uses = 1;
	return 0;
}

static const struct bind_shape APPROVE = {
	.what = "'approve'",
	BIND_FIELDS(APPROVE_FIELDS),
	.finish = finish_approve,
};
static const struct bind_type APPROVE_TYPE = {
	.bind = bind_struct,
	.expected = "who approves, such as { by: dba }",
	.detail = &APPROVE,
};
static const struct bind_box APPROVE_BOX = { sizeof(struct approve_draft), &APPROVE_TYPE };
const struct bind_type BIND_APPROVE = { .bind = bind_pointer, .detail = &APPROVE_BOX };

static const struct bind_word REASONS[] = { { "required", 1, NULL } };
static const struct bind_type REASON = { .bind = bind_word, BIND_WORDS(REASONS) };

#define GLASS(member) offsetof(struct glass_draft, glass.member)
static const struct bind_field GLASS_FIELDS[] = {
	{ "by", &BIND_NAMES, offsetof(struct glass_draft, by), true, 0, NULL },
	{ "reason", &REASON, offsetof(struct glass_draft, reason), true, 0, NULL },
	{ "lasts", &BIND_DURATION, GLASS(lasts_ms), false, 0, NULL },
	{ "review-within", &BIND_DURATION, GLASS(review_within_ms), false, 0, NULL },
	{ "tell", &BIND_GLOBS, GLASS(tell), false, 0, NULL },
};
#undef GLASS
static const struct bind_shape GLASS_SHAPE = {
	.what = "'break-glass'",
	BIND_FIELDS(GLASS_FIELDS),
};
static const struct bind_type GLASS_TYPE = {
	.bind = bind_struct,
	.expected = "who may break the glass, such as { by: oncall, reason: required }",
	.detail = &GLASS_SHAPE,
};
static const struct bind_box GLASS_BOX = { sizeof(struct glass_draft), &GLASS_TYPE };
const struct bind_type BIND_GLASS = { .bind = bind_pointer, .detail = &GLASS_BOX };

static const struct bind_list VALUE_LIST = { true, 1, bind_add_glob, &BIND_ANY_TEXT };
static const struct bind_type VALUES = {
	.bind = bind_list,
	.expected = "a value or a list of values",
	.detail = &VALUE_LIST,
};

static int add_condition(struct binder *binder, const struct bind_map *map,
			 const struct yaml_pair *pair, void *target)
{
	struct policy_rule *rule = target;
	struct globs values = { NULL, 0 };
	struct policy_condition *conditions = arena_grow(
		binder->memory, rule->only_where, rule->only_where_count, sizeof(*conditions));

	if (!conditions)
		return bind_out_of_memory(binder);
	rule->only_where = conditions;
	struct policy_condition *condition = &conditions[rule->only_where_count];
	int r = bind_column(binder, pair->key, &condition->column);
	if (r == 0)
		r = map->value->bind(binder, map->value, pair->value, &values);
	if (r < 0)
		return r;
	condition->values = values.items;
	condition->count = values.count;
	rule->only_where_count++;
	return 0;
}

static const struct bind_map ONLY_WHERE = {
	"a condition", &BIND_COLUMN_TEXT, NULL, 1, add_condition, &VALUES,
};
const struct bind_type BIND_ONLY_WHERE = {
	.bind = bind_map,
	.expected = "a mapping of columns to values, such as { \"*.tenant_id\": 42 }",
	.detail = &ONLY_WHERE,
};
