/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See drive.h: news of servers and services, and whom they wake.
 */
#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/conf_suspend.h"
#include "core/record.h"
#include "ipvs/drive.h"
#include "ipvs/shown.h"
#include "ipvs/want.h"

static struct drive_queue *list_of(struct drive *d, enum drive_list list)
{
	switch (list) {
	case DRIVE_RAMP:
		return &d->ramp;
	case DRIVE_DRAIN:
		return &d->drain;
	case DRIVE_HOLD:
		return &d->hold;
	}
	BUG("drive_list");
}

void drive_list(struct drive *d, enum drive_list list, uint32_t rs)
{
	struct state_server *s = &d->state.server[rs];

	if (!(s->lists & list))
		drive_queue_put(list_of(d, list), rs);
	s->lists = (uint8_t)(s->lists | list);
}

uint32_t drive_unlist(struct drive *d, enum drive_list list)
{
	uint32_t rs = drive_queue_take(list_of(d, list));
	struct state_server *s = &d->state.server[rs];

	s->lists = (uint8_t)(s->lists & ~(unsigned)list);
	return rs;
}

void drive_news_of(struct drive *d, uint32_t vs)
{
	if (!d->is_news[vs])
		drive_queue_put(&d->news, vs);
	d->is_news[vs] = true;
}

/* Lets a slot wait for its turn when something is to be done for it. */
static void wake(struct drive *d, uint32_t face, uint32_t slot)
{
	struct drive_slot *s = &d->slot[slot];
	struct ipvs_dest want;

	if (s->seat == IPVS_NONE)
		return;
	want_dest(&d->state, face, slot, &want);

	enum kern_do what = plan_dest(&want, &d->plan.seats.dest[s->seat]);

	if (what == KERN_NONE)
		return;
	if (plan_is_stop(what, &want)) {
		if (!s->is_in_stop)
			drive_queue_put(&d->stop, slot);
		s->is_in_stop = true;
	} else {
		if (!s->is_in_later)
			drive_queue_put(&d->later, slot);
		s->is_in_later = true;
	}
}

void drive_wake_server(struct drive *d, uint32_t rs)
{
	const struct conf *c = d->conf;
	uint32_t vs = c->rs[rs].vs;
	const struct face_set *set = &d->state.faces.set[vs];

	for (uint32_t i = set->first; i < set->first + set->n; i++)
		wake(d, i, d->state.faces.face[i].slot + rs - c->vs[vs].s.servers.first);
	shown_server(&d->state, rs);
}

static void wake_service(struct drive *d, uint32_t vs)
{
	const struct face_set *set = &d->state.faces.set[vs];

	for (uint32_t i = set->first; i < set->first + set->n; i++)
		for (uint32_t k = 0; k < set->slots_n; k++)
			wake(d, i, d->state.faces.face[i].slot + k);
	shown_service(&d->state, vs);
	for (uint32_t i = 0; i < d->conf->vs[vs].s.servers.n; i++)
		shown_server(&d->state, d->conf->vs[vs].s.servers.first + i);
}

static void tell(struct drive *d, enum drive_what what, uint32_t vs, bool is_first)
{
	struct drive_event e = { .what = what, .vs = vs, .rs = IPVS_NONE, .is_first = is_first };

	if (d->tell)
		d->tell(d->tell_arg, &e);
}

/* Quorum and panic after all news of this turn. */
void drive_settle(struct drive *d)
{
	while (d->news.n) {
		uint32_t vs = drive_queue_take(&d->news);
		bool was_sorry = state_is_sorry(&d->state, vs);
		struct state_turn t = state_settle(&d->state, vs);

		d->is_news[vs] = false;
		record_put(d->conf->record, RECORD_SERVICE, vs, (uint64_t)t.now);
		if (t.now != t.was)
			tell(d, t.now == QUORUM_UP ? DRIVE_QUORUM_UP : DRIVE_QUORUM_DOWN, vs,
			     t.was == QUORUM_UNKNOWN);
		if (t.is_panic != t.was_panic)
			tell(d, t.is_panic ? DRIVE_PANIC : DRIVE_CALM, vs, false);
		if ((t.now != t.was && d->conf->vs[vs].s.sorry.n) ||
		    was_sorry != state_is_sorry(&d->state, vs) || t.is_panic != t.was_panic)
			wake_service(d, vs);
		shown_service(&d->state, vs);
	}
}

/* A server that was down and comes back begins with little. */
static void begin_ramp(struct drive *d, uint32_t rs, int64_t now_us)
{
	const struct fields_vs *vs = &d->conf->vs[d->conf->rs[rs].vs].s;
	struct state_server *s = &d->state.server[rs];

	if (!vs->slow_start.n || !d->conf->slow_start[vs->slow_start.first].s.window_us)
		return;
	s->since_us = now_us;
	s->ramp_percent = state_ramp(&d->conf->slow_start[vs->slow_start.first].s, 0);
	drive_list(d, DRIVE_RAMP, rs);
}

/* The next full one, so that what is counted from it is never too early; not 0. */
static uint32_t second_of(int64_t now_us)
{
	return (uint32_t)(now_us / SEC(1)) + 1;
}

static bool has_just_left(const struct state_server *s, int64_t now_us)
{
	return s->left_s && now_us - SEC(s->left_s) < DRIVE_HOLD_US;
}

