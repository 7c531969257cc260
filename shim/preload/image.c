/* SPDX-License-Identifier: MIT */
/* Opens a mapped ELF object and reads its dynamic section; every access is bounds-checked. */
#include "shim/preload/image.h"

#include <errno.h>

#include "shim/preload/image_read.h"

#define DYNAMIC_ENTRIES_MAX 1024

static bool segment_holds(const struct image *image, const ElfW(Phdr) * segment, uintptr_t address,
			  size_t length)
{
	uintptr_t offset = address - image->bias - segment->p_vaddr;

	return segment->p_type == PT_LOAD && offset < segment->p_memsz &&
	       length <= segment->p_memsz - offset;
}

const void *image_read(const struct image *image, uintptr_t address, size_t length,
		       size_t alignment)
{
	uintptr_t offset = address - image->address;

	if (offset >= image->size || length > image->size - offset ||
	    (uintptr_t)(image->bytes + offset) % alignment != 0)
		return NULL;
	for (size_t i = 0; i < image->segment_count; i++) {
		if ((image->segments[i].p_flags & PF_R) &&
		    segment_holds(image, &image->segments[i], address, length))
			return image->bytes + offset;
	}
	return NULL;
}

const void *image_element(const struct image *image, uintptr_t array, size_t index, size_t size,
			  size_t alignment)
{
	uintptr_t offset, address;

	if (__builtin_mul_overflow(index, size, &offset) ||
	    __builtin_add_overflow(array, offset, &address))
		return NULL;
	return image_read(image, address, size, alignment);
}

/* Where glibc has relocated the dynamic section's pointers in place; the vDSO and other loaders
 * leave virtual addresses there. */
static uintptr_t locate(const struct image *image, uintptr_t value)
{
	return value - image->address < image->size ? value : value + image->bias;
}

static void take_entry(struct image *image, const ElfW(Dyn) * entry)
{
	static const struct {
		ElfW(Sxword) tag;
		size_t field;
	} POINTERS[] = {
		{ DT_STRTAB, offsetof(struct image, strings) },
		{ DT_SYMTAB, offsetof(struct image, symbols) },
		{ DT_GNU_HASH, offsetof(struct image, gnu_hash) },
		{ DT_HASH, offsetof(struct image, hash) },
		{ DT_VERSYM, offsetof(struct image, versions) },
	};

	if (entry->d_tag == DT_STRSZ)
		image->strings_size = entry->d_un.d_val;
	for (size_t i = 0; i < COUNT_OF(POINTERS); i++) {
		if (entry->d_tag == POINTERS[i].tag)
			*(uintptr_t *)((char *)image + POINTERS[i].field) =
				locate(image, entry->d_un.d_ptr);
	}
}

static void find_dynamic(struct image *image)
{
	for (size_t i = 0; i < image->segment_count; i++) {
		const ElfW(Phdr) *segment = &image->segments[i];
		size_t count = segment->p_memsz / sizeof(ElfW(Dyn));

		if (segment->p_type != PT_DYNAMIC)
			continue;
		count = count < DYNAMIC_ENTRIES_MAX ? count : DYNAMIC_ENTRIES_MAX;
		image->dynamic = image_read(image, image->bias + segment->p_vaddr,
					    count * sizeof(ElfW(Dyn)), _Alignof(ElfW(Dyn)));
		image->dynamic_count = image->dynamic ? count : 0;
	}
}

static int read_dynamic(struct image *image)
{
	find_dynamic(image);
	for (size_t i = 0; i < image->dynamic_count && image->dynamic[i].d_tag != DT_NULL; i++)
		take_entry(image, &image->dynamic[i]);
	if (!image->strings || !image_read(image, image->strings, image->strings_size, 1))
		return -ENOEXEC;
	return 0;
}

/* The range of virtual addresses that the object's segments span; false when there is none or it
 * wraps around. */
static bool span(const ElfW(Phdr) * segments, size_t count, uintptr_t *ret_low, size_t *ret_size)
{
	uintptr_t low = UINTPTR_MAX, high = 0;

	for (size_t i = 0; i < count; i++) {
		uintptr_t end;

		if (segments[i].p_type != PT_LOAD)
			continue;
		if (__builtin_add_overflow(segments[i].p_vaddr, segments[i].p_memsz, &end))
			return false;
		low = segments[i].p_vaddr < low ? segments[i].p_vaddr : low;
		high = end > high ? end : high;
	}
	if (low >= high)
		return false;
	*ret_low = low;
	*ret_size = high - low;
	return true;
}

