/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The codec against frames that keepalived sent (as hex, and whole captures), against every cut and
 * every flipped bit of them, and against itself.
 */
#include "core/clock.h"
#include "unit.h"
#include "vrrp/pkt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From the IP header on: VRID 51, priority 150, 192.0.2.100 and .101, from 192.0.2.10. */
#define IP_V2 "45c0002c00010000ff701884c000020ae0000012"
#define IP_V3 "45c0002400010000ff70188cc000020ae0000012"
#define LIST "c0000264c0000265"
#define V2_NONE IP_V2 "213396020001c3fe" LIST "0000000000000000"
#define V2_PASS IP_V2 "21339602010186e4" LIST "7333637265740000"
#define V3_PSEUDO IP_V3 "3133960200321130" LIST
#define V3_MESSAGE IP_V3 "313396020032b3cd" LIST
#define V3_UNICAST                                                                                 \
	"45c0002400010000ff70368ac000020ac0000214"                                                 \
	"3133960200322f2e" LIST

struct bytes {
	uint8_t b[PKT_RX_MAX_LEN + 64];
	size_t len;
};

static struct bytes unhex(const char *hex)
{
	struct bytes x = { .len = strlen(hex) / 2 };

	for (size_t i = 0; i < x.len; i++) {
		char two[3] = { hex[2 * i], hex[2 * i + 1], 0 };

		x.b[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	return x;
}

#define GROUP_V4                                                                                   \
	{                                                                                          \
		.family = AF_INET, .byte = { 224, 0, 0, 18 }                                       \
	}
#define GROUP_V6                                                                                   \
	{                                                                                          \
		.family = AF_INET6, .byte = { 0xff, 2, [15] = 0x12 }                               \
	}

static const struct pkt_expect expect_v2 = { .version = 2, .adv_int_us = SEC(1), .dst = GROUP_V4 };
static const struct pkt_expect expect_v3 = { .version = 3, .adv_int_us = CS(50), .dst = GROUP_V4 };
static const struct pkt_expect expect_v6 = { .version = 3, .adv_int_us = CS(50), .dst = GROUP_V6 };
/* 192.0.2.20 listens to its peers */
static const struct pkt_expect expect_uni = {
	.version = 3,
	.adv_int_us = CS(50),
	.is_unicast = true,
	.dst = { .family = AF_INET, .byte = { 192, 0, 2, 20 } },
};

/* A copy on the heap of just this size, so that ASan sees a byte too much. */
static enum vrrp_drop decode(const uint8_t *b, size_t len, const struct pkt_expect *x,
			     struct pkt_advert *a)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct pkt_in in;
	enum vrrp_drop why = VRRP_DROP_LENGTH;

	assert_non_null(copy);
	if (len)
		memcpy(copy, b, len);
	if (pkt_open_v4(copy, len, &in))
		why = pkt_decode(&in, x, a);
	if (!why)
		a->addr = b + (a->addr - copy);
	free(copy);
	return why;
}

static enum vrrp_drop decode_hex(const char *hex, const struct pkt_expect *x)
{
	struct bytes p = unhex(hex);
	struct pkt_advert a;

