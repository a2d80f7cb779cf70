/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See pkt.h. Layouts: RFC 3768 section 5.1, RFC 9568 section 5.1; numbers V.. are the statements of
 * conformance that the tests name.
 */
#include "vrrp/pkt.h"

#include "core/clock.h"

#include <string.h>

enum {
	TYPE_ADVERT = 1,
	PAD_MAX_LEN = 46, /* payload of the shortest Ethernet frame */

	/* offsets in the IP header */
	H_TOS = 1,
	H_TOTAL = 2,
	H_ID = 4,
	H_TTL = 8,
	H_PROTO = 9,
	H_SUM = 10,
	H_SRC = 12,
	H_DST = 16,

	/* offsets in the AH header */
	A_NEXT = 0,
	A_LEN = 1, /* in words of 32 bits, less two */
	AH_WORDS = PKT_AH_LEN / 4 - 2,

	/* offsets in the message */
	M_VERSION = 0,
	M_VRID = 1,
	M_PRIO = 2,
	M_COUNT = 3,
	M_AUTH = 4, /* version 2: type; version 3: upper bits of the interval */
	M_INT = 5,
	M_SUM = 6,
};

const char *const vrrp_drop_name[VRRP_DROP_N] = { [VRRP_DROP_NONE] = "none",
#define DROP(sym, name, text) [VRRP_DROP_##sym] = name,
						  VRRP_DROPS(DROP)
#undef DROP
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* ------------------------------------------------------------------ checksums */

/* RFC 1071, before folding. len is even and at most some kilobytes, so it can't overflow. */
static uint32_t sum_add(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i += 2)
		sum += get16(p + i);
	return sum;
}

static uint16_t sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* The pseudo header: source, destination, 0, protocol, length (V27, V29). */
static uint32_t sum_pseudo(const struct ip_addr *src, const struct ip_addr *dst, size_t len)
{
	unsigned n = addr_len(src->family);

	return sum_add(sum_add(PKT_PROTO + (uint32_t)len, src->byte, n), dst->byte, n);
}

static bool is_sum_v6_good(const struct pkt_in *in, size_t len)
{
	return sum_fold(sum_add(sum_pseudo(&in->src, &in->dst, len), in->msg, len)) == 0xffff;
}

static bool is_sum_good(const struct pkt_in *in, const struct pkt_expect *x, size_t msg_len,
			enum pkt_sum *sum)
{
	const struct ip_addr group = addr_v4(htonl(PKT_GROUP_V4));
	uint32_t over_msg = sum_add(0, in->msg, msg_len);

	*sum = PKT_SUM_MESSAGE;
	if (x->version == 2 || sum_fold(over_msg) == 0xffff) /* V26, V28 */
		return sum_fold(over_msg) == 0xffff;
	*sum = PKT_SUM_PSEUDO;
	if (sum_fold(over_msg + sum_pseudo(&in->src, &in->dst, msg_len)) == 0xffff)
		return true;
	*sum = PKT_SUM_GROUP;
	return x->is_unicast && !x->no_group_sum &&
	       sum_fold(over_msg + sum_pseudo(&in->src, &group, msg_len)) == 0xffff;
}

/* ------------------------------------------------------------------ decode */

static size_t msg_len_of(uint8_t family, uint8_t version, uint8_t addr_n)
{
	return PKT_HDR_LEN + (size_t)addr_n * addr_len(family) + (version == 2 ? PKT_AUTH_LEN : 0);
}

/* What is behind the IPv4 header: AH first, or the message. False: neither (V123, V137). */
static bool open_payload(struct pkt_in *in, const uint8_t *data, size_t len)
{
	uint8_t proto = data[H_PROTO];

	if (proto == PKT_PROTO_AH) {
		const uint8_t *ah = data + in->ip_len;

		if (len < in->ip_len + PKT_AH_LEN || ah[A_NEXT] != PKT_PROTO ||
		    ah[A_LEN] != AH_WORDS)
			return false;
		in->ah = ah;
		in->ip_len += PKT_AH_LEN;
		proto = PKT_PROTO;
	}
	if (proto != PKT_PROTO || len < in->ip_len + PKT_HDR_LEN)
		return false;
	in->msg = data + in->ip_len;
	in->msg_len = len - in->ip_len;
	in->vrid = in->msg[M_VRID];
	return true;
}

bool pkt_open_v4(const uint8_t *data, size_t len, struct pkt_in *in)
{
	if (len < PKT_IP_LEN || data[0] >> 4 != 4)
		return false;

	size_t ip_len = (size_t)(data[0] & 0xf) * 4;

	if (ip_len < PKT_IP_LEN || len < ip_len)
		return false;
	*in = (struct pkt_in){
		.src.family = AF_INET,
		.dst.family = AF_INET,
		.ip = data,
		.ip_len = ip_len,
		.total_len = get16(data + H_TOTAL),
		.ttl = data[H_TTL],
	};
	memcpy(in->src.byte, data + H_SRC, 4);
	memcpy(in->dst.byte, data + H_DST, 4);
	return open_payload(in, data, len);
}

