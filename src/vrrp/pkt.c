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
	ADDR_LEN = 4,
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

/* The pseudo header of version 3 over IPv4 (V29): source, destination, 0, protocol, length. */
static uint32_t sum_pseudo(const uint8_t src[4], const uint8_t dst[4], size_t msg_len)
{
	return sum_add(sum_add(PKT_PROTO + (uint32_t)msg_len, src, 4), dst, 4);
}

static size_t msg_len_of(uint8_t version, uint8_t addr_n)
{
	return PKT_HDR_LEN + (size_t)addr_n * ADDR_LEN + (version == 2 ? PKT_AUTH_LEN : 0);
}

bool pkt_open(const uint8_t *data, size_t len, struct pkt_in *in)
{
	if (len < PKT_IP_LEN || data[0] >> 4 != 4)
		return false;

	size_t ip_len = (size_t)(data[0] & 0xf) * 4;

	if (ip_len < PKT_IP_LEN || len < ip_len + PKT_HDR_LEN || data[H_PROTO] != PKT_PROTO)
		return false;
	*in = (struct pkt_in){
		.src.family = AF_INET,
		.dst.family = AF_INET,
		.msg = data + ip_len,
		.msg_len = len - ip_len,
		.ip_len = ip_len,
		.total_len = get16(data + H_TOTAL),
		.ttl = data[H_TTL],
		.vrid = data[ip_len + M_VRID],
	};
	memcpy(in->src.byte, data + H_SRC, 4);
	memcpy(in->dst.byte, data + H_DST, 4);
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
	return len > need && len <= PAD_MAX_LEN && (len - need) % 4 == 2 &&
	       (in->total_len == need || in->total_len == len);
}

static bool is_sum_good(const struct pkt_in *in, uint8_t version, size_t msg_len, enum pkt_sum *sum)
{
	uint32_t over_msg = sum_add(0, in->msg, msg_len);

	*sum = PKT_SUM_MESSAGE;
	if (version == 2) /* V26 */
		return sum_fold(over_msg) == 0xffff;
	if (sum_fold(over_msg + sum_pseudo(in->src.byte, in->dst.byte, msg_len)) == 0xffff) {
		*sum = PKT_SUM_PSEUDO;
		return true;
	}
	return sum_fold(over_msg) == 0xffff;
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

enum vrrp_drop pkt_decode(const struct pkt_in *in, const struct pkt_expect *x,
			  struct pkt_advert *out)
{
	const uint8_t *msg = in->msg;

	if (in->ttl != PKT_TTL) /* V36 */
		return VRRP_DROP_TTL;
	if (in->dst.v4.s_addr != htonl(PKT_GROUP_V4)) /* V54 */
		return VRRP_DROP_DEST;
	if (msg[M_VERSION] >> 4 != x->version) /* V38 */
		return VRRP_DROP_VERSION;
	if ((msg[M_VERSION] & 0xf) != TYPE_ADVERT) /* V39 */
		return VRRP_DROP_TYPE;

	size_t msg_len = msg_len_of(x->version, msg[M_COUNT]);

	if (!is_length_good(in, msg_len))
		return VRRP_DROP_LENGTH;
	/* before what is in it is believed, and told */
	if (!is_sum_good(in, x->version, msg_len, &out->sum))
		return VRRP_DROP_CHECKSUM;
	if (!msg[M_COUNT]) /* V45 */
		return VRRP_DROP_COUNT;
	if (x->version == 2 && msg[M_AUTH]) /* V115 */
		return VRRP_DROP_AUTH;
	out->adv_int_us = interval_of(msg, x->version);
	if (!is_interval_good(x, out->adv_int_us))
		return VRRP_DROP_INTERVAL;
	out->version = x->version;
	out->vrid = msg[M_VRID];
	out->prio = msg[M_PRIO];
	out->addr_n = msg[M_COUNT];
	out->addr = msg + PKT_HDR_LEN;
	return VRRP_DROP_NONE;
}

/* The kernel fills the checksum of the IP header too; it is right here for whoever reads the bytes
 * before. */
static void encode_ip(const struct pkt_route *route, size_t total_len, uint8_t *ip)
{
	memset(ip, 0, PKT_IP_LEN);
	ip[0] = 0x45;
	ip[H_TOS] = PKT_TOS;
	put16(ip + H_TOTAL, total_len);
	put16(ip + H_ID, route->ip_id);
	ip[H_TTL] = PKT_TTL;
	ip[H_PROTO] = PKT_PROTO;
	memcpy(ip + H_SRC, &route->src_be, 4);
	memcpy(ip + H_DST, &route->dst_be, 4);
	put16(ip + H_SUM, (uint16_t)~sum_fold(sum_add(0, ip, PKT_IP_LEN)));
}

size_t pkt_encode(const struct pkt_advert *a, const struct pkt_route *route,
		  uint8_t buf[static PKT_MAX_LEN])
{
	uint8_t *msg = buf + PKT_IP_LEN;
	size_t len = msg_len_of(a->version, a->addr_n);
	int64_t wire_us = pkt_wire_int_us(a->version, a->adv_int_us);

	encode_ip(route, PKT_IP_LEN + len, buf);
	memset(msg, 0, len);
	msg[M_VERSION] = (uint8_t)(a->version << 4 | TYPE_ADVERT);
	msg[M_VRID] = a->vrid;
	msg[M_PRIO] = a->prio;
	msg[M_COUNT] = a->addr_n;
	if (a->version == 2)
		msg[M_INT] = (uint8_t)(wire_us / SEC(1));
	else
		put16(msg + M_AUTH, (size_t)(wire_us / CS(1)));
	if (a->addr_n)
		memcpy(msg + PKT_HDR_LEN, a->addr, (size_t)a->addr_n * ADDR_LEN);

	uint32_t sum = sum_add(0, msg, len);

	if (a->version != 2 && a->sum == PKT_SUM_PSEUDO)
		sum += sum_pseudo(buf + H_SRC, buf + H_DST, len);
	put16(msg + M_SUM, (uint16_t)~sum_fold(sum));
	return PKT_IP_LEN + len;
}

uint32_t pkt_list_sum(const uint8_t *addr, size_t n)
{
	uint32_t sum = (uint32_t)n;

	/* addition forgets the order; hashing keeps 10.0.0.1 + 10.0.0.4 from being 10.0.0.2 + .3 */
	for (size_t i = 0; i < n; i++)
		sum += hash_bytes(HASH_SEED, addr + i * ADDR_LEN, ADDR_LEN);
	return sum;
}