	return decode(p.b, p.len, x, &a);
}

/* Puts the checksum of a changed message right again. */
static void mend_sum(struct bytes *p, bool with_pseudo)
{
	uint8_t *msg = p->b + 20;
	size_t len = p->len - 20;
	uint32_t sum = 0;

	msg[6] = msg[7] = 0;
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(msg[i] << 8 | msg[i + 1]);
	for (size_t i = 12; with_pseudo && i < 20; i += 2)
		sum += (uint32_t)(p->b[i] << 8 | p->b[i + 1]);
	if (with_pseudo)
		sum += 112 + (uint32_t)len;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	msg[6] = (uint8_t)(~sum >> 8);
	msg[7] = (uint8_t)~sum;
}

static void golden_frames(void **state)
{
	struct pkt_advert a;
	struct bytes p = unhex(V2_NONE);

	(void)state;
	assert_int_equal(decode(p.b, p.len, &expect_v2, &a), VRRP_DROP_NONE); /* V26 */
	assert_int_equal(a.version, 2);
	assert_int_equal(a.vrid, 51);
	assert_int_equal(a.prio, 150);
	assert_int_equal(a.addr_n, 2);
	assert_int_equal(a.adv_int_us, SEC(1));
	assert_memory_equal(a.addr, p.b + 28, 8);
	p = unhex(V3_PSEUDO);
	assert_int_equal(decode(p.b, p.len, &expect_v3, &a), VRRP_DROP_NONE); /* V29 */
	assert_int_equal(a.version, 3);
	assert_int_equal(a.adv_int_us, CS(50));
	assert_int_equal(a.sum, PKT_SUM_PSEUDO);
	p = unhex(V3_MESSAGE);
	assert_int_equal(decode(p.b, p.len, &expect_v3, &a), VRRP_DROP_NONE); /* V28, V30 */
	assert_int_equal(a.sum, PKT_SUM_MESSAGE);
	assert_int_equal(decode_hex(V2_PASS, &expect_v2), VRRP_DROP_AUTH); /* V115 */
	assert_int_equal(decode_hex(V3_UNICAST, &expect_v3), VRRP_DROP_DEST); /* V54 */
	assert_int_equal(decode_hex(V3_UNICAST, &expect_uni), VRRP_DROP_NONE);
	assert_int_equal(decode_hex(V3_PSEUDO, &expect_uni), VRRP_DROP_DEST);
}

/* V32, V36: over unicast the checksum of old routers is good unless that is forbidden, and the TTL is
 * left to whoever knows the peer. */
static void unicast(void **state)
{
	struct bytes p = unhex(V3_UNICAST);
	struct pkt_expect never = expect_uni;
	struct pkt_advert a;

	(void)state;
	p.b[26] = 0x11; /* as if sent to the group */
	p.b[27] = 0x30;
	assert_int_equal(decode(p.b, p.len, &expect_uni, &a), VRRP_DROP_NONE);
	assert_int_equal(a.sum, PKT_SUM_GROUP);
	never.no_group_sum = true;
	assert_int_equal(decode(p.b, p.len, &never, &a), VRRP_DROP_CHECKSUM);
	p = unhex(V3_UNICAST);
	p.b[8] = 3;
	assert_int_equal(decode(p.b, p.len, &expect_uni, &a), VRRP_DROP_NONE);
}

/* The message of an IPv6 advert of keepalived: VRID 51, fe80::100 and 2001:db8::100, from fe80::ff:fe00:a. */
#define V6_MSG                                                                                     \
	"3133960200320d26"                                                                         \
	"fe800000000000000000000000000100"                                                         \
	"20010db8000000000000000000000100"

static const struct ip_addr v6_src = { .family = AF_INET6,
				       .byte = { 0xfe, 0x80, [11] = 0xff, 0xfe, 0, 0, 0x0a } };

static enum vrrp_drop decode_v6(const struct bytes *p, size_t len, int hops, struct pkt_advert *a)
{
	static const struct ip_addr group = GROUP_V6;
	uint8_t *copy = malloc(len ? len : 1);
	struct pkt_in in;
	enum vrrp_drop why = VRRP_DROP_LENGTH;

