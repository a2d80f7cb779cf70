/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See notify_run.h.
 */
#include "core/ops/notify_run.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/stats.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A script that waits. */
struct run_job {
	struct run_job *next;
	const struct conf *conf; /* holds a reference */
	const struct conf_script *script;
	const char *kind, *name, *state; /* its arguments, or NULL: literals, or of conf */
	uint32_t event; /* those of one event have the same */
	uint8_t prio;
	bool is_back; /* it was asked for, and put back */
	bool is_again; /* a helper has died with it */
};

struct run_object {
	struct run_object *next; /* in its bucket */
	struct run_object *ready_next;
	struct run_job *first, *last;
	uint32_t id, jobs_n;
	uint32_t running_n; /* of the event that runs now */
	uint32_t event; /* the one that runs now, or ran last */
	uint32_t event_last; /* the one that was queued last */
	bool is_ready; /* in the list of those that have something to start */
};

/* ------------------------------------------------------------------ objects */

static struct run_object **place_of(struct notify_run *r, uint32_t id)
{
	struct run_object **at = &r->bucket[id * 2654435769u >> 20 & (RUN_BUCKETS_N - 1)];

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

static struct run_object *object_of(struct notify_run *r, uint32_t id)
{
	struct run_object **at = place_of(r, id);

	if (!*at) {
		*at = calloc(1, sizeof(**at));
		BUG_ON(!*at);
		(*at)->id = id;
	}
	return *at;
}

static void drop_idle(struct notify_run *r, struct run_object *o)
{
	struct run_object **at = place_of(r, o->id);

	if (o->first || o->running_n || o->is_ready)
		return;
	*at = o->next;
	free(o);
}

/* May its first job start? */
static bool may_start(const struct run_object *o)
{
	return o->first && (!o->running_n || o->first->event == o->event);
}

static void make_ready(struct notify_run *r, struct run_object *o)
{
	if (o->is_ready || !may_start(o))
		return;
	o->is_ready = true;
	o->ready_next = NULL;
	if (r->last)
		r->last->ready_next = o;
	else
		r->first = o;
	r->last = o;
}

static struct run_object *take_ready(struct notify_run *r)
{
	struct run_object *o = r->first;

	r->first = o->ready_next;
	if (!r->first)
		r->last = NULL;
	o->is_ready = false;
	return o;
}

static struct run_job *take_job(struct notify_run *r, struct run_object *o)
{
	struct run_job *j = o->first;

