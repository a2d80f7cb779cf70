/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Processes as /proc shows them, and the socket of the process connector. The tracker role.
 */
#pragma once

#include "vrrp/proc_event.h"
#include "vrrp/proc_match.h"

/* What a look at a process must find out. */
struct proc_want {
	bool comm, line;
};

/* One that runs. False: it is gone, or can't be looked at; p->err: for a reason of this machine. */
bool proc_read(uint32_t pid, struct proc_want want, struct proc_seen *p);

/* Calls fn for every process, which is in *p then, but those that have ended and wait for their parent.
 * 0 or -errno. */
int proc_read_all(struct proc_want want, struct proc_seen *p, void (*fn)(void *arg, uint32_t pid),
		  void *arg);

/* A socket that events come to, or -errno. Those that count come after a PROC_ACK with this token; without
 * one, they are others' and name processes by other numbers. The kernel tells of processes in the first
 * network namespace only; from another one the socket is opened there, if that is allowed. */
int proc_sock_open(uint32_t token);

/* Ends the events before it closes. */
void proc_sock_close(int fd);
