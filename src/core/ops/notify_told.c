/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See notify_told.h.
 */
#include "core/ops/notify_told.h"

#include "core/bug.h"
#include "core/conf/conf_names.h"
#include "core/conf/idmap.h"
#include "core/reason.h"
#include "core/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *zeroed(uint32_t n, size_t len)
{
	void *p = calloc(n ? n : 1, len);

	BUG_ON(!p);
	return p;
}

void told_fini(struct told *t)
{
	free(t->inst);
	free(t->group);
	free(t->prio);
	free(t->rs);
	free(t->vs);
	free(t->nth);
	free(t->has_prio);
}

static void say(struct told *t, const struct conf *c, uint32_t id, const struct say *s)
{
	t->say(t->arg, c, id, s);
}

/* ------------------------------------------------------------------ instances and groups */

static void tell_inst(struct told *t, const struct conf *c, uint32_t i, uint8_t state, uint8_t prio)
{
	struct say s;

	if (t->inst[i] == state || (state == EVENT_STATE_GONE && t->inst[i] == EVENT_STATE_NONE))
		return;
	t->inst[i] = state;
	if (say_inst(c, &c->vrrp[i], state, prio, &s))
		say(t, c, c->vrrp[i].id.v, &s);
}

static void tell_group(struct told *t, const struct conf *c, uint32_t i, uint8_t state)
{
	struct say s;

	if (t->group[i] == state)
		return;
	t->group[i] = state;
	if (say_group(c, &c->sync[i], state, &s))
		say(t, c, c->sync[i].id.v, &s);
}

static bool inst_event(struct told *t, const struct conf *c, const struct event *e)
{
	const struct conf_vrrp *in = conf_inst(c, (struct inst_id){ e->id });
	struct say s;

	if (!in)
		return false;
	t->prio[in - c->vrrp] = (uint8_t)e->number;
	if (e->type == EVENT_INST)
		tell_inst(t, c, (uint32_t)(in - c->vrrp), e->to, (uint8_t)e->number);
	else if (e->type == EVENT_INST_PRIO && t->has_prio[in - c->vrrp] &&
		 say_prio(c, in, e->to, (uint8_t)e->number, &s))
		say(t, c, e->id, &s);
	else if (e->type == EVENT_INST_LOWER && say_lower(c, in, (uint8_t)e->number, &s))
		say(t, c, e->id, &s);
	return true;
}

static bool group_event(struct told *t, const struct conf *c, const struct event *e)
{
	const struct conf_sync *g = conf_sync(c, (struct sync_id){ e->id });

	if (g)
		tell_group(t, c, (uint32_t)(g - c->sync), e->to);
	return g;
}

/* By itself, or by its group. */
static bool *prio_list(const struct conf *c)
{
	bool *has_prio = zeroed(c->vrrp_n, sizeof(*has_prio));
	struct names names = { 0 };

	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		has_prio[i] = c->vrrp[i].s.notify_priority_changes;
		if (!names_get(&names, SCHEMA_vrrp, c->vrrp[i].s.name))
			names_put(&names, SCHEMA_vrrp, c->vrrp[i].s.name, &has_prio[i]);
	}
	for (uint32_t g = 0; g < c->sync_n; g++) {
		const struct conf_strs *m = &c->sync[g].s.members;

		for (uint32_t i = 0; i < m->n && c->sync[g].s.notify_priority_changes; i++) {
			bool *of = names_get(&names, SCHEMA_vrrp, m->v[i]);

			if (of)
				*of = true;
		}
	}
	names_fini(&names);
	return has_prio;
}

/* Their states again, for the FIFOs only. */
static void repeat_states(struct told *t, const struct conf *c)
{
	struct say s;

	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		if (!say_inst(c, &c->vrrp[i], t->inst[i], t->prio[i], &s))
			continue;
		s.script_n = 0;
		s.has_mail = false;
		say(t, c, c->vrrp[i].id.v, &s);
	}
	for (uint32_t i = 0; i < c->sync_n; i++) {
		if (!say_group(c, &c->sync[i], t->group[i], &s))
			continue;
		s.script_n = 0;
		s.has_mail = false;
		say(t, c, c->sync[i].id.v, &s);
	}
}

void told_vrrp_advance(struct told *t, const struct conf *old, const struct conf *new)
{
	uint8_t *inst = zeroed(new->vrrp_n, sizeof(*inst)),
		*group = zeroed(new->sync_n, sizeof(*group)),
		*prio = zeroed(new->vrrp_n, sizeof(*prio));

	for (uint32_t i = 0; old && i < old->vrrp_n; i++) {
		uint32_t k = idmap_find(&new->inst_by_id, old->vrrp[i].id.v);

		/* one that starts anew was told as gone, and begins with what it becomes */
		if (k == IDMAP_NONE)
			tell_inst(t, old, i, EVENT_STATE_GONE, t->prio[i]);
		else if (t->inst[i] != EVENT_STATE_GONE)
			inst[k] = t->inst[i];
		if (k != IDMAP_NONE)
			prio[k] = t->prio[i];
	}
	for (uint32_t i = 0; old && i < old->sync_n; i++) {
		uint32_t k = idmap_find(&new->sync_by_id, old->sync[i].id.v);

		if (k != IDMAP_NONE)
			group[k] = t->group[i];
	}
	free(t->inst);
	free(t->group);
	free(t->has_prio);
	t->inst = inst;
	t->group = group;
	free(t->prio);
	t->prio = prio;
	t->has_prio = prio_list(new);
	if (old && new->global.s.fifo_on_reload)
		repeat_states(t, new);
}

