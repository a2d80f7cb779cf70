/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vrrp/reflector: the role against the running kernel, in a network namespace of its own. The test
 * stands where the VRRP role does.
 */
#include "vrrp/reflector.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/conf.h"
#include "core/conf/idmap.h"
#include "core/log.h"
#include "core/nl.h"
#include "core/stats.h"
#include "unit.h"
#include "unit_mbox.h"
#include "vrrp/link.h"
#include "vrrp/link_dump.h"
#include "vrrp/vip.h"
#include "vrrp/vip_kern.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

enum { LO = 1, INST = 7, WAIT_S = 20, MANY_N = 1000 };

struct shell {
	struct board board;
	struct mbox box; /* where the VRRP role's would be */
	struct reflector *rf;
	struct fact want;
	struct nl_chan chan;
	uint64_t version; /* of the last LINK */
};

/* Instance 7 with n addresses 10.0.x.y/32 on lo, numbered from first. */
static struct conf *make_conf(uint32_t first, uint32_t n, uint8_t priority)
{
	struct conf *c = conf_new();

	c->global.s.mcast_group4 = addr_v4(htonl(0xe0000012));

	c->vrrp = arena_array(&c->arena, 1, sizeof(*c->vrrp));
	c->vip = arena_array(&c->arena, n, sizeof(*c->vip));
	c->vrrp_n = 1;
	c->vip_n = n;
	c->vrrp[0].id.v = INST;
	c->vrrp[0].s.name = "web";
	c->vrrp[0].s.interface = "lo";
	c->vrrp[0].s.priority = priority;
	c->vrrp[0].s.garp_repeat_n = 5;
	c->vrrp[0].s.vips = (struct conf_range){ .n = n };
	for (uint32_t i = 0; i < n; i++)
		c->vip[i].s = (struct fields_vip){
			.prefix = { .addr = addr_v4(htonl(0x0a000000u + first + i)), .len = 32 },
			.dev = "lo",
		};
	idmap_init(&c->inst_by_id, &c->arena, 1);
	idmap_put(&c->inst_by_id, INST, 0);
	return c;
}

static bool has(struct shell *s, uint32_t number)
{
	struct link_pic p = { 0 };
	int err;

	do
		err = link_dump(&s->chan, &p);
	while (err == -EINTR); /* the role is at work */
	assert_int_equal(err, 0);

	const struct ip_addr addr = addr_v4(htonl(0x0a000000u + number));
	bool found = link_pic_find(&p, LO, &addr, 32) != NULL;

	link_pic_fini(&p);
	return found;
}

static void expect(struct shell *s, uint32_t number, bool is_there)
{
	int64_t until_us = clock_now_us() + SEC(WAIT_S);

	while (has(s, number) != is_there) {
		assert_true(clock_now_us() < until_us);
		(void)usleep(1000);
	}
}

/* As another program would do it. */
static void by_hand(struct shell *s, enum vip_op_kind kind, uint32_t number)
{
	struct vip v = { .addr = addr_v4(htonl(0x0a000000u + number)),
			 .len = 32,
			 .attr.preferred_s = VIP_FOREVER };
	struct vip_op op = { .vip = &v, .kind = kind, .ifindex = LO, .len = 32 };

	vip_kern_apply(&s->chan, &op, 1);
	assert_int_equal(op.err, 0);
}

/* As a person would do it: without our mark. */
static void by_hand_unmarked(struct shell *s, uint32_t number)
{
	struct nl_msg *msg = nl_request(RTM_NEWADDR, NLM_F_CREATE);
	struct ifaddrmsg info = { .ifa_family = AF_INET, .ifa_prefixlen = 32, .ifa_index = LO };

	assert_int_equal(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO), 0);
	assert_int_equal(nla_put_u32(msg, IFA_LOCAL, htonl(0x0a000000u + number)), 0);
	assert_int_equal(nl_chan_ask(&s->chan, msg, NULL, NULL), 0);
}

static void want(struct shell *s, bool is_wanted)
{
	uint64_t count = fact_value(&s->want) >> 1;

	fact_post(&reflector_role(s->rf)->box, &s->want, (count + 1) << 1 | is_wanted);
}

static void on_fact(void *arg, enum msg_type type, uint32_t id, uint64_t value)
{
	struct shell *s = arg;

	(void)id;
	assert_int_equal(type, MSG_LINK);
	s->version = value;
}

