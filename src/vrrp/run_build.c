/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Lays out a run memory. Every array has its largest size from the configuration alone, so that main can
 * measure what the VRRP thread will fill; all of it is O(n) in the size of the configuration.
 */
#include "core/bug.h"
#include "core/clock.h"
#include "core/status.h"
#include "vrrp/run_name.h"
#include "vrrp/times.h"

#include <string.h>

/* ------------------------------------------------------------------ sizes */

/* The lists of one instance or group, by kind. */
struct lists {
	struct conf_range range[TRACK_PROCESS + 1];
};

static struct lists lists_of_inst(const struct conf_vrrp *cf)
{
	return (struct lists){ {
		[TRACK_IFACE] = cf->s.track_interface,
		[TRACK_SCRIPT] = cf->s.track_script,
		[TRACK_FILE] = cf->s.track_file,
		[TRACK_PROCESS] = cf->s.track_process,
	} };
}

static struct lists lists_of_group(const struct conf_sync *cf)
{
	return (struct lists){ {
		[TRACK_IFACE] = cf->s.track_interface,
		[TRACK_SCRIPT] = cf->s.track_script,
		[TRACK_FILE] = cf->s.track_file,
		[TRACK_PROCESS] = cf->s.track_process,
	} };
}

static size_t lists_n(const struct lists *l)
{
	size_t n = 0;

	for (unsigned k = 0; k <= TRACK_PROCESS; k++)
		n += l->range[k].n;
	return n;
}

struct sizes {
	size_t ref_n, iface_n, obj_n, auth_n, auth_key_n, seen_n;
	uint32_t key_buckets_n, names_n;
};

/* A power of two, at least n. */
static uint32_t pow2(size_t n)
{
	uint32_t p = 4;

	while (p < n)
		p *= 2;
	return p;
}

static void measure_inst(const struct conf *c, const struct conf_vrrp *cf, struct sizes *z)
{
	struct lists l = lists_of_inst(cf);

	z->ref_n += lists_n(&l) + cf->s.vips.n + cf->s.evips.n + 2 * (size_t)cf->s.rules.n;
	for (uint32_t i = 0; i < cf->s.routes.n; i++)
		z->ref_n += 1 + c->route[cf->s.routes.first + i].s.nexthops.n;
	z->auth_n += cf->s.auth.n || cf->s.hmac.n;
	if (cf->s.hmac.n) {
		z->auth_key_n += c->hmac[cf->s.hmac.first].s.keys.n;
		z->seen_n += cf->s.peers.n;
	}
}

static struct sizes measure(const struct conf *c)
{
	struct sizes z = { .obj_n = c->track_script_n + c->track_file_n + c->track_process_n +
				    c->track_group_n };

	for (uint32_t i = 0; i < c->vrrp_n; i++)
		measure_inst(c, &c->vrrp[i], &z);
	for (uint32_t i = 0; i < c->sync_n; i++) {
		struct lists l = lists_of_group(&c->sync[i]);

		z.ref_n += lists_n(&l) * c->sync[i].s.members.n;
	}
	for (uint32_t i = 0; i < c->track_group_n; i++)
		z.ref_n += c->track_group[i].s.members.n;
	z.iface_n = (size_t)c->vrrp_n + z.ref_n;
	z.key_buckets_n = pow2((size_t)c->vrrp_n);
	z.names_n = pow2(2 * (z.iface_n + z.obj_n + c->vrrp_n + c->sync_n));
	return z;
}

/* Every part begins on a boundary that is good for any of them. */
static size_t aligned(size_t len)
{
	return (len + 15) & ~(size_t)15;
}

size_t run_len(const struct conf *c)
{
	struct sizes z = measure(c);

	return aligned(sizeof(struct run)) + aligned(c->vrrp_n * sizeof(struct vrrp_inst)) +
	       aligned(c->vrrp_n * sizeof(uint32_t)) +
	       aligned(z.iface_n * sizeof(struct run_iface)) +
	       aligned(z.obj_n * sizeof(struct run_obj)) +
	       aligned(z.ref_n * sizeof(struct run_ref)) +
	       aligned(c->sync_n * sizeof(struct run_group)) +
	       aligned((size_t)c->vrrp_n * sizeof(struct run_key)) +
	       aligned(z.auth_n * sizeof(struct auth)) +
	       aligned(z.auth_key_n * sizeof(struct auth_key)) +
	       aligned(z.seen_n * sizeof(struct auth_seen)) +
	       aligned(z.key_buckets_n * sizeof(uint32_t)) +
	       aligned(z.names_n * sizeof(struct run_name));
}