bool pkt_open_v6(const uint8_t *msg, size_t len, const struct in6_addr *src,
		 const struct in6_addr *dst, int hop_limit, struct pkt_in *in)
{
	if (len < PKT_HDR_LEN)
		return false;
	*in = (struct pkt_in){
		.src = { .family = AF_INET6, .v6 = *src },
		.dst = { .family = AF_INET6, .v6 = *dst },
		.msg = msg,
		.msg_len = len,
		.total_len = len,
		.ttl = (int16_t)hop_limit,
		.vrid = msg[M_VRID],
	};
	return true;
}

/* V40, V42, V43: exact, but for the padding of a short Ethernet frame, tagged or not. Such frames
 * are filled to 46 or 42 bytes, and our packets are multiples of four. */
static bool is_length_good(const struct pkt_in *in, size_t msg_len)
{
	size_t len = in->ip_len + in->msg_len;
	size_t need = in->ip_len + msg_len;

	if (len == need)
		return in->total_len == need;
	return in->ip && len > need && len <= PAD_MAX_LEN && (len - need) % 4 == 2 &&
	       (in->total_len == need || in->total_len == len);
}

/* The trailer is there when the message is longer by just that. */
static enum vrrp_drop measure(const struct pkt_in *in, const struct pkt_expect *x,
			      struct pkt_advert *out, size_t *sum_len)
{
	size_t msg_len = msg_len_of(in->src.family, x->version, in->msg[M_COUNT]);

	out->trailer = NULL;
	*sum_len = msg_len;
	if (is_length_good(in, msg_len))
		return VRRP_DROP_NONE;
	if (!x->takes_trailer || !is_length_good(in, msg_len + PKT_TRAILER_LEN))
		return VRRP_DROP_LENGTH;
	out->trailer = in->msg + msg_len;
	if (!in->ip) /* V124: over IPv6 the checksum covers it */
		*sum_len += PKT_TRAILER_LEN;
	return VRRP_DROP_NONE;
}

int64_t pkt_wire_int_us(uint8_t version, int64_t adv_int_us)
{
	int64_t unit_us = version == 2 ? SEC(1) : CS(1);
	int64_t max = version == 2 ? PKT_ADV_S_MAX : PKT_ADV_CS_MAX;
	int64_t n = (adv_int_us + unit_us / 2) / unit_us;

	if (n < 1)
		n = 1;
	return (n > max ? max : n) * unit_us;
}

static int64_t interval_of(const uint8_t *msg, uint8_t version)
{
	if (version == 2)
		return SEC(msg[M_INT]);
	/* the four bits above are reserved: ignored (V19) */
	return CS((msg[M_AUTH] & 0xf) << 8 | msg[M_INT]);
}

/* V46: zero would make us take over at once. V48: version 2 must agree; V49: version 3 learns. */
static bool is_interval_good(const struct pkt_expect *x, int64_t adv_int_us)
{
	if (!adv_int_us)
		return false;
	return x->version != 2 || adv_int_us == pkt_wire_int_us(2, x->adv_int_us);
}

/* Where it comes from and goes to, and what it claims to be. */
static enum vrrp_drop check_head(const struct pkt_in *in, const struct pkt_expect *x)
{
	if (in->ttl != PKT_TTL && !x->is_unicast) /* V36, V37 */
		return VRRP_DROP_TTL;
	/* V54 */
	if (x->dst.family ? !addr_eq(&in->dst, &x->dst) : addr_is_multicast(&in->dst))
		return VRRP_DROP_DEST;
	if (in->msg[M_VERSION] >> 4 != x->version) /* V38 */
		return VRRP_DROP_VERSION;
	if ((in->msg[M_VERSION] & 0xf) != TYPE_ADVERT) /* V39 */
		return VRRP_DROP_TYPE;
	return VRRP_DROP_NONE;
}

/* The trailer replaces the types of version 2; else the type must be ours, and AH be there just when
 * it says so (V115, V116). */
static bool is_auth_kind_good(const struct pkt_in *in, const struct pkt_expect *x)
{
	uint8_t want = x->takes_trailer ? PKT_AUTH_NONE : x->auth;

	if (!in->ah != (want != PKT_AUTH_AH))
		return false;
	return x->version != 2 || in->msg[M_AUTH] == want;
}

enum vrrp_drop pkt_decode(const struct pkt_in *in, const struct pkt_expect *x,
			  struct pkt_advert *out)
{
	const uint8_t *msg = in->msg;
	size_t sum_len = 0;
	enum vrrp_drop why = check_head(in, x);

