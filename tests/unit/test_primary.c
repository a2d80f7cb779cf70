/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where an address of ours is the first of its subnet, and that it goes last there; netns/links.py
 * sees that the operator's address survives.
 */
#include "unit.h"

#include "vrrp/primary.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <stdlib.h>

enum { ETH0 = 2, ETH1 = 3, MADE = 4, GONE = 9, FIRST = 0, SECOND = IFA_F_SECONDARY };

/* 10.0.0.host as the kernel has it, and whether it is ours. */
struct row {
	uint32_t ifindex;
	uint8_t host, len;
	uint32_t flags;
	bool is_ours;
};

static struct ip_addr host(uint8_t n)
{
	return addr_v4(htonl(0x0a000000u + n));
}

static struct link_pic picture(const struct row *row, uint32_t n)
{
	static const struct link links[] = {
		{ .ifindex = ETH0, .name = "eth0" },
		{ .ifindex = ETH1, .name = "eth1" },
		{ .ifindex = MADE, .name = "vrrp.51", .is_made = true }
	};
	struct link_pic p = { 0 };

	for (uint32_t i = 0; i < N_OF(links); i++)
		link_pic_put_link(&p, &links[i]);
	for (uint32_t i = 0; i < n; i++) {
		struct link_addr a = { .ifindex = row[i].ifindex,
				       .addr = host(row[i].host),
				       .len = row[i].len,
				       .flags = row[i].flags };

		link_pic_put_addr(&p, &a);
	}
	link_pic_seal(&p);
	return p;
}

static struct vip ours(const struct row *r)
{
	return (struct vip){ .addr = host(r->host),
			     .len = r->len,
			     .on = r->ifindex,
			     .on_len = r->len,
			     .is_ours = r->is_ours };
}

static void where_ours_are_the_first(void **state)
{
	static const struct row rows[] = {
		{ ETH0, 1, 24, FIRST, false },   { ETH0, 100, 24, SECOND, true },
		{ ETH1, 101, 24, FIRST, true },  { ETH1, 102, 24, SECOND, true },
		{ ETH1, 8, 24, SECOND, false },  { ETH1, 130, 25, FIRST, true },
		{ ETH0, 103, 32, FIRST, true },  { MADE, 104, 24, FIRST, true },
		{ ETH0, 105, 25, FIRST, false },
	};
	struct link_pic p = picture(rows, N_OF(rows));
	struct vip vip[N_OF(rows)], *all[N_OF(rows)];
	struct vip_set set = { .vip = all, .n = N_OF(rows) };
	uint32_t n, *ifaces;

	(void)state;
	for (uint32_t i = 0; i < N_OF(rows); i++) {
		vip[i] = ours(&rows[i]);
		all[i] = &vip[i];
	}
	ifaces = primary_ifaces(&set, &p, &n);
	assert_int_equal(n, 1);
	assert_int_equal(ifaces[0], ETH1);
	free(ifaces);
	for (uint32_t i = 0; i < N_OF(rows); i++)
		vip[i].on = GONE;
	ifaces = primary_ifaces(&set, &p, &n);
	assert_int_equal(n, 0);
	free(ifaces);
	link_pic_fini(&p);
}

static void the_first_goes_last(void **state)
{
	static const struct row rows[] = {
		{ ETH0, 1, 24, FIRST, true },  { ETH0, 2, 24, SECOND, true },
		{ ETH0, 3, 32, FIRST, true },  { ETH1, 4, 24, FIRST, true },
		{ ETH1, 5, 24, SECOND, true },
	};
	static const uint8_t in_order[] = { 2, 3, 5, 1, 4, /* then the addition */ 1 };
	struct link_pic p = picture(rows, N_OF(rows));
	struct vip vip[N_OF(rows)];
	struct vip_op ops[N_OF(rows) + 1] = { 0 };

	(void)state;
	for (uint32_t i = 0; i < N_OF(rows); i++) {
		vip[i] = ours(&rows[i]);
		ops[i] = (struct vip_op){ .vip = &vip[i],
					  .kind = VIP_DEL,
					  .ifindex = rows[i].ifindex,
					  .len = rows[i].len };
	}
	ops[N_OF(rows)] =
		(struct vip_op){ .vip = &vip[0], .kind = VIP_ADD, .ifindex = ETH0, .len = 24 };
	primary_last(ops, N_OF(ops), &p);
	for (uint32_t i = 0; i < N_OF(ops); i++) {
		const struct ip_addr want = host(in_order[i]);

		assert_true(addr_eq(&ops[i].vip->addr, &want));
	}
	assert_int_equal(ops[N_OF(rows)].kind, VIP_ADD);
	primary_last(ops, 0, &p);
	link_pic_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_ours_are_the_first),
		cmocka_unit_test(the_first_goes_last),
	};

	return cmocka_run_group_tests_name("primary", tests, NULL, NULL);
}
