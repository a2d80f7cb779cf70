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
	c->vip[0].s.prefix.addr = addr_v4(htonl(0x0a000064));
	c->global.s.mcast_group4 = addr_v4(htonl(PKT_GROUP_V4));
	for (unsigned i = 0; i < c->vrrp_n; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "if%u", i % n);
		c->vrrp[i].id.v = i + 1;
		c->vrrp[i].s.interface = arena_strdup(&c->arena, name);
		(void)snprintf(name, sizeof(name), "inst%u", i);
		c->vrrp[i].s.name = arena_strdup(&c->arena, name);
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

static struct conf *c;
static struct run *r;

static void build(struct conf *made)
{
	c = made;
	r = run_build(c, &shell, no_timer);
}

static struct vrrp_inst *find(uint32_t ifindex, uint8_t family, uint8_t vrid)
{
	struct pkt_in p = {
		.vrid = vrid,
		.src = { .family = family, .byte = { 10, 0, 0, 1 } },
		.dst = addr_v4(htonl(PKT_GROUP_V4)),
	};

	return run_find(r, (struct run_from){ ifindex, 0 }, &p);
}

static void key_iface(unsigned i)
{
	for (uint32_t k = r->iface[i].first; k != RUN_NONE; k = r->inst[k].iface_next)
		run_key(r, k, r->iface[i].link.ifindex);
}

static void unkey_iface(unsigned i)
{
	for (uint32_t k = r->iface[i].first; k != RUN_NONE; k = r->inst[k].iface_next)
		run_unkey(r, k);
}

static void key_all(void)
{
	for (unsigned i = 0; i < r->iface_n; i++) {
		r->iface[i].link.ifindex = i + 1;
		key_iface(i);
	}
}

static void finds_each_where_it_is(void **state)
{
	(void)state;
	build(make_conf(IFACES_N));
	assert_int_equal(r->iface_n, IFACES_N);
	assert_null(find(1, AF_INET, 1)); /* nobody listens yet */
	key_all();
	for (unsigned i = 0; i < c->vrrp_n; i++) {
		struct vrrp_inst *in = &r->inst[i];
		uint32_t ifindex = in->ifc->link.ifindex;

		assert_ptr_equal(in->cf, &c->vrrp[i]);
		assert_string_equal(in->ifc->name, c->vrrp[i].s.interface);
		assert_ptr_equal(run_find_iface(r, c->vrrp[i].s.interface), in->ifc);
		assert_ptr_equal(find(ifindex, AF_INET, c->vrrp[i].s.vrid), in);
		assert_null(find(ifindex, AF_INET6, c->vrrp[i].s.vrid)); /* V111 */
	}
	assert_null(find(1, AF_INET, VRIDS_N + 1));
	assert_null(find(IFACES_N + 1, AF_INET, 1));
	assert_null(find(0, AF_INET, 1));
	assert_null(run_find_iface(r, "if300"));
	assert_null(run_find_iface(r, ""));
	free_conf(c);
}

static void forgets_an_interface(void **state)
{
	(void)state;
	build(make_conf(IFACES_N));
	key_all();
	for (unsigned i = 0; i < IFACES_N; i += 2)
		unkey_iface(i);
	for (unsigned i = 0; i < IFACES_N; i++)
		for (unsigned vrid = 1; vrid <= VRIDS_N; vrid++)
			assert_int_equal(!find(i + 1, AF_INET, (uint8_t)vrid), !(i & 1));
	/* it is back, as another one */
	r->iface[0].link.ifindex = 5000;
	key_iface(0);
	assert_non_null(find(5000, AF_INET, 1));
	assert_null(find(1, AF_INET, 1));
	free_conf(c);
}

static void nothing_at_all(void **state)
{
	(void)state;
	build(make_conf(0));
	assert_int_equal(r->inst_n, 0);
	assert_null(find(1, AF_INET, 1));
	assert_null(run_find_iface(r, "eth0"));
	free_conf(c);
}

static struct pkt_in packet(uint32_t src, uint32_t dst, uint8_t vrid)
{
	return (struct pkt_in){
		.vrid = vrid,
		.src = addr_v4(htonl(src)),
		.dst = addr_v4(htonl(dst)),
	};
}

