/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The sockets of the VRRP role over IPv4: one to receive for all instances, one to send for all. What
 * arrives is what the host has joined: the reflector holds the memberships (member.h). Owned by the
 * VRRP thread; no call waits or allocates.
 */
#pragma once

#include "vrrp/pkt.h"

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
	SOCK_RX_N = 64, /* packets of one read */
	SOCK_TX_N = 64, /* packets of one send */
	/* some thousand adverts: those that come in while the thread is kept waiting, and those that
	 * wait for a network card, since they are counted until its driver frees them */
	SOCK_RCVBUF_LEN = 4 * 1024 * 1024,
	SOCK_SNDBUF_LEN = 4 * 1024 * 1024,
};

/* Enough for one struct in_pktinfo. */
struct sock_control {
	_Alignas(struct cmsghdr) uint8_t byte[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

/* A ring of nothing: everything of one recvmmsg() or sendmmsg(). */
struct sock_batch {
	struct mmsghdr msg[SOCK_RX_N];
	struct iovec iov[SOCK_RX_N];
	struct sock_control control[SOCK_RX_N];
	uint8_t buf[SOCK_RX_N][PKT_RX_MAX_LEN];
};

struct sock {
	int rx_fd, tx_fd;
	uint32_t tx_n; /* packets waiting in tx */
	struct sockaddr_in group;
	struct sock_batch rx, tx;
};

/* What one packet says: bytes from the IP header on, and where it came in. */
struct sock_packet {
	const uint8_t *data;
	size_t len;
	uint32_t ifindex; /* 0: the kernel did not say */
};

/* Makes zeroed memory something that sock_close() may see. */
void sock_init(struct sock *s);

/* 0 or -errno; after an error sock_close() is still due. */
int sock_open(struct sock *s);
void sock_close(struct sock *s); /* idempotent */

/* Reads what waits, at most SOCK_RX_N. How many; 0 when nothing waits: an error that was pending is
 * read past. They are valid until the next read. */
uint32_t sock_read(struct sock *s);
struct sock_packet sock_packet(const struct sock *s, uint32_t i);

/* Room for the next packet to send, or NULL: flush first. */
uint8_t *sock_slot(struct sock *s);

/* The packet that was written into it leaves by this interface at the next flush. */
void sock_queue(struct sock *s, size_t len, uint32_t ifindex);

/* Sends what is queued, in order; calls fn for each packet with its number in the queue and 0 or
 * -errno. A packet that fails is not tried again (V140). */
void sock_flush(struct sock *s, void (*fn)(void *arg, uint32_t i, int err), void *arg);
