/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vrrp/link: the table from a picture of the kernel, and look-ups in both.
 */
#include "vrrp/link.h"

#include "unit.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <stdio.h>
#include <stdlib.h>

enum { MANY_N = 500 };

static void put_link(struct link_pic *p, uint32_t ifindex, const char *name, uint32_t flags)
{
	struct link l = { .ifindex = ifindex, .flags = flags, .mtu = 1500 };

	(void)snprintf(l.name, sizeof(l.name), "%s", name);
	link_pic_put_link(p, &l);
}

static void put_addr(struct link_pic *p, uint32_t ifindex, uint32_t host, uint8_t len)
{
	struct link_addr a = { .ifindex = ifindex, .addr = addr_v4(htonl(host)), .len = len };

	link_pic_put_addr(p, &a);
}

static void test_by_name(void **state)
{
	struct link_pic p = { 0 };
	char name[IFNAMSIZ];

	(void)state;
	for (uint32_t i = 0; i < MANY_N; i++) {
		(void)snprintf(name, sizeof(name), "if%u", i * 7919 % MANY_N);
		put_link(&p, MANY_N - i, name, 0);
	}
	put_link(&p, MANY_N + 1, "fifteen-letters", 0);
	link_pic_seal(&p);

	struct link_table *t = link_table_make(&p, NULL, 0);

	assert_int_equal(t->n, MANY_N + 1);
	for (uint32_t i = 0; i < MANY_N; i++) {
		(void)snprintf(name, sizeof(name), "if%u", i * 7919 % MANY_N);
		assert_int_equal(link_by_name(t, name)->ifindex, MANY_N - i);
	}
	assert_non_null(link_by_name(t, "fifteen-letters"));
	assert_null(link_by_name(t, "if"));
	assert_null(link_by_name(t, "zz"));
	assert_null(link_by_name(t, ""));
	assert_null(link_by_name(NULL, "if1"));
	free(t);
	link_pic_fini(&p);
}

static void test_up_needs_both_flags(void **state)
{
	struct link_pic p = { 0 };

	(void)state;
	put_link(&p, 1, "a", 0);
	put_link(&p, 2, "b", IFF_UP);
	put_link(&p, 3, "c", IFF_RUNNING);
	put_link(&p, 4, "d", IFF_UP | IFF_RUNNING | IFF_MULTICAST);
	link_pic_seal(&p);

	struct link_table *t = link_table_make(&p, NULL, 0);

	assert_false(link_by_name(t, "a")->is_up);
	assert_false(link_by_name(t, "b")->is_up);
	assert_false(link_by_name(t, "c")->is_up);
	assert_true(link_by_name(t, "d")->is_up);
	free(t);
	link_pic_fini(&p);
}

/* The first in the kernel's order that is none of ours; addresses of unknown links are passed over. */
static void test_primary(void **state)
{
	struct link_pic p = { 0 };
	const struct ip_addr vips[] = { addr_v4(htonl(0x0a000001)), addr_v4(htonl(0x0a000063)) };

	(void)state;
	put_link(&p, 2, "eth0", 0);
	put_link(&p, 5, "eth1", 0);
	put_link(&p, 9, "eth2", 0);
	put_addr(&p, 2, 0x0a000063, 32);
	put_addr(&p, 2, 0x0a0000fe, 24);
	put_addr(&p, 2, 0x0a000005, 24);
	put_addr(&p, 5, 0x0a000001, 24);
	put_addr(&p, 7, 0x0a000009, 24);
	link_pic_seal(&p);

	struct link_table *t = link_table_make(&p, vips, 2);

	assert_int_equal(link_by_name(t, "eth0")->primary_v4.v4.s_addr, htonl(0x0a0000fe));
	assert_int_equal(link_by_name(t, "eth0")->primary_v4.family, AF_INET);
	assert_int_equal(link_by_name(t, "eth1")->primary_v4.family, 0);
	assert_int_equal(link_by_name(t, "eth2")->primary_v4.family, 0);
	free(t);
	link_pic_fini(&p);
}

static const struct link_addr *find(const struct link_pic *p, uint32_t ifindex, uint32_t host,
				    uint8_t len)
{
	const struct ip_addr addr = addr_v4(htonl(host));

	return link_pic_find(p, ifindex, &addr, len);
}

static const struct link_addr *find_any(const struct link_pic *p, uint32_t ifindex, uint32_t host)
{
	const struct ip_addr addr = addr_v4(htonl(host));

	return link_pic_find_any(p, ifindex, &addr);
}

