/* SPDX-License-Identifier: MIT */
/* `chaperone policy key-change` and `key-sign`: authors say whose signatures count from now on. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/command/document.h"
#include "tools/command/json.h"
#include "tools/command/terminal.h"
#include "tools/remote/author_key.h"
#include "tools/remote/authority.h"
#include "tools/remote/commands.h"
#include "tools/remote/keys.h"
#include "tools/remote/proposal.h"

#define KEY_TEXT "the author's key, as `chaperone-server init` showed it, in a file with mode 0600"

static int read_threshold(const char *text, void *ret_threshold)
{
	return option_number(text, 1, NOTE_KEYS_MAX, ret_threshold);
}

static const struct option_row CHANGE_ROWS[] = {
	OPTION_TEXT(author_options, add, "add", "VERIFIER",
		    "the public key of who is to sign as well, or instead of his other one"),
	OPTION_TEXT(author_options, remove, "remove", "NAME", "the account that is not to sign"),
	{ .name = "threshold",
	  .argument = "N",
	  .offset = OPTION_PLACE(author_options, threshold, uint64_t),
	  .read = read_threshold,
	  .expected = "a number from 1 to 64",
	  .help = "how many must sign (as many as now)" },
	OPTION_TEXT(author_options, why, "why", "TEXT", "what it is for"),
	AUTHOR_NEEDED(key, "key", "FILE", KEY_TEXT),
	AUTHOR_YES,
	AUTHOR_JSON("print what became of it as JSON, and what is signed on standard error"),
};

static const struct option_table CHANGE = {
	OPTION_ROWS(CHANGE_ROWS),
	.about =
		"Proposes other authors' keys, and signs that.  It is in force when enough of those whose\n"
		"signatures count now have signed it, and enough of those whose would then.",
	.exits = AUTHOR_EXITS,
};

static const struct option_row SIGN_ROWS[] = {
	AUTHOR_NEEDED(key, "key", "FILE", KEY_TEXT),
	AUTHOR_YES,
	AUTHOR_JSON("print what became of it as JSON, and what is signed on standard error"),
};

static const struct option_table SIGN = {
	OPTION_ROWS(SIGN_ROWS),
	.operands = "[ACCOUNT]",
	.operands_max = 1,
	.about =
		"Shows which other authors' keys are proposed, and signs that.  Of several proposals ACCOUNT says\n"
		"whose it is.",
	.exits = AUTHOR_EXITS,
};

struct key_change {
	struct visit visit;
	struct keys keys;
	struct root next;
	struct buf text; /* of it */
};

#define KEY_CHANGE_NONE                                                                            \
	{                                                                                          \
		.visit = VISIT_NONE, .keys = KEYS_NONE, .text = BUF_MAX(ROOT_TEXT_MAX)             \
	}

static void key_change_done(struct key_change *change)
{
	buf_done(&change->text);
	keys_done(&change->keys);
	visit_done(&change->visit);
}

static int key_change_open(struct key_change *change, const struct author_options *options,
			   struct error *error)
{
	int r = proposal_check_signer(options, error);

	if (r == 0)
		r = visit_open(NULL, &change->visit, error);
	if (r == 0)
		r = keys_read(&change->visit, &change->keys, error);
	return r == 0 ? authority_check(&change->visit, &change->keys, error) : r;
}

/* HOST/ACCOUNT */
static struct slice account_of(const struct verifying_key *key)
{
	struct slice rest = slice_of(key->name);

	slice_cut(&rest, '/');
	return rest;
}

static bool remove_key(struct root *root, struct slice name)
{
	for (size_t i = 0; i < root->key_count; i++) {
		if (!slice_is(name, root->keys[i].name) &&
		    !slice_equal(name, account_of(&root->keys[i])))
			continue;
		root->keys[i] = root->keys[--root->key_count];
		return true;
	}
	return false;
}