static void lo_set(struct shell *s, bool is_up)
{
	struct ifinfomsg info = { .ifi_index = LO,
				  .ifi_change = IFF_UP,
				  .ifi_flags = is_up ? IFF_UP : 0 };
	struct nl_msg *msg = nl_request(RTM_NEWLINK, 0);

	assert_int_equal(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO), 0);
	assert_int_equal(nl_chan_ask(&s->chan, msg, NULL, NULL), 0);
}

/* Below 68, the interface has no IPv4 at all. */
static void lo_set_mtu(struct shell *s, uint32_t mtu)
{
	struct ifinfomsg info = { .ifi_index = LO };
	struct nl_msg *msg = nl_request(RTM_NEWLINK, 0);

	assert_int_equal(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO), 0);
	assert_int_equal(nla_put_u32(msg, IFLA_MTU, mtu), 0);
	assert_int_equal(nl_chan_ask(&s->chan, msg, NULL, NULL), 0);
}

static bool is_joined(struct shell *s)
{
	snap_enter();

	bool is = link_by_name(link_table_get(&s->board.links), "lo")->is_joined;

	snap_leave();
	return is;
}

static void start(struct shell *s, struct conf *c)
{
	*s = (struct shell){ 0 };
	assert_int_equal(nl_chan_open(&s->chan, NETLINK_ROUTE), 0);
	lo_set(s, true);
	assert_int_equal(mbox_init(&s->box), 0);
	s->board.vrrp = &s->box;
	fact_init(&s->want, MSG_WANT_VIPS, INST);
	conf_publish(&s->board.conf, c);
	s->rf = reflector_new(&s->board);
	assert_int_equal(role_prepare(reflector_role(s->rf)), 0);
	assert_int_equal(role_start(reflector_role(s->rf)), 0);
}

static void reload(struct shell *s, struct conf *c)
{
	struct role *r = reflector_role(s->rf);

	conf_publish(&s->board.conf, c);
	fact_post(&r->box, &r->snap_fact, 2);
}

static void stop(struct shell *s)
{
	role_stop(reflector_role(s->rf));
	assert_int_equal(role_join(reflector_role(s->rf), SEC(WAIT_S)), 0);
	mbox_take(&s->box, on_fact, s);
	role_release(reflector_role(s->rf));
	reflector_free(s->rf);
	mbox_fini(&s->box);
	conf_publish(&s->board.conf, NULL);
	snap_barrier();
}

static void end(struct shell *s)
{
	nl_chan_close(&s->chan);
}

static void test_table_is_there_at_the_start(void **state)
{
	struct shell s;

	(void)state;
	start(&s, make_conf(1, 1, 100));
	snap_enter();

	const struct link_table *t = link_table_get(&s.board.links);
	const struct link *lo = link_by_name(t, "lo");
	bool is_up = lo && lo->is_up;
	uint32_t primary_be = lo ? lo->primary_v4.v4.s_addr : 0;

	snap_leave();
	assert_true(is_up);
	assert_int_equal(primary_be, htonl(INADDR_LOOPBACK));
	mbox_take(&s.box, on_fact, &s);
	assert_true(s.version > 0);
	stop(&s);
	end(&s);
}

static void test_link_changes_are_told(void **state)
{
	struct shell s;
	struct pollfd p = { .events = POLLIN };
	bool is_up = true;

	(void)state;
	start(&s, make_conf(1, 1, 100));
	p.fd = s.box.event_fd;
	mbox_take(&s.box, on_fact, &s);
	lo_set(&s, false);
	while (is_up) {
		assert_true(poll(&p, 1, WAIT_S * 1000) > 0);
		mbox_take(&s.box, on_fact, &s);
		snap_enter();
		is_up = link_by_name(link_table_get(&s.board.links), "lo")->is_up;
		snap_leave();
	}
	stop(&s);
	end(&s);
}

