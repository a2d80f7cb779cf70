/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vrrp/vip: plans against a small model of a kernel. After a plan is carried out the next one is empty
 * (unless something changes), what is wanted is there, and nothing that is not ours goes.
 */
#include "vrrp/vip.h"

#include "core/bug.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_N = 64, ETH0 = 2, ETH1 = 3 };

/* The kernel: a bag of addresses on interfaces that have names. */
struct model {
	struct vip_set set;
	struct link_addr has[MAX_N];
	uint32_t has_n;
	uint32_t index_of_eth0; /* 0: there is no eth0 */
	bool is_up;
	bool is_torn; /* the next pictures have no addresses in them */
	struct vip_op ops[2 * MAX_N];
	uint32_t ops_n;
};

static struct vip *make(void *arg, const struct vip *key)
{
	struct vip *v = malloc(sizeof(*v));

	(void)arg;
	assert_non_null(v);
	*v = *key;
	return v;
}

static void drop(void *arg, struct vip *v)
{
	(void)arg;
	free(v);
}

static struct vip key(uint32_t inst, uint8_t host, const char *dev)
{
	struct vip v = {
		.inst = { inst },
		.addr = addr_v4(htonl(0x0a000000u + host)),
		.len = 24,
		.is_configured = true,
	};

	(void)snprintf(v.dev, sizeof(v.dev), "%s", dev);
	(void)snprintf(v.inst_name, sizeof(v.inst_name), "inst%u", inst);
	return v;
}

/* One instance (1) with addresses .1 and .2 on eth0. */
static void model_init(struct model *m)
{
	const struct vip keys[] = { key(1, 1, "eth0"), key(1, 2, "eth0") };

	*m = (struct model){ .index_of_eth0 = ETH0, .is_up = true };
	vip_set_adopt(&m->set, keys, N_OF(keys), make, NULL);
}

static void model_fini(struct model *m)
{
	for (uint32_t i = 0; i < m->set.n; i++)
		free(m->set.vip[i]);
	vip_set_fini(&m->set);
}

static struct link_addr *find(struct model *m, uint32_t ifindex, struct ip_addr addr, uint8_t len)
{
	for (uint32_t i = 0; i < m->has_n; i++)
		if (m->has[i].ifindex == ifindex && addr_eq(&m->has[i].addr, &addr) &&
		    m->has[i].len == len)
			return &m->has[i];
	return NULL;
}

static bool has(struct model *m, uint32_t ifindex, uint8_t host)
{
	return find(m, ifindex, addr_v4(htonl(0x0a000000u + host)), 24) != NULL;
}

static void put_ip(struct model *m, uint32_t ifindex, struct ip_addr addr, uint8_t len,
		   uint8_t proto)
{
	assert_true(m->has_n < MAX_N);
	m->has[m->has_n++] =
		(struct link_addr){ .ifindex = ifindex, .addr = addr, .len = len, .proto = proto };
}

static void put(struct model *m, uint32_t ifindex, uint32_t addr_be, uint8_t len, uint8_t proto)
{
	put_ip(m, ifindex, addr_v4(addr_be), len, proto);
}

static void take(struct model *m, uint32_t ifindex, uint8_t host)
{
	struct link_addr *a = find(m, ifindex, addr_v4(htonl(0x0a000000u + host)), 24);

	assert_non_null(a);
	if (a)
		*a = m->has[--m->has_n];
}

static void said(struct model *m, uint32_t inst, bool is_wanted)
{
	struct conf_range r = vip_set_of(&m->set, (struct inst_id){ inst });

	for (uint32_t i = r.first; i < r.first + r.n; i++) {
		vip_said(m->set.vip[i], true, is_wanted);
	}
}

static struct link_table *links_of(const struct model *m, struct link_pic *p)
{
	uint32_t flags = m->is_up ? IFF_UP | IFF_RUNNING : 0;
	struct link eth0 = { .ifindex = m->index_of_eth0, .name = "eth0", .flags = flags };
	struct link eth1 = { .ifindex = ETH1, .name = "eth1", .flags = flags };

	if (m->index_of_eth0)
		link_pic_put_link(p, &eth0);
	link_pic_put_link(p, &eth1);
	for (uint32_t i = 0; !m->is_torn && i < m->has_n; i++)
		link_pic_put_addr(p, &m->has[i]);
	link_pic_seal(p);
	return link_table_make(p, NULL, 0);
}

