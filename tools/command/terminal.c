/* SPDX-License-Identifier: MIT */
/* Printing what visible.h makes harmless. */
#include "tools/command/terminal.h"

#include "common/buf.h"
#include "common/error.h"
#include "tools/command/command.h"
#include "tools/command/visible.h"

#define SHOWN_MAX (64 * KIB)
#define PIECE_MAX (8 * KIB) /* an escape is at most eight times as long as what it is for */

void terminal_print(FILE *out, struct slice text)
{
	SCOPED(buf_done) struct buf shown = BUF_MAX(SHOWN_MAX);

	visible_add(&shown, text, 0);
	fwrite(buf_text(&shown), 1, shown.length, out);
}

void terminal_print_lines(FILE *out, struct slice text)
{
	while (text.length > 0) {
		struct slice line = slice_cut(&text, '\n');

		for (size_t at = 0; at < line.length; at += PIECE_MAX)
			terminal_print(out, slice_part(line, at, PIECE_MAX));
		fputc('\n', out);
	}
}

void terminal_error(const char *command, const struct error *error)
{
	char line[1024];

	error_format(error, line, sizeof(line));
	fprintf(stderr, "%s %s: ", command_program, command);
	terminal_print(stderr, slice_of(line));
	fputc('\n', stderr);
}
