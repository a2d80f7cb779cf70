/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Netlink in batches, over libnl-3: many requests in one send, the acknowledgement asked for on the
 * last one only. The kernel handles a send synchronously and in order, and answers every request
 * that fails with its sequence number; so the one acknowledgement is a barrier, and no failure is
 * lost. Nothing is rolled back: the caller maps each failure to its request and decides.
 *
 * Calls here block while the kernel works (the requests of a batch take microseconds each). Not for
 * the VRRP thread. One thread owns a channel.
 */
#pragma once

#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdint.h>

struct nl_chan {
	struct nl_sock *sock;
	unsigned char *buf; /* requests waiting for nl_chan_flush() */
	unsigned char *answer; /* one datagram of the kernel */
	uint32_t used_len, last_at; /* of buf; where the last request in it begins */
	uint32_t first_seq, n; /* of the requests in buf */
	uint32_t next_seq;
	uint64_t requests_n, sends_n; /* over the channel's life */
};

enum {
	NL_BATCH_N = 256, /* requests in one send: about a millisecond of kernel work */
	NL_BATCH_LEN = NL_BATCH_N * 1024, /* bytes in one send */
	NL_RCVBUF_LEN = 4 * 1024 * 1024, /* room for the failures of a whole batch: 1 KiB each */
	NL_DUMP_TRIES_N = 10, /* a dump that changed under the reader is read again */
	NL_TIMEOUT_S = 10, /* longest wait for an answer of the kernel */
};

/* protocol: NETLINK_ROUTE or NETLINK_GENERIC. 0 or -errno. */
int nl_chan_open(struct nl_chan *ch, int protocol);
void nl_chan_close(struct nl_chan *ch);

/* A request with flags, ready for nla_put and friends; NULL is never returned (out of memory is a
 * BUG_ON). Give it to nl_chan_add() or nl_chan_dump(), which free it. */
struct nl_msg *nl_request(int type, int flags);

/* The same for a generic netlink family. */
struct nl_msg *nl_genl_request(int family, uint8_t cmd, uint8_t version, int flags);

/* Appends the request to the batch and frees msg. Returns its index in the batch, which is what
 * nl_chan_flush() names, or -ENOBUFS when it must be flushed first (msg is not freed then). */
int nl_chan_add(struct nl_chan *ch, struct nl_msg *msg);

/* The same by copying a request that stays the caller's, who may fill one message over and over: with
 * tens of thousands of requests making one takes longer than filling it. */
int nl_chan_put(struct nl_chan *ch, struct nlmsghdr *hdr);

/* Sends the batch and waits until the kernel has done it. For each request that failed, calls fn with
 * its index and -errno. Returns 0 when every outcome is known; -errno (ENOBUFS, ETIMEDOUT, ...) when
 * not: the caller's picture of the kernel is void then. An empty batch is 0. */
int nl_chan_flush(struct nl_chan *ch, void (*fn)(void *arg, uint32_t index, int err), void *arg);

/* Sends a dump request (NLM_F_DUMP set by the caller), calls fn for each message of the answer, frees
 * msg. fn returns 0 or -errno, which is remembered and returned after the end of the dump. -EINTR: the
 * kernel says that the table changed while it was read; what fn saw may be incomplete. */
int nl_chan_dump(struct nl_chan *ch, struct nl_msg *msg, int (*fn)(void *arg, struct nlmsghdr *hdr),
		 void *arg);

/* Sends one request that is answered by one message (plus an error or acknowledgement). */
int nl_chan_ask(struct nl_chan *ch, struct nl_msg *msg, int (*fn)(void *arg, struct nlmsghdr *hdr),
		void *arg);

/* Id of a generic netlink family, or -errno (-ENOENT: the kernel has no such family). */
int nl_genl_family(struct nl_chan *ch, const char *name);
