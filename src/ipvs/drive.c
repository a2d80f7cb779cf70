/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See drive.h.
 */
#include "ipvs/drive.h"

#include "core/bug.h"
#include "core/conf/conf_suspend.h"
#include "core/log.h"
#include "core/record.h"
#include "core/stats.h"
#include "ipvs/shown.h"
#include "ipvs/want.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	QUEUE_MIN_N = 16,
	QUEUE_KEPT_N = 1024, /* an empty queue keeps room for so many */
};

static void *zeroed(uint32_t n, size_t len)
{
	void *p = calloc(n ? n : 1, len);

	BUG_ON(!p);
	return p;
}

static void queue_reset(struct drive_queue *q)
{
	free(q->i);
	*q = (struct drive_queue){ 0 };
}

static void queue_grow(struct drive_queue *q)
{
	struct drive_queue more = { .cap = q->cap ? q->cap * 2 : QUEUE_MIN_N };

	more.i = reallocarray(NULL, more.cap, sizeof(*more.i));
	BUG_ON(!more.i);
	while (more.n < q->n) {
		more.i[more.n] = q->i[(q->at + more.n) % q->cap];
		more.n++;
	}
	free(q->i);
	*q = more;
}

void drive_queue_put(struct drive_queue *q, uint32_t i)
{
	if (q->n == q->cap)
		queue_grow(q);
	q->i[(q->at + q->n++) % q->cap] = i;
}

uint32_t drive_queue_take(struct drive_queue *q)
{
	uint32_t i = q->i[q->at];

	q->at = (q->at + 1) % q->cap;
	q->n--;
	if (!q->n && q->cap > QUEUE_KEPT_N)
		queue_reset(q);
	return i;
}

int drive_init(struct drive *d, struct ipvs_kern *kern)
{
	d->kern = kern;

	int err = kern_dump(kern, &d->plan.seats);

	table_sort(&d->plan.seats);
	return err;
}

static void reset_queues(struct drive *d)
{
	queue_reset(&d->stop);
	queue_reset(&d->later);
	queue_reset(&d->news);
	queue_reset(&d->ramp);
	queue_reset(&d->drain);
	queue_reset(&d->hold);
}

void drive_fini(struct drive *d)
{
	plan_fini(&d->plan);
	state_fini(&d->state);
	free(d->slot);
	free(d->face);
	free(d->is_news);
	reset_queues(d);
}

/* ------------------------------------------------------------------ plan */

/* Where each face and slot sits. Nothing waits any more: the plan that was just made has seen the newest
 * state. */
static void map_seats(struct drive *d)
{
	const struct ipvs_table *seats = &d->plan.seats;

	for (uint32_t i = 0; i < d->state.faces.slot_n; i++)
		d->slot[i] = (struct drive_slot){ .seat = IPVS_NONE };
	for (uint32_t i = 0; i < d->state.faces.n; i++)
		d->face[i].seat = IPVS_NONE;
	for (uint32_t i = 0; i < seats->svc_n; i++)
		if (seats->svc[i].ref != IPVS_NONE)
			d->face[seats->svc[i].ref].seat = i;
	for (uint32_t i = 0; i < seats->dest_n; i++)
		if (seats->dest[i].ref != IPVS_NONE)
			d->slot[seats->dest[i].ref].seat = i;
	queue_reset(&d->stop);
	queue_reset(&d->later);
}

static void plan_anew(struct drive *d, const struct ipvs_table *have,
		      const struct ipvs_table *owned)
{
	struct ipvs_table want = { 0 };
	struct plan plan = { 0 };

	want_table(&d->state, &want);
	plan_make(&want, have, owned, &plan);
	table_fini(&want);
	plan_fini(&d->plan);
	d->plan = plan;
	d->plan_at = 0;
	map_seats(d);
}

/* Does everything in the table belong to this configuration? */
static bool is_strict(const struct conf *c)
{
	const struct fields_global *g = &c->global.s;

	return g->ownership == OWNERSHIP_STRICT ||
	       (g->drift.n && c->drift[g->drift.first].s.foreign == FOREIGN_REMOVE);
}

/* Lists are made anew: what is in them has moved with the state. */
static void make_lists(struct drive *d)
{
	const struct conf *c = d->conf;

	reset_queues(d);
	free(d->is_news);
	d->is_news = zeroed(c->vs_n, sizeof(*d->is_news));
	for (uint32_t i = 0; i < c->rs_n; i++) {
		const struct state_server *s = &d->state.server[i];

		if (s->ramp_percent < STATE_RAMP_DONE)
			drive_list(d, DRIVE_RAMP, i);
		if (s->admin == ADMIN_DRAIN && !s->is_drained)
			drive_list(d, DRIVE_DRAIN, i);
		if (s->is_held)
			drive_list(d, DRIVE_HOLD, i);
	}
	for (uint32_t i = 0; i < c->vs_n; i++)
		drive_news_of(d, i);
}

/* Lets the checks know. */
static void flag_suspended(struct drive *d)
{
	for (uint32_t i = 0; i < d->conf->vs_n; i++) {
		bool is_suspended = d->state.service[i].is_suspended;

		if (conf_suspend_set(d->conf, i, is_suspended) && !is_suspended)
			d->has_resumed = true;
	}
}

