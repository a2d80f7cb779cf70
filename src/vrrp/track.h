/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Tracking: what the state of an interface, a script, a file or a process adds to a priority, or when it
 * means FAULT. The arithmetic is keepalived's, with `reverse` as it has it: the sign turns, not the
 * state that counts. Pure.
 */
#pragma once

#include "core/msg.h"

#include <stdbool.h>
#include <stdint.h>

enum track_kind {
	TRACK_IFACE,
	TRACK_SCRIPT,
	TRACK_FILE,
	TRACK_PROCESS,
	TRACK_STATIC, /* a track group: what is static and names it */
};

enum {
	TRACK_PRIO_MIN = 1, /* bounds of an effective priority (V101) */
	TRACK_PRIO_MAX = 254,
	TRACK_FILE_FAULT = -254, /* a file that adds this or less means FAULT */
	TRACK_FILE_MAX = 253, /* and more than this it never adds */
	TRACK_FILE_WEIGHT = 1, /* of a file that says none */
};

/* How one thing counts for one instance. */
struct track_rule {
	enum track_kind kind;
	int16_t weight; /* 0: not for the priority, but for FAULT */
	bool is_reverse;
};

/* What is known of an instance when its rules are made. */
struct track_who {
	bool is_owner;
	bool is_member; /* of a sync group */
	bool keeps_weights; /* the group says sync_group_tracking_weight */
	bool is_of_group; /* the rule is the group's, not the instance's own */
};

/* What one thing does to one instance. */
struct track_share {
	int32_t add;
	bool is_fault;
	bool is_pending; /* no result yet, and there must be one before it begins */
};

/* Makes the rule what it comes to for this instance. False: it does not count for it. */
bool track_adapt(struct track_rule *r, const struct track_who *who);

struct track_share track_share(const struct track_rule *r, const struct track_state *s);

/* What the results of a script have come to. Zeroed: it has not ended yet. */
struct track_count {
	bool is_known, is_up;
	uint16_t streak; /* results in a row that speak against is_up */
};

/* One more result. The first one decides at once; after that it takes rise successes in a row to be up and
 * fall failures in a row to be down. True: is_up is not what it was, or was not known. */
bool track_count(struct track_count *c, bool is_success, uint16_t rise, uint16_t fall);

/* What has changed the number of processes that are counted. */
enum track_cause {
	TRACK_FORK, /* one was forked */
	TRACK_EXEC, /* one has become another program */
	TRACK_EXIT, /* one has ended */
	TRACK_SCAN, /* all were counted again */
};

struct track_quorum {
	uint32_t min, max;
	int64_t fork_us,
		exit_us; /* how long it takes after a fork, or an exit, until a change counts */
	bool is_known, is_up; /* as it counts now */
	bool is_waiting; /* for the end of such a time */
};

enum track_step {
	TRACK_STAY, /* nothing to do */
	TRACK_TURN, /* is_up has changed; nothing is to be waited for any more */
	TRACK_WAIT, /* for *wait_us, then track_quorum_end() */
	TRACK_CALM, /* it is as it was again: nothing is to be waited for any more */
};

/* There are n processes now. As keepalived has it, only forks and exits are waited for: a program that
 * begins or ends by exec counts at once. Of a new count, what is lost waits as after an exit. */
enum track_step track_quorum(struct track_quorum *q, uint32_t n, enum track_cause cause,
			     int64_t *wait_us);

/* The time is over. True: is_up has changed. */
bool track_quorum_end(struct track_quorum *q, uint32_t n);

/* The effective priority; sum is that of all shares. */
uint8_t track_prio(uint8_t base, int64_t sum);
