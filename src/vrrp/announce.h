/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Announces addresses by gratuitous ARP and unsolicited neighbour advertisements: one burst at once,
 * one more after a delay, and now and then a refresh; paced so that thousands of frames neither hold up
 * the reflector nor flood a switch. The reflector's.
 */
#pragma once

#include "core/loop.h"
#include "vrrp/garp.h"

#include <net/if.h>

enum {
	ANNOUNCE_BATCH_N = 64, /* frames in one system call */
	ANNOUNCE_TURN_N = 128, /* frames between two looks at anything else */
	ANNOUNCE_PACE_US = 1000, /* from one such portion to the next */
	ANNOUNCE_FULL_US = 10000, /* wait when the interface's queue is full */
};

/* Interfaces that share a pace which was asked for, for one family. */
struct announce_lane {
	struct garp_lane lane;
	char name[IFNAMSIZ]; /* of the interface, or of the first one of its group */
	uint8_t family;
	struct timer rest;
	struct garp_queue *queue;
};

/* An interface whose pace is that of a group. */
struct announce_member {
	char name[IFNAMSIZ], lane[IFNAMSIZ];
	int64_t garp_us, gna_us;
};

struct announce {
	int fd; /* packet socket that receives nothing */
	struct garp_queue queue;
	struct garp_lane common; /* of all that have no pace of their own */
	struct announce_lane **lane; /* sorted by family and name; kept to the end */
	struct announce_member *member; /* sorted by name */
	uint32_t lane_n, member_n;
	int64_t garp_us, gna_us; /* of interfaces that are in no group */
	struct loop *loop;
	struct timer pace; /* armed: no frame before it */
};

/* One address. Embed it and call announce_job_init() once. */
struct announce_job {
	struct garp_job garp;
	struct announce *announce;
	struct garp_times times;
	enum garp_stage stage; /* when `again` runs out */
	struct timer again; /* the second burst, refreshes */
	struct timer lower; /* the second burst after an advert of lower priority */
	uint16_t lower_n;
};

/* 0 or -errno. */
int announce_open(struct announce *a, struct loop *loop);

/* Every job has been cancelled before. */
void announce_close(struct announce *a);

/* The intervals of a new snapshot. member: taken over, from malloc(), sorted or not. */
void announce_paces(struct announce *a, int64_t garp_us, int64_t gna_us,
		    struct announce_member *member, uint32_t n);

void announce_job_init(struct announce_job *j, struct announce *a);

/* Sets all of j->garp but lane and left_n before. iface: whose pace it is; the physical interface.
 * Replaces what was asked for before. */
void announce_start(struct announce_job *j, const char *iface, const struct garp_times *times,
		    int64_t now_us);

/* An advert of lower priority was heard: n frames now, and again after delay_us (0: not again). Only
 * after announce_start(). */
void announce_lower(struct announce_job *j, uint16_t n, int64_t delay_us, int64_t now_us);

/* Not one frame more, not after the delay either. Idempotent. */
void announce_cancel(struct announce_job *j);

/* Sends what is due, at most a portion; to be called at the end of a turn, and in long ones. */
void announce_pump(struct announce *a, int64_t now_us);