	assert_non_null(copy);
	memcpy(copy, p->b, len);
	if (pkt_open_v6(copy, len, &v6_src.v6, &group.v6, hops, &in))
		why = pkt_decode(&in, &expect_v6, a);
	if (!why)
		a->addr = p->b + (a->addr - copy);
	free(copy);
	return why;
}

/* V2, V19, V27, V37, V40, V45 over IPv6. */
static void over_ipv6(void **state)
{
	static const struct ip_addr group = GROUP_V6;
	struct bytes p = unhex(V6_MSG);
	uint8_t buf[PKT_MAX_LEN];
	struct pkt_advert a;
	struct pkt_out out;

	(void)state;
	assert_int_equal(decode_v6(&p, p.len, 255, &a), VRRP_DROP_NONE);
	assert_int_equal(a.prio, 150);
	assert_int_equal(a.addr_n, 2);
	assert_int_equal(a.adv_int_us, CS(50));
	assert_memory_equal(a.addr, p.b + 8, 32);
	pkt_encode(&a, &(struct pkt_route){ .src = v6_src, .dst = group }, buf, &out);
	assert_int_equal(out.len, p.len);
	assert_memory_equal(buf, p.b, p.len);
	assert_int_equal(decode_v6(&p, p.len, 254, &a), VRRP_DROP_TTL);
	assert_int_equal(decode_v6(&p, p.len, -1, &a), VRRP_DROP_TTL); /* V37: not told */
	for (size_t len = 0; len < p.len; len++)
		assert_int_equal(decode_v6(&p, len, 255, &a), VRRP_DROP_LENGTH);
	for (size_t bit = 0; bit < p.len * 8; bit++) {
		struct bytes q = p;

		q.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(decode_v6(&q, q.len, 255, &a), VRRP_DROP_NONE);
	}
	p.len += 2;
	assert_int_equal(decode_v6(&p, p.len, 255, &a), VRRP_DROP_LENGTH);
}

static void encode_makes_golden_frames(void **state)
{
	static const struct {
		const char *hex;
		uint8_t version;
		enum pkt_sum sum;
		int64_t adv_int_us;
		uint32_t dst;
	} rows[] = {
		{ V2_NONE, 2, PKT_SUM_PSEUDO, SEC(1), 0 },
		{ V3_PSEUDO, 3, PKT_SUM_PSEUDO, CS(50), 0 },
		{ V3_MESSAGE, 3, PKT_SUM_MESSAGE, CS(50), 0 },
		{ V3_UNICAST, 3, PKT_SUM_PSEUDO, CS(50), 0xc0000214 }, /* V31 */
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		struct bytes want = unhex(rows[i].hex);
		uint8_t buf[PKT_MAX_LEN];
		struct pkt_advert a = {
			.family = AF_INET,
			.version = rows[i].version,
			.sum = rows[i].sum,
			.adv_int_us = rows[i].adv_int_us,
			.vrid = 51,
			.prio = 150,
			.addr_n = 2,
			.addr = want.b + 28,
		};
		struct pkt_route route = {
			.src = addr_v4(htonl(0xc000020a)),
			.dst = addr_v4(htonl(rows[i].dst ? rows[i].dst : PKT_GROUP_V4)),
			.ip_id = 1,
			.ttl = PKT_TTL,
		};
		struct pkt_out out;

		pkt_encode(&a, &route, buf, &out);
		assert_int_equal(out.len, want.len); /* V11 */
		assert_memory_equal(buf, want.b, want.len);
	}
}

/* One field wrong, checksum right: the reason names the field. */
static void reasons(void **state)
{
	static const struct {
		const char *name, *hex;
		size_t at;
		uint8_t value;
		enum vrrp_drop why;
	} rows[] = {
		{ "V36", V2_NONE, 8, 254, VRRP_DROP_TTL },
		{ "V36 zero", V3_PSEUDO, 8, 0, VRRP_DROP_TTL },
		{ "V38 v3 to v2", V2_NONE, 20, 0x31, VRRP_DROP_VERSION },
		{ "V38 v2 to v3", V3_PSEUDO, 20, 0x21, VRRP_DROP_VERSION },
		{ "V39", V2_NONE, 20, 0x22, VRRP_DROP_TYPE },
		{ "V39 zero", V3_PSEUDO, 20, 0x30, VRRP_DROP_TYPE },
		{ "V40 too many", V2_NONE, 23, 3, VRRP_DROP_LENGTH },
		{ "V40 255", V3_PSEUDO, 23, 255, VRRP_DROP_LENGTH },
		{ "V42 too few", V3_PSEUDO, 23, 1, VRRP_DROP_LENGTH },
		{ "V42 none", V3_PSEUDO, 23, 0, VRRP_DROP_LENGTH },
		{ "V43 shorter", V2_NONE, 3, 43, VRRP_DROP_LENGTH },
		{ "V43 longer", V2_NONE, 3, 45, VRRP_DROP_LENGTH },
		{ "V54", V2_NONE, 19, 13, VRRP_DROP_DEST },
		{ "V115 unknown", V2_NONE, 24, 3, VRRP_DROP_AUTH },
		{ "V115 AH", V2_NONE, 24, 2, VRRP_DROP_AUTH },
		{ "V48", V2_NONE, 25, 2, VRRP_DROP_INTERVAL },
		{ "V46 v2", V2_NONE, 25, 0, VRRP_DROP_INTERVAL },
		{ "V46", V3_PSEUDO, 25, 0, VRRP_DROP_INTERVAL },
		{ "V49", V3_PSEUDO, 25, 51, VRRP_DROP_NONE },
		{ "V19 reserved bits", V3_PSEUDO, 24, 0xf0, VRRP_DROP_NONE },
		{ "V112 the trailer is not looked at", V2_NONE, 40, 1, VRRP_DROP_NONE },
		{ "V53 priority 255", V3_PSEUDO, 22, 255, VRRP_DROP_NONE },
		{ "priority 0", V3_PSEUDO, 22, 0, VRRP_DROP_NONE },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		struct bytes p = unhex(rows[i].hex);
		bool is_v3 = p.b[20] >> 4 == 3;
		struct pkt_advert a;

		p.b[rows[i].at] = rows[i].value;
		mend_sum(&p, is_v3);

		enum vrrp_drop why = decode(p.b, p.len, is_v3 ? &expect_v3 : &expect_v2, &a);

		if (why != rows[i].why)
			fail_msg("%s: %s", rows[i].name, vrrp_drop_name[why]);
	}
}

/* V45: a message that is right but for naming no address. */
static void no_address(void **state)
{
	struct bytes p = unhex("45c0001c00010000ff70188cc000020ae0000012"
			       "3133960000320000");
	struct pkt_advert a;

	(void)state;
	mend_sum(&p, true);
	assert_int_equal(decode(p.b, p.len, &expect_v3, &a), VRRP_DROP_COUNT);
}

/* V34, V28: version 2 has no pseudo header, and a wrong sum is wrong in both forms. */
static void checksums(void **state)
{
	struct bytes p = unhex(V2_NONE);
	struct pkt_advert a;

	(void)state;
	mend_sum(&p, true);
	assert_int_equal(decode(p.b, p.len, &expect_v2, &a), VRRP_DROP_CHECKSUM);
	for (unsigned d = 1; d < 0x10000; d++) {
		p = unhex(V3_PSEUDO);

		unsigned sum = ((unsigned)p.b[26] << 8 | p.b[27]) ^ d;

		p.b[26] = (uint8_t)(sum >> 8);
		p.b[27] = (uint8_t)sum;
		if (decode(p.b, p.len, &expect_v3, &a)) {
			assert_int_equal(decode(p.b, p.len, &expect_v3, &a), VRRP_DROP_CHECKSUM);
			continue;
		}
		assert_int_equal(sum, 0xb3cd); /* the other form */
	}
}

static void cut_anywhere(void **state)
{
	static const char *const frames[] = { V2_NONE, V3_PSEUDO, V3_MESSAGE };

	(void)state;
	for (size_t i = 0; i < N_OF(frames); i++) {
		struct bytes p = unhex(frames[i]);
		struct pkt_advert a;

		for (size_t len = 0; len < p.len; len++)
			assert_int_equal(decode(p.b, len, i ? &expect_v3 : &expect_v2, &a),
					 VRRP_DROP_LENGTH);
	}
}

/* Every bit, alone. In the VRRP message it is found, whatever it is. In the IP header, which the
 * kernel has checked before, it is found or does not change what is said. */
static void every_flipped_bit(void **state)
{
	static const char *const frames[] = { V2_NONE, V3_PSEUDO, V3_MESSAGE };

	(void)state;
	for (size_t i = 0; i < N_OF(frames); i++) {
		struct bytes good = unhex(frames[i]);
		const struct pkt_expect *x = i ? &expect_v3 : &expect_v2;

		for (size_t bit = 0; bit < good.len * 8; bit++) {
			struct bytes p = good;
			struct pkt_advert a;

			p.b[bit / 8] ^= (uint8_t)(1 << bit % 8);

			enum vrrp_drop why = decode(p.b, p.len, x, &a);

			if (bit / 8 >= 20 && !why)
				fail_msg("frame %zu bit %zu", i, bit);
			if (why)
				continue;
			assert_int_equal(a.prio, 150);
			assert_int_equal(a.vrid, 51);
			assert_int_equal(a.adv_int_us, x->adv_int_us);
			assert_int_equal(a.addr_n, 2);
			assert_memory_equal(a.addr, good.b + 28, 8);
		}
	}
}

/* V42: frames that Ethernet filled up, without and with a VLAN tag. */
static void padding(void **state)
{
	(void)state;
	for (size_t len = 36; len < 60; len++) {
		struct bytes p = unhex(V3_PSEUDO); /* 36 bytes */
		struct pkt_advert a;
		bool is_good = len == 36 || len == 38 || len == 42 || len == 46;

		memset(p.b + p.len, 0xee, len - p.len);
		assert_int_equal(decode(p.b, len, &expect_v3, &a),
				 is_good ? VRRP_DROP_NONE : VRRP_DROP_LENGTH);
		p.b[3] = (uint8_t)len; /* counted in by the sender's IP header */
		assert_int_equal(decode(p.b, len, &expect_v3, &a),
				 is_good ? VRRP_DROP_NONE : VRRP_DROP_LENGTH);
	}
}

/* V41 */
static void ip_options(void **state)
{
	struct bytes p = unhex("46c0002800010000ff700000c000020ae0000012"
			       "94040000"
			       "3133960200321130" LIST);
	struct pkt_advert a;

	(void)state;
	assert_int_equal(decode(p.b, p.len, &expect_v3, &a), VRRP_DROP_NONE);
	assert_int_equal(a.prio, 150);
	p.b[0] = 0x4f; /* a header longer than the packet */
	assert_int_equal(decode(p.b, p.len, &expect_v3, &a), VRRP_DROP_LENGTH);
	p.b[0] = 0x44; /* and one shorter than any */
	assert_int_equal(decode(p.b, p.len, &expect_v3, &a), VRRP_DROP_LENGTH);
	p.b[0] = 0x66;
	assert_int_equal(decode(p.b, p.len, &expect_v3, &a), VRRP_DROP_LENGTH);
}

static void wire_intervals(void **state)
{
	static const struct {
		uint8_t version;
		int64_t us, wire_us;
	} rows[] = {
		/* V18 */
		{ 2, SEC(1), SEC(1) },
		{ 2, MS(100), SEC(1) },
		{ 2, MS(1499), SEC(1) },
		{ 2, MS(1500), SEC(2) },
		{ 2, SEC(255), SEC(255) },
		{ 2, SEC(300), SEC(255) },
		/* V19 */
		{ 3, MS(10), MS(10) },
		{ 3, MS(1), MS(10) },
		{ 3, MS(14), MS(10) },
		{ 3, MS(15), MS(20) },
		{ 3, CS(4095), CS(4095) },
		{ 3, SEC(255), CS(4095) },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++)
		assert_int_equal(pkt_wire_int_us(rows[i].version, rows[i].us), rows[i].wire_us);
}

static enum vrrp_drop decode_out(const struct pkt_out *out, const struct pkt_route *route,
				 const struct pkt_expect *x, struct pkt_advert *b)
{
	struct pkt_in in;

	if (out->ip)
		return decode(out->ip, out->len, x, b);
	if (!pkt_open_v6(out->msg, out->len, &route->src.v6, &route->dst.v6, PKT_TTL, &in))
		return VRRP_DROP_LENGTH;
	return pkt_decode(&in, x, b);
}

/* Whatever can be said is understood: all counts, both versions, both families, random everything else. */
static void round_trip(void **state)
{
	static const struct ip_addr groups[2] = { GROUP_V4, GROUP_V6 };
	uint64_t seed = 20261124;

	(void)state;
	for (unsigned n = 0; n < 8 * 256; n++) {
		uint8_t addr[PKT_ADDRS_MAX * 16], buf[PKT_MAX_LEN];
		bool is_v6 = n & 1024, is_v2 = n & 256 && !is_v6;
		unsigned len = is_v6 ? 16 : 4;
		struct pkt_advert b, a = {
			.family = is_v6 ? AF_INET6 : AF_INET,
			.version = is_v2 ? 2 : 3,
			.sum = is_v2 || (n & 512 && !is_v6) ? PKT_SUM_MESSAGE : PKT_SUM_PSEUDO,
			.addr = addr,
			.addr_n = (uint8_t)n,
			.prio = (uint8_t)unit_rand(&seed),
			.vrid = (uint8_t)unit_rand(&seed),
			.adv_int_us = is_v2 ? SEC(1 + unit_rand(&seed) % 255)
					    : CS(1 + unit_rand(&seed) % 4095),
		};
		struct pkt_route route = {
			.src.family = a.family,
			.dst = groups[is_v6],
			.ip_id = (uint16_t)unit_rand(&seed),
			.ttl = PKT_TTL,
		};
		struct pkt_expect x = {
			.version = a.version,
			.adv_int_us = a.adv_int_us,
			.dst = route.dst,
		};
		struct pkt_out out;

		for (size_t i = 0; i < sizeof(addr); i++)
			addr[i] = (uint8_t)unit_rand(&seed);
		for (size_t i = 0; i < len; i++)
			route.src.byte[i] = (uint8_t)unit_rand(&seed);
		pkt_encode(&a, &route, buf, &out);
		assert_int_equal(out.len, (is_v6 ? 8 : 28) + len * (n & 255) + (is_v2 ? 8 : 0));
		if (!(n & 255)) {
			assert_int_equal(decode_out(&out, &route, &x, &b), VRRP_DROP_COUNT);
			continue;
		}
		assert_int_equal(decode_out(&out, &route, &x, &b), VRRP_DROP_NONE);
		assert_int_equal(b.version, a.version);
		assert_int_equal(b.vrid, a.vrid);
		assert_int_equal(b.prio, a.prio);
		assert_int_equal(b.adv_int_us, a.adv_int_us);
		assert_int_equal(b.addr_n, a.addr_n);
		assert_int_equal(b.sum, a.sum);
		assert_memory_equal(b.addr, addr, len * a.addr_n);
	}
}

/* V22, V50: the same addresses in another order are the same; anything else is not. */
static void list_sums(void **state)
{
	static const uint8_t a[] = { 10, 0, 0, 1, 10, 0, 0, 4 };
	static const uint8_t turned[] = { 10, 0, 0, 4, 10, 0, 0, 1 };
	static const uint8_t other[] = { 10, 0, 0, 2, 10, 0, 0, 3 };
	static const uint8_t twice[] = { 10, 0, 0, 1, 10, 0, 0, 1 };

	(void)state;
	assert_int_equal(pkt_list_sum(a, 2, 4), pkt_list_sum(turned, 2, 4));
	assert_int_not_equal(pkt_list_sum(a, 2, 4), pkt_list_sum(other, 2, 4));
	assert_int_not_equal(pkt_list_sum(a, 2, 4), pkt_list_sum(twice, 2, 4));
	assert_int_not_equal(pkt_list_sum(a, 2, 4), pkt_list_sum(a, 1, 4));
	assert_int_not_equal(pkt_list_sum(a, 0, 4), pkt_list_sum(a, 1, 4));
}

/* Classic pcap of Ethernet frames, little-endian: hands every VRRP packet to the decoder. */
static void read_capture(const char *name, const struct pkt_expect *x, unsigned n[VRRP_DROP_N])
{
	char path[128];
	uint8_t hdr[24], frame[2048];

	(void)snprintf(path, sizeof(path), "tests/captures/%s.pcap", name);
	memset(n, 0, VRRP_DROP_N * sizeof(*n));

	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	assert_int_equal(fread(hdr, 1, 24, f), 24);
	while (fread(hdr, 1, 16, f) == 16) {
		size_t len = hdr[8] | (size_t)hdr[9] << 8;
		struct pkt_advert a;

		assert_true(len >= 14 && len <= sizeof(frame));
		assert_int_equal(fread(frame, 1, len, f), len);
		if (frame[12] == 8 && frame[13] == 0 && frame[14 + 9] == PKT_PROTO)
			n[decode(frame + 14, len - 14, x, &a)]++;
	}
	assert_int_equal(fclose(f), 0);
}

static void captures(void **state)
{
	unsigned n[VRRP_DROP_N];

	(void)state;
	read_capture("v2none", &expect_v2, n);
	assert_int_equal(n[VRRP_DROP_NONE], 6);
	read_capture("v2none", &expect_v3, n);
	assert_int_equal(n[VRRP_DROP_VERSION], 6);
	read_capture("v2pass", &expect_v2, n);
	assert_int_equal(n[VRRP_DROP_NONE], 0);
	assert_true(n[VRRP_DROP_AUTH] > 0);
	read_capture("v3", &expect_v3, n);
	assert_int_equal(n[VRRP_DROP_NONE], 14);
	read_capture("v3uni", &expect_v3, n);
	assert_int_equal(n[VRRP_DROP_DEST], 14);
	/* twenty with a wrong checksum, which a router that trusts them answers to */
	read_capture("flood", &expect_v2, n);
	assert_int_equal(n[VRRP_DROP_NONE], 6);
	assert_int_equal(n[VRRP_DROP_CHECKSUM], 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SAYS("V26, V28, V29, V30", golden_frames),
		SAYS("V1, V2, V7, V8, V11, V14, V20, V23, V24, V31", encode_makes_golden_frames),
		cmocka_unit_test(reasons),
		SAYS("V45", no_address),
		SAYS("V28, V34", checksums),
		SAYS("V40, V137", cut_anywhere),
		SAYS("V34", every_flipped_bit),
		SAYS("V42, V43", padding),
		SAYS("V41", ip_options),
		SAYS("V18, V19", wire_intervals),
		cmocka_unit_test(round_trip),
		SAYS("V22, V50", list_sums),
		cmocka_unit_test(captures),
		SAYS("V32, V36", unicast),
		SAYS("V2, V19, V27, V37, V40, V45", over_ipv6),
	};

	return cmocka_run_group_tests_name("pkt", tests, NULL, NULL);
}
