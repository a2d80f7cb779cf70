/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * /api/live: server-sent events for the status page. A message tells how many objects are how, and the events
 * since the one before; what else has changed, the page asks for, since it alone knows what it shows. So a
 * message is small whatever happens, and one that a slow client did not read is covered by the next.
 * Main.
 */
#pragma once

#include "core/ops/httpd.h"

enum {
	LIVE_CLIENTS_N = 16, /* at a time; another one is told to ask again later */
	LIVE_EVERY_S = 1, /* from one message to the next when something has changed */
	LIVE_BEAT_S = 5, /* when nothing has */
	LIVE_EVENTS_N = 30, /* told in a message: the last */
};

/* ctx: a struct control_host. */
struct httpd_answer *httpd_live(void *ctx, const struct httpd_query *q);
