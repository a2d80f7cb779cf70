/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See script.h. Each script that some instance or group names runs once in its interval, however many
 * name it, the first times a little apart; one that has not ended when its next interval begins is left to run, and that interval is
 * passed over. The helper (core/ops/spawn.h) runs them and ends those whose time is up.
 *
 *	exit status 0				a success
 *	anything else, a signal, time is up	a failure
 *	not started, the helper died		no result: the last one goes on counting; where there is none,
 *						it stays unknown, and what needs it does not begin
 *
 * A reload leaves a script alone unless its command or account has changed. Then it is another question:
 * it runs at once, and the first answer counts. Until then the old answer does, so that the reload alone
 * moves no instance.
 */
#include "vrrp/script.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/idmap.h"
#include "core/log.h"
#include "core/status.h"
#include "vrrp/track.h"
#include "vrrp/tracked.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SLOTS_N = 1 << 20, /* a run's number: the script's slot below, a count of its runs above */
	RETRY_US = 1000000, /* one that could not be run is tried again so soon at least */
	APART_US =
		5000, /* between the first runs of two: they don't fork all at once, ever after */
	SPREAD_US = 1000000, /* but all have begun within this */
	ANSWER_US = 30000000, /* an answer that is later than the time limit by this is lost */
};

struct script {
	struct tracked t; /* first */
	const struct conf_track_script *cf; /* of the configuration that the role holds */
	struct scripts_tracked *of;
	struct status_script *shown; /* of that configuration; NULL: nobody looks */
	struct timer due; /* the next run */
	struct track_count count;
	uint32_t slot;
	int64_t begun_us; /* when the last run was asked for; 0: never */
	bool is_running;
	bool is_told; /* that it can't be run */
	struct script *next;
};

/* The numbers of runs go on from one user of a slot to the next: a late result finds nobody. */
struct slot {
	struct script *user; /* NULL: free */
	uint32_t run_id; /* the last one */
};

struct scripts_tracked {
	struct role *role;
	struct spawn_client client;
	struct script *first;
	struct slot *slot;
	uint32_t slot_n, free_from; /* no free one before this */
	struct tracked *gone;
};

/* ------------------------------------------------------------------ one run */

static void tell(struct script *sc)
{
	tracked_tell(&sc->t, sc->of->role->board,
		     (struct track_state){ .is_known = true, .is_up = sc->count.is_up });
}

static void show(const struct script *sc)
{
	uint32_t bits = (sc->count.is_up ? STATUS_SCRIPT_UP : 0u) |
			(sc->is_running ? STATUS_SCRIPT_RUNS : 0u);

	if (sc->shown)
		STATUS_STORE(&sc->shown->bits, bits);
}

static void run_next(struct script *sc, int64_t at_us)
{
	timer_arm(&sc->of->role->loop.timers, &sc->due, at_us);
}

/* What the VRRP role has of it. */
static const char *state_text(const struct script *sc)
{
	if (sc->t.state.is_known)
		return sc->t.state.is_up ? "up" : "down";
	return sc->count.is_known ? "down" : "unknown"; /* init_fail */
}

static void not_run(struct script *sc, int err)
{
	int64_t retry_us = clock_now_us() + RETRY_US;

	sc->is_running = false;
	show(sc);
	if (!sc->is_told)
		log_event(LOG_TRACK_SCRIPT, "script=%s error=\"%s\" counts_as=%s", sc->cf->s.name,
			  strerrordesc_np(err), state_text(sc));
	sc->is_told = true;
	if (sc->due.at_us > retry_us)
		run_next(sc, retry_us);
}

/* So that a result which is still to come finds nobody. */
static void cancel(struct script *sc)
{
	struct spawn_ask ask = { .kind = SPAWN_CANCEL, .id = sc->of->slot[sc->slot].run_id };

	if (sc->is_running)
		(void)spawn_ask(&sc->of->client, &ask);
	sc->is_running = false;
}

static int64_t limit_us(const struct script *sc)
{
	return sc->cf->s.timeout_us ? sc->cf->s.timeout_us : sc->cf->s.interval_us;
}

