/* SPDX-License-Identifier: MIT */
/* The exported dlerror: a look-up that would have found us failed by a version that nobody has,
 * which the text must not tell.  A source of the shared object itself, whose archives export
 * nothing. */
#include <stddef.h>

#include "shim/preload/dl_call.h"
#include "shim/preload/image.h"

static const char SUFFIX[] = ", version " DL_NO_VERSION;

typedef char *error_function(void);

static void cut(char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	if (length >= sizeof(SUFFIX) && text_is(text + length - (sizeof(SUFFIX) - 1), SUFFIX))
		text[length - (sizeof(SUFFIX) - 1)] = '\0';
}

/* The text is the program's to change: POSIX promises it until the next call, and glibc allocates
 * it. */
__attribute__((visibility("default"))) char *dlerror(void)
{
	uintptr_t next = dl_next(DL_ERROR);
	char *text = next ? ((error_function *)next)() : NULL;

	if (text)
		cut(text);
	return text;
}
