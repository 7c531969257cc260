/* SPDX-License-Identifier: MIT */
/* The analyser's inside: lineage of values, scopes of names, and what one statement has come to
 * so far.
 *
 * Everything here lives in the memory context of one call and is never freed piecewise; arrays
 * that grow leave their old memory behind, so an older copy of a struct stays readable. */
#ifndef POLICY_ENGINE_ANALYSIS_H
#define POLICY_ENGINE_ANALYSIS_H

#include "policy/engine/facts.h"
#include "policy/engine/facts_build.h"
#include "policy/engine/postgres_tree.h"

#define ANALYSIS_DEPTH_MAX 2000 /* nesting of expressions and queries */
#define ANALYSIS_WORK_MAX                                                                          \
	30000000 /* nodes visited in one call, repetitions for recursive queries included */
#define ANALYSIS_COMPARISONS_MAX 400000000 /* of sources and names in one call: about a second */
#define ANALYSIS_CTES_MAX        500       /* of one WITH */
#define ANALYSIS_ENTRIES_MAX                                                                       \
	10000 /* statements, and per statement: effects, outputs, writes, equalities */
#define ANALYSIS_SOURCES_MAX 1024 /* of one value; what has more comes from anywhere */

/* A set: each (relation, column, position) once.  A flag holds when it holds for every way the
 * value takes. */
struct sources {
	struct facts_source *at;
	uint32_t count;
	uint32_t capacity;
	bool is_full; /* had too many and is FACTS_TOP alone */
};

struct value {
	struct sources sources;
	bool derived; /* not a column as it is */
};

enum item_kind {
	ITEM_COLUMN,
	ITEM_STAR, /* the columns of `relation`; the first ones may have other names */
	ITEM_ANY,  /* any number of columns, each from any of `sources` */
};

/* One entry of a query's result, or of what a FROM item offers. */
struct item {
	enum item_kind kind;
	bool derived;
	bool is_partial; /* ITEM_STAR: some columns are missing (merged by USING or NATURAL) */
	struct facts_text name;
	uint32_t relation;
	const struct facts_text *aliases; /* ITEM_STAR: names of the first alias_count columns */
	uint32_t alias_count;
	struct sources sources;
};

struct vector {
	struct item *at;
	uint32_t count;
	uint32_t capacity;
};

/* What a FROM item (or a DML target) offers to names. */
struct entry {
	struct facts_text schema; /* where the item is a table without an alias */
	struct facts_text name;
	uint32_t relation; /* a table or view itself, else FACTS_NONE */
	bool has_alias;
	bool is_relation_visible; /* name.column works */
	bool is_column_visible;   /* column works, and * shows it */
	struct vector columns;
};

struct with;

/* One query level. */
struct scope {
	struct entry *entries;
	uint32_t count;
	uint32_t capacity;
	struct scope *outer;
	struct with *with;
	struct sources windows; /* what the WINDOW clause's windows are sorted by */
	bool is_filtered; /* what is looked at now is computed for rows that WHERE let through */
};

enum cte_state { CTE_NEW, CTE_BUSY, CTE_DONE };

struct cte {
	struct facts_text name;
	CommonTableExpr *node;
	enum cte_state state;
	bool is_self_seen;     /* the body refers to itself */
	struct vector columns; /* while CTE_BUSY: what is known of a recursive one */
	bool has_columns;
	struct cte *done_before; /* the list behind analysis.ctes_done */
};

/* One WITH clause as seen from inside it: a non-recursive one shows a query the ones before it. */
struct with {
	struct cte *at;
	uint32_t count;
	bool is_recursive;
	struct with *outer;
	struct scope *scope; /* what stands outside the query that has the WITH */
};

struct pending_write {
	struct facts_write write;
	struct sources sources;
};

struct natural_join {
	struct sources sources;
};

/* Arrays of one statement.  DEFINE_LIST gives each its append function. */
struct effect_list {
	struct facts_effect *at;
	uint32_t count, capacity;
};
struct write_list {
	struct pending_write *at;
	uint32_t count, capacity;
};
struct equality_list {
	struct facts_equality *at;
	uint32_t count, capacity;
};
struct natural_list {
	struct natural_join *at;
	uint32_t count, capacity;
};

