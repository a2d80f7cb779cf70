/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the kernel itself needs for very many addresses on one interface:
 *
 *	addr_floor DEVICE N
 *
 * adds N addresses and removes them again, 256 in a send, and prints the milliseconds of both. No plan,
 * no look at what is there, no announcement.
 */
#include "core/clock.h"
#include "core/nl.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void failed(void *arg, uint32_t index, int err)
{
	(void)arg;
	fprintf(stderr, "addr_floor: request %u: %s\n", index, strerrordesc_np(-err));
	exit(1);
}

static void flush(struct nl_chan *ch)
{
	int err = nl_chan_flush(ch, failed, NULL);

	if (err)
		failed(NULL, 0, err);
}

/* 10.1.0.1, 10.1.1.1 and so on, as bench/takeover.py has them. */
static struct nl_msg *request(int type, int flags, unsigned ifindex, uint32_t i)
{
	struct ifaddrmsg info = { .ifa_family = AF_INET,
				  .ifa_prefixlen = 32,
				  .ifa_index = ifindex };
	struct nl_msg *msg = nl_request(type, flags);
	uint32_t addr_be = htonl(0x0a010001 + (i << 8));

	if (nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) ||
	    nla_put(msg, IFA_LOCAL, sizeof(addr_be), &addr_be) ||
	    nla_put(msg, IFA_ADDRESS, sizeof(addr_be), &addr_be))
		exit(1);
	return msg;
}

static double apply(struct nl_chan *ch, int type, unsigned ifindex, uint32_t n)
{
	int64_t start_us = clock_now_us();

	for (uint32_t i = 0; i < n; i++) {
		struct nl_msg *msg =
			request(type, type == RTM_NEWADDR ? NLM_F_CREATE : 0, ifindex, i);

		if (nl_chan_add(ch, msg) >= 0)
			continue;
		flush(ch);
		if (nl_chan_add(ch, msg) < 0)
			exit(1);
	}
	flush(ch);
	return (double)(clock_now_us() - start_us) / 1000;
}

int main(int argc, char **argv)
{
	struct nl_chan ch;
	unsigned ifindex = argc == 3 ? if_nametoindex(argv[1]) : 0;

	if (!ifindex || nl_chan_open(&ch, NETLINK_ROUTE)) {
		fprintf(stderr, "usage: addr_floor DEVICE N\n");
		return 1;
	}

	uint32_t n = (uint32_t)strtoul(argv[2], NULL, 10);
	double add_ms = apply(&ch, RTM_NEWADDR, ifindex, n);

	printf("%.3f %.3f\n", add_ms, apply(&ch, RTM_DELADDR, ifindex, n));
	return 0;
}