	o->first = j->next;
	if (!o->first)
		o->last = NULL;
	o->jobs_n--;
	r->jobs_n--;
	return j;
}

static void free_job(struct run_job *j)
{
	conf_drop(j->conf);
	free(j);
}

/* ------------------------------------------------------------------ starts and ends */

static struct run_slot *free_slot(struct notify_run *r)
{
	for (uint32_t i = 0; i < RUN_AT_ONCE_N; i++)
		if (!r->slot[i].object)
			return &r->slot[i];
	return NULL;
}

static void add_arg(struct spawn_ask *ask, const char *arg)
{
	if (ask->argc < SPAWN_ARGS_N)
		ask->argv[ask->argc] = arg;
	ask->argc++; /* too many are too much for spawn_ask() */
}

static int ask_for(struct notify_run *r, const struct run_job *j, uint32_t id)
{
	const struct conf_strs *command = &j->script->s.command;
	int64_t limit_us = j->conf->global.s.notify_timeout_us;
	char prio[8];
	struct spawn_ask ask = { .kind = SPAWN_RUN_FIRST,
				 .id = id,
				 .limit_ms = (uint32_t)((limit_us + 999) / 1000),
				 .uid = j->script->account.uid,
				 .gid = j->script->account.gid,
				 .user = j->script->account.groups_of };

	for (uint32_t i = 0; i < command->n; i++)
		add_arg(&ask, command->v[i]);
	(void)snprintf(prio, sizeof(prio), "%u", j->prio);
	if (j->kind) {
		add_arg(&ask, j->kind);
		add_arg(&ask, j->name);
		add_arg(&ask, j->state);
		add_arg(&ask, prio);
	}
	return ask.argc > SPAWN_ARGS_N ? -E2BIG : spawn_ask(&r->client, &ask);
}

/* False: the helper takes nothing now. */
static bool start(struct notify_run *r, struct run_object *o, struct run_slot *slot)
{
	struct run_job *j = o->first;

	BUG_ON(!j);

	int err = ask_for(r, j, slot->id);

	if (err == -EAGAIN || err == -EPIPE)
		return false;
	o->event = j->event;
	(void)take_job(r, o);
	if (err) {
		log_event(LOG_NOTIFY_FAIL, "script=%s error=\"%s\"", j->script->s.command.v[0],
			  strerrordesc_np(-err));
		free_job(j);
	} else {
		slot->object = o;
		slot->job = j;
		o->running_n++;
		r->running_n++;
		/* the helper may run them one by one */
		slot->late_us = clock_now_us() + RUN_LATE_US +
				j->conf->global.s.notify_timeout_us * r->running_n;
		if (!r->late.is_armed)
			timer_arm(&r->loop->timers, &r->late, slot->late_us);
	}
	return true;
}

static void start_some(struct notify_run *r)
{
	while (r->first && r->running_n < RUN_AT_ONCE_N) {
		struct run_object *o = take_ready(r);

		struct run_slot *slot = free_slot(r);

		BUG_ON(!slot);
		if (!start(r, o, slot)) {
			make_ready(r, o);
			timer_arm(&r->loop->timers, &r->again, clock_now_us() + RUN_AGAIN_US);
			return;
		}
		make_ready(r, o);
		drop_idle(r, o);
	}
}

static void on_again(struct timer *t, int64_t now_us)
{
	(void)now_us;
	start_some(container_of(t, struct notify_run, again));
}

static void tell_end(const struct run_slot *slot, const struct spawn_result *res)
{
	const char *path = slot->job->script->s.command.v[0], *name;

	stats_add(STAT_NOTIFY_SCRIPTS, 1);
	switch ((enum spawn_how)res->how) {
	case SPAWN_EXITED:
		if (res->status)
			log_event(LOG_NOTIFY_FAIL, "script=%s status=%d", path, res->status);
		return;
	case SPAWN_KILLED:
		name = sigabbrev_np(res->status);
		log_event(LOG_NOTIFY_FAIL, "script=%s signal=%s", path, name ? name : "?");
		return;
	case SPAWN_TIMEOUT:
		log_event(LOG_NOTIFY_FAIL, "script=%s error=\"did not end in time\"", path);
		return;
	case SPAWN_FAILED:
		log_event(LOG_NOTIFY_FAIL, "script=%s error=\"%s\"", path,
			  strerrordesc_np(res->status));
		return;
	}
}

/* Nothing runs in the slot any more; its job is the caller's. */
static struct run_job *clear_slot(struct notify_run *r, struct run_slot *slot)
{
	struct run_job *j = slot->job;

