/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Mails about events: a bounded queue to the relay (mail_send.h), one after the other.
 *
 * A relay that does not take a mail is asked again after 10 s, 20 s, 40 s ... 10 min, and the mail is
 * given up after so many tries, or at once when the relay says that it never will take it.
 *
 * Mails of servers and services come in crowds. The first one goes out at once, as it is; those of the
 * next smtp_alert_window seconds wait for its end, and are one mail then, with a line for each. What
 * happens to instances and groups is never gathered.
 *
 * Mails wait without the configuration that they are from: a relay that is away for an hour must not keep
 * a generation for each. Where they go is what the newest one says.
 *
 * Notify role only.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/ops/mail_send.h"
#include "core/ops/notify_say.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	MAIL_QUEUE_N = 1000, /* mails that wait */
	MAIL_GATHER_N = 1000, /* lines of a gathered mail; the rest is a number */
	MAIL_TRIES_N = 16,
	MAIL_AGAIN_MIN_US = 10000000,
	MAIL_AGAIN_MAX_US = 600000000,
};

struct mail;

struct notify_mail {
	struct mail_send send;
	struct mail *first, *last; /* first: the one under way, or next */
	uint32_t n;
	struct timer again, window;
	int64_t again_us;
	bool is_fail_told, is_drop_told;
	char me[64]; /* the account that vipd runs as */

	const struct conf *conf; /* the newest; holds a reference; NULL: none yet */

	/* the window that runs */
	uint32_t gathered_n;
	char subject[SAY_SUBJECT_LEN], body[SAY_BODY_LEN]; /* of the first */
	char *lines;
	size_t lines_len, lines_cap;
};

/* Zeroed memory. */
void notify_mail_init(struct notify_mail *m, struct loop *loop);

/* What waits is lost. */
void notify_mail_fini(struct notify_mail *m);

/* The newest configuration. */
void notify_mail_adopt(struct notify_mail *m, const struct conf *c);

/* Mails what s says, if that is a mail and the configuration says where to. */
void notify_mail_say(struct notify_mail *m, const struct say *s);

/* Ends the window that runs. */
void notify_mail_flush(struct notify_mail *m);

/* Mails are under way, and the relay has taken the last one. */
bool notify_mail_is_going(const struct notify_mail *m);
