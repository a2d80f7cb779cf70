/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The engine of all checks: a protocol is a list of steps, and one engine runs them, with one
 * deadline over all of them and one place that closes the socket. Each worker has an engine.
 *
 * A run holds a descriptor only while it runs, unless its connection is kept for the next check of the
 * same probe. What is read goes through one buffer of the engine; a matcher that must remember
 * something keeps it in the run's ctx.
 *
 * A failure while this process was held up for a good part of the time limit is no failure of the
 * server: the run ends as "not made".
 */
#pragma once

#include "check/conn.h"
#include "check/kit.h"
#include "check/tls.h"
#include "check/tls_seen.h"
#include "core/conf/conf.h"
#include "core/loop.h"
#include "core/reason.h"

#include <stdbool.h>
#include <stdint.h>

struct run;
struct scripts;
struct files;
struct h2;

enum step_kind {
	STEP_CONNECT, /* the first one, but for protocols without a socket */
	STEP_TLS, /* nothing, where the check has no TLS */
	STEP_SEND,
	STEP_EXPECT,
	STEP_LOOP, /* back to an earlier step, or on */
	STEP_DONE, /* ends the list */
};

enum step_verdict {
	STEP_WAIT, /* for the socket */
	STEP_NEXT,
	STEP_FAIL, /* *why says how */
};

enum {
	STEP_CTX_LEN = 720, /* a protocol's memory in a run */
	STEP_TX_LEN = 65536, /* longest request; the schema's bounds keep it shorter */
	STEP_RX_LEN = 65536, /* bytes read at once: the longest datagram */
	STEP_READS_N = 16, /* reads of a run in a turn, then others have theirs */
	STEP_PULSE_US = 50000, /* how often the engine looks whether it was held up */
	STEP_SLACK_US = 10000, /* lateness that is not worth counting */
	STEP_STALL_PART = 4, /* held up for more than a fourth of the limit: not made */
	STEP_DETAIL_LEN = TLS_TEXT_LEN,
	STEP_SCRIPT_WAIT_S = 30, /* beyond its limit: a script whose end is not told is given up */
	STEP_KEEP_S = 3600, /* age after which a kept connection is made anew */
};

struct step {
	enum step_kind kind;

	/* SEND: writes the request; returns its length, at most cap; 0: there is nothing to send. */
	uint32_t (*make)(struct run *run, char *buf, uint32_t cap);

	/* EXPECT: looks at the next bytes, or at a datagram; of a stream, len 0 is its end. */
	enum step_verdict (*match)(struct run *run, const uint8_t *data, uint32_t len,
				   enum check_reason *why);

	/* EXPECT: before anything is read: STEP_WAIT to read. May be NULL. */
	enum step_verdict (*enter)(struct run *run, enum check_reason *why);

	/* LOOP: true: go back to steps[to]. */
	bool (*again)(struct run *run);
	uint8_t to;
};

/* What a check says of its server's weight, beside up or down. */
struct run_weight {
	enum {
		WEIGHT_SAME, /* nothing */
		WEIGHT_PERCENT, /* of the configured one */
		WEIGHT_SET, /* this one */
		WEIGHT_ADD, /* so much more than the configured one */
	} how;
	int32_t value;
	uint8_t admin; /* 0: the same as before; else ADMIN_* and 1 more */
};

struct proto {
	const char *name;
	const struct step *steps;
	enum check_reason ok; /* when all steps have passed */
	enum conn_kind conn;
	bool is_advice; /* only an answer counts, not that there was none */
	bool is_fact; /* what it says counts at once, without rise and fall */

	/* Each may be NULL. */
	void (*fini)(struct run *run); /* frees what ctx owns; may come more than once */
	enum step_verdict (*timeout)(
		struct run *run); /* STEP_NEXT: the end of its time is success */
	/* CONN_NONE: either it is known at once (*why REASON_UNKNOWN: nothing is), or it is started. */
	enum step_verdict (*look)(struct run *run, enum check_reason *why);
	int (*start)(struct run *run); /* 0, or -errno: not made */
	void (*abort)(struct run *run); /* CONN_NONE: nobody wants to know any more */
};

struct run_result {
	enum check_reason reason; /* REASON_SOCKERR: not made; local_err says why */
	uint16_t code;
	uint32_t duration_us;
	int local_err; /* -errno; -ETIME: this process was held up */
	struct run_weight weight;
	char detail[STEP_DETAIL_LEN]; /* in words; may be empty */
};

struct engine;

/* A socket, with TLS on it or not. */
struct run_conn {
	struct loop_fd lf;
	loop_fn *on_event;
	struct engine *engine;
	struct run *run; /* NULL: it waits for the next check */
	struct run_keep *keep; /* of its probe; may be NULL */
	SSL *ssl;
	struct h2 *h2; /* h2_run.h; NULL: it is not one of HTTP/2 */
	int64_t made_us;
	int fd;
	bool is_stream, is_connected, is_raw;
};

