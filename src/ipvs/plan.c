/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See plan.h. Both tables are sorted, so one walk over the two side by side finds every difference.
 */
#include "ipvs/plan.h"

#include "core/bug.h"

#include <stdlib.h>
#include <string.h>

void plan_fini(struct plan *plan)
{
	table_fini(&plan->seats);
	free(plan->op);
	*plan = (struct plan){ 0 };
}

enum kern_do plan_svc(const struct ipvs_svc *want, const struct ipvs_svc *have)
{
	bool is_there = have->presence == IPVS_IN;

	if (!want)
		return is_there ? KERN_DEL_SVC : KERN_NONE;
	if (!is_there)
		return KERN_NEW_SVC;
	return table_same_svc(want, have) ? KERN_NONE : KERN_SET_SVC;
}

enum kern_do plan_dest(const struct ipvs_dest *want, const struct ipvs_dest *have)
{
	bool is_there = have->presence == IPVS_IN;

	if (!want)
		return is_there ? KERN_DEL_DEST : KERN_NONE;
	switch ((enum ipvs_presence)want->presence) {
	case IPVS_OUT:
		return is_there ? KERN_DEL_DEST : KERN_NONE;
	case IPVS_KEEP:
		return KERN_NONE;
	case IPVS_IF_IN:
		return is_there && !table_same_dest(want, have) ? KERN_SET_DEST : KERN_NONE;
	case IPVS_IN:
		if (!is_there)
			return KERN_NEW_DEST;
		return table_same_dest(want, have) ? KERN_NONE : KERN_SET_DEST;
	}
	BUG("ipvs_presence");
}

bool plan_is_stop(enum kern_do what, const struct ipvs_dest *want)
{
	return what == KERN_DEL_DEST || what == KERN_DEL_SVC ||
	       (what == KERN_SET_DEST && want && !want->weight);
}

static enum plan_phase phase_of(enum kern_do what, const struct ipvs_dest *want)
{
	switch (what) {
	case KERN_DEL_SVC:
		return PLAN_STOP;
	case KERN_DEL_DEST:
		return want ? PLAN_STOP : PLAN_LEAVE;
	case KERN_SET_DEST:
		return plan_is_stop(what, want) ? PLAN_STOP : PLAN_SET;
	case KERN_SET_SVC:
		return PLAN_SET;
	case KERN_NEW_SVC:
		return PLAN_NEW_SVC;
	case KERN_NEW_DEST:
		return PLAN_NEW_DEST;
	case KERN_NONE:
		break;
	}
	BUG("kern_do");
}

static void add_op(struct plan *p, const struct plan_op *op)
{
	if (p->op_n == p->op_cap) {
		p->op_cap = p->op_cap ? p->op_cap * 2 : 64;
		p->op = reallocarray(p->op, p->op_cap, sizeof(*p->op));
		BUG_ON(!p->op);
	}
	p->op[p->op_n++] = *op;
}

/* A seat for one destination, and what is to be done there. */
static void put_dest(struct plan *p, const struct ipvs_dest *want, const struct ipvs_dest *have)
{
	struct ipvs_dest seat;
	const struct ipvs_dest *from = have ? have : want;

	BUG_ON(!from);
	seat = *from;
	seat.presence = have ? have->presence : IPVS_OUT;
	seat.ref = want ? want->ref : IPVS_NONE;

	enum kern_do what = plan_dest(want, &seat);

	if (!want && seat.presence == IPVS_OUT)
		return;
	table_add_dest(&p->seats, &seat);
	if (what != KERN_NONE)
		add_op(p, &(struct plan_op){ .phase = (uint8_t)phase_of(what, want),
					     .what = (uint8_t)what,
					     .svc = p->seats.svc_n - 1,
					     .dest = p->seats.dest_n - 1 });
}

/* Walks the destinations of a wanted service; have may be NULL. Returns how many will be there. */
static uint32_t put_dests(struct plan *p, const struct ipvs_table *want, const struct ipvs_svc *w,
			  const struct ipvs_table *have, const struct ipvs_svc *h)
{
	uint32_t i = w->first, i_end = w->first + w->n;
	uint32_t k = h ? h->first : 0, k_end = h ? h->first + h->n : 0;
	uint32_t in_n = 0;

	while (i < i_end || k < k_end) {
		int d = i == i_end   ? 1
			: k == k_end ? -1
				     : table_cmp_dest(&want->dest[i], &have->dest[k]);
		const struct ipvs_dest *x = d <= 0 ? &want->dest[i++] : NULL;
		const struct ipvs_dest *y = d >= 0 ? &have->dest[k++] : NULL;

		put_dest(p, x, y);
		in_n += x && x->presence == IPVS_IN;
	}
	return in_n;
}

