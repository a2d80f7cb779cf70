/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * IP addresses: parse, print into the caller's buffer, compare, hash. Pure.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* An address of either family. Unused bytes are zero, so that memcmp and hashes may see them all. */
struct ip_addr {
	uint8_t family; /* AF_INET, AF_INET6; 0 = none */
	uint8_t zero[3]; /* where the compiler would put padding */
	union {
		struct in_addr v4;
		struct in6_addr v6;
		uint8_t byte[16]; /* network order */
	};
};

struct ip_prefix {
	struct ip_addr addr;
	uint8_t len; /* bits, 0..32 or 0..128 */
	uint8_t zero[3];
};

enum {
	ADDR_TEXT_LEN = INET6_ADDRSTRLEN, /* address with its NUL */
	ADDR_PORT_TEXT_LEN = ADDR_TEXT_LEN + 2 + 6, /* [address]:port with its NUL */
	PREFIX_TEXT_LEN = ADDR_TEXT_LEN + 4,
};

/* Numeric address of either family. 0 or -EINVAL; *out is written on success only. */
int addr_parse(const char *text, struct ip_addr *out);

/* "ADDRESS/LEN"; without /LEN the prefix is the whole address. 0 or -EINVAL. */
int prefix_parse(const char *text, struct ip_prefix *out);

/* Each prints into buf and returns it, so that it can be an argument of a log call. */
const char *addr_text(const struct ip_addr *a, char buf[static ADDR_TEXT_LEN]);
const char *addr_port_text(const struct ip_addr *a, uint16_t port,
			   char buf[static ADDR_PORT_TEXT_LEN]);
const char *prefix_text(const struct ip_prefix *p, char buf[static PREFIX_TEXT_LEN]);

struct ip_addr addr_v4(uint32_t addr_be);

/* By family, then unsigned in network order: <0, 0, >0. */
int addr_cmp(const struct ip_addr *a, const struct ip_addr *b);
bool addr_eq(const struct ip_addr *a, const struct ip_addr *b);

/* Whether it can be that of a host: not 0.0.0.0, ::, broadcast or multicast. */
bool addr_is_host(const struct ip_addr *a);

/* 224.0.0.0/4, ff00::/8 */
bool addr_is_multicast(const struct ip_addr *a);

/* Length in bytes of an address of this family: 4 or 16. */
unsigned addr_len(uint8_t family);

/* A socket address for connect or sendto. Returns its length. */
socklen_t addr_sockaddr(const struct ip_addr *a, uint16_t port, struct sockaddr_storage *out);

/* FNV-1a over bytes, chained by seed: the hash of every table of vipd. */
uint32_t hash_bytes(uint32_t seed, const void *data, uint32_t len);
#define HASH_SEED 2166136261u
