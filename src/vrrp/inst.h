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
#include "vrrp/fsm.h"
#include "vrrp/pkt.h"

#include <stdbool.h>
#include <stdint.h>

struct vrrp_inst;
struct run_iface;

/* The world of an instance. None of them waits or fails; none of them calls inst.h. */
struct inst_shell {
	void *arg;
	struct timer_heap *timers;
	timer_fn *on_timer; /* ends in inst_timer() */

	/* An advert of this priority is to be sent; due_us is when it should have left. */
	void (*advert)(void *arg, struct vrrp_inst *in, uint8_t prio, int64_t due_us);

	/* in->r.is_wanted or in->r.want_n has changed; to be told after the adverts so far are sent. */
	void (*want)(void *arg, struct vrrp_inst *in);

	/* The state was `from` and is in->r.state now, for the reason in->r.why. */
	void (*changed)(void *arg, struct vrrp_inst *in, enum vrrp_state from);
};

/* What stays the same over a reload, when the instance does. */
struct inst_run {
	enum vrrp_state state;
	const char *why; /* of the last change; a literal */
	int64_t since_us; /* of the last change */
	struct ip_addr src; /* we send from here; valid unless INIT or FAULT */
	int64_t active_adv_us; /* Active_Adver_Interval */
	bool has_learned; /* it is the active's, not ours */
	bool is_skew; /* the timer runs for Skew_Time only (V69) */
	bool is_wanted; /* the addresses are wanted here */
	uint64_t want_n; /* moves whenever the reflector has to act */
	int64_t answer_at_us; /* not before: the next answer to an advert that we beat */
	int64_t announce_at_us; /* not before: the next repeated announcement */
	uint16_t ip_id;
	uint32_t told; /* bits: what was logged since the state changed (inst_tell) */

	uint64_t rx_n, tx_n, tx_fail_n, transitions_n; /* transitions: to ACTIVE */
	uint64_t list_differs_n; /* adverts that name other addresses (V50) */
	uint64_t drop_n[VRRP_DROP_N];
};

struct vrrp_inst {
	/* frozen: of the snapshot in whose memory this is */
	const struct conf_vrrp *cf;
	const struct conf_vip *vip;
	uint32_t list_sum; /* pkt_list_sum() of the addresses */
	uint8_t vip_n; /* advertised: at most 255 (V12) */
	const struct inst_shell *shell;

	struct inst_run r;
	struct timer timer; /* Adver_Timer in ACTIVE, Active_Down_Timer in BACKUP; never both */
	struct fact want_fact, state_fact;

	/* places in the lists of run.h and tx.h */
	struct run_iface *ifc;
	uint32_t iface_next, key_next;
	struct vrrp_inst *post_next;
	bool is_in_post;
};

/* Something that happens to an instance. */
struct inst_cause {
	enum vrrp_event event;
	int64_t now_us;
	int64_t due_us; /* timer events: when it should have happened; else now */
	const struct pkt_advert *advert; /* RESIGN, LOSE, WIN; else NULL */
	const char *why; /* a literal; NULL: the event's name */
};

/* Things that are logged once until the state changes: every enum vrrp_drop, and these. */
enum inst_tell {
	INST_TELL_LIST = VRRP_DROP_N, /* other addresses */
	INST_TELL_INTERVAL, /* version 3: another interval */
	INST_TELL_SUM, /* version 3: the other form of the checksum; once for good */
	INST_TELL_SEND, /* sending fails; again after it worked */
};

/* A fresh one, in INIT. in: zeroed memory. vip: the first element of the array that cf->s.vips is a
 * range of. */
void inst_init(struct vrrp_inst *in, const struct conf_vrrp *cf, const struct conf_vip *vip,
	       const struct inst_shell *shell);

/* Takes over from `old`, which has the same id in the generation before and is not used any more but
 * for its facts: state, timer and counters stay, changed settings apply from now on (V70). in was
 * just initialised. */
void inst_take(struct vrrp_inst *in, struct vrrp_inst *old, int64_t now_us);

/* Only the counters, for an instance that starts anew. */
void inst_take_counters(struct vrrp_inst *in, const struct vrrp_inst *old);

/* True when the change of settings from a to b means that the instance starts anew. */
bool inst_needs_restart(const struct conf *ca, const struct conf_vrrp *a, const struct conf *cb,
			const struct conf_vrrp *b);

/* The address to send from on an interface with this primary address, or family 0: V3; an owner
 * whose only address is the virtual one sends from that. */
struct ip_addr inst_source(const struct vrrp_inst *in, const struct ip_addr *primary);

/* The state machine. */
void inst_event(struct vrrp_inst *in, const struct inst_cause *cause);

/* Up with an address to send from, or not (fault says why; src is not used then). Does nothing when
 * nothing has changed. */
void inst_link(struct vrrp_inst *in, const struct ip_addr *src, const char *fault, int64_t now_us);

/* The timer of the instance has run out; it was due at due_us. */
void inst_timer(struct vrrp_inst *in, int64_t due_us, int64_t now_us);

/* A valid advert from another address than ours; the state is BACKUP or ACTIVE. Counts it. */
void inst_advert(struct vrrp_inst *in, const struct pkt_advert *a, const struct ip_addr *from,
		 int64_t now_us);

/* True the first time that it is asked for this bit since the state changed. */
bool inst_tell(struct vrrp_inst *in, unsigned bit);
