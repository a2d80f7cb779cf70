/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See drive.h.
 */
#include "ipvs/drive.h"

#include "core/bug.h"
#include "core/log.h"
#include "core/stats.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REMOVE_TRIES_N = 3 };

static void *zeroed(uint32_t n, size_t len)
{
	void *p = calloc(n ? n : 1, len);

	BUG_ON(!p);
	return p;
}

static void queue_reset(struct drive_queue *q, uint32_t cap)
{
	free(q->rs);
	*q = (struct drive_queue){ .rs = zeroed(cap, sizeof(*q->rs)), .cap = cap };
}

static void queue_put(struct drive_queue *q, uint32_t rs)
{
	BUG_ON(q->n == q->cap);
	q->rs[(q->at + q->n++) % q->cap] = rs;
}

static uint32_t queue_take(struct drive_queue *q)
{
	uint32_t rs = q->rs[q->at];

	q->at = (q->at + 1) % q->cap;
	q->n--;
	return rs;
}

int drive_init(struct drive *d, struct ipvs_kern *kern)
{
	d->kern = kern;

	int err = kern_dump(kern, &d->plan.seats);

	table_sort(&d->plan.seats);
	return err;
}

void drive_fini(struct drive *d)
{
	plan_fini(&d->plan);
	free(d->probe);
	free(d->server);
	free(d->service);
	free(d->stop.rs);
	free(d->later.rs);
}

/* Where each server and service of the configuration sits. Nothing waits any more: the plan that was
 * just made has seen the newest verdicts. */
static void map_seats(struct drive *d)
{
	const struct ipvs_table *seats = &d->plan.seats;

	for (uint32_t i = 0; i < d->conf->rs_n; i++)
		d->server[i] = (struct drive_server){ .seat = IPVS_NONE };
	for (uint32_t i = 0; i < d->conf->vs_n; i++)
		d->service[i].seat = IPVS_NONE;
	for (uint32_t i = 0; i < seats->svc_n; i++)
		if (seats->svc[i].ref != IPVS_NONE)
			d->service[seats->svc[i].ref].seat = i;
	for (uint32_t i = 0; i < seats->dest_n; i++)
		if (seats->dest[i].ref != IPVS_NONE)
			d->server[seats->dest[i].ref].seat = i;
	d->stop.n = d->later.n = 0;
}

static void plan_anew(struct drive *d, const struct ipvs_table *have,
		      const struct ipvs_table *owned)
{
	struct ipvs_table want = { 0 };
	struct plan plan = { 0 };

	want_table(d->conf, d->probe, &want);
	plan_make(&want, have, owned, &plan);
	table_fini(&want);
	plan_fini(&d->plan);
	d->plan = plan;
	d->plan_at = 0;
	map_seats(d);
}

/* Verdicts stay with the id of their probe. */
static void move_probes(struct drive *d, const struct conf *old, const struct conf *new)
{
	struct want_probe *probe = zeroed(new->probe_n, sizeof(*probe));

	for (uint32_t i = 0; old && i < new->probe_n; i++) {
		const struct conf_probe *was = conf_probe(old, new->probe[i].id);

		if (was)
			probe[i] = d->probe[was - old->probe];
	}
	free(d->probe);
	d->probe = probe;
}

void drive_adopt(struct drive *d, const struct conf *old, const struct conf *new)
{
	move_probes(d, old, new);
	free(d->server);
	free(d->service);
	d->server = zeroed(new->rs_n, sizeof(*d->server));
	d->service = zeroed(new->vs_n, sizeof(*d->service));
	queue_reset(&d->stop, new->rs_n);
	queue_reset(&d->later, new->rs_n);
	d->conf = new;
	d->is_refused = false;
	/* at first the table is as others left it: only what is wanted is ours */
	plan_anew(d, &d->plan.seats, old ? &d->plan.seats : NULL);
}

int drive_read(struct drive *d, bool *is_changed)
{
	struct ipvs_table have = { 0 };
	int err = kern_dump(d->kern, &have);

	if (!err) {
		table_sort(&have);
		*is_changed = !table_confirms(&have, &d->plan.seats);
		plan_anew(d, &have, &d->plan.seats);
		d->is_stale = d->is_refused = false;
	}
	table_fini(&have);
	return err;
}

