/* SPDX-License-Identifier: MIT */
/* How rows of a COPY are written: what the statement's options say (PostgreSQL 15, sql-copy), for
 * those who look into the stream. */
#ifndef POLICY_CORE_COPY_FORMAT_H
#define POLICY_CORE_COPY_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/slice.h"

#define COPY_NULL_MAX 57

enum copy_kind {
	COPY_TEXT,
	COPY_CSV,
	COPY_BINARY,
	/* options that nobody here understands, or characters that streams cannot be told apart
	 * by */
	COPY_UNREADABLE,
};

/* Crosses processes, inside facts and plans. */
struct copy_format {
	uint8_t kind;          /* enum copy_kind */
	uint8_t has_header;    /* the first line names columns */
	uint8_t forces_quotes; /* csv: of some column; all that is written here is quoted then */
	char delimiter;
	char quote;  /* csv */
	char escape; /* csv */
	uint8_t null_length;
	char null_text[COPY_NULL_MAX];
};
_Static_assert(sizeof(struct copy_format) == 64, "struct copy_format crosses processes");

/* What a COPY without options writes, and what FORMAT csv changes. */
struct copy_format copy_format_of(enum copy_kind kind);

/* Sets what stands for NULL; false when it is too long. */
bool copy_format_set_null(struct copy_format *format, struct slice text);
struct slice copy_format_null(const struct copy_format *format);

/* Whether fields of such a stream can be found and written: the server accepts the options, and all
 * marks are ASCII characters, which conversion between encodings leaves alone. */
bool copy_format_is_readable(const struct copy_format *format);

/* Whether a field that reads like NULL is NULL.  In csv a value that does is quoted; in text it is
 * not, and only marks like \N, which no value is written as, are certain. */
bool copy_format_null_is_certain(const struct copy_format *format);

/* "csv header delimiter ',' …", for people. */
void copy_format_print(const struct copy_format *format, struct buf *out);

#endif
