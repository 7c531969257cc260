/* SPDX-License-Identifier: MIT */
/* Calling libpq's own functions: always through an instance, never by name, because a name may not
 * be linkable where a plugin brought libpq in. */
#ifndef SHIM_LIBPQ_REAL_H
#define SHIM_LIBPQ_REAL_H

#include <libpq-fe.h>
#include <string.h>

#include "shim/libpq/table.h"
#include "shim/preload/guard.h"
#include "shim/preload/instance.h"

extern const struct driver libpq_driver;

/* The function `name` of `instance` with its own type. */
#define REAL(instance, name)                                                                       \
	__extension__({                                                                            \
		__typeof__(&name) real_function;                                                   \
		void *real_address = instance_function((instance), LIBPQ_##name);                  \
		memcpy(&real_function, &real_address, sizeof(real_function));                      \
		real_function;                                                                     \
	})

#endif