	slot->object->running_n--;
	r->running_n--;
	slot->object = NULL;
	slot->job = NULL;
	slot->id += RUN_AT_ONCE_N;
	return j;
}

/* Before what waits, but behind what was asked for before it. */
static void put_back(struct notify_run *r, struct run_object *o, struct run_job *j)
{
	struct run_job **at = &o->first;

	while (*at && (*at)->event == j->event && (*at)->is_back)
		at = &(*at)->next;
	j->is_back = true;
	j->next = *at;
	*at = j;
	if (!j->next)
		o->last = j;
	o->jobs_n++;
	r->jobs_n++;
}

/* The slot's script has ended, or is given up. */
static void end_slot(struct notify_run *r, struct run_slot *slot)
{
	struct run_object *o = slot->object;

	free_job(clear_slot(r, slot));
	make_ready(r, o);
	drop_idle(r, o);
}

static void on_late(struct timer *t, int64_t now_us)
{
	struct notify_run *r = container_of(t, struct notify_run, late);
	int64_t next_us = TIMER_NEVER;

	for (uint32_t i = 0; i < RUN_AT_ONCE_N; i++) {
		struct run_slot *slot = &r->slot[i];

		if (slot->object && slot->late_us <= now_us) {
			struct spawn_ask ask = { .kind = SPAWN_CANCEL, .id = slot->id };

			(void)spawn_ask(&r->client, &ask);
			log_event(LOG_NOTIFY_FAIL, "script=%s error=\"no result came\"",
				  slot->job->script->s.command.v[0]);
			end_slot(r, slot);
		} else if (slot->object && slot->late_us < next_us) {
			next_us = slot->late_us;
		}
	}
	if (next_us != TIMER_NEVER)
		timer_arm(&r->loop->timers, t, next_us);
	start_some(r);
}

static void on_result(void *arg, const struct spawn_result *res)
{
	struct notify_run *r = arg;
	struct run_slot *slot = &r->slot[res->id % RUN_AT_ONCE_N];
	if (!slot->object || slot->id != res->id)
		return;
	/* too much waits there: not now */
	if (res->how == SPAWN_FAILED && res->status == EAGAIN) {
		struct run_object *o = slot->object;

		put_back(r, o, clear_slot(r, slot));
		make_ready(r, o);
		timer_arm(&r->loop->timers, &r->again, clock_now_us() + RUN_AGAIN_US);
		return;
	}
	tell_end(slot, res);
	end_slot(r, slot);
	start_some(r);
}

static void on_lost(void *arg)
{
	struct notify_run *r = arg;

	for (uint32_t i = 0; i < RUN_AT_ONCE_N; i++) {
		struct run_object *o = r->slot[i].object;
		struct run_job *j = o ? clear_slot(r, &r->slot[i]) : NULL;

		if (!j)
			continue;
		if (j->is_again) {
			free_job(j);
		} else {
			j->is_again = true;
			put_back(r, o, j);
		}
		make_ready(r, o);
		drop_idle(r, o);
	}
	start_some(r);
}

/* ------------------------------------------------------------------ news */

static void put_job(struct notify_run *r, struct run_object *o, const struct run_job *job)
{
	struct run_job *j;

	if (r->jobs_n >= RUN_JOBS_N || o->jobs_n >= RUN_OBJECT_N) {
		stats_add(STAT_NOTIFY_DROPPED, 1);
		if (!r->is_drop_told)
			log_event(LOG_NOTIFY_DROPPED, "script=%s waiting=%u",
				  job->script->s.command.v[0], r->jobs_n);
		r->is_drop_told = true;
		return;
	}
	j = malloc(sizeof(*j));
	BUG_ON(!j);
	*j = *job;
	conf_hold_again(j->conf);
	if (o->last)
		o->last->next = j;
	else
		o->first = j;
	o->last = j;
	o->jobs_n++;
	r->jobs_n++;
}

void notify_run_say(struct notify_run *r, const struct conf *conf, uint32_t id, const struct say *s)
{
	struct run_object *o;

	if (!s->script_n)
		return;
	o = object_of(r, id);
	o->event_last++;
	for (unsigned i = 0; i < s->script_n; i++) {
		struct run_job j = { .conf = conf,
				     .script = s->script[i].script,
				     .event = o->event_last,
				     .prio = s->prio };

		if (s->script[i].has_args) {
			j.kind = s->kind;
			j.name = s->name;
			j.state = s->state;
		}
		put_job(r, o, &j);
	}
	make_ready(r, o);
	drop_idle(r, o);
	start_some(r);
	if (!r->jobs_n)
		r->is_drop_told = false;
}

bool notify_run_is_idle(const struct notify_run *r)
{
	return !r->jobs_n && !r->running_n;
}

void notify_run_init(struct notify_run *r, struct loop *loop)
{
	r->loop = loop;
	timer_init(&r->again, on_again);
	timer_init(&r->late, on_late);
	for (uint32_t i = 0; i < RUN_AT_ONCE_N; i++)
		r->slot[i].id = i;
	/* without a helper what is asked for waits, and it is told by whom it concerns */
	r->client.lost = on_lost;
	(void)spawn_client_listen(&r->client, loop, on_result, r);
}

void notify_run_fini(struct notify_run *r)
{
	spawn_client_close(&r->client, r->loop);
	timer_disarm(&r->loop->timers, &r->again);
	timer_disarm(&r->loop->timers, &r->late);
	for (uint32_t i = 0; i < RUN_AT_ONCE_N; i++)
		if (r->slot[i].object)
			free_job(clear_slot(r, &r->slot[i]));
	for (uint32_t b = 0; b < RUN_BUCKETS_N; b++) {
		struct run_object *next;

		for (struct run_object *o = r->bucket[b]; o; o = next) {
			next = o->next;
			while (o->first)
				free_job(take_job(r, o));
			free(o);
		}
		r->bucket[b] = NULL;
	}
}
