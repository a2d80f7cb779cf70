/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See drive.h: how servers and services leave the table: by draining, and at stop.
 */
#include "core/bug.h"
#include "core/stats.h"
#include "ipvs/drive.h"

#include <errno.h>
#include <stdlib.h>

enum { REMOVE_TRIES_N = 3 };

/* ------------------------------------------------------------------ draining */

/* Marks, by place, the servers of a face that still have connections. 0 or -errno. */
static int look_face(struct drive *d, uint32_t face, bool *is_busy)
{
	uint32_t at = d->face[face].seat;
	struct ipvs_table have = { 0 };

	if (at == IPVS_NONE || d->plan.seats.svc[at].presence != IPVS_IN)
		return 0;

	const struct ipvs_svc *svc = &d->plan.seats.svc[at];
	int err = d->kern->ops->dump_dests(d->kern, svc, &have);

	for (uint32_t i = 0; !err && i < have.dest_n; i++) {
		uint32_t k = table_find_dest(&d->plan.seats, svc, &have.dest[i]);
		uint32_t slot = k == IPVS_NONE ? IPVS_NONE : d->plan.seats.dest[k].ref;

		if (slot != IPVS_NONE && have.dest[i].conns_n)
			is_busy[slot - d->state.faces.face[face].slot] = true;
	}
	table_fini(&have);
	return err;
}

static bool is_over(const struct drive *d, uint32_t rs, int64_t now_us)
{
	int64_t limit_us = d->conf->vs[d->conf->rs[rs].vs].s.drain_limit_us;

	return limit_us && now_us - d->state.server[rs].since_us >= limit_us;
}

/* One of the servers that drain, after its service was looked at. True: it goes on. */
static bool go_on(struct drive *d, uint32_t rs, bool is_busy, int64_t now_us)
{
	struct state_server *s = &d->state.server[rs];
	struct drive_event e = { .what = DRIVE_DRAINED, .vs = d->conf->rs[rs].vs, .rs = rs };

	if (s->admin != ADMIN_DRAIN || s->is_drained)
		return false;
	if (!s->since_us)
		s->since_us = now_us; /* the file said it, and this is the first look */
	if (is_busy && !is_over(d, rs, now_us))
		return true;
	s->is_drained = true;
	if (d->tell)
		d->tell(d->tell_arg, &e);
	drive_wake_server(d, rs);
	return false;
}

static int cmp_u32(const void *va, const void *vb)
{
	const uint32_t *a = va, *b = vb;

	return (*a > *b) - (*a < *b);
}

/* The servers rs[0..n) are all of one service. */
static void look_service(struct drive *d, const uint32_t *rs, uint32_t n, int64_t now_us)
{
	uint32_t vs = d->conf->rs[rs[0]].vs;
	const struct face_set *set = &d->state.faces.set[vs];
	bool *is_busy = calloc(set->slots_n, sizeof(*is_busy));
	int err = 0;

	BUG_ON(!is_busy);
	for (uint32_t i = set->first; !err && i < set->first + set->n; i++)
		err = look_face(d, i, is_busy);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t place = rs[i] - d->conf->vs[vs].s.servers.first;

		if (go_on(d, rs[i], err || is_busy[place], now_us))
			drive_list(d, DRIVE_DRAIN, rs[i]);
	}
	free(is_busy);
}

bool drive_look(struct drive *d, int64_t now_us)
{
	uint32_t n = d->drain.n;
	uint32_t *rs = calloc(n ? n : 1, sizeof(*rs));

	BUG_ON(!rs);
	for (uint32_t i = 0; i < n; i++)
		rs[i] = drive_unlist(d, DRIVE_DRAIN);
	qsort(rs, n, sizeof(*rs), cmp_u32); /* servers of a service have numbers in a row */
	for (uint32_t i = 0, k; i < n; i = k) {
		for (k = i + 1; k < n && d->conf->rs[rs[k]].vs == d->conf->rs[rs[i]].vs; k++)
			;
		look_service(d, rs + i, k - i, now_us);
	}
	free(rs);
	return d->drain.n;
}

int drive_conns(struct drive *d, uint64_t *conns_n)
{
	struct ipvs_table have = { 0 };
	int err = kern_dump(d->kern, &have);

	*conns_n = 0;
	if (!err)
		table_sort(&have);
	for (uint32_t i = 0; !err && i < d->plan.seats.svc_n; i++) {
		uint32_t at = table_find_svc(&have, &d->plan.seats.svc[i]);

		if (at == IPVS_NONE)
			continue;
		for (uint32_t k = 0; k < have.svc[at].n; k++)
			*conns_n += have.dest[have.svc[at].first + k].conns_n;
	}
	table_fini(&have);
	return err;
}

/* ------------------------------------------------------------------ stop */

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
				(void)drive_ask_for(d, KERN_DEL_SVC, i, IPVS_NONE);
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
