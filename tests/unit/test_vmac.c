/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vrrp/vmac: plans for interfaces with a virtual MAC address, against a small model of a kernel.
 */
#include "vrrp/vmac.h"

#include "core/bug.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ETH0 = 2, MAX_N = 16 };

/* The kernel: eth0, and what was made. */
struct model {
	struct vmac_set set;
	struct link link[MAX_N];
	uint32_t n, next_index;
	bool has_addr; /* every made interface has the parent's address */
	struct vmac_op ops[4 * MAX_N];
	uint32_t ops_n;
};

static struct conf_vrrp inst = {
	.s = { .name = "web", .interface = "eth0", .vrid = 51, .use_vmac = true },
	.tx_dev = "vrrp.51",
};
static struct conf_vmac one = { .name = "vrrp.51", .parent = "eth0" };

static void adopt(struct model *m, uint32_t n)
{
	const struct conf c = { .vrrp = &inst, .vrrp_n = 1, .vmac = &one, .vmac_n = n };

	vmac_adopt(&m->set, &c);
}

static struct link *add_link(struct model *m, const char *name)
{
	struct link *l = &m->link[m->n++];

	*l = (struct link){ .ifindex = m->next_index++, .flags = IFF_UP | IFF_RUNNING };
	(void)snprintf(l->name, sizeof(l->name), "%s", name);
	return l;
}

static void model_init(struct model *m)
{
	*m = (struct model){ .next_index = ETH0, .has_addr = true };
	add_link(m, "eth0")->arp_ignore = 2; /* as the administrator wants it */
}

static struct link *find(struct model *m, const char *name)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (!strcmp(m->link[i].name, name))
			return &m->link[i];
	return NULL;
}

/* The same of one that is there. */
static struct link *get(struct model *m, const char *name)
{
	struct link *l = find(m, name);

	BUG_ON(!l);
	return l;
}

static uint32_t plan(struct model *m)
{
	struct link_pic p = { 0 };
	struct link_table *t;

	for (uint32_t i = 0; i < m->n; i++)
		link_pic_put_link(&p, &m->link[i]);
	link_pic_seal(&p);
	t = link_table_make(&p, NULL, 0);
	assert_true(vmac_ops_max(&m->set, t) <= 4 * MAX_N);
	m->ops_n = vmac_plan(&m->set, t, &p, m->ops);
	assert_true(m->ops_n <= vmac_ops_max(&m->set, t));
	free(t);
	link_pic_fini(&p);
	return m->ops_n;
}

static void do_one(struct model *m, struct vmac_op *op)
{
	struct link *l = NULL;

	for (uint32_t i = 0; i < m->n; i++)
		if (m->link[i].ifindex == op->ifindex)
			l = &m->link[i];
	if (op->kind == VMAC_PREPARE || op->kind == VMAC_RESTORE) {
		assert_non_null(l);
		if (!l)
			return;
		l->arp_ignore = op->arp_ignore;
		l->arp_filter = op->arp_filter;
	} else if (op->kind == VMAC_ADD) {
		l = add_link(m, op->vmac->name);
		l->kind = op->vmac->kind;
		l->parent = op->ifindex;
		l->group = op->vmac->group;
		l->is_made = true;
		l->arp_ignore = op->arp_ignore;
		l->arp_filter = op->arp_filter;
		memcpy(l->mac, op->vmac->mac, sizeof(l->mac));
	} else if (op->kind == VMAC_UP && l) {
		l->flags |= IFF_UP;
	} else if (op->kind == VMAC_DEL && l) {
		*l = m->link[--m->n];
	}
}

static uint32_t settle(struct model *m)
{
	uint32_t all_n = 0, rounds = 0;

	while (plan(m)) {
		for (uint32_t i = 0; i < m->ops_n; i++) {
			do_one(m, &m->ops[i]);
			assert_false(vmac_done(&m->ops[i]));
		}
		all_n += m->ops_n;
		assert_true(++rounds < 4);
	}
	return all_n;
}

static void test_addresses(void **state)
{
	static const struct {
		const char *text;
		bool is_v6;
		uint8_t want[6];
	} cases[] = {
		{ NULL, false, { 0x00, 0x00, 0x5e, 0x00, 0x01, 51 } },
		{ NULL, true, { 0x00, 0x00, 0x5e, 0x00, 0x02, 51 } },
		{ "02:01:02:03:04:05", true, { 2, 1, 2, 3, 4, 5 } },
		{ "02:01:02:03:aA", false, { 2, 1, 2, 3, 0xaa, 51 } },
		{ "02:01", false, { 0x00, 0x00, 0x5e, 0x00, 0x01, 51 } },
	};

	(void)state;
	for (unsigned i = 0; i < N_OF(cases); i++) {
		uint8_t got[6];

		vmac_address(cases[i].text, cases[i].is_v6, 51, got);
		assert_memory_equal(got, cases[i].want, 6);
	}
}

