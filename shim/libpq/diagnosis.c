/* SPDX-License-Identifier: MIT */
/* Takes out of errors and notices what may quote a protected value.  The texts are libpq's own
 * memory, which its accessors hand out again: they are changed in place, and only get shorter.
 *
 * What passes under HIDES_TEXTS, apart from severity, SQLSTATE and the place in the server's
 * source:
 *   - all of an error that has a position in the statement: PostgreSQL gives one (errposition) when
 *     it reads and analyses the text, before any row is;
 *   - the message, but not the detail and the hint, under a code whose messages quote no value
 *     (sqlstate.h).
 * Neither counts for what has a context or an internal query: it was said inside a function, where
 * RAISE chooses code and words.  Under HIDES_RAISED only the latter is hidden, under HIDES_COMPUTED
 * also messages of other codes than those, and under all but HIDES_TEXTS whatever a detector finds
 * something in.
 *
 * What the server says of another server, or of a file or program that stands for a table, counts as
 * said inside a function: the options by which it is reached are masked wherever they can be read
 * (policy/engine/builtins_columns.c), and these errors quote them. */
#include "shim/libpq/diagnosis.h"

#include <stdio.h>
#include <string.h>

#include "shim/libpq/sqlstate.h"

/* libpq has it in all errors and notices of a server's, "ERROR:  …", and in none of its own
 * messages. */
#define SEVERITY_END ":  "

static const char REDACTED[] = "[redacted]";
static const char RAISED[] = "P0001";

struct diagnosis {
	const struct session *session;
	const struct instance *instance;
	const PGresult *result;
};

static char *field(const struct diagnosis *diagnosis, int code)
{
	char *text = REAL(diagnosis->instance, PQresultErrorField)(diagnosis->result, code);

	return text && text[0] ? text : NULL;
}

/* Puts `with` in the place of the `length` bytes at `at`, as much of it as there is room for. */
static void replace(char *at, size_t length, const char *with)
{
	size_t kept = strlen(with) < length ? strlen(with) : length;
	size_t rest = strlen(at + length);

	memcpy(at, with, kept);
	memmove(at + kept, at + length, rest + 1);
	memset(at + kept + rest, 0, length - kept);
}

static void rewrite(char *text, const char *with)
{
	replace(text, strlen(text), with);
}

/* A text that is too short for the word becomes empty, so that its length says nothing. */
void diagnosis_hide(char *text)
{
	if (text)
		rewrite(text, strlen(text) < sizeof(REDACTED) - 1 ? "" : REDACTED);
}

static void hide_fields(const struct diagnosis *diagnosis, const int *codes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		diagnosis_hide(field(diagnosis, codes[i]));
}

/* "[redacted] (invalid text representation)", where the message was as long. */
static void hide_message(char *message, const char *name)
{
	char text[96];

	if (!message)
		return;
	snprintf(text, sizeof(text), "%s (%s)", REDACTED, name);
	if (strlen(message) < strlen(text))
		diagnosis_hide(message);
	else
		rewrite(message, text);
}

static const int ADDITIONS[] = { PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT };
static const int CHOSEN[] = { PG_DIAG_CONTEXT,        PG_DIAG_INTERNAL_QUERY, PG_DIAG_SCHEMA_NAME,
			      PG_DIAG_TABLE_NAME,     PG_DIAG_COLUMN_NAME,    PG_DIAG_DATATYPE_NAME,
			      PG_DIAG_CONSTRAINT_NAME };

static void drop(char *text)
{
	if (text)
		rewrite(text, "");
}

/* RAISE chooses all of these.  A position is one in a text that was computed: `ssn::regtype` parses
 * its value, and says where in it an error is. */
