/* SPDX-License-Identifier: MIT */
/* libpg_query's raw parser, without libpg_query's own entry points. */
#include "policy/engine/postgres_tree.h"

#include <mb/pg_wchar.h>
#include <parser/parser.h>
#include <signal.h>
#include <stdio.h>

/* libpg_query's mark that its own start-up ran: that one leaks a pthread key per thread, so it
 * never runs. */
extern __thread sig_atomic_t pg_query_initialized;

void postgres_parse_init(void)
{
	if (pg_query_initialized)
		return;
	pg_query_initialized = 1;
	MemoryContextInit();
}

List *postgres_parse(const char *text, const struct analyse_settings *settings)
{
	SetDatabaseEncoding(settings->is_utf8 ? PG_UTF8 : PG_SQL_ASCII);
	standard_conforming_strings = settings->standard_conforming_strings;
	/* The server's default: \' only where the client's encoding cannot hide a backslash. */
	backslash_quote = BACKSLASH_QUOTE_SAFE_ENCODING;
	escape_string_warning = false;
	return raw_parser(text, RAW_PARSE_DEFAULT);
}

void postgres_error_text(char *ret_text, size_t size)
{
	ErrorData *error = CopyErrorData();

	FlushErrorState();
	if (error->cursorpos > 0)
		snprintf(ret_text, size,
			 "%.200s at character %d (the statement may be newer than the grammar, "
			 "PostgreSQL 15)",
			 error->message, error->cursorpos);
	else
		snprintf(ret_text, size, "%.200s", error->message);
}
