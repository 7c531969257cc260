/* SPDX-License-Identifier: MIT */
/* The query that learns a catalogue.  It runs as any role, under any search path and lexing
 * setting: every name and operator is qualified with pg_catalog, no literal holds a backslash or
 * a quote, and format() writes the rows, which calls output functions only. */
#include "policy/engine/catalogue.h"

#include <string.h>

bool catalogue_is_needed(const struct policy *policy)
{
	return !policy_allows_everything(policy);
}

/* clang-format off: the layout follows the query, not C. */
#define EQUALS " OPERATOR(pg_catalog.=) "
#define CLASS(name) "CAST('pg_catalog." name "' AS pg_catalog.regclass)"
/* The first OID that the server gives to what users make (src/include/access/transam.h,
 * FirstNormalObjectId). */
#define FIRST_USER_OID "CAST('16384' AS pg_catalog.oid)"
#define IS_SYSTEM_SCHEMA                                                                           \
	"(n.nspname" EQUALS "ANY (CAST('{pg_catalog,information_schema,pg_toast}' AS pg_catalog.name[])) " \
	"OR (pg_catalog.starts_with(n.nspname, 'pg_') "                                            \
	"AND NOT n.oid" EQUALS "pg_catalog.pg_my_temp_schema()))"

/* Which relation leads to which when protection spreads: from a base to what shows it, and
 * between parents and children both ways.  `base` 0 stands for a function or operator that
 * somebody made. */
static const char EDGES[] =
	"WITH RECURSIVE edge(child, base, inherits) AS ("
	"SELECT i.inhrelid, i.inhparent, true FROM pg_catalog.pg_inherits i "
	"JOIN pg_catalog.pg_class c ON c.oid" EQUALS "i.inhrelid "
	"WHERE c.relkind" EQUALS "ANY (CAST('{r,p,f}' AS pg_catalog.\"char\"[])) "
	"UNION SELECT w.ev_class, CASE WHEN d.refclassid" EQUALS CLASS("pg_class")
	" THEN d.refobjid ELSE CAST('0' AS pg_catalog.oid) END, false FROM pg_catalog.pg_rewrite w "
	"JOIN pg_catalog.pg_depend d ON d.classid" EQUALS CLASS("pg_rewrite")
	" AND d.objid" EQUALS "w.oid WHERE w.ev_type" EQUALS "CAST('1' AS pg_catalog.\"char\") AND "
	"((d.refclassid" EQUALS CLASS("pg_class") " AND NOT d.refobjid" EQUALS "w.ev_class) OR "
	"(d.refclassid" EQUALS "ANY (ARRAY[" CLASS("pg_proc") ", " CLASS("pg_operator") "]) "
	"AND d.refobjid OPERATOR(pg_catalog.>=) " FIRST_USER_OID "))), "
	"step(here, there) AS (SELECT base, child FROM edge UNION ALL "
	"SELECT child, base FROM edge WHERE inherits), "
	"near(oid) AS (SELECT a.attrelid FROM pg_catalog.pg_attribute a "
	"JOIN pg_catalog.pg_class c ON c.oid" EQUALS "a.attrelid "
	"WHERE a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped "
	"AND c.oid OPERATOR(pg_catalog.>=) " FIRST_USER_OID " AND (false";

static const char NEAR_END[] =
	") UNION SELECT s.there FROM near m JOIN step s ON s.here" EQUALS "m.oid) "
	"SELECT q.line FROM (SELECT 0 AS part, pg_catalog.format('i %s %s %s %I %I %I %s', "
	"pg_catalog.pg_backend_pid(), pg_catalog.pg_is_in_recovery(), ";

/* A missing permission is an error when a plan is made, in whatever branch it stands;
 * query_to_xml makes its plan when it is called. */
static const char SERVER_ID[] =
	"CASE WHEN pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') "
	"THEN COALESCE(pg_catalog.\"substring\"(pg_catalog.format('%s', pg_catalog.query_to_xml("
	"'SELECT system_identifier FROM pg_catalog.pg_control_system()', false, true, '')), "
	"'<system_identifier>([0-9]+)<'), '-') ELSE '-' END, ";

