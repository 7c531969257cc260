/* SPDX-License-Identifier: MIT */
/* The query that learns a catalogue.  It runs as any role, under any search path and lexing
 * setting: every name and operator is qualified with pg_catalog, no literal holds a backslash or
 * a quote, and format() writes the rows, which calls output functions only. */
#include "policy/engine/catalogue.h"

#include <string.h>

#include "policy/engine/builtins.h"

bool catalogue_is_needed(const struct policy *policy)
{
	return !policy_allows_everything(policy);
}

/* The layout follows the query, not C. */
/* clang-format off */
#define EQUALS " OPERATOR(pg_catalog.=) "
#define AT_LEAST " OPERATOR(pg_catalog.>=) "
#define ABOVE " OPERATOR(pg_catalog.>) "
/* The first OID that the server gives to what users make (src/include/access/transam.h,
 * FirstNormalObjectId).  As a lower bound it makes a short walk over an index of every scan. */
#define FIRST_USER_OID "'16384'"
/* The catalogues' own OIDs, which never change (src/include/catalog/pg_*.h): their names as regclass
 * would have to be looked up, and compared by an operator for other types than the columns'. */
#define PG_PROC "1255"
#define PG_CLASS "1259"
#define PG_OPERATOR "2617"
#define PG_REWRITE "2618"
#define PG_EXTENSION "3079"
#define SCHEMA(column) "CAST(" column " AS pg_catalog.regnamespace)"

/* What a fresh server process pays for is parsing, planning and filling its caches, not the rows.  So a
 * part of the query takes one catalogue, as few names and types as it can, and leaves to
 * catalogue_read.c and catalogue_calls.c what can be concluded from its rows: which schemas are the
 * server's own, which extensions are known, what a cast's types are called.  A schema's name comes from
 * regnamespace's output, which needs no join.
 * A large database's cost estimate would reach the thresholds from which the server compiles a plan,
 * which takes longer than the plan does. */
static const char BEGINNING[] =
	"SET LOCAL jit = off; WITH RECURSIVE ";

/* Which relation leads to which when protection spreads: from a base to what shows it, and
 * between parents and children both ways: turned ones are for that alone.  `base` 0 stands for a
 * function or operator that somebody made.  A view's rule depends internally on the view alone
 * (src/backend/rewrite/rewriteDefine.c, InsertRule), so that pg_rewrite need not be read.  The
 * server's own views are left out: they show nothing that users made. */
static const char EDGES[] =
	"edge(child, base, turned) AS ("
	"SELECT i.inhrelid, i.inhparent, false FROM pg_catalog.pg_inherits i UNION ALL "
	"SELECT i.inhparent, i.inhrelid, true FROM pg_catalog.pg_inherits i UNION "
	"SELECT o.refobjid, CASE WHEN d.refclassid" EQUALS "'" PG_CLASS "' THEN d.refobjid ELSE '0' END, false "
	"FROM pg_catalog.pg_depend o, pg_catalog.pg_depend d WHERE o.classid" EQUALS "'" PG_REWRITE "' "
	"AND o.objid" AT_LEAST FIRST_USER_OID " AND o.deptype" EQUALS "'i' "
	"AND d.classid" EQUALS "'" PG_REWRITE "' AND d.objid" EQUALS "o.objid AND "
	"((d.refclassid" EQUALS "'" PG_CLASS "' AND NOT d.refobjid" EQUALS "o.refobjid) OR "
	"(d.refclassid" EQUALS "ANY ('{" PG_PROC "," PG_OPERATOR "}') AND d.refobjid" AT_LEAST FIRST_USER_OID ")))";

static const char IDENTITY[] =
	" SELECT pg_catalog.format('i %s %s %s %s %I %I %I', pg_catalog.pg_backend_pid(), "
	"pg_catalog.pg_is_in_recovery(), ";

/* A missing permission is an error when a plan is made, in whatever branch it stands;
 * query_to_xml makes its plan when it is called. */
static const char SERVER_ID[] =
	"CASE WHEN pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') "
	"THEN COALESCE(pg_catalog.\"substring\"(pg_catalog.format('%s', pg_catalog.query_to_xml("
	"'SELECT system_identifier FROM pg_catalog.pg_control_system()', false, true, '')), "
	"'<system_identifier>([0-9]+)<'), '-') ELSE '-' END, ";