/* What a statement has come to so far. */
struct parts {
	struct facts_statement statement;
	struct effect_list effects;
	struct write_list writes;
	struct equality_list equalities;
	struct natural_list naturals;
	struct sources probes[PROBE_PLACE_COUNT][2]; /* [place][whether PROBE_LOOKUP] */
	struct vector outputs;
	bool literal_decides; /* another literal could give other facts */
	bool locks_rows;
	uint32_t index; /* the statement's number, of a body: from FACTS_BODY_BASE */
	uint64_t watched_seen;
};

struct analysis {
	struct facts_build *build;
	struct parts *parts;
	struct cte *ctes_done;
	/* why the statement cannot be understood; nothing more is added then */
	const char *stopped;
	uint32_t depth;
	uint32_t work;
	uint32_t watched; /* a relation whose mentions in expressions are counted */
	uint32_t watched_seen;
};

/* ---- analysis.c: limits and texts ---- */

/* The statement becomes unknown with `reason`, a sentence for people that lives as long as the
 * call.  The first reason stands. */
void analysis_stop(struct analysis *analysis, const char *reason);

/* One node more, one level deeper; false when a limit is reached.  Ends with analysis_leave. */
bool analysis_enter(struct analysis *analysis);
void analysis_leave(struct analysis *analysis);

struct facts_text analysis_text(struct analysis *analysis, const char *text);
bool text_equal(struct facts_text a, struct facts_text b);
bool text_is(const struct analysis *analysis, struct facts_text text, const char *word);
struct slice analysis_slice(const struct analysis *analysis, struct facts_text text);

/* The first `count` cells.  (libpg_query leaves list_copy_head and list_delete_last out.) */
List *list_head_copy(const List *list, int count);

/* Room for one more entry of `size` bytes in an array that has `count` of `*capacity`. */
void *analysis_grow(void *at, uint32_t count, uint32_t *capacity, size_t size);

/* ---- analyse_lineage.c: sets of sources, vectors of columns ---- */

/* Comparisons of sources and names since lineage_work_begin.  Sets are small lists, so that a
 * text of a few megabytes could keep them busy for hours: the count ends that.  It is the
 * analyser's only state besides what analyse.c keeps, and belongs to its one thread. */
void lineage_work_begin(void);
void lineage_work_add(uint64_t comparisons);
uint64_t lineage_work(void);

void sources_add(struct sources *set, struct facts_source source);
void sources_union(struct sources *set, const struct sources *other);
/* As sources_union, with `flags` added to each. */
void sources_union_flagged(struct sources *set, const struct sources *other, uint32_t flags);
void sources_top(struct sources *set);
void value_union(struct value *value, const struct value *other);

struct item *vector_push(struct vector *vector, struct item item);
void vector_append(struct vector *vector, const struct vector *other);
void vector_push_column(struct vector *vector, struct facts_text name, const struct value *value);
void vector_whole(const struct vector *vector, struct sources *set);
/* What the column at `position` (from 1) may come from. */
void vector_at(const struct vector *vector, uint32_t position, struct value *value);
struct vector vector_union(struct analysis *analysis, const struct vector *left,
			   const struct vector *right);
bool vector_equal(const struct vector *a, const struct vector *b);
/* Gives the first columns the names of a list of String. */
struct vector vector_rename(struct analysis *analysis, const struct vector *vector, List *names);
/* Whether some column is certainly called `name`; its sources are added to `value`. */
bool vector_find(const struct vector *vector, struct facts_text name, struct value *value);
/* Adds what could have a column called `name` though nobody knows; false when nothing can. */
bool vector_find_possible(const struct vector *vector, struct facts_text name, struct value *value);
bool vector_is_closed(const struct vector *vector);

/* ---- analyse_parts.c: collecting a statement's facts ---- */

struct facts_effect *effect_add(struct analysis *analysis, enum verb verb, enum facts_object object,
				struct facts_text schema, struct facts_text name);
void effect_on_relation(struct analysis *analysis, enum verb verb, uint32_t relation);
void effect_add_flags(struct analysis *analysis, uint32_t flags);
void effect_detail(struct analysis *analysis, const char *detail);
uint32_t relation_add(struct analysis *analysis, struct facts_text schema, struct facts_text name);
struct facts_relation relation_at(const struct analysis *analysis, uint32_t relation);
void probe_add(struct analysis *analysis, enum facts_probe_place place,
	       const struct sources *sources);
void probe_add_lookup(struct analysis *analysis, enum facts_probe_place place,
		      const struct sources *sources);
void natural_add(struct analysis *analysis, const struct sources *sources);
void write_add(struct analysis *analysis, struct facts_write write, const struct sources *sources);
void write_vector(struct analysis *analysis, uint32_t relation, const struct vector *vector);
void equality_add(struct analysis *analysis, uint32_t relation, struct facts_text column,
		  Node *value);
