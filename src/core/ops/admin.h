/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the administrator has set by hand: the admin state and the weight of real servers, each with an end
 * (if it has one) and a reason. Main keeps it, tells the IPVS role (MSG_ADMIN), and writes it into a file,
 * so that reloads and restarts change nothing:
 *
 *	a server that stays		keeps what was set, told by the name of its service, address and port
 *	its admin or weight in the	the file says something new: what was set by hand ends
 *	configuration changes
 *	a server that goes		what was set waits for it, for ADMIN_WAIT_S: a file that was half
 *					written must not bring a server back that somebody works on
 *	an end passes			it ends, also while vipd does not run
 *
 * Time is seconds since 1970: it must mean the same after a restart. Whoever sets the clock back makes
 * ends come later.
 *
 * A file that can't be written is told once (admin.fail), counted, and tried again each minute and at each
 * change; what was set holds meanwhile. Main's thread; calls that change something write the file and block
 * for as long as the disk takes.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/loop.h"
#include "core/mbox.h"
#include "core/ops/admin_text.h"

#include <stdbool.h>
#include <stdint.h>

#define ADMIN_PATH "/var/lib/vipd/state"

enum {
	ADMIN_MAX_N = 200000, /* servers with something set by hand */
	ADMIN_WAIT_S = 7 * 86400,
};

/* What to do with one part of some servers. */
struct admin_want {
	enum admin_part part;
	bool is_set; /* false: back to what the configuration says */
	uint32_t value; /* ADMIN_READY, ADMIN_DRAIN, ADMIN_MAINT; or a weight, at most INT32_MAX */
	int64_t until_s; /* 0: without end */
	const char *reason; /* NULL: none; what is too long is cut */
};

/* How one part of a server is. */
struct admin_shown {
	bool is_set; /* by hand; else the configuration counts, and the rest is empty */
	uint32_t value;
	int64_t until_s;
	const char *reason; /* "" or a text; valid until the next call that changes something */
};

struct admin_book;

/* path: NULL = kept in memory only. box: the IPVS role's. Never NULL. */
struct admin_book *admin_new(struct mbox *box, const char *path);
/* After the IPVS role has ended. */
void admin_free(struct admin_book *b);

/* Reads the file. Before the first configuration. */
void admin_load(struct admin_book *b, int64_t now_s);

/* c was published: it counts from now on, and stays until the next one. */
void admin_adopt(struct admin_book *b, const struct conf *c, int64_t now_s);

/* Lets ends pass by themselves, from now until admin_stop(). */
void admin_start(struct admin_book *b, struct loop *l);
void admin_stop(struct admin_book *b);

/* Servers rs[0..n), indexes of conf->rs. 0, -EINVAL (value, or until_s is over), or -ENOSPC: more than
 * ADMIN_MAX_N; nothing was set then. Setting what the configuration says anyway is the end of what was set. */
int admin_set(struct admin_book *b, const uint32_t *rs, uint32_t n, const struct admin_want *w,
	      int64_t now_s);

/* Both parts of a server; rs: index of conf->rs. */
void admin_get(const struct admin_book *b, uint32_t rs,
	       struct admin_shown out[static ADMIN_PART_N]);

/* How many servers have something set, with those that the configuration does not name at the moment. */
uint32_t admin_count(const struct admin_book *b);

/* Is the file as it should be? False: what was set will not outlive this vipd. */
bool admin_is_kept(const struct admin_book *b);

/* What is over by now ends. The timer does it; tests do it by hand. */
void admin_expire(struct admin_book *b, int64_t now_s);

/* Seconds since 1970. */
int64_t admin_now_s(void);
