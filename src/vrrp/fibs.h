/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Virtual and static routes and rules in the kernel: read, planned (fib.h) and carried out in batches. A
 * part of the reflector.
 */
#pragma once

#include "core/loop.h"
#include "vrrp/fib.h"
#include "vrrp/view.h"

struct fibs {
	struct fib_set routes, rules;
	struct fib_pic routes_pic, rules_pic;
	struct fib_op *ops; /* room for two of each */
	int event_sock; /* what others do to routes and rules; -1: nothing is wanted, so nobody listens */
	struct loop_fd event_fd;
	struct loop *loop;
	loop_fn *on_event;
	uint8_t proto_bits[32]; /* protocols that what is wanted, or ours, may bear */
	bool is_pic_good;
};

/* Zeroed memory. fn is called when routes or rules may have changed: it reads and throws away what the
 * descriptor has. */
void fibs_init(struct fibs *f, struct loop *loop, loop_fn *fn);
void fibs_fini(struct fibs *f);

/* Takes over a snapshot; begins or ends listening. 0 or -errno (of the socket). */
int fibs_adopt(struct fibs *f, const struct conf *c);

/* Once, after the first snapshot and fibs_look(): what a killed vipd has left. */
void fibs_left_over(struct fibs *f, const struct view *v);

/* Whether anything is wanted or ours, so that looking makes sense. */
bool fibs_any(const struct fibs *f);

/* As addrs.h. */
void fibs_said(struct fibs *f, struct inst_id inst, bool is_known, bool is_wanted, bool is_new);

/* Reads routes and rules that may be ours; nothing when there can be none. 0 or -errno. */
int fibs_look(struct fibs *f, struct nl_chan *ch);

/* Plans and carries out what is given up, or what is wanted: rules are used only while their routes are
 * there. True when the kernel was changed. */
bool fibs_remove(struct fibs *f, struct view *v);
bool fibs_add(struct fibs *f, struct view *v);

void fibs_unwant(struct fibs *f);
bool fibs_has_ours(const struct fibs *f);
void fibs_tell_left(const struct fibs *f);
void fibs_release(struct fibs *f, bool have_links_changed);
