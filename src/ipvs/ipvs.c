/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ipvs.h.
 */
#include "ipvs/ipvs.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/stats.h"
#include "ipvs/count.h"
#include "ipvs/drive.h"
#include "ipvs/ipvs_log.h"
#include "ipvs/ipvs_stop.h"
#include "ipvs/ipvs_tell.h"
#include "ipvs/knobs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BACKOFF_MIN_US MS(100)
#define BACKOFF_MAX_US SEC(10)
#define CALM_US SEC(60) /* without a wrong belief until the next one is mended at once again */
#define DRIFT_US SEC(30) /* from one look for changes of others to the next, unless it is set */
#define QUIET_US MS(500) /* of pause before ipvs.synced is logged again */
#define RAMP_US MS(500) /* from one step of a server that comes back to the next */
#define DRAIN_US SEC(1) /* from one look for connections of servers that drain to the next */
#define HOLD_US SEC(10) /* from one look for servers that are held to the next */
#define KNOBS_US SEC(10) /* until timeouts or synchronisation are tried again */

/* A retry that waits longer each time, until it was of use. */
struct backoff {
	struct timer timer;
	int64_t delay_us;
};

struct ipvs {
	struct role role;
	struct drive drive;
	struct backoff stale, refused;
	struct timer drift, quiet, again, ramp, drain, hold;
	struct count count;
	struct fact counted; /* to main */
	struct fact *resume; /* one for each check worker */
	struct knobs knobs;
	struct timer knobs_again;
	bool must_set_knobs; /* when no request waits */
	int64_t stale_at_us; /* when the table was last read because the belief was wrong */
	uint64_t told_requests_n; /* of ipvs.synced */
	uint32_t told_drift_n; /* of ipvs.drift */
	bool is_told_dump; /* a failing dump has been logged */
	bool is_gone; /* the kernel has no IPVS any more */
	bool is_fresh; /* a whole plan is being worked off */
	bool has_more; /* the last batch did not hold all that is to be done */
};

static struct ipvs *of(struct role *r)
{
	return container_of(r, struct ipvs, role);
}

static void arm_backoff(struct ipvs *v, struct backoff *b)
{
	if (b->timer.is_armed)
		return;
	timer_arm(&v->role.loop.timers, &b->timer, clock_now_us() + b->delay_us);
	b->delay_us = b->delay_us * 2 < BACKOFF_MAX_US ? b->delay_us * 2 : BACKOFF_MAX_US;
}

static void tell_unread(struct ipvs *v, int err)
{
	if (err == -ENODEV && !v->is_gone)
		log_event(LOG_IPVS_GONE, "%s", "");
	else if (err != -ENODEV && !v->is_told_dump)
		log_event(LOG_IPVS_FAIL, "op=dump error=\"%s\"", strerrordesc_np(-err));
	v->is_gone = v->is_gone || err == -ENODEV;
	v->is_told_dump = true;
}

static void tell_read(struct ipvs *v)
{
	if (v->is_gone) {
		log_event(LOG_IPVS_BACK, "%s", "");
		v->must_set_knobs = true;
		v->knobs = (struct knobs){ 0 }; /* they went with it */
	}
	v->is_gone = v->is_told_dump = false;
}

static void read_again(struct ipvs *v, const char *why)
{
	struct drive *d = &v->drive;
	bool is_changed = false, was_gone = v->is_gone;
	int err = drive_read(d, &is_changed);

	if (err) {
		d->is_stale = true;
		tell_unread(v, err);
		return;
	}
	tell_read(v);
	if (!d->plan.op_n)
		return;
	v->is_fresh = true;
	/* else it is only tried again, what was refused before */
	if (is_changed && !was_gone)
		log_event(LOG_IPVS_REPAIR, "why=%s changes=%u", why, d->plan.op_n);
}

static void on_stale(struct timer *t, int64_t now_us)
{
	container_of(t, struct ipvs, stale.timer)->stale_at_us = now_us;
	read_again(container_of(t, struct ipvs, stale.timer), "unexpected_answer");
}

static void on_refused(struct timer *t, int64_t now_us)
{
	struct ipvs *v = container_of(t, struct ipvs, refused.timer);

	(void)now_us;
	/* reading anew is a retry too */
	if (!v->drive.is_stale && v->drive.is_refused)
		drive_retry(&v->drive);
}

static struct fields_drift drift_of(const struct conf *c)
{
	const struct conf_range *r = &c->global.s.drift;

	return r->n ? c->drift[r->first].s
		    : (struct fields_drift){ .mode = DRIFT_REPAIR, .interval_us = DRIFT_US };
}

