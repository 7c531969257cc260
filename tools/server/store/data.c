/* SPDX-License-Identifier: MIT */
#include "tools/server/store/data.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/file.h"
#include "tools/command/home.h"
#include "tools/server/store/schema.h"

#define SYSTEM_PATH  "/var/lib/chaperone-server"
#define HOME_PATH    ".local/share/chaperone-server"
#define KEY_TEXT_MAX (1 * KIB)

/* A path to the database must still fit behind it. */
static int choose_path(const char *path, char ret_path[DATA_PATH_MAX], struct error *error)
{
	const size_t size = DATA_PATH_MAX - sizeof(DATA_STORE);

	if (!path && geteuid() != 0) {
		int r = home_path(HOME_PATH, ret_path, size);
		return r < 0 ? error_set(error, r, "there is no home folder: name one with --data")
			     : 0;
	}
	int n = snprintf(ret_path, size, "%s", path ? path : SYSTEM_PATH);
	return n < 0 || (size_t)n >= size
		       ? error_set(error, -ENAMETOOLONG, "the folder's path is too long")
		       : 0;
}

static void store_path(const struct data *data, char ret_path[DATA_PATH_MAX])
{
	snprintf(ret_path, DATA_PATH_MAX, "%.*s/" DATA_STORE,
		 (int)(DATA_PATH_MAX - sizeof(DATA_STORE) - 1), data->path);
}

static bool has_file(const struct data *data)
{
	char path[DATA_PATH_MAX];
	struct stat status;

	store_path(data, path);
	return lstat(path, &status) == 0;
}

int data_open_store(const struct data *data, struct store **ret_store, struct error *error)
{
	char path[DATA_PATH_MAX];

	if (data->database[0])
		return store_open_postgresql(data->database, ret_store, error);
	store_path(data, path);
	return store_open_sqlite(path, ret_store, error);
}

static int take_url(struct data *data, const char *url, struct error *error)
{
	int n = snprintf(data->database, sizeof(data->database), "%s", url);

	return n < 0 || (size_t)n >= sizeof(data->database)
		       ? error_set(error, -ENAMETOOLONG, "the database's URL is too long")
		       : 0;
}

