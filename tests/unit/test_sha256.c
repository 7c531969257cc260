/* SPDX-License-Identifier: MIT */
/* Every way to hash gives the published values, and all give the same. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/sha256.h"
#include "common/sha256_blocks.h"
#include "tests/unit/run_suite.h"

#define LENGTH_MAX 1000u
#define ROUNDS     4000u

static const enum sha256_way WAYS[] = { SHA256_PORTABLE, SHA256_EXTENSIONS };

/* False where the processor cannot go that way: then there is nothing to test. */
static bool choose(int way)
{
	bool is_there = sha256_choose(WAYS[way]);

	ck_assert(is_there || WAYS[way] == SHA256_EXTENSIONS);
	return is_there;
}

static void assert_digest(const unsigned char digest[SHA256_SIZE], const char *hex)
{
	SCOPED(buf_done) struct buf buf = BUF_MAX(64);

	buf_add_hex(&buf, digest, SHA256_SIZE);
	ck_assert_str_eq(buf_text(&buf), hex);
}

START_TEST(gives_the_published_hashes)
{
	unsigned char digest[SHA256_SIZE];
	struct sha256 hash;

	if (!choose(_i))
		return;
	sha256("", 0, digest);
	assert_digest(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256("abc", 3, digest);
	assert_digest(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, digest);
	assert_digest(digest, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	sha256_init(&hash);
	for (int i = 0; i < 1000000; i++)
		sha256_add(&hash, "a", 1);
	sha256_end(&hash, digest);
	assert_digest(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

/* RFC 4231, test cases 2 and 6. */
START_TEST(gives_the_published_keyed_hashes)
{
	unsigned char digest[SHA256_SIZE], key[131];
	struct sha256_hmac_key prepared;

	if (!choose(_i))
		return;
	sha256_hmac("Jefe", 4, "what do ya want for nothing?", 28, digest);
	assert_digest(digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	sha256_hmac_prepare(key, sizeof(key), &prepared);
	for (int i = 0; i < 2; i++) {
		sha256_hmac_with(&prepared,
				 "Test Using Larger Than Block-Size Key - Hash Key First", 54,
				 digest);
		assert_digest(digest,
			      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	}
}
END_TEST

/* The hash of `length` bytes that come in pieces of random length. */
static void hash_in_pieces(const unsigned char *bytes, size_t length,
			   unsigned char ret_digest[SHA256_SIZE])
{
	struct sha256 hash;

	sha256_init(&hash);
	while (length > 0) {
		size_t piece = 1 + (size_t)rand() % length;

		sha256_add(&hash, bytes, piece);
		bytes += piece;
		length -= piece;
	}
	sha256_end(&hash, ret_digest);
}

START_TEST(all_ways_agree_on_any_length_offset_and_cut)
{
	static unsigned char bytes[LENGTH_MAX + 16];
	unsigned char whole[SHA256_SIZE], pieces[SHA256_SIZE];

	if (!choose(_i))
		return;
	srand(4231);
	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t offset = (size_t)rand() % 16, length = (size_t)rand() % LENGTH_MAX;

		bytes[(size_t)rand() % sizeof(bytes)] = (unsigned char)rand();
		ck_assert(sha256_choose(SHA256_PORTABLE));
		sha256(bytes + offset, length, whole);
		ck_assert(sha256_choose(WAYS[_i]));
		hash_in_pieces(bytes + offset, length, pieces);
		ck_assert_mem_eq(whole, pieces, SHA256_SIZE);
	}
}
END_TEST

START_TEST(undecided_is_decided_by_the_processor)
{
	unsigned char digest[SHA256_SIZE];

	ck_assert(sha256_choose(SHA256_UNDECIDED));
	sha256("abc", 3, digest);
	assert_digest(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	ck_assert_int_eq(sha256_choose(SHA256_EXTENSIONS), sha256_extensions_exist());
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, gives_the_published_hashes, 0, COUNT_OF(WAYS));
	tcase_add_loop_test(tcase, gives_the_published_keyed_hashes, 0, COUNT_OF(WAYS));
	tcase_add_loop_test(tcase, all_ways_agree_on_any_length_offset_and_cut, 0, COUNT_OF(WAYS));
	tcase_add_test(tcase, undecided_is_decided_by_the_processor);
}

int main(void)
{
	return run_suite("sha256", NULL, NULL, add_tests);
}
