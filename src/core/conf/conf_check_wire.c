/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules of what instances say on the wire: numbers, groups and peers, elections, authentication, strict
 * mode. See conf_check.h.
 */
#include "core/conf/conf_rules.h"

#include <string.h>

enum { OWNER_PRIORITY = 255, ADVERTISED_MAX = 255 };

static const char *iface(const struct conf_vrrp *in)
{
	if (in->s.interface)
		return in->s.interface;
	return in->s.vrf ? in->s.vrf : ""; /* the VRF stands for the interfaces that are in it */
}

/* As the program chooses it: by the addresses, else by who is talked to. */
static uint8_t family_of(const struct conf *c, const struct conf_vrrp *in)
{
	if (in->s.vips.n)
		return c->vip[in->s.vips.first].s.prefix.addr.family;
	if (in->s.peers.n)
		return c->peer[in->s.peers.first].s.addr.family;
	return in->s.mcast_dst.family ? in->s.mcast_dst.family : AF_INET;
}

static bool is_link_local(const struct ip_addr *a)
{
	return a->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&a->v6);
}

/* ------------------------------------------------------------------ numbers */

static int cmp_bool(bool a, bool b)
{
	return (int)a - (int)b;
}

/* Groups are told apart, and so are unicast instances by their peers (V110, V131). */
static int cmp_vrid(const struct conf *c, uint32_t a, uint32_t b)
{
	const struct conf_vrrp *x = &c->vrrp[a], *y = &c->vrrp[b];
	int d = strcmp(iface(x), iface(y));

	if (!d)
		d = x->s.vrid - y->s.vrid;
	if (!d)
		d = family_of(c, x) - family_of(c, y);
	if (!d)
		d = cmp_bool(x->s.peers.n, y->s.peers.n);
	if (!d && x->s.peers.n)
		return addr_cmp(&c->peer[x->s.peers.first].s.addr,
				&c->peer[y->s.peers.first].s.addr);
	return d ? d : addr_cmp(&x->s.mcast_dst, &y->s.mcast_dst);
}

static void twice_vrid(const struct conf *c, uint32_t a, uint32_t b, struct err_list *errs)
{
	char there[CONF_PLACE_LEN];

	FAIL(c->vrrp[b].loc,
	     "vrrp_instances \"%s\": virtual_router_id %u on %s is used by \"%s\" (%s) already",
	     c->vrrp[b].s.name, c->vrrp[b].s.vrid, iface(&c->vrrp[b]), c->vrrp[a].s.name,
	     conf_place(c->vrrp[a].loc, c->vrrp[b].loc, there));
}

static void rule_vrid(const struct conf *c, struct err_list *errs)
{
	rule_find_twice(c, c->vrrp_n, cmp_vrid, twice_vrid, errs);
}

/* ------------------------------------------------------------------ groups and peers */

static void check_group(const struct ip_addr *a, uint8_t family, struct conf_loc loc,
			const char *key, struct err_list *errs)
{
	char text[ADDR_TEXT_LEN];

	if (a->family && (a->family != family || !addr_is_multicast(a)))
		FAIL(loc, "%s: %s is not a multicast address of IPv%d", key, addr_text(a, text),
		     family == AF_INET6 ? 6 : 4);
}

static void rule_groups(const struct conf *c, struct err_list *errs)
{
	check_group(&c->global.s.mcast_group4, AF_INET, c->global.loc, "vrrp_mcast_group4", errs);
	check_group(&c->global.s.mcast_group6, AF_INET6, c->global.loc, "vrrp_mcast_group6", errs);
	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		const struct conf_vrrp *in = &c->vrrp[i];

		check_group(&in->s.mcast_dst, family_of(c, in), in->loc, "mcast_dst_ip", errs);
		if (in->s.mcast_dst.family && in->s.peers.n)
			WARN(in->loc,
			     "vrrp_instances \"%s\": 'mcast_dst_ip' means nothing with "
			     "'unicast_peers'",
			     in->s.name);
	}
}

static void check_source(const struct conf_vrrp *in, const struct ip_addr *a, uint8_t family,
			 const char *key, struct err_list *errs)
{
	char text[ADDR_TEXT_LEN];

	if (a->family && (a->family != family || addr_is_multicast(a)))
		FAIL(in->loc, "vrrp_instances \"%s\": '%s': %s is not the address of an IPv%d host",
		     in->s.name, key, addr_text(a, text), family == AF_INET6 ? 6 : 4);
	else if (is_link_local(a) && !in->s.interface)
		FAIL(in->loc,
		     "vrrp_instances \"%s\": '%s': a link-local address needs an 'interface'",
		     in->s.name, key);
}

static void check_peer(const struct conf *c, const struct conf_vrrp *in, uint32_t k,
		       struct err_list *errs)
{
	const struct conf_peer *p = &c->peer[k];
	char text[ADDR_TEXT_LEN];

	(void)addr_text(&p->s.addr, text);
	if (p->s.addr.family != family_of(c, in) || addr_is_multicast(&p->s.addr))
		FAIL(p->loc, "unicast_peers %s: is not a host of the family of \"%s\"", text,
		     in->s.name);
	if (addr_eq(&p->s.addr, &in->s.unicast_src))
		FAIL(p->loc, "unicast_peers %s: is this router's own 'unicast_src_ip'", text);
	if (p->s.min_ttl > p->s.max_ttl)
		FAIL(p->loc, "unicast_peers %s: 'min_ttl' is above 'max_ttl'", text);
	for (uint32_t i = in->s.peers.first; i < k; i++)
		if (addr_eq(&c->peer[i].s.addr, &p->s.addr))
			FAIL(p->loc, "unicast_peers %s: is listed twice", text);
}