void drive_retry(struct drive *d)
{
	d->is_refused = false;
	plan_anew(d, &d->plan.seats, &d->plan.seats);
}

/* Lets a server wait for its turn when something is to be done for it. */
static void wake(struct drive *d, uint32_t rs)
{
	struct drive_server *s = &d->server[rs];
	struct ipvs_dest want;

	if (s->seat == IPVS_NONE)
		return;
	want_dest(d->conf, rs, d->probe, &want);

	enum kern_do what = plan_dest(&want, &d->plan.seats.dest[s->seat]);

	if (what == KERN_NONE)
		return;
	if (plan_is_stop(what, &want)) {
		if (!s->is_in_stop)
			queue_put(&d->stop, rs);
		s->is_in_stop = true;
	} else {
		if (!s->is_in_later)
			queue_put(&d->later, rs);
		s->is_in_later = true;
	}
}

bool drive_health(struct drive *d, uint32_t probe, struct health h, enum health_verdict *now)
{
	uint32_t rs = d->conf->probe[probe].rs;
	enum health_verdict was = want_verdict(d->conf, rs, d->probe);

	d->probe[probe] = (struct want_probe){ .verdict = (uint8_t)h.verdict,
					       .reason = h.reason,
					       .code = h.code };
	*now = want_verdict(d->conf, rs, d->probe);
	if (*now == was)
		return false;
	wake(d, rs);
	return true;
}

static struct drive_ask *ask(struct drive *d, enum kern_do what, uint32_t svc, uint32_t dest)
{
	struct drive_ask *a = &d->ask[d->n];

	d->op[d->n++] = (struct kern_op){ .what = what, .svc = &d->plan.seats.svc[svc] };
	a->svc = svc;
	a->dest = dest;
	return a;
}

/* Asks for what is to be done now in a destination's seat, if anything. */
static void ask_dest(struct drive *d, uint32_t svc, uint32_t dest)
{
	struct ipvs_dest *seat = &d->plan.seats.dest[dest];
	struct drive_server *server = seat->ref == IPVS_NONE ? NULL : &d->server[seat->ref];
	struct ipvs_dest want = *seat;

	/* its service was refused, or the same has been asked in this batch */
	if (d->plan.seats.svc[svc].presence != IPVS_IN || (server && server->is_asked))
		return;
	if (server) {
		want_dest(d->conf, seat->ref, d->probe, &want);
		server->is_asked = true;
	}

	enum kern_do what = plan_dest(server ? &want : NULL, seat);

	if (what == KERN_NONE) {
		if (server)
			server->is_asked = false;
		return;
	}

	struct drive_ask *a = ask(d, what, svc, dest);

	a->want_dest = want;
	d->op[d->n - 1].dest = &a->want_dest;
}

static void ask_svc(struct drive *d, const struct plan_op *op)
{
	struct ipvs_svc *seat = &d->plan.seats.svc[op->svc];
	struct ipvs_svc want = *seat;

	if (seat->ref != IPVS_NONE)
		want_svc(d->conf, seat->ref, &want);

	enum kern_do what = plan_svc(seat->ref == IPVS_NONE ? NULL : &want, seat);

	if (what != op->what)
		return; /* the service that was to be finished has not been made */

	struct drive_ask *a = ask(d, what, op->svc, IPVS_NONE);

	a->want_svc = want;
	if (op->is_load)
		(void)snprintf(a->want_svc.sched, sizeof(a->want_svc.sched), PLAN_LOAD_SCHED);
	d->op[d->n - 1].svc = &a->want_svc;
	d->has_new_svc |= what == KERN_NEW_SVC;
	/* the kernel waits until nobody uses the old one; "none" is used by nobody */
	d->slow_n += what == KERN_SET_SVC && strcmp(seat->sched, PLAN_LOAD_SCHED) &&
		     strcmp(seat->sched, want.sched);
}

static void ask_server(struct drive *d, uint32_t rs)
{
	uint32_t seat = d->server[rs].seat;

	ask_dest(d, d->service[d->conf->rs[rs].vs].seat, seat);
}