/* What a superuser installed from files that are known to behave as the server's own: members in C of
 * extensions that come with PostgreSQL or are as common.  Who owns an extension can add members to it, but
 * none in C. */
#define IS_KNOWN(class, object, function)                                                          \
	"EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension x "               \
	"ON x.oid" EQUALS "d.refobjid JOIN pg_catalog.pg_proc k ON k.oid" EQUALS function          \
	" WHERE d.classid" EQUALS CLASS(class) " AND d.objid" EQUALS object                        \
	" AND d.refclassid" EQUALS CLASS("pg_extension")                                           \
	" AND d.deptype" EQUALS "CAST('e' AS pg_catalog.\"char\") "                                \
	"AND k.prolang" EQUALS "ANY (CAST('{12,13}' AS pg_catalog.oid[])) "                        \
	"AND x.extname" EQUALS "ANY (CAST('{btree_gin,btree_gist,citext,cube,earthdistance,"       \
	"fuzzystrmatch,hstore,intarray,isn,ltree,pg_trgm,pgcrypto,postgis,seg,tablefunc,unaccent," \
	"uuid-ossp,vector}' AS pg_catalog.name[])))"

static const char REST[] =
	"pg_catalog.current_database(), SESSION_USER, CURRENT_USER, "
	"(SELECT pg_catalog.string_agg(pg_catalog.quote_ident(p.schema), ' ' ORDER BY p.place) "
	"FROM ROWS FROM (pg_catalog.unnest(pg_catalog.current_schemas(true))) WITH ORDINALITY "
	"AS p(schema, place))) AS line "
	"UNION ALL SELECT 1, pg_catalog.format('r %s %s %I %I', c.oid, c.relkind, n.nspname, c.relname) "
	"FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid" EQUALS "c.relnamespace "
	"WHERE c.relkind" EQUALS "ANY (CAST('{r,v,m,p,f}' AS pg_catalog.\"char\"[])) "
	"AND (NOT " IS_SYSTEM_SCHEMA " OR c.oid" EQUALS "ANY (SELECT e.base FROM edge e)) "
	"UNION ALL SELECT 2, pg_catalog.format('b %s %s', e.child, e.base) FROM edge e "
	"WHERE e.child OPERATOR(pg_catalog.>=) " FIRST_USER_OID
	" UNION ALL SELECT 3, pg_catalog.format('a %s %s %s %I', a.attrelid, a.attnum, a.atttypid, a.attname) "
	"FROM pg_catalog.pg_attribute a WHERE a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped "
	"AND a.attrelid" EQUALS "ANY (SELECT m.oid FROM near m) ";

/* A function, operator or cast stands in for the server's own of its name only where it takes the same
 * kinds of values: those whose arguments are of types that somebody made do not count.  A cast belongs to
 * no schema, and applies as if it lay in pg_catalog; one that is applied unasked has no name. */