/* What a probe keeps from one check to the next. Zeroed memory has nothing. */
struct run_keep {
	struct run_conn *conn;
	struct tls_session session;
	struct tls_seen seen;
};

struct engine {
	struct loop *loop;
	void (*done)(struct engine *e, void *owner,
		     const struct run_result *res); /* the run is gone by then */
	struct scripts *scripts; /* scripts.h; NULL: none can be run */
	const struct files *files; /* files.h; NULL: there are no checks of them */
	struct timer pulse;
	int64_t stalled_us; /* time that was lost since the start */
	uint32_t running_n, handshake_n;
	uint32_t kept_n, kept_max_n;
	uint16_t seq; /* of pings, ids of DNS questions */
	struct run *spare;
	uint8_t rx[STEP_RX_LEN];
	char tx[STEP_TX_LEN];
};

/* What a run is made of. All but the keep live as long as it runs: the caller holds the snapshot. */
struct run_ask {
	const struct proto *proto;
	const struct conf_rs *rs;
	const struct conf_check *check;
	const struct kit_check *kit; /* NULL: the check needs none */
	uint32_t url; /* which of kit->url */
	uint32_t file; /* CHECK_FILE: id of what is tracked */
	struct run_keep *keep; /* NULL: nothing is kept */
	void *owner;
};

struct run {
	struct run_ask ask;
	struct timer deadline;
	struct engine *engine;
	struct run_conn *conn;
	const struct step *step;
	const struct tls_want *tls; /* NULL: none */
	int64_t start_us, limit_us, stalled_before_us;
	struct run_weight weight; /* see struct run_result */
	uint16_t code;
	bool is_reused; /* on a connection of an earlier check, and nothing has come over it yet */
	bool is_in_handshake;
	bool may_keep; /* the matcher: the connection is good for another check */
	bool was_clean; /* TLS: how the stream ended */
	char *tx; /* rest of a request that the socket did not take at once */
	uint32_t tx_len;
	uint32_t reads_n; /* in this turn */
	const struct conf *held; /* see run_hold() */
	struct run *next_spare;
	char detail[STEP_DETAIL_LEN];
	_Alignas(8) unsigned char ctx[STEP_CTX_LEN]; /* zeroed at the start */
};

void engine_init(struct engine *e, struct loop *loop,
		 void (*done)(struct engine *e, void *owner, const struct run_result *res));

/* Nothing runs any more, and nothing is kept. */
void engine_fini(struct engine *e);

/* Starts a check whose clock begins now. Returns the run, or NULL when it has ended already: then
 * *res is filled and done() is not called. */
struct run *run_start(struct engine *e, const struct run_ask *ask, struct run_result *res);

/* The caller's snapshot, which is not the newest any more, stays as long as it runs. */
void run_hold(struct run *run, const struct conf *conf);

/* Ends it without a result; done() is not called. */
void run_abort(struct run *run);

/* CONN_NONE: its end, from outside. local_err: see struct run_result. */
void run_finish(struct run *run, enum check_reason reason, int local_err);

/* Closes and forgets all. */
void run_keep_drop(struct run_keep *keep);

/* ---- for steps.c, from run_conn.c ---- */

/* Opens the run's own connection; see conn_open(). */
int run_conn_open(struct run *run, loop_fn *on_event);

/* Watches it from now on. 0 or -errno. */
int run_conn_watch(struct run *run);

/* A connection of an earlier check, behind the steps that made it. False: there is none. */
bool run_conn_take_kept(struct run *run);

/* More may be there to read than was read: an event comes for it in the next turn. */
void run_conn_again(struct run *run);

/* The run gives up its connection, if it has one; one that is good may stay for the next check. */
void run_conn_release(struct run *run, bool has_passed);

/* Its handshake is over, or it is. */
void run_end_handshake(struct run *run);

/* Something comes over a connection that waits for the next check: it is closed, unless it is of HTTP/2 and
 * that is no harm. */
void run_conn_idle(struct run_conn *c);

/* Nothing that was sent has arrived at the other end: something on the way has forgotten the connection, or
 * there is no other end any more. */
bool run_conn_is_forgotten(const struct run *run);

/* The words that go with a failure. */
__attribute__((format(printf, 2, 3))) void run_say(struct run *run, const char *fmt, ...);

/* The address and the port that a check connects to. */
const struct ip_addr *run_addr(const struct conf_rs *rs, const struct conf_check *check);
uint16_t run_port(const struct conf_rs *rs, const struct conf_check *check);
