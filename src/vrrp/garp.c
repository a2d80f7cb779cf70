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

void garp_queue_init(struct garp_queue *q)
{
	*q = (struct garp_queue){ 0 };
	q->ring.next = q->ring.prev = &q->ring;
}

static void push(struct garp_queue *q, struct garp_job *j)
{
	j->next = &q->ring;
	j->prev = q->ring.prev;
	j->prev->next = j;
	q->ring.prev = j;
	q->n++;
}

static void unlink_job(struct garp_queue *q, struct garp_job *j)
{
	j->next->prev = j->prev;
	j->prev->next = j->next;
	j->next = j->prev = NULL;
	q->n--;
}

void garp_ask(struct garp_queue *q, struct garp_job *j, uint16_t n)
{
	if (!n) {
		garp_cancel(q, j);
		return;
	}
	j->left_n = n;
	if (!j->next)
		push(q, j);
}

struct garp_job *garp_take(struct garp_queue *q)
{
	struct garp_job *j = q->ring.next;

	if (!q->n)
		return NULL;
	unlink_job(q, j);
	if (--j->left_n)
		push(q, j);
	return j;
}

void garp_untake(struct garp_queue *q, struct garp_job *j)
{
	j->left_n++;
	if (!j->next)
		push(q, j);
}

void garp_cancel(struct garp_queue *q, struct garp_job *j)
{
	j->left_n = 0;
	if (j->next)
		unlink_job(q, j);
}