static void hide_all(const struct diagnosis *diagnosis)
{
	char *state = field(diagnosis, PG_DIAG_SQLSTATE);
	const char *name = state ? sqlstate_name(state) : NULL;

	if (state && !name) {
		rewrite(state, RAISED);
		name = sqlstate_name(RAISED);
	}
	hide_message(field(diagnosis, PG_DIAG_MESSAGE_PRIMARY), name ? name : "");
	hide_fields(diagnosis, CHOSEN, COUNT_OF(CHOSEN));
	drop(field(diagnosis, PG_DIAG_STATEMENT_POSITION));
	drop(field(diagnosis, PG_DIAG_INTERNAL_POSITION));
}

static bool is_said_in_function(const struct diagnosis *diagnosis)
{
	const char *function = field(diagnosis, PG_DIAG_SOURCE_FUNCTION);

	/* Before 9.6, RAISE had no context of its own. */
	return field(diagnosis, PG_DIAG_CONTEXT) || field(diagnosis, PG_DIAG_INTERNAL_QUERY) ||
	       (function && strcmp(function, "exec_stmt_raise") == 0);
}

static bool has_class(const char *state, const char *class)
{
	return strncmp(state, class, 2) == 0;
}

/* Foreign tables of file_fdw are read as COPY reads files and programs. */
static bool tells_of_file(const char *file, const char *state)
{
	return strcmp(file, "copyfrom.c") == 0 &&
	       (has_class(state, "58") || has_class(state, "38") || strcmp(state, "42501") == 0);
}

/* Connections of the server's own: postgres_fdw, dblink, subscriptions (class 08), and other wrappers
 * (HV).  08P01 is what the server says of its client, except where it is itself one. */
static bool tells_of_elsewhere(const struct diagnosis *diagnosis)
{
	const char *state = field(diagnosis, PG_DIAG_SQLSTATE);
	const char *file = field(diagnosis, PG_DIAG_SOURCE_FILE);

	if (!state)
		return false;
	if (file && (strcmp(file, "libpqwalreceiver.c") == 0 || tells_of_file(file, state)))
		return true;
	return (has_class(state, "08") && strcmp(state, "08P01") != 0) || has_class(state, "HV");
}

/* postgres_fdw's message, with the server's name in SQL alone; why is in the detail (contrib/
 * postgres_fdw/connection.c). */
static bool names_elsewhere(const struct diagnosis *diagnosis, const char *state)
{
	const char *function = field(diagnosis, PG_DIAG_SOURCE_FUNCTION);

	return function && strcmp(state, "08001") == 0 &&
	       strcmp(function, "connect_pg_server") == 0;
}

/* Those of successful statements, which commands write about the objects that they name.  LOG and
 * DEBUG show plans, with the constants in them. */
