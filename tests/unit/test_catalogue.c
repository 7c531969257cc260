/* SPDX-License-Identifier: MIT */
/* A catalogue is read strictly, and protection spreads through it. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/engine/catalogue.h"
#include "policy/engine/cover.h"
#include "tests/unit/run_suite.h"

#define IDENTITY "i 7 f - - shop anna anna"

static const struct {
	const char *rows[3];
	size_t count;
} MALFORMED[] = {
	{ { "" }, 0 },
	{ { "r 1 r public t" }, 1 },
	{ { IDENTITY, IDENTITY }, 2 },
	{ { IDENTITY, "" }, 2 },
	{ { IDENTITY, "x 1" }, 2 },
	{ { IDENTITY, "r x r public t" }, 2 },
	{ { IDENTITY, "r 99999999999 r public t" }, 2 },
	{ { IDENTITY, "r 1 z public t" }, 2 },
	{ { IDENTITY, "r 1 r public" }, 2 },
	{ { IDENTITY, "r 1 r public t more" }, 2 },
	{ { IDENTITY, "r 1 r public \"t" }, 2 },
	{ { IDENTITY, "r 1 r public \"t\"x" }, 2 },
	{ { IDENTITY, "r 1 r public t\"x\"" }, 2 },
	{ { IDENTITY, "a 1 40000 25 0 0 c" }, 2 },
	{ { IDENTITY, "r 1 r public t", "r 1 r public u" }, 3 },
	{ { "i 7 f - - shop anna anna public" }, 1 },
	{ { "i 7 f - shop anna anna" }, 1 },
	{ { IDENTITY, "s 2 public" }, 2 },
	{ { IDENTITY, "s 1 a", "s 1 b" }, 3 },
	{ { IDENTITY, "p 1 13 0 {1 public f" }, 2 },
	{ { IDENTITY, "p 1 13 0 1} public f" }, 2 },
	{ { IDENTITY, "p 1 13 0 { public f" }, 2 },
	{ { IDENTITY, "p 1 13 0 {} public" }, 2 },
	{ { IDENTITY, "p 1 13 0 {x} public f" }, 2 },
	{ { IDENTITY, "p 1 13 0 {} public f x" }, 2 },
	{ { IDENTITY, "o 1 2 3 public f" }, 2 },
	{ { IDENTITY, "t public" }, 2 },
	{ { IDENTITY, "c implicit 1 int4 int8" }, 2 },
	{ { IDENTITY, "m 1 2" }, 2 },
	{ { IDENTITY, "w 1 pg_catalog pg_stats" }, 2 },
	{ { IDENTITY, "w x pg_catalog pg_stats attname" }, 2 },
	{ { IDENTITY, "w 1 pg_catalog pg_stats \"attname" }, 2 },
	{ { IDENTITY, "x 1" }, 2 },
};

START_TEST(rows_of_another_making_are_refused)
{
	struct slice rows[3];
	struct catalogue *catalogue;

	for (size_t i = 0; i < MALFORMED[_i].count; i++)
		rows[i] = slice_of(MALFORMED[_i].rows[i]);
	ck_assert_int_eq(catalogue_read(rows, MALFORMED[_i].count, &catalogue), -EBADMSG);
}
END_TEST

static const char *const ROWS[] = {
	"i 7 f 42 pg_temp_3 shop \"an\"\"na\" \"A b\"",
	"s 1 pg_temp_3",
	"s 2 pg_catalog",
	"s 3 \"$user\"",
	"r 100 r public customers",
	"a 100 1 23 0 0 id",
	"a 100 3 25 0 0 email",
	"r 101 v public \"view of\"",
	"b 101 100",
	"a 101 1 23 0 0 id",
	"a 101 2 25 0 0 email",
	"a 101 3 25 0 0 x",
	"r 102 v public second",
	"b 102 101",
	"a 102 1 23 0 0 y",
	"r 110 p public parted",
	"a 110 1 25 0 0 ssn",
	"r 111 r public part1",
	"b 111 110",
	"a 111 1 25 0 0 ssn",
	"r 112 r other part2",
	"b 112 110",
	"a 112 1 25 0 0 ssn",
	"r 120 v public calls",
	"b 120 0",
	"a 120 1 25 0 0 z",
	"r 130 r public orders",
	/* functions and operators over the server's own types, and over others */
	"p 16500 14 0 {} elsewhere lower 25",
	"p 16501 14 0 {} \"$user\" lower 25",
	"p 16502 14 0 {} public upper 16600",
	"o 16503 25 25 14 elsewhere \"=\"",
	"o 16504 16600 25 14 public \">\"",
	/* in schemas of the server and of other sessions, and in the own temporary one */
	"p 16505 14 0 {} pg_catalog left 25",
	"p 16506 14 0 {} pg_temp_4 right 25",
	"p 16507 14 0 {} pg_temp_3 ltrim 25",
	/* members of extensions: known ones in C alone, if they are known under that name */
	"p 16510 13 0 {} public citext_a 25",
	"p 16511 14 0 {} public citext_b 25",
	"p 16512 13 0 {} public odd_a 25",
	"o 16510 25 25 13 public \"~\"",
	"m 1255 16510 16400",
	"m 1255 16511 16400",
	"m 1255 16512 16401",
	"x 16400 citext",
	"x 16401 \"odd one\"",
	/* types, and casts, which are called by their types' names */
	"t public citext",
	"t pg_catalog planted",
	"c e 16520 \"character varying[]\" \"pg_catalog.\"\"char\"\"\"",
	"c i 0 date int2vector",
	/* functions of one row, of two, and of one with a default behind it */
	"p 16530 14 0 {101} public nick 16601",
	"p 16531 14 0 {0} public anything 2283",
	"p 16532 14 0 {101} public two 16601 23",
	"p 16533 14 1 {101} public either 16601 23",
	"p 16534 14 0 {101} pg_catalog hidden 16601",
	"r 140 v information_schema shown",
	"r 141 v information_schema unshown",
	"w 12005 pg_catalog pg_stats schemaname \"odd \"\"one\" attname",
	"r 142 v public shows",
	"b 142 140",
};

