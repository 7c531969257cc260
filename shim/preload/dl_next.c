/* SPDX-License-Identifier: MIT */
/* Finds the loader's functions behind us. */
#include "shim/preload/dl_call.h"

#include <stdatomic.h>

#include "shim/preload/object.h"
#include "shim/preload/self.h"

static const char *const NAMES[DL_FUNCTIONS] = {
	[DL_SYM] = "dlsym",
	[DL_VSYM] = "dlvsym",
	[DL_OPEN] = "dlopen",
	[DL_ERROR] = "dlerror",
};

enum dl_function dl_function_of_name(const char *name)
{
	enum dl_function function = DL_SYM;

	while (function < DL_FUNCTIONS && !text_is(NAMES[function], name))
		function++;
	return function;
}

struct search {
	const char *name;
	uintptr_t found;
	bool is_behind; /* us */
};

static bool has_next(const struct object *object, void *data)
{
	struct search *search = data;

	if (image_is_self(&object->image))
		search->is_behind = true;
	else if (search->is_behind)
		search->found = image_function(&object->image, search->name);
	return search->found != 0;
}

uintptr_t dl_next(enum dl_function function)
{
	static _Atomic uintptr_t known[DL_FUNCTIONS];
	uintptr_t found = atomic_load_explicit(&known[function], memory_order_relaxed);
	struct search search = { .name = NAMES[function] };

	if (found || !objects_visit(has_next, &search))
		return found;
	atomic_store_explicit(&known[function], search.found, memory_order_relaxed);
	return search.found;
}
