/* SPDX-License-Identifier: MIT */
/* Tests of policies, bound by tables as policies are. */
#include "policy/engine/policy_test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/engine/bundle.h"
#include "policy/engine/nearest.h"
#include "policy/engine/policy_files.h"
#include "policy/engine/policy_test_value.h"
#include "policy/engine/text_form.h"

static const struct bind_list ROW_LIST = { false, 0, policy_test_add_row, NULL };
static const struct bind_type ROWS = {
	.bind = bind_list,
	.expected = "a list of rows, each a mapping of columns to values",
	.detail = &ROW_LIST,
};
static const struct bind_list VALUE_LIST = { false, 0, policy_test_add_value, NULL };
static const struct bind_type VALUES = {
	.bind = bind_list,
	.expected = "a list of values",
	.detail = &VALUE_LIST,
};

static const struct bind_word DECISIONS[] = {
	{ "allow", DECISION_ALLOW, NULL },
	{ "deny", DECISION_DENY, NULL },
	{ "approve", DECISION_APPROVE, NULL },
};
static const struct bind_type DECISION = { .bind = bind_word, BIND_WORDS(DECISIONS) };
static const struct bind_word REASON_WORDS[] = {
#define REASON_WORD(reason, text) { text, reason, NULL },
	REASONS(REASON_WORD)
#undef REASON_WORD
};
static const struct bind_type REASON = { .bind = bind_word, BIND_WORDS(REASON_WORDS) };
static const struct bind_type PEOPLE = {
	.bind = bind_u64,
	.expected = "a whole number",
	.maximum = INT64_MAX,
};
static const struct bind_type SQLSTATE = {
	.bind = bind_text,
	.expected = "an SQLSTATE, five of 0-9 and A-Z",
	.matches = text_is_sqlstate,
};

#define AT(member) offsetof(struct policy_test_want, member)
static const struct bind_field WANT_FIELDS[] = {
	{ "decision", &DECISION, AT(decision), true, 0, NULL },
	{ "reason", &REASON, AT(reason), false, GIVEN(AT(has_reason)), NULL },
	{ "rules", &BIND_TEXTS, AT(rules), false, GIVEN(AT(has_rules)), NULL },
	{ "people", &PEOPLE, AT(people), false, GIVEN(AT(has_people)), NULL },
	{ "sqlstate", &SQLSTATE, AT(sqlstate), false, 0, NULL },
	{ "break-glass", &BIND_BOOLEAN, AT(break_glass), false, GIVEN(AT(has_break_glass)), NULL },
	{ "masked", &BIND_TEXTS, AT(masked), false, GIVEN(AT(has_masked)), NULL },
	{ "rows", &ROWS, AT(rows), false, GIVEN(AT(has_rows)), NULL },
};
#undef AT
static const struct bind_shape WANT = { .what = "'want'", BIND_FIELDS(WANT_FIELDS) };
static const struct bind_type WANT_TYPE = {
	.bind = bind_struct,
	.expected = "what is wanted, such as { decision: deny }",
	.detail = &WANT,
};

#define AT(member) offsetof(struct policy_test, member)
static const struct bind_field TEST_FIELDS[] = {
	{ "name", &BIND_ANY_TEXT, AT(name), true, 0, NULL },
	{ "at", &BIND_INSTANT, AT(at), false, GIVEN(AT(has_at)), NULL },
	{ "as", &BIND_ANY_TEXT, AT(as), true, 0, NULL },
	{ "database", &BIND_ANY_TEXT, AT(database), true, 0, NULL },
	{ "sql", &BIND_ANY_TEXT, AT(sql), true, 0, NULL },
	{ "values", &VALUES, AT(values), false, 0, NULL },
	{ "before", &BIND_TEXTS, AT(before), false, 0, NULL },
	{ "returns", &ROWS, AT(returns), false, GIVEN(AT(has_returns)), NULL },
	{ "want", &WANT_TYPE, AT(want), true, 0, NULL },
};
#undef AT
static const struct bind_shape TEST = { .what = "a test", BIND_FIELDS(TEST_FIELDS) };
static const struct bind_type TEST_TYPE = {
	.bind = bind_struct,
	.expected = "a test",
	.detail = &TEST,
};