/* The next part of the run memory. */
static void *carve(uint8_t **at, size_t len)
{
	void *part = *at;

	*at += aligned(len);
	return part;
}

static struct run *carve_all(const struct conf *c)
{
	struct sizes z = measure(c);
	uint8_t *at = c->vrrp_run;
	struct run *r = carve(&at, sizeof(*r));

	BUG_ON(!r);
	r->inst = carve(&at, c->vrrp_n * sizeof(*r->inst));
	r->first_ref = carve(&at, c->vrrp_n * sizeof(*r->first_ref));
	r->iface = carve(&at, z.iface_n * sizeof(*r->iface));
	r->obj = carve(&at, z.obj_n * sizeof(*r->obj));
	r->ref = carve(&at, z.ref_n * sizeof(*r->ref));
	r->group = carve(&at, c->sync_n * sizeof(*r->group));
	r->key = carve(&at, (size_t)c->vrrp_n * sizeof(*r->key));
	r->auth = carve(&at, z.auth_n * sizeof(*r->auth));
	r->auth_key = carve(&at, z.auth_key_n * sizeof(*r->auth_key));
	r->seen = carve(&at, z.seen_n * sizeof(*r->seen));
	r->by_key = carve(&at, z.key_buckets_n * sizeof(*r->by_key));
	r->by_name = carve(&at, z.names_n * sizeof(*r->by_name));
	BUG_ON((size_t)(at - (uint8_t *)c->vrrp_run) != run_len(c));
	r->key_mask = z.key_buckets_n - 1;
	r->name_mask = z.names_n - 1;
	r->inst_n = c->vrrp_n;
	r->group_n = c->sync_n;
	r->first_lone = RUN_NONE;
	for (uint32_t b = 0; b <= r->key_mask; b++)
		r->by_key[b] = RUN_NONE;
	return r;
}

/* ------------------------------------------------------------------ names and interfaces */

static void put_name(struct run *r, enum run_kind kind, const char *name, uint32_t index)
{
	uint32_t i = run_name_hash(kind, name) & r->name_mask;

	while (r->by_name[i].name)
		i = (i + 1) & r->name_mask;
	r->by_name[i] = (struct run_name){ .name = name, .kind = kind, .index = index };
}

struct iface_make {
	void *owner;
	timer_fn *on_delay;
};

/* The interface of this name; new when nothing used it so far. */
static struct run_iface *iface_of(struct run *r, const char *name, const struct iface_make *make)
{
	struct run_iface *ifc = run_find_iface(r, name);

	if (ifc)
		return ifc;
	put_name(r, RUN_IFACE, name, r->iface_n);
	ifc = &r->iface[r->iface_n++];
	*ifc = (struct run_iface){
		.name = name,
		.owner = make->owner,
		.first = RUN_NONE,
		.first_ref = RUN_NONE,
	};
	timer_init(&ifc->delay, make->on_delay);
	return ifc;
}

static void put_on_iface(struct run *r, uint32_t i, const struct iface_make *make)
{
	struct vrrp_inst *in = &r->inst[i];
	/* without an interface, the VRF stands for those that are in it */
	const char *name = in->cf->s.interface ? conf_tx_dev(in->cf) : in->cf->s.vrf;

	r->has_vrf |= !in->cf->s.interface && name;
	if (!name) {
		in->iface_next = r->first_lone;
		r->first_lone = i;
		run_key(r, i, 0);
		return;
	}
	in->ifc = iface_of(r, name, make);
	in->iface_next = in->ifc->first;
	in->ifc->first = i;
}

/* An interface must not count as down for longer than its instances could bear: a backup of another
 * router would take over first. */
