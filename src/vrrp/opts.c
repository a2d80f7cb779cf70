/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See opts.h. The table of what clears what is keepalived's (3a of the reference: preemption, strict
 * mode, owners).
 */
#include "vrrp/opts.h"

#include "vrrp/times.h"

#include <stdlib.h>

/* The family of its addresses; without any, that of what it talks to or from. */
static uint8_t family_of(const struct conf *c, const struct fields_vrrp *s)
{
	if (s->vips.n)
		return c->vip[s->vips.first].s.prefix.addr.family;
	if (s->peers.n)
		return c->peer[s->peers.first].s.addr.family;
	if (s->unicast_src.family)
		return s->unicast_src.family;
	if (s->mcast_src.family)
		return s->mcast_src.family;
	return s->mcast_dst.family ? s->mcast_dst.family : AF_INET;
}

/* Addresses of the other family are held, but no advert can name them; conf_check has told so. What is
 * behind the first of them is not advertised either: the list is one range. */
static uint8_t advertised_n(const struct conf *c, const struct fields_vrrp *s, uint8_t family)
{
	uint32_t n = 0;

	while (n < s->vips.n && n < PKT_ADDRS_MAX &&
	       c->vip[s->vips.first + n].s.prefix.addr.family == family)
		n++;
	return (uint8_t)n;
}

static void make_election(struct inst_opts *o, const struct fields_vrrp *s)
{
	bool is_owner = s->priority == 255;
	bool wants_active = s->state == CONF_STATE_MASTER;

	o->down_n = s->strict ? TIMES_DOWN_ADVERTS : s->down_adverts_n;
	o->nopreempt = s->nopreempt && !is_owner && !wants_active; /* V92 */
	o->preempt_delay_us =
		o->nopreempt || is_owner || wants_active || s->strict ? 0 : s->preempt_delay_us;
	o->late_prio = o->nopreempt ? s->late_backup : 0;
	o->lower_no_advert = s->lower_no_advert || s->strict;
	o->lower_no_announce = s->strict || !s->garp_lower_repeat_n;
	o->higher_send_advert = s->higher_send_advert && !s->strict;
	o->ignores_adverts = is_owner && (s->owner_ignore_adverts || s->strict); /* V53 */
}

static void make_unicast(struct inst_opts *o, const struct conf *c, const struct fields_vrrp *s)
{
	o->is_unicast = s->peers.n;
	o->needs_peer = !s->peers.n && s->unicast_fault_no_peer;
	o->peer = c->peer + s->peers.first;
	o->peer_n = s->peers.n;
	o->ttl = o->is_unicast ? s->unicast_ttl : PKT_TTL;
	o->checks_peer = o->is_unicast && s->check_unicast_src;
	/* limits of the TTL turn the check on */
	for (uint32_t i = 0; i < o->peer_n; i++)
		o->checks_peer |= o->peer[i].s.min_ttl > 0 || o->peer[i].s.max_ttl < UINT8_MAX;
	o->src = o->is_unicast && s->unicast_src.family ? s->unicast_src : s->mcast_src;
	if (!o->src.family)
		o->src = s->unicast_src;
	o->no_group_sum = s->old_unicast_checksum == OLD_CSUM_NEVER;
	o->learns_group_sum = o->is_unicast && s->old_unicast_checksum == OLD_CSUM_AUTO;
}

void opts_make(struct inst_opts *o, const struct conf *c, const struct conf_vrrp *cf)
{
	const struct fields_vrrp *s = &cf->s;
	uint8_t family = family_of(c, s);

	*o = (struct inst_opts){
		.family = family,
		.version = s->version,
		.vrid = s->vrid,
		.prio = s->priority,
		.adv_int_us = s->adv_int_us,
		.vip = c->vip + s->vips.first,
		.vip_n = advertised_n(c, s, family),
		.group = family == AF_INET6 ? c->global.s.mcast_group6 : c->global.s.mcast_group4,
		.skips_list = s->skip_check_adv_addr,
		.tracks_src = s->track_src,
		.no_track_primary = s->no_track_primary,
		.has_iface = s->interface,
	};
	if (s->mcast_dst.family)
		o->group = s->mcast_dst;
	make_election(o, s);
	make_unicast(o, c, s);
	if (family != AF_INET || s->version != 3)
		o->sum = PKT_SUM_PSEUDO;
	else if (o->is_unicast && s->old_unicast_checksum == OLD_CSUM_ALWAYS)
		o->sum = PKT_SUM_GROUP;
	else
		o->sum = s->v3_checksum_as_v2 ? PKT_SUM_MESSAGE : PKT_SUM_PSEUDO;
}

static int cmp_addr(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

uint32_t opts_tracked_srcs(const struct conf *c, struct ip_addr *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; c && i < c->vrrp_n; i++) {
		struct inst_opts o;

		/* of all: a reload that only begins to track one finds it there */
		opts_make(&o, c, &c->vrrp[i]);
		if (o.src.family)
			out[n++] = o.src;
	}
	if (n > 1)
		qsort(out, n, sizeof(*out), cmp_addr);
	return n;
}
