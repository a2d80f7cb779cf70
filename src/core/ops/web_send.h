/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One POST to a webhook, by libcurl, in a loop: nothing waits while it is under way. libcurl looks the
 * name up on a thread of its own. What the receiver answers is thrown away but for its status.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/loop.h"

#include <stdbool.h>

enum web_end {
	WEB_TAKEN, /* 2xx */
	WEB_AGAIN, /* no answer, 408, 429, 5xx: it may take it later */
	WEB_NEVER, /* anything else: it does not want it, now or later */
};

/* What an answer means; status 0: there was none. Pure. */
enum web_end web_send_verdict(long status);

struct web_send {
	struct loop *loop;
	void *multi, *easy; /* libcurl's; easy: NULL = nothing under way */
	void *headers;
	struct timer tick;
	/* why: of an end that is not good; "" else */
	void (*done)(void *arg, enum web_end end, const char *why);
	void *arg;
};

/* Zeroed memory; done and arg are the caller's. libcurl is set up already (mail_send_global()). */
void web_send_init(struct web_send *s, struct loop *loop);
void web_send_fini(struct web_send *s);

/* Begins; done() comes later, never from here. Nothing is under way. body is the caller's until then; hook
 * is not needed any more when this returns. False: libcurl does not want it. */
bool web_send_begin(struct web_send *s, const struct conf_webhook *hook, const char *body);

bool web_send_is_busy(const struct web_send *s);
