/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See record_file.h.
 */
#include "core/ops/record_file.h"

#include "core/bug.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { BYTE_WATCHDOG, BYTE_DIRECTOR };

static int file_fd = -1; /* open for as long as the process lives: its locks go with it */

static struct flock byte_lock(int byte)
{
	return (struct flock){
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1
	};
}

/* 0, or -errno: not a file to trust, or in use. */
static int take(int fd)
{
	struct flock mine = byte_lock(BYTE_WATCHDOG), theirs = byte_lock(BYTE_DIRECTOR);
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) || fstat(fd, &st))
		return -errno;
	if (fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC)
		return -EMEDIUMTYPE;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return -EPERM;
	if (fcntl(fd, F_SETLK, &mine) || fcntl(fd, F_GETLK, &theirs))
		return errno == EACCES ? -EAGAIN : -errno;
	if (theirs.l_type != F_UNLCK)
		return -EAGAIN;
	if (st.st_size != (off_t)sizeof(struct record_mem) &&
	    (ftruncate(fd, 0) || ftruncate(fd, sizeof(struct record_mem))))
		return -errno;
	return -posix_fallocate(fd, 0, sizeof(struct record_mem));
}

static const char *reason_of(int err)
{
	switch (err) {
	case -EMEDIUMTYPE:
		return "not on a tmpfs";
	case -EPERM:
		return "not a file of this user";
	case -EAGAIN:
		return "in use by another vipd";
	default:
		return strerrordesc_np(-err);
	}
}

static struct record_mem *map(int fd)
{
	void *p = mmap(NULL, sizeof(struct record_mem), PROT_READ | PROT_WRITE,
		       MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

struct record_mem *record_file_open(const char *path, const char **why)
{
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600)
		      : -1;
	int err = path && fd < 0 ? -errno : fd < 0 ? 0 : take(fd);
	struct record_mem *mem = fd >= 0 && !err ? map(fd) : NULL;

	*why = mem || !path ? NULL : reason_of(err ? err : -ENOMEM);
	if (mem) {
		file_fd = fd;
		return mem;
	}
	if (err == -EMEDIUMTYPE)
		(void)unlink(path);
	if (fd >= 0)
		(void)close(fd);
	mem = map(-1);
	BUG_ON(!mem);
	return mem;
}

void record_file_hold(void)
{
	struct flock mine = byte_lock(BYTE_DIRECTOR);

	if (file_fd >= 0)
		(void)fcntl(file_fd, F_SETLK, &mine); /* the director before has just died */
}

struct record_here record_file_here(void)
{
	struct record_here here = { .netns = 0 };
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	struct stat st;

	if (f) {
		char text[64];
		size_t n = fread(text, 1, sizeof(text), f);

		/* 32 digits and dashes: the digits are folded into 16 bytes */
		for (size_t i = 0; i < n; i++)
			here.boot[i % RECORD_BOOT_LEN] =
				(uint8_t)(here.boot[i % RECORD_BOOT_LEN] * 31 + (uint8_t)text[i]);
		(void)fclose(f);
	}
	if (!stat("/proc/self/ns/net", &st))
		here.netns = st.st_ino;
	return here;
}
