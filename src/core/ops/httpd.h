/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The HTTP endpoint: metrics, JSON and the status page, all of it for reading. libmicrohttpd speaks the
 * protocol, in main's loop; what is answered is made piece by piece, so that no request keeps main
 * for long. Clients are bounded in number and in time: when there are too many, the one that has been
 * silent longest makes room, and an answer that is being given is never cut for it.
 *
 * There is no log-in and no TLS: it listens where metrics.listen says, on loopback unless somebody
 * wants otherwise.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/loop.h"
#include "core/text.h"

#include <stdbool.h>

enum {
	HTTPD_CLIENTS_N = 64, /* at a time */
	HTTPD_CLIENTS_PER_IP_N = 32,
	HTTPD_IDLE_S = 30, /* a client that neither asks nor reads is dropped after it */
	HTTPD_ANSWER_S = 120, /* longest time to read one answer */
	HTTPD_STUCK_S = 10, /* longest time in which a client of a live answer reads nothing */
	HTTPD_MEMORY_LEN = 32 * 1024, /* of a client: its request must fit */
	HTTPD_PIECE_LEN = 64 * 1024, /* of an answer at a time */
};

/* A request: its query by name. */
struct httpd_query {
	void *arg;
	const char *(*value)(void *arg, const char *name); /* NULL: not given */
	const char *accept; /* of its header; or NULL */
};

enum httpd_step {
	HTTPD_MORE, /* a piece was added (or none), and there may be more */
	HTTPD_WAIT, /* nothing was added: ask again after httpd_poke(), or in a second */
	HTTPD_END, /* that was all */
};

/* An answer that is being given. */
struct httpd_answer {
	unsigned status; /* 0: 200 */
	const char *type; /* Content-Type */
	bool is_live; /* it goes on for as long as the client reads */
	/* Adds the next piece. */
	enum httpd_step (*next)(struct httpd_answer *a, struct text *out);
	void (*free)(struct httpd_answer *a);
};

/* One row for each path. */
struct httpd_path {
	const char *path; /* NULL ends the table */
	struct httpd_answer *(*fn)(void *ctx, const struct httpd_query *q); /* never NULL */
};

struct httpd;

/* Listens on all addresses of listen ("127.0.0.1:9165", "[::1]:9165"); one that can't be had is logged
 * and tried again. NULL: listen is empty. Main, as all below. */
struct httpd *httpd_start(struct loop *loop, const struct conf_strs *listen,
			  const struct httpd_path *paths, void *ctx);

/* Asks the answers that wait once more. NULL is fine, as below. */
void httpd_poke(struct httpd *h);

void httpd_stop(struct httpd *h);
