/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The check by script: the helper (core/ops/spawn.h) runs it, and its exit status is the answer. See
 * scripts.h.
 *
 *	0			passed
 *	1			failed
 *	2 to 255		failed; with dynamic_weight: passed, and the weight is 2 less
 *	killed, out of time	failed
 *	not started		not made: that is a fault of this machine
 */
#include "check/protos.h"
#include "check/scripts.h"

#include "core/bug.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SCRIPTS_N = 4096 }; /* of a worker at the same time */

/* A number that goes out with a request and comes back with its result: the slot below, and above it a
 * count that tells a late result from one of the slot's next user. */
struct scripts {
	struct spawn_client client;
	struct run *run[SCRIPTS_N];
	uint32_t id[SCRIPTS_N];
	uint16_t next_free[SCRIPTS_N];
	uint16_t first_free; /* SCRIPTS_N: none */
};

struct ctx {
	uint32_t id;
};

struct scripts *scripts_new(void)
{
	struct scripts *s = calloc(1, sizeof(*s));

	BUG_ON(!s);
	s->client.fd = s->client.lf.fd = -1;
	for (uint32_t i = 0; i < SCRIPTS_N; i++) {
		s->id[i] = i;
		s->next_free[i] = (uint16_t)(i + 1);
	}
	return s;
}

void scripts_free(struct scripts *s)
{
	free(s);
}

struct spawn_client *scripts_client(struct scripts *s)
{
	return &s->client;
}

static void slot_free(struct scripts *s, uint32_t id)
{
	uint32_t slot = id % SCRIPTS_N;

	s->run[slot] = NULL;
	s->id[slot] += SCRIPTS_N;
	s->next_free[slot] = s->first_free;
	s->first_free = (uint16_t)slot;
}

static void finish(struct run *run, const struct spawn_result *res)
{
	bool is_dynamic = run->ask.check->s.dynamic_weight;
	int status = res->status;

	switch ((enum spawn_how)res->how) {
	case SPAWN_EXITED:
		run->code = (uint16_t)status;
		if (is_dynamic && status >= 2)
			run->weight = (struct run_weight){ .how = WEIGHT_SET, .value = status - 2 };
		else if (is_dynamic)
			run->weight = (struct run_weight){ .how = WEIGHT_PERCENT, .value = 100 };
		run_finish(run,
			   !status || (is_dynamic && status >= 2) ? REASON_PROCOK : REASON_PROCERR,
			   0);
		return;
	case SPAWN_KILLED:
		run_say(run, "killed by SIG%s", sigabbrev_np(status) ? sigabbrev_np(status) : "?");
		run_finish(run, REASON_PROCERR, 0);
		return;
	case SPAWN_TIMEOUT:
		run_finish(run, REASON_PROCTOUT, 0);
		return;
	case SPAWN_FAILED:
		run_finish(run, REASON_SOCKERR, -status);
		return;
	}
}

static void on_result(void *arg, const struct spawn_result *res)
{
	struct scripts *s = arg;
	uint32_t slot = res->id % SCRIPTS_N;
	struct run *run = s->run[slot];

	if (!run || s->id[slot] != res->id)
		return; /* too late */
	slot_free(s, res->id);
	finish(run, res);
}

/* The helper has died: none of them has run to its end. */
static void on_lost(void *arg)
{
	static const struct spawn_result none = { .how = SPAWN_FAILED, .status = EPIPE };
	struct scripts *s = arg;

	for (uint32_t slot = 0; slot < SCRIPTS_N; slot++) {
		struct run *run = s->run[slot];

		if (!run)
			continue;
		slot_free(s, s->id[slot]);
		finish(run, &none);
	}
}

void scripts_listen(struct scripts *s, struct loop *loop)
{
	s->client.lost = on_lost;
	/* without a helper each check says so */
	(void)spawn_client_listen(&s->client, loop, on_result, s);
}

void scripts_close(struct scripts *s, struct loop *loop)
{
	spawn_client_close(&s->client, loop);
}

static int start(struct run *run)
{
	struct scripts *s = run->engine->scripts;
	struct ctx *c = (void *)run->ctx;
	const struct conf_check *ck = run->ask.check;
	struct spawn_ask ask = { .kind = SPAWN_RUN,
				 .limit_ms = (uint32_t)((ck->s.timeout_us + 999) / 1000),
				 .uid = run->ask.kit->uid,
				 .gid = run->ask.kit->gid,
				 .user = run->ask.kit->user };

	if (!s)
		return -EPIPE;
	if (s->first_free == SCRIPTS_N)
		return -EAGAIN;
	for (uint32_t i = 0; i < ck->s.command.n && i < SPAWN_ARGS_N; i++)
		ask.argv[ask.argc++] = ck->s.command.v[i];

	uint32_t slot = s->first_free;

	c->id = ask.id = s->id[slot];

	int err = spawn_ask(&s->client, &ask);

	if (err)
		return err;
	s->first_free = s->next_free[slot];
	s->run[slot] = run;
	return 0;
}

static void cancel(struct run *run)
{
	struct scripts *s = run->engine->scripts;
	const struct ctx *c = (const void *)run->ctx;
	struct spawn_ask ask = { .kind = SPAWN_CANCEL, .id = c->id };

	(void)spawn_ask(&s->client, &ask);
	slot_free(s, c->id);
}

static const struct step steps[] = { { .kind = STEP_DONE } };

const struct proto proto_script = { .name = "script",
				    .steps = steps,
				    .ok = REASON_PROCOK,
				    .conn = CONN_NONE,
				    .start = start,
				    .abort = cancel };
