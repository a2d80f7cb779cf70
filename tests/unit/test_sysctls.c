/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which switches of the kernel are wanted; netns/settings.py sees them set and put back.
 */
#include "unit.h"

#include "vrrp/sysctls.h"

#include <stdlib.h>
#include <string.h>

static const char promote[] = "/proc/sys/net/ipv4/conf/eth0/promote_secondaries";

static struct conf_vrrp on(const char *iface, bool promotes)
{
	struct conf_vrrp in = { 0 };

	in.s.interface = iface;
	in.s.promote_secondaries = promotes;
	return in;
}

static void each_once_and_only_where_it_can_be(void **state)
{
	struct conf_vrrp in[] = { on("eth0", true), on("eth1", false), on("eth0", true),
				  on("gone", true), on(NULL, true) };
	struct conf c = { .vrrp = in, .vrrp_n = N_OF(in) };
	struct link eth0 = { .ifindex = 7, .name = "eth0" },
		    eth1 = { .ifindex = 8, .name = "eth1" };
	struct link_pic p = { 0 };
	uint32_t n;

	(void)state;
	link_pic_put_link(&p, &eth0);
	link_pic_put_link(&p, &eth1);
	link_pic_seal(&p);

	struct link_table *t = link_table_make(&p, NULL, 0);
	const struct view v = { .conf = &c, .links = t, .pic = &p };
	struct sysctls s = { 0 };
	struct sysctl_item *want = sysctls_want(&s, &v, &n);

	assert_int_equal(n, 1);
	assert_string_equal(want[0].path, promote);
	assert_int_equal(want[0].want, '1');
	assert_int_equal(want[0].ifindex, 7);
	free(want);
	c.global.s.disable_local_igmp = true;
	want = sysctls_want(&s, &v, &n);
	assert_int_equal(n, 2);
	assert_int_equal(want[0].want, '1'); /* sorted by path */
	assert_string_equal(want[1].path, "/proc/sys/net/ipv4/igmp_link_local_mcast_reports");
	assert_int_equal(want[1].want, '0');
	free(want);

	uint32_t guarded[] = { 7, 8, 9 }; /* asked for as well; not; gone */

	s.guarded = guarded;
	s.guarded_n = N_OF(guarded);
	want = sysctls_want(&s, &v, &n);
	assert_int_equal(n, 3);
	assert_string_equal(want[0].path, promote);
	assert_string_equal(want[1].path, "/proc/sys/net/ipv4/conf/eth1/promote_secondaries");
	assert_int_equal(want[1].want, '1');
	assert_int_equal(want[1].ifindex, 8);
	free(want);
	free(t);
	link_pic_fini(&p);
}

/* An owner that sends from an address that we have, as long as we have it; instances in VRFs. */
static void hears_owners_and_vrfs(void **state)
{
	struct conf_vip vip[] = { { .s.prefix.addr = addr_v4(1) },
				  { .s.prefix.addr.family = AF_INET6 } };
	struct conf_vrrp in[] = { on("eth0", false), on("eth1", false), on("eth1", false),
				  on("eth1", false), on("eth1", false), on("eth1", false) };
	bool is_held[] = { true, true, true, true, true, false };
	struct conf c = { .vrrp = in, .vrrp_n = N_OF(in), .vip = vip, .vip_n = N_OF(vip) };
	struct link eth0 = { .ifindex = 7, .name = "eth0" },
		    eth1 = { .ifindex = 8, .name = "eth1" };
	struct link_pic p = { 0 };
	struct sysctls s = { 0 };
	uint32_t n;

	(void)state;
	for (unsigned i = 0; i < N_OF(in); i++)
		in[i].s.vips = (struct conf_range){ 0, 1 };
	in[1].s.priority = 255; /* the owner itself */
	in[2].s.vips.first = 1; /* IPv6 asks no such thing */
	in[3].s.use_vmac = true; /* its macvlan has it */
	in[4].s.peers.n = 1; /* unicast; and the last one is backup */
	link_pic_put_link(&p, &eth0);
	link_pic_put_link(&p, &eth1);
	link_pic_seal(&p);

	struct link_table *t = link_table_make(&p, NULL, 0);
	const struct view v = { .conf = &c, .links = t, .pic = &p };
	struct sysctl_item *want = sysctls_want(&s, &v, &n);

	assert_int_equal(n, 0); /* before anything was said */
	free(want);
	s.is_held = is_held;
	want = sysctls_want(&s, &v, &n);
	assert_int_equal(n, 1);
	assert_string_equal(want[0].path, "/proc/sys/net/ipv4/conf/eth0/accept_local");
	free(want);
	in[2].s.interface = NULL;
	in[2].s.vrf = "red";
	want = sysctls_want(&s, &v, &n);
	assert_int_equal(n, 2);
	assert_string_equal(want[1].path, "/proc/sys/net/ipv4/raw_l3mdev_accept");
	free(want);
	free(t);
	link_pic_fini(&p);
}

static void without_anything(void **state)
{
	struct conf c = { 0 };
	const struct view v = { .conf = &c };
	const struct sysctls s = { 0 };
	uint32_t n = 9;

	(void)state;
	free(sysctls_want(&s, &v, &n));
	assert_int_equal(n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_once_and_only_where_it_can_be),
		cmocka_unit_test(hears_owners_and_vrfs),
		cmocka_unit_test(without_anything),
	};

	return cmocka_run_group_tests_name("sysctls", tests, NULL, NULL);
}
