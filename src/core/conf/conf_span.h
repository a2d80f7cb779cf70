/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Addresses as people write them in lists: ranges such as "10.1.0.[1-250]", and "ADDRESS:PORT". Pure.
 */
#pragma once

#include "core/addr.h"

#include <stddef.h>

enum { CONF_SPAN_MAX = 65536 }; /* addresses that one range may make */

/* A range of IPv4 addresses: each part from first to last, the last part fastest. */
struct conf_span {
	uint8_t first[4], last[4];
	uint32_t n; /* addresses in it, 1..CONF_SPAN_MAX */
};

/* Whether it has a range in it: "[digits-digits]". "[fd00::5]" has none. */
bool conf_span_is(const char *text);

/* "10.[1-2].0.[1-250]": whole parts in brackets, as many as one likes. len: of text up to, say, a
 * slash. Returns 0, -EINVAL (not of this form) or -E2BIG (more than CONF_SPAN_MAX addresses). */
int conf_span_parse(const char *text, size_t len, struct conf_span *out);

/* The i-th address of a range. */
struct ip_addr conf_span_at(const struct conf_span *s, uint32_t i);

/* Splits "10.0.0.1:80", "10.0.0.[1-9]:80", "[fd00::5]:80", "fd00::5" in place: *host and *port point
 * into text; *port is NULL when there is none. 0 or -EINVAL: a bracket without its other half, or text
 * behind it. */
int conf_split_port(char *text, char **host, char **port);
