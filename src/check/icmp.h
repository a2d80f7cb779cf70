/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An echo request and its reply (RFC 792, RFC 4443). Pure.
 *
 * Through a ping socket the kernel sets the identifier and hands on only what is for it; a raw socket
 * shows every ICMP packet of that host, and an IPv4 header before it. So a token in the data says
 * whose a reply is in both cases.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	ICMP_DATA_LEN = 128,
	ICMP_HEAD_LEN = 8,
	ICMP_ECHO_LEN = ICMP_HEAD_LEN + ICMP_DATA_LEN,
};

/* Returns ICMP_ECHO_LEN, at most cap. family: AF_INET or AF_INET6, whose checksum the kernel makes. */
uint32_t icmp_make(uint8_t *buf, uint32_t cap, int family, uint16_t id, uint16_t seq,
		   uint64_t token);

enum icmp_result {
	ICMP_OTHER, /* not ours: wait on */
	ICMP_REPLY,
	ICMP_UNREACHABLE, /* an error that quotes our request (raw sockets) */
};

/* has_ip: an IPv4 header comes first. */
enum icmp_result icmp_judge(const uint8_t *data, uint32_t len, int family, bool has_ip,
			    uint16_t seq, uint64_t token);
