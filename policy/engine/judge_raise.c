/* SPDX-License-Identifier: MIT */
/* The statement that makes the server raise a refusal.  All of it is ASCII without a backslash;
 * texts stand as hexadecimal digits, so that nothing in them can end a literal, and every
 * function is pg_catalog's.
 *
 * A connection for physical replication knows its own commands alone (manual, 55.4).  From
 * version 15 on there is one whose error quotes what it was given, whole and before it does anything
 * (BaseBackupGetTargetHandle in basebackup_target.c): the refusal is said there, under 0A000. */
#include "policy/engine/judge.h"

#include <string.h>

static bool is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.length; i++) {
		if ((unsigned char)text.at[i] >= 0x80)
			return false;
	}
	return true;
}

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* Bytes that no server text may hold become blanks; with `to_ascii`, characters beyond it
 * question marks, for which their continuation bytes are left out. */
static unsigned char speakable(unsigned char byte, bool to_ascii)
{
	if ((byte < 0x20 && byte != '\n') || byte == 0x7f)
		return ' ';
	return to_ascii && byte >= 0x80 ? '?' : byte;
}

static void add_hex(struct buf *out, struct slice text, bool to_ascii)
{
	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = (unsigned char)text.at[i];
		unsigned char said = speakable(byte, to_ascii);

		if (!to_ascii || !is_continuation(byte))
			buf_add_hex(out, &said, 1);
	}
}

static void add_quoted(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = (unsigned char)text.at[i];

		if (byte == '\'')
			buf_add_char(out, '\'');
		if (!is_continuation(byte))
			buf_add_char(out, (char)speakable(byte, true));
	}
}

static void add_text(struct buf *out, const char *option, struct slice text, bool to_ascii)
{
	if (text.length == 0)
		return;
	buf_printf(out, ", %s = pg_catalog.convert_from(pg_catalog.decode('", option);
	add_hex(out, text, to_ascii);
	buf_printf(out, "', 'hex'), '%s')", to_ascii ? "SQL_ASCII" : "UTF8");
}

static void add_raise(const struct judgement *judgement, struct buf *out, bool to_ascii)
{
	buf_printf(out, "RAISE EXCEPTION USING ERRCODE = '%s'", judgement->sqlstate);
	add_text(out, "MESSAGE", buf_view(&judgement->message), to_ascii);
	add_text(out, "DETAIL", buf_view(&judgement->detail), to_ascii);
	add_text(out, "HINT", buf_view(&judgement->hint), to_ascii);
	buf_add_char(out, ';');
}

/* Only where server and client both speak UTF-8 can every character be said; elsewhere a
 * conversion would fail and hide the refusal.  IF and not CASE: constant branches of a CASE are
 * computed beforehand. */
static const char SPEAKS_UTF8[] =
	"IF pg_catalog.getdatabaseencoding() OPERATOR(pg_catalog.=) 'UTF8' "
	"AND pg_catalog.pg_client_encoding() OPERATOR(pg_catalog.=) 'UTF8' THEN ";

static int add_command(const struct judgement *judgement, struct buf *out)
{
	buf_add_text(out, "BASE_BACKUP (TARGET '");
	add_quoted(out, buf_view(&judgement->message));
	buf_add_char(out, '\n');
	add_quoted(out, buf_view(&judgement->detail));
	buf_add_char(out, '\n');
	add_quoted(out, buf_view(&judgement->hint));
	buf_add_text(out, "')");
	return out->failed;
}

int judgement_raise(const struct judgement *judgement, const struct session_address *address,
		    struct buf *out)
{
	if (address->is_physical && address->server_version >= 150000)
		return add_command(judgement, out);
	struct slice texts[] = { buf_view(&judgement->message), buf_view(&judgement->detail),
				 buf_view(&judgement->hint) };
	bool is_plain = true, is_utf8 = true;

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		is_plain &= is_ascii(texts[i]);
		is_utf8 &= slice_is_utf8(texts[i]);
	}
	buf_add_text(out, "DO LANGUAGE plpgsql $chaperone$ BEGIN ");
	if (!is_plain && is_utf8) {
		buf_add_text(out, SPEAKS_UTF8);
		add_raise(judgement, out, false);
		buf_add_text(out, " END IF; ");
	}
	add_raise(judgement, out, true);
	buf_add_text(out, " END $chaperone$");
	return out->failed;
}
