/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See state.h. The sums of a service are kept up to date by taking a server's share out before a change
 * and putting it in again after it.
 */
#include "ipvs/state.h"

#include "core/bug.h"
#include "core/record.h"

#include <stdlib.h>

static void *zeroed(uint32_t n, size_t len)
{
	void *p = calloc(n ? n : 1, len);

	BUG_ON(!p);
	return p;
}

enum health_verdict state_verdict(const struct conf *c, uint32_t rs,
				  const struct state_probe *probe)
{
	const struct conf_range *r = &c->rs[rs].probes;
	enum health_verdict all = HEALTH_UP;

	for (uint32_t i = r->first; i < r->first + r->n; i++) {
		if (probe[i].verdict == HEALTH_DOWN)
			return HEALTH_DOWN;
		if (probe[i].verdict != HEALTH_UP)
			all = HEALTH_UNKNOWN;
	}
	return all;
}

enum health_verdict state_alive(const struct state *st, uint32_t rs)
{
	enum health_verdict v = (enum health_verdict)st->server[rs].verdict;

	return v == HEALTH_UNKNOWN && st->c->rs[rs].s.alpha ? HEALTH_DOWN : v;
}

uint32_t state_weight(const struct state *st, uint32_t rs)
{
	const struct state_server *s = &st->server[rs];
	const struct conf_range *r = &st->c->rs[rs].probes;
	int64_t sum = s->has_weight ? s->weight : st->c->rs[rs].s.weight;

	for (uint32_t i = r->first; i < r->first + r->n; i++)
		sum += st->probe[i].weight;
	return sum < 0 ? 0 : sum > INT32_MAX ? INT32_MAX : (uint32_t)sum;
}

static void settle_admin(struct state *st, uint32_t rs)
{
	struct state_server *s = &st->server[rs];
	const struct conf_range *r = &st->c->rs[rs].probes;
	uint8_t was = s->admin;

	s->admin = s->asked;
	for (uint32_t i = r->first; i < r->first + r->n; i++)
		if (st->probe[i].admin > s->admin)
			s->admin = st->probe[i].admin;
	s->is_drained = s->is_drained && s->admin == was;
}

/* Adds the server's share to the sums, or takes it away. */
static void count(struct state *st, uint32_t rs, bool is_in)
{
	struct quorum_sum *sum = &st->service[st->c->rs[rs].vs].sum;
	uint64_t weight = state_weight(st, rs);
	uint64_t *into = NULL;

	if (st->server[rs].admin != ADMIN_READY)
		return;
	switch (state_alive(st, rs)) {
	case HEALTH_UP:
		into = &sum->up;
		break;
	case HEALTH_UNKNOWN:
		into = &sum->maybe;
		break;
	case HEALTH_DOWN:
		if (st->server[rs].verdict != HEALTH_UNKNOWN)
			return;
		into = &sum->unheard;
		break;
	}
	BUG_ON(!is_in && *into < weight);
	*into = is_in ? *into + weight : *into - weight;
}

/* ------------------------------------------------------------------ reload */

/* What a probe adds is a part of the configured weight: of another one it is another number, until the probe
 * tells it. */
static int32_t scaled(int32_t add, uint32_t was, uint32_t now)
{
	int64_t n = was == now ? add : was ? (int64_t)add * now / was : 0;

	return n < INT32_MIN ? INT32_MIN : n > INT32_MAX ? INT32_MAX : (int32_t)n;
}

/* What the director before knew. */
static void recall_probes(const struct conf *c, struct state_probe *probe)
{
	const uint64_t *was = c->record ? c->record->probe_was : NULL;
	struct record_health h;

	for (uint32_t i = 0; was && i < c->probe_n; i++)
		if (record_health_unpack(was[i], &h))
			probe[i] = (struct state_probe){ .verdict = h.verdict,
							 .reason = h.reason & 0x3fu,
							 .code = h.code };
}

static void move_probes(struct state *st, const struct conf *old, const struct conf *new)
{
	struct state_probe *probe = zeroed(new->probe_n, sizeof(*probe));

	for (uint32_t i = 0; old && i < new->probe_n; i++) {
		const struct conf_probe *was = conf_probe(old, new->probe[i].id);

		if (!was)
			continue;
		probe[i] = st->probe[was - old->probe];
		probe[i].weight = scaled(probe[i].weight, old->rs[was->rs].s.weight,
					 new->rs[new->probe[i].rs].s.weight);
	}
	if (!old)
		recall_probes(new, probe);
	free(st->probe);
	st->probe = probe;
}

static void move_server(const struct state *st, const struct conf *old, const struct conf_rs *rs,
			struct state_server *s)
{
	const struct conf_rs *was = old ? conf_rs(old, rs->id) : NULL;

	*s = (struct state_server){ .admin = rs->s.admin,
				    .asked = rs->s.admin,
				    .ramp_percent = STATE_RAMP_DONE };
	if (!was)
		return;