/* The server's own relations count where something of a user's shows them. */
static const char RELATIONS[] =
	SCHEMA("pg_catalog.pg_my_temp_schema()") ", CURRENT_CATALOG, SESSION_USER, CURRENT_USER) "
	"UNION ALL SELECT pg_catalog.format('s %s %I', p.place, p.schema) FROM ROWS FROM ("
	"pg_catalog.unnest(pg_catalog.current_schemas(true))) WITH ORDINALITY AS p(schema, place) "
	"UNION ALL SELECT pg_catalog.format('r %s %s %s %I', c.oid, c.relkind, " SCHEMA("c.relnamespace") ", "
	"c.relname) FROM pg_catalog.pg_class c WHERE c.relkind" EQUALS "ANY ('{r,v,m,p,f,S}') AND "
	"((c.oid" AT_LEAST FIRST_USER_OID " AND NOT pg_catalog.pg_is_other_temp_schema(c.relnamespace)) "
	"OR c.oid" EQUALS "ANY (ARRAY(SELECT e.base FROM edge e WHERE " FIRST_USER_OID ABOVE "e.base))) "
	"UNION ALL SELECT pg_catalog.format('b %s %s', e.child, e.base) FROM edge e WHERE NOT e.turned ";

/* An array, not a join: its members are looked up in the index, however many columns there are. */
static const char COLUMNS[] =
	"UNION ALL SELECT pg_catalog.format('a %s %s %s %s %s %I', a.attrelid, a.attnum, a.atttypid, "
	"a.atttypmod OPERATOR(pg_catalog.+) 1, CASE WHEN a.attgenerated" EQUALS "'' THEN 0 ELSE 1 END, a.attname) "
	"FROM pg_catalog.pg_attribute a WHERE a.attnum" ABOVE "'0' AND NOT a.attisdropped "
	"AND a.attrelid" EQUALS "ANY (ARRAY(SELECT m.oid FROM near m)) ";

/* The server's own relations of which some columns may be shown and others not, each in one row: a
 * row per column would take three times as long. */
static const char SERVER_COLUMNS[] =
	"UNION ALL SELECT pg_catalog.format('w %%s %%s %%I %%s', c.oid, " SCHEMA("c.relnamespace") ", c.relname, "
	"pg_catalog.array_to_string(ARRAY(SELECT pg_catalog.quote_ident(a.attname) FROM pg_catalog.pg_attribute a "
	"WHERE a.attrelid" EQUALS "c.oid AND a.attnum" ABOVE "'0' AND NOT a.attisdropped ORDER BY a.attnum), ' ')) "
	"FROM pg_catalog.pg_class c WHERE " FIRST_USER_OID ABOVE "c.oid AND c.relname" EQUALS "ANY (CAST('{%s}' AS "
	"pg_catalog.name[])) ";

/* With a function come the relations of the types of rows that it takes, with an operator the language of
 * its function.  What has a lower OID is the server's own, wherever a superuser moved it. */
static const char CALLS[] =
	"UNION ALL SELECT pg_catalog.format('p %s %s %s %s %s %I %s', f.oid, f.prolang, f.pronargdefaults, "
	"ARRAY(SELECT t.typrelid FROM pg_catalog.pg_type t WHERE t.oid" EQUALS "ANY (f.proargtypes) "
	"AND t.typtype" EQUALS "ANY ('{c,p,d}')), " SCHEMA("f.pronamespace") ", f.proname, f.proargtypes) "
	"FROM pg_catalog.pg_proc f WHERE f.oid" AT_LEAST FIRST_USER_OID
	" UNION ALL SELECT pg_catalog.format('o %s %s %s %s %s %I', f.oid, f.oprleft, f.oprright, "
	"COALESCE((SELECT k.prolang FROM pg_catalog.pg_proc k WHERE k.oid" EQUALS "f.oprcode), '0'), "
	SCHEMA("f.oprnamespace") ", f.oprname) FROM pg_catalog.pg_operator f WHERE f.oid" AT_LEAST FIRST_USER_OID
	" UNION ALL SELECT pg_catalog.format('t %s %I', " SCHEMA("f.typnamespace") ", f.typname) "
	"FROM pg_catalog.pg_type f WHERE f.oid" AT_LEAST FIRST_USER_OID
	" AND f.typrelid" EQUALS "'0' AND NOT f.typcategory" EQUALS "'A' "
	"UNION ALL SELECT pg_catalog.format('c %s %s %I %I', k.castcontext, k.castfunc, "
	"CAST(k.castsource AS pg_catalog.regtype), CAST(k.casttarget AS pg_catalog.regtype)) "
	"FROM pg_catalog.pg_cast k WHERE k.oid" AT_LEAST FIRST_USER_OID
	" AND " FIRST_USER_OID ABOVE "k.castsource AND " FIRST_USER_OID ABOVE "k.casttarget ";