/* Only says what others have changed. */
static void report_drift(struct ipvs *v)
{
	uint32_t n = 0;
	int err = drive_compare(&v->drive, &n);

	if (err) {
		tell_unread(v, err);
		v->drive.is_stale = err == -ENODEV;
		return;
	}
	tell_read(v);
	if (n && n != v->told_drift_n)
		log_event(LOG_IPVS_DRIFT, "entries=%u", n);
	v->told_drift_n = n;
}

static void on_drift(struct timer *t, int64_t now_us)
{
	struct ipvs *v = container_of(t, struct ipvs, drift);
	struct fields_drift f = drift_of(v->role.conf);

	if (f.mode == DRIFT_OFF)
		return;
	timer_arm(&v->role.loop.timers, t, now_us + f.interval_us);
	/* with work left the belief is about to change anyway */
	if (v->has_more || v->drive.is_stale)
		return;
	if (f.mode == DRIFT_REPORT)
		report_drift(v);
	else
		read_again(v, "changed_by_others");
}

static void on_ramp(struct timer *t, int64_t now_us)
{
	struct ipvs *v = container_of(t, struct ipvs, ramp);

	if (drive_ramp(&v->drive, now_us))
		timer_arm(&v->role.loop.timers, t, now_us + RAMP_US);
}

static void on_drain(struct timer *t, int64_t now_us)
{
	struct ipvs *v = container_of(t, struct ipvs, drain);

	if (drive_look(&v->drive, now_us))
		timer_arm(&v->role.loop.timers, t, now_us + DRAIN_US);
}

static void on_hold(struct timer *t, int64_t now_us)
{
	struct ipvs *v = container_of(t, struct ipvs, hold);

	if (drive_hold(&v->drive, now_us))
		timer_arm(&v->role.loop.timers, t, now_us + HOLD_US);
}

static void on_knobs(struct timer *t, int64_t now_us)
{
	(void)now_us;
	container_of(t, struct ipvs, knobs_again)->must_set_knobs = true;
}

static void tell_synced(struct ipvs *v)
{
	struct drive *d = &v->drive;
	uint32_t svc_n, dest_n;

	table_count(&d->plan.seats, &svc_n, &dest_n);
	log_event(LOG_IPVS_SYNCED, "services=%u dests=%u requests=%llu", svc_n, dest_n,
		  (unsigned long long)(d->requests_n - v->told_requests_n));
	v->told_requests_n = d->requests_n;
	v->is_fresh = false;
	timer_disarm(&v->role.loop.timers, &v->quiet);
}

static void on_quiet(struct timer *t, int64_t now_us)
{
	struct ipvs *v = container_of(t, struct ipvs, quiet);

	(void)now_us;
	if (!v->has_more && !v->drive.is_stale && !v->drive.is_refused)
		tell_synced(v);
}

/* The loop need only come round again. */
static void on_again(struct timer *t, int64_t now_us)
{
	(void)t;
	(void)now_us;
}

static int init(struct role *r)
{
	struct ipvs *v = of(r);
	int err = drive_init(&v->drive, v->drive.kern);

	v->resume = calloc(r->board->check_n + 1, sizeof(*v->resume));
	BUG_ON(!v->resume);
	for (unsigned i = 0; i < r->board->check_n; i++)
		fact_init(&v->resume[i], MSG_RESUME, 0);

	if (err)
		log_event(LOG_IPVS_FAIL, "op=dump error=\"%s\"", strerrordesc_np(-err));
	return err;
}

static void adopt(struct role *r, const struct conf *old, const struct conf *new)
{
	struct ipvs *v = of(r);

	ipvs_tell_adopted(&v->drive, old, new);

	int err = drive_adopt(&v->drive, old, new);

	if (err)
		log_event(LOG_IPVS_FAIL, "op=flush error=\"%s\"", strerrordesc_np(-err));
	else if (!old && new->global.s.lvs_flush)
		log_event(LOG_IPVS_FLUSHED, "%s", "");
	v->is_fresh = true;
	v->must_set_knobs = true;
	v->refused.delay_us = BACKOFF_MIN_US;
	timer_disarm(&r->loop.timers, &v->refused.timer);
	timer_arm(&r->loop.timers, &v->drift, clock_now_us() + drift_of(new).interval_us);
	timer_arm(&r->loop.timers, &v->ramp, 0);
	timer_arm(&r->loop.timers, &v->drain, 0);
	timer_arm(&r->loop.timers, &v->hold, clock_now_us() + HOLD_US);
	if (old)
		return;
	ipvs_log_adopted(&v->drive);
	timer_arm(&r->loop.timers, &v->again, 0); /* the first turn may be a long sleep away */
}

