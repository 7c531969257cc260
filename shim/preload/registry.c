/* SPDX-License-Identifier: MIT */
/* Keeps instances in fixed places: filled in private, then published by one compare-and-swap. */
#include "shim/preload/registry.h"

#include <stdatomic.h>

/* More places than instances, so that threads which register at the same moment each have one to
 * fill. */
#define PLACES_MAX (INSTANCES_MAX + 8)

static struct instance places[PLACES_MAX];
static atomic_bool is_taken[PLACES_MAX];
static _Atomic(struct instance *) registered[INSTANCES_MAX];

const struct instance *registry_at(const struct driver *driver, unsigned index)
{
	for (unsigned i = 0; i < INSTANCES_MAX; i++) {
		const struct instance *instance =
			atomic_load_explicit(&registered[i], memory_order_acquire);

		if (!instance)
			return NULL;
		if (instance->driver == driver && index-- == 0)
			return instance;
	}
	return NULL;
}

const struct instance *registry_of_base(const struct driver *driver, uintptr_t base)
{
	const struct instance *instance;

	for (unsigned i = 0; (instance = registry_at(driver, i)); i++) {
		if (instance->base == base)
			return instance;
	}
	return NULL;
}

/* NULL stands for any driver. */
static const struct instance *find(const struct driver *driver, const void *address)
{
	uintptr_t wanted = (uintptr_t)address;

	for (unsigned i = 0; i < INSTANCES_MAX; i++) {
		const struct instance *instance =
			atomic_load_explicit(&registered[i], memory_order_acquire);

		if (!instance)
			return NULL;
		if (wanted - instance->text_begin < instance->text_end - instance->text_begin &&
		    (!driver || instance->driver == driver))
			return instance;
	}
	return NULL;
}

const struct instance *instance_of_address(const struct driver *driver, const void *address)
{
	return find(driver, address);
}

const struct instance *instance_holding(const void *address)
{
	return find(NULL, address);
}

struct instance *registry_claim(void)
{
	for (unsigned i = 0; i < PLACES_MAX; i++) {
		if (!atomic_exchange(&is_taken[i], true))
			return &places[i];
	}
	return NULL;
}

void registry_release(struct instance *instance)
{
	if (instance)
		atomic_store(&is_taken[instance - places], false);
}

void registry_add(struct instance *instance)
{
	for (unsigned i = 0; i < INSTANCES_MAX; i++) {
		struct instance *present = NULL;

		if (atomic_compare_exchange_strong(&registered[i], &present, instance))
			return;
		if (present->base == instance->base && present->driver == instance->driver)
			break;
	}
	registry_release(instance);
}
