/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The engine of all checks: a protocol is a list of steps, and one engine runs them, with one
 * deadline over all of them and one place that closes the socket. Each worker has an engine.
 *
 * A run holds a descriptor only while it runs. What is read goes through one buffer of the engine;
 * a matcher that must remember something keeps it in the run's ctx.
 *
 * A failure while this process was held up for a good part of the time limit is no failure of the
 * server: the run ends as "not made".
 */
#pragma once

#include "core/conf/conf.h"
#include "core/loop.h"
#include "core/reason.h"

#include <stdbool.h>
#include <stdint.h>

struct run;

enum step_kind {
	STEP_CONNECT,
	STEP_SEND,
	STEP_EXPECT,
	STEP_DONE, /* ends the list */
};

enum step_verdict {
	STEP_WAIT, /* for the socket */
	STEP_NEXT,
	STEP_FAIL, /* *why says how */
};

enum {
	STEP_CTX_LEN = 720, /* a protocol's memory in a run */
	STEP_TX_LEN = 2048, /* longest request; the schema's bounds keep it shorter */
	STEP_RX_LEN = 16384, /* bytes read at once */
	STEP_PULSE_US = 50000, /* how often the engine looks whether it was held up */
	STEP_SLACK_US = 10000, /* lateness that is not worth counting */
	STEP_STALL_PART = 4, /* held up for more than a fourth of the limit: not made */
};

struct step {
	enum step_kind kind;

	/* STEP_SEND: writes the request; returns its length, at most cap. */
	uint32_t (*make)(const struct run *run, char *buf, uint32_t cap);

	/* STEP_EXPECT: looks at the next bytes; len 0 is the end of the stream. */
	enum step_verdict (*match)(struct run *run, const uint8_t *data, uint32_t len,
				   enum check_reason *why);
};

struct proto {
	const char *name;
	const struct step *steps;
	enum check_reason ok; /* when all steps have passed */
};

struct run_result {
	enum check_reason reason; /* REASON_SOCKERR: not made; local_err says why */
	uint16_t code;
	uint32_t duration_us;
	int local_err; /* -errno; -ETIME: this process was held up */
};

struct engine {
	struct loop *loop;
	void (*done)(void *owner, const struct run_result *res); /* the run is gone by then */
	struct timer pulse;
	int64_t stalled_us; /* time that was lost since the start */
	uint32_t running_n;
	struct run *spare;
	uint8_t rx[STEP_RX_LEN];
};

struct run {
	struct loop_fd lf;
	struct timer deadline;
	struct engine *engine;
	const struct proto *proto;
	const struct step *step;
	void *owner;
	const struct conf_rs *rs; /* of the current snapshot: the owner moves both */
	const struct conf_check *check; /* when it adopts another one */
	int64_t start_us, limit_us, stalled_before_us;
	int fd;
	uint16_t code;
	bool is_connected;
	char *tx; /* rest of a request that the socket did not take at once */
	uint32_t tx_len;
	struct run *next_spare;
	_Alignas(8) unsigned char ctx[STEP_CTX_LEN]; /* zeroed at the start */
};

void engine_init(struct engine *e, struct loop *loop,
		 void (*done)(void *owner, const struct run_result *res));

/* Nothing runs any more. */
void engine_fini(struct engine *e);

/* Starts a check whose clock begins now. Returns the run, or NULL when it has ended already: then
 * *res is filled and done() is not called. */
struct run *run_start(struct engine *e, const struct proto *proto, const struct conf_rs *rs,
		      const struct conf_check *check, void *owner, struct run_result *res);

/* Ends it without a result; done() is not called. */
void run_abort(struct run *run);

/* The port that a check connects to. */
uint16_t run_port(const struct conf_rs *rs, const struct conf_check *check);
