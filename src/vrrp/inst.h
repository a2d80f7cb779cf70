/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One virtual router while it runs. The VRRP role owns it; it lies in the memory that came with the
 * snapshot (run.h). What it does to the world goes through struct inst_shell, so that tests run it
 * on a clock of their own without a socket.
 *
 * inst_event() is the only writer of `state`.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/mbox.h"
#include "core/timer.h"
#include "vrrp/auth.h"
#include "vrrp/fsm.h"
#include "vrrp/opts.h"
#include "vrrp/pkt.h"

#include <stdbool.h>
#include <stdint.h>

struct vrrp_inst;
struct status_inst;
struct record_map;
struct run_iface;
struct run_group;

/* Something that happens to an instance. */
struct inst_cause {
	enum vrrp_event event;
	int64_t now_us;
	int64_t due_us; /* timer events: when it should have happened; else now */
	const struct pkt_advert *advert; /* RESIGN, LOSE, WIN; else NULL */
	const struct ip_addr *from; /* with advert: its sender */
	const char *why; /* a literal; NULL: the event's name */
};

/* The world of an instance. None of them waits or fails; none of them calls inst.h. */
struct inst_shell {
	void *arg;
	struct timer_heap *timers;
	timer_fn *on_timer; /* ends in inst_timer() */

	/* An advert of this priority is to be sent; due_us is when it should have left. */
	void (*advert)(void *arg, struct vrrp_inst *in, uint8_t prio, int64_t due_us);

	/* in->r.is_wanted, want_n or lower_n has changed; to be told after the adverts so far are sent. */
	void (*want)(void *arg, struct vrrp_inst *in);

	/* The state was `from` and is in->r.state now, for the reason in->r.why. */
	void (*changed)(void *arg, struct vrrp_inst *in, enum vrrp_state from);

	/* in->r.prio was `from`. */
	void (*prio_changed)(void *arg, struct vrrp_inst *in, uint8_t from);

	/* An ACTIVE has heard an advert that it beats; told at most once in an Active_Down_Interval. */
	void (*beaten)(void *arg, struct vrrp_inst *in, const struct inst_cause *cause);

	/* A member of a sync group wants another state, or can't keep its own: the group decides, and
	 * calls inst_apply() or inst_event() of its members later. */
	void (*regroup)(void *arg, struct vrrp_inst *in);
};

/* What stays the same over a reload, when the instance does. */
struct inst_run {
	enum vrrp_state state;
	const char *why; /* of the last change; a literal */
	int64_t since_us; /* of the last change */
	struct ip_addr src; /* we send from here; valid unless INIT or FAULT */
	uint8_t prio; /* the effective one (V16, V101) */
	uint8_t kept_prio; /* the same in the director before, until trackers have spoken; 0: none */
	bool is_linked; /* it was told once how its interface is */
	bool is_held; /* nothing may begin yet: a start-up delay */
	bool is_pending; /* something that it tracks has no result yet */
	struct wish wish; /* the administrator's (wish.h) */
	bool wants_active; /* of a sync group, and its own down timer has run out */
	const char *link_fault, *track_fault, *group_fault; /* why not; literals, or NULL */
	int64_t preempt_at_us; /* preempt_delay: not before; 0: nobody to preempt was heard */
	int64_t active_adv_us; /* Active_Adver_Interval */
	bool has_learned; /* it is the active's, not ours */
	bool is_skew; /* the timer runs for Skew_Time only (V69) */
	bool is_wanted; /* the addresses are wanted here */
	uint64_t want_n; /* moves whenever the reflector has to act */
	uint64_t lower_n; /* adverts of lower priority for which it announces once more */
	int64_t sent_us; /* ACTIVE: when its last advert left; 0: none has */
	int64_t kept_until_us; /* it was ACTIVE in the director before, and goes on if it begins before */
	int64_t kept_adv_us; /* the interval that it had learnt there; 0: none */
	int64_t answer_at_us; /* not before: the next answer to an advert that we beat */
	int64_t announce_at_us; /* not before: the next repeated announcement */
	struct ip_addr list_from; /* the last one whose list of addresses was looked at */
	struct auth_run auth;
	uint8_t sum; /* enum pkt_sum: the form to send; the settings' unless a peer's was learnt */
	uint16_t ip_id;
	uint32_t told; /* bits: what was logged since the state changed (inst_tell) */

