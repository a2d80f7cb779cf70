/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See view.h.
 */
#include "core/ops/view.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/conf_far.h"
#include "core/conf/schema.h"
#include "core/ops/control_wire.h"
#include "core/reason.h"
#include "core/status.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define USEC_PER_SEC 1000000
#define NSEC_PER_USEC 1000

struct view_time view_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (struct view_time){
		.mono_us = clock_now_us(),
		.wall_us = (int64_t)ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / NSEC_PER_USEC,
	};
}

static json_t *made(json_t *o)
{
	BUG_ON(!o);
	return o;
}

static void put(json_t *o, const char *name, json_t *value)
{
	BUG_ON(!value || json_object_set_new_nocheck(o, name, value)); /* names are ASCII */
}

static void put_text(json_t *o, const char *name, const char *text)
{
	put(o, name, text ? ctl_text(text) : json_null());
}

static void put_u64(json_t *o, const char *name, uint64_t n)
{
	put(o, name, json_integer((json_int_t)n));
}

/* A moment as seconds since 1970, null: never. */
static void put_moment(json_t *o, const char *name, int64_t at_us, const struct view_time *t)
{
	put(o, name,
	    at_us ? json_real((double)(t->wall_us - (t->mono_us - at_us)) / USEC_PER_SEC)
		  : json_null());
}

/* ------------------------------------------------------------------ instances */

const char *view_inst_state(const struct conf *c, uint32_t i)
{
	/* by enum vrrp_state; vrrp/shown.c holds them together */
	static const char *const name[] = { "INIT", "INIT", "BACKUP", "ACTIVE", "FAULT" };
	struct status_inst_word w = status_inst_unpack(STATUS_LOAD(&c->status->inst[i].word));

	return name[w.state < sizeof(name) / sizeof(*name) ? w.state : 0];
}

/* Its family is that of its first address, else that of its peers. */
static bool is_v6(const struct conf *c, uint32_t i)
{
	const struct fields_vrrp *f = &c->vrrp[i].s;

	if (f->vips.n)
		return c->vip[f->vips.first].s.prefix.addr.family == AF_INET6;
	return f->peers.n && c->peer[f->peers.first].s.addr.family == AF_INET6;
}

static json_t *peer_of(const struct status_inst *s, uint8_t family, const struct view_time *t)
{
	uint64_t half[2] = { STATUS_LOAD(&s->peer[0]), STATUS_LOAD(&s->peer[1]) };
	struct ip_addr a = { .family = family };
	char text[ADDR_TEXT_LEN];
	json_t *o = made(json_object());

	memcpy(a.byte, half, sizeof(a.byte));
	put_text(o, "address", addr_text(&a, text));
	put_u64(o, "priority", STATUS_LOAD(&s->peer_prio));
	put_moment(o, "heard", STATUS_LOAD(&s->heard_us), t);
	return o;
}

/* What was said by hand; what is over is not told. */
static void put_wish(json_t *o, uint64_t word, const struct view_time *t)
{
	static const char *const name[WISH_STATE_N] = { "ready", "released", "held" };
	struct wish w = wish_unpack(word);
	bool is_over = w.until_us && w.until_us <= t->mono_us;

	put_text(o, "wish", name[is_over || w.state >= WISH_STATE_N ? WISH_READY : w.state]);
	put_moment(o, "wish_until", is_over ? 0 : w.until_us, t);
}

json_t *view_inst(const struct conf *c, uint32_t i, const struct view_time *t)
{
	const struct status_inst *s = &c->status->inst[i];
	const struct fields_vrrp *f = &c->vrrp[i].s;
	struct status_inst_word w = status_inst_unpack(STATUS_LOAD(&s->word));
	json_t *o = made(json_object());

	put_text(o, "name", f->name);
	put_text(o, "state", view_inst_state(c, i));
	put_u64(o, "priority", w.prio);
	put_u64(o, "base_priority", f->priority);
	put_text(o, "interface", conf_tx_dev(&c->vrrp[i]));
	put_u64(o, "virtual_router_id", f->vrid);
	put_u64(o, "version", f->version);
	put_text(o, "family", is_v6(c, i) ? "inet6" : "inet");
	put_moment(o, "since", STATUS_LOAD(&s->since_us), t);
	put_text(o, "why", STATUS_LOAD(&s->why));
	put_text(o, "fault", STATUS_LOAD(&s->fault));
	put_wish(o, STATUS_LOAD(&s->wish), t);
	put(o, "has_addresses", json_boolean(w.is_wanted));
	put_u64(o, "addresses", f->vips.n + f->evips.n);
	put(o, "peer", STATUS_LOAD(&s->heard_us) ? peer_of(s, w.peer_family, t) : json_null());
	put_u64(o, "received", STATUS_LOAD(&s->rx_n));
	put_u64(o, "sent", STATUS_LOAD(&s->tx_n));
	put_u64(o, "send_failures", STATUS_LOAD(&s->tx_fail_n));
	put_u64(o, "dropped", STATUS_LOAD(&s->drop_n));
	put_u64(o, "became_active", STATUS_LOAD(&s->transitions_n));
	return o;
}

