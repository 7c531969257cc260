/* SPDX-License-Identifier: MIT */
/* One connection's state, kept as what may hold. */
#include "policy/engine/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "policy/engine/session_private.h"

/* Copies `text` to `*at` and moves on. */
static struct slice keep(char **at, struct slice text)
{
	struct slice kept = { *at, text.length };

	if (text.length > 0)
		memcpy(*at, text.at, text.length);
	*at += text.length;
	return kept;
}

static int keep_address(struct session *session, const struct session_address *address)
{
	size_t size = address->host.length + address->host_address.length + address->socket.length +
		      address->database.length + address->user.length + address->options.length + 1;
	char *at = session->address_texts = malloc(size);

	if (!at)
		return -ENOMEM;
	session->address = *address;
	session->address.host = keep(&at, address->host);
	session->address.host_address = keep(&at, address->host_address);
	session->address.socket = keep(&at, address->socket);
	session->address.database = keep(&at, address->database);
	session->address.user = keep(&at, address->user);
	session->address.options = keep(&at, address->options);
	return 0;
}

int session_new(const struct policy *policy, const struct session_address *address,
		struct session **ret_session)
{
	SCOPED(session_freep) struct session *session = NULL;

	if (policy->database_count > SESSION_DATABASES_MAX)
		return -E2BIG;
	session = calloc(1, sizeof(*session));
	if (!session)
		return -ENOMEM;
	session->policy = policy;
	session->transaction = TRANSACTION_IDLE;
	session->lexing = (struct lexing){ true, true };
	session->wants_learning = catalogue_is_needed(policy);
	int r = keep_address(session, address);
	if (r < 0)
		return r;
	session_match_databases(session);
	*ret_session = steal(session);
	return 0;
}

void session_free(struct session *session)
{
	if (!session)
		return;
	pending_drop(session);
	held_names_done(&session->prepared);
	held_names_done(&session->cursors);
	catalogue_free(session->catalogue);
	catalogue_free(session->own);
	free(session->address_texts);
	free(session);
}

const struct session_address *session_address(const struct session *session)
{
	return &session->address;
}

/* Encodings in which no byte of a longer character is ASCII (PostgreSQL manual, 24.3.1: those
 * that a server may use, which leaves out BIG5, GB18030, GBK, JOHAB, SJIS, SHIFT_JIS_2004 and
 * UHC). */
static bool encoding_is_ascii_safe(struct slice name)
{
	static const char *const SAFE[] = {
		"UTF8",         "UNICODE", "SQL_ASCII", "LATIN1",  "LATIN2",  "LATIN3",  "LATIN4",
		"LATIN5",       "LATIN6",  "LATIN7",    "LATIN8",  "LATIN9",  "LATIN10", "WIN1250",
		"WIN1251",      "WIN1252", "WIN1253",   "WIN1254", "WIN1255", "WIN1256", "WIN1257",
		"WIN1258",      "WIN866",  "WIN874",    "KOI8R",   "KOI8U",   "EUC_CN",  "EUC_JP",
		"EUC_JIS_2004", "EUC_KR",  "EUC_TW",
	};

	for (size_t i = 0; i < COUNT_OF(SAFE); i++) {
		if (slice_equal_ignoring_case(name, slice_of(SAFE[i])))
			return true;
	}
	return slice_starts_with(name, "ISO_8859_");
}

int session_parameter(struct session *session, struct slice name, struct slice value)
{
	if (slice_is(name, "standard_conforming_strings")) {
		session->lexing.standard_conforming_strings = slice_is(value, "on");
	} else if (slice_is(name, "client_encoding") && !slice_is(value, session->encoding)) {
		session->lexing.is_ascii_safe = encoding_is_ascii_safe(value);
		snprintf(session->encoding, sizeof(session->encoding), "%.*s",
			 SLICE_ARGUMENTS(value));
		/* Names were learned in the encoding of then. */
		session->wants_learning |= session->catalogue != NULL;
		session_forget_own(session);
	}
	return 0;
}

struct lexing session_lexing(const struct session *session)
{
	return session->lexing;
}

struct slice session_encoding(const struct session *session)
{
	return slice_of(session->encoding);
}

unsigned session_lexing_doubt(const struct session *session)
{
	unsigned doubt =
		session->unsettled | (session->unseen > 0 ? DOUBT_STRINGS | DOUBT_ENCODING : 0);

	for (size_t i = 0; i < session->pending_count; i++)
		doubt |= session->pending[i].doubt;
	return doubt;
}