/* V54, V110, V131, V132: four instances with one number. */
static void one_number_many_ways(void **state)
{
	enum { GROUP, OTHER_GROUP, PEERS_A, PEERS_B, LONE, INSTS_N };
	struct conf *made = conf_new();
	struct pkt_in p;

	(void)state;
	made->vrrp_n = INSTS_N;
	made->vrrp = arena_array(&made->arena, INSTS_N, sizeof(*made->vrrp));
	made->peer_n = 3;
	made->peer = arena_array(&made->arena, 3, sizeof(*made->peer));
	for (uint32_t i = 0; i < 3; i++)
		made->peer[i].s.addr = addr_v4(htonl(0x0a000001 + i));
	for (unsigned i = 0; i < INSTS_N; i++) {
		made->vrrp[i].s.name = "abcde" + i;
		made->vrrp[i].s.interface = i == LONE ? NULL : "eth0";
		made->vrrp[i].s.vrid = 9;
		if (i >= PEERS_A)
			made->vrrp[i].s.peers = (struct conf_range){ i - PEERS_A, 1 };
	}
	made->global.s.mcast_group4 = addr_v4(htonl(PKT_GROUP_V4));
	made->vrrp[OTHER_GROUP].s.mcast_dst = addr_v4(htonl(0xe0000013));
	made->vrrp_run = calloc(1, run_len(made));
	build(made);
	for (unsigned i = 0; i < INSTS_N; i++)
		r->inst[i].r.src = addr_v4(htonl(0x0a000064));
	key_all();

	p = packet(0x0a000001, PKT_GROUP_V4, 9);
	assert_ptr_equal(run_find(r, (struct run_from){ 1, 0 }, &p), &r->inst[GROUP]);
	p = packet(0x0a000001, 0xe0000013, 9);
	assert_ptr_equal(run_find(r, (struct run_from){ 1, 0 }, &p), &r->inst[OTHER_GROUP]);
	p = packet(0x0a000001, 0x0a000064, 9);
	assert_ptr_equal(run_find(r, (struct run_from){ 1, 0 }, &p), &r->inst[PEERS_A]);
	p = packet(0x0a000002, 0x0a000064, 9);
	assert_ptr_equal(run_find(r, (struct run_from){ 1, 0 }, &p), &r->inst[PEERS_B]);
	p = packet(0x0a000003, 0x0a000064, 9); /* by another interface */
	assert_ptr_equal(run_find(r, (struct run_from){ 2, 0 }, &p), &r->inst[LONE]);
	p = packet(0x0a000003, 0x0a000065, 9); /* not to us: somebody counts it */
	assert_non_null(run_find(r, (struct run_from){ 1, 0 }, &p));
	p = packet(0x0a000001, PKT_GROUP_V4, 8);
	assert_null(run_find(r, (struct run_from){ 1, 0 }, &p));
	free_conf(c);
}

/* Without an interface: by the VRF that the packet's interface is in, before those that name neither. */
static void finds_by_vrf(void **state)
{
	static const char *const vrf[] = { "red", "blue", NULL };
	struct pkt_in p = packet(0x0a000001, 0x0a000064, 9);
	struct conf *made = conf_new();

	(void)state;
	made->vrrp_n = N_OF(vrf);
	made->vrrp = arena_array(&made->arena, N_OF(vrf), sizeof(*made->vrrp));
	made->peer_n = 1;
	made->peer = arena_array(&made->arena, 1, sizeof(*made->peer));
	made->peer[0].s.addr = p.src;
	for (unsigned i = 0; i < N_OF(vrf); i++) {
		made->vrrp[i].s.name = "abc" + i;
		made->vrrp[i].s.vrf = vrf[i];
		made->vrrp[i].s.vrid = 9;
		made->vrrp[i].s.peers.n = 1;
	}
	made->vrrp_run = calloc(1, run_len(made));
	build(made);
	for (unsigned i = 0; i < N_OF(vrf); i++)
		r->inst[i].r.src = p.dst;
	key_all();
	assert_true(r->has_vrf);
	assert_ptr_equal(run_find(r, (struct run_from){ 70, 1 }, &p), &r->inst[0]);
	assert_ptr_equal(run_find(r, (struct run_from){ 71, 2 }, &p), &r->inst[1]);
	assert_ptr_equal(run_find(r, (struct run_from){ 72, 0 }, &p), &r->inst[2]);
	assert_ptr_equal(run_find(r, (struct run_from){ 73, 3 }, &p), &r->inst[2]);
	free_conf(c);
}

