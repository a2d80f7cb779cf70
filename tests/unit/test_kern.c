/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What every table behind the seam must do (ipvs/kern.h): the errors, the order, the dump. Without
 * argument over the table in memory; with --kernel over the running kernel's IPVS, in network
 * namespaces of its own (tests/guest/kern.py).
 */
#include "core/clock.h"
#include "core/nl.h"
#include "ipvs/kern_genl.h"
#include "ipvs/kern_memory.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool is_kernel;
static struct ipvs_kern *kern;

static struct ipvs_svc svc(uint32_t n)
{
	return (struct ipvs_svc){ .addr = addr_v4(htonl(0x0a000001 + n)),
				  .port = 80,
				  .protocol = IPPROTO_TCP,
				  .presence = IPVS_IN,
				  .sched = "wlc",
				  .netmask = UINT32_MAX,
				  .ref = IPVS_NONE };
}

static struct ipvs_dest dest(uint32_t n)
{
	return (struct ipvs_dest){ .addr = addr_v4(htonl(0x0a010001 + n)),
				   .port = 8080,
				   .method = IPVS_METHOD_NAT,
				   .presence = IPVS_IN,
				   .weight = 1,
				   .ref = IPVS_NONE };
}

/* One request; its error. */
static int one(enum kern_do what, const struct ipvs_svc *s, const struct ipvs_dest *d)
{
	struct kern_op op = { .what = what, .err = 1, .svc = s, .dest = d };

	assert_int_equal(kern_apply(kern, &op, 1), 0);
	assert_true(op.err <= 0);
	return op.err;
}

static void expect_table(struct ipvs_table *expected)
{
	struct ipvs_table t = { 0 };

	assert_int_equal(kern_dump(kern, &t), 0);
	table_sort(&t);
	table_sort(expected);
	assert_true(table_equal(&t, expected));
	table_fini(&t);
}

static void errors(void **state)
{
	struct ipvs_svc a = svc(1), x = svc(2), odd = svc(3);
	struct ipvs_dest d = dest(1), y = dest(2), bad = dest(3);

	(void)state;
	(void)snprintf(odd.sched, sizeof(odd.sched), "nosuch");
	assert_int_equal(one(KERN_NEW_SVC, &odd, NULL), -ENOENT);
	assert_int_equal(one(KERN_NEW_SVC, &a, NULL), 0);
	assert_int_equal(one(KERN_NEW_SVC, &a, NULL), -EEXIST);
	assert_int_equal(one(KERN_SET_SVC, &x, NULL), -ESRCH);
	odd.addr = a.addr;
	assert_int_equal(one(KERN_SET_SVC, &odd, NULL), -ENOENT);
	assert_int_equal(one(KERN_DEL_SVC, &x, NULL), -ESRCH);

	assert_int_equal(one(KERN_NEW_DEST, &x, &d), -ESRCH);
	assert_int_equal(one(KERN_SET_DEST, &x, &d), -ESRCH);
	assert_int_equal(one(KERN_DEL_DEST, &x, &d), -ESRCH);
	assert_int_equal(one(KERN_NEW_DEST, &a, &d), 0);
	assert_int_equal(one(KERN_NEW_DEST, &a, &d), -EEXIST);
	assert_int_equal(one(KERN_SET_DEST, &a, &y), -ENOENT);
	assert_int_equal(one(KERN_DEL_DEST, &a, &y), -ENOENT);

	bad.weight = UINT32_MAX;
	assert_int_equal(one(KERN_NEW_DEST, &a, &bad), -ERANGE);
	assert_int_equal(one(KERN_SET_DEST, &a, &bad), -ERANGE);
	bad = dest(3);
	bad.u_thresh = 5;
	bad.l_thresh = 6;
	assert_int_equal(one(KERN_NEW_DEST, &a, &bad), -ERANGE);
	bad = dest(3);
	bad.addr = addr_v4(htonl(0xe0000001));
	assert_int_equal(one(KERN_NEW_DEST, &a, &bad), -EINVAL);

	assert_int_equal(one(KERN_DEL_SVC, &a, NULL), 0); /* with its destination */
	assert_int_equal(one(KERN_DEL_SVC, &a, NULL), -ESRCH);
	expect_table(&(struct ipvs_table){ 0 });
}

