/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See addr.h.
 */
#include "core/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

unsigned addr_len(uint8_t family)
{
	return family == AF_INET6 ? 16 : 4;
}

int addr_parse(const char *text, struct ip_addr *out)
{
	struct ip_addr a = { 0 };

	if (inet_pton(AF_INET, text, &a.v4) == 1)
		a.family = AF_INET;
	else if (inet_pton(AF_INET6, text, &a.v6) == 1)
		a.family = AF_INET6;
	else
		return -EINVAL;
	*out = a;
	return 0;
}

/* "0" to "128" without sign, blanks or leading zeros. */
static int parse_prefix_len(const char *text, unsigned max, uint8_t *out)
{
	unsigned v = 0;

	if (!*text || (*text == '0' && text[1]))
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		v = v * 10 + (unsigned)(*text - '0');
		if (v > max)
			return -EINVAL;
	}
	*out = (uint8_t)v;
	return 0;
}

int prefix_parse(const char *text, struct ip_prefix *out)
{
	char host[ADDR_TEXT_LEN];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	struct ip_prefix p = { 0 };

	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (addr_parse(host, &p.addr))
		return -EINVAL;

	unsigned max = addr_len(p.addr.family) * 8;

	p.len = (uint8_t)max;
	if (slash && parse_prefix_len(slash + 1, max, &p.len))
		return -EINVAL;
	*out = p;
	return 0;
}

const char *addr_text(const struct ip_addr *a, char buf[static ADDR_TEXT_LEN])
{
	if (!inet_ntop(a->family, a->byte, buf, ADDR_TEXT_LEN))
		(void)snprintf(buf, ADDR_TEXT_LEN, "-");
	return buf;
}

const char *addr_port_text(const struct ip_addr *a, uint16_t port,
			   char buf[static ADDR_PORT_TEXT_LEN])
{
	char host[ADDR_TEXT_LEN];

	(void)snprintf(buf, ADDR_PORT_TEXT_LEN, a->family == AF_INET6 ? "[%s]:%u" : "%s:%u",
		       addr_text(a, host), port);
	return buf;
}

const char *prefix_text(const struct ip_prefix *p, char buf[static PREFIX_TEXT_LEN])
{
	char host[ADDR_TEXT_LEN];

	(void)snprintf(buf, PREFIX_TEXT_LEN, "%s/%u", addr_text(&p->addr, host), p->len);
	return buf;
}

struct ip_addr addr_v4(uint32_t addr_be)
{
	struct ip_addr a = { .family = AF_INET };

	a.v4.s_addr = addr_be;
	return a;
}

int addr_cmp(const struct ip_addr *a, const struct ip_addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->byte, b->byte, sizeof(a->byte));
}

bool addr_eq(const struct ip_addr *a, const struct ip_addr *b)
{
	return addr_cmp(a, b) == 0;
}

bool addr_is_multicast(const struct ip_addr *a)
{
	return a->family == AF_INET6 ? a->byte[0] == 0xff : (a->byte[0] & 0xf0) == 0xe0;
}

bool addr_is_host(const struct ip_addr *a)
{
	if (addr_is_multicast(a))
		return false;
	if (a->family == AF_INET)
		return a->v4.s_addr != INADDR_ANY && a->v4.s_addr != INADDR_BROADCAST;
	return a->family == AF_INET6 && !IN6_IS_ADDR_UNSPECIFIED(&a->v6);
}

socklen_t addr_sockaddr(const struct ip_addr *a, uint16_t port, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	if (a->family == AF_INET6) {
		struct sockaddr_in6 *s6 = (struct sockaddr_in6 *)out;

		s6->sin6_family = AF_INET6;
		s6->sin6_port = htons(port);
		s6->sin6_addr = a->v6;
		return sizeof(*s6);
	}

	struct sockaddr_in *s4 = (struct sockaddr_in *)out;

	s4->sin_family = AF_INET;
	s4->sin_port = htons(port);
	s4->sin_addr = a->v4;
	return sizeof(*s4);
}

uint32_t hash_bytes(uint32_t seed, const void *data, uint32_t len)
{
	const uint8_t *p = data;
	uint32_t h = seed;

	for (uint32_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 16777619u;
	return h;
}
