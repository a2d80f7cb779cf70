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

/* The effective priority; sum is that of all shares. */
uint8_t track_prio(uint8_t base, int64_t sum);
