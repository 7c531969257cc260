/* SPDX-License-Identifier: MIT */
#include "tools/server/people/password.h"

#include <errno.h>
#include <sodium.h>

#define GROUP_LENGTH 6u

_Static_assert(PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES, "a hash fits");
_Static_assert(PASSWORD_SIZE % (GROUP_LENGTH + 1) == 0, "each group ends with a dash or the NUL");

void password_make(char ret_password[PASSWORD_SIZE])
{
	static const char ALPHABET[] = "abcdefghijkmnpqrstuvwxyz23456789";
	_Static_assert(sizeof(ALPHABET) == 32 + 1, "a character has five bits");

	for (size_t i = 0; i < PASSWORD_SIZE; i++)
		ret_password[i] = i % (GROUP_LENGTH + 1) == GROUP_LENGTH
					  ? '-'
					  : ALPHABET[randombytes_uniform(32)];
	ret_password[PASSWORD_SIZE - 1] = 0;
}

int password_hash(struct slice password, char ret_hash[PASSWORD_HASH_SIZE])
{
	return crypto_pwhash_str(ret_hash, password.at, password.length,
				 crypto_pwhash_OPSLIMIT_INTERACTIVE,
				 crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0
		       ? 0
		       : -ENOMEM;
}

bool password_is(struct slice password, const char *hash)
{
	return crypto_pwhash_str_verify(hash, password.at, password.length) == 0;
}
