/* SPDX-License-Identifier: MIT */
/* What a driver folder tells the resolver: the names of the functions that it wants to call. */
#ifndef SHIM_PRELOAD_DRIVER_H
#define SHIM_PRELOAD_DRIVER_H

#define DRIVER_FUNCTIONS_MAX 256

/* Constant for the life of the process; instances point to it. */
struct driver {
	const char *name; /* "libpq", for messages */
	const char *const *functions; /* the index is the driver folder's own enum */
	unsigned function_count; /* at most DRIVER_FUNCTIONS_MAX */
	unsigned marker; /* index of the function that makes an object an instance of this driver */
};

#endif