/* Whether `node` is a constant or parameter, casts to built-in types aside. */
bool is_given_value(const Node *node);
void parts_begin(struct analysis *analysis, struct parts *parts, uint32_t index);
/* Appends everything to the block; the statement itself goes to the caller. */
struct facts_statement parts_end(struct analysis *analysis);

/* Going back to where a recursive query's analysis started. */
struct analysis_mark {
	struct parts parts;
	uint32_t relation_count;
	struct cte *ctes_done;
};
void analysis_mark(struct analysis *analysis, struct analysis_mark *ret_mark);
void analysis_return(struct analysis *analysis, const struct analysis_mark *mark);

/* ---- analyse_scope.c: what names mean ---- */

struct entry *scope_add(struct scope *scope, struct entry entry);
void scope_all(const struct scope *scope, uint32_t first, struct vector *ret_vector);
void scope_find(struct analysis *analysis, const struct scope *scope, struct facts_text name,
		struct value *value);
/* Adds what columns called `name` there may be, as candidates; whether one is certain. */
bool scope_column(const struct scope *scope, struct facts_text name, struct value *value);
const struct entry *scope_entry(struct analysis *analysis, const struct scope *scope,
				struct facts_text schema, struct facts_text name);
/* The meaning of a ColumnRef that does not end in a star. */
void reference_value(struct analysis *analysis, const struct scope *scope, List *fields,
		     struct value *value);
/* The columns that `x.*` stands for; an empty prefix: all. */
void reference_star(struct analysis *analysis, const struct scope *scope, List *fields,
		    struct vector *vector);
/* `field` of entry `entry`: a column, or a function that takes the row. */
void entry_field(struct analysis *analysis, const struct entry *entry, struct facts_text field,
		 struct value *value);

/* ---- analyse_with.c ---- */

struct with *with_open(struct analysis *analysis, WithClause *clause, struct scope *outer,
		       struct with *with);
/* The columns of the CTE that `name` means, analysed when need be; NULL when it means none. */
const struct vector *with_find(struct analysis *analysis, struct with *with,
			       struct facts_text name);

/* ---- analyse_expression.c, analyse_call.c, analyse_indirection.c ---- */

/* Adds what `node` is computed from to `value`; probes and calls inside go to the statement. */
void expression(struct analysis *analysis, Node *node, struct scope *scope, struct value *value);
void expressions(struct analysis *analysis, List *nodes, struct scope *scope, struct value *value);
void expression_probe(struct analysis *analysis, Node *node, struct scope *scope,
		      enum facts_probe_place place);
void expression_call(struct analysis *analysis, FuncCall *call, struct scope *scope,
		     struct value *value);
/* The flags of what a set-returning function's argument tells through the number of rows. */
uint32_t call_outline(struct analysis *analysis, const FuncCall *call, struct scope *scope);
bool call_lists_options(const FuncCall *call);
void window_definition(struct analysis *analysis, WindowDef *window, struct scope *scope,
		       struct value *value);
void sort_list(struct analysis *analysis, List *sorts, struct scope *scope, struct value *value);
void expression_indirection(struct analysis *analysis, A_Indirection *node, struct scope *scope,
			    struct value *value);
void call_effect(struct analysis *analysis, struct facts_text schema, struct facts_text name,
		 bool is_harmless);
/* A built-in operator or cast. */
void syntax_effect(struct analysis *analysis, struct facts_text schema, struct facts_text name);
/* Splits a List of String at its last element. */
void split_name(struct analysis *analysis, List *names, struct facts_text *ret_schema,
		struct facts_text *ret_name);

/* ---- analyse_operator.c ---- */

/* A built-in operator that the grammar stands for: "=" of USING. */
void operator_used(struct analysis *analysis, const char *name);
/* An operator by its name in the text: a call when it is not built in, which is false. */
bool operator_named(struct analysis *analysis, List *names, bool *ret_can_raise);
/* What applying it to `arguments` tells, and what its result is computed from besides. */
void operator_apply(struct analysis *analysis, const A_Expr *operator,
		    const struct value * arguments, struct value *value);
/* A cast's target: a type that is not built in is a call. */
void type_name_effect(struct analysis *analysis, const TypeName *type);
void cast_apply(struct analysis *analysis, const TypeName *type, struct value *value);

/* ---- analyse_from.c, analyse_condition.c ---- */