static uint32_t plan(struct model *m)
{
	struct link_pic p = { 0 };
	struct link_table *t = links_of(m, &p);

	assert_true(m->set.n <= MAX_N);
	m->ops_n = vip_plan(&m->set, t, &p, m->is_torn, m->ops);
	free(t);
	link_pic_fini(&p);
	return m->ops_n;
}

static void carry_out(struct model *m)
{
	for (uint32_t i = 0; i < m->ops_n; i++) {
		struct vip_op *op = &m->ops[i];
		struct link_addr *a = find(m, op->ifindex, op->vip->addr, op->len);

		if (op->kind == VIP_ADD && !a)
			put_ip(m, op->ifindex, op->vip->addr, op->len, VIP_PROTO);
		if (op->kind == VIP_DEL && a)
			*a = m->has[--m->has_n];
		else if (op->kind == VIP_DEL)
			op->err = -EADDRNOTAVAIL;
		assert_false(vip_done(op));
	}
}

/* Until there is nothing to do; returns the number of operations. */
static uint32_t settle(struct model *m)
{
	uint32_t all_n = 0, rounds = 0;

	while (plan(m)) {
		all_n += m->ops_n;
		carry_out(m);
		assert_true(++rounds < 4);
	}
	return all_n;
}

static void test_nothing_before_the_first_word(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	put(&m, ETH0, htonl(0x0a000001), 24, VIP_PROTO);
	assert_int_equal(plan(&m), 0);
	model_fini(&m);
}

static void test_add_and_remove(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	said(&m, 1, true);
	assert_int_equal(settle(&m), 2);
	assert_true(has(&m, ETH0, 1) && has(&m, ETH0, 2));
	said(&m, 1, false);
	assert_int_equal(settle(&m), 2);
	assert_int_equal(m.has_n, 0);
	model_fini(&m);
}

static void test_lost_is_put_back(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	said(&m, 1, true);
	settle(&m);
	assert_false(m.ops[0].is_lost);
	take(&m, ETH0, 2);
	assert_int_equal(plan(&m), 1);
	assert_int_equal(m.ops[0].kind, VIP_ADD);
	assert_true(m.ops[0].is_lost);
	carry_out(&m);
	assert_true(has(&m, ETH0, 2));
	model_fini(&m);
}

/* Left by a vipd that was killed (with our mark) or by another program (without). */
static void test_left_over_goes_with_the_first_word(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	put(&m, ETH0, htonl(0x0a000001), 24, VIP_PROTO);
	put(&m, ETH0, htonl(0x0a000002), 24, 0);
	put(&m, ETH0, htonl(0x0a000003), 24, 0); /* none of ours */
	said(&m, 1, false);
	assert_int_equal(settle(&m), 2);
	assert_int_equal(m.has_n, 1);
	assert_true(has(&m, ETH0, 3));
	model_fini(&m);
}

static void test_left_over_stays_when_wanted(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	put(&m, ETH0, htonl(0x0a000001), 24, 0);
	said(&m, 1, true);
	assert_int_equal(settle(&m), 1); /* the other one */
	said(&m, 1, false);
	assert_int_equal(settle(&m), 2);
	assert_int_equal(m.has_n, 0);
	model_fini(&m);
}

/* Put there by hand while we were not active: not ours to take, until it is wanted here. */
static void test_by_hand(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	said(&m, 1, false);
	assert_int_equal(settle(&m), 0);
	put(&m, ETH0, htonl(0x0a000001), 24, 0);
	assert_int_equal(settle(&m), 0);
	said(&m, 1, true);
	assert_int_equal(settle(&m), 1);
	said(&m, 1, false);
	assert_int_equal(settle(&m), 2);
	model_fini(&m);
}

static void test_owner_keeps_its_own(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	m.set.vip[0]->is_owner = m.set.vip[1]->is_owner = true;
	put(&m, ETH0, htonl(0x0a000001), 16, 0); /* the interface's own, with another length */
	said(&m, 1, true);
	assert_int_equal(settle(&m), 1);
	assert_true(has(&m, ETH0, 2));
	said(&m, 1, false);
	assert_int_equal(settle(&m), 1);
	assert_int_equal(m.has_n, 1);
	assert_int_equal(m.has[0].len, 16);
	model_fini(&m);
}