/* A server has failed: it leaves, or is held when it has left a moment ago. */
static void begin_hold(struct drive *d, uint32_t rs, int64_t now_us)
{
	struct state_server *s = &d->state.server[rs];

	s->is_held = has_just_left(s, now_us);
	if (s->is_held)
		drive_list(d, DRIVE_HOLD, rs);
	else
		s->left_s = second_of(now_us);
}

bool drive_hold(struct drive *d, int64_t now_us)
{
	for (uint32_t n = d->hold.n; n > 0; n--) {
		uint32_t rs = drive_unlist(d, DRIVE_HOLD);
		struct state_server *s = &d->state.server[rs];

		if (!s->is_held)
			continue;
		s->is_held = has_just_left(s, now_us);
		if (s->is_held) {
			drive_list(d, DRIVE_HOLD, rs);
			continue;
		}
		s->left_s = second_of(now_us);
		drive_wake_server(d, rs);
	}
	return d->hold.n;
}

bool drive_health(struct drive *d, uint32_t probe, struct health h, int64_t now_us,
		  enum health_verdict *now)
{
	uint32_t rs = d->conf->probe[probe].rs;
	struct state_server *s = &d->state.server[rs];
	enum health_verdict was = (enum health_verdict)s->verdict;
	struct state_probe p = { .verdict = (uint8_t)h.verdict,
				 .reason = h.reason & 0x3fu,
				 .code = h.code,
				 .admin = d->state.probe[probe].admin,
				 .weight = d->state.probe[probe].weight };

	shown_probe(d->conf, probe, h);
	if (!state_take_probe(&d->state, probe, &p)) {
		*now = was;
		return false;
	}
	*now = (enum health_verdict)s->verdict;
	if (was == HEALTH_DOWN && *now == HEALTH_UP)
		begin_ramp(d, rs, now_us);
	if (*now == HEALTH_UP)
		s->is_held = false;
	else if (was == HEALTH_UP && *now == HEALTH_DOWN)
		begin_hold(d, rs, now_us);
	drive_news_of(d, d->conf->rs[rs].vs);
	drive_wake_server(d, rs);
	return *now != was;
}

/* It was in another administrative state. */
static void admin_moved(struct drive *d, uint32_t rs, uint8_t was, int64_t now_us)
{
	struct state_server *s = &d->state.server[rs];

	if (s->admin == ADMIN_DRAIN && was != ADMIN_DRAIN) {
		s->since_us = now_us;
		s->ramp_percent = STATE_RAMP_DONE;
		drive_list(d, DRIVE_DRAIN, rs);
	}
	if (s->admin == ADMIN_READY && was != ADMIN_READY)
		begin_ramp(d, rs, now_us);
}

bool drive_says(struct drive *d, uint32_t probe, struct says says, int64_t now_us)
{
	struct state_probe p = d->state.probe[probe];
	uint32_t rs = d->conf->probe[probe].rs;
	uint8_t was = d->state.server[rs].admin;

	p.weight = says.weight;
	p.admin = says.admin & 3u;
	if (!state_take_probe(&d->state, probe, &p))
		return false;
	admin_moved(d, rs, was, now_us);
	drive_news_of(d, d->conf->rs[rs].vs);
	drive_wake_server(d, rs);
	return d->state.server[rs].admin != was;
}

bool drive_admin(struct drive *d, uint32_t rs, struct admin a, int64_t now_us)
{
	uint8_t was = d->state.server[rs].admin;

	if (!state_take_admin(&d->state, rs, a))
		return false;
	admin_moved(d, rs, was, now_us);
	drive_news_of(d, d->conf->rs[rs].vs);
	drive_wake_server(d, rs);
	return true;
}

static void on_moved(void *arg, uint32_t vs)
{
	struct drive *d = arg;
	struct drive_event e = { .vs = vs, .rs = IPVS_NONE };

	d->state.service[vs].is_suspended = !here_has(&d->state.here, vs);
	(void)conf_suspend_set(d->conf, vs, d->state.service[vs].is_suspended);
	d->has_resumed = d->has_resumed || !d->state.service[vs].is_suspended;
	e.what = d->state.service[vs].is_suspended ? DRIVE_SUSPENDED : DRIVE_RESUMED;
	if (d->tell)
		d->tell(d->tell_arg, &e);
	wake_service(d, vs);
}

void drive_vrrp(struct drive *d, uint32_t inst, bool is_active)
{
	here_set(&d->state.here, inst, is_active, on_moved, d);
}

void drive_end(struct drive *d)
{
	d->state.is_ending = true;
	for (uint32_t vs = 0; vs < d->conf->vs_n; vs++)
		wake_service(d, vs);
}

bool drive_ramp(struct drive *d, int64_t now_us)
{
	const struct conf *c = d->conf;

	for (uint32_t n = d->ramp.n; n > 0; n--) {
		uint32_t rs = drive_unlist(d, DRIVE_RAMP);
		const struct conf_range *slow = &c->vs[c->rs[rs].vs].s.slow_start;
		struct state_server *s = &d->state.server[rs];

		s->ramp_percent = STATE_RAMP_DONE;
		if (slow->n && s->verdict == HEALTH_UP)
			s->ramp_percent =
				state_ramp(&c->slow_start[slow->first].s, now_us - s->since_us);
		if (s->ramp_percent < STATE_RAMP_DONE)
			drive_list(d, DRIVE_RAMP, rs);
		drive_wake_server(d, rs);
	}
	return d->ramp.n;
}
