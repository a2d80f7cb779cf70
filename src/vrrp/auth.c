/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See auth.h. Layouts: RFC 2402 section 2 for AH; the trailer as in the statements V124 to V126.
 */
#include "vrrp/auth.h"

#include "core/bug.h"
#include "core/clock.h"

#include <nettle/memops.h>
#include <string.h>

enum {
	/* offsets in AH */
	A_SPI = 4,
	A_SEQ = 8,
	A_ICV = 12,
	ICV_LEN = 12,

	/* offsets in the IPv4 header */
	H_TOS = 1,
	H_TOTAL = 2,
	H_FRAG = 6,
	H_TTL = 8,
	H_SUM = 10,

	/* offsets in the message */
	M_VRID = 1,
	M_SUM = 6,

	/* offsets in the trailer */
	T_TYPE = 0,
	T_KEY = 1,
	T_ZERO = 2,
	T_SEQ = 4, /* seconds, fraction and counter: 64 bits that grow */
	T_HMAC = 12,
	HMAC_LEN = 16,
	TRAILER_SHA256 = 1,

	PSEUDO_LEN = 20,
	WINDOW_MIN_S = 5,
	WINDOW_MAX_S = 300,

	AH_CLOSE_N =
		256, /* numbers between two routers that count alike: adverts have 255 copies at most */
};

#define AH_SEQ_LAST UINT32_C(0xfffffffd)

_Static_assert((int)T_HMAC + HMAC_LEN == PKT_TRAILER_LEN, "layout of the trailer");
_Static_assert((int)A_ICV + ICV_LEN == PKT_AH_LEN, "layout of AH");

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static uint64_t get64(const uint8_t *p)
{
	return (uint64_t)get32(p) << 32 | get32(p + 4);
}

/* ------------------------------------------------------------------ settings */

void auth_set_pass(struct auth *a, enum auth_kind kind, const char *pass)
{
	size_t len = strnlen(pass, AUTH_PASS_LEN);

	*a = (struct auth){ .kind = len ? kind : AUTH_KIND_NONE };
	memcpy(a->pass, pass, len);
	/* just the eight bytes are the key, with their zeros (V118) */
	hmac_md5_set_key(&a->ah, AUTH_PASS_LEN, a->pass);
}

void auth_set_key(struct auth_key *k, uint8_t id, const uint8_t *key, size_t len)
{
	BUG_ON(len < CONF_KEY_MIN_LEN || len > CONF_KEY_MAX_LEN);
	k->id = id;
	hmac_sha256_set_key(&k->ctx, len, key);
}

int64_t auth_window_s(int64_t adv_int_us)
{
	int64_t s = 3 * (adv_int_us / SEC(1));

	if (s < WINDOW_MIN_S)
		return WINDOW_MIN_S;
	return s > WINDOW_MAX_S ? WINDOW_MAX_S : s;
}

enum pkt_auth auth_type_of(const struct auth *a)
{
	if (!a || a->kind == AUTH_KIND_NONE || a->kind == AUTH_KIND_HMAC)
		return PKT_AUTH_NONE;
	return a->kind == AUTH_KIND_PASS ? PKT_AUTH_PASS : PKT_AUTH_AH;
}

bool auth_takes_trailer(const struct auth *a)
{
	return a && a->kind == AUTH_KIND_HMAC;
}

bool auth_sends_trailer(const struct auth *a)
{
	return auth_takes_trailer(a) && a->mode != AUTH_RECEIVE_ONLY;
}

/* ------------------------------------------------------------------ AH */

/* V118: what routers on the way may change counts as zero; the TTL only over unicast, since to the
 * group there is no way. */
static void hash_ip(struct hmac_md5_ctx *ctx, const uint8_t *ip, size_t ip_len, bool is_multicast)
{
	uint8_t copy[60];

	BUG_ON(ip_len > sizeof(copy));
	memcpy(copy, ip, ip_len);
	copy[H_TOS] = 0;
	memset(copy + H_FRAG, 0, 2);
	memset(copy + H_SUM, 0, 2);
	if (!is_multicast)
		copy[H_TTL] = 0;
	hmac_md5_update(ctx, ip_len, copy);
}

static void ah_icv(struct auth *a, const uint8_t *ip, size_t ip_len, bool is_multicast,
		   const uint8_t *ah, const uint8_t *msg, size_t msg_len, uint8_t icv[ICV_LEN])
{
	static const uint8_t zero[ICV_LEN];

	hash_ip(&a->ah, ip, ip_len, is_multicast);
	hmac_md5_update(&a->ah, A_ICV, ah);
	hmac_md5_update(&a->ah, ICV_LEN, zero);
	hmac_md5_update(&a->ah, msg_len, msg);
	hmac_md5_digest(&a->ah, ICV_LEN, icv);
}