int drive_adopt(struct drive *d, const struct conf *old, const struct conf *new)
{
	bool is_again = new->record &&new->record->is_again;
	bool must_flush = !old && !is_again && new->global.s.lvs_flush; /* once a start */
	int err = must_flush ? d->kern->ops->flush(d->kern) : 0;

	if (must_flush && !err)
		table_fini(&d->plan.seats);
	state_adopt(&d->state, old, new);
	free(d->slot);
	free(d->face);
	d->slot = zeroed(d->state.faces.slot_n, sizeof(*d->slot));
	d->face = zeroed(d->state.faces.n, sizeof(*d->face));
	d->conf = new;
	d->is_refused = false;
	flag_suspended(d);
	make_lists(d);
	/* seats lead nowhere until they are mapped: nothing is woken, the plan sees it all */
	for (uint32_t i = 0; i < d->state.faces.slot_n; i++)
		d->slot[i].seat = IPVS_NONE;
	drive_settle(d);
	/* at first the table is as others left it: only what is wanted is ours */
	plan_anew(d, &d->plan.seats, old || is_strict(new) ? &d->plan.seats : NULL);
	shown_carry(old, new);
	shown_all(&d->state);
	return err;
}

int drive_read(struct drive *d, bool *is_changed)
{
	struct ipvs_table have = { 0 };
	int err = kern_dump(d->kern, &have);

	if (!err) {
		table_sort(&have);
		*is_changed = !table_confirms(&have, &d->plan.seats);
		plan_anew(d, &have, is_strict(d->conf) ? &have : &d->plan.seats);
		d->is_stale = d->is_refused = false;
	}
	table_fini(&have);
	return err;
}

int drive_compare(struct drive *d, uint32_t *differ_n)
{
	struct ipvs_table have = { 0 };
	int err = kern_dump(d->kern, &have);

	if (!err) {
		table_sort(&have);
		*differ_n = table_differ(&have, &d->plan.seats);
	}
	table_fini(&have);
	return err;
}

void drive_retry(struct drive *d)
{
	d->is_refused = false;
	plan_anew(d, &d->plan.seats, &d->plan.seats);
}

/* ------------------------------------------------------------------ batches */

struct drive_ask *drive_ask_for(struct drive *d, enum kern_do what, uint32_t svc, uint32_t dest)
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
	struct drive_slot *slot = seat->ref == IPVS_NONE ? NULL : &d->slot[seat->ref];
	struct ipvs_dest want = *seat;

	/* its service was refused, or the same has been asked in this batch */
	if (d->plan.seats.svc[svc].presence != IPVS_IN || (slot && slot->is_asked))
		return;
	if (slot)
		want_dest(&d->state, d->plan.seats.svc[svc].ref, seat->ref, &want);

	enum kern_do what = plan_dest(slot ? &want : NULL, seat);

	if (what == KERN_NONE)
		return;
	if (slot)
		slot->is_asked = true;

	struct drive_ask *a = drive_ask_for(d, what, svc, dest);

	a->want_dest = want;
	d->op[d->n - 1].dest = &a->want_dest;
}

static void ask_svc(struct drive *d, const struct plan_op *op)
{
	struct ipvs_svc *seat = &d->plan.seats.svc[op->svc];
	struct ipvs_svc want = *seat;

	if (seat->ref != IPVS_NONE)
		want_svc(&d->state, seat->ref, &want);

	enum kern_do what = plan_svc(seat->ref == IPVS_NONE ? NULL : &want, seat);

	if (what != op->what)
		return; /* the service that was to be finished has not been made */

	struct drive_ask *a = drive_ask_for(d, what, op->svc, IPVS_NONE);

	a->want_svc = want;
	if (op->is_load)
		(void)snprintf(a->want_svc.sched, sizeof(a->want_svc.sched), PLAN_LOAD_SCHED);
	d->op[d->n - 1].svc = &a->want_svc;
	d->has_new_svc |= what == KERN_NEW_SVC;
	/* the kernel waits until nobody uses the old one; "none" is used by nobody */
	d->slow_n += what == KERN_SET_SVC && strcmp(seat->sched, PLAN_LOAD_SCHED) &&
		     strcmp(seat->sched, want.sched);
}

static void ask_slot(struct drive *d, uint32_t slot)
{
	uint32_t face = faces_of_slot(&d->state.faces, slot);

	ask_dest(d, d->face[face].seat, d->slot[slot].seat);
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
		uint32_t slot = drive_queue_take(&d->stop);

		d->slot[slot].is_in_stop = false;
		ask_slot(d, slot);
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
		uint32_t slot = drive_queue_take(&d->later);

		d->slot[slot].is_in_later = false;
		ask_slot(d, slot);
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
		d->face[svc->ref].is_told = false;
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
	struct drive_face *face = svc->ref == IPVS_NONE ? NULL : &d->face[svc->ref];
	const char *name = face ? d->conf->vs[d->state.faces.face[svc->ref].vs].s.name
				: addr_port_text(&svc->addr, svc->port, addr);

	if (face && face->is_told)
		return;
	if (face)
		face->is_told = true;
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
		uint32_t slot = dest == IPVS_NONE ? IPVS_NONE : d->plan.seats.dest[dest].ref;

		if (slot != IPVS_NONE)
			d->slot[slot].is_asked = false;
		if (!err)
			settle(d, i);
	}
	if (err)
		lose(d);
}

bool drive_step(struct drive *d)
{
	drive_settle(d);
	fill_batch(d);
	if (d->n)
		send_batch(d);
	return d->stop.n || (!d->is_stale && (d->later.n || d->plan_at < d->plan.op_n));
}