/* A killed vipd had put it there: the mark says so, and it is no interface's own. */
static void test_owner_left_over_with_mark(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	m.set.vip[0]->is_owner = m.set.vip[1]->is_owner = true;
	put(&m, ETH0, htonl(0x0a000001), 24, VIP_PROTO);
	put(&m, ETH0, htonl(0x0a000002), 24, 0);
	said(&m, 1, false);
	assert_int_equal(settle(&m), 1);
	assert_true(has(&m, ETH0, 2));
	model_fini(&m);
}

static void test_reload(void **state)
{
	const struct vip keys[] = { key(1, 2, "eth0"), key(1, 3, "eth0"), key(2, 9, "eth1") };
	struct model m;

	(void)state;
	model_init(&m);
	said(&m, 1, true);
	settle(&m);

	const struct vip *stays = m.set.vip[1];

	vip_set_adopt(&m.set, keys, N_OF(keys), make, NULL);
	assert_ptr_equal(m.set.vip[1], stays);
	said(&m, 1, true);
	assert_int_equal(settle(&m), 2);
	assert_true(!has(&m, ETH0, 1) && has(&m, ETH0, 2) && has(&m, ETH0, 3));
	vip_set_reap(&m.set, drop, NULL);
	assert_int_equal(m.set.n, 3);

	/* all of it goes */
	vip_set_adopt(&m.set, NULL, 0, make, NULL);
	vip_set_reap(&m.set, drop, NULL);
	assert_int_equal(m.set.n, 2); /* what is still in the kernel */
	assert_int_equal(settle(&m), 2);
	assert_int_equal(m.has_n, 0);
	vip_set_reap(&m.set, drop, NULL);
	assert_int_equal(m.set.n, 0);
	model_fini(&m);
}

/* A new interface of the same name; the old one renamed away keeps nothing of ours. */
static void test_interface_is_another(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	said(&m, 1, true);
	settle(&m);
	m.index_of_eth0 = 7;
	assert_int_equal(settle(&m), 4);
	assert_true(has(&m, 7, 1) && has(&m, 7, 2));
	assert_int_equal(m.has_n, 2);

	m.index_of_eth0 = 0;
	assert_int_equal(settle(&m), 2);
	assert_int_equal(m.has_n, 0);
	m.index_of_eth0 = 8;
	assert_int_equal(settle(&m), 2);
	assert_true(has(&m, 8, 1) && has(&m, 8, 2));
	model_fini(&m);
}

static void test_interface_is_deleted(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	said(&m, 1, true);
	settle(&m);
	m.index_of_eth0 = 0;
	m.has_n = 0;
	assert_int_equal(settle(&m), 0);
	m.index_of_eth0 = 9;
	assert_int_equal(plan(&m), 2);
	assert_false(m.ops[0].is_lost);
	carry_out(&m);
	assert_int_equal(settle(&m), 0);
	model_fini(&m);
}

static void test_one_address_two_instances(void **state)
{
	const struct vip keys[] = { key(1, 1, "eth0"), key(2, 1, "eth0") };
	struct model m;

	(void)state;
	model_init(&m);
	vip_set_adopt(&m.set, keys, N_OF(keys), make, NULL);
	vip_set_reap(&m.set, drop, NULL);
	said(&m, 1, true);
	said(&m, 2, true);
	settle(&m);
	said(&m, 1, false);
	assert_int_equal(settle(&m), 0);
	assert_true(has(&m, ETH0, 1));
	said(&m, 2, false);
	settle(&m);
	assert_int_equal(m.has_n, 0);
	model_fini(&m);
}

static void test_failure_is_held_and_gone_is_done(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	said(&m, 1, true);
	assert_int_equal(plan(&m), 2);
	m.ops[0].err = -EACCES;
	assert_true(vip_done(&m.ops[0]));
	m.ops[1].err = 0;
	assert_false(vip_done(&m.ops[1]));
	put_ip(&m, ETH0, m.ops[1].vip->addr, 24, VIP_PROTO);
	assert_int_equal(plan(&m), 0);
	vip_release_held(&m.set);
	assert_int_equal(settle(&m), 1);
	said(&m, 1, false);
	assert_int_equal(plan(&m), 2);
	m.ops[0].err = -EADDRNOTAVAIL;
	m.ops[1].err = -ENODEV;
	assert_false(vip_done(&m.ops[0]));
	assert_false(vip_done(&m.ops[1]));
	m.has_n = 0;
	assert_int_equal(plan(&m), 0);
	model_fini(&m);
}

