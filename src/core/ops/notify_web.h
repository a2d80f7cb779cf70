/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Events to a webhook (global_defs.webhook), as JSON by POST: a bounded queue in front of one request at a
 * time (web_send.h). What comes while a request is under way is the next one:
 *
 *	{"router":"lb1","dropped":0,"events":[{"time":...,"kind":"server",...},...]}
 *
 * A receiver that is away, hangs or answers 5xx gets the same request again after 1 s, 2 s, 4 s ... 1 min, and
 * it is given up after so many tries, or at once when the answer says that it will never be taken (4xx, or
 * a redirect: those are not followed). Events that find the queue full are dropped. `dropped` is the number of
 * events since the start that the receiver will never see.
 *
 * Notify role only.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/ops/past.h"
#include "core/ops/web_send.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	WEB_QUEUE_N = 16384, /* events that wait */
	WEB_BATCH_N = 1000, /* of them in one request */
	WEB_TRIES_N = 16,
	WEB_AGAIN_MIN_US = 1000000,
	WEB_AGAIN_MAX_US = 60000000,
};

struct notify_web {
	struct web_send send;
	const struct conf *conf; /* the newest; holds a reference; NULL: none yet */
	char **event; /* a ring of WEB_QUEUE_N texts; NULL: none has come */
	uint32_t at, n; /* the oldest one, and how many */
	char *body; /* of the request that is under way or comes again */
	uint32_t body_n; /* events in it */
	uint32_t tries_n;
	int64_t again_us;
	uint64_t dropped_n;
	struct timer again;
	bool is_fail_told, is_drop_told;
};

/* The wait after this one. Pure. */
int64_t notify_web_delay_us(int64_t last_us);

/* Zeroed memory. */
void notify_web_init(struct notify_web *w, struct loop *loop);

/* What waits is lost. */
void notify_web_fini(struct notify_web *w);

/* The newest configuration. Another url: what waits goes there. */
void notify_web_adopt(struct notify_web *w, const struct conf *c);

void notify_web_say(struct notify_web *w, const struct past_entry *e);

/* Something is under way, and the receiver has taken the last one. */
bool notify_web_is_going(const struct notify_web *w);