/* ------------------------------------------------------------------ servers and services */

static void tell_server(struct told *t, const struct conf *c, uint32_t i, bool is_up,
			enum say_why why, const struct event *e)
{
	const struct conf_probe *p = e ? conf_probe(c, (struct probe_id){ e->other }) : NULL;
	struct say s;

	t->rs[i] = is_up ? HEALTH_UP : HEALTH_DOWN;
	if (!say_server(c, &c->rs[i], t->nth[c->rs[i].vs], is_up, &s))
		return;
	say_server_why(&s, why, p ? &c->check[p->check] : NULL, is_up,
		       e ? e->check.reason : REASON_NONE);
	say(t, c, c->rs[i].id.v, &s);
}

/* A check has changed, and its server has not: a mail. */
static void tell_check(struct told *t, const struct conf *c, uint32_t i, const struct event *e)
{
	const struct conf_probe *p = conf_probe(c, (struct probe_id){ e->other });
	struct say s;

	if (!p || t->rs[i] == HEALTH_UNKNOWN || !c->rs[i].s.mail || c->global.s.mail_no_checks ||
	    !say_server(c, &c->rs[i], t->nth[c->rs[i].vs], t->rs[i] == HEALTH_UP, &s))
		return;
	say_server_why(&s, SAY_CHECKED, &c->check[p->check], e->to == HEALTH_UP, e->check.reason);
	s.script_n = 0;
	s.line[0] = '\0';
	say(t, c, c->rs[i].id.v, &s);
}

static bool is_first_told(const struct conf *c, uint32_t i, const struct event *e)
{
	if (e->to == HEALTH_UP)
		return c->rs[i].s.alpha || c->global.s.rs_init_notifies;
	/* with alpha it begins as down, before any check */
	return e->check.reason != REASON_NONE || e->is_resync;
}

static bool server_event(struct told *t, const struct conf *c, const struct event *e)
{
	const struct conf_rs *rs = conf_rs(c, (struct rs_id){ e->id });
	uint32_t i = rs ? (uint32_t)(rs - c->rs) : 0;

	if (!rs)
		return false;
	if (e->type == EVENT_CHECK)
		tell_check(t, c, i, e);
	if (e->type != EVENT_SERVER || e->to == HEALTH_UNKNOWN || t->rs[i] == e->to)
		return true;
	if (t->rs[i] == HEALTH_UNKNOWN && !is_first_told(c, i, e))
		t->rs[i] = e->to;
	else
		tell_server(t, c, i, e->to == HEALTH_UP, SAY_CHECKED, e);
	return true;
}

static void tell_service(struct told *t, const struct conf *c, uint32_t i, bool is_up,
			 enum say_why why, const struct event_quorum *q)
{
	struct say s;

	t->vs[i] = is_up ? HEALTH_UP : HEALTH_DOWN;
	if (!say_service(c, &c->vs[i], t->nth[i], is_up, &s))
		return;
	say_service_why(&s, why, is_up, q);
	say(t, c, c->vs[i].id.v, &s);
}

static bool service_event(struct told *t, const struct conf *c, const struct event *e)
{
	const struct conf_vs *vs = conf_vs(c, (struct vs_id){ e->id });
	uint32_t i = vs ? (uint32_t)(vs - c->vs) : 0;

	if (!vs)
		return false;
	if (e->type != EVENT_QUORUM || e->to == HEALTH_UNKNOWN || t->vs[i] == e->to)
		return true;
	if (t->vs[i] == HEALTH_UNKNOWN && e->to == HEALTH_DOWN && !vs->s.sorry.n)
		t->vs[i] = e->to;
	else
		tell_service(t, c, i, e->to == HEALTH_UP,
			     t->vs[i] == HEALTH_UNKNOWN ? SAY_STARTED : SAY_CHECKED, &e->quorum);
	return true;
}

/* What is up of a service and its servers goes down. */
static void tell_down(struct told *t, const struct conf *c, uint32_t vs, enum say_why why)
{
	const struct conf_range *r = &c->vs[vs].s.servers;
	struct event_quorum none = { .quorum = c->vs[vs].s.quorum,
				     .hysteresis = c->vs[vs].s.hysteresis };

	for (uint32_t i = r->first; i < r->first + r->n; i++)
		if (t->rs[i] == HEALTH_UP)
			tell_server(t, c, i, false, why, NULL);
	if (t->vs[vs] == HEALTH_UP)
		tell_service(t, c, vs, false, why, &none);
}

