/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the kernel itself costs: the bench's table written by the least that can write one.
 *
 *	floor SERVICES SERVERS
 *
 * adds the services with their servers (weight 1; SERVERS in all), gives every server weight 2, deletes
 * every tenth server and then the services, and prints the milliseconds of each step and the processor
 * time of all: five numbers. No configuration, no diff, no log: raw netlink, BATCH requests in one send, acknowledgement on the
 * last. Whatever goes wrong ends the program; there is nothing to repair in a bench.
 *
 * The table is the one that bench/table.py asks of the other programs: service i is 10.1.HI.LO:80 and
 * its server j is 10.2.0.0 + j, both counted from 1; service i of n has as many of the m servers as
 * make m * i / n with those before it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256, REQUEST_MAX = 256, PORT = 80, EACH = 10 };

struct batch {
	int fd;
	uint16_t family;
	uint32_t seq;
	int count;
	size_t len;
	struct nlmsghdr *last;
	_Alignas(struct nlmsghdr) char buf[BATCH * REQUEST_MAX];
};

static void die(const char *what, int err)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(err));
	exit(1);
}

/* Attributes begin at multiples of four bytes. */
static size_t aligned(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static void put(struct batch *b, uint16_t type, const void *data, size_t len)
{
	struct nlattr *a = (struct nlattr *)(b->buf + b->len);
	*a = (struct nlattr){ .nla_len = (uint16_t)(sizeof *a + len), .nla_type = type };
	memcpy(a + 1, data, len);
	b->len += aligned(a->nla_len);
}

static void put_u16(struct batch *b, uint16_t type, uint16_t value)
{
	put(b, type, &value, sizeof value);
}

static void put_u32(struct batch *b, uint16_t type, uint32_t value)
{
	put(b, type, &value, sizeof value);
}

static struct nlattr *nest_open(struct batch *b, uint16_t type)
{
	struct nlattr *nest = (struct nlattr *)(b->buf + b->len);
	nest->nla_type = type | NLA_F_NESTED;
	b->len += sizeof *nest;
	return nest;
}

static void nest_close(struct batch *b, struct nlattr *nest)
{
	nest->nla_len = (uint16_t)(b->buf + b->len - (char *)nest);
}

/* Waits for the acknowledgement of the last request; a refused request ends the program. */
static void read_ack(struct batch *b)
{
	_Alignas(struct nlmsghdr) char reply[8192];
	for (;;) {
		ssize_t len = recv(b->fd, reply, sizeof reply, 0);
		if (len < 0)
			die("recv", errno);
		const struct nlmsghdr *h = (const struct nlmsghdr *)reply;
		if (h->nlmsg_type != NLMSG_ERROR)
			continue;
		const struct nlmsgerr *e = NLMSG_DATA(h);
		if (e->error)
			die("request refused", -e->error);
		if (h->nlmsg_seq == b->last->nlmsg_seq)
			return;
	}
}

static void flush(struct batch *b)
{
	if (!b->count)
		return;
	b->last->nlmsg_flags |= NLM_F_ACK;
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	if (sendto(b->fd, b->buf, b->len, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0)
		die("send", errno);
	read_ack(b);
	b->count = 0;
	b->len = 0;
}

static void begin(struct batch *b, uint16_t type, uint8_t cmd)
{
	if (b->count == BATCH)
		flush(b);
	b->last = (struct nlmsghdr *)(b->buf + b->len);
	*b->last = (struct nlmsghdr){ .nlmsg_type = type,
				      .nlmsg_flags = NLM_F_REQUEST,
				      .nlmsg_seq = ++b->seq };
	struct genlmsghdr g = { .cmd = cmd, .version = 1 };
	memcpy(b->buf + b->len + NLMSG_HDRLEN, &g, sizeof g);
	b->len += NLMSG_HDRLEN + GENL_HDRLEN;
	b->count++;
}

static void end(struct batch *b)
{
	b->last->nlmsg_len = (uint32_t)(b->buf + b->len - (char *)b->last);
}

static void put_addr(struct batch *b, uint16_t type, uint32_t host_order)
{
	uint32_t addr[4] = { htonl(host_order) };
	put(b, type, addr, sizeof addr);
}

static void service(struct batch *b, uint8_t cmd, uint32_t i)
{
	static const uint32_t flags[2] = { 0, ~0U };
	begin(b, b->family, cmd);
	struct nlattr *nest = nest_open(b, IPVS_CMD_ATTR_SERVICE);
	put_u16(b, IPVS_SVC_ATTR_AF, AF_INET);
	put_u16(b, IPVS_SVC_ATTR_PROTOCOL, IPPROTO_TCP);
	put_addr(b, IPVS_SVC_ATTR_ADDR, (10U << 24 | 1U << 16) + i);
	put_u16(b, IPVS_SVC_ATTR_PORT, htons(PORT));
	if (cmd == IPVS_CMD_NEW_SERVICE) {
		put(b, IPVS_SVC_ATTR_SCHED_NAME, "rr", sizeof "rr");
		put(b, IPVS_SVC_ATTR_FLAGS, flags, sizeof flags);
		put_u32(b, IPVS_SVC_ATTR_TIMEOUT, 0);
		put_u32(b, IPVS_SVC_ATTR_NETMASK, ~0U);
	}
	nest_close(b, nest);
	if (cmd == IPVS_CMD_NEW_SERVICE || cmd == IPVS_CMD_DEL_SERVICE)
		end(b);
}

static void dest(struct batch *b, uint8_t cmd, uint32_t i, uint32_t j, uint32_t weight)
{
	service(b, cmd, i);
	struct nlattr *nest = nest_open(b, IPVS_CMD_ATTR_DEST);
	put_addr(b, IPVS_DEST_ATTR_ADDR, (10U << 24 | 2U << 16) + j);
	put_u16(b, IPVS_DEST_ATTR_PORT, htons(PORT));
	if (cmd != IPVS_CMD_DEL_DEST) {
		put_u32(b, IPVS_DEST_ATTR_FWD_METHOD, IP_VS_CONN_F_DROUTE);
		put_u32(b, IPVS_DEST_ATTR_WEIGHT, weight);
		put_u32(b, IPVS_DEST_ATTR_U_THRESH, 0);
		put_u32(b, IPVS_DEST_ATTR_L_THRESH, 0);
	}
	nest_close(b, nest);
	end(b);
}

/* Asks the kernel for the number of the family; only the answer's first attributes matter. */
static uint16_t family_id(struct batch *b)
{
	_Alignas(struct nlmsghdr) char reply[4096];
	begin(b, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	put(b, CTRL_ATTR_FAMILY_NAME, IPVS_GENL_NAME, sizeof IPVS_GENL_NAME);
	end(b);
	if (send(b->fd, b->buf, b->len, 0) < 0)
		die("send", errno);
	b->count = 0;
	b->len = 0;
	ssize_t len = recv(b->fd, reply, sizeof reply, 0);
	const struct nlmsghdr *h = (const struct nlmsghdr *)reply;
	if (len < 0 || h->nlmsg_type == NLMSG_ERROR)
		die("no IPVS in this kernel", ENOENT);
	for (size_t at = NLMSG_HDRLEN + GENL_HDRLEN; at < h->nlmsg_len;) {
		const struct nlattr *a = (const struct nlattr *)(reply + at);
		if (a->nla_type == CTRL_ATTR_FAMILY_ID) {
			uint16_t id;
			memcpy(&id, a + 1, sizeof id);
			return id;
		}
		at += aligned(a->nla_len);
	}
	die("no family id", ENOENT);
	return 0;
}

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double cpu_ms(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

/* The same for every each-th server of every service; new services come with their first server. */
static void all(struct batch *b, const uint32_t shape[2], uint8_t cmd, uint32_t weight)
{
	uint32_t each = cmd == IPVS_CMD_DEL_DEST ? EACH : 1;
	for (uint32_t i = 1; i <= shape[0]; i++) {
		uint32_t n = (uint32_t)((uint64_t)shape[1] * i / shape[0] -
					(uint64_t)shape[1] * (i - 1) / shape[0]);
		if (cmd == IPVS_CMD_NEW_DEST)
			service(b, IPVS_CMD_NEW_SERVICE, i);
		for (uint32_t j = each; j <= n; j += each)
			dest(b, cmd, i, j, weight);
	}
	flush(b);
}

int main(int argc, char **argv)
{
	static struct batch b;
	if (argc != 3) {
		fprintf(stderr, "usage: floor SERVICES SERVERS\n");
		return 1;
	}
	uint32_t shape[2] = { (uint32_t)strtoul(argv[1], NULL, 10),
			      (uint32_t)strtoul(argv[2], NULL, 10) };
	b.fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	if (b.fd < 0)
		die("socket", errno);
	b.family = family_id(&b);

	double t0 = now_ms(), cpu = cpu_ms();
	all(&b, shape, IPVS_CMD_NEW_DEST, 1);
	double t1 = now_ms();
	all(&b, shape, IPVS_CMD_SET_DEST, 2);
	double t2 = now_ms();
	all(&b, shape, IPVS_CMD_DEL_DEST, 0);
	double t3 = now_ms();
	for (uint32_t i = 1; i <= shape[0]; i++)
		service(&b, IPVS_CMD_DEL_SERVICE, i);
	flush(&b);
	printf("%.3f %.3f %.3f %.3f %.3f\n", t1 - t0, t2 - t1, t3 - t2, now_ms() - t3,
	       cpu_ms() - cpu);
	return 0;
}
