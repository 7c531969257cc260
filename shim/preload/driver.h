/* SPDX-License-Identifier: MIT */
/* What a driver folder tells the resolver: the names of the functions that it wants to call. */
#ifndef SHIM_PRELOAD_DRIVER_H
#define SHIM_PRELOAD_DRIVER_H

#define DRIVER_FUNCTIONS_MAX 256

/* Constant for the life of the process; instances point to it. */
struct driver {
	/* "libpq": names of the library's files begin with it, then comes "." or "-" */
	const char *name;
	const char *const *functions; /* the index is the driver folder's own enum */
	unsigned function_count;      /* at most DRIVER_FUNCTIONS_MAX */
	/* Index of the function that makes an object an instance of this driver: one that every
	 * copy has, and no library has that only wraps a few of them. */
	unsigned marker;
};

/* All drivers of this build, NULL behind the last one.  Whoever links the shared object defines
 * it. */
extern const struct driver *const DRIVERS[];

#endif