	if (!why)
		why = measure(in, x, out, &sum_len);
	if (why)
		return why;
	/* before what is in it is believed, and told */
	out->sum = PKT_SUM_PSEUDO;
	if (in->ip ? !is_sum_good(in, x, sum_len, &out->sum) : !is_sum_v6_good(in, sum_len))
		return VRRP_DROP_CHECKSUM;
	if (!msg[M_COUNT]) /* V45 */
		return VRRP_DROP_COUNT;
	if (!is_auth_kind_good(in, x))
		return VRRP_DROP_AUTH;
	out->adv_int_us = interval_of(msg, x->version);
	if (!is_interval_good(x, out->adv_int_us))
		return VRRP_DROP_INTERVAL;
	out->family = in->src.family;
	out->version = x->version;
	out->vrid = msg[M_VRID];
	out->prio = msg[M_PRIO];
	out->addr_n = msg[M_COUNT];
	out->addr = msg + PKT_HDR_LEN;
	out->auth_type = x->version == 2 ? msg[M_AUTH] : PKT_AUTH_NONE;
	out->auth =
		x->version == 2 ? out->addr + (size_t)out->addr_n * addr_len(out->family) : NULL;
	return VRRP_DROP_NONE;
}

/* ------------------------------------------------------------------ encode */

/* The kernel fills the checksum of the IP header too; it is right here for whoever reads the bytes
 * before. */
static void encode_ip(const struct pkt_route *route, size_t total_len, uint8_t *ip)
{
	memset(ip, 0, PKT_IP_LEN);
	ip[0] = 0x45;
	ip[H_TOS] = PKT_TOS;
	put16(ip + H_TOTAL, total_len);
	put16(ip + H_ID, route->ip_id);
	ip[H_TTL] = route->ttl;
	ip[H_PROTO] = route->has_ah ? PKT_PROTO_AH : PKT_PROTO;
	memcpy(ip + H_SRC, route->src.byte, 4);
	memcpy(ip + H_DST, route->dst.byte, 4);
	put16(ip + H_SUM, (uint16_t)~sum_fold(sum_add(0, ip, PKT_IP_LEN)));
}

static void encode_msg(const struct pkt_advert *a, uint8_t *msg, size_t len)
{
	int64_t wire_us = pkt_wire_int_us(a->version, a->adv_int_us);

	memset(msg, 0, len);
	msg[M_VERSION] = (uint8_t)(a->version << 4 | TYPE_ADVERT);
	msg[M_VRID] = a->vrid;
	msg[M_PRIO] = a->prio;
	msg[M_COUNT] = a->addr_n;
	if (a->version == 2) {
		msg[M_AUTH] = a->auth_type;
		msg[M_INT] = (uint8_t)(wire_us / SEC(1));
	} else {
		put16(msg + M_AUTH, (size_t)(wire_us / CS(1)));
	}
	if (a->addr_n)
		memcpy(msg + PKT_HDR_LEN, a->addr, (size_t)a->addr_n * addr_len(a->family));
	if (a->version == 2 && a->auth)
		memcpy(msg + len - PKT_AUTH_LEN, a->auth, PKT_AUTH_LEN);
}

/* Lays the parts out behind one another. */
static void place(const struct pkt_advert *a, const struct pkt_route *route, uint8_t *buf,
		  struct pkt_out *out)
{
	uint8_t *at = buf;

	*out = (struct pkt_out){ .msg_len = msg_len_of(a->family, a->version, a->addr_n) };
	if (a->family == AF_INET) {
		out->ip = at;
		at += PKT_IP_LEN;
	}
	if (route->has_ah) {
		out->ah = at;
		memset(at, 0, PKT_AH_LEN);
		at[A_NEXT] = PKT_PROTO;
		at[A_LEN] = AH_WORDS;
		at += PKT_AH_LEN;
	}
	out->msg = at;
	at += out->msg_len;
	if (route->has_trailer) {
		out->trailer = at;
		memset(at, 0, PKT_TRAILER_LEN);
		at += PKT_TRAILER_LEN;
	}
	out->len = (size_t)(at - buf);
}

void pkt_encode(const struct pkt_advert *a, const struct pkt_route *route,
		uint8_t buf[static PKT_MAX_LEN], struct pkt_out *out)
{
	place(a, route, buf, out);
	if (out->ip)
		encode_ip(route, out->len, out->ip);
	encode_msg(a, out->msg, out->msg_len);
	pkt_seal(a, route, out);
}

void pkt_seal(const struct pkt_advert *a, const struct pkt_route *route, const struct pkt_out *out)
{
	const struct ip_addr group = addr_v4(htonl(PKT_GROUP_V4));
	size_t len = out->msg_len + (!out->ip && out->trailer ? PKT_TRAILER_LEN : 0);

	put16(out->msg + M_SUM, 0);

	uint32_t sum = sum_add(0, out->msg, len);

	if (!out->ip || (a->version != 2 && a->sum == PKT_SUM_PSEUDO))
		sum += sum_pseudo(&route->src, &route->dst, len);
	else if (a->version != 2 && a->sum == PKT_SUM_GROUP)
		sum += sum_pseudo(&route->src, &group, len);
	put16(out->msg + M_SUM, (uint16_t)~sum_fold(sum));
}

uint32_t pkt_list_sum(const uint8_t *addr, size_t n, size_t len)
{
	uint32_t sum = (uint32_t)n;

	/* addition forgets the order; hashing keeps 10.0.0.1 + 10.0.0.4 from being 10.0.0.2 + .3 */
	for (size_t i = 0; i < n; i++)
		sum += hash_bytes(HASH_SEED, addr + i * len, (uint32_t)len);
	return sum;
}
