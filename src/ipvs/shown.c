/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See shown.h.
 */
#include "ipvs/shown.h"

#include "core/clock.h"
#include "core/conf/idmap.h"
#include "core/status.h"
#include "ipvs/want.h"

/* core/ops/view.c names them by their numbers */
_Static_assert(QUORUM_UNKNOWN == 0 && QUORUM_DOWN == 1 && QUORUM_UP == 2, "");

enum { RS_SINCE_MASK = 0xffffff }; /* verdict, admin state, place */

static uint8_t place_of(const struct ipvs_dest *want)
{
	switch (want->presence) {
	case IPVS_OUT:
		return STATUS_PLACE_OUT;
	case IPVS_KEEP:
		return STATUS_PLACE_KEPT;
	case IPVS_IF_IN:
	case IPVS_IN:
		return want->weight ? STATUS_PLACE_IN : STATUS_PLACE_IDLE;
	}
	return STATUS_PLACE_NONE;
}

void shown_server(const struct state *st, uint32_t rs)
{
	const struct conf *c = st->c;

	if (!c->status)
		return;

	const struct state_server *s = &st->server[rs];
	const struct face_set *set = &st->faces.set[c->rs[rs].vs];
	struct ipvs_dest want = { .presence = IPVS_OUT };

	if (set->n)
		want_dest(st, set->first,
			  st->faces.face[set->first].slot + rs -
				  c->vs[c->rs[rs].vs].s.servers.first,
			  &want);

	struct status_rs_word w = {
		.verdict = s->verdict,
		.admin = s->admin,
		.place = place_of(&want),
		.ramp_percent = s->ramp_percent,
		.has_weight = s->has_weight,
	};

	status_set_rs(&c->status->rs[rs], status_rs_pack(w), RS_SINCE_MASK, clock_now_us());
	STATUS_STORE(&c->status->rs[rs].weight,
		     want.presence == IPVS_KEEP ? state_weight(st, rs) : want.weight);
}

void shown_service(const struct state *st, uint32_t vs)
{
	const struct state_service *s = &st->service[vs];

	if (!st->c->status)
		return;

	struct status_vs *to = &st->c->status->vs[vs];
	struct status_vs_word w = {
		.quorum = s->quorum,
		.is_panic = s->is_panic,
		.is_suspended = s->is_suspended,
		.is_sorry = state_is_sorry(st, vs),
		.is_shown = true,
	};

	status_set(&to->word, &to->since_us, status_vs_pack(w), UINT64_MAX, clock_now_us());
	STATUS_STORE(&to->up_weight, s->sum.up);
	STATUS_STORE(&to->total_weight, s->sum.total);
}

void shown_probe(const struct conf *c, uint32_t probe, struct health h)
{
	if (c->status)
		status_set(&c->status->probe[probe].word, &c->status->probe[probe].since_us,
			   health_pack(h), UINT64_MAX, clock_now_us());
}

void shown_all(const struct state *st)
{
	for (uint32_t i = 0; i < st->c->rs_n; i++)
		shown_server(st, i);
	for (uint32_t i = 0; i < st->c->vs_n; i++)
		shown_service(st, i);
}

static void carry(_Atomic uint64_t *word, _Atomic int64_t *since_us,
		  const _Atomic uint64_t *old_word, const _Atomic int64_t *old_since_us)
{
	STATUS_STORE(word, STATUS_LOAD(old_word));
	STATUS_STORE(since_us, STATUS_LOAD(old_since_us));
}

void shown_carry(const struct conf *old, const struct conf *new)
{
	if (!old || !old->status || !new->status)
		return;
	for (uint32_t i = 0; i < new->vs_n; i++) {
		uint32_t k = idmap_find(&old->vs_by_id, new->vs[i].id.v);

		if (k != IDMAP_NONE)
			carry(&new->status->vs[i].word, &new->status->vs[i].since_us,
			      &old->status->vs[k].word, &old->status->vs[k].since_us);
	}
	for (uint32_t i = 0; i < new->rs_n; i++) {
		uint32_t k = idmap_find(&old->rs_by_id, new->rs[i].id.v);

		if (k == IDMAP_NONE)
			continue;
		STATUS_STORE(&new->status->rs[i].word, STATUS_LOAD(&old->status->rs[k].word));
		STATUS_STORE(&new->status->rs[i].since_us,
			     STATUS_LOAD(&old->status->rs[k].since_us));
	}
	for (uint32_t i = 0; i < new->probe_n; i++) {
		uint32_t k = idmap_find(&old->probe_by_id, new->probe[i].id.v);

		if (k != IDMAP_NONE)
			carry(&new->status->probe[i].word, &new->status->probe[i].since_us,
			      &old->status->probe[k].word, &old->status->probe[k].since_us);
	}
}
