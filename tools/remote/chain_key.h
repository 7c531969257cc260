/* SPDX-License-Identifier: MIT */
/* The key that seals the record of a machine that is enrolled: one for each boot of an agent, which takes
 * it and leaves the next one in its place.  It is kept beside the enrolment, for its owner alone, under
 * the name that the machine has at its server, so that another enrolment begins another chain. */
#ifndef TOOLS_REMOTE_CHAIN_KEY_H
#define TOOLS_REMOTE_CHAIN_KEY_H

#include "common/error.h"
#include "common/record_seal.h"

/* Keeps the first key, of epoch 0, which the server gave the machine. */
must_use int chain_key_begin(const char *folder, const char *agent,
			     const struct record_secret *first, struct error *error);

/* Takes the key of the next epoch.  Whatever happens then, nobody gets it again: the file has the one
 * after it, durably, before this returns, and what had the key is overwritten. */
must_use int chain_key_take(const char *folder, struct record_secret *ret_key, uint64_t *ret_epoch,
			    struct error *error);

/* Removes those of other enrolments than `agent`'s. */
void chain_key_forget_others(const char *folder, const char *agent);

#endif