static void rule_peers(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		const struct conf_vrrp *in = &c->vrrp[i];

		check_source(in, &in->s.unicast_src, family_of(c, in), "unicast_src_ip", errs);
		check_source(in, &in->s.mcast_src, family_of(c, in), "mcast_src_ip", errs);
		for (uint32_t k = 0; k < in->s.peers.n; k++)
			check_peer(c, in, in->s.peers.first + k, errs);
		if (in->s.unicast_src.family && !in->s.peers.n && !in->s.unicast_fault_no_peer)
			WARN(in->loc,
			     "vrrp_instances \"%s\": has 'unicast_src_ip' but no 'unicast_peers': "
			     "it "
			     "speaks to the multicast group",
			     in->s.name);
	}
}

static void rule_advertised(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		const struct conf_vrrp *in = &c->vrrp[i];

		if (in->s.vips.n > ADVERTISED_MAX) /* V12 */
			WARN(in->loc,
			     "vrrp_instances \"%s\": an advert names at most %d addresses; the "
			     "others "
			     "are held but not told of",
			     in->s.name, ADVERTISED_MAX);
		if (in->s.vips.n && family_of(c, in) == AF_INET6 && !in->s.strict &&
		    !is_link_local(&c->vip[in->s.vips.first].s.prefix.addr)) /* V21 */
			WARN(in->loc,
			     "vrrp_instances \"%s\": the first IPv6 address should be a link-local "
			     "one (RFC 9568, 5.2.9)",
			     in->s.name);
	}
}

/* ------------------------------------------------------------------ election, authentication */

#define MEANS_NOTHING(in, what) WARN((in)->loc, "vrrp_instances \"%s\": " what, (in)->s.name)

static void rule_election(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		const struct conf_vrrp *in = &c->vrrp[i];
		const struct fields_vrrp *s = &in->s;
		bool is_master = s->state == CONF_STATE_MASTER;

		if (s->preempt_delay_us && s->nopreempt)
			MEANS_NOTHING(in, "'preempt_delay' means nothing with 'nopreempt'");
		if (s->late_backup && !s->nopreempt)
			MEANS_NOTHING(in, "'timer_expired_backup' needs 'nopreempt'");
		if (is_master && s->priority != OWNER_PRIORITY &&
		    (s->nopreempt || s->preempt_delay_us))
			MEANS_NOTHING(in, "'nopreempt' and 'preempt_delay' mean nothing with state "
					  "MASTER");
	}
}

static void rule_auth(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		const struct conf_vrrp *in = &c->vrrp[i];

		if (!in->s.auth.n)
			continue;
		if (in->s.version == 3)
			MEANS_NOTHING(in, "'authentication' means nothing in version 3");
		else if (in->s.hmac.n)
			MEANS_NOTHING(in, "'authentication' means nothing with 'auth_hmac'");
		else if (c->auth[in->s.auth.first].s.type == AUTH_AH &&
			 in->s.state == CONF_STATE_MASTER && in->s.priority != OWNER_PRIORITY)
			MEANS_NOTHING(in,
				      "with AH it begins as BACKUP whatever 'state' says: it must "
				      "learn a sequence number"); /* V122 */
	}
}

/* ------------------------------------------------------------------ strict mode */

#define STRICT(in, condition, what)                                                                \
	do {                                                                                       \
		if (condition)                                                                     \
			FAIL((in)->loc, "vrrp_instances \"%s\": 'strict_mode' " what,              \
			     (in)->s.name);                                                        \
	} while (0)

static void check_strict(const struct conf *c, const struct conf_vrrp *in, struct err_list *errs)
{
	const struct fields_vrrp *s = &in->s;
	bool is_owner = s->priority == OWNER_PRIORITY;
	bool is_v6 = s->vips.n && family_of(c, in) == AF_INET6;

	STRICT(in, is_owner != (s->state == CONF_STATE_MASTER),
	       "wants state MASTER for owners (priority 255), and for nobody else");
	STRICT(in, s->preempt_delay_us, "has no 'preempt_delay'");
	STRICT(in, s->peers.n, "has no 'unicast_peers'");
	STRICT(in, s->auth.n, "has no 'authentication'");
	STRICT(in, s->no_vips, "has no 'no_virtual_ipaddress'");
	STRICT(in, s->vmac_xmit_base, "has no 'vmac_xmit_base'");
	STRICT(in, s->vmac_mac, "has no MAC address of one's own");
	STRICT(in, s->hmac.n && c->hmac[s->hmac.first].s.mode != HMAC_ENFORCE,
	       "has 'auth_hmac' with mode \"enforce\" only");
	STRICT(in, is_v6 && !is_link_local(&c->vip[s->vips.first].s.prefix.addr),
	       "wants a link-local address as the first one of IPv6");
}

static void rule_strict(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vrrp_n; i++)
		if (c->vrrp[i].s.strict)
			check_strict(c, &c->vrrp[i], errs);
}

const struct rule conf_rules_wire[] = {
	{ "a VRID is used once on an interface", rule_vrid },
	{ "groups are multicast addresses of the right family", rule_groups },
	{ "peers are other hosts of the right family", rule_peers },
	{ "an advert can name all addresses", rule_advertised },
	{ "settings of the election fit together", rule_election },
	{ "authentication is used", rule_auth },
	{ "strict mode has nothing that the RFC has not", rule_strict },
	{ NULL, NULL },
};
