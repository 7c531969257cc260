/* SPDX-License-Identifier: MIT */
#include "control/code.h"

#include <errno.h>

#include "control/base64.h"

void code_write(const struct enrolment_code *code, struct buf *out)
{
	base64url_write(code->secret, sizeof(code->secret), out);
	buf_add_char(out, '.');
	base64url_write(code->key_hash, sizeof(code->key_hash), out);
}

static int read_part(struct slice text, void *ret_bytes, size_t size)
{
	size_t length;
	int r = base64url_read(text, ret_bytes, size, &length);

	return r < 0 || length != size ? -EINVAL : 0;
}

int code_read(struct slice text, struct enrolment_code *ret_code)
{
	text = slice_trim(text);
	struct slice secret = slice_cut(&text, '.');
	struct enrolment_code code;

	if (read_part(secret, code.secret, sizeof(code.secret)) < 0 ||
	    read_part(text, code.key_hash, sizeof(code.key_hash)) < 0)
		return -EINVAL;
	*ret_code = code;
	return 0;
}
