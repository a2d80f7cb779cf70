/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See icmp.h; <netinet/ip_icmp.h>, <netinet/icmp6.h>. An error quotes at least the IP header and eight
 * bytes of the request (RFC 792), so by sequence number alone it would be anybody's: only one that
 * quotes the token as well counts.
 */
#include "check/icmp.h"

#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>

static void put16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

/* RFC 1071 */
static uint16_t checksum(const uint8_t *data, uint32_t len)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)data[i] << 8 | data[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint32_t icmp_make(uint8_t *buf, uint32_t cap, int family, uint16_t id, uint16_t seq,
		   uint64_t token)
{
	if (cap < ICMP_ECHO_LEN)
		return 0;
	memset(buf, 0, ICMP_HEAD_LEN);
	buf[0] = family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
	put16(buf + 4, id);
	put16(buf + 6, seq);
	memcpy(buf + ICMP_HEAD_LEN, &token, sizeof(token));
	for (uint32_t i = sizeof(token); i < ICMP_DATA_LEN; i++)
		buf[ICMP_HEAD_LEN + i] = (uint8_t)i;
	if (family == AF_INET)
		put16(buf + 2, checksum(buf, ICMP_ECHO_LEN));
	return ICMP_ECHO_LEN;
}

static bool is_ours(const uint8_t *icmp, uint32_t len, uint16_t seq, uint64_t token)
{
	return len >= ICMP_HEAD_LEN + sizeof(token) && icmp[6] == seq >> 8 &&
	       icmp[7] == (seq & 0xff) && !memcmp(icmp + ICMP_HEAD_LEN, &token, sizeof(token));
}

/* Steps over an IPv4 header. */
static bool skip_ip(const uint8_t **data, uint32_t *len)
{
	uint32_t head_len = *len ? (uint32_t)(**data & 0xf) * 4 : 0;

	if (head_len < sizeof(struct iphdr) || *len < head_len || (*data)[9] != IPPROTO_ICMP)
		return false;
	*data += head_len;
	*len -= head_len;
	return true;
}

static bool quotes_ours(const uint8_t *data, uint32_t len, int family, uint16_t seq, uint64_t token)
{
	enum { IP6_HEAD_LEN = 40 };

	if (family == AF_INET)
		return skip_ip(&data, &len) && is_ours(data, len, seq, token);
	return len > IP6_HEAD_LEN && data[6] == IPPROTO_ICMPV6 &&
	       is_ours(data + IP6_HEAD_LEN, len - IP6_HEAD_LEN, seq, token);
}

enum icmp_result icmp_judge(const uint8_t *data, uint32_t len, int family, bool has_ip,
			    uint16_t seq, uint64_t token)
{
	uint8_t reply = family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
	uint8_t gone = family == AF_INET ? ICMP_DEST_UNREACH : ICMP6_DST_UNREACH;

	if (has_ip && !skip_ip(&data, &len))
		return ICMP_OTHER;
	if (len < ICMP_HEAD_LEN)
		return ICMP_OTHER;
	if (data[0] == reply && !data[1] && is_ours(data, len, seq, token))
		return len == ICMP_ECHO_LEN ? ICMP_REPLY : ICMP_OTHER;
	if (data[0] == gone &&
	    quotes_ours(data + ICMP_HEAD_LEN, len - ICMP_HEAD_LEN, family, seq, token))
		return ICMP_UNREACHABLE;
	return ICMP_OTHER;
}
