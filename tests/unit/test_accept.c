/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * core/conf/conf_vmac and vrrp/accept: the names of interfaces for virtual MAC addresses, and the text of the
 * nftables table.
 */
#include "vrrp/accept.h"

#include "core/conf/conf_vmac.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

/* Instance i has address i. */
static struct conf *make(uint32_t n)
{
	static const char *const addrs[] = { "10.0.0.1", "10.0.0.2", "2001:db8::1", "fe80::1" };
	struct conf *c = conf_new();

	c->vrrp = arena_array(&c->arena, n, sizeof(*c->vrrp));
	c->vip = arena_array(&c->arena, n, sizeof(*c->vip));
	c->vrrp_n = c->vip_n = n;
	c->global.s.nftables = "vipd";
	c->global.s.vmac_prefix = "vrrp";
	c->global.s.vmac_addr_prefix = "va";
	c->global.s.nftables_priority = -1;
	for (uint32_t i = 0; i < n; i++) {
		c->vrrp[i].s.name = "web";
		c->vrrp[i].s.interface = i % 2 ? "eth1" : "eth0";
		c->vrrp[i].s.vrid = 51;
		c->vrrp[i].s.priority = 100;
		c->vrrp[i].s.vips = (struct conf_range){ .first = i, .n = 1 };
		assert_int_equal(prefix_parse(addrs[i % 4], &c->vip[i].s.prefix), 0);
		c->vip[i].s.dev = c->vrrp[i].s.interface;
	}
	return c;
}

static void test_names(void **state)
{
	static const char *const want[] = { "vrrp.51", "vrrp1.51", "vrrp6.51", "own" };
	struct conf *c = make(4);

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		c->vrrp[i].s.use_vmac = true;
	c->vrrp[3].s.vmac_name = "own";
	c->vrrp[1].s.vmac_xmit_base = true;
	conf_vmac_resolve(c);
	assert_int_equal(c->vmac_n, 4);
	for (uint32_t i = 0; i < 4; i++) {
		assert_string_equal(c->vmac[i].name, want[i]);
		assert_string_equal(c->vip[i].on, want[i]);
		assert_string_equal(conf_tx_dev(&c->vrrp[i]), i == 1 ? "eth1" : want[i]);
		assert_int_equal(c->vmac[i].is_silent, i == 1);
	}
	conf_free(c);
}

/* Many of one VRID: each finds a name of its own. */
static void test_many_names(void **state)
{
	enum { MANY_N = 2000 };
	struct conf *c = make(MANY_N);
	uint32_t longest = 0;

	(void)state;
	for (uint32_t i = 0; i < MANY_N; i++)
		c->vrrp[i].s.use_vmac = true;
	conf_vmac_resolve(c);
	assert_int_equal(c->vmac_n, MANY_N);
	for (uint32_t i = 1; i < MANY_N; i++) {
		assert_string_not_equal(c->vmac[i].name, c->vmac[i - 1].name);
		if (strlen(c->vmac[i].name) > longest)
			longest = (uint32_t)strlen(c->vmac[i].name);
	}
	assert_in_range(longest, 8, 15);
	conf_free(c);
}

static void test_addresses_elsewhere(void **state)
{
	struct conf *c = make(2);

	(void)state;
	c->vrrp[0].s.use_vmac_addr = true;
	c->vrrp[0].s.vips.n = 2; /* the second one lies on eth1 */
	c->vrrp[1].s.vips.n = 0;
	conf_vmac_resolve(c);
	assert_int_equal(c->vmac_n, 2);
	assert_string_equal(c->vip[0].on, "va.51");
	assert_string_equal(c->vip[1].on, "va1.51");
	assert_string_equal(c->vmac[1].parent, "eth1");
	assert_true(c->vmac[0].is_silent && c->vmac[1].is_silent);
	assert_string_equal(conf_tx_dev(&c->vrrp[0]), "eth0");
	conf_free(c);
}

static bool has(const struct conf *c, const char *words)
{
	char *text = accept_text(c);
	bool is = text && strstr(text, words);

	free(text);
	return is;
}

static void test_who_drops(void **state)
{
	static const struct {
		bool no_accept, strict, accept;
		uint8_t priority;
		bool want;
	} cases[] = {
		{ false, false, false, 100, false }, { true, false, false, 100, true },
		{ true, false, false, 255, false },  { false, true, false, 100, true },
		{ false, true, true, 100, false },   { false, true, false, 255, false },
	};

	(void)state;
	for (unsigned i = 0; i < N_OF(cases); i++) {
		struct conf *c = make(1);

		c->vrrp[0].s.no_accept = cases[i].no_accept;
		c->vrrp[0].s.strict = cases[i].strict;
		c->vrrp[0].s.accept = cases[i].accept;
		c->vrrp[0].s.priority = cases[i].priority;
		assert_int_equal(has(c, "{10.0.0.1};"), cases[i].want);
		conf_free(c);
	}
}

static void test_text(void **state)
{
	struct conf *c = make(4);

	(void)state;
	assert_null(accept_text(c));
	for (uint32_t i = 0; i < 4; i++)
		c->vrrp[i].s.no_accept = true;
	assert_true(has(c, "elements = {10.0.0.1,10.0.0.2};"));
	assert_true(has(c, "elements = {2001:db8::1};"));
	assert_true(has(c, "elements = {fe80::1.\"eth1\"};"));
	assert_true(has(c, "set vmacs { type ifname; }"));
	assert_true(has(c, "ip daddr @no_accept drop"));
	c->global.s.nftables_counters = true;
	assert_true(has(c, "ip daddr @no_accept counter drop"));
	c->vrrp[0].s.use_vmac = true;
	conf_vmac_resolve(c);
	assert_true(has(c, "elements = {\"vrrp.51\"};"));
	assert_true(has(c, "oifname @vmacs meta l4proto igmp"));
	assert_true(has(c, "mld2-listener-report,nd-router-solicit}"));
	conf_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_addresses_elsewhere),
		cmocka_unit_test(test_who_drops),
		SAYS("V102, V108", test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
