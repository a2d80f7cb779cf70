/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Membership in VRRP's groups (224.0.0.18, ff02::12 and those that are set) on the interfaces that
 * instances are on. The reflector's:
 * these calls wait for the kernel's configuration lock, which others hold as long as they like, so
 * they are no work for the VRRP thread. That one learns of them from the link table.
 *
 * The memberships belong to sockets that never receive. The kernel looks through the memberships of a
 * receiving socket for each packet, and allows only 20 of them on one socket; a socket without any
 * gets every packet of a group that the host has joined on the interface (IP_MULTICAST_ALL, on by
 * default).
 */
#pragma once

#include "core/conf/conf.h"
#include "vrrp/link.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	MEMBER_SOCKS_N =
		1024, /* of IPv4 has room for 20 interfaces, unless igmp_max_memberships says
				* otherwise; of IPv6 for some hundred */
};

/* An interface that an instance is on, and the group that it listens to. */
struct member {
	char name[IFNAMSIZ];
	struct ip_addr group;
	uint32_t ifindex; /* joined there; 0: not joined */
	uint32_t slot; /* of the socket, when joined */
	bool is_fail_told;
};

struct member_sock {
	int fd; /* -1: none yet */
	uint8_t family;
	uint32_t n; /* interfaces joined */
};

struct members {
	struct member *member; /* sorted by name and group, without doubles */
	uint32_t n;
	uint32_t hint; /* socket that most likely has room */
	struct member_sock sock[MEMBER_SOCKS_N];
};

/* Any memory. */
void members_init(struct members *m);

/* Leaves everything and frees; as after members_init() then. */
void members_fini(struct members *m);

/* Follows the interfaces of a new snapshot: leaves those that no instance is on any more. */
void members_adopt(struct members *m, const struct conf *c);

/* Joins where an interface is there and leaves where it is gone or is another one of its name, and
 * sets is_joined and is_joined_v6 in t, which is not published yet. False when some interface could not be joined
 * (logged once): to be called again later. */
bool members_update(struct members *m, struct link_table *t);