static void run(struct script *sc, int64_t now_us)
{
	const struct conf_track_script *cf = sc->cf;
	struct spawn_ask ask = { .kind = SPAWN_RUN_FIRST,
				 .limit_ms = (uint32_t)((limit_us(sc) + 999) / 1000),
				 .uid = cf->account.uid,
				 .gid = cf->account.gid,
				 .user = cf->account.groups_of };
	int err;

	for (uint32_t i = 0; i < cf->s.command.n && i < SPAWN_ARGS_N; i++)
		ask.argv[ask.argc++] = cf->s.command.v[i];
	ask.id = sc->of->slot[sc->slot].run_id += SLOTS_N;
	err = spawn_ask(&sc->of->client, &ask);
	sc->begun_us = now_us;
	sc->is_running = !err;
	show(sc);
	if (err)
		not_run(sc, -err);
}

static void on_due(struct timer *t, int64_t now_us)
{
	struct script *sc = container_of(t, struct script, due);
	int64_t next_us = t->at_us + sc->cf->s.interval_us;

	/* after a standstill it does not run for every interval that was missed */
	run_next(sc, next_us > now_us ? next_us : now_us + sc->cf->s.interval_us);
	if (sc->is_running && now_us - sc->begun_us > limit_us(sc) + ANSWER_US) {
		cancel(sc);
		not_run(sc, ETIMEDOUT);
	}
	if (!sc->is_running)
		run(sc, now_us);
}

static const char *how_text(const struct spawn_result *res, char text[static 32])
{
	switch ((enum spawn_how)res->how) {
	case SPAWN_EXITED:
		(void)snprintf(text, 32, "exit:%d", res->status);
		break;
	case SPAWN_KILLED:
		(void)snprintf(text, 32, "signal:%d", res->status);
		break;
	case SPAWN_TIMEOUT:
		return "timeout";
	case SPAWN_FAILED:
		return "none";
	}
	return text;
}

static void on_result(void *arg, const struct spawn_result *res)
{
	struct scripts_tracked *s = arg;
	uint32_t slot = res->id % SLOTS_N;
	struct script *sc = slot < s->slot_n ? s->slot[slot].user : NULL;
	bool is_success = res->how == SPAWN_EXITED && !res->status;
	char text[32];

	if (!sc || !sc->is_running || s->slot[slot].run_id != res->id)
		return; /* too late */
	if (res->how == SPAWN_FAILED) {
		not_run(sc, res->status);
		return;
	}
	sc->is_running = sc->is_told = false;

	bool is_news = track_count(&sc->count, is_success, sc->cf->s.rise_n, sc->cf->s.fall_n);

	show(sc);
	if (!is_news)
		return;
	log_event(LOG_TRACK_RESULT, "script=%s up=%d result=%s duration_ms=%u", sc->cf->s.name,
		  is_success, how_text(res, text), res->duration_us / 1000);
	tell(sc);
}

static void on_lost(void *arg)
{
	struct scripts_tracked *s = arg;

	for (struct script *sc = s->first; sc; sc = sc->next)
		if (sc->is_running)
			not_run(sc, EPIPE);
}

/* ------------------------------------------------------------------ adoption */

static void take_slot(struct scripts_tracked *s, struct script *sc)
{
	uint32_t i = s->free_from;

	while (i < s->slot_n && s->slot[i].user)
		i++;
	if (i == s->slot_n) {
		uint32_t n = s->slot_n ? s->slot_n * 2 : 16;

		BUG_ON(n > SLOTS_N);
		s->slot = reallocarray(s->slot, n, sizeof(*s->slot));
		BUG_ON(!s->slot);
		for (uint32_t k = s->slot_n; k < n; k++)
			s->slot[k] = (struct slot){ .run_id = k };
		s->slot_n = n;
	}
	s->slot[i].user = sc;
	s->free_from = i + 1;
	sc->slot = i;
}

/* at_us: when it runs first. */
static struct script *add(struct scripts_tracked *s, const struct conf_track_script *cf,
			  int64_t at_us)
{
	struct script *sc = calloc(1, sizeof(*sc));

	BUG_ON(!sc);
	tracked_init(&sc->t, cf->id);
	sc->of = s;
	sc->cf = cf;
	/* the VRRP role begins with it as down too (run_build.c) */
	sc->count.is_known = cf->s.init_fail;
	timer_init(&sc->due, on_due);
	take_slot(s, sc);
	run_next(sc, at_us);
	return sc;
}

