/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Every packet that a router sends is looked at here, byte by byte and not by vipd's decoder: what the
 * statements say of headers, addresses and counts.
 */
#include "sim.h"

#include <string.h>

enum { ID_STEP_MAX = 256 };

#define RIGHT(r, cond, says)                                                                       \
	do {                                                                                       \
		if (!(cond))                                                                       \
			sim_fail("router %u: %s: not so: %s", (r)->index, says, #cond);            \
	} while (0)

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)(at[0] << 8 | at[1]);
}

/* What an instance's advert is of. */
struct sent {
	const struct sim_inst *s;
	const struct sim_packet *p;
	const uint8_t *msg; /* the VRRP message */
	uint8_t addr_len, head_len;
};

static void look_at_v4(struct sim_router *r, unsigned i, const struct sent *x)
{
	const uint8_t *ip = x->p->data;
	static const uint8_t group[] = { 224, 0, 0, 18 };
	struct ip_addr own = router_addr(r, x->s->net, AF_INET);
	uint8_t proto = x->s->auth == SIM_AUTH_AH ? PKT_PROTO_AH : PKT_PROTO;
	uint32_t id = get16(ip + 4);

	RIGHT(r, ip[0] == 0x45 && !get16(ip + 6), "V8: no options, no fragments");
	RIGHT(r, ip[1] == 0xc0, "V7: the class of service");
	/* by one; more when some could not be sent */
	RIGHT(r, id && (!r->ip_id[i] || (uint16_t)(id - r->ip_id[i] - 1) < ID_STEP_MAX),
	      "V8: the identification grows");
	r->ip_id[i] = id;
	RIGHT(r, ip[9] == proto, "V1: the protocol");
	RIGHT(r, x->s->is_unicast || ip[8] == 255, "V1: the TTL");
	RIGHT(r, x->s->is_unicast || !memcmp(ip + 16, group, 4), "V1: the group");
	RIGHT(r, !r->link[x->s->net].has_address || !memcmp(ip + 12, own.byte, 4),
	      "V3: the interface's own address");
	RIGHT(r, get16(ip + 2) == x->p->len, "V11: the length");
}

static void look_at_v6(struct sim_router *r, const struct sent *x)
{
	static const struct ip_addr group = { .family = AF_INET6,
					      .byte = { 0xff, 0x02, [15] = 0x12 } };
	struct ip_addr own = router_addr(r, x->s->net, AF_INET6);

	RIGHT(r, x->s->is_unicast || x->p->hops == 255, "V2: the hop limit");
	RIGHT(r, x->s->is_unicast || addr_eq(&x->p->dst, &group), "V2: the group");
	RIGHT(r, addr_eq(&x->p->src, &own), "V4: the interface's link-local address");
}

/* V12: as many as fit, and the others are not named. */
static unsigned addresses_n(const struct sim_router *r, const struct sent *x)
{
	uint32_t mtu = r->link[x->s->net].mtu;
	bool is_v6 = x->addr_len == 16;
	uint32_t head = is_v6 ? 40 + 8 + 28 : 20 + 24 + 8 + 8 + 28,
		 room_n = (mtu - head) / x->addr_len;
	unsigned all_n = is_v6 ? 2 : 1;

	return room_n < all_n ? room_n : all_n;
}

static void look_at_message(const struct sim_router *r, unsigned i, const struct sent *x)
{
	const uint8_t *m = x->msg;
	unsigned n = addresses_n(r, x);
	uint32_t len = 8 + n * x->addr_len + (x->s->version == 2 ? 8 : 0) +
		       (x->s->auth == SIM_AUTH_HMAC ? 28 : 0);

	RIGHT(r, m[0] == (x->s->version << 4 | 1), "V14: version and type");
	RIGHT(r, m[1] == x->s->vrid, "V15: the number");
	RIGHT(r, !m[2] || !r->is_modelled || m[2] == r->model[i].prio,
	      "V16: the priority in effect");
	RIGHT(r, m[3] == n, "V17: the count");
	if (x->s->version == 2) {
		RIGHT(r, m[4] == (x->s->auth == SIM_AUTH_HMAC ? 0 : x->s->auth), "V112: the kind");
		RIGHT(r, m[5] == x->s->adv_us / 1000000, "V18: whole seconds");
	} else {
		RIGHT(r, get16(m + 4) == x->s->adv_us / 10000, "V19: hundredths, nothing above");
	}
	RIGHT(r, x->p->len - x->head_len == len, "V23, V24: eight bytes in version 2 alone");
}

/* V13: one at a time to the group, and one to each peer. */
static void look_at_copies(struct sim_router *r, unsigned i, const struct sent *x)
{
	unsigned max = x->s->is_unicast ? SIM_ROUTERS_N - 1 : 1;

	r->copies_n[i] = r->copy_us[i] == sim.now_us && r->copy_turn[i] == r->turn_n
				 ? r->copies_n[i] + 1
				 : 1;
	r->copy_us[i] = sim.now_us;
	r->copy_turn[i] = r->turn_n;
	/* a farewell or a resignation may follow an advert in the same turn */
	RIGHT(r, r->copies_n[i] <= 3 * max, "V13: one advert, one copy for each");
}

void wire_check(struct sim_router *r, const struct sim_packet *p)
{
	bool is_v6 = p->port == SOCK_V6;
	struct sent x = {
		.p = p,
		.addr_len = is_v6 ? 16 : 4,
		.head_len = is_v6                ? 0
			    : p->port == SOCK_AH ? PKT_IP_LEN + PKT_AH_LEN
						 : PKT_IP_LEN,
	};

	x.msg = p->data + x.head_len;
	for (unsigned i = 0; i < SIM_INSTS_N; i++) {
		x.s = &r->conf.inst[i];
		if (!x.s->is_there || x.s->vrid != x.msg[1] || x.s->net != p->net ||
		    (x.s->family == AF_INET6) != is_v6)
			continue;
		if (is_v6)
			look_at_v6(r, &x);
		else
			look_at_v4(r, i, &x);
		look_at_message(r, i, &x);
		look_at_copies(r, i, &x);
		r->advert_us[i] = sim.now_us;
		r->advert_n[i]++;
		r->resign_n[i] += !x.msg[2];
		sim_note("advert vrid=%u prio=%u", x.msg[1], x.msg[2]);
	}
}
