/* SPDX-License-Identifier: MIT */
#include "tools/server/http/route.h"

static bool is_open(struct slice part)
{
	return part.length > 1 && part.at[0] == '{';
}

/* A path and its pattern are cut at each slash and compared part by part. */
static bool matches(const char *pattern, struct slice path, struct slice ret_parts[ROUTE_PARTS_MAX])
{
	struct slice wanted = slice_of(pattern);
	size_t count = 0;

	while (wanted.at && path.at) {
		struct slice want = slice_cut(&wanted, '/'), part = slice_cut(&path, '/');

		if (!is_open(want) ? !slice_equal(want, part)
				   : part.length == 0 || count == ROUTE_PARTS_MAX)
			return false;
		if (is_open(want))
			ret_parts[count++] = part;
	}
	return !wanted.at && !path.at;
}

/* HEAD is GET without its body, which libmicrohttpd leaves out. */
static bool is_method(const char *method, struct slice asked)
{
	return slice_is(asked, method) ||
	       (slice_is(asked, "HEAD") && slice_is(SLICE("GET"), method));
}

const struct route *route_find(const struct route *routes, struct request *request,
			       struct buf *ret_allowed)
{
	buf_clear(ret_allowed);
	for (; routes->method; routes++) {
		if (!matches(routes->path, request->path, request->parts))
			continue;
		if (is_method(routes->method, request->method))
			return routes;
		if (ret_allowed->length > 0)
			buf_add_text(ret_allowed, ", ");
		buf_add_text(ret_allowed, routes->method);
	}
	return NULL;
}