static void tell_removed(struct told *t, const struct conf *old, const struct conf *new,
			 uint32_t vs)
{
	const struct conf_range *r = &old->vs[vs].s.servers;

	if (!conf_vs(new, old->vs[vs].id)) {
		tell_down(t, old, vs, SAY_REMOVED);
		return;
	}
	for (uint32_t i = r->first; i < r->first + r->n; i++)
		if (t->rs[i] == HEALTH_UP && !conf_rs(new, old->rs[i].id))
			tell_server(t, old, i, false, SAY_REMOVED, NULL);
}

/* The n-th service of its group. */
static uint32_t *nth_list(const struct conf *c)
{
	uint32_t *nth = zeroed(c->vs_n, sizeof(*nth));
	struct names last = { 0 }; /* the first of each group, which counts for all */
	uint32_t *n = zeroed(c->vs_n, sizeof(*n));

	for (uint32_t i = 0; i < c->vs_n; i++) {
		const char *group = c->vs[i].s.group;
		uint32_t *count = group ? names_get(&last, SCHEMA_vsg, group) : NULL;

		if (group && !count)
			names_put(&last, SCHEMA_vsg, group, count = &n[i]);
		nth[i] = count ? (*count)++ : 0;
	}
	names_fini(&last);
	free(n);
	return nth;
}

void told_ipvs_advance(struct told *t, const struct conf *old, const struct conf *new)
{
	uint8_t *rs = zeroed(new->rs_n, sizeof(*rs)), *vs = zeroed(new->vs_n, sizeof(*vs));

	for (uint32_t i = 0; old && i < old->vs_n; i++)
		tell_removed(t, old, new, i);
	for (uint32_t i = 0; old && i < new->rs_n; i++) {
		uint32_t k = idmap_find(&old->rs_by_id, new->rs[i].id.v);

		rs[i] = k == IDMAP_NONE ? HEALTH_UNKNOWN : t->rs[k];
	}
	for (uint32_t i = 0; old && i < new->vs_n; i++) {
		uint32_t k = idmap_find(&old->vs_by_id, new->vs[i].id.v);

		vs[i] = k == IDMAP_NONE ? HEALTH_UNKNOWN : t->vs[k];
	}
	free(t->rs);
	free(t->vs);
	free(t->nth);
	t->rs = rs;
	t->vs = vs;
	t->nth = nth_list(new);
}

void told_omega(struct told *t, const struct conf *c)
{
	for (uint32_t i = 0; i < c->vs_n; i++)
		if (c->vs[i].s.omega)
			tell_down(t, c, i, SAY_STOPPED);
}

/* ------------------------------------------------------------------ all */

void told_event(struct told *t, const struct conf *c, const struct event *e)
{
	bool is_known = true;

	switch ((enum event_type)e->type) {
	case EVENT_INST:
	case EVENT_INST_PRIO:
	case EVENT_INST_LOWER:
		is_known = inst_event(t, c, e);
		break;
	case EVENT_GROUP:
		is_known = group_event(t, c, e);
		break;
	case EVENT_SERVER:
	case EVENT_CHECK:
		is_known = server_event(t, c, e);
		break;
	case EVENT_QUORUM:
		is_known = service_event(t, c, e);
		break;
	case EVENT_WEIGHT:
	case EVENT_ADMIN:
	case EVENT_DRAINED:
	case EVENT_PANIC:
	case EVENT_SUSPENDED:
	case EVENT_ADDED:
	case EVENT_NONE:
	case EVENT_TYPE_N:
		break;
	}
	if (!is_known)
		stats_add(STAT_MSG_UNKNOWN_ID, 1);
}

static void put_name(struct past_entry *out, const char *name)
{
	(void)snprintf(out->name, sizeof(out->name), "%s", name);
}

static void record_server(const struct conf *c, const struct event *e, struct past_entry *out)
{
	const struct conf_rs *rs = conf_rs(c, (struct rs_id){ e->id });
	char text[ADDR_PORT_TEXT_LEN];

	if (!rs)
		return;
	put_name(out, c->vs[rs->vs].s.name);
	(void)snprintf(out->server, sizeof(out->server), "%s",
		       addr_port_text(&rs->s.addr, rs->s.port, text));
	if (e->type != EVENT_SERVER && e->type != EVENT_CHECK)
		return;
	out->reason = e->check.reason;
	out->code = e->check.code;
	out->duration_us = e->check.duration_us;
}

void told_record(const struct conf *c, const struct event *e, struct past_entry *out)
{
	const struct conf_vrrp *in = conf_inst(c, (struct inst_id){ e->id });
	const struct conf_sync *g = conf_sync(c, (struct sync_id){ e->id });
	const struct conf_vs *vs = conf_vs(c, (struct vs_id){ e->id });

	*out = (struct past_entry){ .wall_us = e->wall_us,
				    .gen = e->gen,
				    .number = e->number,
				    .id = e->id,
				    .type = e->type,
				    .from = e->from,
				    .to = e->to,
				    .flags = (uint16_t)((e->is_first ? PAST_FIRST : 0) |
							(e->is_resync ? PAST_RESYNC : 0)) };
	if (in)
		put_name(out, in->s.name);
	else if (g)
		put_name(out, g->s.name);
	else if (vs)
		put_name(out, vs->s.name);
	else
		record_server(c, e, out);
}
