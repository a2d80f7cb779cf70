/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The sockets of the VRRP role: one to receive for each of VRRP over IPv4, VRRP in AH and VRRP over
 * IPv6, for all instances; one to send for each family. What arrives by multicast is what the host has
 * joined: the reflector holds the memberships (member.h). Owned by the VRRP thread; no call waits or
 * allocates.
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

/* What is received. */
enum sock_port { SOCK_V4, SOCK_AH, SOCK_V6, SOCK_PORT_N };

/* Enough for the source, destination, interface and hop limit of IPv6. */
struct sock_control {
	_Alignas(struct cmsghdr)
		uint8_t byte[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
};

/* Everything of one recvmmsg() or sendmmsg(). */
struct sock_batch {
	struct mmsghdr msg[SOCK_RX_N];
	struct iovec iov[SOCK_RX_N];
	struct sockaddr_in6 name[SOCK_RX_N]; /* IPv4's is shorter */
	struct sock_control control[SOCK_RX_N];
	uint8_t buf[SOCK_RX_N][PKT_RX_MAX_LEN];
};

/* A queue to send from. */
struct sock_tx {
	int fd;
	uint32_t n; /* packets waiting */
	struct sock_batch batch;
};

struct sock {
	int rx_fd[SOCK_PORT_N]; /* -1: this machine has no such thing (IPv6) */
	struct sock_batch rx;
	struct sock_tx tx_v4, tx_v6;
};

/* Makes zeroed memory something that sock_close() may see. */
void sock_init(struct sock *s);

/* 0 or -errno; after an error sock_close() is still due. Without IPv6 in the kernel its sockets are -1. */
int sock_open(struct sock *s);
void sock_close(struct sock *s); /* idempotent */

/* Whether what was sent to us alone wakes us as well, or only what was sent to 224.0.0.18. Over IPv6
 * everything does. */
int sock_take_all(struct sock *s, bool takes_all);

/* Reads what waits, at most SOCK_RX_N. How many; 0 when nothing waits: an error that was pending is
 * read past. They are valid until the next read. */
uint32_t sock_read(struct sock *s, enum sock_port port);

/* The i-th packet of that read. False: it is too short to be one. *ifindex 0: the kernel did not say. */
bool sock_packet(const struct sock *s, enum sock_port port, uint32_t i, struct pkt_in *in,
		 uint32_t *ifindex);

/* Where a packet goes. */
struct sock_to {
	struct ip_addr src, dst;
	uint32_t ifindex; /* 0: as the routes say */
	uint8_t hop_limit; /* IPv6 */
};

/* The queue of this family. */
struct sock_tx *sock_tx(struct sock *s, uint8_t family);

/* Room for the next packet to send, or NULL: flush first. */
uint8_t *sock_slot(struct sock_tx *tx);

/* The packet that was written into it leaves at the next flush: over IPv4 from its IP header on, over
 * IPv6 from the message on. */
void sock_queue(struct sock_tx *tx, size_t len, const struct sock_to *to);

/* Sends what is queued, in order; calls fn for each packet with its number in the queue and 0 or
 * -errno. A packet that fails is not tried again (V140). */
void sock_flush(struct sock_tx *tx, void (*fn)(void *arg, uint32_t i, int err), void *arg);