/* Nothing that is ours is forgotten because a picture does not show it. */
static void test_torn_picture(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	put(&m, ETH0, htonl(0x0a000001), 24, 0); /* left over, without a mark */
	m.is_torn = true;
	said(&m, 1, false);
	assert_int_equal(plan(&m), 0);
	m.is_torn = false;
	assert_int_equal(settle(&m), 1); /* it is still taken for left over */
	said(&m, 1, true);
	settle(&m);

	m.is_torn = true;
	assert_int_equal(plan(&m), 2); /* no harm */
	assert_false(m.ops[0].is_lost);
	carry_out(&m);
	assert_int_equal(m.has_n, 2);
	said(&m, 1, false);
	assert_int_equal(plan(&m), 2);
	carry_out(&m);
	assert_int_equal(m.has_n, 0);
	assert_int_equal(plan(&m), 0);

	/* retired while it was torn, and the removal failed */
	m.is_torn = false;
	said(&m, 1, true);
	settle(&m);
	m.is_torn = true;
	vip_set_adopt(&m.set, NULL, 0, make, NULL);
	assert_int_equal(plan(&m), 2);
	m.ops[0].err = m.ops[1].err = -ENOBUFS;
	assert_true(vip_done(&m.ops[0]) && vip_done(&m.ops[1]));
	vip_set_reap(&m.set, drop, NULL);
	assert_int_equal(m.set.n, 2);
	vip_release_held(&m.set);
	assert_int_equal(plan(&m), 2);
	take(&m, ETH0, 1); /* gone already: as good */
	carry_out(&m);
	assert_int_equal(m.has_n, 0);
	model_fini(&m);
}

static void left_over(struct model *m)
{
	struct link_pic p = { 0 };
	struct link_table *t = links_of(m, &p);

	vip_set_left_over(&m->set, t, &p, make, NULL);
	free(t);
	link_pic_fini(&p);
}

/* With our mark and in nobody's list. */
static void test_left_over_of_nobody(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	put(&m, ETH0, htonl(0x0a000001), 24, VIP_PROTO); /* in the list */
	put(&m, ETH0, htonl(0x0a000002), 16, VIP_PROTO); /* another length */
	put(&m, ETH1, htonl(0x0a000001), 24, VIP_PROTO); /* another interface */
	put(&m, ETH1, htonl(0x0a000007), 24, VIP_PROTO);
	put(&m, ETH1, htonl(0x0a000008), 24, 0); /* not marked */
	put(&m, 77, htonl(0x0a000009), 24, VIP_PROTO); /* an interface that came just now */
	left_over(&m);
	assert_int_equal(m.set.n, 2 + 4);
	assert_int_equal(settle(&m), 4);
	assert_int_equal(m.has_n, 2);
	assert_true(has(&m, ETH0, 1) && has(&m, ETH1, 8));
	vip_set_reap(&m.set, drop, NULL);
	assert_int_equal(m.set.n, 2);
	left_over(&m);
	assert_int_equal(m.set.n, 2);

	/* a reload that names it before it is gone: wanted there, so it stays */
	const struct vip keys[] = { key(1, 1, "eth0"), key(1, 2, "eth0"), key(2, 7, "eth1") };

	put(&m, ETH1, htonl(0x0a000007), 24, VIP_PROTO);
	left_over(&m);
	vip_set_adopt(&m.set, keys, N_OF(keys), make, NULL);
	said(&m, 2, true);
	assert_int_equal(settle(&m), 0);
	assert_true(has(&m, ETH1, 7));
	vip_set_reap(&m.set, drop, NULL);
	assert_int_equal(m.set.n, 3);
	model_fini(&m);
}

static void test_when_to_announce(void **state)
{
	struct link l = { .ifindex = ETH0, .name = "eth0", .is_up = true, .mac = { 2 } };
	struct model m;

	(void)state;
	model_init(&m);

	struct vip *v = m.set.vip[0];

	said(&m, 1, true);
	assert_false(vip_must_say(v, &l)); /* not in place yet */
	settle(&m);
	assert_true(vip_must_say(v, &l));
	assert_false(vip_must_say(v, NULL));
	v->is_said = true;
	memcpy(v->said_mac, l.mac, sizeof(v->said_mac));
	assert_false(vip_must_say(v, &l));
	l.mac[5] = 9;
	assert_true(vip_must_say(v, &l)); /* another hardware address */
	memcpy(v->said_mac, l.mac, sizeof(v->said_mac));
	m.is_up = false;
	settle(&m);
	m.is_up = true;
	settle(&m);
	assert_true(vip_must_say(v, &l)); /* the link was away */
	v->is_said = true;
	take(&m, ETH0, 1);
	settle(&m);
	assert_true(vip_must_say(v, &l)); /* it was lost */
	said(&m, 1, false);
	assert_false(vip_must_say(v, &l));
	model_fini(&m);
}