static enum vrrp_drop ah_check(struct auth *a, struct auth_run *run, const struct pkt_in *in)
{
	size_t ip_len = in->ip_len - PKT_AH_LEN;
	uint32_t seq = get32(in->ah + A_SEQ);
	bool is_old = seq <= run->ah_seq && !run->is_ah_cycled;
	uint8_t icv[ICV_LEN];

	if (memcmp(in->ah + A_SPI, in->src.byte, 4) != 0) /* V117 */
		return VRRP_DROP_AUTH_FAIL;
	/* before the hash: a flood of what was sent once costs little */
	if (is_old && run->ah_seq - seq >= AH_CLOSE_N)
		return VRRP_DROP_REPLAY;
	ah_icv(a, in->ip, ip_len, addr_is_multicast(&in->dst), in->ah, in->msg,
	       in->total_len - in->ip_len, icv);
	if (!memeql_sec(icv, in->ah + A_ICV, ICV_LEN))
		return VRRP_DROP_AUTH_FAIL;
	run->has_ah_met = true;
	if (is_old)
		return VRRP_DROP_REPLAY;
	run->ah_seq = seq;
	return VRRP_DROP_NONE;
}

/* Routers that became active at the same moment count alike and send at the same time: each has used the
 * other's number when it arrives, and drops it, for as long as their clocks agree. Steps that differ part
 * them: 1 .. AH_CLOSE_N, from the address and the number. An active one that meets nobody counts by one. */
static uint32_t ah_step(struct auth_run *run, const struct pkt_route *route)
{
	uint32_t mix = (get32(route->src.byte) ^ run->ah_seq) * UINT32_C(0x9e3779b1);

	if (!run->has_ah_met)
		return 1;
	run->has_ah_met = false;
	return 1 + mix / (UINT32_MAX / AH_CLOSE_N + 1);
}

static void ah_sign(struct auth *a, struct auth_run *run, const struct pkt_route *route,
		    const struct pkt_out *out)
{
	uint32_t step = ah_step(run, route);

	if (run->ah_seq >= AH_SEQ_LAST)
		run->is_ah_cycled = true;
	else
		run->ah_seq += step < AH_SEQ_LAST - run->ah_seq ? step : AH_SEQ_LAST - run->ah_seq;
	memcpy(out->ah + A_SPI, route->src.byte, 4);
	put32(out->ah + A_SEQ, run->ah_seq);
	ah_icv(a, out->ip, PKT_IP_LEN, addr_is_multicast(&route->dst), out->ah, out->msg,
	       out->msg_len, out->ah + A_ICV);
}

/* ------------------------------------------------------------------ the trailer */

/* V125: family, version, number and source first; the message with its checksum as zero; the trailer
 * with its signature as zero. */
static void hmac_of(struct auth_key *k, const struct ip_addr *src, const uint8_t *msg,
		    size_t msg_len, const uint8_t *trailer, uint8_t hmac[HMAC_LEN])
{
	static const uint8_t zero[HMAC_LEN];
	uint8_t pseudo[PSEUDO_LEN] = { src->family == AF_INET6 ? 6 : 4, msg[0] >> 4, msg[M_VRID] };

	memcpy(pseudo + 4, src->byte, addr_len(src->family));
	hmac_sha256_update(&k->ctx, sizeof(pseudo), pseudo);
	hmac_sha256_update(&k->ctx, M_SUM, msg);
	hmac_sha256_update(&k->ctx, 2, zero);
	hmac_sha256_update(&k->ctx, msg_len - M_SUM - 2, msg + M_SUM + 2);
	hmac_sha256_update(&k->ctx, T_HMAC, trailer);
	hmac_sha256_update(&k->ctx, HMAC_LEN, zero);
	hmac_sha256_digest(&k->ctx, HMAC_LEN, hmac);
}

static struct auth_key *find_key(struct auth *a, uint8_t id)
{
	for (uint32_t i = 0; i < a->key_n; i++)
		if (a->key[i].id == id)
			return &a->key[i];
	return NULL;
}

/* RFC 1982. */
static bool is_after(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) > 0;
}

/* The place of this sender; when it has none, that of the one not heard for longest. Only behind the
 * signature: strangers can't push anybody out. */
static struct auth_seen *place_of(struct auth_run *run, const struct ip_addr *addr)
{
	struct auth_seen *oldest = &run->seen[0];

	for (unsigned i = 0; i < AUTH_SENDERS_N; i++) {
		struct auth_seen *s = &run->seen[i];

		if (s->used && addr_eq(&s->addr, addr))
			return s;
		if (s->used < oldest->used)
			oldest = s;
	}
	*oldest = (struct auth_seen){ .addr = *addr };
	return oldest;
}

