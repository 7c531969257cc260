/* SPDX-License-Identifier: MIT */
/* `chaperone-server init`: makes the data folder, keys, a certificate, and the first administrator,
 * whose password and author key are shown once and kept nowhere. */
#include <errno.h>
#include <stdio.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "tools/command/command.h"
#include "tools/command/json.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"
#include "tools/server/people/account.h"
#include "tools/server/people/audit.h"
#include "tools/server/common/certificate.h"
#include "tools/server/commands/commands.h"
#include "tools/server/store/data.h"
#include "control/name.h"
#include "tools/server/people/password.h"

#define TEXT_MAX      (16 * KIB)
#define ADMINISTRATOR "admin"

struct init_options {
	const char *data;
	const char *database;
	const char *name;
	const char *administrator;
	bool is_json;
};

static const struct option_row ROWS[] = {
	OPTION_TEXT(init_options, data, "data", "FOLDER",
		    "where the server keeps everything (/var/lib/chaperone-server for root,\n"
		    "    else ~/.local/share/chaperone-server)"),
	OPTION_TEXT(init_options, database, "database", "URL",
		    "postgresql://USER@HOST:PORT/DATABASE, where it is not to be in the folder"),
	OPTION_TEXT(init_options, name, "name", "HOST",
		    "the name under which clients reach it (this machine's)"),
	OPTION_TEXT(init_options, administrator, "admin", "ACCOUNT",
		    "what the first administrator is called (" ADMINISTRATOR ")"),
	OPTION_FLAG(init_options, is_json, "json", "print what was made as JSON"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about = "Makes a server's folder.  Password and author key are shown once: keep them.",
	.exits = "0 made, 1 there is one already or it could not be made, 2 asked wrongly",
};

/* What is shown once. */
struct made {
	char name[DATA_NAME_MAX + 1];
	const char *administrator;
	char password[PASSWORD_SIZE];
	struct signing_key author;
	unsigned char key_hash[SHA256_SIZE];
};

static void made_done(struct made *made)
{
	sodium_memzero(made->password, sizeof(made->password));
	signing_key_done(&made->author);
}

static bool is_server_name(const char *name)
{
	return strlen(name) <= DATA_NAME_MAX && name_is_host(slice_of(name));
}

static int choose_names(const struct init_options *options, struct made *made, struct error *error)
{
	made->administrator = options->administrator ? options->administrator : ADMINISTRATOR;
	if (!name_is_plain(slice_of(made->administrator)))
		return error_set(error, -EINVAL,
				 "'%.64s' is no account: small letters, digits, . - and _",
				 made->administrator);
	if (!options->name && gethostname(made->name, sizeof(made->name) - 1) < 0)
		return error_system(error, -errno, "this machine's name");
	if (options->name)
		snprintf(made->name, sizeof(made->name), "%s", options->name);
	if (!is_server_name(options->name ? options->name : made->name))
		return error_set(error, -EINVAL, "'%.64s' is no host's name: say one with --name",
				 made->name);
	return 0;
}

static int write_certificate(const struct data *data, struct made *made, struct error *error)
{
	SCOPED(buf_done) struct buf certificate = BUF_MAX(TEXT_MAX);
	SCOPED(secret_done) struct buf key = BUF_MAX(TEXT_MAX);
	int r = certificate_make(made->name, &certificate, &key, error);

	if (r == 0)
		r = data_write(data, DATA_TLS_KEY, buf_view(&key), error);
	if (r == 0)
		r = data_write(data, DATA_CERTIFICATE, buf_view(&certificate), error);
	return r < 0 ? r : certificate_key_hash(buf_view(&certificate), made->key_hash);
}

static int new_key(const struct made *made, const char *part, struct signing_key *ret_key,
		   struct error *error)
{
	char name[KEY_NAME_MAX];

	snprintf(name, sizeof(name), "%s/%s", made->name, part);
	int r = signing_key_new(slice_of(name), ret_key);
	return r < 0 ? error_system(error, r, "a new key") : 0;
}

static int write_key(const struct data *data, const struct made *made, const char *part,
		     const char *file, struct error *error)
{
	SCOPED(signing_key_done) struct signing_key key = { .secret = { 0 } };
	char name[KEY_NAME_MAX];

	snprintf(name, sizeof(name), "%s/%s", made->name, part);
	return data_key_new(data->folder, file, name, &key, error);
}

static int add_administrator(struct store *store, void *context)
{
	const struct made *made = context;
	int r = account_add(store, made->administrator, "administrator", slice_of(made->password));

	if (r == 0)
		r = account_add_author_key(store, made->name, made->administrator,
					   &made->author.verifying);
	if (r == 0)
		r = store_do(store, "INSERT INTO setting (name, value) VALUES ('name', $1)",
			     STORE_VALUES(store_text(slice_of(made->name))));
	if (r == 0)
		r = audit_add(store, audit_system(),
			      (struct audit_deed){ AUDIT_INIT, slice_of(made->name),
						   slice_of(made->administrator) });
	return r;
}

/* The first account and the name come last, at once: before them there is no server, and init may be
 * run again. */
static int make(const struct init_options *options, struct made *made,
		char ret_folder[DATA_PATH_MAX], struct error *error)
{
	SCOPED(data_close) struct data data = DATA_NONE;
	int r = data_make(options->data, options->database, &data, error);

	if (r == 0)
		r = write_certificate(&data, made, error);
	if (r == 0)
		r = write_key(&data, made, "log", DATA_LOG_KEY, error);
	if (r == 0)
		r = write_key(&data, made, "freshness", DATA_FRESHNESS_KEY, error);
	if (r == 0)
		r = new_key(made, made->administrator, &made->author, error);
	if (r < 0)
		return r;
	password_make(made->password);
	snprintf(ret_folder, DATA_PATH_MAX, "%s", data.path);
	r = store_transact(data.store, add_administrator, made);
	return r < 0 ? error_set(error, r, "the first account cannot be written: %s",
				 store_trouble(data.store))
		     : 0;
}

static void show(const struct made *made, const char *folder, bool is_json)
{
	SCOPED(secret_done) struct buf author = BUF_MAX(TEXT_MAX);
	SCOPED(buf_done) struct buf hash = BUF_MAX(TEXT_MAX);
	SCOPED(secret_done) struct buf out = BUF_MAX(TEXT_MAX);

	signing_key_write(&made->author, &author);
	buf_add_hex(&hash, made->key_hash, sizeof(made->key_hash));
	if (is_json) {
		json_open(&out, NULL, '{');
		json_text(&out, "data", slice_of(folder));
		json_text(&out, "name", slice_of(made->name));
		json_text(&out, "account", slice_of(made->administrator));
		json_text(&out, "password", slice_of(made->password));
		json_text(&out, "author_key", buf_view(&author));
		json_text(&out, "certificate_key_sha256", buf_view(&hash));
		json_close(&out, '}');
		json_end(&out);
	} else {
		buf_printf(&out,
			   "Made a server in %s.\n\n"
			   "  name         %s\n"
			   "  account      %s\n"
			   "  password     %s\n"
			   "  author key   %s\n"
			   "  certificate  its key's SHA-256 is %s\n\n"
			   "Password and author key are shown this once.  The author key signs "
			   "policies: keep it\nwhere the server cannot read it.\n",
			   folder, made->name, made->administrator, made->password,
			   buf_text(&author), buf_text(&hash));
	}
	fputs(buf_text(&out), stdout);
	if (is_json)
		putchar('\n');
}

int command_init(int argc, char **argv)
{
	struct init_options options = { .data = NULL };
	SCOPED(made_done) struct made made = { .administrator = NULL };
	struct error error = { .text = "" };
	char folder[DATA_PATH_MAX];
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	if (choose_names(&options, &made, &error) < 0)
		return command_fail(argv[0], &error);
	if (make(&options, &made, folder, &error) < 0) {
		terminal_error(argv[0], &error);
		return EXIT_FINDINGS;
	}
	show(&made, folder, options.is_json);
	return EXIT_GOOD;
}
