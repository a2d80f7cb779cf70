/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the settings of an instance come to: defaults that depend on other settings, what strict_mode
 * and priority 255 change, what version and family make of an interval. Pure. Frozen with the
 * snapshot; everything else in this folder asks this, not the settings.
 */
#pragma once

#include "core/conf/conf.h"
#include "vrrp/pkt.h"

#include <stdbool.h>
#include <stdint.h>

struct inst_opts {
	int64_t adv_int_us;
	int64_t preempt_delay_us; /* 0: none */
	struct ip_addr src; /* to send from; family 0: the interface's address */
	struct ip_addr group; /* multicast: the destination */
	const struct conf_peer *peer; /* unicast */
	uint32_t peer_n;
	const struct conf_vip *vip; /* advertised: vip_n of them, all of `family` */
	uint8_t vip_n; /* at most 255 (V12) */
	uint8_t family, version, vrid;
	uint8_t prio; /* as configured; 255: owner */
	uint8_t down_n;
	uint8_t late_prio; /* timer_expired_backup; 0: off */
	uint8_t ttl; /* of unicast adverts */
	uint8_t sum; /* enum pkt_sum: the form to send */
	bool nopreempt, lower_no_advert, lower_no_announce, higher_send_advert;
	bool ignores_adverts; /* an owner that does not listen */
	bool skips_list; /* the address list of a sender is looked at once */
	bool is_unicast;
	bool checks_peer; /* adverts of strangers are dropped */
	bool no_group_sum; /* old_unicast_checksum never */
	bool learns_group_sum; /* old_unicast_checksum auto: send as the peer does */
	bool tracks_src; /* FAULT while src is on no interface */
	bool needs_peer; /* FAULT: unicast without peers */
	bool no_track_primary;
	bool has_iface;
};

/* The settings of c->vrrp[index]. */
void opts_make(struct inst_opts *o, const struct conf *c, const struct conf_vrrp *cf);

/* The sources that instances track (track_src_ip), sorted by addr_cmp(). out: room for all instances; c may
 * be NULL. Returns their number. */
uint32_t opts_tracked_srcs(const struct conf *c, struct ip_addr *out);

static inline bool opts_is_owner(const struct inst_opts *o)
{
	return o->prio == 255;
}