static struct catalogue *catalogue;
static struct arena *memory;
static struct policy *policy;
static struct guards guards;
static struct guard items[2];

static const char POLICY[] =
	"version: 1\nname: p\ncolumns: { c: [customers.email, part1.ssn] }\n"
	"rules: [ { name: m, for: everyone, mask: { c: { keep-last: 2 } } } ]\n";

static void set_up(void)
{
	struct slice rows[COUNT_OF(ROWS)], text = { POLICY, sizeof(POLICY) - 1 };
	const char *name = "p.yaml";
	struct error error;

	for (size_t i = 0; i < COUNT_OF(ROWS); i++)
		rows[i] = slice_of(ROWS[i]);
	ck_assert_int_eq(catalogue_read(rows, COUNT_OF(ROWS), &catalogue), 0);
	ck_assert_int_eq(policy_read_texts(&name, &text, 1, &policy, &error), 0);
	memory = arena_new(16 * MIB);
	for (size_t i = 0; i < 2; i++)
		items[i] = (struct guard){ &policy->column_groups[0].columns[i],
					   policy->rules[0].masks[0].mask, 0 };
	guards = (struct guards){ policy, items, 2, false };
}

static void tear_down(void)
{
	catalogue_free(catalogue);
	policy_free(policy);
	arena_free(memory);
}

START_TEST(names_and_identity_are_read)
{
	const struct catalogue_identity *identity = catalogue_identity(catalogue);

	ck_assert(slice_is(identity->session_user, "an\"na"));
	ck_assert(slice_is(identity->current_user, "A b"));
	ck_assert(slice_is(identity->server_id, "42"));
	ck_assert_uint_eq(identity->path_count, 3);
	ck_assert(slice_is(identity->path[2], "$user"));
	ck_assert_int_eq(identity->backend_pid, 7);
	ck_assert_uint_eq(catalogue_find(catalogue, SLICE("public"), SLICE("view of"))->oid, 101);
	ck_assert_ptr_null(catalogue_find(catalogue, SLICE("other"), SLICE("customers")));
	ck_assert_ptr_null(catalogue_by_oid(catalogue, 1));
	ck_assert_int_eq(catalogue_by_oid(catalogue, 100)->columns[1].attribute, 3);
	ck_assert(catalogue_overloads(catalogue, SLICE("lower"), true));
	ck_assert(!catalogue_overloads(catalogue, SLICE("upper"), true));
}
END_TEST

START_TEST(overloads_count_by_the_path)
{
	struct slice rows[] = { SLICE("i 7 f - - d u u"), SLICE("c i 16500 date integer") };
	struct catalogue *unasked;

	ck_assert(catalogue_overloads(catalogue, SLICE("lower"), false));
	ck_assert(!catalogue_overloads(catalogue, SLICE("="), true));
	ck_assert(catalogue_overloads(catalogue, SLICE("="), false));
	ck_assert(!catalogue_overloads(catalogue, SLICE("<"), false));
	/* A cast that is applied unasked may stand anywhere. */
	ck_assert_int_eq(catalogue_read(rows, 2, &unasked), 0);
	ck_assert(catalogue_overloads(unasked, SLICE("<"), true));
	catalogue_free(unasked);
}
END_TEST