/* May the next request of the plan go into this batch? What needs a new service waits until it is
 * known whether the kernel has made it. */
static bool may_ask_plan(const struct drive *d)
{
	return d->plan_at < d->plan.op_n && d->slow_n < DRIVE_SLOW_N &&
	       !(d->has_new_svc && d->plan.op[d->plan_at].phase > PLAN_NEW_SVC);
}

/* The same for servers that are not in the plan; it goes first, since it makes their services. */
static bool may_ask_later(const struct drive *d)
{
	return d->later.n && d->plan_at == d->plan.op_n && !d->has_new_svc;
}

static void fill_batch(struct drive *d)
{
	d->n = 0;
	d->has_new_svc = false;
	d->slow_n = 0;
	while (d->n < NL_BATCH_N && d->stop.n) {
		uint32_t rs = queue_take(&d->stop);

		d->server[rs].is_in_stop = false;
		ask_server(d, rs);
	}
	if (d->is_stale)
		return;
	while (d->n < NL_BATCH_N && may_ask_plan(d)) {
		const struct plan_op *op = &d->plan.op[d->plan_at++];

		if (op->dest == IPVS_NONE)
			ask_svc(d, op);
		else
			ask_dest(d, op->svc, op->dest);
	}
	while (d->n < NL_BATCH_N && may_ask_later(d)) {
		uint32_t rs = queue_take(&d->later);

		d->server[rs].is_in_later = false;
		ask_server(d, rs);
	}
}

/* The kernel has done it: that is the belief now. */
static void believe_done(struct drive *d, enum kern_do what, const struct drive_ask *a)
{
	struct ipvs_svc *svc = &d->plan.seats.svc[a->svc];
	struct ipvs_svc svc_place = *svc;
	uint32_t ref;

	switch (what) {
	case KERN_NEW_SVC:
	case KERN_SET_SVC:
		*svc = a->want_svc;
		svc->presence = IPVS_IN;
		svc->first = svc_place.first;
		svc->n = svc_place.n;
		svc->ref = svc_place.ref;
		d->service[svc->ref].is_told = false;
		return;
	case KERN_DEL_SVC:
		svc->presence = IPVS_OUT;
		return;
	case KERN_NEW_DEST:
	case KERN_SET_DEST:
		ref = d->plan.seats.dest[a->dest].ref;
		d->plan.seats.dest[a->dest] = a->want_dest;
		d->plan.seats.dest[a->dest].presence = IPVS_IN;
		d->plan.seats.dest[a->dest].ref = ref;
		return;
	case KERN_DEL_DEST:
		d->plan.seats.dest[a->dest].presence = IPVS_OUT;
		return;
	case KERN_NONE:
		break;
	}
	BUG("kern_do");
}

/* Does this failure say that the table is not as believed? */
static bool is_stale_err(enum kern_do what, int err)
{
	switch (what) {
	case KERN_NEW_SVC:
		return err == -EEXIST; /* ENOENT: no such scheduler */
	case KERN_SET_SVC:
		return err == -ESRCH;
	case KERN_NEW_DEST:
	case KERN_SET_DEST:
	case KERN_DEL_DEST:
	case KERN_DEL_SVC:
		return err == -EEXIST || err == -ENOENT || err == -ESRCH;
	case KERN_NONE:
		break;
	}
	BUG("kern_do");
}

/* Once for each service and generation; the rest is in the counter. */
static void tell_refused(struct drive *d, const struct kern_op *op, const struct drive_ask *a)
{
	const struct ipvs_svc *svc = &d->plan.seats.svc[a->svc];
	char addr[ADDR_PORT_TEXT_LEN], rs[ADDR_PORT_TEXT_LEN];
	struct drive_service *service = svc->ref == IPVS_NONE ? NULL : &d->service[svc->ref];
	const char *name = service ? d->conf->vs[svc->ref].s.name
				   : addr_port_text(&svc->addr, svc->port, addr);

	if (service && service->is_told)
		return;
	if (service)
		service->is_told = true;
	if (op->dest)
		log_event(LOG_IPVS_FAIL, "vs=%s rs=%s op=%s error=\"%s\"", name,
			  addr_port_text(&op->dest->addr, op->dest->port, rs),
			  kern_do_name(op->what), strerrordesc_np(-op->err));
	else if (op->err == -ENOENT)
		log_event(LOG_IPVS_FAIL,
			  "vs=%s op=%s error=\"the kernel has no scheduler %s\" todo=\"modprobe "
			  "ip_vs_%s\"",
			  name, kern_do_name(op->what), a->want_svc.sched, a->want_svc.sched);
	else
		log_event(LOG_IPVS_FAIL, "vs=%s op=%s error=\"%s\"", name, kern_do_name(op->what),
			  strerrordesc_np(-op->err));
}

