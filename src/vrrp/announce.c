/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See announce.h.
 */
#include "vrrp/announce.h"

#include "core/bug.h"
#include "core/stats.h"
#include "vrrp/na.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct batch {
	struct garp_job *job[ANNOUNCE_BATCH_N];
	struct mmsghdr msg[ANNOUNCE_BATCH_N];
	struct iovec iov[ANNOUNCE_BATCH_N];
	struct sockaddr_ll to[ANNOUNCE_BATCH_N];
	uint8_t frame[ANNOUNCE_BATCH_N][NA_FRAME_LEN];
};

/* The turn that the timer makes ends with announce_pump(). */
static void on_pace(struct timer *t, int64_t now_us)
{
	(void)t;
	(void)now_us;
}

/* Does what the stage says and waits for the next one. */
static void run_stage(struct announce_job *j, int64_t now_us)
{
	struct garp_step s = garp_step(&j->times, j->stage);

	garp_ask(&j->announce->queue, &j->garp, s.n);
	j->stage = s.next;
	if (s.wait_us)
		timer_arm(&j->announce->loop->timers, &j->again, now_us + s.wait_us);
	else
		timer_disarm(&j->announce->loop->timers, &j->again);
}

static void on_again(struct timer *t, int64_t now_us)
{
	run_stage(container_of(t, struct announce_job, again), now_us);
}

static void on_lower(struct timer *t, int64_t now_us)
{
	struct announce_job *j = container_of(t, struct announce_job, lower);

	(void)now_us;
	garp_ask(&j->announce->queue, &j->garp, j->lower_n);
}

static void on_rested(struct timer *t, int64_t now_us)
{
	struct announce_lane *l = container_of(t, struct announce_lane, rest);

	(void)now_us;
	garp_rested(l->queue, &l->lane);
}

/* ---- lanes ---- */

static int cmp_members(const void *a, const void *b)
{
	const struct announce_member *ma = a, *mb = b;

	return strncmp(ma->name, mb->name, IFNAMSIZ);
}

static const struct announce_member *member_of(const struct announce *a, const char *iface)
{
	struct announce_member key = { 0 };

	memcpy(key.name, iface, strnlen(iface, IFNAMSIZ - 1));
	return a->member_n ? bsearch(&key, a->member, a->member_n, sizeof(key), cmp_members) : NULL;
}

static int cmp_lane(const struct announce_lane *l, const char *name, uint8_t family)
{
	if (l->family != family)
		return l->family < family ? -1 : 1;
	return strncmp(l->name, name, IFNAMSIZ);
}

