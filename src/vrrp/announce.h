/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Announces addresses by gratuitous ARP: one burst at once, one more after a delay, paced so that
 * thousands of frames neither hold up the reflector nor flood a switch. The reflector's.
 */
#pragma once

#include "core/loop.h"
#include "vrrp/garp.h"

enum {
	ANNOUNCE_BATCH_N = 64, /* frames in one system call */
	ANNOUNCE_TURN_N = 128, /* frames between two looks at anything else */
	ANNOUNCE_PACE_US = 1000, /* from one such portion to the next */
	ANNOUNCE_FULL_US = 10000, /* wait when the interface's queue is full */
};

struct announce {
	int fd; /* packet socket that receives nothing */
	struct garp_queue queue;
	struct loop *loop;
	struct timer pace; /* armed: no frame before it */
};

/* One address. Embed it and call announce_job_init() once. */
struct announce_job {
	struct garp_job garp;
	struct announce *announce;
	struct timer again; /* the second burst */
	uint16_t repeat_n;
};

/* 0 or -errno. */
int announce_open(struct announce *a, struct loop *loop);

/* Every job has been cancelled before. */
void announce_close(struct announce *a);

void announce_job_init(struct announce_job *j, struct announce *a);

/* Sets j->garp.ifindex, addr_be and mac before. repeat_n frames now, and again after delay_us
 * (0: not again). Replaces what was asked for before. */
void announce_start(struct announce_job *j, uint16_t repeat_n, int64_t delay_us, int64_t now_us);

/* Not one frame more, not after the delay either. Idempotent. */
void announce_cancel(struct announce_job *j);

/* Sends what is due; to be called at the end of a turn. */
void announce_pump(struct announce *a, int64_t now_us);