static void test_life_of_addresses(void **state)
{
	struct shell s;

	(void)state;
	start(&s, make_conf(1, 2, 100));
	want(&s, true);
	expect(&s, 1, true);
	expect(&s, 2, true);
	by_hand(&s, VIP_DEL, 2); /* somebody takes it away: it comes back */
	expect(&s, 2, true);
	want(&s, false);
	expect(&s, 1, false);
	expect(&s, 2, false);
	want(&s, true);
	expect(&s, 2, true);
	reload(&s, make_conf(2, 2, 100)); /* 1 goes, 3 comes, 2 stays */
	expect(&s, 1, false);
	expect(&s, 3, true);
	assert_true(has(&s, 2));
	stop(&s); /* although still wanted: what is ours goes */
	assert_false(has(&s, 2));
	assert_false(has(&s, 3));
	end(&s);
}

static void test_left_over(void **state)
{
	struct shell s;

	(void)state;
	assert_int_equal(nl_chan_open(&s.chan, NETLINK_ROUTE), 0);
	lo_set(&s, true);
	by_hand(&s, VIP_ADD, 1);
	by_hand(&s, VIP_ADD, 9);
	by_hand_unmarked(&s, 8);
	nl_chan_close(&s.chan);
	start(&s, make_conf(1, 1, 100));
	expect(&s, 9, false); /* nobody names it, and the mark says that it is ours */
	assert_true(has(&s, 1)); /* the VRRP role has not spoken */
	want(&s, false);
	expect(&s, 1, false);
	stop(&s);
	assert_true(has(&s, 8)); /* none of our addresses */
	by_hand(&s, VIP_DEL, 8);
	end(&s);
}

/* The VRRP role has not spoken of the instance since its interface changed: its last word was of the
 * other network. */
static void test_interface_is_changed(void **state)
{
	struct conf *c = make_conf(5, 1, 100);
	struct shell s;

	(void)state;
	start(&s, make_conf(1, 1, 100));
	assert_true(is_joined(&s));
	want(&s, true);
	expect(&s, 1, true);
	c->vrrp[0].s.interface = "eth9";
	reload(&s, c);
	expect(&s, 1, false);
	(void)usleep(50000);
	assert_false(has(&s, 5));
	assert_false(is_joined(&s)); /* nobody listens on lo any more */
	want(&s, true);
	expect(&s, 5, true);
	c = make_conf(5, 1, 100);
	reload(&s, c);
	while (!is_joined(&s))
		(void)usleep(1000);
	stop(&s);
	assert_false(has(&s, 5));
	end(&s);
}

/* Adding failed a moment ago, and then the address came by itself: it goes at the end all the same. */
static void test_end_with_a_failure(void **state)
{
	struct shell s;

	(void)state;
	start(&s, make_conf(1, 1, 100));
	want(&s, true);
	expect(&s, 1, true);
	lo_set_mtu(&s, 60);
	(void)usleep(100000);
	lo_set_mtu(&s, 65536);
	by_hand(&s, VIP_ADD, 1);
	stop(&s);
	assert_false(has(&s, 1));
	end(&s);
}

static void test_many(void **state)
{
	struct shell s;

	(void)state;
	start(&s, make_conf(1, MANY_N, 100));
	want(&s, true);
	expect(&s, MANY_N, true);
	expect(&s, 1, true);
	want(&s, false);
	expect(&s, MANY_N, false);
	expect(&s, 1, false);
	want(&s, true);
	stop(&s); /* in the middle of it, or before, or after */
	assert_false(has(&s, 1));
	assert_false(has(&s, MANY_N));
	end(&s);
}

static void test_unknown_instance(void **state)
{
	uint64_t before_n = stats_sum(STAT_MSG_UNKNOWN_ID);
	int64_t until_us = clock_now_us() + SEC(WAIT_S);
	struct shell s;

	(void)state;
	start(&s, make_conf(1, 1, 100));
	fact_init(&s.want, MSG_WANT_VIPS, INST + 1);
	want(&s, true);
	while (stats_sum(STAT_MSG_UNKNOWN_ID) == before_n)
		assert_true(clock_now_us() < until_us);
	assert_false(has(&s, 1));
	stop(&s);
	end(&s);
}

static int setup(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET))
		return -1;
	snap_thread_register();
	return log_start();
}

static int teardown(void **state)
{
	(void)state;
	log_stop();
	snap_thread_unregister();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_is_there_at_the_start),
		cmocka_unit_test(test_link_changes_are_told),
		cmocka_unit_test(test_life_of_addresses),
		cmocka_unit_test(test_left_over),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_unknown_instance),
		cmocka_unit_test(test_interface_is_changed),
		cmocka_unit_test(test_end_with_a_failure),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
