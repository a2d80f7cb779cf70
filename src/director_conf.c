/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See director.h. The only thread that publishes a configuration is main, and here is where.
 */
#include "director.h"

#include "check/kit.h"
#include "check/sched.h"
#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/conf_mark.h"
#include "core/conf/conf_share.h"
#include "core/conf/conf_suspend.h"
#include "core/log.h"
#include "core/ops/admin.h"
#include "core/ops/logging.h"
#include "core/ops/memory.h"
#include "core/ops/spawn.h"
#include "core/ops/verdict.h"
#include "core/status.h"
#include "ipvs/marks.h"
#include "vrrp/accept.h"
#include "vrrp/pkt.h"
#include "vrrp/vrrp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	TIDY_AFTER_S =
		30, /* from the last reload until memory is given back: the next may come soon */
};

/* ------------------------------------------------------------------ memory */

/* A while after the last reload, when every role has let go of the old generation. */
void director_on_tidy(struct timer *t, int64_t now_us)
{
	(void)now_us;
	memory_trim(&container_of(t, struct daemon, tidy)->is_lock_told);
}

static void tidy_later(struct daemon *d)
{
	timer_arm(&d->role.loop.timers, &d->tidy, clock_now_us() + SEC(TIDY_AFTER_S));
}

/* ------------------------------------------------------------------ configuration */

unsigned director_check_workers(const struct conf *c)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (c->workers.s.check_threads)
		return c->workers.s.check_threads;
	return cpus < 1 ? 1 : cpus > CHECK_WORKERS_MAX ? CHECK_WORKERS_MAX : (unsigned)cpus;
}

/* Loads the first generation; findings go to standard error. NULL: *status says why. */
struct conf *director_load(const struct options *o, int *status)
{
	struct err_list errs = { 0 };
	struct conf_ask ask = {
		.path = o->file, .node = o->node, .base_dir = o->base_dir, .vet = kit_make
	};
	struct conf *c = conf_open(&ask, o->format, &errs);

	findings_print(&errs, stderr);
	if (!c)
		*status = ask.is_unreadable ? EXIT_UNREADABLE
			  : ask.is_insecure ? EXIT_INSECURE
					    : EXIT_CONF;
	err_fini(&errs);
	return c;
}

/* Makes c, whose ids are minted, the configuration of all roles. */
void director_publish(struct daemon *d, struct conf *c)
{
	const struct conf *old = d->conf;

	conf_share(c, old, d->check_n, sched_worker);
	c->gen = old ? old->gen + 1 : 1;
	c->vrrp_run = arena_alloc(&c->arena, vrrp_run_len(c));
	c->status = status_new(c);
	c->status->drop_name = vrrp_drop_name;
	c->status->drops_n = VRRP_DROP_N;
	/* touched here, so that the VRRP thread need not fault these pages in */
	memset(c->vrrp_run, 0, vrrp_run_len(c));
	c->check_run = arena_alloc(&c->arena, check_run_len(c));
	record_make(&d->record, c, old, clock_now_us(), &d->found);
	if (d->record.homeless_n)
		log_event(LOG_RECORD_FULL, "count=%u", d->record.homeless_n);
	conf_suspend_make(c, old);
	conf_mark_make(c, old);
	marks_apply(d->netns, old, c);
	accept_apply(old, c); /* before anybody may become active with it */
	conf_publish(&d->board.conf, c);
	d->conf = conf_hold(&d->board.conf);
	spawn_limit(c->workers.s.scripts_max);
	logging_adopt(&d->opt, old, c);
	if (old)
		conf_drop(old);
	admin_adopt(d->admin, c, admin_now_s());
	for (unsigned i = 0; i < d->role_n; i++)
		fact_post(&d->roles[i]->box, &d->roles[i]->snap_fact, c->gen);
}

/* Everything of a reload but the last step. file, base_dir: NULL = those of the command line. */
void director_make_next(void *arg, struct reload *r, const char *file, const char *base_dir,
			bool is_forced)
{
	struct daemon *d = arg;
	const struct options *o = &d->opt;
	struct reload_from from = {
		.file = file ? file : o->file,
		.node = o->node,
		.base_dir = base_dir ? base_dir : o->base_dir,
		.format = file ? CONF_FORMAT_GUESS : o->format,
		.has_table = d->has_kernel || o->is_memory,
		.vet = kit_make,
	};
	struct reload_now now = { .conf = d->conf, .minter = d->minter };

	life_reload(d->life, true);
	giveway_begin(&d->giveway);
	reload_make(r, &from, &now, is_forced);
	giveway_end(&d->giveway);
	if (d->life && d->role.pulse) /* what took so long was no fault */
		atomic_fetch_add(&d->role.pulse->turns, 1);
	life_reload(d->life, false);
	tidy_later(d);
}

/* The last step. */
void director_commit(void *arg, struct reload *r)
{
	struct daemon *d = arg;

	reload_log(r, d->conf->gen);
	if (r->verdict != RELOAD_GOOD)
		return;
	d->minter = r->minter;
	director_publish(d, r->next);
	memory_lock(&d->is_lock_told); /* the new generation's */
	r->next = NULL; /* it is everybody's now */
}

void director_reload(struct daemon *d)
{
	struct reload *r = calloc(1, sizeof(*r));

	BUG_ON(!r);
	director_make_next(d, r, NULL, NULL, false);
	director_commit(d, r);
	reload_fini(r);
	free(r);
}

/* What has changed since the last time it was told. */
static void tell_applied(struct daemon *d)
{
	struct changes_sum sum;
	char text[CHANGES_TEXT_LEN];

	changes_sum(&sum, d->told, d->conf);
	log_event(LOG_CONF_APPLIED, "gen=%llu changes=\"%s\"", (unsigned long long)d->conf->gen,
		  changes_text(&sum, text));
	if (director_check_workers(d->conf) != d->check_n)
		log_event(LOG_CONF_NEEDS_RESTART, "setting=workers.check_threads running=%u",
			  d->check_n);
}

/* Tells it once when the last role works with the newest generation. */
void director_on_ack(struct daemon *d, uint32_t role_id, uint64_t gen)
{
	d->acked[role_id] = gen;
	for (unsigned i = 0; i < d->role_n; i++)
		if (d->acked[d->roles[i]->id] < d->conf->gen)
			return;
	if (d->told == d->conf)
		return;
	if (d->told) /* of the first generation, vipd.ready tells */
		tell_applied(d);
	if (d->told)
		conf_drop(d->told);
	conf_hold_again(d->conf);
	d->told = d->conf;
	record_settled(&d->record, d->told->gen);
	director_tell_ready(d);
}
