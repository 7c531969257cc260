/* SPDX-License-Identifier: MIT */
/* What the pages about people have in common. */
#ifndef TOOLS_SERVER_PAGES_PEOPLE_PARTS_H
#define TOOLS_SERVER_PAGES_PEOPLE_PARTS_H

#include "tools/server/pages/act.h"
#include "tools/server/pages/field.h"

extern const struct field PEOPLE_PASSWORD, PEOPLE_GROUP, PEOPLE_ROLE;

/* The act that ends a token of the account that its path names. */
extern const struct act_case PEOPLE_TOKEN_CASES[];
#define PEOPLE_TOKEN_REVOKE                                                                        \
	{                                                                                          \
		.word = "token-revoke", .name = "Revoke", .work = deed_token_revoke,               \
		.field = "token", .is_field_subject = true, .question = "Revoke the token {}?",    \
		.means = "Whatever shows it is refused from the next request on.",                 \
		.done = "The token is revoked.", .cases = PEOPLE_TOKEN_CASES                       \
	}

/* Appends whether the account is disabled. */
void people_add_state(struct buf *out, int64_t disabled_ns);

/* Appends the choice of a role, of which `current` is chosen at first. */
void people_add_roles(struct view *view, const char *current);

/* Appends the account's API tokens, each with a button that revokes it where `acts` are given: `path` is theirs. */
must_use int people_add_tokens(struct view *view, struct slice account, const struct acts *acts,
			       const char *path);

/* A deed that needs a password: the one of the field, or where that is empty one that is made. */
struct people_password {
	deed_fn work;
	struct deed deed;
	struct buf *password;
	bool is_made;
};

/* Does it.  -EDOM: view_wrong says why the password is none. */
must_use int people_set_password(struct view *view, struct people_password *given);

/* The page on which a password that was made is shown once. */
void people_show_password(struct view *view, const char *account, struct slice password);

/* Appends that nothing can be published, where too few accounts have a key that counts. */
must_use int people_add_warning(struct view *view);

/* Appends something that is shown once, to be copied. */
void people_add_secret(struct buf *out, const char *name, struct slice secret);

#endif
