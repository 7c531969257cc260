/* SPDX-License-Identifier: MIT */
/* Reading a bundle: from a file, a folder or texts to a policy. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "policy/engine/bundle.h"
#include "policy/engine/policy_files.h"

struct source {
	const char *path;
	struct slice text;
};

static void name_file(struct error *error, const char *path)
{
	if (error && !error->file[0])
		snprintf(error->file, sizeof(error->file), "%s", path);
}

static int bind_text_of(struct bundle *bundle, struct slice text)
{
	struct binder *binder = &bundle->binder;
	SCOPED(arena_freep) struct arena *tree = arena_new(YAML_MEMORY_MAX);
	const struct yaml_node *root;

	if (!tree)
		return bind_out_of_memory(binder);
	int r = yaml_read(tree, text, &root, binder->error);
	return r < 0 ? r : BIND_FILE.bind(binder, &BIND_FILE, root, bundle);
}

/* Reads one file into the bundle. */
static int add_source(struct bundle *bundle, const struct source *source)
{
	struct binder *binder = &bundle->binder;
	struct policy *policy = &bundle->policy;
	struct policy_file *file = &policy->files[policy->file_count];

	bundle->file = (struct policy_file){ 0 };
	sha256(source->text.at ? source->text.at : "", source->text.length, bundle->file.digest);
	bundle->file.path = arena_text(binder->memory, slice_of(source->path));
	if (!bundle->file.path)
		return bind_out_of_memory(binder);
	file->path = bundle->file.path;
	binder->file = (uint16_t)policy->file_count++;
	int r = bind_text_of(bundle, source->text);
	*file = bundle->file;
	if (r < 0)
		name_file(binder->error, source->path);
	return r;
}

static void digest_bundle(struct policy *policy)
{
	struct sha256 hash;

	sha256_init(&hash);
	for (size_t i = 0; i < policy->file_count; i++) {
		const struct policy_file *file = &policy->files[i];

		/* With its NUL: no name and digest can be taken for others. */
		sha256_add(&hash, file->name, strlen(file->name) + 1);
		sha256_add(&hash, file->digest, sizeof(file->digest));
	}
	sha256_end(&hash, policy->digest);
}

static int finish(struct bundle *bundle, struct policy **ret_policy)
{
	int r = bundle_resolve(bundle);
	if (r < 0)
		return r;
	struct policy *policy = arena_get(bundle->binder.memory, sizeof(*policy));
	if (!policy)
		return bind_out_of_memory(&bundle->binder);
	*policy = bundle->policy;
	policy->memory = bundle->binder.memory;
	policy->gaps = bundle->binder.gaps;
	policy->gap_count = bundle->binder.gap_count;
	policy->key_names = bundle->binder.keys;
	policy->key_count = bundle->binder.key_count;
	digest_bundle(policy);
	*ret_policy = policy;
	return 0;
}

struct sources {
	const struct source *items;
	size_t count;
};

static int read_sources(struct sources sources, struct policy **ret_policy, struct error *error)
{
	struct error ignored;
	SCOPED(arena_freep) struct arena *memory = arena_new(POLICY_MEMORY_MAX);
	struct bundle *bundle = memory ? arena_get(memory, sizeof(*bundle)) : NULL;

	if (!error)
		error = &ignored;
	*error = (struct error){ 0 };
	if (!bundle)
		return error_system(error, -ENOMEM, "cannot read the policy");
	bundle->binder.memory = memory;
	bundle->binder.error = error;
	bundle->policy.default_decision = DECISION_DENY;
	bundle->policy.unknown = DECISION_DENY;
	bundle->policy.record_values = RECORD_VALUES_HASH;
	bundle->policy.files = arena_get(memory, (sources.count + 1) * sizeof(struct policy_file));
	if (!bundle->policy.files)
		return bind_out_of_memory(&bundle->binder);
	for (size_t i = 0; i < sources.count; i++) {
		int r = add_source(bundle, &sources.items[i]);

		if (r < 0)
			return r;
	}
	int r = finish(bundle, ret_policy);
	if (r == 0)
		memory = NULL;
	return r;
}

static int check_count(size_t count, struct error *error)
{
	if (error)
		*error = (struct error){ 0 };
	if (count == 0)
		return error_set(error, -ENOENT, "there is no policy file to read");
	if (count > POLICY_FILES_MAX)
		return error_set(error, -E2BIG, "a bundle has at most %d files", POLICY_FILES_MAX);
	return 0;
}

int policy_read_texts(const char *const *names, const struct slice *texts, size_t count,
		      struct policy **ret_policy, struct error *error)
{
	SCOPED(free_p) struct source *items = NULL;
	int r = check_count(count, error);

	if (r < 0)
		return r;
	items = calloc(count, sizeof(*items));
	if (!items)
		return error_system(error, -ENOMEM, "cannot read the policy");
	for (size_t i = 0; i < count; i++)
		items[i] = (struct source){ names[i], texts[i] };
	return read_sources((struct sources){ items, count }, ret_policy, error);
}

/* Texts of files, freed together. */
struct file_texts {
	struct buf *items;
	size_t count;
};

static void file_texts_done(struct file_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		buf_done(&texts->items[i]);
	free(texts->items);
}

int policy_file_read(const char *path, struct buf *text, struct error *error)
{
	int r = file_read(path, text);

	if (r == -E2BIG)
		r = error_set_at(error, r, 1, 1, "the file is larger than 1 MB");
	else if (r < 0)
		r = error_system(error, r, "cannot read it");
	if (r < 0)
		name_file(error, path);
	return r;
}

static int read_texts(const char *const *paths, struct file_texts *texts, struct source *items,
		      struct error *error)
{
	for (size_t i = 0; i < texts->count; i++)
		texts->items[i] = (struct buf)BUF_MAX(POLICY_FILE_MAX);
	for (size_t i = 0; i < texts->count; i++) {
		int r = policy_file_read(paths[i], &texts->items[i], error);

		if (r < 0)
			return r;
		items[i] = (struct source){ paths[i], buf_view(&texts->items[i]) };
	}
	return 0;
}

int policy_read_files(const char *const *paths, size_t count, struct policy **ret_policy,
		      struct error *error)
{
	SCOPED(file_texts_done) struct file_texts texts = { NULL, 0 };
	SCOPED(free_p) struct source *items = NULL;
	int r = check_count(count, error);

	if (r < 0)
		return r;
	items = calloc(count, sizeof(*items));
	texts.items = calloc(count, sizeof(*texts.items));
	if (!items || !texts.items)
		return error_system(error, -ENOMEM, "cannot read the policy");
	texts.count = count;
	r = read_texts(paths, &texts, items, error);
	if (r < 0)
		return r;
	return read_sources((struct sources){ items, count }, ret_policy, error);
}

int policy_read(const char *path, struct policy **ret_policy, struct error *error)
{
	SCOPED(policy_files_done) struct policy_files files = { NULL, 0 };

	if (error)
		*error = (struct error){ 0 };
	int r = policy_files_find(path, POLICY_FILES, &files, error);
	if (r < 0)
		return r;
	return policy_read_files((const char *const *)files.paths, files.count, ret_policy, error);
}