static bool take_health(struct ipvs *v, uint32_t id, uint64_t value)
{
	const struct conf *c = v->role.conf;
	const struct conf_probe *p = conf_probe(c, (struct probe_id){ id });
	struct health h = health_unpack(value);
	enum health_verdict now, was;

	if (!p)
		return false;
	was = (enum health_verdict)v->drive.state.server[p->rs].verdict;
	if (drive_health(&v->drive, (uint32_t)(p - c->probe), h, clock_now_us(), &now) &&
	    now != HEALTH_UNKNOWN)
		ipvs_log_server(c, p->rs, now, h);
	ipvs_tell_health(&v->drive, (uint32_t)(p - c->probe), was, h);
	return true;
}

static bool take_says(struct ipvs *v, uint32_t id, uint64_t value)
{
	const struct conf *c = v->role.conf;
	const struct conf_probe *p = conf_probe(c, (struct probe_id){ id });
	struct says says = says_unpack(value);

	if (!p)
		return false;

	uint8_t was = v->drive.state.server[p->rs].admin;
	uint32_t weight = state_weight(&v->drive.state, p->rs);

	if (drive_says(&v->drive, (uint32_t)(p - c->probe), says, clock_now_us())) {
		ipvs_log_admin(c, p->rs,
			       (struct admin){ .state = v->drive.state.server[p->rs].admin });
		ipvs_tell_admin(&v->drive, p->rs, was);
	}
	if (state_weight(&v->drive.state, p->rs) != weight)
		ipvs_tell_weight(&v->drive, p->rs);
	return true;
}

static bool take_admin(struct ipvs *v, uint32_t id, uint64_t value)
{
	const struct conf *c = v->role.conf;
	const struct conf_rs *rs = conf_rs(c, (struct rs_id){ id });
	struct admin a = admin_unpack(value);

	if (!rs)
		return false;

	uint32_t i = (uint32_t)(rs - c->rs);
	uint8_t was = v->drive.state.server[i].admin;

	if (drive_admin(&v->drive, i, a, clock_now_us())) {
		ipvs_log_admin(c, i, a);
		ipvs_tell_admin(&v->drive, i, was);
	}
	return true;
}

static bool take_vrrp(struct ipvs *v, uint32_t id, uint64_t value)
{
	const struct conf *c = v->role.conf;
	const struct conf_vrrp *in = conf_inst(c, (struct inst_id){ id });

	if (!in)
		return false;
	drive_vrrp(&v->drive, (uint32_t)(in - c->vrrp), value == MSG_VRRP_ACTIVE);
	v->must_set_knobs = v->must_set_knobs || c->global.s.sync_daemon.n;
	return true;
}

/* ------------------------------------------------------------------ counters */

/* A question that comes while another is answered is the same one again: main asks one at a time. */
static void take_question(struct ipvs *v, uint64_t number)
{
	if (!v->count.next)
		count_begin(&v->count, number, clock_now_us());
	v->count.next->number = number;
}

static void count_some(struct ipvs *v)
{
	struct counters *c;

	if (!v->count.next)
		return;
	c = count_step(&v->count, &v->drive, clock_now_us());
	timer_arm(&v->role.loop.timers, &v->again, 0);
	if (!c)
		return;

	uint64_t number = c->number;

	counters_publish(&v->role.board->counters, c);
	if (v->role.board->main)
		fact_post(v->role.board->main, &v->counted, number);
}

/* ------------------------------------------------------------------ turns */

static void fact(struct role *r, enum msg_type type, uint32_t id, uint64_t value)
{
	struct ipvs *v = of(r);
	bool is_known = false;

	if (!r->conf)
		return;
	if (type == MSG_HEALTH)
		is_known = take_health(v, id, value);
	else if (type == MSG_WEIGHT)
		is_known = take_says(v, id, value);
	else if (type == MSG_ADMIN)
		is_known = take_admin(v, id, value);
	else if (type == MSG_VRRP_STATE)
		is_known = take_vrrp(v, id, value);
	if (type == MSG_COUNT)
		take_question(v, value);
	else if (!is_known)
		stats_add(STAT_MSG_UNKNOWN_ID, 1);
}