static const char OVERLOADS[] =
	"UNION ALL SELECT 4, pg_catalog.format('f %I %I', o.schema, o.name) FROM ("
	"SELECT n.nspname, f.proname FROM pg_catalog.pg_proc f JOIN pg_catalog.pg_namespace n "
	"ON n.oid" EQUALS "f.pronamespace WHERE NOT " IS_SYSTEM_SCHEMA " AND " FIRST_USER_OID
	" OPERATOR(pg_catalog.>) ALL (CAST(f.proargtypes AS pg_catalog.oid[])) AND NOT "
	IS_KNOWN("pg_proc", "f.oid", "f.oid")
	" UNION SELECT n.nspname, f.oprname FROM pg_catalog.pg_operator f JOIN pg_catalog.pg_namespace n "
	"ON n.oid" EQUALS "f.oprnamespace WHERE NOT " IS_SYSTEM_SCHEMA " AND " FIRST_USER_OID
	" OPERATOR(pg_catalog.>) ALL (ARRAY[f.oprleft, f.oprright]) AND NOT "
	IS_KNOWN("pg_operator", "f.oid", "f.oprcode")
	" UNION SELECT n.nspname, f.typname FROM pg_catalog.pg_type f JOIN pg_catalog.pg_namespace n "
	"ON n.oid" EQUALS "f.typnamespace WHERE NOT " IS_SYSTEM_SCHEMA
	" AND f.typrelid" EQUALS "CAST('0' AS pg_catalog.oid) AND NOT f.typcategory" EQUALS
	"CAST('A' AS pg_catalog.\"char\")"
	" UNION SELECT CAST('pg_catalog' AS pg_catalog.name), CASE WHEN u.unasked "
	"THEN CAST('' AS pg_catalog.name) ELSE e.typname END FROM pg_catalog.pg_cast k "
	"JOIN pg_catalog.pg_type f ON f.oid" EQUALS "ANY (ARRAY[k.castsource, k.casttarget]) "
	"JOIN pg_catalog.pg_type e ON e.oid" EQUALS "CASE WHEN f.typcategory" EQUALS
	"CAST('A' AS pg_catalog.\"char\") THEN f.typelem ELSE f.oid END CROSS JOIN LATERAL (SELECT "
	"k.castcontext" EQUALS "CAST('i' AS pg_catalog.\"char\") AND k.castfunc OPERATOR(pg_catalog.>=) "
	FIRST_USER_OID ") AS u(unasked) "
	"WHERE k.oid OPERATOR(pg_catalog.>=) " FIRST_USER_OID " AND " FIRST_USER_OID
	" OPERATOR(pg_catalog.>) ALL (ARRAY[k.castsource, k.casttarget])"
	") AS o(schema, name) ";

/* A function that can be called with one row is also reached as `row.name`, like a column. */
static const char FIELDS[] =
	"UNION ALL SELECT 5, pg_catalog.format('g %s %I', t.typrelid, f.proname) FROM pg_catalog.pg_proc f "
	"JOIN pg_catalog.pg_namespace n ON n.oid" EQUALS "f.pronamespace "
	"JOIN pg_catalog.pg_type t ON t.oid" EQUALS "ANY (CAST(f.proargtypes AS pg_catalog.oid[])) "
	"WHERE NOT " IS_SYSTEM_SCHEMA " AND t.typtype" EQUALS "ANY (CAST('{c,p,d}' AS pg_catalog.\"char\"[])) "
	"AND f.pronargs OPERATOR(pg_catalog.-) f.pronargdefaults OPERATOR(pg_catalog.<=) 1"
	") AS q ORDER BY q.part";

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

/* Adds the relations whose columns must be known because of `column`; too many rather than too
 * few. */
static void add_seed(struct buf *out, const struct policy_column *column)
{
	if (is_exact(column->table))
		buf_printf(out, " OR c.relname" EQUALS "'%s'", column->table);
	else if (is_exact(column->column))
		buf_printf(out, " OR a.attname" EQUALS "'%s'", column->column);
	else
		buf_add_text(out, " OR true");
}

static void add_seeds(const struct policy *policy, struct buf *out)
{
	for (size_t i = 0; i < policy->column_group_count; i++) {
		for (size_t k = 0; k < policy->column_groups[i].count; k++)
			add_seed(out, &policy->column_groups[i].columns[k]);
	}
	for (size_t i = 0; i < policy->rule_count; i++) {
		for (size_t k = 0; k < policy->rules[i].only_where_count; k++)
			add_seed(out, &policy->rules[i].only_where[k].column);
	}
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
	buf_add_text(out, EDGES);
	add_seeds(policy, out);
	buf_add_text(out, NEAR_END);
	buf_add_text(out, asks_for_server_id(policy) ? SERVER_ID : "'-', ");
	buf_add_text(out, REST);
	buf_add_text(out, OVERLOADS);
	buf_add_text(out, FIELDS);
	return out->failed;
}
