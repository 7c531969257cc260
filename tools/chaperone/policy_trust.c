/* SPDX-License-Identifier: MIT */
/* `chaperone policy trust`: a person looks at a policy that was found in a folder and says that
 * it may be used. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/command/command.h"
#include "tools/chaperone/commands.h"
#include "tools/chaperone/governed.h"
#include "tools/command/options.h"
#include "tools/chaperone/policy_find.h"
#include "tools/command/terminal.h"
#include "tools/chaperone/trust.h"

#define COULD_NOT EXIT_USAGE

struct trust_options {
	bool is_yes, is_json;
	const char *path;
};

static const struct option_row ROWS[] = {
	{ .name = "yes",
	  .letter = 'y',
	  .offset = OPTION_PLACE(trust_options, is_yes, bool),
	  .help = "do not ask" },
	OPTION_FLAG(trust_options, is_json, "json", "print what was trusted as JSON"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.operands = "[PATH]",
	.operands_max = 1,
	.about =
		"Shows the policy in PATH, or the one found in this folder and above, and asks whether\n"
		"it may be used.  It is used until a file of it changes.  Only a person at a "
		"terminal\n"
		"can give trust.",
	.exits = "0 trusted, 1 not trusted, 2 could not ask",
};

/* Consent must come from a person, and from outside of what is governed (security.md 17). */
static int check_person(struct error *error)
{
	int r = governed_refuse(error);

	if (r < 0)
		return r;
	if (!isatty(STDIN_FILENO))
		return error_set(error, -ENOTTY, "needs a person at a terminal; stdin is none");
	return 0;
}

static int find(const char *path, struct policy_found *ret_found, struct error *error)
{
	if (!path)
		return policy_find_in_folders(ret_found, error);
	if (!realpath(path, ret_found->path))
		return error_system(error, -errno, path);
	return 0;
}

static void show_files(FILE *out, const struct policy_source *source)
{
	for (size_t i = 0; i < source->files.count; i++) {
		fprintf(out, "  %8zu bytes  ", source->texts[i].length);
		terminal_print(out, slice_of(source->files.paths[i]));
		fputc('\n', out);
	}
}

static void show_rules(FILE *out, const struct policy *policy)
{
	for (size_t i = 0; i < policy->file_count; i++)
		fprintf(out, "%s%s", i ? ", " : "policy ", policy->files[i].name);
	fprintf(out, ": %zu %s for %zu %s; what no rule decides: %s, what cannot be read: %s%s\n",
		policy->rule_count, policy->rule_count == 1 ? "rule" : "rules",
		policy->database_count, policy->database_count == 1 ? "database" : "databases",
		decision_text(policy->default_decision), decision_text(policy->unknown),
		policy->is_trial ? "; TRIAL, nothing is enforced" : "");
	for (size_t i = 0; i < policy->rule_count; i++)
		fprintf(out, "  %s\n", policy->rules[i].name);
}

static void digest_text(const struct policy_source *source, struct buf *text)
{
	buf_add_hex(text, source->digest, sizeof(source->digest));
}

static bool ask(void)
{
	char answer[16] = "";

	fputs("Use it from now on?  Type yes: ", stderr);
	fflush(stderr);
	return fgets(answer, sizeof(answer), stdin) && strcmp(answer, "yes\n") == 0;
}

static void show_done(const struct trust_options *options, const char *path, const char *digest)
{
	SCOPED(buf_done) struct buf json = BUF_MAX(64 * KIB);

	if (!options->is_json) {
		puts("Trusted.  Next: chaperone run -- CMD");
		return;
	}
	buf_add_json(&json, slice_of(path));
	printf("{\"trusted\":%s,\"sha256\":\"%s\"}\n", buf_text(&json), digest);
}

static int trust(const struct trust_options *options, struct error *error)
{
	SCOPED(policy_source_done) struct policy_source source = { .texts = NULL };
	SCOPED(policy_freep) struct policy *policy = NULL;
	SCOPED(buf_done) struct buf digest = BUF_MAX(2 * SHA256_SIZE);
	struct policy_found found = { .path = "" };
	FILE *out = options->is_json ? stderr : stdout;
	int r = find(options->path, &found, error);

	if (r == 0)
		r = policy_source_read(found.path, CARE_LINKS, &source, error);
	if (r == 0)
		r = policy_source_parse(&source, &policy, error);
	if (r < 0)
		return r;
	digest_text(&source, &digest);
	show_files(out, &source);
	fprintf(out, "  sha256 %s\n", buf_text(&digest));
	show_rules(out, policy);
	fflush(out);
	if (!options->is_yes && !ask())
		return error_set(error, -ECANCELED, "not trusted");
	r = trust_give(found.path, source.digest, error);
	if (r == 0)
		show_done(options, found.path, buf_text(&digest));
	return r;
}

int command_policy_trust(int argc, char **argv)
{
	struct trust_options options = { .path = NULL };
	struct error error = { .text = "" };
	int status;
	char **operands = options_read(&OPTIONS, argc, argv, &options, &status);

	if (!operands)
		return status;
	options.path = operands[0];
	int r = check_person(&error);
	if (r == 0)
		r = trust(&options, &error);
	if (r == 0)
		return EXIT_GOOD;
	terminal_error(argv[0], &error);
	return r == -ECANCELED ? EXIT_FINDINGS : COULD_NOT;
}
