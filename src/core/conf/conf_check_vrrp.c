/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules of instances, their addresses, what they track and their groups. See conf_check.h.
 */
#include "core/clock.h"
#include "core/conf/conf_key.h"
#include "core/conf/conf_names.h"
#include "core/conf/conf_rules.h"

#include <string.h>

enum { OWNER_PRIORITY = 255 };

static uint8_t family_of(const struct conf *c, const struct conf_vrrp *in)
{
	return in->s.vips.n ? c->vip[in->s.vips.first].s.prefix.addr.family : AF_INET;
}

/* ------------------------------------------------------------------ single instances */

static void rule_complete(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		const struct conf_vrrp *in = &c->vrrp[i];

		if (!in->s.interface && !(in->s.unicast_src.family && in->s.peers.n))
			FAIL(in->loc,
			     "vrrp_instances \"%s\": required setting 'interface' is missing",
			     in->s.name);
		if (in->s.interface && in->s.vrf)
			WARN(in->loc,
			     "vrrp_instances \"%s\": 'vrf' means nothing beside 'interface', which "
			     "is "
			     "in one or not",
			     in->s.name);
		if (!in->s.vips.n && !in->s.no_vips)
			err_add(errs, in->s.version == 2 && !in->s.strict ? ERR_WARNING : ERR_ERROR,
				in->loc.file, in->loc.line,
				"vrrp_instances \"%s\": has no 'virtual_ipaddress'; say "
				"no_virtual_ipaddress = true if that is meant",
				in->s.name);
		if (in->s.vips.n && in->s.no_vips)
			WARN(in->loc,
			     "vrrp_instances \"%s\": 'no_virtual_ipaddress' means nothing: there "
			     "are "
			     "some",
			     in->s.name);
	}
}

static void rule_families(const struct conf *c, struct err_list *errs)
{
	char text[ADDR_TEXT_LEN];

	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		const struct conf_vrrp *in = &c->vrrp[i];
		uint8_t family = family_of(c, in);

		for (uint32_t k = in->s.vips.first; k < in->s.vips.first + in->s.vips.n; k++)
			if (c->vip[k].s.prefix.addr.family != family)
				FAIL(c->vip[k].loc,
				     "virtual_ipaddress %s: the first address of \"%s\" is of the "
				     "other family; put this one into virtual_ipaddress_excluded",
				     addr_text(&c->vip[k].s.prefix.addr, text), in->s.name);
		if (family == AF_INET6 && in->s.version == 2)
			FAIL(in->loc, "vrrp_instances \"%s\": IPv6 needs version = 3", in->s.name);
	}
}

static void rule_advert_int(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		const struct conf_vrrp *in = &c->vrrp[i];

		if (in->s.version == 2 && in->s.adv_int_us % SEC(1))
			FAIL(in->loc,
			     "vrrp_instances \"%s\": 'advert_int' must be whole seconds in version "
			     "2; set version = 3 for shorter ones",
			     in->s.name);
		if (in->s.version == 3 && (in->s.adv_int_us % CS(1) || in->s.adv_int_us > CS(4095)))
			FAIL(in->loc,
			     "vrrp_instances \"%s\": 'advert_int' must be in steps of 10 ms and at "
			     "most 40.95 s in version 3",
			     in->s.name);
	}
}

static void rule_owner(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vrrp_n; i++)
		if (c->vrrp[i].s.priority == 255 && c->vrrp[i].s.nopreempt)
			WARN(c->vrrp[i].loc,
			     "vrrp_instances \"%s\": 'nopreempt' has no effect on an owner "
			     "(priority 255)",
			     c->vrrp[i].s.name);
}

static void rule_addr(const struct conf *c, struct err_list *errs)
{
	char text[ADDR_TEXT_LEN];

	for (uint32_t i = 0; i < c->vip_n; i++) {
		const struct ip_addr *a = &c->vip[i].s.prefix.addr;

		if (!c->vip[i].s.dev)
			FAIL(c->vip[i].loc,
			     "virtual_ipaddress %s: has no 'dev', and there is no interface that "
			     "it "
			     "could inherit",
			     addr_text(a, text));
	}
}

static void rule_vmac(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		const struct fields_vrrp *s = &c->vrrp[i].s;

		if (s->use_vmac && s->use_ipvlan)
			FAIL(c->vrrp[i].loc,
			     "vrrp_instances \"%s\": 'use_vmac' and 'use_ipvlan' exclude each "
			     "other",
			     s->name);
		if ((s->vmac_name || s->vmac_mac || s->vmac_xmit_base) && !s->use_vmac &&
		    !s->use_vmac_addr && !s->use_ipvlan)
			WARN(c->vrrp[i].loc,
			     "vrrp_instances \"%s\": settings of the virtual MAC mean nothing "
			     "without 'use_vmac'",
			     s->name);
	}
}