	uint64_t rx_n, tx_n, tx_fail_n, transitions_n; /* transitions: to ACTIVE */
	uint64_t list_differs_n; /* adverts that name other addresses (V50) */
	uint64_t drop_n[VRRP_DROP_N];
};

struct vrrp_inst {
	/* frozen: of the snapshot in whose memory this is */
	const struct conf_vrrp *cf;
	struct inst_opts o;
	struct auth *auth; /* NULL: none; of run.h */
	struct auth_seen *peer_seen; /* auth_hmac over unicast: one for each peer; else NULL */
	uint32_t list_sum; /* pkt_list_sum() of the addresses */
	int64_t early_us; /* its first interval as ACTIVE is shorter by this: times_early_us() */
	const struct inst_shell *shell;
	const struct record_map *record; /* where it is written down (kept.h); NULL: nowhere */
	uint32_t index; /* in conf->vrrp */
	struct status_inst *shown; /* what others see of it (shown.h); NULL: nothing */

	struct inst_run r;
	struct timer timer; /* Adver_Timer in ACTIVE, Active_Down_Timer in BACKUP; never both */
	struct fact want_fact, lower_fact, state_fact;

	bool is_src_there; /* with o.tracks_src: o.src is on an interface */

	/* places in the lists of run.h and tx.h */
	struct run_iface *ifc; /* its VRF when it names no interface; NULL: neither */
	struct run_group *group; /* or NULL */
	uint32_t iface_next, group_next;
	struct vrrp_inst *post_next;
	bool is_in_post;
};

/* Things that are logged once until the state changes: every enum vrrp_drop, and these. */
enum inst_tell {
	INST_TELL_LIST = VRRP_DROP_N, /* other addresses */
	INST_TELL_INTERVAL, /* version 3: another interval */
	INST_TELL_SUM, /* version 3: the other form of the checksum; once for good */
	INST_TELL_FIRST, /* IPv6: the first address is not a link-local one */
	INST_TELL_SEND, /* sending fails; again after it worked */
};

/* A fresh one, in INIT. in: zeroed memory; in->o is set. */
void inst_init(struct vrrp_inst *in, const struct conf_vrrp *cf, const struct inst_shell *shell);

/* Takes over from `old`, which has the same id in the generation before and is not used any more but
 * for its facts: state, timer and counters stay, changed settings apply from now on (V70). in was
 * just initialised. */
void inst_take(struct vrrp_inst *in, struct vrrp_inst *old, int64_t now_us);

/* Only the counters, for an instance that starts anew. */
void inst_take_counters(struct vrrp_inst *in, const struct vrrp_inst *old);

/* True when the change from one to the other, of these snapshots, means that the instance starts anew. */
bool inst_needs_restart(const struct conf *ca, const struct vrrp_inst *old, const struct conf *cb,
			const struct vrrp_inst *new);

/* The address to send from on an interface with this primary address, or family 0: V3; the one that is
 * set; an owner whose only address is the virtual one sends from that. */
struct ip_addr inst_source(const struct vrrp_inst *in, const struct ip_addr *primary);

/* The state machine. */
void inst_event(struct vrrp_inst *in, const struct inst_cause *cause);

/* Its interface is good and this is the address to send from, or it is not (fault says why; src is not
 * used then). Does nothing when nothing has changed. */
void inst_link(struct vrrp_inst *in, const struct ip_addr *src, const char *fault, int64_t now_us);

/* What it tracks: the effective priority, and why it can't be anything but FAULT, or NULL. pending: some
 * of it has no result yet, so that it may not begin. */
void inst_track(struct vrrp_inst *in, uint8_t prio, const char *fault, bool is_pending,
		int64_t now_us);

/* The first reason why it is in FAULT or should be, or NULL. */
const char *inst_fault(const struct vrrp_inst *in);

/* Goes to FAULT, or begins, as what is known of it says; calls neither regroup(). is_lone_owner: an
 * owner must not begin as ACTIVE, since others of its group are none. */
void inst_apply(struct vrrp_inst *in, bool is_lone_owner, int64_t now_us);

/* The timer of the instance has run out; it was due at due_us. */
void inst_timer(struct vrrp_inst *in, int64_t due_us, int64_t now_us);

/* A valid advert from another address than ours; the state is BACKUP or ACTIVE. Counts it. */
void inst_advert(struct vrrp_inst *in, const struct pkt_advert *a, const struct ip_addr *from,
		 int64_t now_us);

/* True the first time that it is asked for this bit since the state changed. */
bool inst_tell(struct vrrp_inst *in, unsigned bit);
