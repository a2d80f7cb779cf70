/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Gratuitous ARP: the frame, when an address is announced again, and whose frame is next (that of
 * IPv6's announcements too). Pure; announce.h sends.
 *
 * Addresses that share a pace share a lane. The queue goes round: one frame of each lane, and in a
 * lane one frame of each address, then the second of each, and so on; an address that comes meanwhile
 * has its first frame before the second ones of the others. So every address is heard of early, however
 * many there are.
 */
#pragma once

#include "core/addr.h"

#include <stdbool.h>
#include <stdint.h>

enum { GARP_FRAME_LEN = 42 };

/* An ARP request for the address from the address, with broadcast as target hardware address: the
 * form that keepalived and FRR send. addr_be: network order. */
void garp_frame(uint8_t out[static GARP_FRAME_LEN], const uint8_t mac[static 6], uint32_t addr_be);

/* ---- when ---- */

struct garp_times {
	uint16_t repeat_n, refresh_n; /* frames in a burst; in a refresh */
	int64_t delay_us; /* from the first burst to the second; 0: no second */
	int64_t refresh_us; /* from that to a refresh, and from one to the next; 0: none */
};

enum garp_stage { GARP_FIRST, GARP_SECOND, GARP_REFRESH };

/* What is to be done at a stage. */
struct garp_step {
	uint16_t n; /* frames now */
	enum garp_stage next;
	int64_t wait_us; /* until then; 0: that was the last one */
};

struct garp_step garp_step(const struct garp_times *t, enum garp_stage stage);

/* ---- whose frame ---- */

struct garp_lane;

/* One address that is announced. Embed it; zeroed memory is idle. */
struct garp_job {
	struct garp_job *next, *prev; /* NULL: not queued */
	struct garp_lane *lane; /* set before garp_ask(); frozen while queued */
	uint32_t ifindex;
	struct ip_addr addr;
	uint8_t mac[6];
	bool is_router; /* this host forwards IPv6 on the interface */
	uint16_t left_n; /* frames still to send */
};

/* Addresses that share a pace. */
struct garp_lane {
	struct garp_job
		fresh; /* those whose first frame is still to be sent; next: oldest, prev: newest */
	struct garp_job ring; /* the others, likewise */
	struct garp_lane *next, *prev; /* among those that are ready; NULL: not ready */
	uint32_t n; /* jobs queued */
	int64_t interval_us; /* from one frame to the next; 0: no pace of its own */
	bool is_resting; /* a frame has left, and interval_us has not passed */
};

struct garp_queue {
	struct garp_lane ready; /* a ring of lanes with something to send */
	uint32_t n; /* jobs in lanes that are ready */
};

void garp_queue_init(struct garp_queue *q);
void garp_lane_init(struct garp_lane *l, int64_t interval_us);

/* Asks for n frames of this address; when more are still to be sent, it stays at those. */
void garp_ask(struct garp_queue *q, struct garp_job *j, uint16_t n);

/* Takes one frame off the oldest job of the next lane, those that have sent nothing yet before the others,
 * moves that job behind the others, or out when it was its last frame. The lane of the job rests then, if it has an interval: call garp_rested() when
 * it has passed. NULL when nothing is to be sent now. */
struct garp_job *garp_take(struct garp_queue *q);

/* Gives back a frame that garp_take() took and that was not sent; it is among the first then. */
void garp_untake(struct garp_queue *q, struct garp_job *j);

/* The interval of the lane has passed. Idempotent. */
void garp_rested(struct garp_queue *q, struct garp_lane *l);

/* Nothing of it is sent any more. Idempotent. */
void garp_cancel(struct garp_queue *q, struct garp_job *j);
