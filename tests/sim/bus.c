/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Two networks that all routers are on. A packet that is sent becomes one packet for each router that it
 * reaches; each of them is lost, copied, damaged or kept for a while on its own. What is under way lies in
 * a heap by the time of its arrival.
 */
#include "sim.h"

#include "core/bug.h"
#include "core/clock.h"

#include <errno.h>
#include <string.h>

enum { UNDER_WAY_N = 8192 };

static struct sim_packet *heap[UNDER_WAY_N];
static struct sim_packet pool[UNDER_WAY_N];
static uint32_t heap_n;
static uint64_t order;
static int64_t last_us[SIM_NETS_N][SIM_ROUTERS_N]
		      [SIM_ROUTERS_N]; /* arrival of the last, from and to */

void bus_reset(void)
{
	for (uint32_t i = 0; i < UNDER_WAY_N; i++)
		heap[i] = &pool[i];
	heap_n = 0;
	memset(last_us, 0, sizeof(last_us));
	memset(sim.net, 0, sizeof(sim.net));
	for (unsigned n = 0; n < SIM_NETS_N; n++)
		sim.net[n].delay_us = US(100);
}

static bool is_before(const struct sim_packet *a, const struct sim_packet *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void swap(uint32_t i, uint32_t k)
{
	struct sim_packet *p = heap[i];

	heap[i] = heap[k];
	heap[k] = p;
}

void bus_inject(const struct sim_packet *p)
{
	uint32_t i = heap_n++;

	BUG_ON(i >= UNDER_WAY_N);
	*heap[i] = *p;
	heap[i]->order = order++;
	for (; i && is_before(heap[i], heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(i, (i - 1) / 2);
}

static const struct sim_packet *take(void)
{
	uint32_t i = 0;

	swap(0, --heap_n);
	for (;;) {
		uint32_t k = 2 * i + 1;

		if (k >= heap_n)
			break;
		if (k + 1 < heap_n && is_before(heap[k + 1], heap[k]))
			k++;
		if (!is_before(heap[k], heap[i]))
			break;
		swap(i, k);
		i = k;
	}
	return heap[heap_n];
}

/* ------------------------------------------------------------------ sending */

/* Also of an interface that was replaced: router_init(), router_replace(). */
static unsigned net_of(uint32_t ifindex)
{
	return ifindex % SIM_NETS_N;
}

static bool is_multicast(const struct ip_addr *a)
{
	return a->family == AF_INET6 ? a->byte[0] == 0xff : a->byte[0] >= 224;
}

static bool reaches(const struct sim_router *from, const struct sim_router *to, unsigned net,
		    const struct ip_addr *dst)
{
	const struct sim_net *n = &sim.net[net];
	struct ip_addr addr = router_addr(to, net, dst->family);

	if (!to->v || !to->link[net].is_up || n->side[from->index] != n->side[to->index])
		return false;
	if (from == to)
		return sim_chance(n->echo);
	return is_multicast(dst) || addr_eq(dst, &addr);
}

static void put(struct sim_packet *p, unsigned from)
{
	const struct sim_net *n = &sim.net[p->net];
	int64_t *last = &last_us[p->net][from][p->to];

	p->at_us = sim.now_us + n->delay_us;
	if (n->jitter_us)
		p->at_us += sim_rand((uint32_t)n->jitter_us);
	if (n->keeps_order) {
		p->at_us = p->at_us < *last ? *last : p->at_us;
		*last = p->at_us;
	}
	bus_inject(p);
}

/* One byte of what the checksum covers. */
static void damage(struct sim_packet *p)
{
	uint32_t head = p->port == SOCK_V6   ? 0
			: p->port == SOCK_AH ? PKT_IP_LEN + PKT_AH_LEN
					     : PKT_IP_LEN;

	p->data[head + sim_rand(p->len - head)] ^= (uint8_t)(1 + sim_rand(255));
}

int bus_send(struct sim_router *r, const struct sock_to *to, const uint8_t *data, uint32_t len)
{
	struct sim_packet p = {
		.src = to->src,
		.dst = to->dst,
		.len = len,
		.hops = to->hop_limit,
		.net = (uint8_t)net_of(to->ifindex),
		.port = to->dst.family == AF_INET6 ? SOCK_V6
			: data[9] == PKT_PROTO_AH  ? SOCK_AH
						   : SOCK_V4,
	};
	const struct sim_net *n = &sim.net[p.net];

	BUG_ON(len > sizeof(p.data));
	if (sim.now_us < sim.send_error_until_us)
		return -ENOBUFS;
	if (r->link[p.net].ifindex != to->ifindex)
		return -ENODEV;
	if (!r->link[p.net].is_up)
		return -ENETDOWN;
	memcpy(p.data, data, len);
	wire_check(r, &p);
	for (p.to = 0; p.to < SIM_ROUTERS_N; p.to++) {
		if (!reaches(r, &sim.router[p.to], p.net, &p.dst) || sim_chance(n->loss))
			continue;

		struct sim_packet copy = p;

		if (sim_chance(n->damage))
			damage(&copy);
		put(&copy, r->index);
		if (sim_chance(n->copies))
			put(&copy, r->index);
	}
	return 0;
}

/* ------------------------------------------------------------------ arriving */

int64_t bus_next_us(void)
{
	return heap_n ? heap[0]->at_us : INT64_MAX;
}

unsigned bus_deliver(void)
{
	unsigned bits = 0;

	while (bus_next_us() <= sim.now_us) {
		const struct sim_packet *p = take();
		struct sim_router *r = &sim.router[p->to];

		if (!r->v || !r->link[p->net].is_up || r->n[p->port] == SIM_QUEUE_N)
			continue;
		r->queue[p->port][(r->first[p->port] + r->n[p->port]++) % SIM_QUEUE_N] = *p;
		bits |= 1u << p->to;
		sim.packet_n++;
	}
	return bits;
}
