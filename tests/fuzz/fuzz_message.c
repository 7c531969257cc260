/* SPDX-License-Identifier: MIT */
/* Messages between shim and agent: what is read from any bytes and written again is read as the
 * same.  The first byte picks the message, the rest is its body. */
#include <errno.h>

#include "common/message.h"
#include "tests/fuzz/fuzz.h"

#define BODY_MAX (1 * MIB)

/* A number of another length or a truth above 1 is brought to one form by the first writing. */
#define CHECK(name)                                                                                \
	static void check_##name(struct slice body)                                                \
	{                                                                                          \
		SCOPED(buf_done) struct buf once = BUF_MAX(BODY_MAX), again = BUF_MAX(BODY_MAX);   \
		struct message_##name message;                                                     \
		int r = message_##name##_read(body, &message);                                     \
                                                                                                   \
		PROMISE(r == 0 || r == -EBADMSG);                                                  \
		if (r < 0)                                                                         \
			return;                                                                    \
		message_##name##_write(&once, &message);                                           \
		PROMISE(message_##name##_read(buf_view(&once), &message) == 0);                    \
		message_##name##_write(&again, &message);                                          \
		PROMISE(slice_equal(buf_view(&once), buf_view(&again)));                           \
	}
MESSAGES(CHECK)

static void check_number(struct slice body)
{
	SCOPED(buf_done) struct buf once = BUF_MAX(BODY_MAX);
	uint64_t number;

	if (message_number_read(body, &number) < 0)
		return;
	message_number_write(&once, number);
	PROMISE(slice_equal(buf_view(&once), body));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
#define CHECK_ROW(name) check_##name,
	static void (*const CHECKS[])(struct slice) = { MESSAGES(CHECK_ROW) check_number };

	if (length > 0)
		CHECKS[bytes[0] % COUNT_OF(CHECKS)](
			(struct slice){ (const char *)bytes + 1, length - 1 });
	return 0;
}