/* Groups and what they track: every reference counts for the right instance. */
static void groups_and_trackers(void **state)
{
	static const char *const members[] = { "i1", "i2", "nobody" };
	struct conf *made = make_conf(1);
	struct run_sum sum;

	(void)state;
	for (unsigned i = 0; i < VRIDS_N; i++) {
		static const char *const names[] = { "i0", "i1", "i2", "i3", "i4", "i5", "i6" };

		made->vrrp[i].s.name = names[i];
		made->vrrp[i].s.priority = 100;
	}
	made->sync_n = 1;
	made->sync = arena_array(&made->arena, 1, sizeof(*made->sync));
	made->sync[0].s.name = "g";
	made->sync[0].s.members = (struct conf_strs){ members, 3 };
	made->track_n = 3;
	made->track = arena_array(&made->arena, 3, sizeof(*made->track));
	made->track[0].s = (struct fields_track){ .name = "s", .weight = 10 };
	made->track[1].s = (struct fields_track){ .name = "eth7", .weight = 0 };
	made->track[2].s = (struct fields_track){ .name = "f", .weight = 2 };
	made->sync[0].s.track_script = (struct conf_range){ 0, 1 };
	made->vrrp[1].s.track_interface = (struct conf_range){ 1, 1 };
	made->vrrp[3].s.track_file = (struct conf_range){ 2, 1 };
	made->track_script_n = made->track_file_n = 1;
	made->track_script = arena_array(&made->arena, 1, sizeof(*made->track_script));
	made->track_file = arena_array(&made->arena, 1, sizeof(*made->track_file));
	made->track_script[0].s.name = "s";
	made->track_file[0].s.name = "f";
	free(made->vrrp_run);
	made->vrrp_run = calloc(1, run_len(made));
	build(made);

	assert_ptr_equal(r->inst[1].group, &r->group[0]);
	assert_ptr_equal(r->inst[2].group, &r->group[0]);
	assert_null(r->inst[0].group);
	assert_int_equal(r->group[0].first, 1);
	assert_int_equal(r->inst[1].group_next, 2);
	assert_int_equal(r->inst[2].group_next, RUN_NONE);
	assert_false(r->group[0].are_owners);
	assert_int_equal(r->iface_n, 2);

	assert_true(run_sum(r, 1).is_pending); /* nobody has looked at eth7 yet */
	assert_null(run_sum(r, 1).fault);
	run_find_iface(r, "eth7")->state.is_known = true;
	assert_string_equal(run_sum(r, 1).fault, "track_interface");
	run_find_iface(r, "eth7")->state.is_up = true;
	sum = run_sum(r, 1);
	assert_null(sum.fault);
	assert_int_equal(sum.add, 0); /* the script has a weight: it holds nobody */
	assert_false(sum.is_pending);
	r->obj[0].state = (struct track_state){ .is_known = true, .is_up = true };
	assert_int_equal(run_sum(r, 1).add, 10);
	assert_int_equal(run_sum(r, 2).add, 10);
	assert_int_equal(run_sum(r, 3).add, 0);
	r->obj[1].state = (struct track_state){ .is_known = true, .value = 21 };
	assert_int_equal(run_sum(r, 3).add, 42);
	free_conf(c);
}

/* Track groups, and the interfaces of routes and rules. */
static void statics_and_devices(void **state)
{
	static const char *const members[] = { "inst1", "inst2", "nobody" };
	struct conf *made = make_conf(1);

	(void)state;
	made->track_group_n = 1;
	made->track_group = arena_array(&made->arena, 1, sizeof(*made->track_group));
	made->track_group[0].s.name = "g";
	made->track_group[0].s.members = (struct conf_strs){ members, 3 };
	made->track_group[0].id.v = 77;
	made->route_n = 3;
	made->route = arena_array(&made->arena, 3, sizeof(*made->route));
	made->nexthop_n = 2;
	made->nexthop = arena_array(&made->arena, 2, sizeof(*made->nexthop));
	made->rule_n = 1;
	made->rule = arena_array(&made->arena, 1, sizeof(*made->rule));
	made->route[0].s.dev = "if0"; /* the instance's own */
	made->route[1].s.nexthops = (struct conf_range){ 0, 2 };
	made->nexthop[0].s.dev = "eth1";
	made->nexthop[1].s.dev = "eth2";
	made->route[2].s = (struct fields_route){ .dev = "eth3", .no_track = true };
	made->rule[0].s = (struct fields_rule){ .iif = "eth4", .oif = "eth5" };
	made->vrrp[0].s.routes = (struct conf_range){ 0, 3 };
	made->vrrp[0].s.rules = (struct conf_range){ 0, 1 };
	free(made->vrrp_run);
	made->vrrp_run = calloc(1, run_len(made));
	build(made);

	assert_int_equal(r->iface_n, 5);
	assert_null(run_find_iface(r, "eth3"));
	for (uint32_t i = 0; i < r->iface_n; i++)
		r->iface[i].state = (struct track_state){ .is_known = true, .is_up = true };
	assert_null(run_sum(r, 0).fault);
	for (uint32_t i = 1; i < r->iface_n; i++) {
		r->iface[i].state.is_up = false;
		assert_string_equal(run_sum(r, 0).fault, "track_interface");
		r->iface[i].state.is_up = true;
	}

	assert_false(r->has_vrf);
	assert_int_equal(r->obj_n - r->first_static, 1);
	assert_int_equal(r->obj[r->first_static].id, 77);
	assert_true(run_sum(r, 1).is_pending && run_sum(r, 2).is_pending);
	assert_false(run_sum(r, 3).is_pending);
	r->obj[r->first_static].state.is_known = true;
	assert_string_equal(run_sum(r, 2).fault, "track_group");
	r->obj[r->first_static].state.is_up = true;
	assert_null(run_sum(r, 2).fault);
	free_conf(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SAYS("V44, V111, V138", finds_each_where_it_is),
		cmocka_unit_test(forgets_an_interface),
		cmocka_unit_test(nothing_at_all),
		SAYS("V54, V110, V131, V132", one_number_many_ways),
		cmocka_unit_test(finds_by_vrf),
		cmocka_unit_test(groups_and_trackers),
		cmocka_unit_test(statics_and_devices),
	};

	return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