/* Failures in a batch have their place and stop nothing. */
static void batch_with_failures(void **state)
{
	struct ipvs_svc a = svc(1), b = svc(2), x = svc(9);
	struct ipvs_dest d = dest(1), y = dest(2);
	struct kern_op op[] = {
		{ .what = KERN_NEW_SVC, .svc = &a }, /* 0 */
		{ .what = KERN_NEW_SVC, .svc = &a }, /* -EEXIST */
		{ .what = KERN_NEW_DEST, .svc = &a, .dest = &d }, /* 0 */
		{ .what = KERN_NEW_DEST, .svc = &x, .dest = &d }, /* -ESRCH */
		{ .what = KERN_SET_DEST, .svc = &a, .dest = &y }, /* -ENOENT */
		{ .what = KERN_NEW_SVC, .svc = &b }, /* 0 */
	};
	static const int err[] = { 0, -EEXIST, 0, -ESRCH, -ENOENT, 0 };
	struct ipvs_table t = { 0 };

	(void)state;
	assert_int_equal(kern_apply(kern, op, N_OF(op)), 0);
	for (unsigned i = 0; i < N_OF(op); i++)
		assert_int_equal(op[i].err, err[i]);
	table_add_svc(&t, &a);
	table_add_dest(&t, &d);
	table_add_svc(&t, &b);
	expect_table(&t);
	table_fini(&t);
}

/* Every setting comes back from a dump as it was given. */
static void settings_round_trip(void **state)
{
	static const uint8_t method[] = { IPVS_METHOD_NAT, IPVS_METHOD_TUN, IPVS_METHOD_DR };
	struct ipvs_table t = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 12; i++) {
		struct ipvs_svc s = svc(i);

		s.protocol = i % 2 ? IPPROTO_TCP : IPPROTO_UDP;
		s.port = (uint16_t)(1 + i * 5000);
		if (i % 3 == 0) {
			s.flags = IPVS_FLAG_PERSISTENT;
			s.timeout_s = 1 + i * 200000;
			s.netmask = i % 2 ? htonl(0xffffff00) : UINT32_MAX;
		}
		table_add_svc(&t, &s);
		assert_int_equal(one(KERN_NEW_SVC, &s, NULL), 0);
		for (uint32_t k = 0; k < 6; k++) {
			struct ipvs_dest d = dest(k);

			d.method = method[k % 3];
			d.port = s.port;
			d.weight = k == 5 ? INT32_MAX : k;
			d.u_thresh = k * 10;
			d.l_thresh = k;
			table_add_dest(&t, &d);
			assert_int_equal(one(KERN_NEW_DEST, &s, &d), 0);
		}
	}
	expect_table(&t);

	/* and so does a change */
	for (uint32_t i = 0; i < t.svc_n; i++) {
		struct ipvs_svc *s = &t.svc[i];

		(void)snprintf(s->sched, sizeof(s->sched), "%s", i % 2 ? "rr" : "wlc");
		s->flags ^= IPVS_FLAG_PERSISTENT;
		s->timeout_s = s->flags ? 77 : 0;
		assert_int_equal(one(KERN_SET_SVC, s, NULL), 0);
		for (uint32_t k = s->first; k < s->first + s->n; k++) {
			t.dest[k].weight = 100 + k;
			t.dest[k].method = method[(k + 1) % 3];
			assert_int_equal(one(KERN_SET_DEST, s, &t.dest[k]), 0);
		}
	}
	expect_table(&t);
	table_fini(&t);
}

static void schedulers(void **state)
{
	static const char *const name[] = { "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh",
					    "sh", "sed", "nq", "fo",  "ovf",  "mh",    "none" };
	struct ipvs_table t = { 0 };

	(void)state;
	for (uint32_t i = 0; i < N_OF(name); i++) {
		struct ipvs_svc s = svc(i);

		(void)snprintf(s.sched, sizeof(s.sched), "%s", name[i]);
		assert_int_equal(one(KERN_NEW_SVC, &s, NULL), 0);
		table_add_svc(&t, &s);
	}
	expect_table(&t);
	/* from none to one with a table of its own, as a plan does it */
	(void)snprintf(t.svc[N_OF(name) - 1].sched, IPVS_NAME_LEN, "mh");
	assert_int_equal(one(KERN_SET_SVC, &t.svc[N_OF(name) - 1], NULL), 0);
	expect_table(&t);
	table_fini(&t);
}

