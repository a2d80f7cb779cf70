/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_resolve.h.
 */
#include "core/conf/conf_resolve.h"

#include "core/conf/conf_make.h"
#include "core/conf/conf_names.h"
#include "core/conf/conf_vmac.h"
#include "core/conf/schema.h"

#include <string.h>

enum { OWNER_PRIORITY = 255, BFD_TTL_V4 = 255, BFD_TTL_V6 = 64 };

/* RFC 5798 made version 3, and IPv6 came with it. */
uint8_t conf_default_version(const struct conf *c, const struct conf_vrrp *in)
{
	bool is_v6 = in->s.vips.n && c->vip[in->s.vips.first].s.prefix.addr.family == AF_INET6;

	return is_v6 ? 3 : c->global.s.vrrp_version;
}

uint8_t conf_default_state(const struct conf_vrrp *in)
{
	return in->s.priority == OWNER_PRIORITY ? CONF_STATE_MASTER : CONF_STATE_BACKUP;
}

static void default_dev(struct conf *c, struct conf_range r, const char *dev)
{
	for (uint32_t i = r.first; i < r.first + r.n; i++)
		if (!c->vip[i].s.dev)
			c->vip[i].s.dev = dev;
}

static void resolve_vrrp(struct conf *c)
{
	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		struct conf_vrrp *in = &c->vrrp[i];

		if (!in->s.version)
			in->s.version = conf_default_version(c, in);
		if (!in->s.state)
			in->s.state = conf_default_state(in);
		default_dev(c, in->s.vips, in->s.interface);
		default_dev(c, in->s.evips, in->s.interface);
	}
	default_dev(c, c->statics.s.addresses, c->global.s.default_interface);
}

/* ------------------------------------------------------------------ trackers */

static void put_name(struct names *n, enum schema_kind kind, const char *name, void *obj)
{
	if (name && !names_get(n, kind, name)) /* a second one of a name is told by conf_check() */
		names_put(n, kind, name, obj);
}

/* What is tracked, by kind and name. */
static void name_trackers(struct conf *c, struct names *n)
{
	for (uint32_t i = 0; i < c->track_script_n; i++)
		put_name(n, SCHEMA_track_script, c->track_script[i].s.name, &c->track_script[i]);
	for (uint32_t i = 0; i < c->track_file_n; i++)
		put_name(n, SCHEMA_track_file, c->track_file[i].s.name, &c->track_file[i]);
	for (uint32_t i = 0; i < c->track_process_n; i++)
		put_name(n, SCHEMA_track_process, c->track_process[i].s.name, &c->track_process[i]);
	for (uint32_t i = 0; i < c->bfd_n; i++)
		put_name(n, SCHEMA_bfd, c->bfd[i].s.name, &c->bfd[i]);
}

/* A weight that is not given is that of what is tracked, with its direction. */
static void default_weight(struct conf *c, const struct names *n, struct conf_range r,
			   enum schema_kind kind)
{
	const struct schema_key *own = schema_find(SCHEMA_track, "weight");

	for (uint32_t i = r.first; i < r.first + r.n; i++) {
		struct fields_track *t = &c->track[i].s;
		const void *target;

		if (schema_is_set(own, t))
			continue;
		t->weight = 0;
		target = kind == SCHEMA_KIND_N || !t->name ? NULL : names_get(n, kind, t->name);
		if (!target)
			continue;
		t->weight = (int32_t)schema_get(schema_find(kind, "weight"), target);
		t->reverse |= schema_get(schema_find(kind, "reverse"), target) != 0;
	}
}

static void resolve_tracks(struct conf *c)
{
	struct names n = { 0 };

	if (!c->track_n)
		return;
	name_trackers(c, &n);
	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		const struct fields_vrrp *s = &c->vrrp[i].s;

		default_weight(c, &n, s->track_interface, SCHEMA_KIND_N);
		default_weight(c, &n, s->track_script, SCHEMA_track_script);
		default_weight(c, &n, s->track_file, SCHEMA_track_file);
		default_weight(c, &n, s->track_process, SCHEMA_track_process);
		default_weight(c, &n, s->track_bfd, SCHEMA_bfd);
	}
	for (uint32_t i = 0; i < c->sync_n; i++) {
		const struct fields_sync *s = &c->sync[i].s;

		default_weight(c, &n, s->track_interface, SCHEMA_KIND_N);
		default_weight(c, &n, s->track_script, SCHEMA_track_script);
		default_weight(c, &n, s->track_file, SCHEMA_track_file);
		default_weight(c, &n, s->track_process, SCHEMA_track_process);
		default_weight(c, &n, s->track_bfd, SCHEMA_bfd);
	}
	names_fini(&n);
}

