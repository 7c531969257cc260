/* SPDX-License-Identifier: MIT */
#include "tools/policy/archive_pack.h"

#include <errno.h>
#include <stdio.h>

#include "control/archive.h"
#include "policy/engine/policy.h"
#include "policy/engine/policy_files.h"

struct pack {
	struct archive_file files[ARCHIVE_FILES_MAX]; /* their names point into `found` */
	struct buf texts[ARCHIVE_FILES_MAX];
	size_t count;
	struct policy_files found[2]; /* policies and tests */
};

static void pack_free(struct pack *pack)
{
	if (!pack)
		return;
	for (size_t i = 0; i < pack->count; i++)
		buf_done(&pack->texts[i]);
	for (size_t i = 0; i < COUNT_OF(pack->found); i++)
		policy_files_done(&pack->found[i]);
	free(pack);
}

DEFINE_FREEP(struct pack, pack_freep, pack_free)

static int refuse(const char *path, int code, const char *text, struct error *error)
{
	snprintf(error->file, sizeof(error->file), "%s", path);
	return error_set(error, code, "%s", text);
}

static int add_file(struct pack *pack, const char *path, struct error *error)
{
	struct slice name = slice_file_name(slice_of(path));
	struct buf *text = &pack->texts[pack->count];

	if (!archive_is_name(name))
		return refuse(path, -EINVAL,
			      "a file of a bundle is called NAME.yaml, of letters, digits, dots, "
			      "dashes and underscores",
			      error);
	if (pack->count == ARCHIVE_FILES_MAX)
		return refuse(path, -E2BIG, "a bundle has at most 512 files", error);
	*text = (struct buf)BUF_MAX(POLICY_FILE_MAX);
	pack->count++;
	int r = policy_file_read(path, text, error);
	if (r == 0)
		pack->files[pack->count - 1] = (struct archive_file){ name, buf_view(text) };
	return r;
}

static int add_found(struct pack *pack, const char *path, enum policy_files_kind kind,
		     struct policy_files *found, struct error *error)
{
	int r = policy_files_find(path, kind, found, error);

	for (size_t i = 0; r == 0 && i < found->count; i++)
		r = add_file(pack, found->paths[i], error);
	return r;
}

static int compare(const void *a, const void *b)
{
	return slice_compare(((const struct archive_file *)a)->name,
			     ((const struct archive_file *)b)->name);
}

int archive_pack(const char *path, struct buf *out, struct error *error)
{
	SCOPED(pack_freep) struct pack *pack = calloc(1, sizeof(*pack));
	int r = pack ? 0 : error_system(error, -ENOMEM, path);

	if (r == 0)
		r = add_found(pack, path, POLICY_FILES, &pack->found[0], error);
	if (r == 0 && pack->count == 0)
		return refuse(path, -ENOENT,
			      "no policy here: expected a .yaml that is no _test.yaml", error);
	if (r == 0)
		r = add_found(pack, path, POLICY_TESTS, &pack->found[1], error);
	if (r < 0)
		return r;
	qsort(pack->files, pack->count, sizeof(*pack->files), compare);
	r = archive_write(pack->files, pack->count, out);
	return r < 0 ? error_system(error, r, path) : 0;
}
