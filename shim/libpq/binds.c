/* SPDX-License-Identifier: MIT */
/* Copying bind arrays: each element of the program's is read once, and what a value is long is
 * decided by the copies. */
#include "shim/libpq/binds.h"

#include <errno.h>
#include <string.h>

#define COUNT_MAX 65535 /* PQ_QUERY_PARAM_MAX_LIMIT of libpq */
#define ROOM_MIN  512
#define KEPT_MAX  (64 * KIB)

static int reserve(struct binds_memory *memory, size_t size)
{
	if (size <= memory->size)
		return 0;
	free(memory->at); /* nothing in it is needed */
	size = size < ROOM_MIN ? ROOM_MIN : size;
	memory->at = malloc(size);
	memory->size = memory->at ? size : 0;
	return memory->at ? 0 : -ENOMEM;
}

/* Copies an array to `*next`, and moves that behind it. */
static void *take(char **next, const void *array, size_t size)
{
	char *at = *next;

	if (!array)
		return NULL;
	memcpy(at, array, size);
	*next += size;
	return at;
}

static char *take_bytes(char **next, const char *bytes, size_t size)
{
	char *at = take(next, bytes, size);

	*(*next)++ = '\0'; /* the text may have become longer since it was measured */
	return at;
}

/* As PQsendQueryGuts in fe-exec.c of libpq has it.  Lengths that it cannot take are its to refuse. */
static size_t value_size(const struct binds *binds, int i)
{
	if (!binds->formats || binds->formats[i] == 0)
		return strlen(binds->values[i]);
	return binds->lengths && binds->lengths[i] > 0 ? (size_t)binds->lengths[i] : 0;
}

static int copy_values(struct binds_room *room, const struct binds *binds, const char **values,
		       size_t *sizes)
{
	size_t total = 0;

	for (int i = 0; i < binds->count; i++) {
		sizes[i] = values[i] ? value_size(binds, i) : 0;
		total += sizes[i] + 1;
	}
	int r = reserve(&room->bytes, total);
	if (r < 0)
		return r;
	char *next = room->bytes.at;
	for (int i = 0; i < binds->count; i++) {
		if (values[i])
			values[i] = take_bytes(&next, values[i], sizes[i]);
	}
	return 0;
}

static int copy_parameters(struct binds_room *room, struct binds *binds)
{
	size_t count = (size_t)binds->count;
	int r = reserve(&room->arrays,
			count * (sizeof(*binds->values) + sizeof(size_t) + sizeof(*binds->types) +
				 sizeof(*binds->lengths) + sizeof(*binds->formats)));

	if (r < 0)
		return r;
	char *next = room->arrays.at;
	size_t *sizes = (void *)next;
	next += count * sizeof(*sizes);
	const char **values = take(&next, binds->values, count * sizeof(*values));
	binds->values = values;
	binds->types = take(&next, binds->types, count * sizeof(*binds->types));
	binds->lengths = take(&next, binds->lengths, count * sizeof(*binds->lengths));
	binds->formats = take(&next, binds->formats, count * sizeof(*binds->formats));
	return values ? copy_values(room, binds, values, sizes) : 0;
}

/* As pqFunctionCall3 in fe-protocol3.c of libpq has it: a number stands in the array itself. */
static size_t argument_size(const PQArgBlock *argument)
{
	return argument->isint || argument->len < 0 || !argument->u.ptr ? 0 : (size_t)argument->len;
}

static int copy_arguments(struct binds_room *room, struct binds *binds)
{
	size_t size = (size_t)binds->count * sizeof(*binds->arguments), total = 0;
	int r = reserve(&room->arrays, size);

	if (r < 0)
		return r;
	PQArgBlock *arguments = memcpy(room->arrays.at, binds->arguments, size);
	for (int i = 0; i < binds->count; i++)
		total += argument_size(&arguments[i]) + 1;
	r = reserve(&room->bytes, total);
	if (r < 0)
		return r;
	char *next = room->bytes.at;
	for (int i = 0; i < binds->count; i++) {
		size_t length = argument_size(&arguments[i]);

		if (length > 0)
			arguments[i].u.ptr =
				(void *)take_bytes(&next, (const char *)arguments[i].u.ptr, length);
	}
	binds->arguments = arguments;
	return 0;
}

int binds_copy(struct binds_room *room, struct binds *binds)
{
	if (binds->count <= 0)
		return 0;
	if (binds->arguments)
		return copy_arguments(room, binds);
	return binds->count <= COUNT_MAX ? copy_parameters(room, binds) : 0;
}

static void release(struct binds_memory *memory)
{
	free(memory->at);
	*memory = (struct binds_memory){ 0 };
}

void binds_shrink(struct binds_room *room)
{
	if (room->arrays.size > KEPT_MAX)
		release(&room->arrays);
	if (room->bytes.size > KEPT_MAX)
		release(&room->bytes);
}

void binds_done(struct binds_room *room)
{
	release(&room->arrays);
	release(&room->bytes);
}
