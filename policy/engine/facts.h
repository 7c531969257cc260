/* SPDX-License-Identifier: MIT */
/* What a call's SQL text does, as data: statements, effects, outputs with their lineage, probes,
 * writes.
 *
 * Facts are one flat block of bytes (offsets, no pointers), because the analyser runs in a process
 * of its own: the block is written there, checked here (facts_read), and judged.  They are
 * symbolic: no catalogue is consulted.  Names stand as the parser gives them (folded, truncated at
 * 63 bytes), with an empty schema where the text names none.  What a name can mean is decided by
 * the judge, who knows search path and catalogue.
 *
 * The rule for the analyser: whatever it does not understand completely is said (`unknown` of the
 * statement, or a source FACTS_TOP), never left out. */
#ifndef POLICY_ENGINE_FACTS_H
#define POLICY_ENGINE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/error.h"
#include "common/slice.h"
#include "policy/core/copy_format.h"
#include "policy/core/verb.h"

#define FACTS_MAGIC    0x31544346u /* "FCT1" */
#define FACTS_NONE     UINT32_MAX
#define FACTS_SIZE_MAX (32 * MIB)

/* A text inside the block's string pool. */
struct facts_text {
	uint32_t offset;
	uint32_t length;
};

/* `count` entries of an array from `first` on. */
struct facts_range {
	uint32_t first;
	uint32_t count;
};

enum facts_statement_kind {
	STATEMENT_PLAIN, /* everything whose effects say it all */
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,
	STATEMENT_SAVEPOINT,   /* name */
	STATEMENT_RELEASE,     /* name */
	STATEMENT_ROLLBACK_TO, /* name */
	STATEMENT_TWO_PHASE,   /* PREPARE TRANSACTION, COMMIT PREPARED, ROLLBACK PREPARED */
	/* name, value; SET LOCAL: FACTS_LOCAL.  SET ROLE is name "role", and so on */
	STATEMENT_SET,
	STATEMENT_RESET,   /* name; empty for RESET ALL */
	STATEMENT_SHOW,    /* name */
	STATEMENT_DISCARD, /* value: "all", "plans", "sequences", "temp" */
	STATEMENT_PREPARE, /* name; body is the prepared statement */
	/* name; its effects are those of the prepared statement, found by the session */
	STATEMENT_EXECUTE,
	STATEMENT_DEALLOCATE, /* name; empty for ALL */
	STATEMENT_DECLARE,    /* name; body is the query; FACTS_WITH_HOLD */
	/* name; rows leave with the cursor's lineage; also FETCH ALL and so on */
	STATEMENT_FETCH,
	STATEMENT_MOVE,    /* name */
	STATEMENT_CLOSE,   /* name; empty for ALL */
	STATEMENT_EXPLAIN, /* body is what is explained; FACTS_ANALYZE when it runs */
	/* value: the bytes of a struct copy_format; name: the ENCODING option, "" without */
	STATEMENT_COPY_TO,
	STATEMENT_COPY_FROM, /* likewise */
	STATEMENT_KINDS,
};

enum facts_statement_flag {
	FACTS_LOCAL = 1,
	FACTS_WITH_HOLD = 2,
	FACTS_ANALYZE = 4,
	FACTS_RETURNS_ROWS = 8, /* a result with columns is expected */
	/* plain SELECT, INSERT, UPDATE or DELETE in which no literal decides anything: another
	 * literal of the same class in its place gives the same facts */
	FACTS_TEMPLATE_SAFE = 16,
	/* lexing, path, role, names, transaction state, temporary objects */
	FACTS_MAY_CHANGE_SESSION = 32,
	FACTS_READS_ONLY = 64, /* no effect other than reads and harmless functions */
	/* a COPY's rows go to or come from the server's files or programs, not the client */
	FACTS_ON_SERVER = 128,
	FACTS_STORED_COLUMNS = 256, /* its star leaves generated columns out: COPY of a table */
	/* sets search_path to nothing and does nothing else: names are looked for among temporary
	 * relations and in pg_catalog */
	FACTS_BARES_PATH = 512,
};

