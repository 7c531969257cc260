/* SPDX-License-Identifier: MIT */
/* The inside of a session, for the files that make it up. */
#ifndef POLICY_ENGINE_SESSION_PRIVATE_H
#define POLICY_ENGINE_SESSION_PRIVATE_H

#include "policy/engine/session.h"

/* Facts that names stand for; shared by the names. */
struct held_facts {
	size_t references;
	uint64_t made_by; /* the call that gave them a name */
	uint64_t digest;
	bool is_touched;  /* since then a relation that they name may have been made or moved */
	bool is_outdated; /* the server may have read names in them as nobody would now */
	uint64_t block[]; /* struct facts, aligned */
};

/* What a prepared name or cursor may stand for.  `call` 0: for sure, else if the call of that
 * number works. */
struct held_name {
	struct slice name;
	struct held_facts *facts;
	uint64_t call;
	uint32_t statement; /* number of the statement in its call that makes the name */
	bool ends_with_transaction;
};

struct held_names {
	struct held_name *items;
	size_t count;
};

enum database_match {
	DATABASE_NO,
	DATABASE_MAYBE,
	DATABASE_YES,
};

/* What a statement of a call that is under way will have done, once it works. */
enum change_kind {
	CHANGE_NONE,
	CHANGE_PREPARES,
	CHANGE_DEALLOCATES,
	CHANGE_DEALLOCATES_ALL,
	CHANGE_DECLARES,
	CHANGE_CLOSES,
	CHANGE_CLOSES_ALL,
	CHANGE_ENDS,     /* the transaction */
	CHANGE_DISCARDS, /* everything */
	CHANGE_BARES_PATH,
};

struct change {
	enum change_kind kind;
	uint32_t statement;
	struct slice name; /* owned */
};

struct pending {
	uint64_t number;
	struct change *changes;
	size_t change_count;
	uint32_t statements;
	unsigned doubt;   /* enum session_doubt: how the texts behind it are read */
	unsigned touches; /* likewise: what the end of the transaction takes back */
	bool makes_names; /* relations may have other names after it */
	bool takes_back;  /* or again those that they had before names changed */
	bool loses_names; /* it may change names in ways that cannot be followed */
};

#define SESSION_CREATED_MAX 64
struct created_name {
	uint64_t hash;
	uint64_t made_by; /* the last call that made it */
	bool is_call;     /* it may be a function */
};

struct session {
	const struct policy *policy;
	struct session_address address;
	char *address_texts;
	struct catalogue *catalogue;
	enum session_freshness freshness;
	enum session_transaction transaction;
	struct lexing lexing;
	char encoding[32];                              /* client_encoding as reported last */
	unsigned char databases[SESSION_DATABASES_MAX]; /* enum database_match */
	bool is_pooled;
	bool is_assumed;
	bool is_path_known;
	bool is_path_bare;  /* in this transaction: set to nothing in sight */
	uint64_t path_call; /* the last call that may change the path, or take a change back */
	bool wants_learning;
	struct created_name created[SESSION_CREATED_MAX]; /* made since learning */
	size_t created_count;
	uint64_t any_created_by;  /* likewise, of names that no text shows, or that came back */
	uint64_t changed_by;      /* the first call since learning that changed names; 0: none */
	bool is_any_created;      /* more than fit, or names that no text shows */
	bool is_any_call_created; /* as is_any_created, of functions, operators, types and casts */
	struct catalogue *own;    /* session_learn_own; NULL: not learned */
	bool is_own_out_of_reach; /* learning it failed; nothing has changed since */
	/* since learning: */
	bool is_open_for_sure; /* a transaction, in which nothing has failed; as of the last call */
	bool is_altered;       /* something may have another name or shape */
	bool is_tainted;       /* masked values may have gone where no text shows it */
	bool is_lost; /* names that are not in the tables for sure may exist all the same */
	/* the number of the call that did it; what ends all names makes good for those before it */
	uint64_t lost_by;
	bool is_unnamed_lost; /* is_lost of the unnamed prepared statement */
	/* enum session_doubt: in this transaction, so that its end may change it again */
	unsigned touched;
	/* likewise: by calls that ended, with no ReadyForQuery behind them yet */
	unsigned unsettled;
	const struct slice *assumed_columns;
	size_t assumed_column_count;
	struct held_names prepared, cursors;
	struct pending *pending;
	size_t pending_count;
	uint64_t calls;     /* sent so far */
	uint64_t last_call; /* of session_last_call */
	uint64_t unseen;    /* calls under way of which nothing is known */
};

/* session_names.c: all names are in doubt from the call noted last on. */
void session_lose_names(struct session *session);

/* session_ended.c */
void pending_done(struct pending *pending);
void pending_drop(struct session *session);

void session_match_databases(struct session *session);

/* The place in `created` of what was made under this name; created_count: nothing was. */
size_t session_find_created(const struct session *session, struct slice name);

/* session_outdated.c: something of this name is about to be made or moved; empty: of any name. */
void session_touch_held(struct session *session, struct slice name);

/* The transaction may be rolled back, so that what was read since names changed in it was read for
 * naught: they mean again what they meant before, but not to the server, which has read it. */
void session_outdate_held(struct session *session);

/* What `catalogue`, which was learned just now, says of the names that were touched. */
void session_settle_touched(struct session *session, const struct catalogue *catalogue);

struct held_facts *held_facts_new(const struct facts *facts, uint32_t statement);
void held_facts_drop(struct held_facts *held);

must_use int held_names_add(struct held_names *names, const struct held_name *name);

/* `is_lost`: without a meaning that is sure there may be others. */
int held_names_find(const struct held_names *names, struct slice name, bool is_lost,
		    const struct facts **ret_facts, size_t max);

/* Removes what is sure, or all that was `before` the given call: `name` empty means every name. */
void held_names_remove(struct held_names *names, struct slice name, bool any_name,
		       uint64_t up_to_call);
void held_names_settle(struct held_names *names, uint64_t call, uint32_t statement,
		       bool has_worked);
void held_names_end_transaction(struct held_names *names, uint64_t up_to_call);
void held_names_done(struct held_names *names);
uint64_t held_names_digest(const struct held_names *names);

#endif
