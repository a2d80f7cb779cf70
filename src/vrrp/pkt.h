/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * VRRP on the wire, versions 2 and 3 over IPv4 and version 3 over IPv6: bytes to advert and back.
 * Pure; the input is const and may be anything.
 *
 *	pkt_open_v4(), pkt_open_v6()	who, to whom, which virtual router
 *	pkt_decode()	the rest, once the caller has found its instance and so knows what to expect
 *
 * Who may say so is auth.h's: it looks at the parts that are pointed out here.
 */
#pragma once

#include "core/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PKT_PROTO = 112,
	PKT_PROTO_AH = 51,
	PKT_TTL = 255,
	PKT_TOS = 0xc0, /* CS6 (V7) */

	PKT_IP_LEN = 20,
	PKT_AH_LEN = 24, /* RFC 2402 with an authenticator of 96 bits (V116) */
	PKT_HDR_LEN = 8,
	PKT_AUTH_LEN = 8, /* version 2 has it always (V23) */
	PKT_TRAILER_LEN = 28, /* of auth_hmac (V124) */
	PKT_ADDRS_MAX = 255,
	PKT_MAX_LEN = PKT_IP_LEN + PKT_AH_LEN + PKT_HDR_LEN + PKT_ADDRS_MAX * 16 + PKT_AUTH_LEN +
		      PKT_TRAILER_LEN,
	PKT_RX_MAX_LEN = PKT_MAX_LEN + 40, /* with IP options (V41) */

	PKT_ADV_CS_MAX = 4095,
	PKT_ADV_S_MAX = 255,
};

#define PKT_GROUP_V4 0xe0000012u /* 224.0.0.18, host order */

/* Why an advert is not accepted: symbol, name in logs and metrics, sentence. Those up to INTERVAL
 * are found by pkt_decode(), then those of auth.h, the others by the role. */
#define VRRP_DROPS(X)                                                                              \
	X(LENGTH, "length", "Too short for what it says, or too long.")                            \
	X(TTL, "ttl", "The TTL or hop limit says that it may come from another network.")          \
	X(DEST, "destination", "Not sent to where this instance listens.")                         \
	X(VERSION, "version", "Not the VRRP version configured here.")                             \
	X(TYPE, "type", "Not an advert.")                                                          \
	X(CHECKSUM, "checksum", "The checksum is wrong.")                                          \
	X(COUNT, "count", "It names no address.")                                                  \
	X(AUTH, "auth", "Its kind of authentication is not the one configured here.")              \
	X(INTERVAL, "interval", "Version 2: another interval than ours; version 3: zero.")         \
	X(AUTH_FAIL, "auth_failure", "Password or signature is wrong.")                            \
	X(AUTH_KEY, "auth_key", "It is signed with a key that is not configured here.")            \
	X(AUTH_STALE, "auth_stale", "Its time stamp is too far from this router's clock.")         \
	X(REPLAY, "replay", "Its sequence number is not higher than the last one's.")              \
	X(OWN, "own", "It comes from our own address: reflected, or an address used twice.")       \
	X(STATE, "state", "The instance does not listen: its interface is not good, or it waits.") \
	X(PEER, "peer", "Its sender is not one of the peers.")                                     \
	X(OWNER, "owner", "An owner of the addresses does not listen to others.")

enum vrrp_drop {
	VRRP_DROP_NONE,
#define DROP(sym, name, text) VRRP_DROP_##sym,
	VRRP_DROPS(DROP)
#undef DROP
		VRRP_DROP_N
};

extern const char *const vrrp_drop_name[VRRP_DROP_N];

/* Which bytes a version 3 checksum over IPv4 covers (V28, V29): routers differ, and we accept both
 * (V30). Over IPv6 there is one form. */
enum pkt_sum {
	PKT_SUM_PSEUDO, /* pseudo header and message */
	PKT_SUM_MESSAGE, /* message only; what version 2 always has */
	PKT_SUM_GROUP, /* unicast, with the group in the pseudo header: keepalived before 1.3.7 (V32) */
};

