/* SPDX-License-Identifier: MIT */
/* Reading program headers and the dynamic section with pread. */
#include "tools/chaperone/elf_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SEGMENTS_MAX 128
#define DYNAMIC_MAX  4096
#define NOTE_MAX     256

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#define MACHINE EM_NONE
#endif

struct reading {
	int fd;
	Elf64_Phdr segments[SEGMENTS_MAX];
	size_t segment_count;
	uint64_t strings; /* offset of the dynamic string table in the file */
	struct elf_file *file;
};

static int read_at(int fd, void *bytes, size_t length, uint64_t offset)
{
	if (offset > INT64_MAX)
		return -EBADMSG;
	return pread(fd, bytes, length, (off_t)offset) == (ssize_t)length ? 0 : -EBADMSG;
}

/* Reads a text that ends somewhere before `size`. */
static int read_text(int fd, uint64_t offset, char *ret_text, size_t size)
{
	if (offset > INT64_MAX)
		return -EBADMSG;
	ssize_t length = pread(fd, ret_text, size, (off_t)offset);

	return length > 0 && memchr(ret_text, '\0', (size_t)length) ? 0 : -EBADMSG;
}

static int read_header(struct reading *reading)
{
	Elf64_Ehdr header;

	if (pread(reading->fd, &header, sizeof(header), 0) < (ssize_t)sizeof(header.e_ident) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
		return -ENOEXEC;
	reading->file->is_native =
		header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_machine == MACHINE;
	if (!reading->file->is_native)
		return 0;
	if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > SEGMENTS_MAX)
		return -EBADMSG;
	reading->segment_count = header.e_phnum;
	return read_at(reading->fd, reading->segments, header.e_phnum * sizeof(Elf64_Phdr),
		       header.e_phoff);
}

/* The place in the file of what is loaded at `address`. */
static int offset_of(const struct reading *reading, uint64_t address, uint64_t *ret_offset)
{
	for (size_t i = 0; i < reading->segment_count; i++) {
		const Elf64_Phdr *segment = &reading->segments[i];

		if (segment->p_type != PT_LOAD || address < segment->p_vaddr ||
		    address - segment->p_vaddr >= segment->p_filesz)
			continue;
		*ret_offset = segment->p_offset + (address - segment->p_vaddr);
		return 0;
	}
	return -EBADMSG;
}

static int take_loader(struct reading *reading, const Elf64_Phdr *segment)
{
	reading->file->is_dynamic = true;
	return read_text(reading->fd, segment->p_offset, reading->file->loader,
			 sizeof(reading->file->loader));
}

/* A note's header, then its owner's name: "Go" with its NUL, padded to four bytes. */
static int take_note(struct reading *reading, const Elf64_Phdr *segment)
{
	struct {
		Elf64_Nhdr header;
		char name[4];
	} note;

	if (segment->p_filesz >= sizeof(note) &&
	    read_at(reading->fd, &note, sizeof(note), segment->p_offset) == 0 &&
	    note.header.n_namesz == 4 && memcmp(note.name, "Go\0", 4) == 0)
		reading->file->is_go = true;
	return 0;
}

static int take_entry(struct reading *reading, const Elf64_Dyn *entry)
{
	struct elf_file *file = reading->file;
	char name[NAME_MAX + 1];

	if (entry->d_tag == DT_NEEDED) {
		int r = read_text(reading->fd, reading->strings + entry->d_un.d_val, name,
				  sizeof(name));

		if (r == 0)
			buf_add(&file->needed, name, strlen(name) + 1);
		return r < 0 ? r : file->needed.failed;
	}
	if (entry->d_tag == DT_RUNPATH || (entry->d_tag == DT_RPATH && !file->run_path[0]))
		return read_text(reading->fd, reading->strings + entry->d_un.d_val, file->run_path,
				 sizeof(file->run_path));
	return 0;
}

/* The string table has to be known before names are read: the entries are gone through twice. */
static int take_dynamic(struct reading *reading, const Elf64_Phdr *segment)
{
	size_t count = segment->p_filesz / sizeof(Elf64_Dyn);
	int r = 0;

	reading->file->is_dynamic = true;
	for (int pass = 0; pass < 2 && r == 0; pass++) {
		Elf64_Dyn entry = { .d_tag = 1 };

		for (size_t i = 0; i < count && i < DYNAMIC_MAX && entry.d_tag != DT_NULL && r == 0;
		     i++) {
			r = read_at(reading->fd, &entry, sizeof(entry),
				    segment->p_offset + i * sizeof(entry));
			if (r == 0 && pass == 0 && entry.d_tag == DT_STRTAB)
				r = offset_of(reading, entry.d_un.d_ptr, &reading->strings);
			else if (r == 0 && pass == 1)
				r = take_entry(reading, &entry);
		}
	}
	return r;
}

static const struct {
	uint32_t type;
	int (*take)(struct reading *reading, const Elf64_Phdr *segment);
} SEGMENTS[] = { { PT_INTERP, take_loader }, { PT_DYNAMIC, take_dynamic }, { PT_NOTE, take_note } };

static int take_segment(struct reading *reading, const Elf64_Phdr *segment)
{
	for (size_t i = 0; i < COUNT_OF(SEGMENTS); i++) {
		if (SEGMENTS[i].type == segment->p_type)
			return SEGMENTS[i].take(reading, segment);
	}
	return 0;
}

int elf_file_read(const char *path, struct elf_file *ret_file)
{
	SCOPED(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct reading reading = { .fd = fd, .file = ret_file };
	struct stat status;

	*ret_file = (struct elf_file)ELF_FILE_EMPTY;
	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ENOEXEC;
	int r = read_header(&reading);
	for (size_t i = 0; i < reading.segment_count && r == 0; i++)
		r = take_segment(&reading, &reading.segments[i]);
	if (r < 0)
		elf_file_done(ret_file);
	return r;
}

void elf_file_done(struct elf_file *file)
{
	buf_done(&file->needed);
}

bool elf_file_is_native(const char *path)
{
	SCOPED(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct elf_file file = ELF_FILE_EMPTY;
	struct reading reading = { .fd = fd, .file = &file };

	return fd >= 0 && read_header(&reading) == 0 && file.is_native;
}