/* The functions and operators that belong to extensions. */
static const char MEMBERS[] =
	"UNION ALL SELECT pg_catalog.format('m %s %s %s', d.classid, d.objid, d.refobjid) "
	"FROM pg_catalog.pg_depend d WHERE d.classid" EQUALS "ANY ('{" PG_PROC "," PG_OPERATOR "}') "
	"AND d.objid" AT_LEAST FIRST_USER_OID " AND d.refclassid" EQUALS "'" PG_EXTENSION "' "
	"AND d.deptype" EQUALS "'e' "
	"UNION ALL SELECT pg_catalog.format('x %s %I', x.oid, x.extname) FROM pg_catalog.pg_extension x";

/* Looked up for each row that is left; EXISTS would become a join with all that there is, for which the server
 * cannot know how few rows are. */
#define NONE(from) "(SELECT 1 FROM " from " LIMIT 1) IS NULL"

/* The plain tables that the transaction holds for itself alone, as it does all that it made, and that a bare
 * name finds.  Left out are those that rules, triggers, domains and functions of somebody's in defaults, checks or
 * indexes may fill, and what has parents or children.
 * The locks lead to them without a walk over all relations, so that the plan costs too little to be compiled
 * however many there are. */
static const char OWN[] =
	"WITH own AS (SELECT c.oid, c.relnamespace, c.relname FROM pg_catalog.pg_class c "
	"WHERE c.oid" EQUALS "ANY (ARRAY(SELECT l.relation FROM pg_catalog.pg_locks l WHERE l.locktype" EQUALS
	"'relation' AND l.mode" EQUALS "'AccessExclusiveLock' AND l.granted AND l.pid" EQUALS
	"pg_catalog.pg_backend_pid() AND l.relation" AT_LEAST FIRST_USER_OID ")) AND c.relkind" EQUALS "'r' "
	"AND NOT c.relhasrules AND NOT c.relhastriggers AND NOT c.relhassubclass AND NOT c.relispartition "
	"AND pg_catalog.pg_table_is_visible(c.oid) AND " NONE("pg_catalog.pg_inherits i WHERE i.inhrelid" EQUALS "c.oid")
	" AND " NONE("pg_catalog.pg_attribute a, pg_catalog.pg_type t "
	"WHERE a.attrelid" EQUALS "c.oid AND t.oid" EQUALS "a.atttypid AND t.typtype" EQUALS "'d'")
	" AND " NONE("pg_catalog.pg_depend o, pg_catalog.pg_depend d "
	"WHERE o.refclassid" EQUALS "'" PG_CLASS "' AND o.refobjid" EQUALS "c.oid AND d.classid" EQUALS "o.classid "
	"AND d.objid" EQUALS "o.objid AND d.refclassid" EQUALS "ANY ('{" PG_PROC "," PG_OPERATOR "}') "
	"AND d.refobjid" AT_LEAST FIRST_USER_OID) ") "
	"SELECT pg_catalog.format('i %s f - %s %I %I %I', pg_catalog.pg_backend_pid(), "
	SCHEMA("pg_catalog.pg_my_temp_schema()") ", CURRENT_CATALOG, SESSION_USER, CURRENT_USER) "
	"UNION ALL SELECT pg_catalog.format('r %s r %s %I', w.oid, " SCHEMA("w.relnamespace") ", w.relname) FROM own w "
	"UNION ALL SELECT pg_catalog.format('a %s %s %s %s %s %I', a.attrelid, a.attnum, a.atttypid, "
	"a.atttypmod OPERATOR(pg_catalog.+) 1, CASE WHEN a.attgenerated" EQUALS "'' THEN 0 ELSE 1 END, a.attname) "
	"FROM pg_catalog.pg_attribute a WHERE a.attrelid" EQUALS "ANY (ARRAY(SELECT w.oid FROM own w)) "
	"AND a.attnum" ABOVE "'0' AND NOT a.attisdropped";

/* clang-format on */

/* Whether the text can stand in a literal that every server setting reads alike. */
static bool is_plain(const char *text)
{
	for (; *text; text++) {
		if (*text < ' ' || *text > '~' || *text == '\'' || *text == '\\')
			return false;
	}
	return true;
}

static bool is_exact(const char *pattern)
{
	return !strchr(pattern, '*') && is_plain(pattern);
}

int catalogue_own_query(struct buf *out)
{
	buf_add_text(out, OWN);
	return out->failed;
}

#define SEEDS_SIZE_MAX (256 * KIB)