static const struct {
	const char *name;
	bool counts_on_path, counts_anywhere;
} OVERLOADS[] = {
	{ "lower", true, true },     { "upper", false, false },    { "=", false, true },
	{ ">", false, false },       { "left", false, false },     { "right", false, false },
	{ "ltrim", true, true },     { "citext_a", false, false }, { "citext_b", false, true },
	{ "odd_a", false, true },    { "~", false, true },         { "citext", false, true },
	{ "planted", false, false }, { "varchar", true, true },    { "char", true, true },
	{ "date", true, true },      { "int2", true, true },       { "int2vector", false, false },
};

START_TEST(what_stands_in_for_the_servers_own_is_an_overload)
{
	struct slice name = slice_of(OVERLOADS[_i].name);

	ck_assert_int_eq(catalogue_overloads(catalogue, name, true), OVERLOADS[_i].counts_on_path);
	ck_assert_int_eq(catalogue_overloads(catalogue, name, false),
			 OVERLOADS[_i].counts_anywhere);
}
END_TEST

START_TEST(of_the_servers_own_relations_those_that_are_shown_count)
{
	ck_assert_ptr_nonnull(catalogue_by_oid(catalogue, 140));
	ck_assert_ptr_null(catalogue_by_oid(catalogue, 141));
}
END_TEST

START_TEST(a_function_of_rows_is_a_field_of_its_relation_and_of_children)
{
	const struct catalogue_relation *customers = catalogue_by_oid(catalogue, 101);
	const struct catalogue_relation *orders = catalogue_by_oid(catalogue, 130);
	const struct catalogue_relation *child = catalogue_by_oid(catalogue, 111);

	ck_assert(catalogue_has_field(catalogue, customers, SLICE("nick")));
	ck_assert(!catalogue_has_field(catalogue, orders, SLICE("nick")));
	ck_assert(catalogue_has_field(catalogue, child, SLICE("nick")));
	ck_assert(catalogue_has_field(catalogue, NULL, SLICE("nick")));
	ck_assert(catalogue_has_field(catalogue, orders, SLICE("anything")));
	ck_assert(!catalogue_has_field(catalogue, customers, SLICE("lower")));
	ck_assert(!catalogue_has_field(catalogue, customers, SLICE("two")));
	ck_assert(catalogue_has_field(catalogue, customers, SLICE("either")));
	ck_assert(!catalogue_has_field(catalogue, customers, SLICE("hidden")));
}
END_TEST

START_TEST(the_digest_knows_contents_not_order_nor_backend)
{
	struct slice rows[] = { SLICE("i 7 f - - d u u"), SLICE("r 1 r public a"),
				SLICE("r 2 r public b") };
	struct slice others[] = { SLICE("r 2 r public b"), SLICE("r 1 r public a"),
				  SLICE("i 8 f - - d u u") };
	struct slice changed[] = { SLICE("i 7 f - - d u u"), SLICE("r 1 r public a"),
				   SLICE("r 2 v public b") };
	struct catalogue *a, *b, *c;

	ck_assert_int_eq(catalogue_read(rows, 3, &a), 0);
	ck_assert_int_eq(catalogue_read(others, 3, &b), 0);
	ck_assert_int_eq(catalogue_read(changed, 3, &c), 0);
	ck_assert_uint_eq(catalogue_digest(a), catalogue_digest(b));
	ck_assert_uint_ne(catalogue_digest(a), catalogue_digest(c));
	catalogue_free(a);
	catalogue_free(b);
	catalogue_free(c);
}
END_TEST

static const struct {
	uint32_t relation;
	const char *column; /* "": the whole row; "*": what nobody named */
	enum mask_how how;
} COVERS[] = {
	{ 100, "email", MASK_KEEP_LAST },
	{ 100, "id", MASK_NONE },
	{ 100, "", MASK_REDACT },
	{ 100, "*", MASK_NONE },
	/* views: the name keeps its mask, all else may be computed from it */
	{ 101, "email", MASK_KEEP_LAST },
	{ 101, "id", MASK_REDACT },
	{ 101, "*", MASK_REDACT },
	{ 102, "y", MASK_REDACT },
	/* partitions: each protects all */
	{ 110, "ssn", MASK_KEEP_LAST },
	{ 111, "ssn", MASK_KEEP_LAST },
	{ 112, "ssn", MASK_KEEP_LAST },
	{ 112, "", MASK_REDACT },
	{ 112, "*", MASK_NONE },
	/* a view that calls what somebody made */
	{ 120, "z", MASK_REDACT },
	{ 130, "email", MASK_NONE },
	{ 130, "", MASK_NONE },
};

