/* SPDX-License-Identifier: MIT */
/* Reading a bundle with care for links, owners and modes. */
#include "tools/policy/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "control/archive.h"

#define LINK_TEXT "a policy found in a folder may not be a link"

void policy_source_done(struct policy_source *source)
{
	for (size_t i = 0; source->texts && i < source->files.count; i++)
		buf_done(&source->texts[i]);
	free(source->texts);
	policy_files_done(&source->files);
	*source = (struct policy_source){ .texts = NULL };
}

static int refuse(struct error *error, int code, const char *path, const char *text)
{
	if (error)
		snprintf(error->file, sizeof(error->file), "%s", path);
	return error_set(error, code, "%s", text);
}

static int check_owner(const struct stat *status, const char *path, struct error *error)
{
	bool others_may_write = (status->st_mode & 022) != 0;
	bool is_sticky_folder = S_ISDIR(status->st_mode) && (status->st_mode & S_ISVTX);

	if (status->st_uid != 0 && status->st_uid != geteuid())
		return refuse(error, -EPERM, path, "a policy must belong to root or to you");
	if (others_may_write && !is_sticky_folder)
		return refuse(error, -EPERM, path,
			      "a policy must be writable by its owner alone (chmod go-w)");
	return 0;
}

static int open_part(const char *path, int flags, enum policy_care care, int *ret_fd,
		     struct error *error)
{
	int no_links = care == CARE_LINKS ? O_NOFOLLOW : 0;
	SCOPED(close_p)
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | no_links | flags);
	int code = -errno;
	struct stat status;

	if (fd < 0 && (code == -ELOOP || (code == -ENOTDIR && no_links)))
		return refuse(error, code, path, LINK_TEXT);
	if (fd < 0)
		return refuse(error, code, path, strerror(-code));
	if (fstat(fd, &status) < 0)
		return refuse(error, -errno, path, strerror(errno));
	int r = care == CARE_OWNER ? check_owner(&status, path, error) : 0;
	if (r < 0)
		return r;
	*ret_fd = steal_fd(&fd);
	return 0;
}

static int read_text(const char *path, enum policy_care care, struct buf *text, struct error *error)
{
	SCOPED(close_p) int fd = -1;
	int r = open_part(path, 0, care, &fd, error);

	if (r < 0)
		return r;
	r = file_read_fd(fd, text);
	if (r == -E2BIG)
		return refuse(error, r, path, "a policy file has at most 1 MB");
	if (r == -ENOTSUP || r == -EISDIR)
		return refuse(error, r, path, "a policy must be a regular file");
	return r < 0 ? refuse(error, r, path, strerror(-r)) : 0;
}