static void rule_hmac(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->hmac_n; i++) {
		const struct conf_hmac *h = &c->hmac[i];
		bool has_active = false;

		for (uint32_t k = h->s.keys.first; k < h->s.keys.first + h->s.keys.n; k++) {
			const struct conf_hmac_key *key = &c->hmac_key[k];
			uint8_t bytes[CONF_KEY_MAX_LEN];
			size_t len;

			has_active |= key->s.id == h->s.active_key;
			/* one in a file that can't be read has been told of */
			if (strncmp(key->s.secret, "file:", 5) != 0 &&
			    conf_key_parse(key->s.secret, bytes, &len))
				FAIL(key->loc,
				     "auth_hmac: key %u must be %d to %d bytes, as they are or as "
				     "digits behind \"hex:\"",
				     key->s.id, CONF_KEY_MIN_LEN, CONF_KEY_MAX_LEN);
			explicit_bzero(bytes, sizeof(bytes));
			for (uint32_t o = h->s.keys.first; o < k; o++)
				if (c->hmac_key[o].s.id == key->s.id)
					FAIL(key->loc, "auth_hmac: there are two keys %u",
					     key->s.id);
		}
		if (!has_active)
			FAIL(h->loc, "auth_hmac: there is no key %u, which is 'active_key'",
			     h->s.active_key);
	}
}

/* A short name has no folder and is cut off by the kernel. */
static void rule_process(const struct conf *c, struct err_list *errs)
{
	enum { COMM_MAX = 15 };

	for (uint32_t i = 0; i < c->track_process_n; i++) {
		const struct fields_track_process *s = &c->track_process[i].s;
		const char *name = s->command.n ? s->command.v[0] : "";

		if (s->quorum > s->quorum_max && (s->quorum > 1 || s->quorum_max))
			FAIL(c->track_process[i].loc,
			     "track_processes \"%s\": 'quorum' is more than 'quorum_max'", s->name);
		if (s->full || s->command.n > 1 || s->match != PARAM_AUTO)
			continue;
		if (strchr(name, '/') || strlen(name) > COMM_MAX)
			WARN(c->track_process[i].loc,
			     "track_processes \"%s\": no process has the name \"%.64s\": names "
			     "have "
			     "no folder and at most %d characters; to compare the first word of "
			     "the "
			     "command line, say full_command = true",
			     s->name, name, COMM_MAX);
	}
}

/* ------------------------------------------------------------------ what is named */

/* Objects by kind and name: those that lists of names may name. */
static void collect(const struct conf *c, struct names *n)
{
	static const enum schema_kind kinds[] = { SCHEMA_vrrp,       SCHEMA_track_script,
						  SCHEMA_track_file, SCHEMA_track_process,
						  SCHEMA_bfd,        SCHEMA_track_group };
	static char there[] = "there"; /* that it is is all that counts */

	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
		for (uint32_t i = 0; i < conf_object_n(c, kinds[k]); i++)
			if (!names_get(n, kinds[k], rule_name(c, kinds[k], i)))
				names_put(n, kinds[k], rule_name(c, kinds[k], i), there);
}

/* One name that must be that of an object. */
struct named {
	struct conf_loc loc;
	const char *who, *key, *name; /* "vrrp_instances \"x\"": 'key' names "name" */
	enum schema_kind owner, kind;
};

static void must_be(const struct names *n, const struct named *r, struct err_list *errs)
{
	const char *near;

	if (!r->name || names_get(n, r->kind, r->name))
		return;
	near = errs->n_error < ERR_LIST_MAX ? names_nearest(n, r->kind, r->name) : NULL;
	FAIL(r->loc,
	     near ? "%s \"%s\": '%s': there is no \"%s\" in %s; did you mean \"%s\"?"
		  : "%s \"%s\": '%s': there is no \"%s\" in %s%s",
	     schema_of[r->owner].where, r->who, r->key, r->name, schema_of[r->kind].where,
	     near ? near : "");
}

static void tracks(const struct conf *c, const struct names *n, struct named r,
		   struct conf_range at, struct err_list *errs)
{
	for (uint32_t i = at.first; i < at.first + at.n; i++) {
		r.name = c->track[i].s.name;
		r.loc = c->track[i].loc;
		must_be(n, &r, errs);
	}
}

static void members(const struct names *n, struct named r, const struct conf_strs *list,
		    struct err_list *errs)
{
	r.kind = SCHEMA_vrrp;
	r.key = "group";
	for (uint32_t i = 0; i < list->n; i++) {
		r.name = list->v[i];
		must_be(n, &r, errs);
	}
}

