/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Interfaces and their addresses: the table that the reflector publishes for the VRRP role, and the
 * picture of the kernel from which it is made.
 *
 * Pure but for link_table_get(): no socket, no netlink (link_dump.h fills the picture).
 */
#pragma once

#include "core/addr.h"
#include "core/snap.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

enum link_kind { LINK_OTHER, LINK_MACVLAN, LINK_IPVLAN };

struct link {
	uint32_t ifindex;
	char name[IFNAMSIZ];
	bool is_up; /* IFF_UP && IFF_RUNNING; of one that we made: its parent's too */
	bool is_made; /* by a vipd, for a virtual MAC address: it bears our alias */
	bool is_router6; /* it forwards IPv6 */
	uint32_t parent; /* index of the interface below; 0 = none */
	uint32_t vrf_table; /* of a VRF; 0: it is none */
	uint32_t vrf; /* index of the VRF that it is in; 0 = none */
	enum link_kind kind;
	uint32_t group; /* IFLA_GROUP */
	/* sysctls net.ipv4.conf.NAME.arp_ignore and arp_filter; of one that we made: what they were on its
	 * parent before, as its alias says */
	uint8_t arp_ignore, arp_filter;
	struct ip_addr primary_v4; /* first address that is not one of our VIPs; family 0 = none */
	struct ip_addr primary_v6; /* the same, link-local and usable (V5) */
	bool is_joined; /* the host is in VRRP's group there: only then adverts are heard */
	bool is_joined_v6; /* the same of IPv6 */
	uint8_t mac[6]; /* zero when the hardware address is not of 6 bytes */
	uint32_t mtu;
	uint16_t arp_type; /* ARPHRD_ETHER, ... */
	uint32_t flags; /* IFF_* */
};

/* A source of adverts that some instance tracks (track_src_ip), where it is. */
struct link_src {
	struct ip_addr addr;
	uint32_t ifindex;
};

/* An interface that is in a VRF. */
struct link_slave {
	uint32_t ifindex, vrf;
};

/* A track group, and whether the static addresses, routes and rules that follow it are in place. */
struct link_group {
	uint32_t id; /* track_id */
	bool is_whole;
};

/* Frozen once published. */
struct link_table {
	struct snap snap;
	uint64_t version; /* 1, 2, ... */
	uint64_t gen; /* of the configuration whose sources were looked for */
	uint32_t n;
	const struct link_src *src; /* sorted by address; behind the links in the same memory */
	uint32_t src_n;
	const struct link_slave *slave; /* sorted by ifindex; behind the sources */
	uint32_t slave_n;
	const struct link_group *group; /* those that are known, sorted by id; behind those */
	uint32_t group_n;
	struct link link[]; /* sorted by name */
};

/* The interface of this name, or NULL; t may be NULL. O(log n). */
const struct link *link_by_name(const struct link_table *t, const char *name);

/* The current table, NULL before the first. Call it between snap_enter() and snap_leave(). */
const struct link_table *link_table_get(struct snap_slot *slot);

/* One address in the kernel. */
struct link_addr {
	uint32_t ifindex;
	struct ip_addr addr;
	struct ip_addr peer; /* the other end; family 0: none */
	uint8_t len; /* prefix length; of the peer where there is one */
	uint8_t proto; /* IFA_PROTO; 0 on kernels that do not have it */
	uint32_t flags; /* IFA_F_* */
	uint32_t order; /* place in the dump: the kernel lists primary addresses first */
};

/* What the kernel has, read anew as a whole. Owned by the reflector. Zeroed memory is empty. */
struct link_pic {
	struct link *link;
	struct link_addr *addr;
	uint32_t link_n, link_cap, addr_n, addr_cap;
};

/* Empties it and keeps the memory. */
void link_pic_reset(struct link_pic *p);
void link_pic_fini(struct link_pic *p);

/* A copy of the argument is added; is_up and order are set here. */
void link_pic_put_link(struct link_pic *p, const struct link *l);
void link_pic_put_addr(struct link_pic *p, const struct link_addr *a);

/* After the last put: sorts, so that the look-ups below are O(log n). */
void link_pic_seal(struct link_pic *p);

/* The interface, or NULL. */
const struct link *link_pic_link(const struct link_pic *p, uint32_t ifindex);

/* The address with this prefix length on the interface, or NULL. */
const struct link_addr *link_pic_find(const struct link_pic *p, uint32_t ifindex,
				      const struct ip_addr *addr, uint8_t len);

/* The same with any prefix length: the first one. */
const struct link_addr *link_pic_find_any(const struct link_pic *p, uint32_t ifindex,
					  const struct ip_addr *addr);

/* A table of a sealed picture. vips: our virtual addresses, sorted by addr_cmp(); they are passed over
 * when the primary address is chosen. An interface that we made has its parent's where it has none of
 * its own. The caller owns it until it is published; else free(). */
struct link_table *link_table_make(const struct link_pic *p, const struct ip_addr *vips,
				   uint32_t vips_n);

/* The same, with those of these addresses, sorted by addr_cmp(), that are on some interface and fit to be
 * sent from. */
struct link_table *link_table_make_with(const struct link_pic *p, const struct ip_addr *vips,
					uint32_t vips_n, const struct ip_addr *srcs,
					uint32_t srcs_n);

/* The same table with these groups, sorted by id, in memory that may have moved. */
struct link_table *link_table_with_groups(struct link_table *t, const struct link_group *g,
					  uint32_t n);

/* What is known of a group, or NULL. */
const struct link_group *link_group_of(const struct link_table *t, uint32_t id);

/* The VRF that an interface is in, by index; 0: none. O(log n). */
uint32_t link_vrf_of(const struct link_table *t, uint32_t ifindex);

/* True when this source is on an interface; one of a link only on this one or the one below it. */
bool link_has_src(const struct link_table *t, const struct ip_addr *src, const struct link *l);

/* True when both say the same but for their version. a may be NULL. */
bool link_table_eq(const struct link_table *a, const struct link_table *b);

/* Makes t current in the slot: the reflector only. */
void link_table_publish(struct snap_slot *slot, struct link_table *t);