/* Random words, losses and reloads: in the end the kernel has what is wanted and nothing else of ours. */
static void test_random(void **state)
{
	uint64_t seed = 0x5eed5eed;

	(void)state;
	for (unsigned run = 0; run < 300; run++) {
		struct model m;
		bool is_wanted = false;

		model_init(&m);
		for (unsigned step = 0; step < 20; step++) {
			uint32_t r = unit_rand(&seed);

			if (r % 4 == 0)
				is_wanted = !is_wanted;
			if (r % 4 == 1 && m.has_n) {
				m.has[r / 4 % m.has_n] = m.has[m.has_n - 1];
				m.has_n--;
			}
			if (r % 4 == 2)
				m.index_of_eth0 = r / 4 % 2 ? ETH0 : 7 + r / 8 % 2;
			said(&m, 1, is_wanted);
			settle(&m);
			assert_int_equal(m.has_n, is_wanted ? 2 : 0);
			if (is_wanted)
				assert_true(has(&m, m.index_of_eth0, 1) &&
					    has(&m, m.index_of_eth0, 2));
		}
		model_fini(&m);
	}
}

static void test_addresses_for_the_link_table(void **state)
{
	const struct vip keys[] = { key(1, 1, "eth0"), key(1, 2, "eth0"), key(2, 1, "eth1"),
				    key(3, 200, "eth1") };
	struct ip_addr out[4];
	struct model m;

	(void)state;
	model_init(&m);
	vip_set_adopt(&m.set, keys, N_OF(keys), make, NULL);
	m.set.vip[1]->is_owner = true;
	assert_int_equal(vip_addrs(&m.set, out), 2);
	assert_true(addr_cmp(&out[0], &out[1]) < 0);
	assert_int_equal(vip_set_of(&m.set, (struct inst_id){ 1 }).n, 2);
	assert_int_equal(vip_set_of(&m.set, (struct inst_id){ 3 }).first, 3);
	assert_int_equal(vip_set_of(&m.set, (struct inst_id){ 4 }).n, 0);
	model_fini(&m);
}

static struct vip key_v6(uint32_t inst, const char *text, uint8_t len)
{
	struct vip v = key(inst, 0, "eth0");

	assert_int_equal(addr_parse(text, &v.addr), 0);
	v.len = len;
	return v;
}

/* The kernel has one of each IPv6 address, whatever its prefix length, and takes it away by that only. */
static void test_v6(void **state)
{
	const struct vip keys[] = { key_v6(1, "2001:db8::1", 64), key_v6(1, "fe80::1", 64),
				    key(1, 1, "eth0") };
	struct model m;

	(void)state;
	model_init(&m);
	vip_set_adopt(&m.set, NULL, 0, make, NULL);
	vip_set_reap(&m.set, drop, NULL);

	struct vip sorted[] = { keys[2], keys[0], keys[1] };

	vip_set_adopt(&m.set, sorted, N_OF(sorted), make, NULL);
	put_ip(&m, ETH0, keys[0].addr, 128, 0); /* somebody's, with another length */
	said(&m, 1, true);
	assert_int_equal(settle(&m), 2);
	assert_int_equal(m.has_n, 3);
	said(&m, 1, false);
	assert_int_equal(settle(&m), 3);
	assert_int_equal(m.has_n, 0);
	model_fini(&m);
}

/* Until the kernel has asked around, nobody is told; what another host has is tried again. */
static void test_v6_asks_around(void **state)
{
	const struct vip v6 = key_v6(1, "2001:db8::1", 64);
	struct link l = { .ifindex = ETH0, .name = "eth0", .is_up = true };
	struct model m;

	(void)state;
	model_init(&m);
	vip_set_adopt(&m.set, &v6, 1, make, NULL);
	vip_set_reap(&m.set, drop, NULL);
	said(&m, 1, true);
	assert_int_equal(plan(&m), 1);
	carry_out(&m);
	assert_false(vip_must_say(m.set.vip[0], &l)); /* nobody has looked yet */
	settle(&m);
	m.has[0].flags = IFA_F_TENTATIVE;
	assert_int_equal(settle(&m), 0);
	assert_false(vip_must_say(m.set.vip[0], &l));
	m.has[0].flags = 0;
	assert_int_equal(settle(&m), 0);
	assert_true(vip_must_say(m.set.vip[0], &l));
	m.has[0].flags = IFA_F_DADFAILED | IFA_F_TENTATIVE;
	assert_int_equal(plan(&m), 2);
	assert_int_equal(m.ops[0].kind, VIP_DEL);
	assert_int_equal(m.ops[1].kind, VIP_ADD);
	assert_false(m.ops[1].is_lost);
	carry_out(&m);
	assert_int_equal(m.has[0].flags, 0);
	assert_int_equal(settle(&m), 0);
	model_fini(&m);
}

