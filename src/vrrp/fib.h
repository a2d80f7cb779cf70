/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Virtual and static routes and rules: which are wanted, which the kernel has, and what is to be done
 * about it. route.h and rule.h know what they are made of; here they are keys. Pure.
 *
 * Level-triggered, as vip.h. What tells ours from others is the protocol that each of them carries in
 * the kernel: 112 unless the configuration says another. A route that stands there as wanted but bears
 * another protocol is somebody else's and stays.
 *
 * Whether the kernel's entry has all the words that were asked for can't be read off it, since the kernel
 * fills in and rounds. So its print (a hash of all it says) is remembered when it shows up after it was
 * added; another print later means that somebody has changed it, and it is made anew.
 */
#pragma once

#include "core/conf/conf.h"
#include "vrrp/link.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	FIB_PROTO = 112, /* RTA_PROTOCOL, FRA_PROTOCOL of what is ours: VRRP's number */
	FIB_FIRST_PRIORITY =
		16384, /* of rules that have none: counted up from here, as keepalived does */
};

/* The instance of what carries our mark but no instance names, and of what is always wanted; as
 * VIP_NOBODY and VIP_STATIC. */
#define FIB_NOBODY UINT32_MAX
#define FIB_STATIC (UINT32_MAX - 1)

/* All of them: without padding, so that memory compares. */
struct route_key {
	/* the kernel looks these up */
	uint32_t table, metric;
	uint8_t dst[16], src[16]; /* network order; zero beyond the prefix */
	uint8_t family, dst_len, src_len, tos;
	/* several of equal look-up may differ in these; zero in a wish: any */
	uint32_t oif;
	struct ip_addr via;
	uint8_t type; /* RTN_* */
	uint8_t hops_n; /* ways of a multipath route; 0: none */
	uint8_t zero[2];
};

struct rule_key {
	uint64_t tun_id;
	uint32_t priority, table, mark, mask, realms, goto_n, uid_first, uid_last;
	int32_t suppress_len, suppress_group; /* -1: none */
	uint16_t sport_first, sport_last, dport_first, dport_last;
	uint8_t dst[16], src[16];
	char iif[IFNAMSIZ], oif[IFNAMSIZ];
	uint8_t family, dst_len, src_len, tos, action, ipproto;
	bool is_inverted, is_l3mdev;
};

union fib_key {
	struct route_key route;
	struct rule_key rule;
};

enum fib_kind { FIB_ROUTE, FIB_RULE };

/* One route or rule of one instance. */
struct fib {
	/* what makes it the same after a reload; frozen */
	struct inst_id inst;
	union fib_key key; /* of a route: oif is 0 */
	char dev[IFNAMSIZ]; /* route: its interface; empty: none */
	char vrf[IFNAMSIZ]; /* route: takes that one's table; empty: none */
	uint8_t proto;

	/* taken over from each snapshot */
	const void *cf; /* struct conf_route or conf_rule of the current one; NULL: not in it */
	const char *inst_name; /* of the same one; "-" when it is in none */
	uint32_t words; /* hash of its settings */
	bool is_no_track; /* it is not put back when somebody takes it away */
	struct track_id group; /* who follows it (whole.h); 0: nobody */

	/* what the VRRP role said */
	bool is_known, is_wanted;

	/* what is */
	bool is_ours, is_present;
	bool is_stale; /* in the kernel otherwise than it should be */
	bool is_let_go; /* somebody took it away, and is_no_track */
	bool is_taken; /* the kernel says that it exists, but does not show it: somebody else's */
	bool is_held; /* failed: no more operations until fib_release() */
	bool is_fail_told; /* logged; for the caller */
	bool has_print;
	uint32_t print; /* of the kernel's entry, when has_print */
	union fib_key at; /* the kernel's key of it, when it is ours and was seen or added */
};

/* What the kernel has. */
struct fib_have {
	union fib_key key;
	uint32_t print;
	uint8_t proto;
	bool is_wanted; /* fib_plan()'s */
};

/* Read anew as a whole. Zeroed memory is empty. */
struct fib_pic {
	struct fib_have *have;
	uint32_t n, cap;
};

/* All of one kind, sorted by instance, then key. */
struct fib_set {
	enum fib_kind kind;
	struct fib *fib;
	uint32_t n;
};

enum fib_op_kind { FIB_DEL, FIB_ADD };

struct fib_op {
	struct fib *fib;
	enum fib_op_kind kind;
	bool is_lost; /* FIB_ADD: it was there, and not we took it away */
	bool is_renewal; /* it was there otherwise */
	int err; /* the caller's: 0 or -errno */
};

void fib_pic_reset(struct fib_pic *p);
void fib_pic_fini(struct fib_pic *p);
void fib_pic_put(struct fib_pic *p, const struct fib_have *h);
void fib_pic_seal(struct fib_pic *p, enum fib_kind kind);

/* Joins the set with what a new snapshot names: wants is taken over, from malloc(), in any order; of
 * equal ones the first stays. What is in the set and not among them is kept until it is out of the
 * kernel. O(n log n). */
void fib_set_adopt(struct fib_set *s, struct fib *wants, uint32_t n);

/* Adds what the picture has with our mark and nothing in the set is: left by a vipd that was killed.
 * Once, after fib_set_adopt(). */
void fib_set_left_over(struct fib_set *s, const struct fib_pic *p, const struct link_table *links);

/* Takes those out that are neither configured nor ours any more. No pointer into the set survives. */
void fib_set_reap(struct fib_set *s);
void fib_set_fini(struct fib_set *s);

/* What the VRRP role says of an instance; is_new: not the same as before. O(log n + its own). */
void fib_said(struct fib_set *s, struct inst_id inst, bool is_known, bool is_wanted, bool is_new);

/* What is to be done; room for 2 * s->n operations. Removals come first. Returns their number. */
uint32_t fib_plan(struct fib_set *s, struct fib_pic *p, const struct link_table *links,
		  bool is_torn, struct fib_op *ops);

/* Tells the outcome of an operation. True when it failed: it is held then. */
bool fib_done(struct fib_op *op);

/* What failed may be tried again. links: the interfaces have changed, too. */
void fib_release(struct fib_set *s, bool have_links_changed);
