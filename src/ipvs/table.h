/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A table of virtual services and their destinations, with keys and settings as the kernel has
 * them. The same type says what should be (want.h), what a dump has read (kern.h) and what vipd
 * believes to be in the kernel (drive.h). Pure; one thread owns a table.
 *
 * Services are sorted by key; the destinations of a service lie together, sorted by key.
 */
#pragma once

#include "core/addr.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	IPVS_NAME_LEN = 16, /* of a scheduler or persistence engine, with its NUL */
	IPVS_FLAG_PERSISTENT = 0x1, /* as in the kernel's interface */
	IPVS_FLAG_HASHED = 0x2, /* the kernel's own; never in a table of ours */
	IPVS_FLAG_ONE_PACKET = 0x4,
	IPVS_FLAG_SCHED_1 = 0x8, /* sh-fallback, mh-fallback */
	IPVS_FLAG_SCHED_2 = 0x10, /* sh-port, mh-port */
	IPVS_FLAG_SCHED_3 = 0x20,
	IPVS_METHOD_NAT = 0, /* forwarding, as in the kernel's interface */
	IPVS_METHOD_TUN = 2,
	IPVS_METHOD_DR = 3,
	IPVS_TUN_IPIP = 0, /* wrapping, as in the kernel's interface */
	IPVS_TUN_GUE = 1,
	IPVS_TUN_GRE = 2,
	IPVS_TUN_CSUM = 1, /* flags of gue and gre */
	IPVS_TUN_REMCSUM = 2, /* gue only */
};

#define IPVS_NONE UINT32_MAX /* an index or reference that isn't there */

/* Is the entry there? A table of what is has IN and OUT (a free seat, kept so that indexes stay);
 * one of what should be has all four. */
enum ipvs_presence {
	IPVS_OUT,
	IPVS_IN,
	IPVS_KEEP, /* whatever the kernel has, leave it so */
	IPVS_IF_IN, /* with these settings when it is there; never added */
};

struct ipvs_svc {
	/* key: a mark and a family, or all but the mark */
	struct ip_addr addr; /* with a mark only its family counts, the rest is zero */
	uint32_t fwmark; /* 0 = none */
	uint16_t port; /* 0 = all ports */
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP; 0 with a mark */
	/* settings */
	uint8_t presence; /* enum ipvs_presence */
	char sched[IPVS_NAME_LEN];
	char pe[IPVS_NAME_LEN]; /* persistence engine; "" = none */
	uint32_t flags; /* IPVS_FLAG_* */
	uint32_t timeout_s; /* persistence */
	uint32_t netmask; /* persistence: IPv4 mask in network order, IPv6 prefix length */
	/* place */
	uint32_t first, n; /* its destinations */
	uint32_t ref; /* which wanted service it is (want.h), or IPVS_NONE */
};

struct ipvs_dest {
	/* key */
	struct ip_addr addr;
	uint16_t port;
	/* settings */
	uint8_t method; /* IPVS_METHOD_* or another number of the kernel's */
	uint8_t presence; /* enum ipvs_presence */
	uint32_t weight; /* at most INT32_MAX */
	uint32_t u_thresh, l_thresh; /* connections; 0 = no limit */
	uint8_t tun_type; /* IPVS_TUN_*; this and the next two are 0 unless the method is TUN */
	uint8_t tun_flags;
	uint16_t tun_port; /* gue only */
	/* seen */
	uint32_t conns_n; /* active and inactive connections, when it was dumped */
	/* place */
	uint32_t ref; /* which wanted server it is (want.h), or IPVS_NONE */
};

struct ipvs_table {
	struct ipvs_svc *svc;
	struct ipvs_dest *dest;
	uint32_t svc_n, svc_cap, dest_n, dest_cap;
};

/* Zeroed memory is an empty table. */
void table_fini(struct ipvs_table *t);

/* Appends. A destination belongs to the service added last. Never fails (out of memory is a bug). */
void table_add_svc(struct ipvs_table *t, const struct ipvs_svc *svc);
void table_add_dest(struct ipvs_table *t, const struct ipvs_dest *dest);

/* Sorts services and destinations by key. Of equal keys the first stays, with what belongs to it: a
 * dump that raced with a change may show an entry twice. */
void table_sort(struct ipvs_table *t);

/* Makes room for so many entries in all. */
void table_reserve(struct ipvs_table *t, uint32_t svc_n, uint32_t dest_n);

/* Gives back memory that was kept for more entries. */
void table_trim(struct ipvs_table *t);

/* By key: <0, 0, >0. */
int table_cmp_svc(const struct ipvs_svc *a, const struct ipvs_svc *b);
int table_cmp_dest(const struct ipvs_dest *a, const struct ipvs_dest *b);

/* Are the settings that the kernel keeps the same? Keys, presence, place are not looked at. */
bool table_same_svc(const struct ipvs_svc *a, const struct ipvs_svc *b);
bool table_same_dest(const struct ipvs_dest *a, const struct ipvs_dest *b);

/* Index of the service with this key in a sorted table, or IPVS_NONE. */
uint32_t table_find_svc(const struct ipvs_table *t, const struct ipvs_svc *key);

/* Index in t->dest of the destination of svc with this key, or IPVS_NONE. */
uint32_t table_find_dest(const struct ipvs_table *t, const struct ipvs_svc *svc,
			 const struct ipvs_dest *key);

/* Do two sorted tables say the same is in the kernel? Seats that are OUT don't count. */
bool table_equal(const struct ipvs_table *a, const struct ipvs_table *b);

/* Does have (sorted) hold exactly what belief says of its services? Services that are not IN in belief
 * don't count. */
bool table_confirms(const struct ipvs_table *have, const struct ipvs_table *belief);

/* How many entries of the services in belief are missing, too much or different in have. */
uint32_t table_differ(const struct ipvs_table *have, const struct ipvs_table *belief);

/* How many services and destinations are IN; either may be NULL. */
void table_count(const struct ipvs_table *t, uint32_t *svc_n, uint32_t *dest_n);
