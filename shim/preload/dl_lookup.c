/* SPDX-License-Identifier: MIT */
/* Decides look-ups: where the program would get a client library's function for which there is a
 * stand-in, it gets the stand-in; everything else is the loader's answer, down to the text of
 * dlerror. */
#include "shim/preload/dl_call.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

#include "shim/preload/guard.h"
#include "shim/preload/instance.h"
#include "shim/preload/object.h"
#include "shim/preload/reach.h"
#include "shim/preload/registry.h"
#include "shim/preload/self.h"
#include "shim/preload/sentinel.h"
#include "shim/preload/slots.h"

struct lookup {
	enum dl_function function; /* DL_SYM or DL_VSYM */
	void *handle;
	const char *name;
	const char *version; /* for DL_VSYM */
	const void *caller;
	const struct driver *driver; /* NULL for a name that no driver has */
	uintptr_t stand_in;
};

typedef void *sym_function(void *handle, const char *name);
typedef void *vsym_function(void *handle, const char *name, const char *version);

/* What the loader says to us; where handles are RTLD_NEXT and RTLD_DEFAULT we are the caller. */
static uintptr_t ask(const struct lookup *lookup, void *handle)
{
	uintptr_t next = dl_next(lookup->function);

	if (!next)
		return 0;
	if (lookup->function == DL_VSYM)
		return (uintptr_t)((vsym_function *)next)(handle, lookup->name, lookup->version);
	return (uintptr_t)((sym_function *)next)(handle, lookup->name);
}

/* Who called, between which objects, and what was found on the way. */
struct order {
	const struct lookup *lookup;
	uintptr_t found;    /* 0, or an address in an object: is it behind the caller? */
	uintptr_t in_front; /* the function, in an object between the caller and us */
	bool is_caller_passed, is_self_passed;
	bool is_caller_in_front; /* of us */
	bool is_found_behind;    /* the caller */
};

static bool put_in_order(const struct object *object, void *data)
{
	struct order *order = data;
	const struct image *image = &object->image;

	if (order->is_caller_passed && order->found && image_holds(image, order->found))
		order->is_found_behind = true;
	if (image_is_self(image))
		order->is_self_passed = true;
	if (order->is_caller_passed && !order->is_self_passed && !order->in_front)
		order->in_front = image_function(image, order->lookup->name);
	if (image_holds(image, (uintptr_t)order->lookup->caller)) {
		order->is_caller_passed = true;
		order->is_caller_in_front = !order->is_self_passed;
	}
	return false;
}

static struct order order_of(const struct lookup *lookup, uintptr_t found)
{
	struct order order = { .lookup = lookup, .found = found };

	(void)objects_visit(put_in_order, &order);
	return order;
}

/* What the program gets without us, or 0, and whether the loader would now give it our stand-in
 * instead. */
struct finding {
	uintptr_t function;
	bool is_hidden;
};

static struct finding find_next(const struct lookup *lookup)
{
	uintptr_t found = ask(lookup, RTLD_NEXT);
	struct order order = order_of(lookup, found);

	if (!order.is_caller_passed) /* RTLD_NEXT means nothing there */
		return (struct finding){ 0, false };
	if (!order.is_caller_in_front)
		found = order.is_found_behind ? found
					      : reach_function(lookup->caller, lookup->name,
							       lookup->function == DL_VSYM, true);
	else if (lookup->function == DL_SYM)
		return (struct finding){ order.in_front ? order.in_front : found, !order.in_front };
	return (struct finding){ found, false };
}

/* The scope of any handle in which we are is the program's own. */
static struct finding find_by_handle(const struct lookup *lookup)
{
	uintptr_t found = ask(lookup, lookup->handle);

	if (found == lookup->stand_in)
		return (struct finding){ ask(lookup, RTLD_NEXT), true };
	return (struct finding){ found, false };
}

static struct finding find(const struct lookup *lookup)
{
	struct finding finding;

