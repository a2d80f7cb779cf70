/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Interfaces for virtual MAC addresses: macvlans (and ipvlans) that vipd makes while it runs, whatever
 * the state of the instance, and what has to be set on their parents. Which are wanted, which are there,
 * what is to be done about it. Pure.
 *
 * What was made by a vipd bears an alias that says so (LINK_ALIAS), with what arp_ignore and arp_filter
 * were on its parent before: a vipd that is started after one was killed puts those back at its end.
 *
 * On the parent arp_ignore and arp_filter are 1 while one of these is on it, so that it answers no ARP
 * for virtual addresses (V105).
 */
#pragma once

#include "core/conf/conf.h"
#include "vrrp/link.h"

#include <stdbool.h>
#include <stdint.h>

enum { VMAC_ALIAS_LEN = 96, VMAC_INST_LEN = 65 };

/* One that should be there. */
struct vmac {
	char name[IFNAMSIZ], parent[IFNAMSIZ];
	char inst_name[VMAC_INST_LEN];
	enum link_kind kind;
	uint8_t mac[6]; /* macvlan */
	uint32_t group;
	uint8_t ipvlan_flags; /* IPVLAN_F_*; 0: bridge */
	bool is_v6; /* it carries adverts over IPv6: it needs its parent's link-local address */
	struct ip_prefix addr; /* ipvlan: of its own; family 0: none */
	bool is_held; /* failed: no more operations until vmac_release() */
	bool is_fail_told; /* logged; for the caller */
};

/* What was set on a parent before it was changed. */
struct vmac_parent {
	char name[IFNAMSIZ];
	uint32_t ifindex; /* where it was changed; 0: not yet */
	uint8_t arp_ignore, arp_filter;
	bool is_wanted;
};

struct vmac_set {
	struct vmac *vmac; /* sorted by name, without doubles */
	struct vmac_parent *parent; /* sorted by name */
	uint32_t n, parent_n;
};

enum vmac_op_kind {
	VMAC_DEL, /* an interface of ours that is not wanted, or not like this */
	VMAC_RESTORE, /* a parent gets back what it had */
	VMAC_PREPARE, /* a parent is set */
	VMAC_ADD,
	VMAC_UP, /* it is there and down */
	VMAC_ADDR, /* it lacks an address */
};

struct vmac_op {
	enum vmac_op_kind kind;
	struct vmac *vmac; /* ADD, UP, ADDR */
	struct vmac_parent *parent; /* ADD, PREPARE; RESTORE: or NULL */
	uint32_t ifindex; /* ADD, PREPARE, RESTORE: of the parent; else of itself */
	uint8_t arp_ignore,
		arp_filter; /* RESTORE, PREPARE: to be set; ADD: to be noted in the alias */
	char name[IFNAMSIZ]; /* DEL: for the log */
	struct ip_prefix addr; /* ADDR */
	uint32_t vrf; /* ADD: the parent's; 0: none */
	int err; /* the caller's: 0 or -errno */
};

/* Takes over a snapshot's. What was remembered of parents stays. */
void vmac_adopt(struct vmac_set *s, const struct conf *c);
void vmac_fini(struct vmac_set *s);

/* Nothing is wanted any more. */
void vmac_unwant(struct vmac_set *s);

/* Operations that vmac_plan() may give at most. */
uint32_t vmac_ops_max(const struct vmac_set *s, const struct link_table *links);

/* What is to be done, in order. The picture must not be torn: nothing may only seem to be missing.
 * Returns the number of operations. */
uint32_t vmac_plan(struct vmac_set *s, const struct link_table *links, const struct link_pic *pic,
		   struct vmac_op *ops);

/* Tells the outcome of an operation. True when it failed. */
bool vmac_done(struct vmac_op *op);
void vmac_release(struct vmac_set *s);

/* A wanted one of whose name somebody else has an interface, or NULL; from is the first to look at, and
 * is moved behind the one that is returned. */
struct vmac *vmac_conflict(struct vmac_set *s, const struct link_table *links, uint32_t *from);

/* The MAC address of an instance: 00:00:5e:00:01:VRID or, over IPv6, 00:00:5e:00:02:VRID (V1); or what
 * is written: six octets, or five before the VRID. */
void vmac_address(const char *text, bool is_v6, uint8_t vrid, uint8_t out[static 6]);
