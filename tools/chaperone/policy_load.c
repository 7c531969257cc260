/* SPDX-License-Identifier: MIT */
/* Loading the policy in force. */
#include "tools/chaperone/policy_load.h"

#include <errno.h>
#include <string.h>

#define PULL_PATIENCE_MS 3000

static int read_found(struct policy_loaded *loaded, struct policy_source *ret_source,
		      struct error *error)
{
	if (loaded->found.origin != ORIGIN_SERVER)
		return policy_found_read(&loaded->found, ret_source, error);
	return server_policy_read(loaded->found.path, ret_source, &loaded->word, error);
}

static int load_found(struct policy_loaded *loaded, struct error *error)
{
	SCOPED(policy_source_done) struct policy_source source = { .texts = NULL };
	SCOPED(policy_freep) struct policy *policy = NULL;
	int r = read_found(loaded, &source, error);

	if (r == 0)
		r = policy_source_parse(&source, &policy, error);
	if (r < 0)
		return r;
	if (policy_unenforced(policy, 0, error))
		return -ENOTSUP;
	policy->version = loaded->word.version;
	memcpy(loaded->digest, source.digest, sizeof(source.digest));
	loaded->policy = steal(policy);
	return 0;
}

static int finish(struct policy_loaded *loaded, bool is_trial, struct policy_loaded *ret_loaded,
		  struct error *error)
{
	int r = load_found(loaded, error);

	if (r < 0)
		return r;
	loaded->policy->is_trial = loaded->policy->is_trial || is_trial;
	*ret_loaded = *loaded;
	return 0;
}

int policy_load(const char *option, bool is_trial, struct policy_loaded *ret_loaded,
		struct error *error)
{
	struct policy_loaded loaded = { .policy = NULL };
	int r = policy_find(option, &loaded.found, error);

	if (r < 0)
		return r;
	if (loaded.found.origin == ORIGIN_SERVER)
		server_policy_pull(loaded.found.path, PULL_PATIENCE_MS);
	return finish(&loaded, is_trial, ret_loaded, error);
}

int policy_load_kept(const char *option, bool is_trial, struct policy_loaded *ret_loaded,
		     struct error *error)
{
	struct policy_loaded loaded = { .policy = NULL };
	int r = policy_find(option, &loaded.found, error);

	return r < 0 ? r : finish(&loaded, is_trial, ret_loaded, error);
}

int policy_load_again(struct policy_loaded *loaded, bool is_trial, struct error *error)
{
	struct policy_loaded next = { .found = loaded->found };
	struct policy *before = loaded->policy;
	int r = finish(&next, is_trial, loaded, error);

	if (r == 0)
		policy_free(before);
	return r;
}

const char *policy_server_folder(const struct policy_loaded *loaded)
{
	return loaded->found.origin == ORIGIN_SERVER ? loaded->found.path : NULL;
}

bool policy_is_current(const struct policy_loaded *loaded)
{
	SCOPED(policy_source_done) struct policy_source source = { .texts = NULL };
	struct error error;

	return policy_found_read(&loaded->found, &source, &error) == 0 &&
	       memcmp(source.digest, loaded->digest, sizeof(loaded->digest)) == 0;
}