	const struct state_server *from = &st->server[was - old->rs];

	s->ramp_percent = from->ramp_percent;
	s->left_s = from->left_s;
	s->is_held = from->is_held;
	if (was->s.admin == rs->s.admin) {
		s->admin = from->admin;
		s->asked = from->asked;
		s->is_drained = from->is_drained;
		s->since_us = from->since_us;
	}
	if (was->s.weight == rs->s.weight) {
		s->has_weight = from->has_weight;
		s->weight = from->weight;
	}
}

static void move_servers(struct state *st, const struct conf *old, const struct conf *new)
{
	struct state_server *server = zeroed(new->rs_n, sizeof(*server));

	for (uint32_t i = 0; i < new->rs_n; i++) {
		move_server(st, old, &new->rs[i], &server[i]);
		server[i].verdict = (uint8_t)state_verdict(new, i, st->probe);
	}
	free(st->server);
	st->server = server;
}

static void move_services(struct state *st, const struct conf *old, const struct conf *new)
{
	struct state_service *service = zeroed(new->vs_n, sizeof(*service));

	for (uint32_t i = 0; i < new->vs_n; i++) {
		const struct conf_vs *was = old ? conf_vs(old, new->vs[i].id) : NULL;

		if (was)
			service[i] = st->service[was - old->vs];
		if (!old && new->record &&new->record->service_was)
			service[i].quorum = state_recall_quorum(new->record->service_was[i]);
		service[i].sum = (struct quorum_sum){ 0 };
	}
	free(st->service);
	st->service = service;
}

void state_adopt(struct state *st, const struct conf *old, const struct conf *new)
{
	move_probes(st, old, new);
	move_servers(st, old, new);
	move_services(st, old, new);
	faces_fini(&st->faces);
	faces_make(&st->faces, new);
	here_adopt(&st->here, &st->faces, old, new);
	st->c = new;
	for (uint32_t i = 0; i < new->vs_n; i++)
		st->service[i].is_suspended = !here_has(&st->here, i);
	for (uint32_t i = 0; i < new->rs_n; i++) {
		st->service[new->rs[i].vs].sum.total += new->rs[i].s.weight;
		settle_admin(st, i);
		count(st, i, true);
	}
}

void state_fini(struct state *st)
{
	faces_fini(&st->faces);
	here_fini(&st->here);
	free(st->probe);
	free(st->server);
	free(st->service);
}

/* ------------------------------------------------------------------ news */

bool state_take_probe(struct state *st, uint32_t probe, const struct state_probe *p)
{
	uint32_t rs = st->c->probe[probe].rs;
	struct state_server *s = &st->server[rs];
	bool is_heavier = st->probe[probe].weight != p->weight;
	uint8_t was = s->verdict, was_admin = s->admin;

	count(st, rs, false);
	st->probe[probe] = *p;
	s->verdict = (uint8_t)state_verdict(st->c, rs, st->probe);
	settle_admin(st, rs);
	count(st, rs, true);
	return is_heavier || s->verdict != was || s->admin != was_admin;
}

bool state_take_admin(struct state *st, uint32_t rs, struct admin a)
{
	struct state_server *s = &st->server[rs];

	if (s->asked == a.state && s->has_weight == a.has_weight &&
	    (!a.has_weight || s->weight == a.weight))
		return false;
	count(st, rs, false);
	s->asked = a.state;
	s->has_weight = a.has_weight;
	s->weight = a.weight;
	settle_admin(st, rs);
	count(st, rs, true);
	return true;
}

struct state_turn state_settle(struct state *st, uint32_t vs)
{
	struct state_service *s = &st->service[vs];
	const struct fields_vs *f = &st->c->vs[vs].s;
	struct quorum_rule rule = { f->quorum, f->hysteresis, f->panic_percent };
	struct state_turn t = { .was = (enum quorum_state)s->quorum, .was_panic = s->is_panic };

	t.now = quorum_next(t.was, rule, &s->sum);
	t.is_panic = quorum_is_panic(rule, &s->sum);
	s->quorum = (uint8_t)t.now;
	s->is_panic = t.is_panic;
	return t;
}

bool state_is_sorry(const struct state *st, uint32_t vs)
{
	return st->c->vs[vs].s.sorry.n && st->service[vs].quorum == QUORUM_DOWN;
}

uint8_t state_recall_quorum(uint64_t word)
{
	return word == QUORUM_DOWN || word == QUORUM_UP ? (uint8_t)word : QUORUM_UNKNOWN;
}

uint8_t state_ramp(const struct fields_slow_start *s, int64_t since_us)
{
	if (since_us >= s->window_us)
		return STATE_RAMP_DONE;
	if (since_us < 0)
		return s->min_percent;
	return (uint8_t)(s->min_percent +
			 (STATE_RAMP_DONE - s->min_percent) * since_us / s->window_us);
}