void from_item(struct analysis *analysis, Node *node, struct scope *scope);
void from_list(struct analysis *analysis, List *nodes, struct scope *scope);
uint32_t relation_mention(struct analysis *analysis, const RangeVar *range);
/* A WHERE or ON condition: probes, lookups, and (with `gives_equalities`) equalities. */
void condition(struct analysis *analysis, Node *node, struct scope *scope,
	       enum facts_probe_place place, bool gives_equalities);
/* As condition for an UPDATE's or DELETE's WHERE; whether it can exclude a row of `target`. */
bool condition_excludes(struct analysis *analysis, Node *node, struct scope *scope,
			const struct entry *target);
/* Whether the expression can be false or null for a row of `target`, by its shape. */
bool shape_excludes(struct analysis *analysis, Node *node, const struct entry *target, int depth);

/* ---- analyse_select.c, analyse_target.c, analyse_write.c ---- */

/* Any of SELECT, VALUES, INSERT, UPDATE, DELETE, MERGE as a query inside a statement. */
void query(struct analysis *analysis, Node *node, struct scope *outer, struct with *with,
	   struct vector *ret_vector);
void query_select(struct analysis *analysis, SelectStmt *select, struct scope *outer,
		  struct with *with, struct vector *ret_vector);
void query_insert(struct analysis *analysis, InsertStmt *insert, struct scope *outer,
		  struct with *with, struct vector *ret_vector);
void query_update(struct analysis *analysis, UpdateStmt *update, struct scope *outer,
		  struct with *with, struct vector *ret_vector);
void query_delete(struct analysis *analysis, DeleteStmt *delete, struct scope *outer,
		  struct with *with, struct vector *ret_vector);
void query_merge(struct analysis *analysis, MergeStmt *merge, struct scope *outer,
		 struct with *with, struct vector *ret_vector);
void assignments(struct analysis *analysis, List *targets, struct scope *scope, uint32_t relation);
void returning(struct analysis *analysis, List *targets, struct scope *scope, uint32_t relation,
	       struct vector *ret_vector);
/* The scope of a statement that changes `range`: its first entry. */
struct entry target_entry(struct analysis *analysis, const RangeVar *range);
void target_list(struct analysis *analysis, List *targets, struct scope *scope,
		 struct vector *ret_vector);
/* The name PostgreSQL gives to a result column; "?column?" where it has none. */
const char *target_name(Node *node);
/* ORDER BY, GROUP BY or DISTINCT ON: items that may name or number an output. */
void output_clause(struct analysis *analysis, List *items, struct scope *scope,
		   const struct vector *outputs, enum facts_probe_place place);

/* ---- analyse_statement.c, analyse_utility.c ---- */

/* A table, view or materialized view that a query's rows go into: create, and one write per
 * column. */
void write_new_relation(struct analysis *analysis, const RangeVar *range, List *names,
			const struct vector *columns);

/* CREATE, ALTER and DROP that are a verb on a name. */
bool definition_knows(unsigned tag);
void definition_effects(struct analysis *analysis, Node *node);
struct facts_effect *relation_effect(struct analysis *analysis, enum verb verb,
				     const RangeVar *range);
void object_effect(struct analysis *analysis, enum verb verb, ObjectType type, Node *object);
enum facts_object object_kind(ObjectType type);

/* A statement inside another one (CREATE SCHEMA's elements): its facts become the outer one's. */
void analyse_element(struct analysis *analysis, Node *node);
/* One statement with parts of its own.  Returns the body's number. */
uint32_t analyse_body(struct analysis *analysis, Node *node);
void analyse_node(struct analysis *analysis, Node *node);
/* Whether statements of this NodeTag have a handler; the tests ask for every one. */
bool analyse_knows(int tag);

/* ---- analyse_copy.c ---- */

void copy_statement(struct analysis *analysis, Node *node);

typedef void statement_handler(struct analysis *analysis, Node *node);

/* A table of handlers by node tag; the other files' tables are looked up one after the other. */
struct statement_row {
	NodeTag tag;
	statement_handler *handle;
};
extern const struct statement_row STATEMENTS_SESSION[];
extern const struct statement_row STATEMENTS_UTILITY[];
extern const struct statement_row STATEMENTS_DEFINITION[];
extern const size_t STATEMENTS_SESSION_COUNT;
extern const size_t STATEMENTS_UTILITY_COUNT;
extern const size_t STATEMENTS_DEFINITION_COUNT;

#endif
