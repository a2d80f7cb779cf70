/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Switches of the kernel that settings ask for: promote_secondaries on interfaces of instances, and
 * disable_local_igmp; and promote_secondaries where an address of ours is the first of its subnet
 * (primary.h); accept_local where an owner may send from an address that we have, as long as we have it:
 * it lets in whatever bears an address of ours as its source; raw_l3mdev_accept where an instance is in a
 * VRF. What was there before is put back when it is not asked for any more, and at the
 * end. A vipd that is killed leaves them as they are; the next one takes that for what was there before.
 * A part of the reflector.
 */
#pragma once

#include "core/conf/conf.h"
#include "vrrp/view.h"

enum { SYSCTL_PATH_LEN = 64 + IFNAMSIZ };

/* One switch, or a wish for it. */
struct sysctl_item {
	char path[SYSCTL_PATH_LEN];
	uint32_t ifindex; /* of the interface that has the name; 0: none */
	char want, before; /* '0' or '1'; before: 0 when nothing is to be put back */
};

struct sysctls {
	struct sysctl_item *item; /* what was set; sorted */
	uint32_t n;
	uint32_t *guarded; /* indices of interfaces, as primary_ifaces() gave them */
	uint32_t guarded_n;
	bool *is_held; /* parallel to conf->vrrp: its addresses are here; NULL: none */
};

/* What is wanted of interfaces that are there, sorted, without doubles. The caller frees it. Pure. */
struct sysctl_item *sysctls_want(const struct sysctls *s, const struct view *v, uint32_t *n);

/* Sets and puts back. After each new snapshot and each change of the links. */
void sysctls_settle(struct sysctls *s, const struct view *v);

/* Which instances' addresses are here: parallel to the instances of the configuration that is looked at
 * next. sysctls_settle() acts on it. Takes the array over. */
void sysctls_hold(struct sysctls *s, bool *is_held);

/* The interfaces where an address of ours is the first of its subnet now: before any is removed. Takes
 * the array over. */
void sysctls_guard(struct sysctls *s, const struct view *v, uint32_t *ifaces, uint32_t n);

/* Puts all of them back. */
void sysctls_fini(struct sysctls *s);
