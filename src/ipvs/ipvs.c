/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ipvs.h.
 */
#include "ipvs/ipvs.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/reason.h"
#include "core/stats.h"
#include "ipvs/drive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKOFF_MIN_US MS(100)
#define BACKOFF_MAX_US SEC(10)
#define CALM_US SEC(60) /* without a wrong belief until the next one is mended at once again */
#define REPAIR_US SEC(60) /* from one look for changes of others to the next */
#define QUIET_US MS(500) /* of pause before ipvs.synced is logged again */

/* A retry that waits longer each time, until it was of use. */
struct backoff {
	struct timer timer;
	int64_t delay_us;
};

struct ipvs {
	struct role role;
	struct drive drive;
	struct backoff stale, refused;
	struct timer repair, quiet, again;
	int64_t stale_at_us; /* when the table was last read because the belief was wrong */
	uint64_t told_requests_n; /* of ipvs.synced */
	bool is_told_dump; /* a failing dump has been logged */
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

static void read_again(struct ipvs *v, const char *why)
{
	struct drive *d = &v->drive;
	bool is_changed = false;
	int err = drive_read(d, &is_changed);

	if (err) {
		d->is_stale = true;
		if (!v->is_told_dump)
			log_event(LOG_IPVS_FAIL, "op=dump error=\"%s\"", strerrordesc_np(-err));
		v->is_told_dump = true;
		return;
	}
	v->is_told_dump = false;
	if (!d->plan.op_n)
		return;
	v->is_fresh = true;
	/* else it is only tried again, what was refused before */
	if (is_changed)
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

static void on_repair(struct timer *t, int64_t now_us)
{
	struct ipvs *v = container_of(t, struct ipvs, repair);

	timer_arm(&v->role.loop.timers, t, now_us + REPAIR_US);
	/* with work left the belief is about to change anyway */
	if (!v->has_more && !v->drive.is_stale)
		read_again(v, "changed_by_others");
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

	if (err)
		log_event(LOG_IPVS_FAIL, "op=dump error=\"%s\"", strerrordesc_np(-err));
	return err;
}

static void tell_adopted(const struct drive *d)
{
	const struct ipvs_table *seats = &d->plan.seats;
	uint32_t svc_n, dest_n;

	table_count(seats, &svc_n, &dest_n);
	log_event(LOG_IPVS_ADOPT, "services=%u dests=%u foreign=%u changes=%u", svc_n, dest_n,
		  d->plan.foreign_n, d->plan.op_n);
}

static void adopt(struct role *r, const struct conf *old, const struct conf *new)
{
	struct ipvs *v = of(r);

	drive_adopt(&v->drive, old, new);
	v->is_fresh = true;
	v->refused.delay_us = BACKOFF_MIN_US;
	timer_disarm(&r->loop.timers, &v->refused.timer);
	if (old)
		return;
	tell_adopted(&v->drive);
	timer_arm(&r->loop.timers, &v->repair, clock_now_us() + REPAIR_US);
	timer_arm(&r->loop.timers, &v->again, 0); /* the first turn may be a long sleep away */
}

static void tell_server(const struct conf *c, uint32_t rs, enum health_verdict now, struct health h)
{
	const struct conf_rs *s = &c->rs[rs];
	char addr[ADDR_PORT_TEXT_LEN], code[16] = "";

	if (h.code)
		(void)snprintf(code, sizeof(code), " code=%u", h.code);
	log_event(now == HEALTH_UP ? LOG_SERVER_UP : LOG_SERVER_DOWN,
		  "vs=%s rs=%s reason=%s%s duration_ms=%u", c->vs[s->vs].s.name,
		  addr_port_text(&s->s.addr, s->s.port, addr), reason_name(h.reason), code,
		  h.duration_us / 1000);
}

static void fact(struct role *r, enum msg_type type, uint32_t id, uint64_t value)
{
	struct ipvs *v = of(r);
	const struct conf *c = r->conf;
	enum health_verdict now;

	if (type != MSG_HEALTH)
		return;

	const struct conf_probe *p = c ? conf_probe(c, (struct probe_id){ id }) : NULL;
	struct health h = health_unpack(value);

	if (!p) {
		stats_add(STAT_MSG_UNKNOWN_ID, 1);
		return;
	}
	if (drive_health(&v->drive, (uint32_t)(p - c->probe), h, &now) && now != HEALTH_UNKNOWN)
		tell_server(c, p->rs, now, h);
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

/* One batch a turn, so that news of dead servers never wait for more than one. */
static void reconcile(struct role *r)
{
	struct ipvs *v = of(r);
	struct drive *d = &v->drive;

	if (!r->conf)
		return;
	v->has_more = drive_step(d);
	if (v->has_more)
		timer_arm(&r->loop.timers, &v->again, 0);
	else
		settle_idle(v);
	if (d->is_stale)
		arm_backoff(v, &v->stale);
	if (d->is_refused)
		arm_backoff(v, &v->refused);
}

static void fini(struct role *r)
{
	struct ipvs *v = of(r);

	bool is_sure;

	if (!atomic_load(&r->board->must_clean))
		return;

	uint32_t n = drive_remove(&v->drive, &is_sure);

	log_event(LOG_IPVS_REMOVED, "services=%u", n);
	if (!is_sure)
		log_event(LOG_IPVS_FAIL,
			  "op=remove error=\"some services may be left in the table\" "
			  "todo=\"look with ipvsadm -Ln\"");
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
	v->stale.delay_us = v->refused.delay_us = BACKOFF_MIN_US;
	timer_init(&v->stale.timer, on_stale);
	timer_init(&v->refused.timer, on_refused);
	timer_init(&v->repair, on_repair);
	timer_init(&v->quiet, on_quiet);
	timer_init(&v->again, on_again);
	return v;
}

struct role *ipvs_role(struct ipvs *v)
{
	return &v->role;
}

void ipvs_free(struct ipvs *v)
{
	if (!v)
		return;
	drive_fini(&v->drive);
	kern_close(v->drive.kern);
	free(v);
}
