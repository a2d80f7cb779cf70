/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * core/nl against rtnetlink of the running kernel, in a network namespace of its own: every failure
 * of a batch is told with its index, the rest is done, and a barrier is a barrier.
 */
#include "core/nl.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <sched.h>
#include <string.h>

enum { LO_INDEX = 1 };

struct outcome {
	int err[NL_BATCH_N];
	unsigned failed_n;
};

static void on_failed(void *arg, uint32_t index, int err)
{
	struct outcome *o = arg;

	assert_true(index < NL_BATCH_N);
	assert_true(err < 0);
	assert_int_equal(o->err[index], 0);
	o->err[index] = err;
	o->failed_n++;
}

static struct nl_msg *addr_request(int type, int flags, unsigned ifindex, uint32_t host)
{
	struct nl_msg *msg = nl_request(type, flags);
	struct ifaddrmsg ifa = { .ifa_family = AF_INET, .ifa_prefixlen = 32, .ifa_index = ifindex };
	uint32_t addr = htonl(0x0a000000u + host);

	assert_int_equal(nlmsg_append(msg, &ifa, sizeof(ifa), NLMSG_ALIGNTO), 0);
	assert_int_equal(nla_put(msg, IFA_LOCAL, sizeof(addr), &addr), 0);
	return msg;
}

static struct nl_msg *new_addr(unsigned ifindex, uint32_t host)
{
	return addr_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, ifindex, host);
}

static int count_one(void *arg, struct nlmsghdr *hdr)
{
	unsigned *n = arg;

	assert_int_equal(hdr->nlmsg_type, RTM_NEWADDR);
	(*n)++;
	return 0;
}

static unsigned count_addrs(struct nl_chan *ch)
{
	struct nl_msg *msg = nl_request(RTM_GETADDR, NLM_F_DUMP);
	struct ifaddrmsg ifa = { .ifa_family = AF_INET };
	unsigned n = 0;

	assert_int_equal(nlmsg_append(msg, &ifa, sizeof(ifa), NLMSG_ALIGNTO), 0);
	assert_int_equal(nl_chan_dump(ch, msg, count_one, &n), 0);
	return n;
}

static void test_failures_have_their_index(void **state)
{
	struct nl_chan *ch = *state;
	struct outcome o = { 0 };

	assert_int_equal(nl_chan_add(ch, new_addr(LO_INDEX, 1)), 0);
	assert_int_equal(nl_chan_add(ch, new_addr(LO_INDEX, 1)), 1); /* there already */
	assert_int_equal(nl_chan_add(ch, new_addr(LO_INDEX, 2)), 2);
	assert_int_equal(nl_chan_add(ch, new_addr(99999, 9)), 3); /* no such interface */
	assert_int_equal(nl_chan_add(ch, new_addr(LO_INDEX, 3)), 4);
	assert_int_equal(nl_chan_flush(ch, on_failed, &o), 0);
	assert_int_equal(o.failed_n, 2);
	assert_int_equal(o.err[1], -EEXIST);
	assert_int_equal(o.err[3], -ENODEV);
	assert_int_equal(count_addrs(ch), 3);
}

static void test_last_one_fails(void **state)
{
	struct nl_chan *ch = *state;
	struct outcome o = { 0 };

	assert_int_equal(nl_chan_add(ch, new_addr(LO_INDEX, 1)), 0);
	assert_int_equal(nl_chan_add(ch, new_addr(LO_INDEX, 1)), 1);
	assert_int_equal(nl_chan_flush(ch, on_failed, &o), 0);
	assert_int_equal(o.failed_n, 1);
	assert_int_equal(o.err[1], -EEXIST);
}

static void test_empty_batch(void **state)
{
	struct outcome o = { 0 };
	struct nl_chan *ch = *state;
	uint64_t sends_n = ch->sends_n;

	assert_int_equal(nl_chan_flush(ch, on_failed, &o), 0);
	assert_int_equal(ch->sends_n, sends_n);
}

static void test_full_batch(void **state)
{
	struct nl_chan *ch = *state;
	struct outcome o = { 0 };
	uint64_t sends_n = ch->sends_n, requests_n = ch->requests_n;

	for (unsigned i = 0; i < NL_BATCH_N; i++)
		assert_int_equal(nl_chan_add(ch, new_addr(LO_INDEX, 1000 + i)), i);

	struct nl_msg *more = new_addr(LO_INDEX, 5000);

	assert_int_equal(nl_chan_add(ch, more), -ENOBUFS);
	assert_int_equal(nl_chan_flush(ch, on_failed, &o), 0);
	assert_int_equal(o.failed_n, 0);
	assert_int_equal(nl_chan_add(ch, more), 0);
	assert_int_equal(nl_chan_flush(ch, on_failed, &o), 0);
	assert_int_equal(count_addrs(ch), NL_BATCH_N + 1);
	assert_int_equal(ch->sends_n - sends_n, 3); /* with the dump */
	assert_int_equal(ch->requests_n - requests_n, NL_BATCH_N + 2);
}

