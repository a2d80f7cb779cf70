/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Virtual addresses: which are wanted, which the kernel has, and what is to be done about it.
 *
 * Level-triggered: vip_plan() compares what should be with a picture of the kernel and gives the
 * operations. An address that somebody took away is wanted and not there, so it is put back; nothing
 * remembers that something "was done". Pure.
 *
 * Whose is an address that is there already?
 *	it carries our mark (VIP_PROTO): ours, whichever process put it there
 *	it was there when its instance was looked at first, or when it is wanted: ours too (an earlier
 *	vipd or keepalived left it), unless this router owns the address (priority 255): then it is
 *	the interface's own and stays
 *
 * A picture may be torn: what it shows is there, but something else may be missing in it. Removals
 * follow what is believed then, and nothing is concluded from an absence.
 */
#pragma once

#include "core/conf/conf.h"
#include "vrrp/link.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	VIP_PROTO = 112, /* IFA_PROTO of our addresses: VRRP's number. Linux 5.18 and later */
	VIP_INST_NAME_LEN = 65, /* with its NUL; schema.def's bound */
};

/* The instance of addresses that carry our mark but that no instance names (vip_set_left_over), and of
 * those that are there whatever the instances do. */
#define VIP_NOBODY UINT32_MAX
#define VIP_STATIC (UINT32_MAX - 1)

/* What an address has that does not tell it from others. Memory compares: no padding is left unset. */
struct vip_attr {
	struct ip_addr peer; /* IFA_ADDRESS; family 0: the address itself */
	struct ip_addr brd; /* family 0: none */
	char label[IFNAMSIZ]; /* empty: none */
	uint32_t flags; /* IFA_F_* */
	uint32_t preferred_s; /* preferred lifetime; VIP_FOREVER */
	uint32_t scope; /* RT_SCOPE_*; the kernel's own business with IPv6 */
};

#define VIP_FOREVER UINT32_MAX

/* One address of one instance. */
struct vip {
	/* the key; frozen */
	struct inst_id inst;
	struct ip_addr addr;
	uint8_t len; /* as the kernel has it: of the peer where there is one */
	char dev[IFNAMSIZ];

	/* taken over from each snapshot */
	char inst_name[VIP_INST_NAME_LEN];
	bool is_configured; /* false: kept until it is out of the kernel */
	bool is_owner;
	bool is_no_track; /* it is not put back when somebody takes it away */
	struct track_id group; /* who follows it (whole.h); 0: nobody */
	bool is_stale; /* in the kernel with other attributes than these */
	struct vip_attr attr;

	/* what the VRRP role said */
	bool is_known; /* it has said something */
	bool is_wanted;

	/* what is; vip_plan() and vip_done() keep it */
	bool is_ours;
	bool is_examined;
	bool is_present;
	bool is_refused; /* IPv6: another host has it (DAD), and it is of no use here */
	bool is_tentative; /* IPv6: nobody may hear of it yet */
	bool is_let_go; /* somebody took it away, and is_no_track; until the next word of it */
	bool is_held; /* failed: no more operations until vip_release_held() */
	bool is_fail_told; /* logged; for the caller */
	uint32_t on; /* interface on which it is ours */
	uint8_t on_len; /* prefix length that it has there */
	uint32_t at; /* interface that has the name dev now; 0 = none */

	/* what was announced */
	bool is_said;
	uint8_t said_mac[6];
};

enum vip_op_kind { VIP_ADD, VIP_DEL };

struct vip_op {
	struct vip *vip;
	enum vip_op_kind kind;
	uint32_t ifindex;
	uint8_t len; /* prefix length */
	bool is_lost; /* VIP_ADD: it was there, and not we took it away */
	bool is_renewal; /* the address is there and gets other attributes */
	int err; /* the caller's: 0 or -errno */
};

/* All addresses, sorted by instance, then address. */
struct vip_set {
	struct vip **vip;
	uint32_t n;
};

/* By instance, address, prefix length, device. */
int vip_cmp(const struct vip *a, const struct vip *b);

/* Fills keys (room for conf->vip_n) from a snapshot, sorted, without doubles. Returns their number. */
uint32_t vip_keys(const struct conf *conf, struct vip *keys);

/* Joins the set with the addresses of a new snapshot: what has the same key stays as it is, new ones
 * come from make(), others lose is_configured and is_wanted. O(n). */
void vip_set_adopt(struct vip_set *s, const struct vip *keys, uint32_t n,
		   struct vip *(*make)(void *arg, const struct vip *key), void *arg);

/* Adds what the picture has with our mark and no address of the set names: an earlier vipd, which was
 * killed and had another configuration, left it. They are ours and not configured, so the next plan
 * removes them. Once, at the start; any time after vip_set_adopt(). */
void vip_set_left_over(struct vip_set *s, const struct link_table *links,
		       const struct link_pic *pic,
		       struct vip *(*make)(void *arg, const struct vip *key), void *arg);

/* What the VRRP role says of the address's instance: a new word of it, or the last one again after a
 * snapshot was taken over. */
void vip_said(struct vip *v, bool is_known, bool is_wanted);
void vip_told(struct vip *v, bool is_known, bool is_wanted);

/* Takes those out that are neither configured nor ours any more, and gives them to drop(). */
void vip_set_reap(struct vip_set *s, void (*drop)(void *arg, struct vip *v), void *arg);

void vip_set_fini(struct vip_set *s);

/* The addresses of an instance are s->vip[first .. first + n]. */
struct conf_range vip_set_of(const struct vip_set *s, struct inst_id inst);

/* What is to be done; room for 2 * s->n operations. Removals come first. Returns their number. */
uint32_t vip_plan(struct vip_set *s, const struct link_table *links, const struct link_pic *pic,
		  bool is_torn, struct vip_op *ops);

/* Tells the outcome, op->err, of an operation. What is gone already counts as removed. True when it
 * failed: the address is held then. */
bool vip_done(struct vip_op *op);

void vip_release_held(struct vip_set *s);

/* True when it is in place and its neighbours have not heard of it at this hardware address. */
bool vip_must_say(const struct vip *v, const struct link *l);

/* The addresses that are no interface's own, sorted by addr_cmp(), without doubles: for
 * link_table_make(). out: room for s->n. Returns their number. */
uint32_t vip_addrs(const struct vip_set *s, struct ip_addr *out);