static void settle_idle(struct ipvs *v)
{
	struct drive *d = &v->drive;

	if (d->is_stale)
		return;
	/* somebody who fights over an entry must not make us read the table ten times a second */
	if (clock_now_us() - v->stale_at_us > CALM_US)
		v->stale.delay_us = BACKOFF_MIN_US;
	if (d->is_refused)
		return;
	v->refused.delay_us = BACKOFF_MIN_US;
	free(d->plan.op); /* done; the seats stay */
	d->plan.op = NULL;
	d->plan.op_n = d->plan.op_cap = d->plan_at = 0;
	if (v->is_fresh)
		tell_synced(v);
	else if (d->requests_n != v->told_requests_n && !v->quiet.is_armed)
		timer_arm(&v->role.loop.timers, &v->quiet, clock_now_us() + QUIET_US);
}

/* Settings beside the table wait until it is in order. */
static void settle_knobs(struct ipvs *v)
{
	if (!v->must_set_knobs || v->is_gone)
		return;
	v->must_set_knobs = false;
	if (!knobs_set(&v->knobs, v->drive.kern, v->role.conf, &v->drive.state.here))
		timer_arm(&v->role.loop.timers, &v->knobs_again, clock_now_us() + KNOBS_US);
}

/* Checks of services that have come to this router begin at once. */
static void wake_checks(struct ipvs *v)
{
	const struct board *b = v->role.board;

	if (!v->drive.has_resumed)
		return;
	v->drive.has_resumed = false;
	for (unsigned i = 0; i < b->check_n; i++)
		fact_post(b->check[i], &v->resume[i], fact_value(&v->resume[i]) + 1);
}

static void arm_lists(struct ipvs *v)
{
	struct timer_heap *h = &v->role.loop.timers;

	if (v->drive.ramp.n && !v->ramp.is_armed)
		timer_arm(h, &v->ramp, clock_now_us() + RAMP_US);
	if (v->drive.drain.n && !v->drain.is_armed)
		timer_arm(h, &v->drain, clock_now_us() + DRAIN_US);
	if (v->drive.hold.n && !v->hold.is_armed)
		timer_arm(h, &v->hold, clock_now_us() + HOLD_US);
}

/* One batch a turn, so that news of dead servers never wait for more than one. */
static void reconcile(struct role *r)
{
	struct ipvs *v = of(r);
	struct drive *d = &v->drive;

	if (!r->conf)
		return;
	v->has_more = drive_step(d);
	ipvs_tell_again(d);
	if (v->has_more) {
		timer_arm(&r->loop.timers, &v->again, 0);
	} else {
		settle_idle(v);
		settle_knobs(v);
	}
	count_some(v);
	wake_checks(v);
	arm_lists(v);
	if (d->is_stale)
		arm_backoff(v, &v->stale);
	if (d->is_refused)
		arm_backoff(v, &v->refused);
}

static void fini(struct role *r)
{
	struct ipvs *v = of(r);

	if (atomic_load(&r->board->must_clean) && r->conf)
		ipvs_stop(&v->drive, &v->knobs);
}

struct ipvs *ipvs_new(struct board *board, struct ipvs_kern *kern)
{
	static const struct role_ops ops = {
		.init = init,
		.adopt = adopt,
		.fact = fact,
		.reconcile = reconcile,
		.fini = fini,
	};
	struct ipvs *v = calloc(1, sizeof(*v));

	BUG_ON(!v);
	v->role.name = "vipd-ipvs";
	v->role.id = ROLE_IPVS;
	v->role.ops = &ops;
	v->role.board = board;
	v->drive.kern = kern;
	v->drive.tell = ipvs_log_event;
	v->drive.tell_arg = &v->drive;
	v->drive.events = board->ipvs_events;
	v->stale.delay_us = v->refused.delay_us = BACKOFF_MIN_US;
	timer_init(&v->stale.timer, on_stale);
	timer_init(&v->refused.timer, on_refused);
	timer_init(&v->drift, on_drift);
	timer_init(&v->ramp, on_ramp);
	timer_init(&v->drain, on_drain);
	timer_init(&v->hold, on_hold);
	timer_init(&v->knobs_again, on_knobs);
	timer_init(&v->quiet, on_quiet);
	timer_init(&v->again, on_again);
	fact_init(&v->counted, MSG_COUNTED, 0);
	return v;
}

struct role *ipvs_role(struct ipvs *v)
{
	return &v->role;
}

int64_t ipvs_stop_us(const struct conf *c, const struct role *r)
{
	bool is_draining = r->id == ROLE_IPVS && c->global.s.on_stop == ON_STOP_DRAIN;

	return is_draining ? c->global.s.drain_limit_us : 0;
}

void ipvs_free(struct ipvs *v)
{
	if (!v)
		return;
	counters_publish(&v->role.board->counters, NULL);
	count_fini(&v->count);
	free(v->resume);
	drive_fini(&v->drive);
	kern_close(v->drive.kern);
	free(v);
}