static int change_keys(const struct author_options *options, struct root *next, struct error *error)
{
	struct verifying_key added;

	if (options->remove && !remove_key(next, slice_of(options->remove)))
		return error_set(error, -EINVAL, "%.100s has no key that counts", options->remove);
	if (!options->add)
		return 0;
	if (verifying_key_read(slice_of(options->add), &added) < 0)
		return error_set(
			error, -EINVAL,
			"--add takes a public key: NAME+ID+BASE64, as `chaperone-server user key` shows it");
	remove_key(next, slice_of(added.name));
	if (next->key_count == NOTE_KEYS_MAX)
		return error_set(error, -E2BIG, "there are %u keys already", NOTE_KEYS_MAX);
	next->keys[next->key_count++] = added;
	return 0;
}

static int compose(struct key_change *change, const struct author_options *options,
		   struct error *error)
{
	const struct root *root = &change->keys.root;
	SCOPED(signing_key_done) struct signing_key key = { .secret = { 0 } };
	struct root *next = &change->next;

	*next = *root;
	next->version = root->version + 1;
	next->previous = root->version;
	memcpy(next->previous_digest, root->digest, SHA256_SIZE);
	next->policies = change->keys.policies;
	next->why = slice_of(options->why);
	int r = change_keys(options, next, error);
	if (r == 0)
		r = author_key_read(options->key, &key, error);
	if (r < 0)
		return r;
	next->by = account_of(&key.verifying);
	if (options->threshold > 0)
		next->threshold = (unsigned int)options->threshold;
	root_sort_keys(next->keys, next->key_count);
	if (root_write(next, &change->text) < 0)
		return error_set(error, -EINVAL,
				 "nobody can sign then: %zu key%s and a threshold of %u",
				 next->key_count, next->key_count == 1 ? "" : "s", next->threshold);
	/* the account's name is gone with its key, and stands in the text */
	return root_read(buf_view(&change->text), next) < 0
		       ? error_set(error, -EPROTO, "the server's answer is not complete")
		       : 0;
}

/* The server is asked for the text, and not believed: it has to be what follows the root, which was checked
 * with the policies (authority.h). */
static int check_text(const struct key_change *change, struct error *error)
{
	const struct root *root = &change->keys.root, *next = &change->next;

	if (!slice_equal(next->server, root->server) || next->version != root->version + 1 ||
	    memcmp(next->previous_digest, root->digest, SHA256_SIZE) != 0 ||
	    !slice_equal(next->policies, change->keys.policies)) {
		error_set(error, -ESTALE,
			  "another root or policy came first: propose the change again");
		return VISIT_NO;
	}
	return 0;
}

static bool is_by(struct slice text, const char *account)
{
	struct root root;

	return root_read(text, &root) == 0 && (!account || slice_is(root.by, account));
}

static int find_draft(struct key_change *change, const char *account, struct error *error)
{
	const json_t *drafts = json_object_get(change->keys.document, "drafts");
	size_t found = 0;

	for (size_t i = 0; i < json_array_size(drafts); i++) {
		struct slice text = document_text(json_array_get(drafts, i), "text");

		if (!is_by(text, account))
			continue;
		buf_clear(&change->text);
		buf_add_slice(&change->text, text);
		found++;
	}
	if (found != 1) {
		error_set(error, -ENOENT, "%s",
			  found == 0
				  ? "no such change is proposed"
				  : "several changes are proposed: say whose, or propose the one "
				    "that is right again");
		return VISIT_NO;
	}
	if (root_read(buf_view(&change->text), &change->next) < 0)
		return error_set(error, -EPROTO, "the server's answer is not complete");
	return check_text(change, error);
}

static const struct verifying_key *find_key(const struct root *root,
					    const struct verifying_key *key)
{
	for (size_t i = 0; i < root->key_count; i++) {
		if (memcmp(root->keys[i].public_key, key->public_key, KEY_PUBLIC_SIZE) == 0)
			return &root->keys[i];
	}
	return NULL;
}

