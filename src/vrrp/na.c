/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See na.h.
 */
#include "vrrp/na.h"

#include <string.h>

enum {
	ETH_LEN = 14,
	IP6_LEN = 40,
	ICMP_LEN = 32, /* header, target, the option with our hardware address */
	NEXT_ICMPV6 = 58,
	TYPE_NA = 136,
	FLAG_ROUTER = 0x80,
	FLAG_OVERRIDE = 0x20,
	OPT_TARGET_LLADDR = 2,
};

static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 1 };

static uint32_t sum_of(const uint8_t *data, unsigned len)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < len; i += 2)
		sum += (uint32_t)data[i] << 8 | data[i + 1];
	return sum;
}

/* Over the pseudo header (both addresses, length, next header) and the message. */
static uint16_t checksum(const uint8_t *ip6, const uint8_t *icmp)
{
	uint32_t sum = sum_of(ip6 + 8, 32) + ICMP_LEN + NEXT_ICMPV6 + sum_of(icmp, ICMP_LEN);

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void na_frame(uint8_t out[static NA_FRAME_LEN], const uint8_t mac[static 6],
	      const struct ip_addr *addr, bool is_router)
{
	static const uint8_t to[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	uint8_t *ip6 = out + ETH_LEN, *icmp = ip6 + IP6_LEN;

	memset(out, 0, NA_FRAME_LEN);
	memcpy(out, to, 6);
	memcpy(out + 6, mac, 6);
	out[12] = 0x86; /* EtherType IPv6 */
	out[13] = 0xdd;
	ip6[0] = 0x60;
	ip6[5] = ICMP_LEN;
	ip6[6] = NEXT_ICMPV6;
	ip6[7] = 255; /* hop limit: receivers drop any other */
	memcpy(ip6 + 8, addr->byte, 16);
	memcpy(ip6 + 24, all_nodes, 16);
	icmp[0] = TYPE_NA;
	icmp[4] = FLAG_OVERRIDE | (is_router ? FLAG_ROUTER : 0);
	memcpy(icmp + 8, addr->byte, 16);
	icmp[24] = OPT_TARGET_LLADDR;
	icmp[25] = 1; /* in units of 8 bytes */
	memcpy(icmp + 26, mac, 6);

	uint16_t sum = checksum(ip6, icmp);

	icmp[2] = (uint8_t)(sum >> 8);
	icmp[3] = (uint8_t)sum;
}