/* The authentication type of version 2. */
enum pkt_auth {
	PKT_AUTH_NONE,
	PKT_AUTH_PASS,
	PKT_AUTH_AH,
};

/* An IP packet that is long enough to name a virtual router. Points into the caller's bytes. */
struct pkt_in {
	struct ip_addr src, dst;
	const uint8_t *ip; /* the IPv4 header; NULL: IPv6, where the kernel keeps it */
	const uint8_t *ah; /* the AH header, or NULL */
	const uint8_t *msg; /* behind the headers */
	size_t msg_len; /* as received: with padding, if any; at least PKT_HDR_LEN */
	size_t ip_len; /* of the headers before msg */
	size_t total_len; /* as the IP header says */
	int16_t ttl; /* -1: the kernel did not say */
	uint8_t vrid;
};

/* What the instance is configured for. */
struct pkt_expect {
	int64_t adv_int_us;
	struct ip_addr dst; /* the group, or our address when is_unicast; family 0: any */
	uint8_t version;
	uint8_t auth; /* enum pkt_auth */
	bool is_unicast; /* the TTL is the peers' matter then */
	bool takes_trailer; /* of auth_hmac, which then replaces the authentication of version 2 */
	bool no_group_sum; /* PKT_SUM_GROUP is not accepted */
};

struct pkt_advert {
	const uint8_t *addr; /* addr_n addresses in network order, one behind the other */
	const uint8_t *auth; /* version 2: the eight bytes; else NULL */
	const uint8_t *trailer; /* or NULL */
	int64_t adv_int_us; /* as on the wire */
	enum pkt_sum sum;
	uint8_t family, version, vrid, prio, addr_n;
	uint8_t auth_type; /* version 2: enum pkt_auth */
};

/* False: not even an IPv4 header, AH perhaps, and the first eight bytes of a VRRP message. */
bool pkt_open_v4(const uint8_t *data, size_t len, struct pkt_in *in);

/* The same for what an IPv6 socket gives: the message, and its header's fields beside it. */
bool pkt_open_v6(const uint8_t *msg, size_t len, const struct in6_addr *src,
		 const struct in6_addr *dst, int hop_limit, struct pkt_in *in);

/* VRRP_DROP_NONE and *out, or the reason (*out is undefined then). Nothing of a dropped packet may
 * have an effect (V34, V135). */
enum vrrp_drop pkt_decode(const struct pkt_in *in, const struct pkt_expect *x,
			  struct pkt_advert *out);

struct pkt_route {
	struct ip_addr src, dst;
	uint16_t ip_id;
	uint8_t ttl; /* IPv4; over IPv6 it is the socket's */
	bool has_ah, has_trailer; /* leave room, zeroed */
};

/* The parts of a packet that was encoded; they point into its buffer. */
struct pkt_out {
	uint8_t *ip, *ah, *trailer; /* or NULL */
	uint8_t *msg;
	size_t msg_len; /* with the eight bytes of version 2, without the trailer */
	size_t len; /* of all: from the IPv4 header, or over IPv6 from the message on */
};

/* A whole packet, checksums and all; a->sum chooses the checksum of version 3 over IPv4. a->auth, when
 * not NULL, goes into the eight bytes of version 2. */
void pkt_encode(const struct pkt_advert *a, const struct pkt_route *route,
		uint8_t buf[static PKT_MAX_LEN], struct pkt_out *out);

/* Computes the checksum of the message anew: over IPv6 it covers the trailer. */
void pkt_seal(const struct pkt_advert *a, const struct pkt_route *route, const struct pkt_out *out);

/* What becomes of an interval on the wire: whole seconds in version 2 (V18), centiseconds in
 * version 3 (V19); rounded half up and kept in range. */
int64_t pkt_wire_int_us(uint8_t version, int64_t adv_int_us);

/* A number that is equal for equal sets of addresses of len bytes, in whatever order they come. */
uint32_t pkt_list_sum(const uint8_t *addr, size_t n, size_t len);