/* The names that lead to the relations whose columns must be known. */
struct seeds {
	struct buf tables, columns; /* literals with commas between them */
	bool is_any, is_all;
};

static void seeds_done(struct seeds *seeds)
{
	buf_done(&seeds->tables);
	buf_done(&seeds->columns);
}

static void add_literal(struct buf *list, const char *text)
{
	buf_printf(list, "%s'%s'", list->length > 0 ? "," : "", text);
}

/* Too many relations rather than too few. */
static void add_seed(struct seeds *seeds, const struct policy_column *column)
{
	seeds->is_any = true;
	if (is_exact(column->table))
		add_literal(&seeds->tables, column->table);
	else if (is_exact(column->column))
		add_literal(&seeds->columns, column->column);
	else
		seeds->is_all = true;
}

static void collect_seeds(const struct policy *policy, struct seeds *seeds)
{
	for (size_t i = 0; i < policy->column_group_count; i++) {
		for (size_t k = 0; k < policy->column_groups[i].count; k++)
			add_seed(seeds, &policy->column_groups[i].columns[k]);
	}
	for (size_t i = 0; i < policy->rule_count; i++) {
		for (size_t k = 0; k < policy->rules[i].only_where_count; k++)
			add_seed(seeds, &policy->rules[i].only_where[k].column);
	}
}

#define CLASSES_MADE "SELECT c.oid FROM pg_catalog.pg_class c WHERE c.oid" AT_LEAST FIRST_USER_OID
#define ATTRIBUTES_MADE                                                                            \
	"SELECT a.attrelid FROM pg_catalog.pg_attribute a WHERE a.attrelid" AT_LEAST               \
		FIRST_USER_OID " AND a.attnum" ABOVE "'0' AND NOT a.attisdropped"
#define IS_ONE_OF EQUALS "ANY (CAST(ARRAY[%s] AS pg_catalog.name[]))"

static void add_seeds(struct buf *out, const struct seeds *seeds)
{
	if (seeds->is_all) {
		buf_add_text(out, CLASSES_MADE);
		return;
	}
	if (seeds->tables.length > 0)
		buf_printf(out, CLASSES_MADE " AND c.relname" IS_ONE_OF, buf_text(&seeds->tables));
	if (seeds->tables.length > 0 && seeds->columns.length > 0)
		buf_add_text(out, " UNION ");
	if (seeds->columns.length > 0)
		buf_printf(out, ATTRIBUTES_MADE " AND a.attname" IS_ONE_OF,
			   buf_text(&seeds->columns));
}

/* Those relations, and all that protection spreads to from them. */
static void add_near(struct buf *out, const struct seeds *seeds)
{
	buf_add_text(out, ", near(oid) AS (");
	add_seeds(out, seeds);
	buf_add_text(out, " UNION SELECT e.child FROM near m, edge e WHERE e.base" EQUALS "m.oid)");
}

static void add_server_columns(struct buf *out)
{
	const struct builtin_columns *columns;
	SCOPED(buf_done) struct buf names = BUF_MAX(SEEDS_SIZE_MAX);

	for (size_t i = 0; (columns = builtin_columns_at(i)); i++)
		buf_printf(&names, "%s%s", i > 0 ? "," : "", columns->relation);
	buf_printf(out, SERVER_COLUMNS, buf_text(&names));
	if (names.failed < 0)
		out->failed = names.failed;
}

static bool asks_for_server_id(const struct policy *policy)
{
	for (size_t i = 0; i < policy->database_count; i++) {
		if (policy->databases[i].server_ids.count > 0)
			return true;
	}
	return false;
}

int catalogue_query(const struct policy *policy, struct buf *out)
{
	SCOPED(seeds_done)
	struct seeds seeds = { .tables = BUF_MAX(SEEDS_SIZE_MAX),
			       .columns = BUF_MAX(SEEDS_SIZE_MAX) };

	collect_seeds(policy, &seeds);
	buf_add_text(out, BEGINNING);
	buf_add_text(out, EDGES);
	if (seeds.is_any)
		add_near(out, &seeds);
	buf_add_text(out, IDENTITY);
	buf_add_text(out, asks_for_server_id(policy) ? SERVER_ID : "'-', ");
	buf_add_text(out, RELATIONS);
	if (seeds.is_any) {
		buf_add_text(out, COLUMNS);
		add_server_columns(out);
	}
	buf_add_text(out, CALLS);
	buf_add_text(out, MEMBERS);
	if (seeds.tables.failed < 0 || seeds.columns.failed < 0)
		return seeds.tables.failed < 0 ? seeds.tables.failed : seeds.columns.failed;
	return out->failed;
}
