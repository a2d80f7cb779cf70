/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One mail to the relay, by libcurl, in a loop: nothing waits while it is under way. libcurl looks the
 * relay's name up on a thread of its own.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/loop.h"

#include <stdbool.h>
#include <stddef.h>

struct mail_send {
	struct loop *loop;
	void *multi, *easy; /* libcurl's; easy: NULL = nothing under way */
	void *rcpt; /* list of recipients */
	const char *text; /* the caller's, until done */
	size_t at, len;
	struct timer tick;
	/* err: NULL = the relay has taken it; else why not. is_final: it never will */
	void (*done)(void *arg, const char *err, bool is_final);
	void *arg;
};

/* Once, while the process has one thread. */
void mail_send_global(void);

/* Zeroed memory; done and arg are the caller's. */
void mail_send_init(struct mail_send *s, struct loop *loop);
void mail_send_fini(struct mail_send *s);

/* Begins; done() comes later, never from here. Nothing is under way. The settings of c count; it is not
 * needed any more when this returns. False: out of memory. */
bool mail_send_begin(struct mail_send *s, const struct conf *c, const char *from, const char *helo,
		     const char *text);

bool mail_send_is_busy(const struct mail_send *s);
