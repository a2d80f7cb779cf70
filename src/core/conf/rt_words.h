/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The parts of route and rule lines that are texts of several words or numbers: realms, marks, ranges,
 * encapsulations. The configuration's checks read them to find mistakes, the reflector to use them. Pure.
 */
#pragma once

#include "core/addr.h"

#include <stdbool.h>
#include <stdint.h>

/* "[SOURCE/]DESTINATION", numbers up to 65535: source << 16 | destination. 0 or -EINVAL, as all here;
 * the output is written on success only. */
int rt_realms(const char *text, uint32_t *out);

/* "MARK[/MASK]", decimal or 0x...; without a mask it is all ones. */
int rt_mark(const char *text, uint32_t *mark, uint32_t *mask);

/* "A" or "A-B" with A <= B <= max. */
int rt_range(const char *text, uint32_t max, uint32_t *first, uint32_t *last);

/* Any number up to 2^64 - 1. */
int rt_u64(const char *text, uint64_t *out);

/* An IP protocol by number, or tcp, udp, icmp and so on as in /etc/protocols' usual names. */
int rt_ipproto(const char *text, uint8_t *out);

enum rt_encap_type { RT_ENCAP_NONE, RT_ENCAP_MPLS, RT_ENCAP_IP, RT_ENCAP_IP6, RT_ENCAP_ILA };

enum { RT_LABELS_MAX = 16 };

struct rt_encap {
	enum rt_encap_type type;
	uint32_t label[RT_LABELS_MAX]; /* mpls: outermost first */
	uint32_t label_n;
	uint64_t id, locator; /* ip, ip6: key of the tunnel; ila */
	struct ip_addr src, dst; /* family 0: none */
	uint8_t tos, ttl;
	bool has_id, has_ttl;
	uint8_t csum_mode; /* ila */
	bool has_csum_mode;
};

/* "mpls 100/200 [ttl N]", "ip id N dst ADDR [src ADDR] [tos N] [ttl N]", the same with ip6, "ila
 * LOCATOR [csum-mode adj-transport|neutral-map|no-action|neutral-map-auto]". */
int rt_encap(const char *text, struct rt_encap *out);
