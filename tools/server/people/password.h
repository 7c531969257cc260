/* SPDX-License-Identifier: MIT */
/* Passwords of accounts: argon2id with libsodium's interactive limits (64 MiB, two passes). */
#ifndef TOOLS_SERVER_PEOPLE_PASSWORD_H
#define TOOLS_SERVER_PEOPLE_PASSWORD_H

#include <stdbool.h>

#include "common/cleanup.h"
#include "common/slice.h"

#define PASSWORD_SIZE      28u  /* of one that is made, its NUL included */
#define PASSWORD_HASH_SIZE 128u /* its NUL included */

/* Makes one of 120 bits that can be read aloud: four groups of small letters and digits, none of
 * which look alike. */
void password_make(char ret_password[PASSWORD_SIZE]);

/* -ENOMEM. */
must_use int password_hash(struct slice password, char ret_hash[PASSWORD_HASH_SIZE]);

bool password_is(struct slice password, const char *hash);

#endif