struct facts_statement {
	uint16_t kind; /* enum facts_statement_kind */
	uint16_t flags;
	uint32_t text_offset; /* where it stands in the call's text, in bytes */
	uint32_t text_length;
	/* why the statement is not understood, for a person: "DO runs a block that cannot be
	 * read"; empty when it is */
	struct facts_text unknown;
	struct facts_text name;
	struct facts_text value;
	struct facts_range effects;
	struct facts_range outputs;
	struct facts_range probes;
	struct facts_range writes;
	struct facts_range equalities;
	/* index of the inner statement, which lies behind all top-level ones; or FACTS_NONE */
	uint32_t body;
};

enum facts_object {
	OBJECT_NONE, /* the verb says it all (CHECKPOINT, REPLICATE) */
	OBJECT_RELATION,
	OBJECT_FUNCTION, /* also procedures, operators and casts that are not built in */
	OBJECT_SETTING,
	OBJECT_SCHEMA,
	OBJECT_DATABASE,
	OBJECT_ROLE,
	OBJECT_OTHER, /* types, extensions, …: name says which, as far as it is known */
};

enum facts_effect_flag {
	/* an update-all or delete-all that has a WHERE, which excludes nothing */
	EFFECT_TAUTOLOGY = 1,
	EFFECT_TEMPORARY = 2, /* creates a temporary object */
	/* a function or setting on the built-in harmless list; the judge still checks that
	 * nothing outside pg_catalog overloads its name when the schema is empty */
	EFFECT_HARMLESS = 4,
	EFFECT_DESCENDANTS = 8, /* the object's dependants go as well (CASCADE, DROP SCHEMA) */
	/* with EFFECT_HARMLESS: an operator or a cast, by its name; no effect at all, unless
	 * somebody made one of that name.  A function called by that name is not one */
	EFFECT_SYNTAX = 16,
	/* a built-in function with an effect whose result is taken to hold no more than its
	 * arguments; the judge checks as for EFFECT_HARMLESS */
	EFFECT_TRACED = 32,
};

struct facts_effect {
	uint16_t verb;   /* enum verb */
	uint16_t object; /* enum facts_object */
	uint32_t flags;
	struct facts_text schema;
	/* empty where the statement names nothing ("every table of schema x") */
	struct facts_text name;
	struct facts_text detail; /* what stands in messages: "WHERE 1=1"; may be empty */
	/* index into relations for OBJECT_RELATION reads and writes, or FACTS_NONE */
	uint32_t relation;
};

/* A mention of a table or view in some FROM, target or COPY. */
struct facts_relation {
	struct facts_text schema;
	struct facts_text name;
	uint32_t statement;
};

enum facts_source_flag {
	/* an unqualified name that one of several relations has: there is one source for each of
	 * them */
	SOURCE_CANDIDATE = 1,
	/* only count(x), x IS NULL or EXISTS reaches the output (`derived: allow`) */
	SOURCE_COUNTED = 2,
	/* only how many members a list has reaches the output, and the names of its options */
	SOURCE_OUTLINE = 4,
};

/* Where a value comes from: a column of a relation.  A column that is no candidate and that the
 * relation does not have is a function of that name applied to the whole row (`users.leak` means
 * leak(users)).  `relation` FACTS_TOP: anything at all.  `column` empty and `position` 0: the whole
 * row.  `position` n: the n-th column, where an alias list renamed by position. */
struct facts_source {
	uint32_t relation;
	uint32_t flags;
	struct facts_text column;
	uint32_t position;
};
#define FACTS_TOP (UINT32_MAX - 1)

enum facts_output_kind {
	OUTPUT_COLUMN, /* one result column */
	/* all columns of `relation`, a base table or view, in their order: as many as it has */
	OUTPUT_STAR,
	/* any number of columns, each from any of `sources`: functions in FROM without a column
	 * list (FACTS_TOP unless they are harmless), what USING leaves of a table, stars that a
	 * set operation puts above each other */
	OUTPUT_ANY,
};

enum facts_output_flag {
	OUTPUT_DERIVED = 1, /* computed, not a column as it is */
};

struct facts_output {
	uint16_t kind;
	uint16_t flags;
	/* the result column's name as far as the text decides it, else empty */
	struct facts_text name;
	uint32_t relation; /* for OUTPUT_STAR */
	struct facts_range sources;
};