static void put_delays(struct run *r, const struct conf *c)
{
	for (uint32_t i = 0; i < c->if_delay_n; i++) {
		struct run_iface *ifc = run_find_iface(r, c->if_delay[i].s.interface);

		if (!ifc)
			continue;
		ifc->down_us = c->if_delay[i].s.down_us;
		ifc->up_us = c->if_delay[i].s.up_us;
		for (uint32_t k = ifc->first; k != RUN_NONE; k = r->inst[k].iface_next) {
			const struct inst_opts *o = &r->inst[k].o;
			int64_t max_us = (o->down_n - 1) * o->adv_int_us;

			ifc->down_us = ifc->down_us > max_us ? max_us : ifc->down_us;
		}
	}
}

/* ------------------------------------------------------------------ authentication */

static void put_keys(struct run *r, const struct conf *c, const struct conf_hmac *h, struct auth *a)
{
	a->key = r->auth_key + r->auth_key_n;
	for (uint32_t i = 0; i < h->s.keys.n; i++) {
		const struct conf_hmac_key *k = &c->hmac_key[h->s.keys.first + i];
		uint8_t key[CONF_KEY_MAX_LEN];
		size_t len;

		/* conf_check has looked at them */
		BUG_ON(conf_key_parse(k->s.secret, key, &len));
		auth_set_key(&a->key[a->key_n++], k->s.id, key, len);
		explicit_bzero(key, sizeof(key));
	}
	r->auth_key_n += a->key_n;
}

static void put_hmac(struct run *r, const struct conf *c, struct vrrp_inst *in,
		     const struct conf_hmac *h, struct auth *a)
{
	a->kind = AUTH_KIND_HMAC;
	a->active = h->s.active_key;
	a->mode = in->cf->s.strict || h->s.mode == HMAC_ENFORCE ? AUTH_ENFORCE
		  : h->s.mode == HMAC_PERMISSIVE                ? AUTH_PERMISSIVE
								: AUTH_RECEIVE_ONLY;
	a->is_timed = h->s.anti_replay == ANTI_REPLAY_TIME;
	a->window_s =
		h->s.window_us > 0 ? h->s.window_us / SEC(1) : auth_window_s(in->o.adv_int_us);
	put_keys(r, c, h, a);
	if (in->o.is_unicast) {
		in->peer_seen = r->seen + r->seen_n;
		r->seen_n += in->o.peer_n;
	}
}

static void put_auth(struct run *r, const struct conf *c, struct vrrp_inst *in)
{
	const struct fields_vrrp *s = &in->cf->s;
	struct auth *a = &r->auth[r->auth_n];

	if (s->hmac.n) {
		put_hmac(r, c, in, &c->hmac[s->hmac.first], a);
	} else if (s->auth.n && in->o.version == 2 && !s->strict) {
		const struct conf_auth *p = &c->auth[s->auth.first];

		auth_set_pass(a, p->s.type == AUTH_AH ? AUTH_KIND_AH : AUTH_KIND_PASS, p->s.pass);
	} else {
		return; /* conf_check tells what has no effect */
	}
	in->auth = a;
	r->auth_n++;
}

/* ------------------------------------------------------------------ tracking */

static void put_objs(struct run *r, const struct conf *c)
{
	for (uint32_t i = 0; i < c->track_script_n; i++)
		r->obj[r->obj_n++] = (struct run_obj){
			.name = c->track_script[i].s.name,
			.kind = TRACK_SCRIPT,
			.id = c->track_script[i].id.v,
			/* it is down until its first success */
			.state.is_known = c->track_script[i].s.init_fail,
		};
	for (uint32_t i = 0; i < c->track_file_n; i++)
		r->obj[r->obj_n++] = (struct run_obj){
			.name = c->track_file[i].s.name,
			.kind = TRACK_FILE,
			.id = c->track_file[i].id.v,
		};
	for (uint32_t i = 0; i < c->track_process_n; i++)
		r->obj[r->obj_n++] = (struct run_obj){
			.name = c->track_process[i].s.name,
			.kind = TRACK_PROCESS,
			.id = c->track_process[i].id.v,
		};
	r->first_static = r->obj_n;
	for (uint32_t i = 0; i < c->track_group_n; i++)
		r->obj[r->obj_n++] = (struct run_obj){
			.name = c->track_group[i].s.name,
			.kind = TRACK_STATIC,
			.id = c->track_group[i].id.v,
		};
	for (uint32_t i = 0; i < r->obj_n; i++) {
		r->obj[i].first_ref = RUN_NONE;
		put_name(r, (enum run_kind)(RUN_SCRIPT + (r->obj[i].kind - TRACK_SCRIPT)),
			 r->obj[i].name, i);
	}
}

