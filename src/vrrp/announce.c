/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See announce.h.
 */
#include "vrrp/announce.h"

#include "core/bug.h"
#include "core/stats.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct batch {
	struct garp_job *job[ANNOUNCE_BATCH_N];
	struct mmsghdr msg[ANNOUNCE_BATCH_N];
	struct iovec iov[ANNOUNCE_BATCH_N];
	struct sockaddr_ll to[ANNOUNCE_BATCH_N];
	uint8_t frame[ANNOUNCE_BATCH_N][GARP_FRAME_LEN];
};

/* The turn that the timer makes ends with announce_pump(). */
static void on_pace(struct timer *t, int64_t now_us)
{
	(void)t;
	(void)now_us;
}

static void on_again(struct timer *t, int64_t now_us)
{
	struct announce_job *j = container_of(t, struct announce_job, again);

	(void)now_us;
	garp_ask(&j->announce->queue, &j->garp, j->repeat_n);
}

int announce_open(struct announce *a, struct loop *loop)
{
	a->loop = loop;
	garp_queue_init(&a->queue);
	timer_init(&a->pace, on_pace);
	/* protocol 0: nothing is ever queued for receive */
	a->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return a->fd < 0 ? -errno : 0;
}

void announce_close(struct announce *a)
{
	timer_disarm(&a->loop->timers, &a->pace);
	if (a->fd >= 0)
		(void)close(a->fd);
	a->fd = -1;
}

void announce_job_init(struct announce_job *j, struct announce *a)
{
	*j = (struct announce_job){ .announce = a };
	timer_init(&j->again, on_again);
}

void announce_start(struct announce_job *j, uint16_t repeat_n, int64_t delay_us, int64_t now_us)
{
	struct announce *a = j->announce;

	j->repeat_n = repeat_n;
	garp_ask(&a->queue, &j->garp, repeat_n);
	if (delay_us)
		timer_arm(&a->loop->timers, &j->again, now_us + delay_us);
	else
		timer_disarm(&a->loop->timers, &j->again);
}

void announce_cancel(struct announce_job *j)
{
	garp_cancel(&j->announce->queue, &j->garp);
	timer_disarm(&j->announce->loop->timers, &j->again);
}

static unsigned fill(struct announce *a, struct batch *b)
{
	unsigned n = 0;

	while (n < ANNOUNCE_BATCH_N) {
		struct garp_job *j = garp_take(&a->queue);

		if (!j)
			break;
		b->job[n] = j;
		garp_frame(b->frame[n], j->mac, j->addr_be);
		b->iov[n] = (struct iovec){ .iov_base = b->frame[n], .iov_len = GARP_FRAME_LEN };
		b->to[n] = (struct sockaddr_ll){ .sll_family = AF_PACKET,
						 .sll_protocol = htons(ETH_P_ARP),
						 .sll_ifindex = (int)j->ifindex,
						 .sll_halen = 6 };
		memset(b->to[n].sll_addr, 0xff, 6);
		b->msg[n] = (struct mmsghdr){ .msg_hdr = { .msg_name = &b->to[n],
							   .msg_namelen = sizeof(b->to[n]),
							   .msg_iov = &b->iov[n],
							   .msg_iovlen = 1 } };
		n++;
	}
	return n;
}

static bool is_full(int err)
{
	return err == ENOBUFS || err == EAGAIN || err == EINTR;
}

/* Sends n frames. False when the interface takes no more now; the rest is given back. A frame that
 * fails otherwise (its interface is down or gone) is dropped: the address is announced again when
 * the interface is back. */
static bool send_batch(struct announce *a, struct batch *b, unsigned n)
{
	unsigned i = 0;

	while (i < n) {
		int done = sendmmsg(a->fd, b->msg + i, n - i, 0);

		if (done > 0) {
			stats_add(STAT_GARP_TX, (uint64_t)done);
			i += (unsigned)done;
		} else if (is_full(errno)) {
			while (i < n)
				garp_untake(&a->queue, b->job[i++]);
			return false;
		} else {
			i++;
		}
	}
	return true;
}

void announce_pump(struct announce *a, int64_t now_us)
{
	int64_t wait_us = ANNOUNCE_PACE_US;

	if (a->pace.is_armed || !a->queue.n)
		return;
	for (unsigned sent_n = 0; sent_n < ANNOUNCE_TURN_N; sent_n += ANNOUNCE_BATCH_N) {
		struct batch b;

		if (!send_batch(a, &b, fill(a, &b))) {
			wait_us = ANNOUNCE_FULL_US;
			break;
		}
	}
	/* also when the queue is empty now: a burst that comes at once must wait its turn */
	timer_arm(&a->loop->timers, &a->pace, now_us + wait_us);
}
