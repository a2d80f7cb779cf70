/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the kernel's process connector says (linux/cn_proc.h): one event in one netlink message. Pure: the
 * bytes come from outside.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum proc_what {
	PROC_OTHER, /* of no interest here */
	PROC_ACK, /* the answer to somebody's request, by its token; err: 0 or an errno */
	PROC_FORK, /* pid is new; parent has forked it */
	PROC_EXEC, /* pid is another program now */
	PROC_NAME, /* pid has another name (comm) */
	PROC_EXIT, /* pid is no more */
};

struct proc_news {
	enum proc_what what;
	uint32_t pid; /* of a process, never that of a thread */
	uint32_t parent;
	uint32_t err, token;
};

enum { PROC_ASK_LEN = 40, PROC_MSG_LEN = 256 /* longer ones are no events */ };

/* False: it is no event. What happens to threads that are no processes of their own is PROC_OTHER. */
bool proc_event_read(const uint8_t *buf, uint32_t len, struct proc_news *e);

/* The request for events, or for no more of them. */
void proc_event_ask(uint8_t buf[static PROC_ASK_LEN], bool want, uint32_t token);

/* Where the kernel's filter finds what it looks at, from the beginning of the message. */
enum {
	PROC_AT_WHAT = 36,
	PROC_AT_DATA = 52, /* process_pid, then process_tgid; of a fork that of the parent first */
};