static void put_ref(struct run *r, uint32_t inst, const struct track_rule *rule,
		    const struct track_state *state, uint32_t *first)
{
	struct run_ref *ref = &r->ref[r->ref_n];

	*ref = (struct run_ref){
		.rule = *rule,
		.state = state,
		.inst = inst,
		.inst_next = r->first_ref[inst],
		.obj_next = *first,
	};
	*first = r->first_ref[inst] = r->ref_n++;
}

static void put_iface_ref(struct run *r, uint32_t inst, const struct track_rule *rule,
			  const char *name, const struct iface_make *make)
{
	struct run_iface *ifc;

	/* its own interface counts already, in its own way */
	if (r->inst[inst].ifc && !strcmp(r->inst[inst].ifc->name, name))
		return;
	ifc = iface_of(r, name, make);
	put_ref(r, inst, rule, &ifc->state, &ifc->first_ref);
}

static void put_track(struct run *r, uint32_t inst, struct track_rule rule, const char *name,
		      const struct track_who *who, const struct iface_make *make)
{
	uint32_t i;

	if (!track_adapt(&rule, who))
		return;
	if (rule.kind == TRACK_IFACE) {
		put_iface_ref(r, inst, &rule, name, make);
		return;
	}
	i = run_name_find(r, (enum run_kind)(RUN_SCRIPT + (rule.kind - TRACK_SCRIPT)), name);
	if (i != RUN_NONE) /* conf_check has told of it else */
		put_ref(r, inst, &rule, &r->obj[i].state, &r->obj[i].first_ref);
}

static void put_lists(struct run *r, const struct conf *c, uint32_t inst, const struct lists *l,
		      const struct track_who *who, const struct iface_make *make)
{
	for (unsigned k = 0; k <= TRACK_PROCESS; k++) {
		for (uint32_t i = 0; i < l->range[k].n; i++) {
			const struct conf_track *t = &c->track[l->range[k].first + i];
			struct track_rule rule = {
				.kind = (enum track_kind)k,
				.weight = (int16_t)t->s.weight,
				.is_reverse = t->s.reverse,
			};

			put_track(r, inst, rule, t->s.name, who, make);
		}
	}
}

/* Interfaces that an instance needs for its addresses, routes and rules. */
struct devs {
	struct run *r;
	uint32_t inst;
	const struct iface_make *make;
	const char *last; /* neighbours in a list are mostly on the same one */
};

/* Something on another interface than the instance's own: without that one it is worth nothing. */
static void put_dev(struct devs *d, const char *dev, bool is_no_track)
{
	static const struct track_rule rule = { .kind = TRACK_IFACE };
	const char *own = d->r->inst[d->inst].cf->s.interface;

	if (!dev || is_no_track || (own && !strcmp(dev, own)))
		return;
	if (!d->last || strcmp(dev, d->last) != 0)
		put_iface_ref(d->r, d->inst, &rule, dev, d->make);
	d->last = dev;
}

static void put_addr_devs(struct devs *d, const struct conf *c, struct conf_range vips)
{
	for (uint32_t i = vips.first; i < vips.first + vips.n; i++)
		put_dev(d, c->vip[i].s.dev, c->vip[i].s.no_track);
}

static void put_route_devs(struct devs *d, const struct conf *c, struct conf_range routes)
{
	for (uint32_t i = routes.first; i < routes.first + routes.n; i++) {
		const struct fields_route *s = &c->route[i].s;

		put_dev(d, s->dev, s->no_track);
		for (uint32_t k = 0; k < s->nexthops.n; k++)
			put_dev(d, c->nexthop[s->nexthops.first + k].s.dev, s->no_track);
	}
}