/* V105: the parent answers no ARP for virtual addresses while one is on it, and gets back what it had. */
static void test_life(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	adopt(&m, 1);
	assert_int_equal(settle(&m), 2);
	assert_non_null(find(&m, "vrrp.51"));
	assert_int_equal(get(&m, "vrrp.51")->parent, ETH0);
	assert_int_equal(m.link[0].arp_ignore, 1);
	assert_int_equal(m.link[0].arp_filter, 1);
	adopt(&m, 1);
	assert_int_equal(settle(&m), 0);
	adopt(&m, 0);
	assert_int_equal(settle(&m), 2);
	assert_int_equal(m.n, 1);
	assert_int_equal(m.link[0].arp_ignore, 2);
	assert_int_equal(m.link[0].arp_filter, 0);
	vmac_fini(&m.set);
}

static void test_repair(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	adopt(&m, 1);
	settle(&m);
	get(&m, "vrrp.51")->flags = 0; /* set down by hand */
	assert_int_equal(settle(&m), 1);
	get(&m, "vrrp.51")->mac[5] = 7; /* another address */
	assert_int_equal(settle(&m), 2);
	assert_int_equal(get(&m, "vrrp.51")->mac[5], 51);
	m.link[0].arp_filter = 0;
	assert_int_equal(settle(&m), 1);
	m.n = 1; /* removed by hand */
	assert_int_equal(settle(&m), 1);
	m.n = 0; /* with its parent */
	assert_int_equal(settle(&m), 0);
	add_link(&m, "eth0");
	assert_int_equal(settle(&m), 2);
	assert_int_equal(get(&m, "vrrp.51")->parent, get(&m, "eth0")->ifindex);
	vmac_unwant(&m.set);
	settle(&m);
	assert_int_equal(m.n, 1);
	assert_int_equal(m.link[0].arp_ignore, 0); /* of the new one */
	vmac_fini(&m.set);
}

/* A killed vipd had made it and had changed the parent; the next one knows what was there before. */
static void test_left_over(void **state)
{
	for (uint32_t wanted_n = 0; wanted_n < 2; wanted_n++) {
		struct model m;

		(void)state;
		model_init(&m);
		adopt(&m, 1);
		settle(&m);
		add_link(&m, "vrrp.9")->is_made = true; /* of another configuration */
		get(&m, "vrrp.9")->parent = ETH0;
		get(&m, "vrrp.9")->arp_ignore = 2;
		vmac_fini(&m.set);
		adopt(&m, wanted_n);
		(void)settle(&m);
		assert_null(find(&m, "vrrp.9"));
		assert_int_equal(find(&m, "vrrp.51") != NULL, wanted_n);
		assert_int_equal(m.link[0].arp_ignore, wanted_n ? 1 : 2);
		vmac_unwant(&m.set);
		(void)settle(&m);
		assert_int_equal(m.n, 1);
		assert_int_equal(m.link[0].arp_ignore, 2);
		vmac_fini(&m.set);
	}
}

static void test_name_is_taken(void **state)
{
	struct model m;
	uint32_t from = 0;
	struct link_pic p = { 0 };
	struct link_table *t;

	(void)state;
	model_init(&m);
	add_link(&m, "vrrp.51"); /* nobody's */
	adopt(&m, 1);
	assert_int_equal(settle(&m), 1); /* the parent only */
	assert_int_equal(m.n, 2);
	link_pic_put_link(&p, find(&m, "vrrp.51"));
	link_pic_seal(&p);
	t = link_table_make(&p, NULL, 0);
	assert_non_null(vmac_conflict(&m.set, t, &from));
	assert_null(vmac_conflict(&m.set, t, &from));
	free(t);
	link_pic_fini(&p);
	vmac_fini(&m.set);
}

static void test_failure_is_held(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	adopt(&m, 1);
	assert_int_equal(plan(&m), 2);
	do_one(&m, &m.ops[0]);
	assert_false(vmac_done(&m.ops[0]));
	m.ops[1].err = -EOPNOTSUPP;
	assert_true(vmac_done(&m.ops[1]));
	assert_int_equal(plan(&m), 0);
	vmac_release(&m.set);
	assert_int_equal(settle(&m), 1);
	vmac_fini(&m.set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SAYS("V5", test_addresses),           SAYS("V105", test_life),
		cmocka_unit_test(test_repair),        cmocka_unit_test(test_left_over),
		cmocka_unit_test(test_name_is_taken), cmocka_unit_test(test_failure_is_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