#define AT(member) offsetof(struct policy_test_caller, member)
static const struct bind_field CALLER_FIELDS[] = {
	{ "kind", &BIND_KIND, AT(kind), false, 0, NULL },
	{ "groups", &BIND_TEXTS, AT(groups), false, 0, NULL },
	{ "subject", &BIND_ANY_TEXT, AT(subject), false, 0, NULL },
	{ "workload", &BIND_ANY_TEXT, AT(workload), false, 0, NULL },
	{ "exe", &BIND_ANY_TEXT, AT(exe), false, 0, NULL },
	{ "user", &BIND_ANY_TEXT, AT(user), false, 0, NULL },
	{ "db-user", &BIND_ANY_TEXT, AT(db_user), false, 0, NULL },
};
#undef AT
static const struct bind_shape CALLER = {
	.what = "a caller",
	BIND_FIELDS(CALLER_FIELDS),
	.keys_min = 1,
};
static const struct bind_type CALLER_TYPE = {
	.bind = bind_struct,
	.expected = "facts about a caller, such as { kind: agent }",
	.detail = &CALLER,
};

static int add_caller(struct binder *binder, const struct bind_map *map,
		      const struct yaml_pair *pair, void *target)
{
	struct policy_test_file *file = target;
	struct policy_test_caller *callers =
		arena_grow(binder->memory, file->callers, file->caller_count, sizeof(*callers));

	if (!callers)
		return bind_out_of_memory(binder);
	file->callers = callers;
	struct policy_test_caller *caller = &callers[file->caller_count++];
	*caller = (struct policy_test_caller){ 0 };
	int r = bind_copy(binder, pair->key, &caller->name);
	return r < 0 ? r : map->value->bind(binder, map->value, pair->value, caller);
}

static const struct bind_map CALLERS = {
	"a caller", &BIND_ANY_TEXT, NULL, 1, add_caller, &CALLER_TYPE,
};
static const struct bind_type CALLERS_TYPE = {
	.bind = bind_map,
	.expected = "a mapping of names to callers",
	.detail = &CALLERS,
};

static int add_test(struct binder *binder, const struct bind_type *item,
		    const struct yaml_node *node, void *target)
{
	struct policy_test_file *file = target;
	struct policy_test *tests =
		arena_grow(binder->memory, file->tests, file->test_count, sizeof(*tests));

	if (!tests)
		return bind_out_of_memory(binder);
	file->tests = tests;
	struct policy_test *test = &tests[file->test_count++];
	*test = (struct policy_test){ .line = node->line, .column = node->column };
	return item->bind(binder, item, node, test);
}

static const struct bind_list TEST_LIST = { false, 1, add_test, &TEST_TYPE };
static const struct bind_type TESTS = {
	.bind = bind_list,
	.expected = "a list of tests",
	.detail = &TEST_LIST,
};

static int find_caller(struct binder *binder, const struct policy_test_file *file,
		       const struct yaml_node *node, uint32_t *ret_caller)
{
	struct nearest nearest = nearest_to(yaml_text(node));
	char hint[NEAREST_HINT_SIZE];

	for (size_t i = 0; i < file->caller_count; i++) {
		nearest_try(&nearest, file->callers[i].name);
		if (slice_is(yaml_text(node), file->callers[i].name)) {
			*ret_caller = (uint32_t)i;
			return 0;
		}
	}
	nearest_hint(&nearest, hint);
	return bind_refuse(binder, node, "no caller of this file is called '%.64s'%s",
			   node->of.text, hint);
}

static int finish_file(struct binder *binder, const struct yaml_node *node, void *target)
{
	struct policy_test_file *file = target;
	const struct yaml_node *tests = yaml_find(node, "tests")->value;

	for (size_t i = 0; i < file->test_count; i++) {
		struct policy_test *test = &file->tests[i];
		int r = find_caller(binder, file, yaml_find(tests->of.items[i], "as")->value,
				    &test->caller);

		if (r < 0)
			return r;
		if (!test->has_at)
			test->at = file->at;
	}
	return 0;
}

