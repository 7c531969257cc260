/* SPDX-License-Identifier: MIT */
#include "tools/evidence/delivered.h"

#include <errno.h>
#include <stdio.h>

#include "control/line.h"

static int read_prior(struct slice text, unsigned char ret_hash[SHA256_SIZE])
{
	char digest[2 * SHA256_SIZE + 8];
	int length = snprintf(digest, sizeof(digest), "sha256:%.*s",
			      text.length > sizeof(digest) ? 0 : (int)text.length, text.at);

	return line_digest((struct slice){ digest, (size_t)length }, ret_hash);
}

int evidence_delivered(const struct evidence_block *block, struct slice *ret_agent,
		       struct part_name *ret_name, struct record_walk *ret_walk,
		       struct error *error)
{
	struct slice part, prior;
	struct record_walk walk = { .offset = 0 };
	int r = evidence_text(block, "agent", ret_agent, error);

	if (r == 0)
		r = evidence_text(block, "part", &part, error);
	if (r == 0)
		r = evidence_text(block, "prior", &prior, error);
	if (r == 0)
		r = evidence_number(block, "start", &walk.offset, error);
	if (r < 0)
		return r;
	if (part_name_read(part, ret_name) < 0)
		return error_set(error, -EBADMSG, "the part's name is none");
	if (read_prior(prior, walk.head) < 0)
		return error_set(error, -EBADMSG, "its line does not say \"prior\"");
	*ret_walk = walk;
	return 0;
}