/* ------------------------------------------------------------------ servers */

static struct status_rs_word rs_word(const struct conf *c, uint32_t rs)
{
	return status_rs_unpack(STATUS_LOAD(&c->status->rs[rs].word));
}

const char *view_rs_state(const struct conf *c, uint32_t i)
{
	struct status_rs_word w = rs_word(c, i);

	if (w.admin != ADMIN_READY)
		return schema_enum_name(schema_names_ADMIN, w.admin);
	return w.verdict == HEALTH_UP ? "up" : w.verdict == HEALTH_DOWN ? "down" : "unknown";
}

bool view_is_state(const char *word)
{
	static const char *const all[] = { "up",     "down",   "unknown", "drain", "maint",
					   "ACTIVE", "BACKUP", "FAULT",   "INIT" };
	bool is_one = !word;

	for (unsigned i = 0; !is_one && i < sizeof(all) / sizeof(*all); i++)
		is_one = !strcasecmp(all[i], word);
	return is_one;
}

void view_count(const struct conf *c, uint32_t rs, struct view_count *n)
{
	struct status_rs_word w = rs_word(c, rs);

	n->total++;
	if (w.admin == ADMIN_DRAIN)
		n->drain++;
	else if (w.admin == ADMIN_MAINT)
		n->maint++;
	else if (w.verdict == HEALTH_UP)
		n->up++;
	else if (w.verdict == HEALTH_DOWN)
		n->down++;
	else
		n->unknown++;
}

json_t *view_counts(const struct view_count *n)
{
	return made(json_pack("{s:I,s:I,s:I,s:I,s:I,s:I}", "total", (json_int_t)n->total, "up",
			      (json_int_t)n->up, "down", (json_int_t)n->down, "unknown",
			      (json_int_t)n->unknown, "drain", (json_int_t)n->drain, "maint",
			      (json_int_t)n->maint));
}

const char *view_rs_name(const struct conf *c, uint32_t i, char buf[static VIEW_NAME_LEN])
{
	char text[ADDR_PORT_TEXT_LEN];

	(void)snprintf(buf, VIEW_NAME_LEN, "%s",
		       addr_port_text(&c->rs[i].s.addr, c->rs[i].s.port, text));
	return buf;
}

const struct status_probe *view_rs_probe(const struct conf *c, uint32_t rs)
{
	const struct conf_range *r = &c->rs[rs].probes;

	for (uint32_t i = r->first; i < r->first + r->n; i++)
		if (health_unpack(STATUS_LOAD(&c->status->probe[i].word)).verdict == HEALTH_DOWN)
			return &c->status->probe[i];
	return r->n ? &c->status->probe[r->first] : NULL;
}

/* What the check that decided found. */
static void put_health(json_t *o, const struct status_probe *p)
{
	struct health h = { .verdict = HEALTH_UNKNOWN };

	if (p)
		h = health_unpack(STATUS_LOAD(&p->word));
	put_text(o, "reason", p ? reason_name(h.reason) : NULL);
	put_text(o, "text", p ? reason_text(h.reason) : "no checks are configured");
	put_u64(o, "code", h.code);
	put_u64(o, "duration_us", h.duration_us);
}

json_t *view_rs(const struct conf *c, uint32_t i, const struct view_time *t)
{
	/* by enum status_place */
	static const char *const place[] = { "unknown", "as_found", "in", "weight_0", "out" };
	const struct status_rs *s = &c->status->rs[i];
	struct status_rs_word w = rs_word(c, i);
	char name[VIEW_NAME_LEN];
	json_t *o = made(json_object());

	put_text(o, "name", view_rs_name(c, i, name));
	put_text(o, "service", c->vs[c->rs[i].vs].s.name);
	put_text(o, "state", view_rs_state(c, i));
	put_text(o, "health",
		 w.verdict == HEALTH_UP     ? "up"
		 : w.verdict == HEALTH_DOWN ? "down"
					    : "unknown");
	put_text(o, "admin", schema_enum_name(schema_names_ADMIN, w.admin));
	put_text(o, "table", place[w.place < sizeof(place) / sizeof(*place) ? w.place : 0]);
	put_u64(o, "weight", STATUS_LOAD(&s->weight));
	put_u64(o, "configured_weight", c->rs[i].s.weight);
	put(o, "weight_by_hand", json_boolean(w.has_weight));
	put_u64(o, "ramp_percent", w.ramp_percent);
	put_moment(o, "since", STATUS_LOAD(&s->since_us), t);
	put_health(o, view_rs_probe(c, i));
	if (conf_far(&c->rs[i])->zone)
		put_text(o, "zone", conf_far(&c->rs[i])->zone);
	if (conf_far(&c->rs[i])->comment)
		put_text(o, "comment", conf_far(&c->rs[i])->comment);
	return o;
}

