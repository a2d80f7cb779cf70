/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See garp.h.
 */
#include "vrrp/garp.h"

#include <stddef.h>
#include <string.h>

void garp_frame(uint8_t out[static GARP_FRAME_LEN], const uint8_t mac[static 6], uint32_t addr_be)
{
	static const uint8_t fixed[] = {
		0x08, 0x06, /* EtherType ARP */
		0x00, 0x01, 0x08, 0x00, /* Ethernet, IPv4 */
		6,    4,    0x00, 0x01, /* lengths; operation: request */
	};

	memset(out, 0xff, 6); /* to everybody */
	memcpy(out + 6, mac, 6);
	memcpy(out + 12, fixed, sizeof(fixed));
	memcpy(out + 22, mac, 6); /* sender */
	memcpy(out + 28, &addr_be, 4);
	memset(out + 32, 0xff, 6); /* target */
	memcpy(out + 38, &addr_be, 4);
}

struct garp_step garp_step(const struct garp_times *t, enum garp_stage stage)
{
	struct garp_step s = { .n = t->repeat_n, .next = GARP_REFRESH, .wait_us = t->refresh_us };

	if (stage == GARP_REFRESH) {
		s.n = t->refresh_n;
	} else if (stage == GARP_FIRST && t->delay_us) {
		s.next = GARP_SECOND;
		s.wait_us = t->delay_us;
	}
	return s;
}

void garp_queue_init(struct garp_queue *q)
{
	*q = (struct garp_queue){ 0 };
	q->ready.next = q->ready.prev = &q->ready;
}

void garp_lane_init(struct garp_lane *l, int64_t interval_us)
{
	*l = (struct garp_lane){ .interval_us = interval_us };
	l->fresh.next = l->fresh.prev = &l->fresh;
	l->ring.next = l->ring.prev = &l->ring;
}

/* A lane is in the queue exactly while it has jobs and does not rest. */
static void settle(struct garp_queue *q, struct garp_lane *l)
{
	bool is_ready = l->n && !l->is_resting;

	if (is_ready && !l->next) {
		l->next = &q->ready;
		l->prev = q->ready.prev;
		l->prev->next = l;
		q->ready.prev = l;
		q->n += l->n;
	} else if (!is_ready && l->next) {
		l->next->prev = l->prev;
		l->prev->next = l->next;
		l->next = l->prev = NULL;
		q->n -= l->n;
	}
}

/* ring: one of the lane's. */
static void push(struct garp_queue *q, struct garp_job *j, struct garp_job *ring)
{
	struct garp_lane *l = j->lane;

	j->next = ring;
	j->prev = ring->prev;
	j->prev->next = j;
	ring->prev = j;
	l->n++;
	q->n += l->next != NULL;
	settle(q, l);
}

static void unlink_job(struct garp_queue *q, struct garp_job *j)
{
	struct garp_lane *l = j->lane;

	j->next->prev = j->prev;
	j->prev->next = j->next;
	j->next = j->prev = NULL;
	l->n--;
	q->n -= l->next != NULL;
	settle(q, l);
}

void garp_ask(struct garp_queue *q, struct garp_job *j, uint16_t n)
{
	if (n > j->left_n)
		j->left_n = n;
	if (j->left_n && !j->next)
		push(q, j, &j->lane->fresh);
}

struct garp_job *garp_take(struct garp_queue *q)
{
	struct garp_lane *l = q->ready.next;

	if (l == &q->ready)
		return NULL;

	struct garp_job *j = l->fresh.next != &l->fresh ? l->fresh.next : l->ring.next;

	/* out of the queue and, unless it rests, in again behind the others */
	l->is_resting = true;
	settle(q, l);
	unlink_job(q, j);
	if (--j->left_n)
		push(q, j, &l->ring);
	l->is_resting = l->interval_us > 0;
	settle(q, l);
	return j;
}

void garp_untake(struct garp_queue *q, struct garp_job *j)
{
	j->left_n++;
	if (j->next)
		unlink_job(q, j);
	push(q, j, &j->lane->fresh);
}

void garp_rested(struct garp_queue *q, struct garp_lane *l)
{
	l->is_resting = false;
	settle(q, l);
}

void garp_cancel(struct garp_queue *q, struct garp_job *j)
{
	j->left_n = 0;
	if (j->next)
		unlink_job(q, j);
}
