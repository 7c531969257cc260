/* SPDX-License-Identifier: MIT */
/* SHA-256 with the SHA extensions of x86-64 (Intel's Software Developer's Manual, volume 2,
 * SHA256RNDS2 and so on). */
#include "common/sha256_blocks.h"

#ifdef __x86_64__

#include <cpuid.h>
#include <immintrin.h>

/* Bits of cpuid, leaf 1 ECX and leaf 7 EBX. */
#define LEAF_1_SSSE3  (1u << 9)
#define LEAF_1_SSE4_1 (1u << 19)
#define LEAF_7_SHA    (1u << 29)

#define WITH_EXTENSIONS __attribute__((target("sha,ssse3,sse4.1")))
#define INLINE          static inline __attribute__((always_inline)) WITH_EXTENSIONS

bool sha256_extensions_exist(void)
{
	const unsigned needed = LEAF_1_SSSE3 | LEAF_1_SSE4_1;
	unsigned eax, ebx, ecx, edx;

	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || (ecx & needed) != needed)
		return false;
	return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & LEAF_7_SHA);
}

/* The eight words in the order of SHA256RNDS2, the last named in the lowest lane. */
struct words {
	__m128i abef, cdgh;
};

INLINE __m128i load(const void *at)
{
	return _mm_loadu_si128(at);
}

INLINE struct words read_state(const uint32_t state[8])
{
	__m128i cdab = _mm_shuffle_epi32(load(state), 0xb1);
	__m128i efgh = _mm_shuffle_epi32(load(state + 4), 0x1b);

	return (struct words){ _mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xf0) };
}

INLINE void write_state(struct words words, uint32_t state[8])
{
	__m128i feba = _mm_shuffle_epi32(words.abef, 0x1b);
	__m128i dchg = _mm_shuffle_epi32(words.cdgh, 0xb1);

	_mm_storeu_si128((void *)state, _mm_blend_epi16(feba, dchg, 0xf0));
	_mm_storeu_si128((void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/* Four big-endian words of a block. */
INLINE __m128i read_words(const unsigned char *at)
{
	return _mm_shuffle_epi8(load(at), _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
}

/* The four words of the schedule behind the sixteen of a, b, c, d. */
INLINE __m128i next_words(__m128i a, __m128i b, __m128i c, __m128i d)
{
	__m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(a, b), _mm_alignr_epi8(d, c, 4));

	return _mm_sha256msg2_epu32(sum, d);
}

/* Rounds 4 * number to 4 * number + 3. */
INLINE void four_rounds(struct words *words, __m128i scheduled, unsigned number)
{
	__m128i sum = _mm_add_epi32(scheduled, load(SHA256_ROUND_CONSTANTS + 4 * (size_t)number));

	words->cdgh = _mm_sha256rnds2_epu32(words->cdgh, words->abef, sum);
	words->abef = _mm_sha256rnds2_epu32(words->abef, words->cdgh, _mm_shuffle_epi32(sum, 0x0e));
}

INLINE struct words add_block(struct words words, const unsigned char *block)
{
	__m128i a = read_words(block), b = read_words(block + 16);
	__m128i c = read_words(block + 32), d = read_words(block + 48);
	struct words start = words;

	four_rounds(&words, a, 0);
	four_rounds(&words, b, 1);
	four_rounds(&words, c, 2);
	four_rounds(&words, d, 3);
	for (unsigned number = 4; number < 16; number += 4) {
		a = next_words(a, b, c, d);
		four_rounds(&words, a, number);
		b = next_words(b, c, d, a);
		four_rounds(&words, b, number + 1);
		c = next_words(c, d, a, b);
		four_rounds(&words, c, number + 2);
		d = next_words(d, a, b, c);
		four_rounds(&words, d, number + 3);
	}
	return (struct words){ _mm_add_epi32(words.abef, start.abef),
			       _mm_add_epi32(words.cdgh, start.cdgh) };
}

WITH_EXTENSIONS void sha256_blocks_extensions(uint32_t state[8], const unsigned char *blocks,
					      size_t count)
{
	struct words words = read_state(state);

	for (; count > 0; count--, blocks += SHA256_BLOCK_SIZE)
		words = add_block(words, blocks);
	write_state(words, state);
}

#else

bool sha256_extensions_exist(void)
{
	return false;
}

void sha256_blocks_extensions(uint32_t state[8], const unsigned char *blocks, size_t count)
{
	sha256_blocks_portable(state, blocks, count);
}

#endif