static void put_rule_devs(struct devs *d, const struct conf *c, struct conf_range rules)
{
	for (uint32_t i = rules.first; i < rules.first + rules.n; i++) {
		put_dev(d, c->rule[i].s.iif, c->rule[i].s.no_track);
		put_dev(d, c->rule[i].s.oif, c->rule[i].s.no_track);
	}
}

static void put_refs(struct run *r, const struct conf *c, uint32_t i, const struct iface_make *make)
{
	const struct vrrp_inst *in = &r->inst[i];
	struct lists own = lists_of_inst(in->cf);
	struct devs devs = { .r = r, .inst = i, .make = make };
	struct track_who who = {
		.is_owner = opts_is_owner(&in->o),
		.is_member = in->group,
		.keeps_weights = in->group && in->group->cf->s.tracking_weight,
	};

	r->first_ref[i] = RUN_NONE;
	put_lists(r, c, i, &own, &who, make);
	if (in->group) {
		struct lists shared = lists_of_group(in->group->cf);

		who.is_of_group = true;
		put_lists(r, c, i, &shared, &who, make);
	}
	put_addr_devs(&devs, c, in->cf->s.vips);
	put_addr_devs(&devs, c, in->cf->s.evips);
	put_route_devs(&devs, c, in->cf->s.routes);
	put_rule_devs(&devs, c, in->cf->s.rules);
}

/* The instances of track groups. */
static void put_static_refs(struct run *r, const struct conf *c)
{
	static const struct track_rule rule = { .kind = TRACK_STATIC };

	for (uint32_t g = 0; g < c->track_group_n; g++) {
		const struct conf_strs *names = &c->track_group[g].s.members;
		struct run_obj *obj = &r->obj[r->first_static + g];

		for (uint32_t m = 0; m < names->n; m++) {
			uint32_t i = run_name_find(r, RUN_INST, names->v[m]);

			if (i != RUN_NONE) /* conf_check has told of it else */
				put_ref(r, i, &rule, &obj->state, &obj->first_ref);
		}
	}
}

/* ------------------------------------------------------------------ all */

/* A member of two groups stays in the first; conf_check has told of it. */
static void put_group(struct run *r, const struct conf *c, uint32_t g)
{
	struct run_group *group = &r->group[g];
	const struct conf_strs *names = &c->sync[g].s.members;

	*group = (struct run_group){
		.cf = &c->sync[g],
		.first = RUN_NONE,
		.are_owners = true,
		.state = VRRP_INIT,
	};
	put_name(r, RUN_GROUP, group->cf->s.name, g);
	for (uint32_t m = names->n; m-- > 0;) {
		uint32_t i = run_name_find(r, RUN_INST, names->v[m]);

		if (i == RUN_NONE || r->inst[i].group)
			continue;
		r->inst[i].group = group;
		r->inst[i].group_next = group->first;
		group->first = i;
		group->are_owners &= opts_is_owner(&r->inst[i].o);
	}
}

struct run *run_build(const struct conf *c, const struct inst_shell *shell,
		      timer_fn *on_iface_delay)
{
	const struct iface_make make = { .owner = shell->arg, .on_delay = on_iface_delay };
	struct run *r = carve_all(c);

	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		struct vrrp_inst *in = &r->inst[i];

		opts_make(&in->o, c, &c->vrrp[i]);
		inst_init(in, &c->vrrp[i], shell);
		in->shown = c->status ? &c->status->inst[i] : NULL;
		in->record = c->record;
		in->index = i;
		in->early_us = times_early_us(in->o.adv_int_us, i, c->vrrp_n);
		put_auth(r, c, in);
		put_name(r, RUN_INST, in->cf->s.name, i);
		put_on_iface(r, i, &make);
	}
	for (uint32_t g = 0; g < c->sync_n; g++)
		put_group(r, c, g);
	put_objs(r, c);
	for (uint32_t i = 0; i < c->vrrp_n; i++)
		put_refs(r, c, i, &make);
	put_static_refs(r, c);
	put_delays(r, c);
	return r;
}