/* ROW(enumerator, what stands in messages before "compares", "orders by", …) */
#define PROBE_PLACES(ROW)                                                                          \
	ROW(PROBE_WHERE, "WHERE compares")                                                         \
	ROW(PROBE_JOIN, "JOIN compares")                                                           \
	ROW(PROBE_ORDER_BY, "ORDER BY sorts by")                                                   \
	ROW(PROBE_GROUP_BY, "GROUP BY groups by")                                                  \
	ROW(PROBE_HAVING, "HAVING compares")                                                       \
	ROW(PROBE_DISTINCT, "DISTINCT compares")                                                   \
	ROW(PROBE_CASE, "CASE tests")                                                              \
	ROW(PROBE_WINDOW, "a window sorts by")                                                     \
	ROW(PROBE_SET_OPERATION, "a set operation compares")                                       \
	ROW(PROBE_FILTER, "FILTER tests")                                                          \
	ROW(PROBE_ON_CONFLICT, "ON CONFLICT compares")                                             \
	ROW(PROBE_SET_RETURNING, "a set-returning function is given")                              \
	ROW(PROBE_RAISING, "an operation that can fail is given")                                  \
	ROW(PROBE_LIMIT, "LIMIT is computed from")                                                 \
	ROW(PROBE_OTHER, "an expression tests")

enum facts_probe_place {
#define PROBE_ENUMERATOR(place, text) place,
	PROBE_PLACES(PROBE_ENUMERATOR)
#undef PROBE_ENUMERATOR
		PROBE_PLACE_COUNT
};

enum facts_probe_flag {
	/* exactly `column = value that the caller gave`, as a top-level AND condition */
	PROBE_LOOKUP = 1,
	/* NATURAL JOIN: every column name that both sides have; sources are whole rows */
	PROBE_NATURAL = 2,
};

/* A use of values that tells about them without showing them. */
struct facts_probe {
	uint16_t place;
	uint16_t flags;
	struct facts_range sources;
};

enum facts_write_flag {
	WRITE_ALL_COLUMNS = 1, /* INSERT without a column list, COPY IN without one: by position */
};

/* A column that is written, and what its values are computed from (empty: constants, parameters,
 * the client). */
struct facts_write {
	uint32_t relation;
	uint32_t flags;
	/* empty with WRITE_ALL_COLUMNS, where `position` says which, from 1; 0: all */
	struct facts_text column;
	uint32_t position;
	struct facts_range sources;
};

/* `column = constant` or `column = $n` as a top-level AND condition on the relation, or the value
 * that an INSERT gives the column. */
struct facts_equality {
	uint32_t relation;
	uint32_t parameter; /* n of $n, or 0 */
	struct facts_text column;
	struct facts_text value; /* the constant as text, when parameter is 0 */
};

/* The block.  Arrays follow the header in the order of the counts, then the string pool. */
struct facts {
	uint32_t magic;
	uint32_t size; /* of the whole block */
	/* statements[0 … top_level_count) are the call's statements in their order */
	uint32_t top_level_count;
	uint32_t statement_count;
	uint32_t effect_count;
	uint32_t relation_count;
	uint32_t output_count;
	uint32_t source_count;
	uint32_t probe_count;
	uint32_t write_count;
	uint32_t equality_count;
	uint32_t pool_size;
	/* the text as a whole is not understood: "syntax error at … (the statement may be newer
	 * than the grammar, PostgreSQL 15)"; then there are no statements */
	struct facts_text unknown;
	uint32_t parameter_max; /* the largest n of $n */
	uint32_t reserved;
};

/* Checks that `bytes` (aligned to 8) is a well-formed block, every index and text included, and
 * returns it; NULL when it is not.  Borrowed from `bytes`. */
const struct facts *facts_read(struct slice bytes);

const struct facts_statement *facts_statements(const struct facts *facts);
const struct facts_effect *facts_effects(const struct facts *facts);
const struct facts_relation *facts_relations(const struct facts *facts);
const struct facts_output *facts_outputs(const struct facts *facts);
const struct facts_source *facts_sources(const struct facts *facts);
const struct facts_probe *facts_probes(const struct facts *facts);
const struct facts_write *facts_writes(const struct facts *facts);
const struct facts_equality *facts_equalities(const struct facts *facts);
struct slice facts_slice(const struct facts *facts, struct facts_text text);

/* The format of a STATEMENT_COPY_…. */
struct copy_format facts_copy_format(const struct facts *facts,
				     const struct facts_statement *statement);

const char *facts_probe_text(enum facts_probe_place place);

/* Writes facts for people, one line each; for `chaperone policy explain --facts` and tests. */
void facts_print(const struct facts *facts, struct buf *out);

#endif
