/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The control channel: a unix stream socket on which vipctl asks and vipd answers, a JSON object a line
 * (vipctl-protocol(7)). Served by the main thread's loop, which it never blocks: every client has a
 * bounded request and a bounded output; one that does not read is dropped, and when there are too many
 * the one that has been silent longest makes room.
 *
 * Who may connect is said by the socket's mode and group; what he may ask, by his user and groups as the
 * kernel tells them.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/loop.h"
#include "core/ops/control_sock.h"
#include "core/ops/control_wire.h"

enum {
	CONTROL_CLIENTS_N = 64, /* at a time */
	CONTROL_OUT_LEN =
		64 * 1024, /* text that waits for a client; the line that passes it is the last */
	CONTROL_IDLE_S = 30, /* a client that neither asks nor reads is dropped after it */
	CONTROL_REPLY_S = 120, /* longest time to read one reply, waits not counted in */
	CONTROL_RETRY_S = 10, /* from one try to open the socket to the next */
};

struct control;

/* A channel at that place. When it can't be opened (no folder, no space, another vipd) that is logged and tried
 * again: vipd does its work without. ctx goes to the verbs. Never NULL. Main, as all below. */
struct control *control_start(struct loop *loop, const struct control_place *where,
			      const struct ctl_verb *verbs, void *ctx);

/* The same with the verbs of control_verbs.h, where --control (NULL: it was not given) or else the settings
 * say. NULL: there is to be none. */
struct control_host;
struct control *control_open(struct loop *loop, const char *option, const struct conf_api *api,
			     struct control_host *host);

/* Asks the replies that wait once more. */
void control_poke(struct control *c);

/* Closes everything, unlinks the socket if it is still this one. NULL is fine. */
void control_stop(struct control *c);
