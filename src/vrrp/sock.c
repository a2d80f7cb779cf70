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

static int filter_all(int fd)
{
	struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, 0) };

	return set_filter(fd, code, 1);
}

static int open_rx(struct sock *s)
{
	s->rx_fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, PKT_PROTO);
	if (s->rx_fd < 0)
		return -errno;

	int err = filter_group(s->rx_fd);

	if (!err)
		err = set_int(s->rx_fd, IPPROTO_IP, IP_PKTINFO, 1);
	if (!err)
		err = set_buf(s->rx_fd, SO_RCVBUFFORCE, SO_RCVBUF, SOCK_RCVBUF_LEN);
	return err;
}

static int open_tx(struct sock *s)
{
	/* IPPROTO_RAW: we write the IP header (IP_HDRINCL), and the socket gets nothing useful */
	s->tx_fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW);
	if (s->tx_fd < 0)
		return -errno;

	int err = filter_all(s->tx_fd);

	if (!err) /* V10 */
		err = set_int(s->tx_fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
	if (!err)
		err = set_int(s->tx_fd, SOL_SOCKET, SO_PRIORITY, TX_PRIORITY);
	if (!err)
		err = set_buf(s->tx_fd, SO_SNDBUFFORCE, SO_SNDBUF, SOCK_SNDBUF_LEN);
	return err;
}

static void point_batch(struct sock_batch *b)
{
	for (uint32_t i = 0; i < SOCK_RX_N; i++) {
		b->iov[i] = (struct iovec){ .iov_base = b->buf[i], .iov_len = sizeof(b->buf[i]) };
		b->msg[i].msg_hdr = (struct msghdr){
			.msg_iov = &b->iov[i],
			.msg_iovlen = 1,
			.msg_control = &b->control[i],
		};
	}
}

void sock_init(struct sock *s)
{
	s->rx_fd = s->tx_fd = -1;
	s->group = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(PKT_GROUP_V4),
	};
	point_batch(&s->rx);
	point_batch(&s->tx);
}

int sock_open(struct sock *s)
{
	int err = open_rx(s);

	return err ? err : open_tx(s);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void sock_close(struct sock *s)
{
	close_fd(&s->rx_fd);
	close_fd(&s->tx_fd);
}

static int read_batch(struct sock *s)
{
	for (uint32_t i = 0; i < SOCK_RX_N; i++)
		s->rx.msg[i].msg_hdr.msg_controllen = sizeof(struct sock_control);
	return recvmmsg(s->rx_fd, s->rx.msg, SOCK_RX_N, MSG_DONTWAIT, NULL);
}

uint32_t sock_read(struct sock *s)
{
	int n = read_batch(s);

	if (n < 0 && errno != EAGAIN) /* an old error, which this has cleared */
		n = read_batch(s);
	return n < 0 ? 0 : (uint32_t)n;
}

struct sock_packet sock_packet(const struct sock *s, uint32_t i)
{
	const struct msghdr *h = &s->rx.msg[i].msg_hdr;
	struct sock_packet p = { .data = s->rx.buf[i], .len = s->rx.msg[i].msg_len };
	const struct cmsghdr *c = CMSG_FIRSTHDR(h);

	/* room is for one message, so the first is the only one */
	if (c && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo info;

		memcpy(&info, CMSG_DATA(c), sizeof(info));
		p.ifindex = (uint32_t)info.ipi_ifindex;
	}
	return p;
}

uint8_t *sock_slot(struct sock *s)
{
	return s->tx_n < SOCK_TX_N ? s->tx.buf[s->tx_n] : NULL;
}

void sock_queue(struct sock *s, size_t len, uint32_t ifindex)
{
	uint32_t i = s->tx_n++;
	struct msghdr *h = &s->tx.msg[i].msg_hdr;
	struct in_pktinfo info = { .ipi_ifindex = (int)ifindex };

	s->tx.iov[i].iov_len = len;
	h->msg_name = &s->group;
	h->msg_namelen = sizeof(s->group);
	h->msg_controllen = sizeof(struct sock_control);

	struct cmsghdr *c = CMSG_FIRSTHDR(h);

	*c = (struct cmsghdr){
		.cmsg_level = IPPROTO_IP,
		.cmsg_type = IP_PKTINFO,
		.cmsg_len = CMSG_LEN(sizeof(info)),
	};
	memcpy(CMSG_DATA(c), &info, sizeof(info));
}

void sock_flush(struct sock *s, void (*fn)(void *arg, uint32_t i, int err), void *arg)
{
	uint32_t i = 0;

	while (i < s->tx_n) {
		int n = sendmmsg(s->tx_fd, s->tx.msg + i, s->tx_n - i, MSG_DONTWAIT);

		if (n <= 0) /* the error is that of the first one */
			fn(arg, i++, n < 0 ? -errno : -EIO);
		for (; n > 0; n--)
			fn(arg, i++, 0);
	}
	s->tx_n = 0;
}