#define TRACKS(obj, field, kind_)                                                                  \
	tracks(c, &n,                                                                              \
	       (struct named){                                                                     \
		       .who = (obj)->s.name, .key = #field, .owner = owner, .kind = kind_ },       \
	       (obj)->s.field, errs)

/* One address, route or rule. */
struct grouped {
	enum schema_kind kind;
	struct conf_loc loc;
	const char *group;
	bool is_static;
};

static void follows(const struct names *n, const struct grouped *g, struct err_list *errs)
{
	if (g->group && !g->is_static)
		FAIL(g->loc,
		     "%s: 'track_group' is for what is static; here the instance itself is "
		     "meant",
		     schema_of[g->kind].where);
	else if (g->group && !names_get(n, SCHEMA_track_group, g->group))
		FAIL(g->loc, "'track_group': there is no \"%s\" in track_groups", g->group);
}

static bool is_in(struct conf_range r, uint32_t i)
{
	return i >= r.first && i - r.first < r.n;
}

#define FOLLOWS(kind_, array, list)                                                                \
	for (uint32_t i = 0; i < c->array##_n; i++)                                                \
	follows(n,                                                                                 \
		&(struct grouped){ .kind = kind_,                                                  \
				   .loc = c->array[i].loc,                                         \
				   .group = c->array[i].s.track_group,                             \
				   .is_static = is_in(c->statics.s.list, i) },                     \
		errs)

static void rule_groups(const struct conf *c, const struct names *n, struct err_list *errs)
{
	FOLLOWS(SCHEMA_vip, vip, addresses);
	FOLLOWS(SCHEMA_route, route, routes);
	FOLLOWS(SCHEMA_rule, rule, rules);
}

static void rule_named(const struct conf *c, struct err_list *errs)
{
	struct names n = { 0 };
	enum schema_kind owner = SCHEMA_vrrp;

	collect(c, &n);
	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		TRACKS(&c->vrrp[i], track_script, SCHEMA_track_script);
		TRACKS(&c->vrrp[i], track_file, SCHEMA_track_file);
		TRACKS(&c->vrrp[i], track_process, SCHEMA_track_process);
		TRACKS(&c->vrrp[i], track_bfd, SCHEMA_bfd);
	}
	owner = SCHEMA_sync;
	for (uint32_t i = 0; i < c->sync_n; i++) {
		TRACKS(&c->sync[i], track_script, SCHEMA_track_script);
		TRACKS(&c->sync[i], track_file, SCHEMA_track_file);
		TRACKS(&c->sync[i], track_process, SCHEMA_track_process);
		TRACKS(&c->sync[i], track_bfd, SCHEMA_bfd);
		members(&n,
			(struct named){ .who = c->sync[i].s.name,
					.owner = SCHEMA_sync,
					.loc = c->sync[i].loc },
			&c->sync[i].s.members, errs);
	}
	rule_groups(c, &n, errs);
	for (uint32_t i = 0; i < c->track_group_n; i++)
		members(&n,
			(struct named){ .who = c->track_group[i].s.name,
					.owner = SCHEMA_track_group,
					.loc = c->track_group[i].loc },
			&c->track_group[i].s.members, errs);
	names_fini(&n);
}

/* An instance follows one group. */
static void rule_one_group(const struct conf *c, struct err_list *errs)
{
	struct names n = { 0 };

	for (uint32_t i = 0; i < c->sync_n; i++) {
		struct conf_sync *g = &c->sync[i];

		if (g->s.members.n == 1)
			WARN(g->loc, "vrrp_sync_groups \"%s\": has one instance only", g->s.name);
		for (uint32_t k = 0; k < g->s.members.n; k++) {
			const struct conf_sync *first =
				names_get(&n, SCHEMA_vrrp, g->s.members.v[k]);

			if (first)
				FAIL(g->loc,
				     "vrrp_sync_groups \"%s\": \"%s\" is in the group \"%s\" "
				     "already",
				     g->s.name, g->s.members.v[k], first->s.name);
			else
				names_put(&n, SCHEMA_vrrp, g->s.members.v[k], g);
		}
	}
	names_fini(&n);
}

/* An interface has one pace. */
static void rule_one_pace(const struct conf *c, struct err_list *errs)
{
	struct names n = { 0 };

	for (uint32_t i = 0; i < c->garp_group_n; i++) {
		struct conf_garp_group *g = &c->garp_group[i];

		for (uint32_t k = 0; k < g->s.interfaces.n; k++) {
			if (names_get(&n, SCHEMA_garp_group, g->s.interfaces.v[k]))
				FAIL(g->loc, "garp_groups: interface %s is in two groups",
				     g->s.interfaces.v[k]);
			else
				names_put(&n, SCHEMA_garp_group, g->s.interfaces.v[k], g);
		}
	}
	names_fini(&n);
}

const struct rule conf_rules_vrrp[] = {
	{ "an instance has an interface and addresses", rule_complete },
	{ "the addresses of an instance are of one family", rule_families },
	{ "advert_int fits the version", rule_advert_int },
	{ "owners preempt", rule_owner },
	{ "virtual addresses have an interface", rule_addr },
	{ "settings of the virtual MAC fit together", rule_vmac },
	{ "the active key is one of the keys", rule_hmac },
	{ "names of processes can be those of one", rule_process },
	{ "what is named is there", rule_named },
	{ "an instance is in one sync group", rule_one_group },
	{ "an interface is in one garp group", rule_one_pace },
	{ NULL, NULL },
};
