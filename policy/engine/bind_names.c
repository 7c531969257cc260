/* SPDX-License-Identifier: MIT */
/* Who and which: people, conditions on a caller, and uses of names. */
#include "policy/engine/bundle.h"
#include "policy/engine/text_form.h"

static const struct bind_word KINDS[] = {
	{ "agent", KIND_AGENT, NULL },
	{ "job", KIND_JOB, NULL },
	{ "person", KIND_PERSON, NULL },
	{ "service", KIND_SERVICE, NULL },
};
const struct bind_type BIND_KIND = { .bind = bind_word, BIND_WORDS(KINDS) };

static const struct bind_field WHO_FIELDS[] = {
	{ "kind", &BIND_KIND, offsetof(struct policy_who, kind), false, 0, NULL },
	{ "group", &BIND_GLOBS, offsetof(struct policy_who, group), false, 0, NULL },
	{ "subject", &BIND_GLOBS, offsetof(struct policy_who, subject), false, 0, NULL },
	{ "workload", &BIND_GLOBS, offsetof(struct policy_who, workload), false, 0, NULL },
	{ "exe", &BIND_GLOBS, offsetof(struct policy_who, exe), false, 0, NULL },
	{ "db-user", &BIND_GLOBS, offsetof(struct policy_who, db_user), false, 0, NULL },
	{ "user", &BIND_GLOBS, offsetof(struct policy_who, user), false, 0, NULL },
};
static const struct bind_shape WHO = {
	.what = "a condition on the caller",
	BIND_FIELDS(WHO_FIELDS),
	.keys_min = 1,
};
const struct bind_type BIND_WHO = {
	.bind = bind_struct,
	.expected = "a condition on the caller, such as { kind: agent }",
	.detail = &WHO,
};

static int add_person(struct binder *binder, const struct bind_map *map,
		      const struct yaml_pair *pair, void *target)
{
	struct bundle *bundle = target;
	struct policy *policy = &bundle->policy;
	struct policy_person *people =
		arena_grow(binder->memory, policy->people, policy->person_count, sizeof(*people));

	if (!people)
		return bind_out_of_memory(binder);
	policy->people = people;
	struct policy_person *person = &people[policy->person_count];
	*person = (struct policy_person){ .place = bind_place(binder, pair->key) };
	int r = bundle_define(bundle, NOUN_PEOPLE, pair->key, &person->name);
	if (r < 0)
		return r;
	policy->person_count++;
	return map->value->bind(binder, map->value, pair->value, &person->who);
}

static const struct bind_map PEOPLE = { "people", &BIND_ID, "everyone", 0, add_person, &BIND_WHO };
const struct bind_type BIND_PEOPLE = {
	.bind = bind_map,
	.expected = "a mapping of names to conditions",
	.detail = &PEOPLE,
};

static const struct bind_type NAME = {
	.bind = bind_text,
	.expected = "a name (a-z, 0-9, -), in which * stands for any part",
	.matches = text_is_name,
};

static int add_name(struct binder *binder, const struct bind_type *item,
		    const struct yaml_node *node, void *target)
{
	struct name_uses *uses = target;
	struct name_use *items =
		arena_grow(binder->memory, uses->items, uses->count, sizeof(*items));

	if (!items)
		return bind_out_of_memory(binder);
	uses->items = items;
	struct name_use *use = &items[uses->count];
	*use = (struct name_use){ NULL, bind_place(binder, node) };
	int r = item->bind(binder, item, node, &use->text);
	uses->count += r == 0;
	return r;
}

static const struct bind_list NAMES = { true, 1, add_name, &NAME };
const struct bind_type BIND_NAMES = {
	.bind = bind_list,
	.expected = "a name or a list of names",
	.detail = &NAMES,
};

static const struct bind_box WHO_BOX = { sizeof(struct policy_who), &BIND_WHO };
static const struct bind_type WHO_POINTER = { .bind = bind_pointer, .detail = &WHO_BOX };
static const struct bind_type WHOM_NAMES = {
	.bind = bind_list,
	.expected = "a name, a list of names, or a condition such as { kind: agent }",
	.detail = &NAMES,
};

static BINDS(bind_whom)
{
	struct whom_draft *whom = target;

	(void)type;
	whom->is_given = true;
	if (node->kind == YAML_MAPPING)
		return bind_pointer(binder, &WHO_POINTER, node, &whom->who);
	return bind_list(binder, &WHOM_NAMES, node, &whom->names);
}

const struct bind_type BIND_WHOM = { .bind = bind_whom };
