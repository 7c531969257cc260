/* SPDX-License-Identifier: MIT */
/* Makes the two pieces of memory of a ring, so that neither can be a trap for the other side: the
 * file is allocated before anybody maps it, the control page can neither shrink nor be written by
 * who receives it. */
#include "common/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/ring_layout.h"

static int make_ring_file(int folder_fd, const char *name, const struct ring_header *header,
			  int *ret_fd)
{
	SCOPED(close_p)
	int fd = openat(folder_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	/* On a full tmpfs the first store to a hole is SIGBUS in the governed process. */
	int r = -posix_fallocate(fd, 0, (off_t)RING_FILE_SIZE);
	if (r == 0)
		r = file_write_all(fd, header, sizeof(*header));
	if (r < 0) {
		unlinkat(folder_fd, name, 0);
		return r;
	}
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* F_SEAL_FUTURE_WRITE (Linux 5.1, fcntl(2)) leaves the mapping made before it writable and refuses
 * every other write, also through a descriptor reopened from /proc.  Where it is unknown the file's
 * mode has to do. */
static int seal_control(int fd)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

	if (fchmod(fd, 0400) < 0)
		return -errno;
	if (fcntl(fd, F_ADD_SEALS, seals | F_SEAL_FUTURE_WRITE) == 0)
		return 0;
	if (errno != EINVAL)
		return -errno;
	return fcntl(fd, F_ADD_SEALS, seals) < 0 ? -errno : 0;
}

static int reopen_read_only(int fd, int *ret_fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int again = open(path, O_RDONLY | O_CLOEXEC);
	if (again < 0)
		return -errno;
	*ret_fd = again;
	return 0;
}

static int make_control(int *ret_fd, struct ring_control **ret_control)
{
	SCOPED(close_p) int fd = memfd_create("chaperone-control", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, sizeof(struct ring_control)) < 0)
		return -errno;
	struct ring_control *control =
		mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (control == MAP_FAILED)
		return -errno;
	control->magic = RING_MAGIC;
	control->lease_until_ns = 1; /* over since long, but not closed */
	int r = seal_control(fd);
	if (r == 0)
		r = reopen_read_only(fd, ret_fd);
	if (r < 0) {
		munmap(control, sizeof(*control));
		return r;
	}
	*ret_control = control;
	return 0;
}

int ring_create(int folder_fd, const char *name, uint32_t pid, uint64_t process_start,
		int *ret_ring_fd, int *ret_control_fd, struct ring_control **ret_control)
{
	const struct ring_header header = {
		.magic = RING_MAGIC,
		.version = RING_VERSION,
		.slots = RING_SLOTS,
		.slot_size = RING_SLOT_SIZE,
		.pid = pid,
		.process_start = process_start,
	};
	SCOPED(close_p) int ring_fd = -1;
	int r = make_ring_file(folder_fd, name, &header, &ring_fd);

	if (r < 0)
		return r;
	r = make_control(ret_control_fd, ret_control);
	if (r < 0) {
		unlinkat(folder_fd, name, 0);
		return r;
	}
	*ret_ring_fd = steal_fd(&ring_fd);
	return 0;
}

void ring_close(struct ring_control *control)
{
	if (!control)
		return;
	atomic_store(&control->lease_until_ns, 0);
	atomic_thread_fence(memory_order_seq_cst);
}

void ring_control_free(struct ring_control *control)
{
	if (control)
		munmap(control, sizeof(*control));
}