/* A path as it is written means one beside the test. */
static int add_policy(struct binder *binder, const struct bind_type *item,
		      const struct yaml_node *node, void *target)
{
	struct globs *paths = target;
	const char *slash = strrchr(binder->path, '/');
	size_t folder = slash ? (size_t)(slash - binder->path) + 1 : 0;
	int r = bind_add_glob(binder, item, node, paths);

	if (r < 0 || folder == 0 || paths->items[paths->count - 1][0] == '/')
		return r;
	size_t size = folder + node->count + 1;
	char *path = arena_get(binder->memory, size);
	if (!path)
		return bind_out_of_memory(binder);
	snprintf(path, size, "%.*s%s", (int)folder, binder->path, node->of.text);
	paths->items[paths->count - 1] = path;
	return 0;
}

static const struct bind_list POLICY_LIST = { false, 1, add_policy, &BIND_ANY_TEXT };
static const struct bind_type POLICIES = {
	.bind = bind_list,
	.expected = "a list of paths to policies",
	.detail = &POLICY_LIST,
};
#define AT(member) offsetof(struct policy_test_file, member)
static const struct bind_field FILE_FIELDS[] = {
	{ "version", &BIND_VERSION, 0, true, 0, NULL },
	{ "policies", &POLICIES, AT(policies), true, 0, NULL },
	{ "at", &BIND_INSTANT, AT(at), true, 0, NULL },
	{ "as", &CALLERS_TYPE, 0, true, 0, NULL },
	{ "tests", &TESTS, 0, true, 0, NULL },
};
#undef AT
static const struct bind_shape FILE_SHAPE = {
	.what = "a test file",
	BIND_FIELDS(FILE_FIELDS),
	.finish = finish_file,
};
static const struct bind_type FILE_TYPE = {
	.bind = bind_struct,
	.expected = "a test: a mapping with version, policies, at, as and tests",
	.detail = &FILE_SHAPE,
};

void policy_test_free(struct policy_test_file *file)
{
	if (file)
		arena_free(file->memory);
}

static int bind_test_file(struct binder *binder, struct slice text, struct policy_test_file *file)
{
	SCOPED(arena_freep) struct arena *tree = arena_new(YAML_MEMORY_MAX);
	const struct yaml_node *root;

	if (!tree)
		return bind_out_of_memory(binder);
	int r = yaml_read(tree, text, &root, binder->error);
	return r < 0 ? r : FILE_TYPE.bind(binder, &FILE_TYPE, root, file);
}

static int read_text(struct binder *binder, struct slice text, struct policy_test_file **ret_file)
{
	struct policy_test_file *file = arena_get(binder->memory, sizeof(*file));

	if (!file)
		return bind_out_of_memory(binder);
	int r = bind_test_file(binder, text, file);
	if (r < 0)
		return r;
	file->path = arena_text(binder->memory, slice_of(binder->path));
	if (!file->path)
		return bind_out_of_memory(binder);
	file->memory = binder->memory;
	*ret_file = file;
	return 0;
}

int policy_test_read_text(const char *path, struct slice text, struct policy_test_file **ret_file,
			  struct error *error)
{
	SCOPED(arena_freep) struct arena *memory = arena_new(POLICY_TEST_MEMORY_MAX);
	struct error ignored;

	if (!error)
		error = &ignored;
	*error = (struct error){ 0 };
	snprintf(error->file, sizeof(error->file), "%s", path);
	if (!memory)
		return error_system(error, -ENOMEM, "cannot read the test");
	struct binder binder = { .memory = memory, .error = error, .path = path };
	int r = read_text(&binder, text, ret_file);
	if (r == 0)
		memory = NULL; /* the file's */
	return r;
}

int policy_test_read(const char *path, struct policy_test_file **ret_file, struct error *error)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(POLICY_FILE_MAX);

	if (error)
		*error = (struct error){ 0 };
	int r = policy_file_read(path, &text, error);
	return r < 0 ? r : policy_test_read_text(path, buf_view(&text), ret_file, error);
}
