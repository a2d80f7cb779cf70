/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The text of a mail as it goes over the wire: keepalived's headers in keepalived's order. Pure.
 */
#pragma once

#include "core/conf/conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { MAIL_ADDR_LEN = 320 };

struct mail_head {
	const struct conf_strs *to;
	const char *from; /* as written, perhaps with a name before it */
	const char *router; /* in brackets before the subject */
	time_t at;
};

/* Lines end in CR LF; body may have several, ended by LF. Returns a text of its own (free() it). */
char *mail_text(const struct mail_head *h, const char *subject, const char *body);

/* What of "Some One <one@example.org>" a relay wants: "<one@example.org>". False: too long. */
bool mail_addr(const char *text, char addr[static MAIL_ADDR_LEN]);