static void bury(struct script *sc)
{
	struct scripts_tracked *s = sc->of;

	cancel(sc);
	timer_disarm(&s->role->loop.timers, &sc->due);
	s->slot[sc->slot].user = NULL;
	if (sc->slot < s->free_from)
		s->free_from = sc->slot;
	sc->t.next = s->gone;
	s->gone = &sc->t;
}

static void free_one(struct tracked *t)
{
	free(container_of(t, struct script, t));
}

static bool asks_the_same(const struct conf_track_script *a, const struct conf_track_script *b)
{
	return tracked_same_words(&a->s.command, &b->s.command) &&
	       a->account.uid == b->account.uid && a->account.gid == b->account.gid &&
	       !strcmp(a->account.groups_of, b->account.groups_of);
}

/* old: what sc->cf is of still stands. */
static void keep(struct script *sc, const struct conf_track_script *cf)
{
	bool is_other = !asks_the_same(sc->cf, cf);
	int64_t now_us = clock_now_us(), at_us = sc->begun_us + cf->s.interval_us;
	bool is_sooner = cf->s.interval_us < sc->cf->s.interval_us;

	sc->cf = cf;
	if (is_other) {
		cancel(sc);
		sc->count = (struct track_count){ 0 };
		sc->is_told = false;
		run_next(sc, now_us);
	} else if (is_sooner && at_us < sc->due.at_us) {
		run_next(sc, at_us > now_us ? at_us : now_us);
	}
}

void script_adopt(struct scripts_tracked *s, const struct conf *new)
{
	struct script **now = calloc((size_t) new->track_script_n + 1, sizeof(struct script *));
	bool *used = calloc((size_t) new->track_script_n + 1, sizeof(*used));
	int64_t begin_us = clock_now_us(), step_us = SPREAD_US / (new->track_script_n + 1);
	struct script *next;

	BUG_ON(!now || !used);
	step_us = step_us < APART_US ? step_us : APART_US;
	tracked_used(new, SCHEMA_track_script, used);
	for (struct script *sc = s->first; sc; sc = next) {
		/* scripts come first in the map */
		uint32_t i = idmap_find(&new->track_by_id, sc->t.fact.id);

		next = sc->next;
		if (i < new->track_script_n && used[i])
			now[i] = sc;
		else
			bury(sc);
	}
	s->first = NULL;
	for (uint32_t i = new->track_script_n; i-- > 0;) {
		if (now[i])
			keep(now[i], &new->track_script[i]);
		else if (used[i])
			now[i] = add(s, &new->track_script[i], begin_us + i * step_us);
		if (!now[i])
			continue;
		now[i]->next = s->first;
		s->first = now[i];
		now[i]->shown = new->status ? &new->status->script[i] : NULL;
		show(now[i]);
	}
	free(now);
	free(used);
	tracked_reap(&s->gone, false, free_one);
}

void script_again(struct scripts_tracked *s)
{
	for (struct script *sc = s->first; sc; sc = sc->next)
		tracked_again(&sc->t, s->role->board);
}

/* ------------------------------------------------------------------ life */

struct scripts_tracked *script_new(struct role *role)
{
	struct scripts_tracked *s = calloc(1, sizeof(*s));

	BUG_ON(!s);
	s->role = role;
	s->client.fd = s->client.lf.fd = -1;
	return s;
}

struct spawn_client *script_client(struct scripts_tracked *s)
{
	return &s->client;
}

void script_begin(struct scripts_tracked *s)
{
	s->client.lost = on_lost;
	/* without a helper each script says so */
	(void)spawn_client_listen(&s->client, &s->role->loop, on_result, s);
}

void script_end(struct scripts_tracked *s)
{
	for (struct script *sc = s->first; sc; sc = sc->next)
		timer_disarm(&s->role->loop.timers, &sc->due);
	/* what runs is ended by the helper */
	spawn_client_close(&s->client, &s->role->loop);
}

void script_free(struct scripts_tracked *s)
{
	while (s->first) {
		struct script *sc = s->first;

		s->first = sc->next;
		bury(sc);
	}
	tracked_reap(&s->gone, true, free_one);
	free(s->slot);
	free(s);
}
