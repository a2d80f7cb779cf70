/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Virtual and static addresses: from the plan (vip.h) to the kernel (vip_kern.h) and to the neighbours
 * (announce.h). A part of the reflector.
 */
#pragma once

#include "vrrp/announce.h"
#include "vrrp/view.h"
#include "vrrp/vip.h"

struct addrs {
	struct vip_set set;
	struct vip_op *ops; /* room for two of every address */
	struct announce announce;
	bool has_own_removal; /* the last operations took something away */
	bool is_cut; /* there is more to do than was done at once */
	bool is_ending; /* addrs_unwant(): do all of it at once */
};

/* Zeroed memory but for announce.fd = -1. 0 or -errno. */
int addrs_open(struct addrs *a, struct loop *loop);
void addrs_close(struct addrs *a);

/* Takes over a snapshot: what it does not name is to be removed. The words of instances are told anew. */
void addrs_adopt(struct addrs *a, const struct conf *c);

/* Once, after the first snapshot: what a killed vipd has left. */
void addrs_left_over(struct addrs *a, const struct view *v);

/* What the VRRP role says of an instance. is_new: it is not what was said before, so what is in place
 * is announced once more. */
void addrs_said(struct addrs *a, struct inst_id inst, bool is_known, bool is_wanted, bool is_new);

/* An advert of lower priority was heard by an active instance: its addresses are announced again. */
void addrs_lower(struct addrs *a, const struct conf_vrrp *inst);

/* Plans, carries out, announces. True when the kernel was changed. */
bool addrs_settle(struct addrs *a, struct view *v);

/* Sends announcements that are due. */
void addrs_pump(struct addrs *a);

/* At the end: nothing is wanted any more; whether anything is left; what could not be removed is told. */
void addrs_unwant(struct addrs *a);
bool addrs_has_ours(const struct addrs *a);
void addrs_tell_left(const struct addrs *a);

/* What failed may be tried again. */
void addrs_release(struct addrs *a);

/* When the addresses of an instance are announced. Pure. */
struct garp_times addrs_times(const struct conf *c, const struct conf_vrrp *inst);
