/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See sock.h.
 */
#include "vrrp/sock.h"

#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <unistd.h>

_Static_assert(SOCK_TX_N <= SOCK_RX_N, "struct sock_batch serves both ways");
_Static_assert(sizeof(struct sockaddr_in) <= sizeof(struct sockaddr_in6), "names of both families");
enum { TX_PRIORITY = 6 }; /* the highest that needs no privilege: adverts don't wait behind bulk */

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? -errno : 0;
}

/* The forced one goes over the system's limit, and needs a right that we may not have. */
static int set_buf(int fd, int forced, int name, int len)
{
	int err = set_int(fd, SOL_SOCKET, forced, len);

	return err ? set_int(fd, SOL_SOCKET, name, len) : 0;
}

/* ------------------------------------------------------------------ filters */

static int set_filter(int fd, struct sock_filter *code, uint16_t n)
{
	struct sock_fprog prog = { .len = n, .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ? -errno : 0;
}

/* Only what was sent to the group wakes us; for a raw socket the bytes begin at the IP header. */
static int filter_group(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16), /* destination */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PKT_GROUP_V4, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT16_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};

	return set_filter(fd, code, sizeof(code) / sizeof(code[0]));
}

/* Of all IPsec traffic of this host, what carries VRRP (V123). */
static int filter_ah(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), /* length of the IP header */
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0), /* next header */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PKT_PROTO, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT16_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};

	return set_filter(fd, code, sizeof(code) / sizeof(code[0]));
}

static int filter_all(int fd)
{
	struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, 0) };

	return set_filter(fd, code, 1);
}

int sock_take_all(struct sock *s, bool takes_all)
{
	int fd = s->rx_fd[SOCK_V4], unused = 0;

	if (!takes_all)
		return filter_group(fd);
	/* there may be none */
	(void)setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused));
	return 0;
}

/* ------------------------------------------------------------------ open and close */

static int open_raw(int *fd, int family, int proto)
{
	*fd = socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, proto);
	return *fd < 0 ? -errno : 0;
}

static int open_rx_v4(int *fd, int proto)
{
	int err = open_raw(fd, AF_INET, proto);

	if (!err)
		err = proto == PKT_PROTO ? filter_group(*fd) : filter_ah(*fd);
	if (!err)
		err = set_int(*fd, IPPROTO_IP, IP_PKTINFO, 1);
	if (!err)
		err = set_buf(*fd, SO_RCVBUFFORCE, SO_RCVBUF, SOCK_RCVBUF_LEN);
	return err;
}

/* The kernel does not look at the checksum unless it is asked to, and would not count what it drops:
 * we do (V27). */
static int open_rx_v6(int *fd)
{
	int err = open_raw(fd, AF_INET6, PKT_PROTO);

	if (!err)
		err = set_int(*fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	if (!err)
		err = set_int(*fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	if (!err)
		err = set_buf(*fd, SO_RCVBUFFORCE, SO_RCVBUF, SOCK_RCVBUF_LEN);
	return err;
}

static int open_tx(struct sock_tx *tx, int family, int proto)
{
	int err = open_raw(&tx->fd, family, proto);

	if (!err)
		err = filter_all(tx->fd);
	if (!err)
		err = set_int(tx->fd, SOL_SOCKET, SO_PRIORITY, TX_PRIORITY);
	if (!err)
		err = set_buf(tx->fd, SO_SNDBUFFORCE, SO_SNDBUF, SOCK_SNDBUF_LEN);
	return err;
}

static int open_tx_v4(struct sock *s)
{
	/* IPPROTO_RAW: we write the IP header (IP_HDRINCL), and the socket gets nothing useful */
	int err = open_tx(&s->tx_v4, AF_INET, IPPROTO_RAW);

	if (!err) /* V10 */
		err = set_int(s->tx_v4.fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
	return err;
}

static int open_tx_v6(struct sock *s)
{
	int err = open_tx(&s->tx_v6, AF_INET6, PKT_PROTO);

	if (!err)
		err = set_int(s->tx_v6.fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
	if (!err) /* V7 */
		err = set_int(s->tx_v6.fd, IPPROTO_IPV6, IPV6_TCLASS, PKT_TOS);
	return err;
}

static void point_batch(struct sock_batch *b)
{
	for (uint32_t i = 0; i < SOCK_RX_N; i++) {
		b->iov[i] = (struct iovec){ .iov_base = b->buf[i], .iov_len = sizeof(b->buf[i]) };
		b->msg[i].msg_hdr = (struct msghdr){
			.msg_name = &b->name[i],
			.msg_iov = &b->iov[i],
			.msg_iovlen = 1,
			.msg_control = &b->control[i],
		};
	}
}

void sock_init(struct sock *s)
{
	for (unsigned i = 0; i < SOCK_PORT_N; i++)
		s->rx_fd[i] = -1;
	s->tx_v4.fd = s->tx_v6.fd = -1;
	point_batch(&s->rx);
	point_batch(&s->tx_v4.batch);
	point_batch(&s->tx_v6.batch);
}

int sock_open(struct sock *s)
{
	int err = open_rx_v4(&s->rx_fd[SOCK_V4], PKT_PROTO);

	if (!err)
		err = open_rx_v4(&s->rx_fd[SOCK_AH], PKT_PROTO_AH);
	if (!err)
		err = open_tx_v4(s);
	if (err)
		return err;
	err = open_rx_v6(&s->rx_fd[SOCK_V6]);
	if (!err)
		err = open_tx_v6(s);
	return err == -EAFNOSUPPORT ? 0 : err;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void sock_close(struct sock *s)
{
	for (unsigned i = 0; i < SOCK_PORT_N; i++)
		close_fd(&s->rx_fd[i]);
	close_fd(&s->tx_v4.fd);
	close_fd(&s->tx_v6.fd);
}

/* ------------------------------------------------------------------ receive */

static int read_batch(struct sock *s, enum sock_port port)
{
	for (uint32_t i = 0; i < SOCK_RX_N; i++) {
		s->rx.msg[i].msg_hdr.msg_namelen = sizeof(s->rx.name[i]);
		s->rx.msg[i].msg_hdr.msg_controllen = sizeof(struct sock_control);
	}
	return recvmmsg(s->rx_fd[port], s->rx.msg, SOCK_RX_N, MSG_DONTWAIT, NULL);
}

uint32_t sock_read(struct sock *s, enum sock_port port)
{
	int n = read_batch(s, port);

	if (n < 0 && errno != EAGAIN) /* an old error, which this has cleared */
		n = read_batch(s, port);
	return n < 0 ? 0 : (uint32_t)n;
}

/* What the kernel says beside the bytes. */
struct beside {
	uint32_t ifindex;
	struct in6_addr dst;
	int hop_limit; /* -1: nothing */
};

static void read_cmsg(const struct cmsghdr *c, struct beside *b)
{
	if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo info;

		memcpy(&info, CMSG_DATA(c), sizeof(info));
		b->ifindex = (uint32_t)info.ipi_ifindex;
	} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo info;

		memcpy(&info, CMSG_DATA(c), sizeof(info));
		b->ifindex = (uint32_t)info.ipi6_ifindex;
		b->dst = info.ipi6_addr;
	} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT) {
		memcpy(&b->hop_limit, CMSG_DATA(c), sizeof(b->hop_limit));
	}
}

bool sock_packet(const struct sock *s, enum sock_port port, uint32_t i, struct pkt_in *in,
		 uint32_t *ifindex)
{
	struct msghdr h = s->rx.msg[i].msg_hdr;
	const uint8_t *data = s->rx.buf[i];
	size_t len = s->rx.msg[i].msg_len;
	struct beside b = { .hop_limit = -1 };

	for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c))
		read_cmsg(c, &b);
	*ifindex = b.ifindex;
	if (port != SOCK_V6)
		return pkt_open_v4(data, len, in);
	return pkt_open_v6(data, len, &s->rx.name[i].sin6_addr, &b.dst, b.hop_limit, in);
}

