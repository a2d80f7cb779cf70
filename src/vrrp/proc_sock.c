/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The socket of the process connector; see proc_read.h. What is of no interest is dropped in the kernel,
 * before it takes place in the buffer or wakes anybody: all kinds of events but four, and threads.
 */
#include "vrrp/proc_read.h"

#include "core/bug.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUF_LEN = 1024 * 1024 }; /* some thousand events; memory only while they wait */

/* The filter reads numbers as those of a network, the kernel writes them as its own. */
#define AS_READ(what) htonl((uint32_t)(what))

static int set_filter(int fd)
{
	enum { PID = PROC_AT_DATA, TGID = PID + 4, CHILD = TGID + 4, CHILD_TGID = CHILD + 4 };
	/* clang-format off */
	struct sock_filter code[] = {
		/*  0 */ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, PROC_AT_WHAT),
		/*  1 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AS_READ(PROC_EVENT_NONE), 11, 0),
		/*  2 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AS_READ(PROC_EVENT_FORK), 6, 0),
		/*  3 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AS_READ(PROC_EVENT_EXEC), 2, 0),
		/*  4 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AS_READ(PROC_EVENT_COMM), 1, 0),
		/*  5 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AS_READ(PROC_EVENT_EXIT), 0, 8),
		/*  6 */ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, PID),
		/*  7 */ BPF_STMT(BPF_MISC | BPF_TAX, 0),
		/*  8 */ BPF_JUMP(BPF_JMP | BPF_JA, 2, 0, 0),
		/*  9 */ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, CHILD),
		/* 10 */ BPF_JUMP(BPF_JMP | BPF_JA, 4, 0, 0),
		/* 11 */ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, TGID),
		/* 12 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),
		/* 13 */ BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		/* 14 */ BPF_STMT(BPF_RET | BPF_K, 0),
		/* 15 */ BPF_STMT(BPF_MISC | BPF_TAX, 0),
		/* 16 */ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, CHILD_TGID),
		/* 17 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),
		/* 18 */ BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		/* 19 */ BPF_STMT(BPF_RET | BPF_K, 0),
	};
	/* clang-format on */
	struct sock_fprog prog = { .len = sizeof(code) / sizeof(*code), .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ? -errno : 0;
}

static int ask(int fd, bool want, uint32_t token)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	uint8_t buf[PROC_ASK_LEN];

	proc_event_ask(buf, want, token);
	return sendto(fd, buf, sizeof(buf), 0, (const void *)&kernel, sizeof(kernel)) < 0 ? -errno
											  : 0;
}

static int open_here(uint32_t token)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_CONNECTOR);
	int size = BUF_LEN, err;

	if (fd < 0)
		return -errno;
	err = set_filter(fd);
	/* beyond the system's limit, where we may; else as far as it goes */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (!err && bind(fd, (const void *)&addr, sizeof(addr)))
		err = -errno;
	if (!err)
		err = ask(fd, true, token);
	if (!err)
		return fd;
	(void)close(fd);
	return err;
}

/* In the network namespace of the kernel itself: process 2 is its own. Only the calling thread goes there and back. */
static int open_there(uint32_t token)
{
	int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int first = open("/proc/2/ns/net", O_RDONLY | O_CLOEXEC);
	int fd = own < 0 || first < 0 ? -errno : 0;

	if (!fd && setns(first, CLONE_NEWNET))
		fd = -errno;
	if (!fd) {
		fd = open_here(token);
		/* we came from there, with the same rights */
		BUG_ON(setns(own, CLONE_NEWNET));
	}
	if (own >= 0)
		(void)close(own);
	if (first >= 0)
		(void)close(first);
	return fd;
}

int proc_sock_open(uint32_t token)
{
	int fd = open_here(token);

	return fd == -ECONNREFUSED ? open_there(token) : fd;
}

void proc_sock_close(int fd)
{
	/* older kernels make events for ever for one who has only gone */
	(void)ask(fd, false, 0);
	(void)close(fd);
}