void session_learn(struct session *session, struct catalogue *catalogue)
{
	int32_t pid = session->address.backend_pid;

	session_forget_own(session);
	session->is_altered = session->is_tainted = false;
	session->changed_by = 0;
	session_settle_touched(session, catalogue);
	catalogue_free(session->catalogue);
	session->catalogue = catalogue;
	session->is_path_known = true;
	session->is_path_bare = false;
	session->freshness = SESSION_FRESH;
	session->created_count = 0;
	session->is_any_created = false;
	session->is_any_call_created = false;
	session->wants_learning = false;
	session_match_databases(session);
	/* Another backend answers than the one that we were connected to: a pooler, so the next
	 * may be a third. */
	if (pid != 0 && catalogue_identity(catalogue)->backend_pid != pid)
		session->is_pooled = true;
	if (session->is_pooled)
		session->is_path_known = false;
}

const struct catalogue *session_catalogue(const struct session *session)
{
	return session->catalogue;
}

bool session_wants_learning(const struct session *session)
{
	return session->wants_learning && !session->is_assumed;
}

bool session_minds_transaction_end(const struct session *session)
{
	return session->own || session->changed_by || session->touched || session->unsettled ||
	       session->cursors.count > 0 || session->pending_count > 0 || session->unseen > 0;
}

void session_assume(struct session *session)
{
	session->is_assumed = true;
	session->is_path_known = true;
	session_match_databases(session);
}

bool session_is_assumed(const struct session *session)
{
	return session->is_assumed;
}

void session_assume_columns(struct session *session, const struct slice *names, size_t count)
{
	session->assumed_columns = names;
	session->assumed_column_count = count;
}

size_t session_assumed_columns(const struct session *session, const struct slice **ret_names)
{
	*ret_names = session->assumed_columns;
	return session->assumed_column_count;
}

enum session_freshness session_freshness(const struct session *session)
{
	return session->freshness;
}

size_t session_find_created(const struct session *session, struct slice name)
{
	uint64_t hash = XXH3_64bits(name.at, name.length);
	size_t i = 0;

	while (i < session->created_count && session->created[i].hash != hash)
		i++;
	return i;
}

bool session_name_is_new(const struct session *session, struct slice name)
{
	return session_find_created(session, name) < session->created_count;
}

bool session_call_is_new(const struct session *session, struct slice name)
{
	return session->is_any_call_created ||
	       (session->created_count > 0 && session_name_is_new(session, name));
}

bool session_names_are_doubtful(const struct session *session)
{
	return session->is_any_created && !session->is_assumed;
}

bool session_path_is_known(const struct session *session)
{
	return (session->is_path_known || session->is_path_bare) && !session->is_pooled;
}

bool session_path_is_bare(const struct session *session)
{
	return session->is_path_bare && !session->is_pooled;
}

int session_prepared(const struct session *session, struct slice name,
		     const struct facts **ret_facts, size_t max)
{
	bool is_lost = session->is_lost || (name.length == 0 && session->is_unnamed_lost);

	return held_names_find(&session->prepared, name, is_lost, ret_facts, max);
}

int session_cursor(const struct session *session, struct slice name, const struct facts **ret_facts,
		   size_t max)
{
	if (session->is_pooled)
		return -ENOENT;
	return held_names_find(&session->cursors, name, session->is_lost, ret_facts, max);
}

enum session_transaction session_transaction(const struct session *session)
{
	return session->transaction;
}

uint64_t session_context(const struct session *session)
{
	struct {
		uint64_t catalogue, prepared, cursors, databases, user;
		unsigned char flags[8];
	} state;

	if (session->pending_count > 0 || session->unseen > 0 || session->unsettled ||
	    session->own || session_wants_learning(session))
		return 0;
	memset(&state, 0, sizeof(state));
	state.catalogue = session->catalogue ? catalogue_digest(session->catalogue) : 0;
	state.prepared = held_names_digest(&session->prepared);
	state.cursors = held_names_digest(&session->cursors);
	state.databases = XXH3_64bits(session->databases, session->policy->database_count);
	state.user = XXH3_64bits(session->address.user.at, session->address.user.length);
	state.flags[0] = session->lexing.standard_conforming_strings;
	state.flags[1] = session->lexing.is_ascii_safe;
	state.flags[2] = (unsigned char)(session->is_path_known | session->is_path_bare << 1);
	state.flags[3] = session->is_lost;
	state.flags[4] = session->is_pooled;
	state.flags[5] = (unsigned char)session->freshness;
	state.flags[6] = (unsigned char)session->touched;
	state.flags[7] = session->is_unnamed_lost;
	uint64_t context = XXH3_64bits(&state, sizeof(state));
	return context ? context : 1;
}
