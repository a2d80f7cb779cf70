/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Scripts run in a process of their own: the helper, which has one thread and no secrets. It is forked
 * before vipd has any thread and before it has read a configuration; from then on nothing else of vipd
 * forks. Who wants to run scripts has a client: a socket to the helper.
 *
 *	client --- "run this as that user, for so long at most" ---> helper --- fork, exec ---> script
 *	client <-- "exit status 1 after 12 ms" --------------------- helper <-- its end -------
 *
 * A script gets a process group of its own, no output, no descriptor of vipd's. When its time is up, the
 * group gets TERM, and KILL 2 seconds later. At most so many run at once as main has said; the others
 * wait, and the time of each begins when it starts. Scripts of events and of trackers do not wait behind
 * those of checks, of which there may be thousands; readers of FIFOs, which never end, do not count. When the helper itself was held up at the limit, the
 * result is "failed" with ETIME: nobody knows.
 *
 * A helper that dies takes its scripts with it. Its parent, the keeper (spawn_keep.h), starts another
 * one; each client is told that nothing it has asked for comes back, and is connected again.
 */
#pragma once

#include "core/loop.h"
#include "core/ops/spawn_msg.h"

enum {
	SPAWN_WAITING_N = 4096, /* scripts that wait for their turn, of each kind; more: EAGAIN */
	SPAWN_KILL_US = 2000000, /* from TERM to KILL */
	SPAWN_AT_ONCE_N = 64, /* until main says another number */
	SPAWN_AGAIN_US =
		100000, /* from the death of a helper until a client looks for the next one */
	SPAWN_SLACK_US = 10000, /* lateness of the helper that is not worth counting */
	SPAWN_LATE_PART = 4, /* of the limit: later than this, it is no timeout of the script */
};

/* Forks the helper. 0 or -errno. Main, before any thread. In the helper it does not return. */
int spawn_start(void);

/* At most so many at once. Main; at any time. */
void spawn_limit(unsigned n);

/* The file mode mask of scripts. Main, before any thread. */
void spawn_umask(unsigned mask);

/* The helper ends what it runs and itself. Main, at the end. */
void spawn_stop(void);

/* One owner thread each. */
struct spawn_client {
	int fd; /* -1: there is no helper */
	struct loop_fd lf;
	void (*done)(void *arg, const struct spawn_result *res);
	void (*lost)(
		void *arg); /* the helper has died: what was asked for has not run; may be NULL */
	void *arg;
	struct loop *loop;
	struct timer again; /* until there is another helper */
};

/* Makes a client; main, which hands it to its owner. 0 or -errno. */
int spawn_client_open(struct spawn_client *c);

/* From now on done(arg, ...) is called in that loop, and lost(arg) if it was set before. 0, or
 * -errno: it is tried again until there is a connection. */
int spawn_client_listen(struct spawn_client *c, struct loop *loop,
			void (*done)(void *arg, const struct spawn_result *res), void *arg);
void spawn_client_close(struct spawn_client *c, struct loop *loop);

/* Never waits. 0, or -errno: it was not asked for (-EAGAIN: the helper is behind; -E2BIG; -ENOENT:
 * the program is no whole path; -EPIPE: there is no helper at the moment). */
int spawn_ask(struct spawn_client *c, const struct spawn_ask *ask);