/* What the folder says of where its database is. */
static int read_url(struct data *data, struct error *error)
{
	SCOPED(secret_done) struct buf url = BUF_MAX(DATA_URL_MAX);
	SCOPED(close_p)
	int fd =
		openat(data->folder, DATA_DATABASE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	int r = fd < 0 ? -errno : file_read_fd(fd, &url);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return error_system(error, r, DATA_DATABASE);
	buf_truncate(&url, slice_trim(buf_view(&url)).length);
	return take_url(data, buf_text(&url), error);
}

static int open_folder(struct data *data, const char *database, struct error *error)
{
	int r = folder_open_private(data->path, &data->folder);

	if (r < 0)
		return error_system(error, r, data->path);
	return database ? take_url(data, database, error) : read_url(data, error);
}

static int open_store(struct data *data, struct error *error)
{
	int r = data_open_store(data, &data->store, error);

	return r < 0 ? r : schema_raise(data->store, error);
}

static int take_name(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	snprintf(context, DATA_NAME_MAX + 1, "%.*s", SLICE_ARGUMENTS(columns[0].bytes));
	return 0;
}

/* The name is written last, so what has one is whole. */
static int read_name(struct data *data, struct error *error)
{
	int r = store_run(data->store, "SELECT value FROM setting WHERE name = 'name'",
			  STORE_NO_VALUES, take_name, data->name);

	return r < 0 ? error_set(error, r, "%s: %s",
				 data->database[0] ? "the database" : DATA_STORE,
				 store_trouble(data->store))
		     : 0;
}

static int open_named(struct data *data, struct error *error)
{
	int r = open_store(data, error);

	return r < 0 ? r : read_name(data, error);
}

static bool has_folder(const struct data *data)
{
	struct stat status;

	return lstat(data->path, &status) == 0;
}

/* What is looked at is not made. */
static int open_existing(struct data *data, const char *database, struct error *error)
{
	int r = has_folder(data) ? open_folder(data, database, error) : 0;

	if (r == 0 && (data->database[0] || has_file(data)))
		r = open_named(data, error);
	return r < 0 || data->name[0]
		       ? r
		       : error_set(error, -ENOENT,
				   "%.400s has no server yet: chaperone-server init", data->path);
}

int data_open_with(const char *path, const char *database, struct data *ret_data,
		   struct error *error)
{
	struct data data = DATA_NONE;
	int r = choose_path(path, data.path, error);

	if (r == 0)
		r = open_existing(&data, database, error);
	if (r < 0)
		data_close(&data);
	else
		*ret_data = data;
	return r;
}

int data_open(const char *path, struct data *ret_data, struct error *error)
{
	return data_open_with(path, NULL, ret_data, error);
}

/* A database that several servers share has one beginning. */
static int refuse_server(const struct data *data, struct error *error)
{
	if (data->database[0])
		return error_set(error, -EEXIST,
				 "the database has a server already, which stays as it is: "
				 "chaperone-server replica makes another one for it");
	return error_set(error, -EEXIST, "%.400s has a server already, which stays as it is",
			 data->path);
}

static int make_named(struct data *data, const char *database, struct error *error)
{
	int r = open_folder(data, database, error);

	if (r == 0 && database && has_file(data))
		return error_set(error, -EEXIST, "%.400s has a database of its own", data->path);
	if (r == 0)
		r = open_named(data, error);
	if (r == 0 && data->name[0])
		return refuse_server(data, error);
	return r == 0 && database ? data_write(data, DATA_DATABASE, slice_of(database), error) : r;
}

int data_make(const char *path, const char *database, struct data *ret_data, struct error *error)
{
	struct data data = DATA_NONE;
	int r = choose_path(path, data.path, error);

	if (r == 0)
		r = make_named(&data, database, error);
	if (r < 0)
		data_close(&data);
	else
		*ret_data = data;
	return r;
}

void data_close(struct data *data)
{
	store_close(data->store);
	data->store = NULL;
	close_p(&data->folder);
	data->folder = -1;
}

int data_write(const struct data *data, const char *name, struct slice text, struct error *error)
{
	int r = file_replace(data->folder, name, text.at, text.length);

	return r < 0 ? error_system(error, r, name) : 0;
}

int data_read(const struct data *data, const char *name, struct buf *buf, struct error *error)
{
	SCOPED(close_p)
	int fd = openat(data->folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	int r = fd < 0 ? -errno : file_read_fd(fd, buf);

	return r < 0 ? error_system(error, r, name) : 0;
}

int data_read_or(const struct data *data, const char *given, const char *name, struct buf *buf,
		 struct error *error)
{
	if (!given)
		return data_read(data, name, buf, error);
	int r = file_read(given, buf);
	return r < 0 ? error_system(error, r, given) : 0;
}

int data_key(const struct data *data, const char *name, struct signing_key *ret_key,
	     struct error *error)
{
	SCOPED(secret_done) struct buf text = BUF_MAX(KEY_TEXT_MAX);
	int r = data_read(data, name, &text, error);

	if (r == 0 && signing_key_read(buf_view(&text), ret_key) < 0)
		r = error_set(error, -EINVAL, "%s is not a key", name);
	return r;
}

int data_copy(const struct data *data, const char *name, int to, struct error *error)
{
	SCOPED(secret_done) struct buf content = BUF_MAX(DATA_FILE_MAX);
	int r = data_read(data, name, &content, error);

	if (r < 0)
		return r;
	r = file_replace(to, name, content.at, content.length);
	return r < 0 ? error_system(error, r, name) : 0;
}

int data_key_new(int to, const char *name, const char *key_name, struct signing_key *ret_key,
		 struct error *error)
{
	SCOPED(secret_done) struct buf text = BUF_MAX(KEY_TEXT_MAX);
	int r = signing_key_new(slice_of(key_name), ret_key);

	if (r < 0)
		return error_system(error, r, "a new key");
	signing_key_write(ret_key, &text);
	buf_add_char(&text, '\n');
	r = file_replace(to, name, text.at, text.length);
	return r < 0 ? error_system(error, r, name) : 0;
}
