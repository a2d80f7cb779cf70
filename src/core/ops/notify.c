/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * DOC: the notify role
 *
 * One thread takes the events that the VRRP and the IPVS role post (core/event.h), keeps the last of
 * them (past.h), decides whom to tell what (notify_told.h, notify_say.h) and tells it: scripts
 * (notify_run.h), FIFOs (notify_fifo.h), mails (notify_mail.h), a webhook (notify_web.h). None of them waits
 * for another, and nobody waits for this thread.
 *
 *	[vrrp] -> ring --.				  .-> scripts, by the helper
 *			  +-> source -> told -> say -> tell +-> FIFOs
 *	[ipvs] -> ring --'		   `-> past	  `-> mails
 *
 * Each ring is a source with a generation of its own: the one that names what is in it. It moves on to the
 * one that the role that posts has adopted when every event from before has been taken. So a reload can
 * remove an instance, and its last events still find its name and its scripts. The FIFOs of a
 * configuration are there before its first event is told, and those of the one before until its last.
 *
 * It is the last role to stop: what the others post while they stop is told.
 */
#include "core/ops/notify.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/event.h"
#include "core/log.h"
#include "core/ops/notify_fifo.h"
#include "core/ops/notify_mail.h"
#include "core/ops/notify_run.h"
#include "core/ops/notify_told.h"
#include "core/ops/notify_web.h"
#include "core/ops/past.h"

#include <stdlib.h>
#include <string.h>

enum {
	TURN_N = 1024, /* events taken from a ring in one turn */
	NEWER_N = 4, /* configurations that a source may be behind and still see each of them */
};

struct source {
	struct event_ring *ring;
	const struct conf
		*conf; /* of the events that come next; holds a reference; NULL: none yet */
	void (*advance)(struct told *t, const struct conf *old, const struct conf *new);
	uint64_t lost_n; /* as told last */
	uint8_t kinds; /* of FIFOs: enum say_fifo */
};

struct notify {
	struct role role;
	struct event_ring vrrp_ring, ipvs_ring;
	struct source source[2];
	struct told told;
	struct past *past;
	struct notify_run run;
	struct notify_fifos fifos;
	struct notify_mail mail;
	struct notify_web web;
	const struct conf *fifos_conf; /* whose FIFOs are there; only compared */
	/* adopted here, and not yet by all who post: oldest first; holds references */
	const struct conf *newer[NEWER_N];
	unsigned newer_n;
	struct fact told_fact;
	struct timer again;
};

static struct notify *of(struct role *r)
{
	return container_of(r, struct notify, role);
}

/* ------------------------------------------------------------------ telling */

static void on_say(void *arg, const struct conf *c, uint32_t id, const struct say *s)
{
	struct notify *n = arg;

	notify_run_say(&n->run, c, id, s);
	notify_fifo_say(&n->fifos, s);
	notify_mail_say(&n->mail, s);
}

/* ------------------------------------------------------------------ sources */

static void drop_newer(struct notify *n)
{
	conf_drop(n->newer[0]);
	memmove(n->newer, n->newer + 1, --n->newer_n * sizeof(*n->newer));
}

static void put_newer(struct notify *n, const struct conf *c)
{
	if (n->newer_n == NEWER_N)
		drop_newer(n); /* a source that is so far behind skips it */
	conf_hold_again(c);
	n->newer[n->newer_n++] = c;
}

/* All who post are past it, or have not begun. */
static bool is_passed(const struct notify *n, const struct conf *c)
{
	for (unsigned i = 0; i < 2; i++)
		if (event_gen(n->source[i].ring) &&
		    (!n->source[i].conf || n->source[i].conf->gen < c->gen))
			return false;
	return true;
}

/* The one in which the poster works; NULL: it was not adopted here yet. */
static const struct conf *conf_of(const struct notify *n, uint64_t gen)
{
	for (unsigned i = 0; i < n->newer_n; i++)
		if (n->newer[i]->gen >= gen)
			return n->newer[i];
	return n->role.conf->gen >= gen ? n->role.conf : NULL;
}

static void advance(struct notify *n, struct source *s, const struct conf *new)
{
	const struct conf *old = s->conf;

	notify_fifo_prepare(&n->fifos, new);
	conf_hold_again(new);
	s->advance(&n->told, old, new);
	s->conf = new;
	if (old)
		conf_drop(old);
}

/* True: there may be more. */
static bool take(struct notify *n, struct source *s)
{
	/* before the events: what was posted before it is in the ring then */
	uint64_t gen = event_gen(s->ring);

	for (unsigned i = 0; i < TURN_N; i++) {
		const struct event *e = event_peek(s->ring);

		if (e && s->conf && e->gen <= s->conf->gen) {
			struct past_entry entry;

			told_record(s->conf, e, &entry);
			past_put(n->past, &entry);
			notify_fifo_json(&n->fifos, &entry, s->kinds);
			notify_web_say(&n->web, &entry);
			told_event(&n->told, s->conf, e);
			event_take(s->ring);
			continue;
		}
		/* nothing, or something of a generation that is not adopted here yet */
		if (!gen || (s->conf && gen <= s->conf->gen))
			return false;

		const struct conf *next = conf_of(n, gen);

		if (!next)
			return false;
		advance(n, s, next);
	}
	return true;
}