	if (lookup->handle == RTLD_NEXT)
		return find_next(lookup);
	finding = find_by_handle(lookup);
	if (!finding.function && lookup->handle == RTLD_DEFAULT)
		finding.function = reach_function(lookup->caller, lookup->name,
						  lookup->function == DL_VSYM, false);
	return finding;
}

/* The driver one of whose functions `name` is, or NULL. */
static const struct driver *driver_of(const char *name)
{
	for (const struct driver *const *driver = DRIVERS; *driver; driver++) {
		for (unsigned i = 0; i < (*driver)->function_count; i++) {
			if (text_is((*driver)->functions[i], name))
				return *driver;
		}
	}
	return NULL;
}

/* What the program gets for a client library's function: its entry for that copy, also when there
 * was no room for the copy.  0 for a function of anything else. */
static uintptr_t governed(const struct lookup *lookup, uintptr_t found)
{
	const void *function = (const void *)found;
	const struct instance *instance =
		found ? instance_of_function(lookup->driver, function) : NULL;
	struct object object;

	if (!instance && (!found || !object_at(function, &object) ||
			  !image_is_instance(&object.image, lookup->driver)))
		return 0;
	return slot_of(lookup->stand_in, instance);
}

static uintptr_t answer(struct dl_call *call, uintptr_t value)
{
	call->arguments[0] = value;
	return (uintptr_t)dl_answer;
}

/* What the program did not ask for must not show in dlerror: a look-up that succeeds clears it. */
static void clear_error(const struct lookup *lookup)
{
	const struct lookup sure = { .function = DL_SYM,
				     .name = SENTINEL_NAME,
				     .caller = lookup->caller };

	(void)ask(&sure, RTLD_DEFAULT);
}

static uintptr_t fail(struct dl_call *call)
{
	call->arguments[2] = (uintptr_t)DL_NO_VERSION;
	return dl_next(DL_VSYM);
}

static uintptr_t decide_governed(struct dl_call *call, const struct lookup *lookup)
{
	struct finding finding = find(lookup);
	uintptr_t entry = governed(lookup, finding.function);

	if (!entry && !finding.is_hidden)
		return dl_next(lookup->function);
	if (!finding.function)
		return fail(call);
	clear_error(lookup);
	return answer(call, entry ? entry : finding.function);
}

/* A look-up of the loader's functions behind the caller by version: ours have none, and would be
 * passed over. */
static bool is_ours_by_version(const struct lookup *lookup)
{
	return lookup->function == DL_VSYM && lookup->handle == RTLD_NEXT &&
	       dl_function_of_name(lookup->name) != DL_FUNCTIONS &&
	       order_of(lookup, 0).is_caller_in_front && ask(lookup, RTLD_NEXT);
}

static uintptr_t decide(struct dl_call *call, enum dl_function function)
{
	KEEP_ERRNO;
	struct lookup lookup = {
		.function = function,
		.handle = (void *)call->arguments[0],
		.name = (const char *)call->arguments[1],
		.version = (const char *)call->arguments[2],
		.caller = call->caller,
	};

	if (!lookup.name || preload_holds(lookup.caller))
		return dl_next(function);
	if (is_ours_by_version(&lookup))
		return answer(call, self_function(lookup.name));
	/* Most look-ups of a process are for other names, and end here. */
	lookup.stand_in = self_function(lookup.name);
	lookup.driver = lookup.stand_in ? driver_of(lookup.name) : NULL;
	return lookup.driver ? decide_governed(call, &lookup) : dl_next(function);
}

uintptr_t dl_entry(const char *name, uintptr_t found)
{
	struct lookup lookup = { .name = name, .stand_in = self_function(name) };

	lookup.driver = lookup.stand_in ? driver_of(name) : NULL;
	if (!lookup.driver)
		return lookup.stand_in ? lookup.stand_in : found;
	uintptr_t entry = governed(&lookup, found);
	return entry ? entry : found;
}

uintptr_t dl_decide_dlsym(struct dl_call *call)
{
	return decide(call, DL_SYM);
}

uintptr_t dl_decide_dlvsym(struct dl_call *call)
{
	return decide(call, DL_VSYM);
}

void *dl_answer(void *answered)
{
	return answered;
}
