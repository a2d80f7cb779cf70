/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * VRRP on the wire, versions 2 and 3 over IPv4: bytes to advert and back. Pure; the input is const
 * and may be anything.
 *
 *	pkt_open()	IP header: who, to whom, which virtual router
 *	pkt_decode()	the rest, once the caller has found its instance and so knows what to expect
 */
#pragma once

#include "core/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PKT_PROTO = 112,
	PKT_TTL = 255,
	PKT_TOS = 0xc0, /* CS6 (V7) */

	PKT_IP_LEN = 20,
	PKT_HDR_LEN = 8,
	PKT_AUTH_LEN = 8, /* version 2 has it always (V23) */
	PKT_ADDRS_MAX = 255,
	PKT_MAX_LEN = PKT_IP_LEN + PKT_HDR_LEN + PKT_ADDRS_MAX * 4 + PKT_AUTH_LEN,
	PKT_RX_MAX_LEN = PKT_MAX_LEN + 40, /* with IP options (V41) */

	PKT_ADV_CS_MAX = 4095,
	PKT_ADV_S_MAX = 255,
};

#define PKT_GROUP_V4 0xe0000012u /* 224.0.0.18, host order */

/* Why an advert is not accepted: symbol, name in logs and metrics, sentence. Those up to INTERVAL
 * are found by pkt_decode(), the others by the role. */
#define VRRP_DROPS(X)                                                                              \
	X(LENGTH, "length", "Too short for what it says, or too long.")                            \
	X(TTL, "ttl", "The TTL is not 255: it may come from another network.")                     \
	X(DEST, "destination", "Not sent to the group's address.")                                 \
	X(VERSION, "version", "Not the VRRP version configured here.")                             \
	X(TYPE, "type", "Not an advert.")                                                          \
	X(CHECKSUM, "checksum", "The checksum is wrong.")                                          \
	X(COUNT, "count", "It names no address.")                                                  \
	X(AUTH, "auth", "It carries an authentication that is not configured here.")               \
	X(INTERVAL, "interval", "Version 2: another interval than ours; version 3: zero.")         \
	X(OWN, "own", "It comes from our own address: reflected, or an address used twice.")       \
	X(STATE, "state", "The instance does not listen: its interface is not good.")

enum vrrp_drop {
	VRRP_DROP_NONE,
#define DROP(sym, name, text) VRRP_DROP_##sym,
	VRRP_DROPS(DROP)
#undef DROP
		VRRP_DROP_N
};

extern const char *const vrrp_drop_name[VRRP_DROP_N];

/* Which bytes a version 3 checksum covers (V28, V29): routers differ, and we accept both (V30). */
enum pkt_sum {
	PKT_SUM_PSEUDO, /* pseudo header and message; what we send */
	PKT_SUM_MESSAGE, /* message only; what version 2 always has */
};

/* An IP packet that is long enough to name a virtual router. Points into the caller's bytes. */
struct pkt_in {
	struct ip_addr src, dst;
	const uint8_t *msg; /* behind the IP header */
	size_t msg_len; /* as received: with padding, if any; at least PKT_HDR_LEN */
	size_t ip_len; /* of the IP header */
	size_t total_len; /* as the IP header says */
	uint8_t ttl, vrid;
};

/* What the instance is configured for. */
struct pkt_expect {
	int64_t adv_int_us;
	uint8_t version;
};

struct pkt_advert {
	const uint8_t *addr; /* addr_n addresses in network order, one behind the other */
	int64_t adv_int_us; /* as on the wire */
	enum pkt_sum sum;
	uint8_t version, vrid, prio, addr_n;
};

/* False: not even an IPv4 header and the first eight bytes of a VRRP message. */
bool pkt_open(const uint8_t *data, size_t len, struct pkt_in *in);

/* VRRP_DROP_NONE and *out, or the reason (*out is undefined then). Nothing of a dropped packet may
 * have an effect (V34, V135). */
enum vrrp_drop pkt_decode(const struct pkt_in *in, const struct pkt_expect *x,
			  struct pkt_advert *out);

struct pkt_route {
	uint32_t src_be, dst_be;
	uint16_t ip_id;
};

/* A whole IP packet; returns its length. a->sum chooses the checksum of version 3. */
size_t pkt_encode(const struct pkt_advert *a, const struct pkt_route *route,
		  uint8_t buf[static PKT_MAX_LEN]);

/* What becomes of an interval on the wire: whole seconds in version 2 (V18), centiseconds in
 * version 3 (V19); rounded half up and kept in range. */
int64_t pkt_wire_int_us(uint8_t version, int64_t adv_int_us);

/* A number that is equal for equal sets of IPv4 addresses, in whatever order they come. */
uint32_t pkt_list_sum(const uint8_t *addr, size_t n);