/* A time stamp from when a clock was wrong: it has been set back since. Nobody with the right time would
 * believe a number that goes on from there, and what was sent then is refused by its time alone; so it is
 * forgotten, by the sender and by who heard it. */
static bool is_of_other_clock(const struct auth *a, uint64_t seq, struct auth_time now)
{
	return a->is_timed && (int32_t)((uint32_t)(seq >> 32) - now.s) > a->window_s;
}

static enum vrrp_drop seq_check(struct auth_run *run, struct auth_seen *s, uint64_t seq,
				bool is_forgotten)
{
	if (s->used && !is_forgotten && !is_after(seq, s->seq))
		return VRRP_DROP_REPLAY;
	s->seq = seq;
	s->used = ++run->rank ? run->rank : ++run->rank;
	return VRRP_DROP_NONE;
}

static enum vrrp_drop hmac_check(struct auth *a, struct auth_run *run, struct auth_seen *peer,
				 const struct pkt_in *in, const struct pkt_advert *adv,
				 struct auth_time now)
{
	const uint8_t *t = adv->trailer;
	uint8_t hmac[HMAC_LEN];

	if (!t)
		return a->mode == AUTH_ENFORCE ? VRRP_DROP_AUTH : VRRP_DROP_NONE;
	if (t[T_TYPE] != TRAILER_SHA256 || t[T_ZERO] || t[T_ZERO + 1])
		return VRRP_DROP_AUTH;
	if (a->is_timed) {
		int32_t off_s = (int32_t)(now.s - get32(t + T_SEQ));

		if (off_s > a->window_s || off_s < -a->window_s)
			return VRRP_DROP_AUTH_STALE;
	}

	struct auth_key *k = find_key(a, t[T_KEY]);

	if (!k)
		return VRRP_DROP_AUTH_KEY;
	hmac_of(k, &in->src, in->msg, (size_t)(t - in->msg), t, hmac);
	if (!memeql_sec(hmac, t + T_HMAC, HMAC_LEN))
		return VRRP_DROP_AUTH_FAIL;
	peer = peer ? peer : place_of(run, &in->src);
	return seq_check(run, peer, get64(t + T_SEQ), is_of_other_clock(a, peer->seq, now));
}

/* The clock, or one more than the last: it grows although the clock may stand or go back a little. */
static uint64_t next_seq(const struct auth *a, struct auth_run *run, struct auth_time now)
{
	uint64_t clock = (uint64_t)now.s << 32 | (uint64_t)now.frac << 16;
	bool is_new = !run->tx_seq || is_of_other_clock(a, run->tx_seq, now);

	run->tx_seq = is_new || is_after(clock, run->tx_seq) ? clock : run->tx_seq + 1;
	return run->tx_seq;
}

static void hmac_sign(struct auth *a, struct auth_run *run, const struct pkt_route *route,
		      const struct pkt_out *out, struct auth_time now)
{
	struct auth_key *k = find_key(a, a->active);
	uint64_t seq = next_seq(a, run, now);
	uint8_t *t = out->trailer;

	BUG_ON(!k);
	t[T_TYPE] = TRAILER_SHA256;
	t[T_KEY] = k->id;
	put32(t + T_SEQ, (uint32_t)(seq >> 32));
	put32(t + T_SEQ + 4, (uint32_t)seq);
	hmac_of(k, &route->src, out->msg, out->msg_len, t, t + T_HMAC);
}

/* ------------------------------------------------------------------ all kinds */

enum vrrp_drop auth_check(struct auth *a, struct auth_run *run, struct auth_seen *peer,
			  const struct pkt_in *in, const struct pkt_advert *adv,
			  struct auth_time now)
{
	if (!a)
		return VRRP_DROP_NONE;
	switch (a->kind) {
	case AUTH_KIND_NONE:
		break;
	case AUTH_KIND_PASS: /* V113 */
		return memeql_sec(adv->auth, a->pass, AUTH_PASS_LEN) ? VRRP_DROP_NONE
								     : VRRP_DROP_AUTH_FAIL;
	case AUTH_KIND_AH:
		return ah_check(a, run, in);
	case AUTH_KIND_HMAC:
		return hmac_check(a, run, peer, in, adv, now);
	}
	return VRRP_DROP_NONE;
}

void auth_sign(struct auth *a, struct auth_run *run, const struct pkt_route *route,
	       const struct pkt_out *out, struct auth_time now)
{
	if (out->ah)
		ah_sign(a, run, route, out);
	if (out->trailer)
		hmac_sign(a, run, route, out, now);
}

void auth_begin(struct auth_run *run)
{
	if (!run->is_ah_cycled)
		return;
	run->is_ah_cycled = false;
	run->ah_seq = 0;
}
