/* SPDX-License-Identifier: MIT */
/* The miniature client library; IDENTITY says which copy this is, LACKS_NEWER makes an old one. */
#include "tests/preload/fakepq.h"

#include <errno.h>

const char *fakepq_identity(void)
{
	return IDENTITY;
}

const char *fakepq_plain(void)
{
	return IDENTITY;
}

int fakepq_send(const char *sql)
{
	return sql[0];
}

int fakepq_query(const char *sql)
{
	int sent = fakepq_send(sql);

	return sent + 1;
}

int fakepq_notify(void (*callback)(void *), void *data)
{
	callback(data);
	return 1;
}

int fakepq_fail(void)
{
	errno = EDOM;
	return -1;
}

#ifndef LACKS_NEWER
int fakepq_newer(void)
{
	return 16;
}
#endif