/* The folder that holds `path`, or the folder that it is. */
static int check_folder(const char *path, enum policy_care care, struct error *error)
{
	SCOPED(close_p) int fd = -1;
	char folder[4096];
	struct stat status;

	if ((care == CARE_LINKS ? lstat : stat)(path, &status) < 0)
		return refuse(error, -errno, path, strerror(errno));
	if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
		return refuse(error, -ENOTSUP, path,
			      S_ISLNK(status.st_mode) ? LINK_TEXT
						      : "a policy must be a regular file");
	int n = snprintf(folder, sizeof(folder), "%s", path);
	if (n < 0 || (size_t)n >= sizeof(folder))
		return refuse(error, -ENAMETOOLONG, path, "too long a name");
	char *slash = strrchr(folder, '/');
	if (S_ISREG(status.st_mode) && slash)
		slash[slash == folder] = '\0';
	else if (S_ISREG(status.st_mode))
		snprintf(folder, sizeof(folder), ".");
	return open_part(folder, O_DIRECTORY, care, &fd, error);
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void add_to_digest(struct sha256 *hash, const char *path, struct slice text)
{
	unsigned char digest[SHA256_SIZE];
	const char *name = name_of(path);

	/* A fixed-size digest behind a NUL: no two bundles give the same bytes. */
	sha256(text.at, text.length, digest);
	sha256_add(hash, name, strlen(name) + 1);
	sha256_add(hash, digest, sizeof(digest));
}

static int read_texts(struct policy_source *source, enum policy_care care, struct error *error)
{
	struct sha256 hash;
	size_t total = 0;

	sha256_init(&hash);
	for (size_t i = 0; i < source->files.count; i++) {
		const char *path = source->files.paths[i];
		struct buf *text = &source->texts[i];
		int r;

		*text = (struct buf)BUF_MAX(POLICY_FILE_MAX);
		r = read_text(path, care, text, error);
		if (r < 0)
			return r;
		total += text->length;
		if (total > POLICY_SOURCE_MAX)
			return refuse(error, -E2BIG, path, "a bundle has at most 16 MB");
		add_to_digest(&hash, path, buf_view(text));
	}
	sha256_end(&hash, source->digest);
	return 0;
}

int policy_source_read(const char *path, enum policy_care care, struct policy_source *ret_source,
		       struct error *error)
{
	SCOPED(policy_source_done) struct policy_source source = { .texts = NULL };
	int r = check_folder(path, care, error);

	if (r == 0)
		r = policy_files_find(path, POLICY_FILES, &source.files, error);
	if (r < 0)
		return r;
	if (!source.files.count)
		return refuse(error, -ENOENT, path,
			      "no policy here: expected a .yaml that is no _test.yaml");
	if (source.files.count > POLICY_FILES_MAX)
		return refuse(error, -E2BIG, path, "a bundle has at most 256 files");
	source.texts = calloc(source.files.count, sizeof(*source.texts));
	if (!source.texts)
		return -ENOMEM;
	r = read_texts(&source, care, error);
	if (r < 0)
		return r;
	*ret_source = source;
	source = (struct policy_source){ .texts = NULL };
	return 0;
}

/* ---- from an archive ---- */

static bool is_test(struct slice name)
{
	return slice_ends_with(name, "_test.yaml");
}

/* How many policies it holds; a negative errno for what is no archive. */
static int count_policies(struct slice archive)
{
	struct archive_walk walk;
	struct archive_file file;
	int count = 0, r = archive_open(archive, &walk);

	while (r == 0 && (r = archive_next(&walk, &file)) > 0) {
		count += !is_test(file.name);
		r = 0;
	}
	return r < 0 ? r : count;
}

static int make_room(struct policy_source *source, size_t count)
{
	source->files.paths = calloc(count, sizeof(*source->files.paths));
	source->texts = calloc(count, sizeof(*source->texts));
	return source->files.paths && source->texts ? 0 : -ENOMEM;
}

static int copy_file(struct policy_source *source, const struct archive_file *file)
{
	size_t i = source->files.count;

	source->files.paths[i] = strndup(file->name.at, file->name.length);
	if (!source->files.paths[i])
		return -ENOMEM;
	source->files.count++;
	source->texts[i] = (struct buf)BUF_MAX(POLICY_FILE_MAX);
	buf_add_slice(&source->texts[i], file->bytes);
	return source->texts[i].failed;
}

static int copy_files(struct policy_source *source, struct slice archive)
{
	struct archive_walk walk;
	struct archive_file file;
	struct sha256 hash;
	int r = archive_open(archive, &walk);

	sha256_init(&hash);
	while (r == 0 && (r = archive_next(&walk, &file)) > 0) {
		r = is_test(file.name) ? 0 : copy_file(source, &file);
		if (r == 0 && !is_test(file.name))
			add_to_digest(&hash, source->files.paths[source->files.count - 1],
				      file.bytes);
	}
	sha256_end(&hash, source->digest);
	return r;
}

int policy_source_unpack(struct slice archive, struct policy_source *ret_source,
			 struct error *error)
{
	SCOPED(policy_source_done) struct policy_source source = { .texts = NULL };
	int count = count_policies(archive);

	if (count <= 0 || count > POLICY_FILES_MAX)
		return error_set(error, -EBADMSG, "the server's policy has no files, or too many");
	int r = make_room(&source, (size_t)count);
	if (r == 0)
		r = copy_files(&source, archive);
	if (r < 0)
		return error_system(error, r, "the server's policy");
	*ret_source = source;
	source = (struct policy_source){ .texts = NULL };
	return 0;
}

int policy_source_parse(const struct policy_source *source, struct policy **ret_policy,
			struct error *error)
{
	struct slice texts[POLICY_FILES_MAX];

	for (size_t i = 0; i < source->files.count; i++)
		texts[i] = buf_view(&source->texts[i]);
	return policy_read_texts((const char *const *)source->files.paths, texts,
				 source->files.count, ret_policy, error);
}
