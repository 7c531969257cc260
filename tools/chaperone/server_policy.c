/* SPDX-License-Identifier: MIT */
#include "tools/chaperone/server_policy.h"

#include <errno.h>

#include "tools/chaperone/remote_program.h"
#include "tools/remote/bundle.h"
#include "tools/remote/kept.h"

bool server_policy_pull(const char *folder, int patience_ms)
{
	const char *const words[] = { "policy", "pull", "--folder", folder, NULL };

	return remote_program_run(words, patience_ms) == 0;
}

int server_policy_read(const char *folder, struct policy_source *ret_source,
		       struct server_word *ret_word, struct error *error)
{
	SCOPED(enrolled_done) struct enrolled enrolled = { .url = "" };
	SCOPED(bundle_done) struct bundle bundle = BUNDLE_NONE;
	SCOPED(close_p) int lock = -1;
	int r;

	kept_lock_to_read(folder, &lock);
	r = enrolled_read(folder, &enrolled, error);
	if (r == 0)
		r = bundle_load(&enrolled, &bundle, error);
	if (r == 0 && bundle.version == 0)
		r = error_set(
			error, -ENOENT,
			"no policy has come from %.200s yet: `chaperone policy pull` says why",
			enrolled.server);
	if (r == 0)
		r = policy_source_unpack(bundle.source, ret_source, error);
	if (r < 0)
		return r;
	*ret_word = (struct server_word){ bundle.version, (int64_t)bundle.issued_s,
					  (int64_t)bundle.expires_s };
	return 0;
}