int image_open(uintptr_t bias, const ElfW(Phdr) * segments, size_t segment_count,
	       struct image *ret_image)
{
	struct image image = { .bias = bias, .segments = segments, .segment_count = segment_count };
	uintptr_t low;

	if (segment_count > IMAGE_SEGMENTS_MAX || !span(segments, segment_count, &low, &image.size))
		return -ENOEXEC;
	image.address = bias + low;
	image.bytes = (const unsigned char *)image.address;
	int r = read_dynamic(&image);
	if (r < 0)
		return r;
	*ret_image = image;
	return 0;
}

static bool is_readable_header(const ElfW(Ehdr) * header, size_t size)
{
	static const unsigned char MAGIC[] = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3 };
	size_t needed = header->e_phnum * sizeof(ElfW(Phdr));

	for (size_t i = 0; i < sizeof(MAGIC); i++) {
		if (header->e_ident[i] != MAGIC[i])
			return false;
	}
	return header->e_ident[EI_CLASS] == (__ELF_NATIVE_CLASS == 64 ? ELFCLASS64 : ELFCLASS32) &&
	       header->e_phentsize == sizeof(ElfW(Phdr)) && header->e_phoff % sizeof(void *) == 0 &&
	       header->e_phnum <= IMAGE_SEGMENTS_MAX && header->e_phoff <= size &&
	       needed <= size - header->e_phoff;
}

int image_open_copy(const void *bytes, size_t size, uintptr_t address, struct image *ret_image)
{
	struct image image = { .bytes = bytes, .size = size, .address = address };
	const ElfW(Ehdr) *header = bytes;
	uintptr_t low;
	size_t spanned;

	if (size < sizeof(*header) || (uintptr_t)bytes % sizeof(void *) != 0 ||
	    !is_readable_header(header, size))
		return -ENOEXEC;
	image.segments = (const ElfW(Phdr) *)(image.bytes + header->e_phoff);
	image.segment_count = header->e_phnum;
	if (!span(image.segments, image.segment_count, &low, &spanned))
		return -ENOEXEC;
	image.bias = address - low;
	int r = read_dynamic(&image);
	if (r < 0)
		return r;
	*ret_image = image;
	return 0;
}

const char *image_string(const struct image *image, size_t offset)
{
	size_t length_max = image->strings_size - offset;
	const char *text = image_element(image, image->strings, offset, 1, 1);

	if (offset >= image->strings_size || !text)
		return NULL;
	if (length_max > IMAGE_NAME_MAX)
		length_max = IMAGE_NAME_MAX;
	for (size_t i = 0; i < length_max; i++) {
		if (!text[i])
			return text;
	}
	return NULL;
}

/* The `index`th string that entries with `tag` name. */
static const char *dynamic_string(const struct image *image, ElfW(Sxword) tag, size_t index)
{
	for (size_t i = 0; i < image->dynamic_count; i++) {
		const ElfW(Dyn) *entry = &image->dynamic[i];

		if (entry->d_tag == DT_NULL)
			break;
		if (entry->d_tag == tag && index-- == 0)
			return image_string(image, entry->d_un.d_val);
	}
	return NULL;
}

const char *image_soname(const struct image *image)
{
	return dynamic_string(image, DT_SONAME, 0);
}

const char *image_needed(const struct image *image, size_t index)
{
	return dynamic_string(image, DT_NEEDED, index);
}

void image_text(const struct image *image, uintptr_t *ret_begin, uintptr_t *ret_end)
{
	uintptr_t begin = UINTPTR_MAX, end = 0;

	for (size_t i = 0; i < image->segment_count; i++) {
		const ElfW(Phdr) *segment = &image->segments[i];
		uintptr_t from = image->bias + segment->p_vaddr;

		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
			continue;
		begin = from < begin ? from : begin;
		end = from + segment->p_memsz > end ? from + segment->p_memsz : end;
	}
	*ret_begin = begin < end ? begin : 0;
	*ret_end = begin < end ? end : 0;
}

static bool is_held(const struct image *image, uintptr_t address, ElfW(Word) flags)
{
	for (size_t i = 0; i < image->segment_count; i++) {
		if ((image->segments[i].p_flags & flags) == flags &&
		    segment_holds(image, &image->segments[i], address, 1))
			return true;
	}
	return false;
}

bool image_holds(const struct image *image, uintptr_t address)
{
	return is_held(image, address, 0);
}

bool image_executes(const struct image *image, uintptr_t address)
{
	return is_held(image, address, PF_X);
}

bool text_is(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}
