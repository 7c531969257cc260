/* SPDX-License-Identifier: MIT */
#include "tools/server/http/prefer.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "tools/server/http/http.h"

#define HEADER_MAX 64u

uint64_t prefer_wait_s(const struct request *request, uint64_t max_s)
{
	struct slice prefer = http_header(request, "Prefer");

	while (prefer.at) {
		struct slice value = slice_trim(slice_cut(&prefer, ','));
		struct slice name = slice_trim(slice_cut(&value, '='));
		uint64_t wait_s;

		if (!slice_equal_ignoring_case(name, SLICE("wait")))
			continue;
		if (slice_to_u64(slice_trim(slice_cut(&value, ';')), &wait_s) < 0)
			return 0;
		return wait_s < max_s ? wait_s : max_s;
	}
	return 0;
}

void prefer_applied(struct reply *reply, uint64_t wait_s)
{
	char applied[HEADER_MAX];

	snprintf(applied, sizeof(applied), "wait=%" PRIu64, wait_s);
	if (wait_s > 0)
		reply_header(reply, "Preference-Applied", slice_of(applied));
}

bool prefer_until(const struct request *request, uint64_t wait_s, uint64_t *ret_until_ns)
{
	*ret_until_ns = request->begun_ns + wait_s * SECOND_NS;
	return wait_s > 0 && !request->is_last && monotonic_ns() < *ret_until_ns;
}