static void settle(struct drive *d, uint32_t i)
{
	const struct kern_op *op = &d->op[i];
	const struct drive_ask *a = &d->ask[i];

	if (!op->err) {
		believe_done(d, op->what, a);
		return;
	}
	stats_add(STAT_IPVS_ERRORS, 1);
	if (is_stale_err(op->what, op->err)) {
		d->is_stale = true;
		return;
	}
	d->is_refused = true;
	tell_refused(d, op, a);
}

/* No answer: nobody knows what the kernel has done. A service that may be there now stays ours. */
static void lose(struct drive *d)
{
	d->is_stale = true;
	for (uint32_t i = 0; i < d->n; i++)
		if (d->op[i].what == KERN_NEW_SVC)
			d->plan.seats.svc[d->ask[i].svc].presence = IPVS_IN;
}

static void send_batch(struct drive *d)
{
	int err = kern_apply(d->kern, d->op, d->n);

	d->requests_n += d->n;
	stats_add(STAT_IPVS_REQUESTS, d->n);
	stats_add(STAT_IPVS_SENDS, 1);
	for (uint32_t i = 0; i < d->n; i++) {
		uint32_t dest = d->ask[i].dest;
		uint32_t rs = dest == IPVS_NONE ? IPVS_NONE : d->plan.seats.dest[dest].ref;

		if (rs != IPVS_NONE)
			d->server[rs].is_asked = false;
		if (!err)
			settle(d, i);
	}
	if (err)
		lose(d);
}

bool drive_step(struct drive *d)
{
	fill_batch(d);
	if (d->n)
		send_batch(d);
	return d->stop.n || (!d->is_stale && (d->later.n || d->plan_at < d->plan.op_n));
}

/* One pass over all services that may be there. Returns how many are gone by it; *is_sure: nothing was
 * left undone or unknown. */
static uint32_t remove_pass(struct drive *d, bool *is_sure)
{
	struct ipvs_table *seats = &d->plan.seats;
	uint32_t removed_n = 0;

	*is_sure = true;
	for (uint32_t i = 0; i < seats->svc_n;) {
		d->n = 0;
		for (; i < seats->svc_n && d->n < NL_BATCH_N; i++)
			/* a belief that is stale may miss one of ours */
			if (seats->svc[i].presence == IPVS_IN || d->is_stale)
				(void)ask(d, KERN_DEL_SVC, i, IPVS_NONE);
		if (!d->n)
			continue;
		stats_add(STAT_IPVS_REQUESTS, d->n);
		stats_add(STAT_IPVS_SENDS, 1);
		if (kern_apply(d->kern, d->op, d->n)) {
			*is_sure = false;
			continue;
		}
		for (uint32_t k = 0; k < d->n; k++) {
			bool is_gone = !d->op[k].err || d->op[k].err == -ESRCH;

			removed_n += !d->op[k].err;
			*is_sure = *is_sure && is_gone;
			if (is_gone)
				seats->svc[d->ask[k].svc].presence = IPVS_OUT;
		}
	}
	return removed_n;
}

uint32_t drive_remove(struct drive *d, bool *is_sure)
{
	uint32_t removed_n = 0;

	*is_sure = true;
	if (!d->conf)
		return 0; /* what was read is not ours yet */
	removed_n = remove_pass(d, is_sure);
	/* an answer that was lost says nothing: ask again, for everything that could be there */
	for (unsigned i = 0; i < REMOVE_TRIES_N && !*is_sure; i++)
		removed_n += remove_pass(d, is_sure);
	return removed_n;
}