START_TEST(protection_spreads)
{
	const struct catalogue_relation *relation =
		catalogue_by_oid(catalogue, COVERS[_i].relation);
	struct cover_name name = { relation->schema, relation->name, relation, NULL, false };
	struct slice column = slice_of(COVERS[_i].column);
	struct shield shield = { .mask = { 0 } };
	struct cover cover;

	ck_assert_int_eq(cover_find(&cover, &guards, catalogue, &name, memory), 0);
	if (column.length == 0)
		cover_whole(&cover, &shield);
	else if (slice_is(column, "*"))
		cover_rest(&cover, &shield);
	else
		cover_column(&cover, column, &shield);
	ck_assert_int_eq(shield.mask.how, COVERS[_i].how);
}
END_TEST

START_TEST(the_servers_own_relations_have_their_columns_in_order)
{
	const struct catalogue_relation *own =
		catalogue_builtin(catalogue, SLICE("pg_catalog"), SLICE("pg_stats"));

	ck_assert_ptr_nonnull(own);
	ck_assert_uint_eq(own->oid, 12005);
	ck_assert_uint_eq(own->column_count, 3);
	ck_assert(slice_is(own->columns[1].name, "odd \"one"));
	ck_assert(slice_is(own->columns[2].name, "attname"));
	ck_assert_ptr_null(catalogue_builtin(catalogue, SLICE("public"), SLICE("pg_stats")));
	ck_assert_ptr_null(catalogue_builtin(catalogue, SLICE("pg_catalog"), SLICE("pg_stat")));
	/* What users make shows them through edges, not by this. */
	ck_assert_ptr_null(catalogue_find(catalogue, SLICE("pg_catalog"), SLICE("pg_stats")));
}
END_TEST

START_TEST(an_unknown_relation_is_covered_by_name_in_any_schema)
{
	struct cover_name name = { SLICE(""), SLICE("customers"), NULL, NULL, false };
	struct shield shield = { .mask = { 0 } };
	struct cover cover;

	ck_assert_int_eq(cover_find(&cover, &guards, NULL, &name, memory), 0);
	cover_column(&cover, SLICE("email"), &shield);
	ck_assert_int_eq(shield.mask.how, MASK_KEEP_LAST);
	name.name = SLICE("harmless");
	name.is_open = true;
	shield = (struct shield){ .mask = { 0 } };
	ck_assert_int_eq(cover_find(&cover, &guards, NULL, &name, memory), 0);
	cover_column(&cover, SLICE("id"), &shield);
	ck_assert_int_eq(shield.mask.how, MASK_REDACT);
}
END_TEST

START_TEST(the_query_holds_nothing_that_a_setting_could_read_otherwise)
{
	static const char ODD[] =
		"version: 1\nname: p\ncolumns: { c: [\"o'dd\\\\.x\", \"*.y\", \"a.*\"] }\n"
		"rules: [ { name: m, for: everyone, mask: { c: redact } } ]\n";
	struct slice text = { ODD, sizeof(ODD) - 1 };
	SCOPED(policy_freep) struct policy *odd = NULL;
	SCOPED(buf_done) struct buf query = BUF_MAX(1 * MIB);
	const char *name = "p.yaml";
	struct error error;

	if (policy_read_texts(&name, &text, 1, &odd, &error) < 0)
		ck_abort_msg("%s", error.text);
	ck_assert_int_eq(catalogue_query(odd, &query), 0);
	ck_assert_ptr_null(strchr(buf_text(&query), '\\'));
	ck_assert_ptr_null(strstr(buf_text(&query), "o'dd"));
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, rows_of_another_making_are_refused, 0, COUNT_OF(MALFORMED));
	tcase_add_test(tcase, names_and_identity_are_read);
	tcase_add_test(tcase, overloads_count_by_the_path);
	tcase_add_loop_test(tcase, what_stands_in_for_the_servers_own_is_an_overload, 0,
			    COUNT_OF(OVERLOADS));
	tcase_add_test(tcase, of_the_servers_own_relations_those_that_are_shown_count);
	tcase_add_test(tcase, a_function_of_rows_is_a_field_of_its_relation_and_of_children);
	tcase_add_test(tcase, the_digest_knows_contents_not_order_nor_backend);
	tcase_add_loop_test(tcase, protection_spreads, 0, COUNT_OF(COVERS));
	tcase_add_test(tcase, the_servers_own_relations_have_their_columns_in_order);
	tcase_add_test(tcase, an_unknown_relation_is_covered_by_name_in_any_schema);
	tcase_add_test(tcase, the_query_holds_nothing_that_a_setting_could_read_otherwise);
}

int main(void)
{
	return run_suite("catalogue", set_up, tear_down, add_tests);
}
