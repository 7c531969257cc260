/* SPDX-License-Identifier: MIT */
/* The registered instances: append-only, lock-free, each object at most once per driver. */
#ifndef SHIM_PRELOAD_REGISTRY_H
#define SHIM_PRELOAD_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "shim/preload/image.h"
#include "shim/preload/instance.h"

/* True for a client library of `driver`, registered or not. */
bool image_is_instance(const struct image *image, const struct driver *driver);

/* The registered instance of `driver` number `index`, in load order; NULL beyond the last one. */
const struct instance *registry_at(const struct driver *driver, unsigned index);

/* The registered instance of `driver` in the object mapped at `base`, or NULL. */
const struct instance *registry_of_base(const struct driver *driver, uintptr_t base);

/* Room for one instance that nobody else sees, or NULL.  Give it to registry_add or
 * registry_release. */
struct instance *registry_claim(void);

/* Publishes a filled instance, unless its object is registered already or the registry is full. */
void registry_add(struct instance *instance);

/* Takes back what was claimed and not added.  Accepts NULL. */
void registry_release(struct instance *instance);

/* Registers every instance of `driver` that was loaded since the last time.  Takes the loader's
 * lock. */
void registry_refresh(const struct driver *driver);

#endif
