/* SPDX-License-Identifier: MIT */
/* The server's data folder: its keys, its certificate, and its database or where that is.  Nobody else
 * may enter it. */
#ifndef TOOLS_SERVER_STORE_DATA_H
#define TOOLS_SERVER_STORE_DATA_H

#include "control/key.h"
#include "tools/server/store/store.h"

#define DATA_PATH_MAX 4096u
#define DATA_FILE_MAX (256 * KIB) /* of a certificate with its chain, or a key */
#define DATA_URL_MAX  2048u
#define DATA_NAME_MAX 64u /* a certificate's common name has no more (RFC 5280, A.1) */

/* Files of the folder. */
#define DATA_STORE         "server.db"
#define DATA_DATABASE      "database.url" /* where it is, if it is not that; may hold a password */
#define DATA_CERTIFICATE   "tls.crt"
#define DATA_TLS_KEY       "tls.key"
#define DATA_LOG_KEY       "log.key"       /* signs the record's checkpoints */
#define DATA_FRESHNESS_KEY "freshness.key" /* signs that a policy is the newest */

struct data {
	char path[DATA_PATH_MAX];     /* of the folder */
	char name[DATA_NAME_MAX + 1]; /* the host's, under which clients reach the server */
	int folder;
	char database[DATA_URL_MAX]; /* the URL; empty: the database is the folder's own */
	struct store *store;
};

#define DATA_NONE                                                                                  \
	{                                                                                          \
		.folder = -1                                                                       \
	}

/* Opens the folder, which data_make made.  `path` NULL: where it lies by default, in
 * /var/lib/chaperone-server for root, else in the user's home. */
must_use int data_open(const char *path, struct data *ret_data, struct error *error);

/* As data_open, but with the database `database` where that is not NULL. */
must_use int data_open_with(const char *path, const char *database, struct data *ret_data,
			    struct error *error);

/* Makes the folder and a database without a server, which has no name yet.  `database` is PostgreSQL's
 * URL, which the folder keeps; NULL: the database is in the folder.  -EEXIST when a server is there. */
must_use int data_make(const char *path, const char *database, struct data *ret_data,
		       struct error *error);

void data_close(struct data *data);

/* Opens the database once more, for another thread. */
must_use int data_open_store(const struct data *data, struct store **ret_store,
			     struct error *error);

/* Writes and reads a file of the folder; data_key reads one that is a signing key. */
must_use int data_write(const struct data *data, const char *name, struct slice text,
			struct error *error);
must_use int data_read(const struct data *data, const char *name, struct buf *buf,
		       struct error *error);
/* As data_read, but of the file `given` where that is not NULL. */
must_use int data_read_or(const struct data *data, const char *given, const char *name,
			  struct buf *buf, struct error *error);
must_use int data_key(const struct data *data, const char *name, struct signing_key *ret_key,
		      struct error *error);

/* Copies a file of the folder to another folder. */
must_use int data_copy(const struct data *data, const char *name, int to, struct error *error);

/* Makes a signing key called `key_name` and writes it to the file `name` of the folder `to`. */
must_use int data_key_new(int to, const char *name, const char *key_name,
			  struct signing_key *ret_key, struct error *error);

#endif