/* ------------------------------------------------------------------ send */

struct sock_tx *sock_tx(struct sock *s, uint8_t family)
{
	return family == AF_INET ? &s->tx_v4 : &s->tx_v6;
}

uint8_t *sock_slot(struct sock_tx *tx)
{
	return tx->n < SOCK_TX_N ? tx->batch.buf[tx->n] : NULL;
}

/* Appends one; returns where the next one goes. */
static uint8_t *put_cmsg(uint8_t *at, int level, int type, const void *data, size_t len)
{
	struct cmsghdr head = { .cmsg_level = level, .cmsg_type = type, .cmsg_len = CMSG_LEN(len) };

	memcpy(at, &head, sizeof(head));
	memcpy(at + CMSG_LEN(0), data, len);
	return at + CMSG_SPACE(len);
}

static size_t control_v4(uint8_t *at, const struct sock_to *to)
{
	struct in_pktinfo info = { .ipi_ifindex = (int)to->ifindex };

	return (size_t)(put_cmsg(at, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info)) - at);
}

static size_t control_v6(uint8_t *at, const struct sock_to *to)
{
	struct in6_pktinfo info = { .ipi6_addr = to->src.v6, .ipi6_ifindex = to->ifindex };
	int hops = to->hop_limit;
	uint8_t *end = put_cmsg(at, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));

	end = put_cmsg(end, IPPROTO_IPV6, IPV6_HOPLIMIT, &hops, sizeof(hops));
	return (size_t)(end - at);
}

static socklen_t name_of(struct sockaddr_in6 *name, const struct sock_to *to)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr = to->dst.v4 };

	if (to->dst.family == AF_INET) {
		memcpy(name, &v4, sizeof(v4));
		return sizeof(v4);
	}
	*name = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_addr = to->dst.v6 };
	if (IN6_IS_ADDR_LINKLOCAL(&to->dst.v6) || IN6_IS_ADDR_MC_LINKLOCAL(&to->dst.v6))
		name->sin6_scope_id = to->ifindex;
	return sizeof(*name);
}

void sock_queue(struct sock_tx *tx, size_t len, const struct sock_to *to)
{
	uint32_t i = tx->n++;
	struct sock_batch *b = &tx->batch;
	struct msghdr *h = &b->msg[i].msg_hdr;
	uint8_t *control = b->control[i].byte;

	b->iov[i].iov_len = len;
	h->msg_namelen = name_of(&b->name[i], to);
	h->msg_controllen =
		to->dst.family == AF_INET ? control_v4(control, to) : control_v6(control, to);
}

void sock_flush(struct sock_tx *tx, void (*fn)(void *arg, uint32_t i, int err), void *arg)
{
	uint32_t i = 0;

	while (i < tx->n) {
		int n = sendmmsg(tx->fd, tx->batch.msg + i, tx->n - i, MSG_DONTWAIT);

		if (n <= 0) /* the error is that of the first one */
			fn(arg, i++, n < 0 ? -errno : -EIO);
		for (; n > 0; n--)
			fn(arg, i++, 0);
	}
	tx->n = 0;
}
