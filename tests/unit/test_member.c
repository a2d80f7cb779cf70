/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vrrp/member against the running kernel, in a network namespace of its own: whatever happens to the
 * interfaces, the kernel is in the group on those that instances are on, and the table says so.
 */
#include "vrrp/member.h"

#include "core/bug.h"
#include "core/log.h"
#include "core/nl.h"
#include "unit.h"
#include "vrrp/link_dump.h"

#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IFACES_N = 45 }; /* more than two sockets have room for */

struct bed {
	struct nl_chan chan;
	struct members members;
	struct link_table *table; /* of the last update */
	bool is_all;
};

static struct bed bed;

static void name_of(char name[static IFNAMSIZ], unsigned i)
{
	(void)snprintf(name, IFNAMSIZ, "br%u", i);
}

static void ask_link(int type, int flags, unsigned i, const char *kind)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct nl_msg *msg = nl_request(type, flags);
	char name[IFNAMSIZ];

	name_of(name, i);
	assert_int_equal(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO), 0);
	assert_int_equal(nla_put_string(msg, IFLA_IFNAME, name), 0);
	if (kind) {
		struct nlattr *nest = nla_nest_start(msg, IFLA_LINKINFO);

		assert_int_equal(nla_put_string(msg, IFLA_INFO_KIND, kind), 0);
		(void)nla_nest_end(msg, nest);
	}
	assert_int_equal(nl_chan_ask(&bed.chan, msg, NULL, NULL), 0);
}

static void make_iface(unsigned i)
{
	ask_link(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, i, "bridge");
}

static void delete_iface(unsigned i)
{
	ask_link(RTM_DELLINK, 0, i, NULL);
}

/* Two instances on each of the interfaces first to end - 1, in no order. */
static void adopt(unsigned first, unsigned end)
{
	struct conf *c = conf_new();
	unsigned n = end - first;

	c->global.s.mcast_group4 = addr_v4(htonl(0xe0000012));

	c->vrrp_n = 2 * n;
	c->vrrp = arena_array(&c->arena, c->vrrp_n, sizeof(*c->vrrp));
	for (unsigned i = 0; i < c->vrrp_n; i++) {
		char name[IFNAMSIZ];

		name_of(name, first + i * 11 % n);
		c->vrrp[i].s.interface = arena_strdup(&c->arena, name);
	}
	members_adopt(&bed.members, c);
	conf_free(c);
}

static void update(void)
{
	struct link_pic p = { 0 };

	assert_int_equal(link_dump(&bed.chan, &p), 0);
	free(bed.table);
	bed.table = link_table_make(&p, NULL, 0);
	link_pic_fini(&p);
	bed.is_all = members_update(&bed.members, bed.table);
}

static bool is_joined(unsigned i)
{
	char name[IFNAMSIZ];
	const struct link *l;

	name_of(name, i);
	l = link_by_name(bed.table, name);
	return l && l->is_joined;
}

/* Interfaces on which the kernel is in the group. */
static unsigned kernel_n(void)
{
	FILE *f = fopen("/proc/thread-self/net/igmp", "r");
	char line[256];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, "120000E0") != NULL; /* as the bytes lie in memory */
	(void)fclose(f);
	return n;
}

static unsigned socks_n(void)
{
	unsigned n = 0, sum = 0;

	for (unsigned i = 0; i < MEMBER_SOCKS_N; i++) {
		n += bed.members.sock[i].fd >= 0;
		sum += bed.members.sock[i].n;
	}
	assert_int_equal(sum, kernel_n());
	return n;
}

static void follows_the_configuration(void **state)
{
	(void)state;
	adopt(0, IFACES_N);
	update();
	assert_true(bed.is_all);
	for (unsigned i = 0; i < IFACES_N; i++)
		assert_true(is_joined(i));
	assert_false(link_by_name(bed.table, "lo")->is_joined);
	assert_int_equal(kernel_n(), IFACES_N);
	assert_in_range(socks_n(), 1, 3);
	adopt(40, IFACES_N);
	assert_int_equal(kernel_n(), IFACES_N - 40);
	update();
	for (unsigned i = 0; i < IFACES_N; i++)
		assert_int_equal(is_joined(i), i >= 40);
	assert_int_equal(socks_n(), 1);
	adopt(10, IFACES_N);
	update();
	assert_int_equal(kernel_n(), IFACES_N - 10);
	members_fini(&bed.members);
	assert_int_equal(kernel_n(), 0);
	assert_int_equal(socks_n(), 0);
}

static void follows_the_kernel(void **state)
{
	uint32_t was;

	(void)state;
	adopt(0, IFACES_N);
	update();
	was = link_by_name(bed.table, "br7")->ifindex;
	delete_iface(7);
	update();
	assert_true(bed.is_all); /* what is not there can't fail */
	assert_int_equal(kernel_n(), IFACES_N - 1);
	make_iface(7);
	update();
	assert_true(is_joined(7));
	assert_int_equal(kernel_n(), IFACES_N);
	/* replaced between two looks */
	delete_iface(7);
	make_iface(7);
	update();
	assert_true(link_by_name(bed.table, "br7")->ifindex != was);
	assert_true(is_joined(7));
	assert_int_equal(kernel_n(), IFACES_N);
	assert_in_range(socks_n(), 1, 3);
	members_fini(&bed.members);
}

/* No socket can be had: told, and mended when it is called again. */
static void a_failure_is_for_later(void **state)
{
	(void)state;
	adopt(3, 5);
	bed.members.sock[0].fd = 0; /* standard input: no socket */
	bed.members.sock[0].family = AF_INET;
	update();
	assert_false(bed.is_all);
	assert_false(is_joined(3));
	update();
	assert_true(bed.is_all);
	assert_true(is_joined(3) && is_joined(4));
	members_fini(&bed.members);
}

static int setup(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET) || nl_chan_open(&bed.chan, NETLINK_ROUTE) || log_start())
		return -1;
	members_init(&bed.members);
	for (unsigned i = 0; i < IFACES_N; i++)
		make_iface(i);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(bed.table);
	nl_chan_close(&bed.chan);
	log_stop();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_the_configuration),
		cmocka_unit_test(follows_the_kernel),
		cmocka_unit_test(a_failure_is_for_later),
	};

	return cmocka_run_group_tests_name("member", tests, setup, teardown);
}
