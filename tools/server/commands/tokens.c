/* SPDX-License-Identifier: MIT */
/* `chaperone-server token make`, `list` and `revoke`: what programs show that act for people. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>

#include "common/clock.h"
#include "tools/command/json.h"
#include "tools/server/people/account.h"
#include "tools/server/people/api_token.h"
#include "tools/server/commands/change.h"
#include "tools/server/commands/commands.h"
#include "tools/server/commands/listing.h"
#include "tools/server/common/moment.h"
#include "tools/server/people/scope.h"
#include "tools/server/commands/user_change.h"

#define TEXT_MAX (4 * KIB)

struct token_change {
	struct change change;
	uint64_t life_ns;
	unsigned int scopes;
	struct api_token token; /* its account and its name are options */
};

static int read_scopes(const char *text, void *ret_scopes)
{
	return scopes_read(slice_of(text), ret_scopes);
}

static int read_life(const char *text, void *ret_ns)
{
	return api_token_read_life(text, ret_ns);
}

static const struct option_row MAKE_ROWS[] = {
	CHANGE_OPTION_DATA(token_change),
	{ .name = "account",
	  .argument = "NAME",
	  .offset = OPTION_PLACE(token_change, token.account, const char *),
	  .help = "whose role it has, at most",
	  .is_needed = true },
	{ .name = "scope",
	  .argument = "SCOPES",
	  .offset = OPTION_PLACE(token_change, scopes, unsigned int),
	  .help = "what it is good for: read, policy, or both with a comma between",
	  .read = read_scopes,
	  .expected = "read, policy, or both with a comma between",
	  .is_needed = true },
	{ .name = "expires",
	  .argument = "DURATION",
	  .offset = OPTION_PLACE(token_change, life_ns, uint64_t),
	  .help = "for how long: 30d, 12h",
	  .read = read_life,
	  .expected = "a duration such as 12h or 30d, of 366d at most",
	  .is_needed = true },
	OPTION_TEXT(token_change, token.name, "name", "TEXT", "what it is for"),
	CHANGE_OPTION_JSON(token_change),
};

static int prepare_make(void *context, struct error *error)
{
	struct token_change *made = context;
	struct api_token *token = &made->token;

	if (!api_token_is_name(slice_of(token->name)))
		return error_set(error, -EINVAL, "--name is one line of at most %u bytes",
				 API_TOKEN_NAME_MAX);
	token->scopes = made->scopes;
	token->expires_ns = (int64_t)(realtime_ns() + made->life_ns);
	api_token_make(token);
	return account_check_name(token->account, error);
}

static int make(struct store *store, void *context)
{
	const struct token_change *made = context;

	return deed_token_make(store, audit_system(), &made->token);
}

static void show(const void *context)
{
	SCOPED(secret_done) struct buf secret = BUF_MAX(TEXT_MAX), out = BUF_MAX(TEXT_MAX);
	const struct token_change *made = context;
	const struct api_token *token = &made->token;
	char expires[MOMENT_SIZE];

	moment_text(token->expires_ns, expires);
	api_token_write(token, &secret);
	if (made->change.is_json) {
		json_open(&out, NULL, '{');
		json_text(&out, "id", slice_of(token->id));
		json_text(&out, "token", buf_view(&secret));
		json_text(&out, "expires", slice_of(expires));
		json_close(&out, '}');
		json_end(&out);
		buf_add_char(&out, '\n');
	} else {
		buf_printf(&out, "  id           %s\n  token        %s\n  expires      %s\n\n",
			   token->id, buf_text(&secret), expires);
		buf_add_text(&out, "It is shown this once.\n");
	}
	fputs(buf_text(&out), stdout);
}

static const struct change_case MAKE_CASES[] = {
	{ -ENOENT,
	  "there is no such account that can be used: chaperone-server user list shows them" },
	{ -EACCES, "the account's role may not do all that the scopes are for" },
	{ -EDQUOT, "the account has 32 tokens: chaperone-server token list shows them" },
	{ .text = NULL },
};

static const struct change_command MAKE = {
	.options = { OPTION_ROWS(MAKE_ROWS),
		     .about = "Makes a token for a program that acts for an account, and shows it "
			      "once.  It is good for\nwhat its scopes say, and never for more than "
			      "the account's role.",
		     .exits = CHANGE_EXITS },
	.cases = MAKE_CASES,
	.prepare = prepare_make,
	.work = make,
	.show = show,
};

int command_token_make(int argc, char **argv)
{
	struct token_change made = { .token = { .name = "" } };
	int status = change_run(&MAKE, argc, argv, &made);

	sodium_memzero(&made.token, sizeof(made.token));
	return status;
}

/* The columns of the list. */
enum column { ID, ACCOUNT, NAME, SCOPE, MADE, EXPIRES };

static int add_object(void *context, const struct store_value *columns, size_t count)
{
	struct buf *out = context;

	(void)count;
	json_open(out, NULL, '{');
	json_text(out, "id", columns[ID].bytes);
	json_text(out, "account", columns[ACCOUNT].bytes);
	json_text_if(out, "name", columns[NAME].bytes);
	json_text(out, "scope", columns[SCOPE].bytes);
	moment_json_stored(out, "made", &columns[MADE]);
	moment_json_stored(out, "expires", &columns[EXPIRES]);
	json_close(out, '}');
	return out->failed;
}

static int add_line(void *context, const struct store_value *columns, size_t count)
{
	struct buf *out = context;
	char expires[MOMENT_SIZE];

	(void)count;
	moment_text(columns[EXPIRES].number, expires);
	buf_printf(out, "%.*s  until %s  %-12.*s %.*s  %.*s\n", SLICE_ARGUMENTS(columns[ID].bytes),
		   expires, SLICE_ARGUMENTS(columns[SCOPE].bytes),
		   SLICE_ARGUMENTS(columns[ACCOUNT].bytes), SLICE_ARGUMENTS(columns[NAME].bytes));
	return out->failed;
}

static int add_tokens(struct listing *listing)
{
	return store_run(listing->store,
			 "SELECT id, account, name, scopes, made, expires FROM api_token"
			 " ORDER BY account, made, id",
			 STORE_NO_VALUES, listing->options.is_json ? add_object : add_line,
			 listing->out);
}

static const struct option_row LIST_ROWS[] = { LISTING_OPTION_DATA, LISTING_OPTION_JSON };

static const struct listing_command LIST = {
	.options = { OPTION_ROWS(LIST_ROWS),
		     .about = "Lists the tokens that were not revoked, each with whose it is, what "
			      "it is good for and until when.",
		     .exits = LISTING_EXITS },
	.add = add_tokens,
};

int command_token_list(int argc, char **argv)
{
	return listing_run(&LIST, argc, argv);
}

static int end_token(struct store *store, void *context)
{
	struct deed deed = change_deed(context, NULL);

	return deed_token_revoke(store, &deed);
}

static const struct option_row REVOKE_ROWS[] = { CHANGE_OPTION_DATA(change_alone) };

static const struct change_case REVOKE_CASES[] = {
	{ -ENOENT, "there is no token of that id: chaperone-server token list shows them" },
	{ .text = NULL },
};

static const struct change_command REVOKE = {
	.options = { OPTION_ROWS(REVOKE_ROWS), .operands = "ID", .operands_min = 1,
		     .operands_max = 1, .about = "Ends a token, from the next request on.",
		     .exits = CHANGE_EXITS },
	.cases = REVOKE_CASES,
	.work = end_token,
};

int command_token_revoke(int argc, char **argv)
{
	return change_run_alone(&REVOKE, argc, argv);
}
