/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The run memory: every instance is found where it listens and nowhere else, and the memory is
 * exactly as large as was asked for (ASan watches).
 */
#include "unit.h"
#include "vrrp/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IFACES_N = 300, VRIDS_N = 7 };

static void no_timer(struct timer *t, int64_t now_us)
{
	(void)t;
	(void)now_us;
}

static struct timer_heap heap;
static const struct inst_shell shell = { .timers = &heap, .on_timer = no_timer };

/* n interfaces with VRIDS_N instances each. */
static struct conf *make_conf(unsigned n)
{
	struct conf *c = conf_new();

	c->vrrp_n = n * VRIDS_N;
	c->vrrp = arena_array(&c->arena, c->vrrp_n, sizeof(*c->vrrp));
	c->vip_n = 1;
	c->vip = arena_array(&c->arena, 1, sizeof(*c->vip));
	for (unsigned i = 0; i < c->vrrp_n; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "if%u", i % n);
		c->vrrp[i].id.v = i + 1;
		c->vrrp[i].s.interface = arena_strdup(&c->arena, name);
		c->vrrp[i].s.vrid = (uint8_t)(i / n + 1);
		c->vrrp[i].s.version = 3;
		c->vrrp[i].s.vips.n = 1;
	}
	c->vrrp_run = calloc(1, run_len(c));
	assert_non_null(c->vrrp_run);
	return c;
}

static void free_conf(struct conf *c)
{
	free(c->vrrp_run);
	conf_free(c);
}

static void key_all(struct run *r)
{
	for (unsigned i = 0; i < r->iface_n; i++) {
		r->iface[i].link.ifindex = i + 1;
		run_key_iface(r, &r->iface[i]);
	}
}

static void finds_each_where_it_is(void **state)
{
	struct conf *c = make_conf(IFACES_N);
	struct run *r = run_build(c, &shell);

	(void)state;
	assert_int_equal(r->iface_n, IFACES_N);
	assert_null(run_find(r, 1, AF_INET, 1)); /* nobody listens yet */
	key_all(r);
	for (unsigned i = 0; i < c->vrrp_n; i++) {
		struct vrrp_inst *in = &r->inst[i];
		uint32_t ifindex = in->ifc->link.ifindex;

		assert_ptr_equal(in->cf, &c->vrrp[i]);
		assert_string_equal(in->ifc->name, c->vrrp[i].s.interface);
		assert_ptr_equal(run_find_iface(r, c->vrrp[i].s.interface), in->ifc);
		assert_ptr_equal(run_find(r, ifindex, AF_INET, c->vrrp[i].s.vrid), in);
		assert_null(run_find(r, ifindex, AF_INET6, c->vrrp[i].s.vrid)); /* V111 */
	}
	assert_null(run_find(r, 1, AF_INET, VRIDS_N + 1));
	assert_null(run_find(r, IFACES_N + 1, AF_INET, 1));
	assert_null(run_find(r, 0, AF_INET, 1));
	assert_null(run_find_iface(r, "if300"));
	assert_null(run_find_iface(r, ""));
	free_conf(c);
}

static void forgets_an_interface(void **state)
{
	struct conf *c = make_conf(IFACES_N);
	struct run *r = run_build(c, &shell);

	(void)state;
	key_all(r);
	for (unsigned i = 0; i < IFACES_N; i += 2)
		run_unkey_iface(r, &r->iface[i]);
	for (unsigned i = 0; i < IFACES_N; i++)
		for (unsigned vrid = 1; vrid <= VRIDS_N; vrid++)
			assert_int_equal(!run_find(r, i + 1, AF_INET, (uint8_t)vrid), !(i & 1));
	/* it is back, as another one */
	r->iface[0].link.ifindex = 5000;
	run_key_iface(r, &r->iface[0]);
	assert_non_null(run_find(r, 5000, AF_INET, 1));
	assert_null(run_find(r, 1, AF_INET, 1));
	free_conf(c);
}

static void nothing_at_all(void **state)
{
	struct conf *c = make_conf(0);
	struct run *r = run_build(c, &shell);

	(void)state;
	assert_int_equal(r->inst_n, 0);
	assert_null(run_find(r, 1, AF_INET, 1));
	assert_null(run_find_iface(r, "eth0"));
	free_conf(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_each_where_it_is),
		cmocka_unit_test(forgets_an_interface),
		cmocka_unit_test(nothing_at_all),
	};

	return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
