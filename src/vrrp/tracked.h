/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One script or process that instances track, and the fact that tells the VRRP role of it. Owned by the
 * tracker role. One that is gone from the configuration is kept until its fact has left the VRRP role's
 * box.
 */
#pragma once

#include "core/role.h"

/* The first member of what is tracked. */
struct tracked {
	struct fact fact;
	struct track_state state; /* as told last */
	struct tracked *next;
};

void tracked_init(struct tracked *t, struct track_id id);

/* Tells it, when it is anything new. */
void tracked_tell(struct tracked *t, struct board *b, struct track_state s);

/* Tells it again, if it was told: an earlier word may have come before the VRRP role knew its id. */
void tracked_again(struct tracked *t, struct board *b);

/* Frees those of the list whose fact is idle; all: every one, when the VRRP role is gone. */
void tracked_reap(struct tracked **gone, bool all, void (*free_one)(struct tracked *t));

/* used[i] = some instance or sync group names the i-th track_script or track_process. O(n). */
void tracked_used(const struct conf *c, enum schema_kind kind, bool *used);

/* True when both commands are the same words. */
bool tracked_same_words(const struct conf_strs *a, const struct conf_strs *b);
