/* SPDX-License-Identifier: MIT */
#include "tools/server/store/postgresql_value.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#define MESSAGES_MAX 8 /* that wait on an idle connection */

/* Object ids of pg_type, which never change. */
enum {
	TYPE_BOOL = 16,
	TYPE_BYTEA = 17,
	TYPE_NAME = 19,
	TYPE_INT8 = 20,
	TYPE_INT2 = 21,
	TYPE_INT4 = 23,
	TYPE_TEXT = 25,
	TYPE_VARCHAR = 1043,
};

Oid postgresql_type(enum store_kind kind)
{
	static const Oid TYPES[] = {
		[STORE_NULL] = 0,
		[STORE_NUMBER] = TYPE_INT8,
		[STORE_TEXT] = TYPE_TEXT,
		[STORE_BYTES] = TYPE_BYTEA,
	};

	return TYPES[kind];
}

static void pack_value(const struct store_value *value, size_t i, struct postgresql_values *packed)
{
	packed->formats[i] = 1;
	switch (value->kind) {
	case STORE_NUMBER:
		packed->numbers[i] = htobe64((uint64_t)value->number);
		packed->at[i] = (const char *)&packed->numbers[i];
		packed->lengths[i] = sizeof(packed->numbers[i]);
		break;
	case STORE_TEXT:
	case STORE_BYTES:
		packed->at[i] = value->bytes.at ? value->bytes.at : ""; /* NULL would be SQL's */
		packed->lengths[i] = (int)value->bytes.length;
		break;
	case STORE_NULL:
	default:
		packed->at[i] = NULL;
		packed->lengths[i] = 0;
	}
}

void postgresql_pack(struct store_values values, struct postgresql_values *ret_packed)
{
	ret_packed->count = (int)values.count;
	for (size_t i = 0; i < values.count; i++)
		pack_value(&values.at[i], i, ret_packed);
}

/* Of as many bytes as its type has. */
static int64_t read_number(const char *at, int length)
{
	uint64_t number = at[0] & 0x80 && length > 1 ? UINT64_MAX : 0;

	for (int i = 0; i < length; i++)
		number = number << 8 | (unsigned char)at[i];
	return (int64_t)number;
}

int postgresql_column(const PGresult *result, int row, int column, struct store_value *ret_value)
{
	const char *at = PQgetvalue(result, row, column);
	int length = PQgetlength(result, row, column);

	*ret_value = (struct store_value){ .kind = STORE_NULL };
	if (PQgetisnull(result, row, column))
		return 0;
	switch (PQftype(result, column)) {
	case TYPE_BOOL:
	case TYPE_INT2:
	case TYPE_INT4:
	case TYPE_INT8:
		*ret_value = store_number(read_number(at, length));
		return 0;
	case TYPE_NAME:
	case TYPE_TEXT:
	case TYPE_VARCHAR:
		*ret_value = store_text((struct slice){ at, (size_t)length });
		return 0;
	case TYPE_BYTEA:
		*ret_value = store_bytes(at, (size_t)length);
		return 0;
	default:
		return -EINVAL;
	}
}

/* Whole codes stand before the classes that they belong to. */
static const struct {
	const char *state;
	int result;
} RESULTS[] = {
	{ "40001", -EAGAIN }, /* serialization_failure */
	{ "40P01", -EAGAIN }, /* deadlock_detected */
	{ "55P03", -EAGAIN }, /* lock_not_available */
	{ "23505", -EEXIST }, /* unique_violation */
	{ "42P07", -EEXIST }, /* duplicate_table */
	{ "08P01", -EINVAL }, /* protocol_violation: values that do not fit the statement */
	{ "22", -EINVAL },    /* data */
	{ "23", -EINVAL },    /* constraints */
	{ "42", -EINVAL },    /* syntax, names */
	{ "25006", -EROFS },  /* read_only_sql_transaction */
	{ "53100", -ENOSPC }, /* disk_full */
	{ "53200", -ENOMEM }, /* out_of_memory */
	{ "57014", -ETIMEDOUT }, { "57P", -ENOTCONN }, /* it shuts down or starts */
};

int postgresql_errno(const char *state)
{
	for (size_t i = 0; state && i < COUNT_OF(RESULTS); i++) {
		if (strncmp(state, RESULTS[i].state, strlen(RESULTS[i].state)) == 0)
			return RESULTS[i].result;
	}
	return -EIO;
}

bool postgresql_is_good(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

void postgresql_look(PGconn *connection)
{
	struct pollfd waiting = { .fd = PQsocket(connection), .events = POLLIN };

	for (int i = 0; i < MESSAGES_MAX && poll(&waiting, 1, 0) > 0; i++) {
		if (!PQconsumeInput(connection))
			return;
		(void)PQisBusy(connection); /* reads it, and so calls take_notice */
	}
}

static bool was_told(PGconn *connection)
{
	bool is_told = false;

	for (PGnotify *notify; (notify = PQnotifies(connection)); PQfreemem(notify))
		is_told = true;
	return is_told;
}

int postgresql_wait(PGconn *connection, int end_fd)
{
	while (!was_told(connection)) {
		struct pollfd waiting[] = { { .fd = PQsocket(connection), .events = POLLIN },
					    { .fd = end_fd, .events = POLLIN } };

		if (poll(waiting, COUNT_OF(waiting), -1) < 0 && errno != EINTR)
			return -errno;
		if (waiting[1].revents)
			return 0;
		if (!PQconsumeInput(connection))
			return -ENOTCONN;
	}
	return 1;
}

int postgresql_check_url(const char *url, struct error *error)
{
	PQconninfoOption *words = strncmp(url, "postgres", strlen("postgres")) == 0
					  ? PQconninfoParse(url, NULL)
					  : NULL;

	if (!words)
		return error_set(error, -EINVAL,
				 "expected postgresql://USER@HOST:PORT/DATABASE for a database");
	PQconninfoFree(words);
	return 0;
}