static bool is_up_to_date(const struct notify *n)
{
	for (unsigned i = 0; i < 2; i++)
		if (event_gen(n->source[i].ring) && n->source[i].conf != n->role.conf)
			return false;
	return true;
}

/* What was lost is told once, when it has stopped. */
static void tell_lost(struct source *s)
{
	uint64_t lost_n = event_lost_n(s->ring);

	if (lost_n == s->lost_n || event_peek(s->ring))
		return;
	log_event(LOG_NOTIFY_LOST, "events=%llu", (unsigned long long)(lost_n - s->lost_n));
	s->lost_n = lost_n;
}

static bool take_all(struct notify *n)
{
	bool has_more = false;

	for (unsigned i = 0; i < 2; i++) {
		has_more |= take(n, &n->source[i]);
		tell_lost(&n->source[i]);
	}
	return has_more;
}

/* ------------------------------------------------------------------ role */

/* The loop need only come round again. */
static void on_again(struct timer *t, int64_t now_us)
{
	(void)t;
	(void)now_us;
}

static int init(struct role *r)
{
	struct notify *n = of(r);

	notify_run_init(&n->run, &r->loop);
	notify_fifo_init(&n->fifos, &r->loop);
	notify_mail_init(&n->mail, &r->loop);
	notify_web_init(&n->web, &r->loop);
	return 0;
}

/* All is done at the end of the turn. */
static void adopt(struct role *r, const struct conf *old, const struct conf *new)
{
	(void)old;
	notify_mail_adopt(&of(r)->mail, new);
	notify_web_adopt(&of(r)->web, new);
	put_newer(of(r), new);
	timer_arm(&r->loop.timers, &of(r)->again, 0);
}

static void reconcile(struct role *r)
{
	struct notify *n = of(r);
	uint64_t was = past_next(n->past);

	if (!r->conf)
		return;
	if (!n->fifos_conf) {
		notify_fifo_adopt(&n->fifos, r->conf); /* before anything is told */
		n->fifos_conf = r->conf;
	}
	if (take_all(n))
		timer_arm(&r->loop.timers, &n->again, 0);
	while (n->newer_n && is_passed(n, n->newer[0]))
		drop_newer(n);
	if (n->fifos_conf != r->conf && is_up_to_date(n)) {
		notify_fifo_adopt(&n->fifos, r->conf);
		n->fifos_conf = r->conf;
	}
	if (past_next(n->past) != was && r->board->main)
		fact_post(r->board->main, &n->told_fact, past_next(n->past) & FACT_VALUE_MAX);
}

static bool is_idle(const struct notify *n)
{
	return notify_run_is_idle(&n->run) && !notify_mail_is_going(&n->mail) &&
	       !notify_web_is_going(&n->web);
}

/* The others have ended: what they posted is told, and what that needs may take a while. */
static void fini(struct role *r)
{
	struct notify *n = of(r);
	int64_t until_us = clock_now_us() + NOTIFY_STOP_US;

	while (r->conf && take_all(n))
		;
	if (n->source[1].conf)
		told_omega(&n->told, n->source[1].conf);
	notify_mail_flush(&n->mail);
	while (!is_idle(n) && clock_now_us() < until_us) {
		loop_wait(&r->loop, MS(100));
		loop_run(&r->loop);
	}
	while (n->newer_n)
		drop_newer(n);
	notify_run_fini(&n->run);
	notify_fifo_fini(&n->fifos);
	notify_mail_fini(&n->mail);
	notify_web_fini(&n->web);
	for (unsigned i = 0; i < 2; i++)
		if (n->source[i].conf)
			conf_drop(n->source[i].conf);
}

struct notify *notify_new(struct board *board)
{
	static const struct role_ops ops = {
		.init = init,
		.adopt = adopt,
		.reconcile = reconcile,
		.fini = fini,
	};
	struct notify *n = calloc(1, sizeof(*n));

	BUG_ON(!n);
	n->role.name = "vipd-notify";
	n->role.id = ROLE_NOTIFY;
	n->role.ops = &ops;
	n->role.board = board;
	n->told = (struct told){ .say = on_say, .arg = n };
	n->past = past_new();
	mail_send_global();
	event_ring_init(&n->vrrp_ring, NOTIFY_VRRP_EVENTS_N, ROLE_VRRP, &n->role.box);
	event_ring_init(&n->ipvs_ring, NOTIFY_IPVS_EVENTS_N, ROLE_IPVS, &n->role.box);
	n->source[0] = (struct source){ .ring = &n->vrrp_ring,
					.advance = told_vrrp_advance,
					.kinds = SAY_VRRP };
	n->source[1] = (struct source){ .ring = &n->ipvs_ring,
					.advance = told_ipvs_advance,
					.kinds = SAY_LVS };
	fact_init(&n->told_fact, MSG_TOLD, 0);
	timer_init(&n->again, on_again);
	/* without a helper its scripts wait for one */
	(void)spawn_client_open(&n->run.client);
	(void)spawn_client_open(&n->fifos.client);
	board->vrrp_events = &n->vrrp_ring;
	board->ipvs_events = &n->ipvs_ring;
	board->past = n->past;
	return n;
}

struct role *notify_role(struct notify *n)
{
	return &n->role;
}

void notify_free(struct notify *n)
{
	if (!n)
		return;
	event_ring_fini(&n->vrrp_ring);
	event_ring_fini(&n->ipvs_ring);
	told_fini(&n->told);
	past_free(n->past);
	free(n);
}