/* ------------------------------------------------------------------ the rest */

static void resolve_syncd(struct conf *c)
{
	for (uint32_t i = 0; i < c->syncd_n; i++) {
		struct fields_syncd *s = &c->syncd[i].s;

		if (schema_is_set(schema_find(SCHEMA_syncd, "syncid"), s))
			continue;
		s->syncid = 0;
		for (uint32_t k = 0; s->instance && k < c->vrrp_n; k++)
			if (c->vrrp[k].s.name && !strcmp(c->vrrp[k].s.name, s->instance))
				s->syncid = c->vrrp[k].s.vrid;
	}
}

static void resolve_bfd(struct conf *c)
{
	for (uint32_t i = 0; i < c->bfd_n; i++)
		if (!c->bfd[i].s.ttl)
			c->bfd[i].s.ttl =
				c->bfd[i].s.neighbor.family == AF_INET6 ? BFD_TTL_V6 : BFD_TTL_V4;
}

static struct conf_range where_of(const struct names *groups, const struct fields_vs *s)
{
	const struct conf_vsg *g = s->group ? names_get(groups, SCHEMA_vsg, s->group) : NULL;

	return g ? g->s.addresses : s->addresses;
}

static void resolve_vs(struct conf *c)
{
	char name[CONF_VS_NAME_LEN];
	struct names groups = { 0 };

	for (uint32_t i = 0; i < c->vsg_n; i++)
		put_name(&groups, SCHEMA_vsg, c->vsg[i].s.name, &c->vsg[i]);
	for (uint32_t i = 0; i < c->vs_n; i++) {
		struct conf_vs *vs = &c->vs[i];

		if (vs->s.fwmark && !vs->s.family)
			vs->s.family = vs->s.servers.n ? c->rs[vs->s.servers.first].s.addr.family
						       : AF_INET;
		if (!vs->s.name)
			vs->s.name = arena_strdup(&c->arena, conf_vs_default_name(&vs->s, name));
		vs->where = where_of(&groups, &vs->s);
	}
	names_fini(&groups);
}

/* As default_weight(), for checks. */
static void resolve_files(struct conf *c)
{
	const struct schema_key *own = schema_find(SCHEMA_check, "weight");
	struct names n = { 0 };

	for (uint32_t i = 0; i < c->track_file_n; i++)
		put_name(&n, SCHEMA_track_file, c->track_file[i].s.name, &c->track_file[i]);
	for (uint32_t i = 0; i < c->check_n; i++) {
		struct fields_check *s = &c->check[i].s;
		const struct conf_track_file *f;

		if (s->type != CHECK_FILE || !s->track_file)
			continue;
		f = names_get(&n, SCHEMA_track_file, s->track_file);
		if (!f)
			continue; /* conf_check() tells it */
		c->check[i].file = (uint32_t)(f - c->track_file);
		if (schema_is_set(own, s))
			continue;
		s->weight = f->s.weight;
		s->reverse |= f->s.reverse;
	}
	names_fini(&n);
}

static void resolve_check(struct conf *c)
{
	static const struct conf_status none;

	for (uint32_t i = 0; i < c->check_n; i++) {
		struct fields_check *s = &c->check[i].s;

		if (!s->fall_n)
			s->fall_n = (uint8_t)(s->retry_n + 1);
		if (!memcmp(&s->status, &none, sizeof(none)))
			s->status = conf_status_default();
	}
}

void conf_resolve(struct conf *c)
{
	resolve_vrrp(c);
	conf_vmac_resolve(c);
	resolve_tracks(c);
	resolve_syncd(c);
	resolve_bfd(c);
	resolve_vs(c);
	resolve_check(c);
	resolve_files(c);
}
