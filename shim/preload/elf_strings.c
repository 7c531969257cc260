/* SPDX-License-Identifier: MIT */
/* Reads program headers and the dynamic section piece by piece, so that it takes little stack and
 * no memory. */
#include "shim/preload/elf_strings.h"

#include <fcntl.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "shim/preload/image.h"

#define DYNAMIC_ENTRIES_MAX 1024

struct reading {
	int fd;
	ElfW(Ehdr) header;
	ElfW(Phdr) dynamic;
	uint64_t strings; /* the string table's place in the file */
};

static bool read_at(const struct reading *reading, uint64_t offset, void *bytes, size_t length)
{
	return offset <= INT64_MAX &&
	       pread(reading->fd, bytes, length, (off_t)offset) == (ssize_t)length;
}

static bool read_segment(const struct reading *reading, unsigned index, ElfW(Phdr) * ret_segment)
{
	return index < reading->header.e_phnum && index < IMAGE_SEGMENTS_MAX &&
	       read_at(reading, reading->header.e_phoff + index * sizeof(*ret_segment), ret_segment,
		       sizeof(*ret_segment));
}

static bool is_readable(const ElfW(Ehdr) * header)
{
	const unsigned char *mark = header->e_ident;

	return mark[0] == ELFMAG0 && mark[1] == ELFMAG1 && mark[2] == ELFMAG2 &&
	       mark[3] == ELFMAG3 &&
	       mark[EI_CLASS] == (__ELF_NATIVE_CLASS == 64 ? ELFCLASS64 : ELFCLASS32) &&
	       header->e_phentsize == sizeof(ElfW(Phdr));
}

static bool read_header(struct reading *reading)
{
	ElfW(Phdr) segment;

	if (!read_at(reading, 0, &reading->header, sizeof(reading->header)) ||
	    !is_readable(&reading->header))
		return false;
	for (unsigned i = 0; read_segment(reading, i, &segment); i++) {
		if (segment.p_type == PT_DYNAMIC)
			reading->dynamic = segment;
	}
	return reading->dynamic.p_type == PT_DYNAMIC;
}

/* The place in the file of what is loaded at `address`, or 0. */
static uint64_t offset_of(const struct reading *reading, uint64_t address)
{
	ElfW(Phdr) segment;

	for (unsigned i = 0; read_segment(reading, i, &segment); i++) {
		if (segment.p_type == PT_LOAD && address - segment.p_vaddr < segment.p_filesz)
			return segment.p_offset + (address - segment.p_vaddr);
	}
	return 0;
}

static bool read_entry(const struct reading *reading, size_t index, ElfW(Dyn) * ret_entry)
{
	return index < DYNAMIC_ENTRIES_MAX &&
	       index < reading->dynamic.p_filesz / sizeof(*ret_entry) &&
	       read_at(reading, reading->dynamic.p_offset + index * sizeof(*ret_entry), ret_entry,
		       sizeof(*ret_entry)) &&
	       ret_entry->d_tag != DT_NULL;
}

static bool read_text(const struct reading *reading, uint64_t offset, char text[ELF_STRING_MAX])
{
	uint64_t at;

	if (__builtin_add_overflow(reading->strings, offset, &at) || at > INT64_MAX)
		return false;
	ssize_t length = pread(reading->fd, text, ELF_STRING_MAX, (off_t)at);

	for (ssize_t i = 0; i < length; i++) {
		if (!text[i])
			return true;
	}
	return false;
}

static bool show(const struct reading *reading, ElfW(Sxword) tag, elf_string_visitor *visit,
		 void *data)
{
	char text[ELF_STRING_MAX];
	ElfW(Dyn) entry;

	for (size_t i = 0; read_entry(reading, i, &entry); i++) {
		if (entry.d_tag == tag && read_text(reading, entry.d_un.d_val, text) &&
		    visit(text, data))
			return true;
	}
	return false;
}

/* What is no file gives no header: it cannot be read at a place, and is not waited for. */
static bool start(struct reading *reading, const char *path)
{
	reading->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return reading->fd >= 0 && read_header(reading);
}

static void reading_done(struct reading *reading)
{
	close_p(&reading->fd);
}

bool elf_has_strings(const char *path)
{
	SCOPED(reading_done) struct reading reading = { .fd = -1 };

	return start(&reading, path);
}

bool elf_strings_visit(const char *path, ElfW(Sxword) tag, elf_string_visitor *visit, void *data)
{
	SCOPED(reading_done) struct reading reading = { .fd = -1 };
	ElfW(Dyn) entry;

	if (!start(&reading, path))
		return false;
	for (size_t i = 0; read_entry(&reading, i, &entry); i++) {
		if (entry.d_tag == DT_STRTAB)
			reading.strings = offset_of(&reading, entry.d_un.d_ptr);
	}
	return reading.strings && show(&reading, tag, visit, data);
}