/* Where the lane is, or where it belongs. */
static uint32_t lane_at(const struct announce *a, const char *name, uint8_t family)
{
	uint32_t lo = 0, hi = a->lane_n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (cmp_lane(a->lane[mid], name, family) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct announce_lane *make_lane(struct announce *a, uint32_t at, const char *name,
				       uint8_t family)
{
	struct announce_lane *l = calloc(1, sizeof(*l));

	a->lane = reallocarray(a->lane, a->lane_n + 1, sizeof(struct announce_lane *));
	BUG_ON(!l || !a->lane);
	memmove(a->lane + at + 1, a->lane + at, (a->lane_n - at) * sizeof(struct announce_lane *));
	a->lane[at] = l;
	a->lane_n++;
	garp_lane_init(&l->lane, 0);
	memcpy(l->name, name, strnlen(name, IFNAMSIZ - 1));
	l->family = family;
	l->queue = &a->queue;
	timer_init(&l->rest, on_rested);
	return l;
}

/* The lane for announcements of the family out of the interface. */
static struct garp_lane *lane_of(struct announce *a, const char *iface, uint8_t family)
{
	const struct announce_member *m = member_of(a, iface);
	const char *name = m ? m->lane : iface;
	int64_t garp_us = m ? m->garp_us : a->garp_us, gna_us = m ? m->gna_us : a->gna_us;
	int64_t interval_us = family == AF_INET6 ? gna_us : garp_us;
	uint32_t at = lane_at(a, name, family);
	struct announce_lane *l;

	if (at < a->lane_n && !cmp_lane(a->lane[at], name, family))
		l = a->lane[at];
	else if (interval_us)
		l = make_lane(a, at, name, family);
	else
		return &a->common;
	l->lane.interval_us = interval_us;
	return &l->lane;
}

void announce_paces(struct announce *a, int64_t garp_us, int64_t gna_us,
		    struct announce_member *member, uint32_t n)
{
	if (n > 1)
		qsort(member, n, sizeof(*member), cmp_members);
	free(a->member);
	a->member = member;
	a->member_n = n;
	a->garp_us = garp_us;
	a->gna_us = gna_us;
	for (uint32_t i = 0; i < a->lane_n; i++)
		(void)lane_of(a, a->lane[i]->name, a->lane[i]->family);
}

/* ---- jobs ---- */

int announce_open(struct announce *a, struct loop *loop)
{
	a->loop = loop;
	garp_queue_init(&a->queue);
	garp_lane_init(&a->common, 0);
	timer_init(&a->pace, on_pace);
	/* protocol 0: nothing is ever queued for receive */
	a->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return a->fd < 0 ? -errno : 0;
}

void announce_close(struct announce *a)
{
	timer_disarm(&a->loop->timers, &a->pace);
	for (uint32_t i = 0; i < a->lane_n; i++) {
		timer_disarm(&a->loop->timers, &a->lane[i]->rest);
		free(a->lane[i]);
	}
	free(a->lane);
	free(a->member);
	a->lane = NULL;
	a->member = NULL;
	a->lane_n = a->member_n = 0;
	if (a->fd >= 0)
		(void)close(a->fd);
	a->fd = -1;
}

void announce_job_init(struct announce_job *j, struct announce *a)
{
	*j = (struct announce_job){ .announce = a };
	timer_init(&j->again, on_again);
	timer_init(&j->lower, on_lower);
}

void announce_start(struct announce_job *j, const char *iface, const struct garp_times *times,
		    int64_t now_us)
{
	announce_cancel(j);
	j->garp.lane = lane_of(j->announce, iface, j->garp.addr.family);
	j->times = *times;
	j->stage = GARP_FIRST;
	run_stage(j, now_us);
}

void announce_lower(struct announce_job *j, uint16_t n, int64_t delay_us, int64_t now_us)
{
	if (!n)
		return;
	j->lower_n = n;
	garp_ask(&j->announce->queue, &j->garp, n);
	if (delay_us)
		timer_arm(&j->announce->loop->timers, &j->lower, now_us + delay_us);
}

void announce_cancel(struct announce_job *j)
{
	garp_cancel(&j->announce->queue, &j->garp);
	timer_disarm(&j->announce->loop->timers, &j->again);
	timer_disarm(&j->announce->loop->timers, &j->lower);
}

static unsigned put_frame(uint8_t frame[static NA_FRAME_LEN], const struct garp_job *j)
{
	if (j->addr.family == AF_INET6) {
		na_frame(frame, j->mac, &j->addr, j->is_router);
		return NA_FRAME_LEN;
	}
	garp_frame(frame, j->mac, j->addr.v4.s_addr);
	return GARP_FRAME_LEN;
}

static void put_message(struct batch *b, unsigned i, struct garp_job *j)
{
	b->job[i] = j;
	b->iov[i] = (struct iovec){ .iov_base = b->frame[i], .iov_len = put_frame(b->frame[i], j) };
	b->to[i] = (struct sockaddr_ll){
		.sll_family = AF_PACKET,
		.sll_protocol = htons(j->addr.family == AF_INET6 ? ETH_P_IPV6 : ETH_P_ARP),
		.sll_ifindex = (int)j->ifindex,
		.sll_halen = 6,
	};
	memcpy(b->to[i].sll_addr, b->frame[i], 6);
	b->msg[i] = (struct mmsghdr){ .msg_hdr = { .msg_name = &b->to[i],
						   .msg_namelen = sizeof(b->to[i]),
						   .msg_iov = &b->iov[i],
						   .msg_iovlen = 1 } };
}

static unsigned fill(struct announce *a, struct batch *b, int64_t now_us)
{
	unsigned n = 0;

	while (n < ANNOUNCE_BATCH_N) {
		struct garp_job *j = garp_take(&a->queue);

		if (!j)
			break;
		put_message(b, n++, j);
		if (j->lane->interval_us)
			timer_arm(&a->loop->timers,
				  &container_of(j->lane, struct announce_lane, lane)->rest,
				  now_us + j->lane->interval_us);
	}
	return n;
}

static bool is_full(int err)
{
	return err == ENOBUFS || err == EAGAIN || err == EINTR;
}

static void count_sent(const struct batch *b, unsigned first, unsigned n)
{
	uint64_t na_n = 0;

	for (unsigned i = first; i < first + n; i++)
		na_n += b->job[i]->addr.family == AF_INET6;
	stats_add(STAT_NA_TX, na_n);
	stats_add(STAT_GARP_TX, n - na_n);
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
			count_sent(b, i, (unsigned)done);
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

	if ((a->pace.is_armed && now_us < a->pace.at_us) || !a->queue.n)
		return;
	for (unsigned sent_n = 0; sent_n < ANNOUNCE_TURN_N; sent_n += ANNOUNCE_BATCH_N) {
		struct batch b;

		if (!send_batch(a, &b, fill(a, &b, now_us))) {
			wait_us = ANNOUNCE_FULL_US;
			break;
		}
	}
	/* also when the queue is empty now: a burst that comes at once must wait its turn */
	timer_arm(&a->loop->timers, &a->pace, now_us + wait_us);
}