static struct ip_addr v6(const char *text)
{
	struct ip_addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

/* All kinds of services: each family, by address and by mark (the same one in both families), SCTP, all
 * ports, flags, a persistence engine, masks of each family. */
static void kinds_of_services(void **state)
{
	struct ip_addr a6 = v6("fd00::1");
	const struct ipvs_svc kinds[] = {
		{ .addr = a6, .port = 80, .protocol = IPPROTO_TCP, .sched = "rr", .netmask = 128 },
		{ .addr = a6,
		  .port = 80,
		  .protocol = IPPROTO_SCTP,
		  .sched = "sh",
		  .netmask = 128,
		  .flags = IPVS_FLAG_SCHED_1 | IPVS_FLAG_SCHED_2 },
		{ .addr = a6,
		  .port = 0,
		  .protocol = IPPROTO_TCP,
		  .sched = "wlc",
		  .netmask = 64,
		  .flags = IPVS_FLAG_PERSISTENT,
		  .timeout_s = 360 },
		{ .addr = { .family = AF_INET6 }, .fwmark = 5, .sched = "rr", .netmask = 128 },
		{ .addr = { .family = AF_INET },
		  .fwmark = 5,
		  .sched = "lc",
		  .netmask = UINT32_MAX },
		{ .addr = { .family = AF_INET },
		  .fwmark = UINT32_MAX,
		  .sched = "mh",
		  .flags = IPVS_FLAG_PERSISTENT | IPVS_FLAG_SCHED_2,
		  .timeout_s = 60,
		  .netmask = htonl(0xffff0000) },
		{ .addr = addr_v4(htonl(0x0a000001)),
		  .port = 53,
		  .protocol = IPPROTO_UDP,
		  .sched = "rr",
		  .flags = IPVS_FLAG_ONE_PACKET | IPVS_FLAG_SCHED_3,
		  .netmask = UINT32_MAX },
		{ .addr = addr_v4(htonl(0x0a000001)),
		  .port = 5060,
		  .protocol = IPPROTO_UDP,
		  .sched = "rr",
		  .pe = "sip",
		  .flags = IPVS_FLAG_PERSISTENT,
		  .timeout_s = 60,
		  .netmask = UINT32_MAX },
	};
	struct ipvs_table t = { 0 };

	(void)state;
	for (uint32_t i = 0; i < N_OF(kinds); i++) {
		struct ipvs_svc s = kinds[i];
		struct ipvs_dest d = dest(0);

		s.presence = IPVS_IN;
		if (s.addr.family == AF_INET6)
			d.addr = v6("fd00::2");
		assert_int_equal(one(KERN_NEW_SVC, &s, NULL), 0);
		assert_int_equal(one(KERN_NEW_SVC, &s, NULL), -EEXIST);
		assert_int_equal(one(KERN_NEW_DEST, &s, &d), 0);
		table_add_svc(&t, &s);
		table_add_dest(&t, &d);
	}
	expect_table(&t);

	struct ipvs_svc bad = kinds[0];

	bad.port = 81;
	bad.netmask = 0;
	assert_int_equal(one(KERN_NEW_SVC, &bad, NULL), -EINVAL);
	bad.netmask = 129;
	assert_int_equal(one(KERN_NEW_SVC, &bad, NULL), -EINVAL);
	bad = kinds[7];
	bad.port = 5061;
	(void)snprintf(bad.pe, sizeof(bad.pe), "nosuch");
	assert_int_equal(one(KERN_NEW_SVC, &bad, NULL), -ENOENT);

	/* a change without an engine takes it away */
	for (uint32_t i = 0; i < t.svc_n; i++) {
		t.svc[i].pe[0] = '\0';
		assert_int_equal(one(KERN_SET_SVC, &t.svc[i], NULL), 0);
	}
	expect_table(&t);
	assert_int_equal(kern->ops->flush(kern), 0);
	expect_table(&(struct ipvs_table){ 0 });
	table_fini(&t);
}

/* The ways to wrap a packet, within a family and across; only a tunnel leads across. */
static void tunnels(void **state)
{
	const struct ipvs_dest ways[] = {
		{ .tun_type = IPVS_TUN_IPIP },
		{ .tun_type = IPVS_TUN_GUE, .tun_port = 6080 },
		{ .tun_type = IPVS_TUN_GUE, .tun_port = 6081, .tun_flags = IPVS_TUN_CSUM },
		{ .tun_type = IPVS_TUN_GUE, .tun_port = 6081, .tun_flags = IPVS_TUN_REMCSUM },
		{ .tun_type = IPVS_TUN_GRE },
		{ .tun_type = IPVS_TUN_GRE, .tun_flags = IPVS_TUN_CSUM },
	};
	struct ipvs_table t = { 0 };
	struct ipvs_svc s4 = svc(1), s6 = { .addr = v6("fd00::1"),
					    .port = 80,
					    .protocol = IPPROTO_TCP,
					    .presence = IPVS_IN,
					    .sched = "rr",
					    .netmask = 128 };

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		const struct ipvs_svc *s = k ? &s6 : &s4;

		assert_int_equal(one(KERN_NEW_SVC, s, NULL), 0);
		table_add_svc(&t, s);
		for (uint32_t i = 0; i < 2 * N_OF(ways); i++) {
			struct ipvs_dest d = dest(i);

			d.method = IPVS_METHOD_TUN;
			d.tun_type = ways[i % N_OF(ways)].tun_type;
			d.tun_port = ways[i % N_OF(ways)].tun_port;
			d.tun_flags = ways[i % N_OF(ways)].tun_flags;
			if (i % 2) {
				d.addr = v6("fd00::100");
				d.addr.byte[15] = (uint8_t)i;
			}
			assert_int_equal(one(KERN_NEW_DEST, s, &d), 0);
			table_add_dest(&t, &d);
		}
	}
	expect_table(&t);

