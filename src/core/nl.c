/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See nl.h. libnl-3 makes the socket and the messages; sending and receiving are done here, since
 * its own calls take one message each and allocate a buffer for every answer.
 */
#include "core/nl.h"

#include "core/bug.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
	RECV_LEN = 64 * 1024, /* the kernel fills at most 32 KiB of a dump into one answer */
};

/* With the right to do so beyond the system's limit, else up to it. */
static void set_buffer(int fd, int force_opt, int opt, int len)
{
	if (setsockopt(fd, SOL_SOCKET, force_opt, &len, sizeof(len)))
		(void)setsockopt(fd, SOL_SOCKET, opt, &len, sizeof(len));
}

static int set_options(int fd)
{
	struct timeval limit = { .tv_sec = NL_TIMEOUT_S };
	int on = 1;

	set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, NL_RCVBUF_LEN);
	/* the kernel counts its own overhead in */
	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, NL_BATCH_LEN + 4096);
	/* a failure's answer must not carry the request back */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ? -errno : 0;
}

int nl_chan_open(struct nl_chan *ch, int protocol)
{
	*ch = (struct nl_chan){ .next_seq = 1 };
	ch->sock = nl_socket_alloc();
	ch->buf = malloc(NL_BATCH_LEN);
	ch->answer = malloc(RECV_LEN);
	BUG_ON(!ch->sock || !ch->buf || !ch->answer);

	errno = 0;

	int err = nl_connect(ch->sock, protocol);

	/* libnl has numbers of its own; the system call's is the one that says why */
	if (err)
		err = errno ? -errno : -EPROTO;
	else
		err = set_options(nl_socket_get_fd(ch->sock));
	if (err)
		nl_chan_close(ch);
	return err;
}

void nl_chan_close(struct nl_chan *ch)
{
	nl_socket_free(ch->sock);
	free(ch->buf);
	free(ch->answer);
	*ch = (struct nl_chan){ 0 };
}

struct nl_msg *nl_request(int type, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, NLM_F_REQUEST | flags);

	BUG_ON(!msg);
	return msg;
}

struct nl_msg *nl_genl_request(int family, uint8_t cmd, uint8_t version, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	BUG_ON(!msg || !genlmsg_put(msg, 0, 0, family, 0, NLM_F_REQUEST | flags, cmd, version));
	return msg;
}

/* Numbers the request. 0 is left out: it is the kernel's for what nobody asked for. */
static uint32_t number(struct nl_chan *ch, struct nlmsghdr *hdr)
{
	hdr->nlmsg_seq = ch->next_seq++;
	hdr->nlmsg_pid = 0;
	if (!ch->next_seq)
		ch->next_seq = 1;
	return hdr->nlmsg_seq;
}

int nl_chan_put(struct nl_chan *ch, struct nlmsghdr *hdr)
{
	uint32_t len = NLMSG_ALIGN(hdr->nlmsg_len);

	BUG_ON(len > NL_BATCH_LEN);
	if (ch->n == NL_BATCH_N || len > NL_BATCH_LEN - ch->used_len)
		return -ENOBUFS;
	/* a batch's numbers have no gap, so that a difference is an index */
	if (!ch->n && ch->next_seq > UINT32_MAX - NL_BATCH_N)
		ch->next_seq = 1;
	hdr->nlmsg_flags &= (uint16_t)~NLM_F_ACK;

	uint32_t seq = number(ch, hdr);

	if (!ch->n)
		ch->first_seq = seq;
	memcpy(ch->buf + ch->used_len, hdr, hdr->nlmsg_len);
	memset(ch->buf + ch->used_len + hdr->nlmsg_len, 0, len - hdr->nlmsg_len);
	ch->last_at = ch->used_len;
	ch->used_len += len;
	return (int)ch->n++;
}

int nl_chan_add(struct nl_chan *ch, struct nl_msg *msg)
{
	int at = nl_chan_put(ch, nlmsg_hdr(msg));

	if (at >= 0)
		nlmsg_free(msg);
	return at;
}

/* One datagram of the kernel in ch->answer; its length, or -errno. */
static int receive(struct nl_chan *ch)
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		struct iovec iov = { .iov_base = ch->answer, .iov_len = RECV_LEN };
		struct msghdr mh = { .msg_name = &from,
				     .msg_namelen = sizeof(from),
				     .msg_iov = &iov,
				     .msg_iovlen = 1 };
		ssize_t len = recvmsg(nl_socket_get_fd(ch->sock), &mh, 0);

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (from.nl_pid)
			continue; /* not the kernel */
		if (mh.msg_flags & MSG_TRUNC)
			return -EMSGSIZE;
		return (int)len;
	}
}

/* What is being waited for: answers numbered first_seq .. first_seq + n - 1. */
struct wait {
	uint32_t first_seq, n;
	bool is_done;
	bool is_torn; /* NLM_F_DUMP_INTR was seen */
	int err;
	void (*failed)(void *arg, uint32_t index, int err);
	int (*got)(void *arg, struct nlmsghdr *hdr);
	void *arg;
};