static void test_all_fail(void **state)
{
	struct nl_chan *ch = *state;
	struct outcome o = { 0 };

	for (unsigned i = 0; i < NL_BATCH_N; i++)
		(void)nl_chan_add(ch, new_addr(99999, i));
	assert_int_equal(nl_chan_flush(ch, on_failed, &o), 0);
	assert_int_equal(o.failed_n, NL_BATCH_N);
	for (unsigned i = 0; i < NL_BATCH_N; i++)
		assert_int_equal(o.err[i], -ENODEV);
}

/* Answers that find no room: the outcome is unknown, which must be said; the next batch is not
 * confused by what is left of this one. */
static void test_lost_answers(void **state)
{
	struct nl_chan *ch = *state;
	struct outcome o = { 0 };
	int small = 2048;

	assert_int_equal(setsockopt(nl_socket_get_fd(ch->sock), SOL_SOCKET, SO_RCVBUF, &small,
				    sizeof(small)),
			 0);
	for (unsigned i = 0; i < NL_BATCH_N; i++)
		(void)nl_chan_add(ch, new_addr(99999, i));
	assert_int_equal(nl_chan_flush(ch, on_failed, &o), -ENOBUFS);

	o = (struct outcome){ 0 };
	assert_int_equal(nl_chan_add(ch, new_addr(LO_INDEX, 7)), 0);
	assert_int_equal(nl_chan_flush(ch, on_failed, &o), 0);
	assert_int_equal(o.failed_n, 0);
}

static int refuse(void *arg, struct nlmsghdr *hdr)
{
	unsigned *n = arg;

	(void)hdr;
	(*n)++;
	return -E2BIG;
}

static void test_dump_told_to_stop(void **state)
{
	struct nl_chan *ch = *state;
	struct outcome o = { 0 };
	struct ifaddrmsg ifa = { .ifa_family = AF_INET };
	struct nl_msg *msg = nl_request(RTM_GETADDR, NLM_F_DUMP);
	unsigned n = 0;

	for (unsigned i = 0; i < 5; i++)
		(void)nl_chan_add(ch, new_addr(LO_INDEX, i + 1));
	assert_int_equal(nl_chan_flush(ch, on_failed, &o), 0);
	assert_int_equal(nlmsg_append(msg, &ifa, sizeof(ifa), NLMSG_ALIGNTO), 0);
	assert_int_equal(nl_chan_dump(ch, msg, refuse, &n), -E2BIG);
	assert_int_equal(n, 1);
	assert_int_equal(count_addrs(ch), 5); /* nothing is left over */
}

static int take_link(void *arg, struct nlmsghdr *hdr)
{
	const struct ifinfomsg *ifi = nlmsg_data(hdr);
	int *index = arg;

	*index = ifi->ifi_index;
	return 0;
}

static void test_ask(void **state)
{
	struct nl_chan *ch = *state;
	struct ifinfomsg ifi = { .ifi_index = LO_INDEX };
	struct nl_msg *msg = nl_request(RTM_GETLINK, 0);
	int index = 0;

	assert_int_equal(nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO), 0);
	assert_int_equal(nl_chan_ask(ch, msg, take_link, &index), 0);
	assert_int_equal(index, LO_INDEX);

	ifi.ifi_index = 99999;
	msg = nl_request(RTM_GETLINK, 0);
	assert_int_equal(nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO), 0);
	assert_int_equal(nl_chan_ask(ch, msg, take_link, &index), -ENODEV);
}

/* The numbers of requests pass their end in the middle of a run. */
static void test_numbers_wrap(void **state)
{
	struct nl_chan *ch = *state;
	struct outcome o = { 0 };

	ch->next_seq = UINT32_MAX - 3;
	for (unsigned i = 0; i < 8; i++)
		(void)nl_chan_add(ch, new_addr(i == 6 ? 99999 : LO_INDEX, i + 1));
	assert_int_equal(nl_chan_flush(ch, on_failed, &o), 0);
	assert_int_equal(o.failed_n, 1);
	assert_int_equal(o.err[6], -ENODEV);
	ch->next_seq = UINT32_MAX;
	assert_int_equal(count_addrs(ch), 7);
	assert_int_equal(count_addrs(ch), 7);
}

static void test_family(void **state)
{
	struct nl_chan ch;

	(void)state;
	assert_int_equal(nl_chan_open(&ch, NETLINK_GENERIC), 0);
	assert_true(nl_genl_family(&ch, "nlctrl") > 0);
	assert_int_equal(nl_genl_family(&ch, "vipd-none"), -ENOENT);
	nl_chan_close(&ch);
	assert_true(nl_chan_open(&ch, 31) < 0);
	nl_chan_close(&ch);
}

static int setup(void **state)
{
	static struct nl_chan ch;

	/* a new namespace for each test; its loopback is there and down */
	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return -1;
	*state = &ch;
	return nl_chan_open(&ch, NETLINK_ROUTE);
}

static int teardown(void **state)
{
	nl_chan_close(*state);
	return 0;
}

#define IN_NETNS(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		IN_NETNS(test_failures_have_their_index),
		IN_NETNS(test_last_one_fails),
		IN_NETNS(test_empty_batch),
		IN_NETNS(test_full_batch),
		IN_NETNS(test_all_fail),
		IN_NETNS(test_lost_answers),
		IN_NETNS(test_dump_told_to_stop),
		IN_NETNS(test_ask),
		IN_NETNS(test_numbers_wrap),
		IN_NETNS(test_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
