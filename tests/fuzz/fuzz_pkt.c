/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The VRRP decoder: any bytes at all, for any configuration. What is accepted is within bounds, and
 * encodes to a packet that says the same.
 */
#include "core/bug.h"
#include "core/clock.h"
#include "vrrp/pkt.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_round_trip(const struct pkt_in *in, const struct pkt_expect *x,
			     const struct pkt_advert *a)
{
	uint8_t buf[PKT_MAX_LEN];
	struct pkt_route route = {
		.src_be = in->src.v4.s_addr,
		.dst_be = in->dst.v4.s_addr,
		.ip_id = 1,
	};
	size_t n = pkt_encode(a, &route, buf);
	struct pkt_in again;
	struct pkt_advert b;

	BUG_ON(!pkt_open(buf, n, &again));
	BUG_ON(pkt_decode(&again, x, &b));
	BUG_ON(a->version != b.version || a->vrid != b.vrid || a->prio != b.prio);
	BUG_ON(a->adv_int_us != b.adv_int_us || a->addr_n != b.addr_n);
	BUG_ON(memcmp(a->addr, b.addr, (size_t)a->addr_n * 4));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pkt_in in;
	struct pkt_advert a;

	/* the first byte says what is configured */
	if (!len || !pkt_open(data + 1, len - 1, &in))
		return 0;

	struct pkt_expect x = { .version = data[0] & 1 ? 2 : 3, .adv_int_us = SEC(1) };

	if (pkt_decode(&in, &x, &a))
		return 0;
	BUG_ON(a.adv_int_us <= 0 || a.adv_int_us > SEC(255));
	BUG_ON(!a.addr_n || a.addr < in.msg);
	BUG_ON(a.addr + (size_t)a.addr_n * 4 > in.msg + in.msg_len);
	check_round_trip(&in, &x, &a);
	(void)pkt_list_sum(a.addr, a.addr_n);
	return 0;
}
