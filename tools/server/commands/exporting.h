/* SPDX-License-Identifier: MIT */
/* The state of an export, for export*.c alone. */
#ifndef TOOLS_SERVER_COMMANDS_EXPORTING_H
#define TOOLS_SERVER_COMMANDS_EXPORTING_H

#include <stdbool.h>

#include "tools/server/record/export_file.h"
#include "tools/server/record/ledger.h"
#include "tools/server/store/data.h"

struct known_log;

struct export_options {
	const char *data;
	const char *to;
	const char *agent;
	uint64_t from_ns, until_ns;
	bool is_all;
};

struct exporting {
	const struct export_options *options;
	struct data *data;
	struct export_file file;
	const struct ledger_signer *signer; /* of another server's log, this one's key */
	const struct known_log *other;      /* that one, which goes as far as it is signed */
	uint64_t logs;                      /* that are exported together; 0: it is one alone */
	uint64_t leaves;                    /* of those that are exported together */
	uint64_t size;                      /* of the log */
	bool is_shared;                     /* the database has other logs as well */
	int64_t after; /* of what was read in pages: the last number, size or leaf */
	int64_t after_kind, after_number; /* likewise, of what is told by three numbers */
	size_t rows;                      /* of the last page */
	uint64_t read; /* leaves before it were read, or were gone when this began */
	uint64_t next; /* that, after the page that is being read */
	uint64_t deliveries;
};

/* Writes who is judged by what, and who said so. */
must_use int exporting_governance(struct exporting *exporting);

/* Writes which leaves' bytes are gone, and where parts go on behind them; `read` is then where deliveries begin.
 * -ESTALE as exporting_check. */
must_use int exporting_gone(struct exporting *exporting);

/* -ESTALE: the server let go of leaves from `read` on, which were not read, so that all that was written is
 * worth nothing. */
must_use int exporting_check(const struct exporting *exporting, uint64_t read);

/* Runs a query whose rows stand behind those of the page before, until there are no more; each row is told
 * by its number. */
must_use int exporting_pages(struct exporting *exporting,
			     int (*put_page)(struct exporting *exporting));
void exporting_row(struct exporting *exporting, int64_t number);

#endif