static bool is_plain_notice(const struct diagnosis *diagnosis, const char *state)
{
	static const char *const PLAIN[] = { "NOTICE", "INFO", "WARNING" };
	const char *severity = field(diagnosis, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (!severity || (strcmp(state, "00000") != 0 && strcmp(state, "01000") != 0))
		return false;
	for (size_t i = 0; i < COUNT_OF(PLAIN); i++) {
		if (strcmp(severity, PLAIN[i]) == 0)
			return true;
	}
	return false;
}

static bool is_fixed(const struct diagnosis *diagnosis)
{
	const char *state = field(diagnosis, PG_DIAG_SQLSTATE);

	if (tells_of_elsewhere(diagnosis))
		return names_elsewhere(diagnosis, state);
	return state && (sqlstate_is_fixed(state) || is_plain_notice(diagnosis, state));
}

/* The whole text anew, from what the fields are now, as the connection wants its texts.  NULL:
 * there is no memory, or libpq is older than 9.6. */
static char *compose(const struct diagnosis *diagnosis, PGconn *conn)
{
	const struct instance *instance = diagnosis->instance;

	if (!instance_function(instance, LIBPQ_PQresultVerboseErrorMessage) ||
	    !instance_function(instance, LIBPQ_PQsetErrorContextVisibility))
		return NULL;
	PGVerbosity verbosity = REAL(instance, PQsetErrorVerbosity)(conn, PQERRORS_DEFAULT);
	PGContextVisibility visibility =
		REAL(instance, PQsetErrorContextVisibility)(conn, PQSHOW_CONTEXT_ERRORS);
	REAL(instance, PQsetErrorVerbosity)(conn, verbosity);
	REAL(instance, PQsetErrorContextVisibility)(conn, visibility);
	return REAL(instance, PQresultVerboseErrorMessage)(diagnosis->result, verbosity,
							   visibility);
}

/* The connection's message has an error's text in it, and maybe more of libpq's own. */
static void rewrite_connection(const struct diagnosis *diagnosis, PGconn *conn, const char *text,
			       const char *with)
{
	const struct instance *instance = diagnosis->instance;
	char *whole = REAL(instance, PQerrorMessage)(conn);

	if (REAL(instance, PQresultStatus)(diagnosis->result) != PGRES_FATAL_ERROR ||
	    !diagnosis_may_quote(whole))
		return;
	char *at = text && text[0] ? strstr(whole, text) : NULL;
	if (at)
		replace(at, strlen(text), with);
	else
		rewrite(whole, with);
}

static void rewrite_texts(const struct diagnosis *diagnosis, PGconn *conn)
{
	char *composed = compose(diagnosis, conn);
	const char *with = composed ? composed : "ERROR:  [redacted]\n";
	char *text = REAL(diagnosis->instance, PQresultErrorMessage)(diagnosis->result);

	rewrite_connection(diagnosis, conn, text, with);
	/* Without memory libpq has constants here, which cannot be written to. */
	if (diagnosis_may_quote(text))
		rewrite(text, with);
	REAL(diagnosis->instance, PQfreemem)(composed);
}

bool diagnosis_finds(const struct session *session, const char *text)
{
	struct finding finding;

	return text && session->wanted &&
	       detect_next(slice_of(text), 0, session->wanted, &finding) != 0;
}

static bool is_found(const struct diagnosis *diagnosis, const int *codes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (diagnosis_finds(diagnosis->session, field(diagnosis, codes[i])))
			return true;
	}
	return false;
}

static bool has_finding(const struct diagnosis *diagnosis)
{
	return diagnosis_finds(diagnosis->session, field(diagnosis, PG_DIAG_MESSAGE_PRIMARY)) ||
	       is_found(diagnosis, ADDITIONS, COUNT_OF(ADDITIONS)) ||
	       is_found(diagnosis, CHOSEN, COUNT_OF(CHOSEN));
}

/* `is_chosen`: neither code nor words can be trusted. */
static bool is_hidden(enum hiding hiding, bool is_inner, bool is_chosen)
{
	return hiding == HIDES_TEXTS || (hiding == HIDES_COMPUTED && is_chosen) ||
	       (hiding >= HIDES_RAISED && is_inner);
}

void diagnosis_pass(PGconn *conn, const struct session *session, const PGresult *result,
		    enum hiding hiding)
{
	struct diagnosis diagnosis = { session, session->instance, result };
	bool is_raised = is_said_in_function(&diagnosis);
	bool is_inner = is_raised || tells_of_elsewhere(&diagnosis);

	if (hiding == HIDES_NOTHING || (!is_inner && field(&diagnosis, PG_DIAG_STATEMENT_POSITION)))
		return;
	bool is_chosen = is_raised || !is_fixed(&diagnosis);
	bool hides = is_hidden(hiding, is_inner, is_chosen);
	if (!hides && !has_finding(&diagnosis))
		return;
	if (is_chosen || !hides)
		hide_all(&diagnosis);
	hide_fields(&diagnosis, ADDITIONS, COUNT_OF(ADDITIONS));
	rewrite_texts(&diagnosis, conn);
}

bool diagnosis_may_quote(const char *text)
{
	return text && strstr(text, SEVERITY_END);
}