static void put_svc_op(struct plan *p, const struct ipvs_svc *want, uint32_t in_n)
{
	uint32_t at = p->seats.svc_n - 1;
	enum kern_do what = plan_svc(want, &p->seats.svc[at]);
	struct plan_op op = { .what = (uint8_t)what, .svc = at, .dest = IPVS_NONE };

	if (what == KERN_NONE)
		return;
	op.phase = (uint8_t)phase_of(what, NULL);
	op.is_load = what == KERN_NEW_SVC && !strcmp(want->sched, "mh") && in_n >= PLAN_LOAD_N;
	add_op(p, &op);
	if (!op.is_load)
		return;
	op = (struct plan_op){
		.phase = PLAN_FINISH, .what = KERN_SET_SVC, .svc = at, .dest = IPVS_NONE
	};
	add_op(p, &op);
}

static void put_wanted_svc(struct plan *p, const struct ipvs_table *want, const struct ipvs_svc *w,
			   const struct ipvs_table *have, const struct ipvs_svc *h)
{
	struct ipvs_svc seat = h ? *h : *w;

	if (h && h->presence != IPVS_IN)
		h = NULL; /* a free seat: its destinations are not there either */
	seat.presence = h ? IPVS_IN : IPVS_OUT;
	seat.ref = w->ref;
	table_add_svc(&p->seats, &seat);
	put_svc_op(p, w, put_dests(p, want, w, have, h));
}

/* Its destinations keep their seats: it may be wanted again before it has gone. */
static void put_unwanted_svc(struct plan *p, const struct ipvs_table *have,
			     const struct ipvs_svc *h, const struct ipvs_table *owned)
{
	uint32_t at = owned ? table_find_svc(owned, h) : IPVS_NONE;

	if (h->presence != IPVS_IN)
		return;
	if (at == IPVS_NONE || owned->svc[at].presence != IPVS_IN) {
		p->foreign_n++;
		return;
	}

	struct ipvs_svc seat = *h;

	seat.ref = IPVS_NONE;
	table_add_svc(&p->seats, &seat);
	for (uint32_t i = h->first; i < h->first + h->n; i++) {
		struct ipvs_dest d = have->dest[i];

		d.ref = IPVS_NONE;
		table_add_dest(&p->seats, &d);
	}
	put_svc_op(p, NULL, 0);
}

/* Stable, so that the order within a phase is that of the keys. */
static void sort_by_phase(struct plan *p)
{
	uint32_t at[PLAN_PHASE_N + 1] = { 0 };
	bool is_sorted = true;

	for (uint32_t i = 0; i < p->op_n; i++) {
		at[p->op[i].phase + 1]++;
		is_sorted = is_sorted && (!i || p->op[i - 1].phase <= p->op[i].phase);
	}
	if (is_sorted)
		return; /* as when only weights change */
	for (unsigned k = 0; k < PLAN_PHASE_N; k++)
		at[k + 1] += at[k];

	struct plan_op *sorted = reallocarray(NULL, p->op_n, sizeof(*sorted));

	BUG_ON(!sorted);
	for (uint32_t i = 0; i < p->op_n; i++)
		sorted[at[p->op[i].phase]++] = p->op[i];
	free(p->op);
	p->op = sorted;
	p->op_cap = p->op_n;
}

void plan_make(const struct ipvs_table *want, const struct ipvs_table *have,
	       const struct ipvs_table *owned, struct plan *p)
{
	uint32_t i = 0, k = 0;

	table_reserve(&p->seats, want->svc_n + have->svc_n, want->dest_n + have->dest_n);
	while (i < want->svc_n || k < have->svc_n) {
		int d = i == want->svc_n   ? 1
			: k == have->svc_n ? -1
					   : table_cmp_svc(&want->svc[i], &have->svc[k]);
		const struct ipvs_svc *x = d <= 0 ? &want->svc[i++] : NULL;
		const struct ipvs_svc *y = d >= 0 ? &have->svc[k++] : NULL;

		if (x)
			put_wanted_svc(p, want, x, have, y);
		else
			put_unwanted_svc(p, have, y, owned);
	}
	table_trim(&p->seats); /* it stays for as long as vipd believes in it */
	if (p->op_n)
		sort_by_phase(p);
}
