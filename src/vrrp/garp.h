/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Gratuitous ARP: the frame, and the queue that says whose frame is next. Pure; announce.h sends.
 *
 * The queue goes round: one frame of each address, then the second of each, and so on. So every
 * address is heard of early, however many there are.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { GARP_FRAME_LEN = 42 };

/* An ARP request for the address from the address, with broadcast as target hardware address: the
 * form that keepalived and FRR send. addr_be: network order. */
void garp_frame(uint8_t out[static GARP_FRAME_LEN], const uint8_t mac[static 6], uint32_t addr_be);

/* One address that is announced. Embed it; zeroed memory is idle. */
struct garp_job {
	struct garp_job *next, *prev; /* NULL: not queued */
	uint32_t ifindex;
	uint32_t addr_be;
	uint8_t mac[6];
	uint16_t left_n; /* frames still to send */
};

struct garp_queue {
	struct garp_job ring; /* next: oldest, prev: newest */
	uint32_t n; /* jobs queued */
};

void garp_queue_init(struct garp_queue *q);

/* Asks for n frames of this address; what was left of an earlier wish is replaced. */
void garp_ask(struct garp_queue *q, struct garp_job *j, uint16_t n);

/* Takes one frame off the oldest job, moves that job behind the others, or out when it was its last
 * frame. NULL when nothing is queued. */
struct garp_job *garp_take(struct garp_queue *q);

/* Gives back a frame that garp_take() took and that was not sent. */
void garp_untake(struct garp_queue *q, struct garp_job *j);

/* Nothing of it is sent any more. Idempotent. */
void garp_cancel(struct garp_queue *q, struct garp_job *j);