/* A reload that changes a word: of IPv4 the address is made anew, of IPv6 it is changed in place. */
static void test_other_words(void **state)
{
	struct vip keys[] = { key(1, 1, "eth0"), key_v6(1, "2001:db8::1", 64) };
	struct model m;

	(void)state;
	model_init(&m);
	vip_set_adopt(&m.set, keys, N_OF(keys), make, NULL);
	vip_set_reap(&m.set, drop, NULL);
	said(&m, 1, true);
	settle(&m);
	vip_set_adopt(&m.set, keys, N_OF(keys), make, NULL);
	assert_int_equal(settle(&m), 0);
	keys[0].attr.label[0] = 'x';
	keys[1].attr.preferred_s = 60;
	vip_set_adopt(&m.set, keys, N_OF(keys), make, NULL);
	assert_int_equal(plan(&m), 3);
	assert_int_equal(m.ops[0].kind, VIP_DEL);
	assert_int_equal(m.ops[0].vip->addr.family, AF_INET);
	assert_int_equal(m.ops[1].kind, VIP_ADD);
	assert_int_equal(m.ops[2].kind, VIP_ADD);
	for (uint32_t i = 0; i < 3; i++)
		assert_true(m.ops[i].is_renewal && !m.ops[i].is_lost);
	carry_out(&m);
	assert_int_equal(settle(&m), 0);
	assert_int_equal(m.has_n, 2);

	/* changed while it is not here: nothing to do */
	said(&m, 1, false);
	settle(&m);
	keys[0].attr.label[0] = 'y';
	vip_set_adopt(&m.set, keys, N_OF(keys), make, NULL);
	assert_int_equal(settle(&m), 0);
	model_fini(&m);
}

/* no_track: what somebody takes away stays away until the next word; not so when the interface was
 * down, which takes IPv6 addresses along. */
static void test_no_track(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	m.set.vip[0]->is_no_track = m.set.vip[1]->is_no_track = true;
	said(&m, 1, true);
	settle(&m);
	take(&m, ETH0, 1);
	assert_int_equal(settle(&m), 0);
	assert_int_equal(settle(&m), 0);
	assert_false(has(&m, ETH0, 1));
	said(&m, 1, true);
	assert_int_equal(settle(&m), 1);
	m.is_up = false;
	take(&m, ETH0, 1);
	assert_int_equal(settle(&m), 1);
	m.is_up = true;
	m.is_torn = true;
	(void)plan(&m);
	m.is_torn = false;
	assert_int_equal(settle(&m), 0);
	take(&m, ETH0, 2);
	settle(&m);
	said(&m, 1, false);
	assert_int_equal(settle(&m), 1);
	assert_int_equal(m.has_n, 0);
	model_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_before_the_first_word),
		cmocka_unit_test(test_add_and_remove),
		cmocka_unit_test(test_lost_is_put_back),
		cmocka_unit_test(test_left_over_goes_with_the_first_word),
		cmocka_unit_test(test_left_over_stays_when_wanted),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_owner_keeps_its_own),
		cmocka_unit_test(test_owner_left_over_with_mark),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_interface_is_another),
		cmocka_unit_test(test_interface_is_deleted),
		cmocka_unit_test(test_one_address_two_instances),
		cmocka_unit_test(test_failure_is_held_and_gone_is_done),
		cmocka_unit_test(test_torn_picture),
		cmocka_unit_test(test_left_over_of_nobody),
		SAYS("V100", test_when_to_announce),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_v6),
		cmocka_unit_test(test_v6_asks_around),
		cmocka_unit_test(test_other_words),
		cmocka_unit_test(test_no_track),
		cmocka_unit_test(test_addresses_for_the_link_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
