/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The VRRP decoder and what authenticates: any bytes at all, over both families, for any configuration.
 * What is accepted is within bounds, and encodes to a packet that says the same and is accepted again.
 */
#include "core/bug.h"
#include "core/clock.h"
#include "vrrp/auth.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { HEAD_LEN = 2 + 32 }; /* what is configured, how it came; source and destination of IPv6 */

/* Configurations of auth.h; the bytes of a corpus were signed with these. */
static struct auth auths[4];
static struct auth_key key;

static void make_auths(void)
{
	static const uint8_t secret[CONF_KEY_MIN_LEN] = "0123456789abcdef0123456789abcde";

	auth_set_pass(&auths[AUTH_KIND_PASS], AUTH_KIND_PASS, "s3cret");
	auth_set_pass(&auths[AUTH_KIND_AH], AUTH_KIND_AH, "s3cret");
	auth_set_key(&key, 1, secret, sizeof(secret));
	auths[AUTH_KIND_HMAC] = (struct auth){
		.kind = AUTH_KIND_HMAC,
		.key = &key,
		.key_n = 1,
		.active = 1,
		.mode = AUTH_PERMISSIVE,
		.window_s = 5,
	};
}

static bool reopen(const struct pkt_out *out, const struct pkt_route *route, struct pkt_in *in)
{
	if (out->ip)
		return pkt_open_v4(out->ip, out->len, in);
	return pkt_open_v6(out->msg, out->len, &route->src.v6, &route->dst.v6, route->ttl, in);
}

static bool signs(const struct auth *auth)
{
	return auth->kind == AUTH_KIND_AH || auth->kind == AUTH_KIND_HMAC;
}

static void check_round_trip(const struct pkt_in *in, const struct pkt_expect *x,
			     const struct pkt_advert *a, struct auth *auth, struct auth_time now)
{
	struct auth_run tx = { 0 }, rx = { 0 };
	uint8_t buf[PKT_MAX_LEN];
	struct pkt_route route = {
		.src = in->src,
		.dst = in->dst,
		.ip_id = 1,
		.ttl = PKT_TTL,
		.has_ah = auth->kind == AUTH_KIND_AH,
		.has_trailer = auth->kind == AUTH_KIND_HMAC,
	};
	struct pkt_out out;
	struct pkt_in again;
	struct pkt_advert b;

	pkt_encode(a, &route, buf, &out);
	auth_sign(auth, &tx, &route, &out, now);
	if (!out.ip)
		pkt_seal(a, &route, &out);
	BUG_ON(!reopen(&out, &route, &again));
	BUG_ON(pkt_decode(&again, x, &b));
	BUG_ON(signs(auth) && auth_check(auth, &rx, NULL, &again, &b, now));
	BUG_ON(signs(auth) && auth_check(auth, &rx, NULL, &again, &b, now) != VRRP_DROP_REPLAY);
	BUG_ON(a->version != b.version || a->vrid != b.vrid || a->prio != b.prio);
	BUG_ON(a->adv_int_us != b.adv_int_us || a->addr_n != b.addr_n);
	BUG_ON(memcmp(a->addr, b.addr, (size_t)a->addr_n * addr_len(a->family)));
}

static void check_bounds(const struct pkt_in *in, const struct pkt_advert *a)
{
	const uint8_t *end = in->msg + in->msg_len;

	BUG_ON(a->adv_int_us <= 0 || a->adv_int_us > SEC(255));
	BUG_ON(!a->addr_n || a->addr < in->msg);
	BUG_ON(a->addr + (size_t)a->addr_n * addr_len(a->family) > end);
	BUG_ON(a->auth && a->auth + PKT_AUTH_LEN > end);
	BUG_ON(a->trailer && a->trailer + PKT_TRAILER_LEN > end);
}

static void try(const struct pkt_in *in, const uint8_t *head)
{
	struct auth *auth = &auths[head[0] >> 2 & 3];
	struct auth_run run = { 0 };
	struct auth_time now = { .s = 0 };
	bool is_old = auth->kind == AUTH_KIND_PASS || auth->kind == AUTH_KIND_AH;
	struct pkt_advert a;
	struct pkt_expect x = {
		/* those two are of version 2, which is IPv4's */
		.version = is_old || (in->ip && head[0] & 1) ? 2 : 3,
		.is_unicast = head[0] & 2,
		.dst = in->dst,
		.adv_int_us = SEC(1),
		.auth = (uint8_t)auth_type_of(auth),
		.takes_trailer = auth_takes_trailer(auth),
	};

	if ((is_old && !in->ip) || pkt_decode(in, &x, &a))
		return;
	check_bounds(in, &a);
	(void)pkt_list_sum(a.addr, a.addr_n, addr_len(a.family));
	/* a wall clock that is right, or not asked */
	auth->is_timed = head[0] & 0x10;
	memcpy(&now.s, head + 2, sizeof(now.s));
	if (!auth_check(auth, &run, NULL, in, &a, now) && (a.trailer || in->ah))
		BUG_ON(auth_check(auth, &run, NULL, in, &a, now) != VRRP_DROP_REPLAY);
	check_round_trip(in, &x, &a, auth, now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pkt_in in;
	struct in6_addr src, dst;

	if (len < HEAD_LEN)
		return 0;
	if (!key.id)
		make_auths();
	memcpy(&src, data + 2, sizeof(src));
	memcpy(&dst, data + 18, sizeof(dst));
	if (data[0] & 0x80 ? pkt_open_v6(data + HEAD_LEN, len - HEAD_LEN, &src, &dst, data[1], &in)
			   : pkt_open_v4(data + HEAD_LEN, len - HEAD_LEN, &in))
		try(&in, data);
	return 0;
}