	struct ipvs_dest bad = dest(100);

	assert_int_equal(one(KERN_NEW_DEST, &s6, &bad), -EINVAL); /* NAT across families */
	bad.method = IPVS_METHOD_TUN;
	bad.tun_type = IPVS_TUN_GUE;
	assert_int_equal(one(KERN_NEW_DEST, &s4, &bad), -EINVAL); /* without a port */

	/* back to the plain way */
	for (uint32_t i = 0; i < t.svc_n; i++) {
		for (uint32_t k = t.svc[i].first; k < t.svc[i].first + t.svc[i].n; k++) {
			t.dest[k].tun_type = t.dest[k].tun_flags = 0;
			t.dest[k].tun_port = 0;
			assert_int_equal(one(KERN_SET_DEST, &t.svc[i], &t.dest[k]), 0);
		}
	}
	expect_table(&t);
	table_fini(&t);
}

static void timeouts(void **state)
{
	struct ipvs_timeouts was, now;

	(void)state;
	assert_int_equal(kern->ops->get_timeouts(kern, &was), 0);
	assert_true(was.tcp_s && was.tcp_fin_s && was.udp_s);
	assert_int_equal(kern->ops->set_timeouts(kern, &(struct ipvs_timeouts){ .udp_s = 77 }), 0);
	assert_int_equal(kern->ops->get_timeouts(kern, &now), 0);
	assert_int_equal(now.udp_s, 77);
	assert_int_equal(now.tcp_s, was.tcp_s);
	assert_int_equal(now.tcp_fin_s, was.tcp_fin_s);
	assert_int_equal(kern->ops->set_timeouts(kern,
						 &(struct ipvs_timeouts){ .tcp_s = INT32_MAX }),
			 -EINVAL);
	assert_int_equal(kern->ops->set_timeouts(kern, &was), 0);
	assert_int_equal(kern->ops->get_timeouts(kern, &now), 0);
	assert_int_equal(now.udp_s, was.udp_s);
}