/* Lines for the keys of `root` that `other` does not have. */
static void add_difference(struct buf *out, const char *word, const struct root *root,
			   const struct root *other)
{
	for (size_t i = 0; i < root->key_count; i++) {
		if (!find_key(other, &root->keys[i]))
			buf_printf(out, "%s %s %08" PRIx32 "\n", word, root->keys[i].name,
				   root->keys[i].id);
	}
}

static int show(const struct key_change *change, FILE *out)
{
	static const struct root NOBODY = { .version = 0 };
	const struct root *root = &change->keys.root, *next = &change->next;
	SCOPED(buf_done) struct buf text = BUF_MAX(2 * ROOT_TEXT_MAX);

	buf_add_slice(&text, buf_view(&change->text));
	buf_add_char(&text, '\n');
	if (change->keys.is_new)
		buf_add_text(&text,
			     "Nobody here knows these authors yet: ask each whether the key is "
			     "his before you sign.\n");
	add_difference(&text, "+", next, change->keys.is_new ? &NOBODY : root);
	add_difference(&text, "-", root, next);
	buf_printf(&text, "%u of %zu must sign, and %u of %zu now\n\n", next->threshold,
		   next->key_count, root->threshold, root->key_count);
	terminal_print_lines(out, buf_view(&text));
	fflush(out);
	return text.failed;
}

static void tell(const struct key_change *change, const json_t *told, bool is_json)
{
	uint64_t signatures = (uint64_t)json_integer_value(json_object_get(told, "signatures"));
	bool is_published = json_is_true(json_object_get(told, "is_published"));

	if (is_json) {
		json_dumpf(told, stdout, JSON_COMPACT);
		putchar('\n');
	} else if (is_published) {
		printf("Root %" PRIu64 " is in force.\n", change->next.version);
	} else {
		printf("Root %" PRIu64 " has %" PRIu64
		       " signature%s; authors whose it takes type:\n"
		       "  chaperone policy key-sign --key FILE\n",
		       change->next.version, signatures, signatures == 1 ? "" : "s");
	}
}

static int sign(struct key_change *change, const struct author_options *options,
		struct error *error)
{
	SCOPED(signing_key_done) struct signing_key key = { .secret = { 0 } };
	SCOPED(document_freep) json_t *told = NULL;
	SCOPED(buf_done) struct buf note = BUF_MAX(NOTE_SIZE_MAX);
	struct slice text = buf_view(&change->text);
	int r = show(change, options->is_json ? stderr : stdout);

	if (r == 0 && !options->is_yes)
		r = proposal_ask(error);
	if (r == 0)
		r = author_key_read(options->key, &key, error);
	if (r != 0)
		return r;
	r = note_begin(text, &note);
	if (r == 0)
		r = note_sign(text, &key, &note);
	if (r < 0)
		return error_system(error, r, "the signature");
	r = visit_post(&change->visit, "/v1/authors", buf_view(&note), &told, error);
	if (r == 0)
		tell(change, told, options->is_json);
	return r;
}

static int run_change(const char *operand, const struct author_options *options,
		      struct error *error)
{
	SCOPED(key_change_done) struct key_change change = KEY_CHANGE_NONE;
	int r;

	(void)operand;
	if (!options->add && !options->remove && options->threshold == 0)
		return error_set(error, -EINVAL,
				 "say what is to change: --add, --remove or --threshold");
	r = key_change_open(&change, options, error);
	if (r == 0)
		r = compose(&change, options, error);
	return r == 0 ? sign(&change, options, error) : r;
}

static int run_sign(const char *operand, const struct author_options *options, struct error *error)
{
	SCOPED(key_change_done) struct key_change change = KEY_CHANGE_NONE;
	int r = key_change_open(&change, options, error);

	if (r == 0)
		r = find_draft(&change, operand, error);
	return r == 0 ? sign(&change, options, error) : r;
}

int command_policy_key_change(int argc, char **argv)
{
	return author_command(&CHANGE, argc, argv, run_change);
}

int command_policy_key_sign(int argc, char **argv)
{
	return author_command(&SIGN, argc, argv, run_sign);
}