/* Of checks that are made once for several servers, the one that is made has seen it. NULL: nothing can be. */
static const struct status_tls *tls_of(const struct conf *c, uint32_t probe)
{
	const struct conf_probe *p = &c->probe[probe];
	const struct conf_probe *leader = p->leader.v ? conf_probe(c, p->leader) : p;

	return c->status->tls && leader ? &c->status->tls[leader - c->probe] : NULL;
}

int64_t view_cert_end_s(const struct conf *c, uint32_t probe)
{
	const struct status_tls *s = tls_of(c, probe);

	return s ? STATUS_LOAD(&s->cert_end_s) : 0;
}

static void put_tls(json_t *o, const struct conf *c, uint32_t i)
{
	const struct status_tls *s = tls_of(c, i);
	uint64_t alpn = s ? STATUS_LOAD(&s->alpn) : 0;
	char text[STATUS_ALPN_LEN + 1];

	if (view_cert_end_s(c, i))
		put(o, "certificate_ends", json_integer(view_cert_end_s(c, i)));
	if (alpn)
		put_text(o, "alpn", status_alpn_text(alpn, text));
}

json_t *view_probe(const struct conf *c, uint32_t i, const struct view_time *t)
{
	const struct conf_probe *p = &c->probe[i];
	const struct status_probe *s = &c->status->probe[i];
	struct health h = health_unpack(STATUS_LOAD(&s->word));
	char name[VIEW_NAME_LEN];
	json_t *o = made(json_object());

	put_text(o, "server", view_rs_name(c, p->rs, name));
	put_text(o, "service", c->vs[c->rs[p->rs].vs].s.name);
	put_text(o, "type", schema_enum_name(schema_names_CHECK_TYPE, c->check[p->check].s.type));
	put_text(o, "health",
		 h.verdict == HEALTH_UP     ? "up"
		 : h.verdict == HEALTH_DOWN ? "down"
					    : "unknown");
	put_moment(o, "since", STATUS_LOAD(&s->since_us), t);
	put_health(o, s);
	put(o, "interval_s", json_real((double)c->check[p->check].s.interval_us / USEC_PER_SEC));
	put(o, "is_shared", json_boolean(p->leader.v && p->leader.v != p->id.v));
	put_tls(o, c, i);
	return o;
}

/* ------------------------------------------------------------------ services */

const char *view_vs_quorum(const struct conf *c, uint32_t i)
{
	/* by enum quorum_state (ipvs/quorum.h); ipvs/shown.c holds them together */
	static const char *const name[] = { "unknown", "down", "up" };
	struct status_vs_word w = status_vs_unpack(STATUS_LOAD(&c->status->vs[i].word));

	return name[w.quorum < sizeof(name) / sizeof(*name) ? w.quorum : 0];
}

const char *view_vs_where(const struct conf *c, uint32_t i, char buf[static VIEW_NAME_LEN])
{
	const struct fields_vs *s = &c->vs[i].s;
	char text[ADDR_PORT_TEXT_LEN];

	if (s->addr.family)
		(void)snprintf(buf, VIEW_NAME_LEN, "%s", addr_port_text(&s->addr, s->port, text));
	else if (s->fwmark)
		(void)snprintf(buf, VIEW_NAME_LEN, "fwmark %u", s->fwmark);
	else if (s->group)
		(void)snprintf(buf, VIEW_NAME_LEN, "group %.100s", s->group);
	else
		(void)snprintf(buf, VIEW_NAME_LEN, "%u addresses", c->vs[i].where.n);
	return buf;
}

json_t *view_vs(const struct conf *c, uint32_t i, const struct view_time *t)
{
	const struct fields_vs *f = &c->vs[i].s;
	const struct status_vs *s = &c->status->vs[i];
	struct status_vs_word w = status_vs_unpack(STATUS_LOAD(&s->word));
	struct view_count n = { 0 };
	char where[VIEW_NAME_LEN];
	json_t *o = made(json_object());

	for (uint32_t k = f->servers.first; k < f->servers.first + f->servers.n; k++)
		view_count(c, k, &n);
	put_text(o, "name", f->name);
	put_text(o, "address", view_vs_where(c, i, where));
	put_text(o, "protocol", schema_enum_name(schema_names_PROTOCOL, f->protocol));
	put_text(o, "scheduler", conf_sched_name[f->sched]);
	put_text(o, "method", schema_enum_name(schema_names_METHOD, f->method));
	put_text(o, "quorum", view_vs_quorum(c, i));
	put_u64(o, "quorum_weight", f->quorum);
	put_u64(o, "up_weight", STATUS_LOAD(&s->up_weight));
	put_u64(o, "total_weight", STATUS_LOAD(&s->total_weight));
	put(o, "servers", view_counts(&n));
	put(o, "sorry_server", json_boolean(w.is_sorry));
	put(o, "panic", json_boolean(w.is_panic));
	put(o, "suspended", json_boolean(w.is_suspended));
	put_moment(o, "since", STATUS_LOAD(&s->since_us), t);
	return o;
}