/* Connection synchronisation. Not stopped over a kernel: tests/guest/syncd.py does that, with a limit. */
static void daemons(void **state)
{
	struct ipvs_daemon d = { .state = IPVS_SYNC_MASTER,
				 .syncid = 7,
				 .interface = "lo",
				 .group = addr_v4(htonl(0xe0000051)),
				 .port = 8848,
				 .ttl = 1,
				 .maxlen = 1400 };
	struct ipvs_daemon got[IPVS_SYNC_N], bad = d;
	uint32_t n;

	(void)state;
	assert_int_equal(kern->ops->get_daemons(kern, got, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(kern->ops->del_daemon(kern, &d), -ESRCH);
	(void)snprintf(bad.interface, sizeof(bad.interface), "nosuch");
	assert_int_equal(kern->ops->new_daemon(kern, &bad), -ENODEV);
	bad = d;
	bad.group = addr_v4(htonl(0x0a000001));
	assert_int_equal(kern->ops->new_daemon(kern, &bad), -EINVAL);
	if (is_kernel)
		return;
	assert_int_equal(kern->ops->new_daemon(kern, &d), 0);
	assert_int_equal(kern->ops->new_daemon(kern, &d), -EEXIST);
	assert_int_equal(kern->ops->get_daemons(kern, got, &n), 0);
	assert_int_equal(n, 1);
	assert_string_equal(got[0].interface, "lo");
	assert_int_equal(got[0].syncid, 7);
	assert_int_equal(got[0].maxlen, 1400);
	assert_true(addr_eq(&got[0].group, &d.group));
	assert_int_equal(kern->ops->del_daemon(kern, &d), 0);
	assert_int_equal(kern->ops->get_daemons(kern, got, &n), 0);
	assert_int_equal(n, 0);
}

/* More requests than one send holds, more destinations than one answer of a dump holds. */
static void many(void **state)
{
	enum { SVC_N = 20, DEST_N = 250, N = SVC_N * (DEST_N + 1) };
	struct ipvs_table t = { 0 };
	struct kern_op *op = calloc(N, sizeof(*op));
	uint32_t n = 0;

	(void)state;
	for (uint32_t i = 0; i < SVC_N; i++) {
		struct ipvs_svc s = svc(i);

		table_add_svc(&t, &s);
		for (uint32_t k = 0; k < DEST_N; k++) {
			struct ipvs_dest d = dest(k);

			table_add_dest(&t, &d);
		}
	}
	for (uint32_t i = 0; i < SVC_N; i++) {
		op[n++] = (struct kern_op){ .what = KERN_NEW_SVC, .svc = &t.svc[i] };
		for (uint32_t k = 0; k < DEST_N; k++)
			op[n++] = (struct kern_op){ .what = KERN_NEW_DEST,
						    .svc = &t.svc[i],
						    .dest = &t.dest[t.svc[i].first + k] };
	}
	assert_int_equal(n, N);

	int64_t from_us = clock_now_us();

	for (uint32_t i = 0; i < n; i += NL_BATCH_N)
		assert_int_equal(kern_apply(kern, op + i, n - i < NL_BATCH_N ? n - i : NL_BATCH_N),
				 0);
	print_message("%u additions in %lld us\n", n, (long long)(clock_now_us() - from_us));
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(op[i].err, 0);
	from_us = clock_now_us();
	expect_table(&t);
	print_message("dump of them in %lld us\n", (long long)(clock_now_us() - from_us));

	/* all of it again, in one call: every one fails in its own place */
	assert_int_equal(kern_apply(kern, op, n), 0);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(op[i].err, -EEXIST);
	expect_table(&t);
	free(op);
	table_fini(&t);
}

struct seen {
	uint32_t svc_n, dest_n;
	struct ipvs_count svc, dest; /* the last */
};

static void see(void *arg, const struct ipvs_svc *s, const struct ipvs_dest *d,
		const struct ipvs_count *count)
{
	struct seen *seen = arg;

	assert_int_equal(s->port, 80);
	*(d ? &seen->dest : &seen->svc) = *count;
	seen->svc_n += !d;
	seen->dest_n += !!d;
}

/* A datagram from this machine, which the kernel balances like any other. */
static void send_one(const struct ipvs_svc *s)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(s->port),
				  .sin_addr = s->addr.v4 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(sendto(fd, "hello", 5, 0, (struct sockaddr *)&to, sizeof(to)), 5);
	(void)close(fd);
}

/* The kernel moves its counters forward every two seconds. */
static void count_until_seen(const struct ipvs_svc *s, struct seen *seen)
{
	int64_t limit_us = clock_now_us() + SEC(60);

	do {
		assert_int_equal(kern->ops->count(kern, NULL, see, seen), 0);
		assert_int_equal(kern->ops->count(kern, s, see, seen), 0);
		(void)usleep(20000);
	} while (!(seen->svc.sum.conns && seen->dest.sum.conns) && clock_now_us() < limit_us);
}

/* What it counts, of services and of the servers of one. */
static void counters(void **state)
{
	struct ipvs_svc s = svc(1);
	struct ipvs_dest d = dest(1);
	struct seen seen = { 0 };

	(void)state;
	s.protocol = IPPROTO_UDP;
	s.addr = addr_v4(htonl(0x7f000002)); /* of this machine */
	d.addr = addr_v4(htonl(0x7f000003));
	assert_int_equal(one(KERN_NEW_SVC, &s, NULL), 0);
	assert_int_equal(one(KERN_NEW_DEST, &s, &d), 0);
	assert_int_equal(kern->ops->count(kern, NULL, see, &seen), 0);
	assert_int_equal(kern->ops->count(kern, &s, see, &seen), 0);
	assert_int_equal(seen.svc_n, 1);
	assert_int_equal(seen.dest_n, 1);
	assert_int_equal(seen.svc.sum.conns + seen.dest.sum.conns, 0);

	if (is_kernel)
		send_one(&s);
	else
		assert_true(kern_memory_set_conns(kern, &s, &d, 1));
	count_until_seen(&s, &seen);
	assert_int_equal(seen.svc.sum.conns, 1);
	assert_int_equal(seen.svc.sum.in_packets, 1);
	assert_int_equal(seen.dest.sum.conns, 1);
	assert_int_equal(seen.dest.sum.in_packets, 1);
	assert_true(seen.dest.sum.in_bytes);
	assert_int_equal(seen.dest.active_n + seen.dest.inactive_n, 1);

	/* one that is not there has none */
	seen = (struct seen){ 0 };
	s.port = 81;
	assert_int_equal(kern->ops->count(kern, &s, see, &seen), 0);
	assert_int_equal(seen.dest_n, 0);
}

static void reasons(void **state)
{
	(void)state;
	assert_non_null(strstr(kern_genl_why(-ENOENT), "modprobe ip_vs"));
	assert_non_null(strstr(kern_genl_why(-ENOENT), "--dataplane=memory"));
	assert_non_null(strstr(kern_genl_why(-EPERM), "root"));
	assert_non_null(kern_genl_why(-EIO));
}

/* A namespace without any address takes no address for a unicast one. */
static int lo_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = ioctl(fd, SIOCSIFFLAGS, &ifr);

	(void)close(fd);
	return err;
}

static int setup(void **state)
{
	(void)state;
	if (!is_kernel) {
		kern = kern_memory_open();
		return 0;
	}
	if (unshare(CLONE_NEWNET) || lo_up())
		return -1;

	bool in_netns;
	int err = kern_genl_open(NULL, &kern, &in_netns);

	if (err)
		print_error("%s\n", kern_genl_why(err));
	return err;
}

static int teardown(void **state)
{
	(void)state;
	kern_close(kern);
	return 0;
}

#define FRESH(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		FRESH(errors),
		FRESH(batch_with_failures),
		FRESH(settings_round_trip),
		FRESH(schedulers),
		FRESH(kinds_of_services),
		FRESH(tunnels),
		FRESH(timeouts),
		FRESH(daemons),
		FRESH(many),
		FRESH(counters),
		cmocka_unit_test(reasons),
	};

	is_kernel = argc > 1 && !strcmp(argv[1], "--kernel");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
