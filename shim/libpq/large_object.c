/* SPDX-License-Identifier: MIT */
/* Calls that send something without showing SQL or a result: large objects, the client encoding,
 * the question which password encryption the server wants.  Each is judged at its own entry. */
#include <stdio.h>
#include <libpq/libpq-fs.h>

#include "shim/libpq/submit.h"
#include "shim/preload/guard.h"

#define READS_OBJECT  ((struct gate_call){ .kind = GATE_LARGE_OBJECT_READ })
#define SEEKS_OBJECT  ((struct gate_call){ .kind = GATE_LARGE_OBJECT_SEEK })
#define WRITES_OBJECT ((struct gate_call){ .kind = GATE_LARGE_OBJECT_WRITE })

/* A call that returns a number, of which negative ones or `failure` mean that it failed. */
#define JUDGED(type, name, parameters, call, forwarded, failure)                                   \
	STAND_IN type name parameters                                                              \
	{                                                                                          \
		struct submission submission;                                                      \
		submission_begin(&submission, conn, CALLER_ADDRESS(), call, NO_BINDS);             \
		if (!submission_proceeds(&submission, conn))                                       \
			return failure;                                                            \
		type answer = REAL(submission.instance, name) forwarded;                           \
		submission_finish(&submission, conn, answer == (failure));                         \
		return answer;                                                                     \
	}

/* clang-format off */
JUDGED(int, lo_open, (PGconn *conn, Oid lobjId, int mode),
	((mode & INV_WRITE) ? WRITES_OBJECT : READS_OBJECT), (conn, lobjId, mode), -1)
JUDGED(int, lo_close, (PGconn *conn, int fd), SEEKS_OBJECT, (conn, fd), -1)
JUDGED(int, lo_read, (PGconn *conn, int fd, char *buf, size_t len), READS_OBJECT, (conn, fd, buf, len), -1)
JUDGED(int, lo_write, (PGconn *conn, int fd, const char *buf, size_t len), WRITES_OBJECT, (conn, fd, buf, len), -1)
JUDGED(int, lo_lseek, (PGconn *conn, int fd, int offset, int whence), SEEKS_OBJECT, (conn, fd, offset, whence), -1)
JUDGED(pg_int64, lo_lseek64, (PGconn *conn, int fd, pg_int64 offset, int whence), SEEKS_OBJECT,
	(conn, fd, offset, whence), -1)
JUDGED(Oid, lo_creat, (PGconn *conn, int mode), WRITES_OBJECT, (conn, mode), InvalidOid)
JUDGED(Oid, lo_create, (PGconn *conn, Oid lobjId), WRITES_OBJECT, (conn, lobjId), InvalidOid)
JUDGED(int, lo_tell, (PGconn *conn, int fd), SEEKS_OBJECT, (conn, fd), -1)
JUDGED(pg_int64, lo_tell64, (PGconn *conn, int fd), SEEKS_OBJECT, (conn, fd), -1)
JUDGED(int, lo_truncate, (PGconn *conn, int fd, size_t len), WRITES_OBJECT, (conn, fd, len), -1)
JUDGED(int, lo_truncate64, (PGconn *conn, int fd, pg_int64 len), WRITES_OBJECT, (conn, fd, len), -1)
JUDGED(int, lo_unlink, (PGconn *conn, Oid lobjId), WRITES_OBJECT, (conn, lobjId), -1)
JUDGED(Oid, lo_import, (PGconn *conn, const char *filename), WRITES_OBJECT, (conn, filename), InvalidOid)
JUDGED(Oid, lo_import_with_oid, (PGconn *conn, const char *filename, Oid lobjId), WRITES_OBJECT,
	(conn, filename, lobjId), InvalidOid)
JUDGED(int, lo_export, (PGconn *conn, Oid lobjId, const char *filename), READS_OBJECT, (conn, lobjId, filename), -1)
/* clang-format on */

/* fe-connect.c of libpq sends exactly this, quoting nothing, in a buffer of 128 bytes.  What does not
 * fit into that it refuses, also when it is cut off here. */
STAND_IN int PQsetClientEncoding(PGconn *conn, const char *encoding)
{
	struct submission submission;
	char own[128], text[sizeof(own) + 32];

	snprintf(own, sizeof(own), "%s", encoding ? encoding : "");
	snprintf(text, sizeof(text), "set client_encoding to '%s'", own);
	submission_begin(
		&submission, conn, CALLER_ADDRESS(),
		(struct gate_call){ .kind = GATE_QUERY, .text = slice_of(encoding ? text : NULL) },
		NO_BINDS);
	if (!submission_proceeds(&submission, conn))
		return -1;
	int answer = REAL(submission.instance, PQsetClientEncoding)(conn, encoding ? own : NULL);
	submission_finish(&submission, conn, answer < 0);
	return answer;
}

STAND_IN char *PQencryptPasswordConn(PGconn *conn, const char *passwd, const char *user,
				     const char *algorithm)
{
	struct submission submission;

	submission_begin(&submission, conn, CALLER_ADDRESS(),
			 (struct gate_call){
				 .kind = GATE_QUERY,
				 .text = slice_of(algorithm ? NULL : "show password_encryption") },
			 NO_BINDS);
	if (!submission_proceeds(&submission, conn))
		return NULL;
	char *answer =
		REAL(submission.instance, PQencryptPasswordConn)(conn, passwd, user, algorithm);
	submission_finish(&submission, conn, !answer);
	return answer;
}
