/* SPDX-License-Identifier: MIT */
/* SQL text without its literals: any bytes, in any context.  The first byte picks the context, the
 * rest is the text. */
#include <errno.h>

#include "policy/core/template.h"
#include "tests/fuzz/fuzz.h"

#define SHAPE_MAX    100u
#define TEMPLATE_MAX (1 * MIB)

static void check_template(struct slice text, struct lexing lexing)
{
	SCOPED(buf_done) struct buf once = BUF_MAX(TEMPLATE_MAX), again = BUF_MAX(TEMPLATE_MAX);
	int r = template_make(text, lexing, &once, NULL);

	PROMISE(r == 0 || r == -ENOTSUP || r == once.failed);
	PROMISE(template_make(text, lexing, &again, NULL) == r);
	PROMISE(r != 0 || slice_equal(buf_view(&once), buf_view(&again)));
}

/* The halves of the text: one that is taken for a repetition of the other has its template. */
static void check_repetition(struct slice text, struct lexing lexing)
{
	SCOPED(buf_done) struct buf once = BUF_MAX(TEMPLATE_MAX), again = BUF_MAX(TEMPLATE_MAX);
	struct slice first = slice_part(text, 0, text.length / 2),
		     second = slice_part(text, text.length / 2, text.length);
	struct template_literals literals;

	if (template_make(first, lexing, &once, &literals) < 0 ||
	    !template_repeats(first, &literals, second))
		return;
	PROMISE(template_make(second, lexing, &again, NULL) == 0);
	PROMISE(slice_equal(buf_view(&once), buf_view(&again)));
}

static void check_shape(struct slice text, struct lexing lexing)
{
	SCOPED(buf_done) struct buf whole = BUF_MAX(TEMPLATE_MAX), cut = BUF_MAX(SHAPE_MAX);

	PROMISE(template_shape(text, lexing, TEMPLATE_MAX, &whole) == 0 || whole.failed);
	PROMISE(template_shape(text, lexing, SHAPE_MAX, &cut) == 0);
	PROMISE(cut.length <= SHAPE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (length == 0)
		return 0;
	struct lexing lexing = { bytes[0] & 1, bytes[0] & 2 };
	struct slice text = { (const char *)bytes + 1, length - 1 };

	check_template(text, lexing);
	check_repetition(text, lexing);
	check_shape(text, lexing);
	return 0;
}
