/* SPDX-License-Identifier: MIT */
#include "tools/server/people/deed.h"

#include <errno.h>
#include <string.h>

#include "tools/server/people/account.h"
#include "tools/server/people/group.h"
#include "tools/server/people/scope.h"
#include "tools/server/people/setting.h"

#define DETAIL_MAX 256u

/* `done`: what the deed itself gave. */
static int note(struct store *store, const struct deed *deed, int done, enum audit_action action)
{
	if (done < 0)
		return done;
	return audit_add(
		store, deed->actor,
		(struct audit_deed){ action, slice_of(deed->subject), slice_of(deed->object) });
}

int deed_account_add(struct store *store, const struct deed *deed)
{
	return note(store, deed, account_add(store, deed->subject, deed->object, deed->password),
		    AUDIT_USER_ADD);
}

int deed_account_role(struct store *store, const struct deed *deed)
{
	return note(store, deed, account_set_role(store, deed->subject, deed->object),
		    AUDIT_USER_ROLE);
}

int deed_account_password(struct store *store, const struct deed *deed)
{
	return note(store, deed, account_set_password(store, deed->subject, deed->password),
		    AUDIT_USER_PASSWORD);
}

int deed_account_disable(struct store *store, const struct deed *deed)
{
	return note(store, deed, account_disable(store, deed->subject), AUDIT_USER_DISABLE);
}

int deed_account_enable(struct store *store, const struct deed *deed)
{
	return note(store, deed, account_enable(store, deed->subject), AUDIT_USER_ENABLE);
}

/* What belongs to an account is on the record as that account's. */
static int note_ended(struct store *store, const struct deed *deed, const char *account,
		      enum audit_action action)
{
	if (deed->object && strcmp(deed->object, account) != 0)
		return -ENOENT;
	return audit_add(store, deed->actor,
			 (struct audit_deed){ action, slice_of(account), slice_of(deed->subject) });
}

int deed_key_revoke(struct store *store, const struct deed *deed)
{
	char account[NAME_PLAIN_MAX + 1];
	int r = account_revoke_author_key(store, slice_of(deed->subject), account);

	return r < 0 ? r : note_ended(store, deed, account, AUDIT_KEY_REVOKE);
}

int deed_group_add(struct store *store, const struct deed *deed)
{
	return note(store, deed, group_add(store, slice_of(deed->subject)), AUDIT_GROUP_ADD);
}

int deed_group_remove(struct store *store, const struct deed *deed)
{
	return note(store, deed, group_remove(store, slice_of(deed->subject)), AUDIT_GROUP_REMOVE);
}

int deed_member_add(struct store *store, const struct deed *deed)
{
	return note(store, deed,
		    group_add_member(store, slice_of(deed->subject), slice_of(deed->object)),
		    AUDIT_MEMBER_ADD);
}

int deed_member_remove(struct store *store, const struct deed *deed)
{
	return note(store, deed,
		    group_remove_member(store, slice_of(deed->subject), slice_of(deed->object)),
		    AUDIT_MEMBER_REMOVE);
}

int deed_token_make(struct store *store, struct audit_actor actor, const struct api_token *token)
{
	SCOPED(buf_done) struct buf detail = BUF_MAX(DETAIL_MAX);
	int r = api_token_add(store, token);

	if (r < 0)
		return r;
	buf_printf(&detail, "%s ", token->id);
	scopes_write(token->scopes, &detail);
	return detail.failed ? detail.failed
			     : audit_add(store, actor,
					 (struct audit_deed){ AUDIT_TOKEN, slice_of(token->account),
							      buf_view(&detail) });
}

int deed_token_revoke(struct store *store, const struct deed *deed)
{
	char account[NAME_PLAIN_MAX + 1];
	int r = api_token_revoke(store, slice_of(deed->subject), account);

	return r < 0 ? r : note_ended(store, deed, account, AUDIT_TOKEN_REVOKE);
}

int deed_setting(struct store *store, const struct deed *deed, struct error *error)
{
	return note(store, deed,
		    setting_write(store, slice_of(deed->subject), slice_of(deed->object), error),
		    AUDIT_SETTING);
}