/* NLMSG_ERROR and NLMSG_DONE both begin with an int. */
static int status_of(const struct nlmsghdr *hdr)
{
	int err = 0;

	if (hdr->nlmsg_len >= NLMSG_LENGTH(sizeof(err)))
		memcpy(&err, (const char *)hdr + NLMSG_HDRLEN, sizeof(err));
	return err;
}

static void take_status(struct wait *w, uint32_t index, int err)
{
	if (w->failed && err)
		w->failed(w->arg, index, err);
	else if (!w->err)
		w->err = err; /* what `got` said first stays */
	w->is_done = index == w->n - 1;
}

static void take_one(struct wait *w, struct nlmsghdr *hdr)
{
	uint32_t index = hdr->nlmsg_seq - w->first_seq;

	if (index >= w->n)
		return; /* of a batch that was given up */
	if (hdr->nlmsg_flags & NLM_F_DUMP_INTR)
		w->is_torn = true;
	if (hdr->nlmsg_type == NLMSG_ERROR || hdr->nlmsg_type == NLMSG_DONE)
		take_status(w, index, status_of(hdr));
	else if (hdr->nlmsg_type >= NLMSG_MIN_TYPE && w->got && !w->err)
		w->err = w->got(w->arg, hdr);
}

/* After a loss: answers left in the buffer would be in the way of the next ones. */
static void drop_answers(struct nl_chan *ch)
{
	ssize_t n;

	do
		n = recv(nl_socket_get_fd(ch->sock), ch->answer, RECV_LEN, MSG_DONTWAIT);
	while (n >= 0 || errno == ENOBUFS || errno == EINTR);
}

/* Receives until the last of them is answered. 0 or -errno. */
static int wait_for(struct nl_chan *ch, struct wait *w)
{
	while (!w->is_done) {
		int len = receive(ch);

		if (len < 0) {
			drop_answers(ch);
			return len;
		}
		for (struct nlmsghdr *h = (void *)ch->answer; nlmsg_ok(h, len) && !w->is_done;
		     h = nlmsg_next(h, &len))
			take_one(w, h);
	}
	return 0;
}

static int send_all(struct nl_chan *ch, const void *data, uint32_t len)
{
	ssize_t n;

	do
		n = send(nl_socket_get_fd(ch->sock), data, len, 0);
	while (n < 0 && errno == EINTR);
	ch->sends_n++;
	return n < 0 ? -errno : 0;
}

int nl_chan_flush(struct nl_chan *ch, void (*fn)(void *arg, uint32_t index, int err), void *arg)
{
	struct wait w = { .first_seq = ch->first_seq, .n = ch->n, .failed = fn, .arg = arg };

	BUG_ON(!fn);
	if (!ch->n)
		return 0;

	struct nlmsghdr *last = (void *)(ch->buf + ch->last_at);

	last->nlmsg_flags |= NLM_F_ACK;

	int err = send_all(ch, ch->buf, ch->used_len);

	ch->requests_n += ch->n;
	ch->used_len = 0;
	ch->n = 0;
	return err ? err : wait_for(ch, &w);
}

/* One request by itself, with answers for `got`. */
static int exchange(struct nl_chan *ch, struct nl_msg *msg, struct wait *w)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);

	w->first_seq = number(ch, hdr);
	w->n = 1;

	int err = send_all(ch, hdr, hdr->nlmsg_len);

	ch->requests_n++;
	nlmsg_free(msg);
	if (!err)
		err = wait_for(ch, w);
	if (!err)
		err = w->err;
	return !err && w->is_torn ? -EINTR : err;
}

int nl_chan_dump(struct nl_chan *ch, struct nl_msg *msg, int (*fn)(void *arg, struct nlmsghdr *hdr),
		 void *arg)
{
	struct wait w = { .got = fn, .arg = arg };

	BUG_ON((nlmsg_hdr(msg)->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP);
	return exchange(ch, msg, &w);
}

int nl_chan_ask(struct nl_chan *ch, struct nl_msg *msg, int (*fn)(void *arg, struct nlmsghdr *hdr),
		void *arg)
{
	struct wait w = { .got = fn, .arg = arg };

	/* the acknowledgement comes after the answer and ends the wait */
	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_ACK;
	return exchange(ch, msg, &w);
}

static int take_family(void *arg, struct nlmsghdr *hdr)
{
	struct nlattr *a[CTRL_ATTR_MAX + 1];
	int *id = arg;

	if (!genlmsg_valid_hdr(hdr, 0) || genlmsg_parse(hdr, 0, a, CTRL_ATTR_MAX, NULL) ||
	    !a[CTRL_ATTR_FAMILY_ID] || nla_len(a[CTRL_ATTR_FAMILY_ID]) < (int)sizeof(uint16_t))
		return -EPROTO;
	*id = nla_get_u16(a[CTRL_ATTR_FAMILY_ID]);
	return 0;
}

int nl_genl_family(struct nl_chan *ch, const char *name)
{
	struct nl_msg *msg = nl_genl_request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, 0);
	int id = -EPROTO;

	BUG_ON(nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, name));

	int err = nl_chan_ask(ch, msg, take_family, &id);

	return err ? err : id;
}