static struct ip_addr ip(const char *text)
{
	struct ip_addr a = { 0 };

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

/* Adverts over IPv6 come from a link-local address that is the host's own for sure. */
static void test_primary_v6(void **state)
{
	static const struct {
		const char *text;
		uint32_t flags;
	} has[] = {
		{ "2001:db8::1", 0 },           { "fe80::100", 0 }, /* virtual */
		{ "fe80::7", IFA_F_TENTATIVE }, { "fe80::8", IFA_F_DADFAILED | IFA_F_TENTATIVE },
		{ "fe80::9", IFA_F_PERMANENT }, { "fe80::1", IFA_F_PERMANENT },
	};
	const struct ip_addr vip = ip("fe80::100");
	struct link_pic p = { 0 };

	(void)state;
	put_link(&p, 2, "eth0", 0);
	put_addr(&p, 2, 0x0a000001, 24);
	for (uint32_t i = 0; i < N_OF(has); i++) {
		struct link_addr a = {
			.ifindex = 2, .addr = ip(has[i].text), .len = 64, .flags = has[i].flags
		};

		link_pic_put_addr(&p, &a);
	}
	link_pic_seal(&p);

	struct link_table *t = link_table_make(&p, &vip, 1);
	char text[ADDR_TEXT_LEN];

	assert_string_equal(addr_text(&t->link[0].primary_v6, text), "fe80::9");
	assert_int_equal(t->link[0].primary_v4.v4.s_addr, htonl(0x0a000001));
	free(t);
	link_pic_fini(&p);
}

/* What we made for a virtual MAC address has its parent's addresses, and is up when both are. */
static void test_made_stands_on_parent(void **state)
{
	struct link made = { .ifindex = 9, .name = "vrrp.1", .is_made = true, .parent = 2 };
	struct link foreign = { .ifindex = 10, .name = "macvlan", .parent = 2 };
	struct link orphan = { .ifindex = 11, .name = "vrrp.2", .is_made = true, .parent = 3 };

	(void)state;
	for (unsigned is_up = 0; is_up < 2; is_up++) {
		struct link_pic p = { 0 };

		made.flags = foreign.flags = orphan.flags = IFF_UP | IFF_RUNNING;
		link_pic_put_link(&p, &orphan);
		link_pic_put_link(&p, &foreign);
		link_pic_put_link(&p, &made);
		put_link(&p, 2, "eth0", is_up ? IFF_UP | IFF_RUNNING : 0);
		put_addr(&p, 2, 0x0a000001, 24);
		link_pic_seal(&p);

		struct link_table *t = link_table_make(&p, NULL, 0);

		assert_int_equal(link_by_name(t, "vrrp.1")->is_up, is_up);
		assert_int_equal(link_by_name(t, "vrrp.1")->primary_v4.v4.s_addr,
				 htonl(0x0a000001));
		assert_true(link_by_name(t, "macvlan")->is_up);
		assert_int_equal(link_by_name(t, "macvlan")->primary_v4.family, 0);
		assert_int_equal(link_by_name(t, "vrrp.2")->primary_v4.family, 0);
		free(t);
		link_pic_fini(&p);
	}
}

/* Sources that are tracked: on any interface; a link-local one on its own, or on what it stands on. */
static void test_sources(void **state)
{
	struct link made = { .ifindex = 9, .name = "vrrp.1", .is_made = true, .parent = 2 };
	const struct ip_addr srcs[] = { ip("10.0.0.1"), ip("10.0.0.2"), ip("10.0.0.2"),
					ip("fe80::1"), ip("fe80::2") };
	struct link_addr tentative = {
		.ifindex = 2, .addr = ip("fe80::2"), .len = 64, .flags = IFA_F_TENTATIVE
	};
	struct link_addr local = { .ifindex = 2, .addr = ip("fe80::1"), .len = 64 };
	const struct ip_addr other = ip("10.0.0.3");
	struct link_pic p = { 0 };

	(void)state;
	put_link(&p, 1, "lo", 0);
	put_link(&p, 2, "eth0", 0);
	link_pic_put_link(&p, &made);
	put_addr(&p, 1, 0x0a000002, 32);
	put_addr(&p, 2, 0x0a000002, 24);
	put_addr(&p, 2, 0x0a000003, 24);
	link_pic_put_addr(&p, &tentative);
	link_pic_put_addr(&p, &local);
	link_pic_seal(&p);

	struct link_table *t = link_table_make_with(&p, NULL, 0, srcs, N_OF(srcs));
	struct link_table *none = link_table_make(&p, NULL, 0);
	const struct link *lo = link_by_name(t, "lo"), *eth = link_by_name(t, "eth0");

	assert_int_equal(t->src_n, 3);
	assert_false(link_has_src(t, &srcs[0], eth));
	assert_true(link_has_src(t, &srcs[1], eth) && link_has_src(t, &srcs[1], NULL));
	assert_false(link_has_src(t, &other, eth)); /* nobody asked for it */
	assert_true(link_has_src(t, &srcs[3], eth));
	assert_true(link_has_src(t, &srcs[3], link_by_name(t, "vrrp.1")));
	assert_false(link_has_src(t, &srcs[3], lo) || link_has_src(t, &srcs[3], NULL));
	assert_false(link_has_src(t, &srcs[4], eth));
	assert_false(link_has_src(none, &srcs[1], eth));
	assert_false(link_table_eq(t, none));
	assert_true(link_table_eq(none, none) && link_table_eq(t, t));
	free(t);
	free(none);
	link_pic_fini(&p);
}

/* Groups lie in the table's memory, behind its sources, and count in comparisons. */
static void test_groups(void **state)
{
	const struct link_group group[] = { { 3, true }, { 8, false } }, other = { 3, false };
	const struct ip_addr src = ip("10.0.0.2");
	struct link_pic p = { 0 };

	(void)state;
	put_link(&p, 2, "eth0", 0);
	put_addr(&p, 2, 0x0a000002, 24);
	link_pic_seal(&p);

	struct link_table *none = link_table_make_with(&p, NULL, 0, &src, 1);
	struct link_table *t = link_table_with_groups(link_table_make_with(&p, NULL, 0, &src, 1),
						      group, N_OF(group));
	struct link_table *one =
		link_table_with_groups(link_table_make_with(&p, NULL, 0, &src, 1), group, 1);
	struct link_table *turned =
		link_table_with_groups(link_table_make_with(&p, NULL, 0, &src, 1), &other, 1);

	assert_true(link_has_src(t, &src, NULL) && link_by_name(t, "eth0"));
	assert_true(link_group_of(t, 3)->is_whole);
	assert_false(link_group_of(t, 8)->is_whole);
	assert_null(link_group_of(t, 4));
	assert_null(link_group_of(none, 3));
	assert_true(link_table_eq(t, t));
	assert_false(link_table_eq(t, none) || link_table_eq(t, one) || link_table_eq(one, turned));
	free(t);
	free(none);
	free(one);
	free(turned);
	link_pic_fini(&p);
}

static void test_find(void **state)
{
	struct link_pic p = { 0 };

	(void)state;
	assert_null(link_pic_link(&p, 2));
	put_link(&p, 9, "c", 0);
	put_link(&p, 2, "b", 0);
	put_addr(&p, 2, 0x0a000001, 24);
	put_addr(&p, 2, 0x0a000001, 32);
	put_addr(&p, 2, 0x0a000002, 16);
	put_addr(&p, 3, 0x0a000003, 32);
	link_pic_seal(&p);
	assert_string_equal(link_pic_link(&p, 2)->name, "b");
	assert_string_equal(link_pic_link(&p, 9)->name, "c");
	assert_null(link_pic_link(&p, 3));
	assert_int_equal(find(&p, 2, 0x0a000001, 32)->len, 32);
	assert_int_equal(find(&p, 2, 0x0a000001, 24)->len, 24);
	assert_null(find(&p, 2, 0x0a000001, 25));
	assert_null(find(&p, 3, 0x0a000001, 24));
	assert_int_equal(find_any(&p, 2, 0x0a000002)->len, 16);
	assert_null(find_any(&p, 2, 0x0a000003));
	assert_null(find_any(&p, 4, 0x0a000003));
	link_pic_reset(&p);
	link_pic_seal(&p);
	assert_null(find_any(&p, 2, 0x0a000002));
	link_pic_fini(&p);
}

/* Every field counts, the version does not. */
static void test_eq(void **state)
{
	struct link_pic p = { 0 };

	(void)state;
	put_link(&p, 2, "eth0", IFF_UP);
	link_pic_seal(&p);

	struct link_table *a = link_table_make(&p, NULL, 0);
	struct link_table *b = link_table_make(&p, NULL, 0);

	a->version = 7;
	assert_true(link_table_eq(a, b));
	assert_false(link_table_eq(NULL, b));
	b->link[0].mac[5] = 1;
	assert_false(link_table_eq(a, b));
	b->link[0] = a->link[0];
	b->link[0].name[0] = 'f';
	assert_false(link_table_eq(a, b));
	b->link[0] = a->link[0];
	b->link[0].ifindex = 3;
	assert_false(link_table_eq(a, b));
	b->link[0] = a->link[0];
	b->link[0].primary_v4 = addr_v4(htonl(1));
	assert_false(link_table_eq(a, b));
	b->link[0] = a->link[0];
	b->link[0].is_joined = true;
	assert_false(link_table_eq(a, b));
	b->n = 0;
	assert_false(link_table_eq(a, b));
	free(a);
	free(b);
	link_pic_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_name), cmocka_unit_test(test_up_needs_both_flags),
		SAYS("V3", test_primary),       cmocka_unit_test(test_sources),
		cmocka_unit_test(test_groups),  cmocka_unit_test(test_groups),
		cmocka_unit_test(test_find),    cmocka_unit_test(test_eq),
		SAYS("V4", test_primary_v6),    cmocka_unit_test(test_made_stands_on_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
