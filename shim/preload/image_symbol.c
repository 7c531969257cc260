/* SPDX-License-Identifier: MIT */
/* Finds exported functions through the hash tables of an ELF object, as the loader does (gABI
 * chapter 5; GNU hash as in glibc's do_lookup_x). */
#include "shim/preload/image_read.h"

/* No sane chain is longer; a crafted one ends here. */
#define CHAIN_MAX 65536

#define WORD_BITS (8 * sizeof(ElfW(Addr)))

struct gnu_hash {
	uint32_t bucket_count;
	uint32_t first_symbol;
	uint32_t bloom_count;
	uint32_t bloom_shift;
};

static uint32_t gnu_hash_of(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

static uint32_t hash_of(const char *name)
{
	uint32_t hash = 0;

	for (; *name; name++) {
		hash = (hash << 4) + (unsigned char)*name;
		hash ^= (hash >> 24) & 0xf0;
		hash &= 0x0fffffff;
	}
	return hash;
}

static const uint32_t *word(const struct image *image, uintptr_t array, size_t index)
{
	return image_element(image, array, index, sizeof(uint32_t), _Alignof(uint32_t));
}

static bool is_exported_function(const ElfW(Sym) * symbol)
{
	unsigned bind = symbol->st_info >> 4, type = symbol->st_info & 15;
	unsigned visibility = symbol->st_other & 3;

	return symbol->st_shndx != SHN_UNDEF && type == STT_FUNC &&
	       (bind == STB_GLOBAL || bind == STB_WEAK) &&
	       (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

/* A version that stays for programs linked long ago is hidden (bit 15, VERSYM_HIDDEN); nobody is
 * linked to it today. */
static bool is_default_version(const struct image *image, size_t index)
{
	const uint16_t *version = image->versions
					  ? image_element(image, image->versions, index,
							  sizeof(*version), _Alignof(uint16_t))
					  : NULL;

	return !version || !(*version & 0x8000);
}

/* The address of symbol `index` when it is the function `name`, otherwise 0. */
static uintptr_t symbol_function(const struct image *image, size_t index, const char *name)
{
	const ElfW(Sym) *symbol =
		image_element(image, image->symbols, index, sizeof(*symbol), _Alignof(ElfW(Sym)));
	const char *found;

	if (!symbol || !is_exported_function(symbol) || !is_default_version(image, index))
		return 0;
	found = image_string(image, symbol->st_name);
	if (!found || !text_is(found, name))
		return 0;
	uintptr_t address = image->bias + symbol->st_value;
	return image_executes(image, address) ? address : 0;
}

/* False when the filter proves that the table lacks the name. */
static bool may_have(const struct image *image, const struct gnu_hash *table, uint32_t hash)
{
	const ElfW(Addr) *bits = image_element(image, image->gnu_hash + sizeof(*table),
					       hash / WORD_BITS % table->bloom_count, sizeof(*bits),
					       _Alignof(ElfW(Addr)));
	uint32_t second = hash >> (table->bloom_shift & 31);

	return bits && (*bits >> (hash % WORD_BITS) & 1) && (*bits >> (second % WORD_BITS) & 1);
}

/* Follows the chain of words that begins with symbol `first`; the last word has its lowest bit
 * set. */
static uintptr_t follow_gnu_chain(const struct image *image, uintptr_t chains, uint32_t first,
				  uint32_t first_symbol, const char *name)
{
	uint32_t hash = gnu_hash_of(name);

	/* An empty bucket is 0, below the first symbol. */
	if (first < first_symbol)
		return 0;
	for (size_t index = first; index - first < CHAIN_MAX; index++) {
		const uint32_t *chain = word(image, chains, index - first_symbol);
		uintptr_t address = 0;

		if (chain && (*chain | 1) == (hash | 1))
			address = symbol_function(image, index, name);
		if (address || !chain || *chain & 1)
			return address;
	}
	return 0;
}

static uintptr_t find_by_gnu_hash(const struct image *image, const char *name)
{
	const struct gnu_hash *table =
		image_read(image, image->gnu_hash, sizeof(*table), _Alignof(struct gnu_hash));
	uint32_t hash = gnu_hash_of(name);

	if (!table || !table->bucket_count || !table->bloom_count || !may_have(image, table, hash))
		return 0;
	uintptr_t buckets = image->gnu_hash + sizeof(*table) +
			    table->bloom_count * (uintptr_t)sizeof(ElfW(Addr));
	uintptr_t chains = buckets + table->bucket_count * (uintptr_t)sizeof(uint32_t);
	const uint32_t *bucket = word(image, buckets, hash % table->bucket_count);

	return bucket ? follow_gnu_chain(image, chains, *bucket, table->first_symbol, name) : 0;
}

static uintptr_t find_by_hash(const struct image *image, const char *name)
{
	const uint32_t *bucket_count = word(image, image->hash, 0);
	const uint32_t *index;

	if (!bucket_count || !*bucket_count)
		return 0;
	index = word(image, image->hash, 2 + hash_of(name) % (size_t)*bucket_count);
	for (size_t i = 0; i < CHAIN_MAX && index && *index != STN_UNDEF; i++) {
		uintptr_t address = symbol_function(image, *index, name);

		if (address)
			return address;
		index = word(image, image->hash, 2 + (size_t)*bucket_count + *index);
	}
	return 0;
}

uintptr_t image_function(const struct image *image, const char *name)
{
	if (image->gnu_hash)
		return find_by_gnu_hash(image, name);
	return image->hash ? find_by_hash(image, name) : 0;
}
