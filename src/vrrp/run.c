/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See run.h. Building is in run_build.c; this is what the thread asks.
 */
#include "vrrp/run.h"

#include "core/bug.h"
#include "vrrp/run_name.h"

#include <string.h>

/* ------------------------------------------------------------------ packets */

static uint32_t bucket_of(const struct run *r, uint32_t ifindex, uint8_t family, uint8_t vrid)
{
	struct {
		uint32_t ifindex;
		uint8_t family, vrid, zero[2];
	} key = { .ifindex = ifindex, .family = family, .vrid = vrid };

	return hash_bytes(HASH_SEED, &key, sizeof(key)) & r->key_mask;
}

static uint32_t bucket_of_inst(const struct run *r, uint32_t i, uint32_t ifindex)
{
	return bucket_of(r, ifindex, r->inst[i].o.family, r->inst[i].o.vrid);
}

void run_key(struct run *r, uint32_t inst, uint32_t ifindex)
{
	uint32_t b = bucket_of_inst(r, inst, ifindex);

	BUG_ON(r->key[inst].is_in);
	r->key[inst] = (struct run_key){ .ifindex = ifindex, .next = r->by_key[b], .is_in = true };
	r->by_key[b] = inst;
}

void run_unkey(struct run *r, uint32_t inst)
{
	uint32_t *at = &r->by_key[bucket_of_inst(r, inst, r->key[inst].ifindex)];

	BUG_ON(!r->key[inst].is_in);
	while (*at != inst) {
		BUG_ON(*at == RUN_NONE);
		at = &r->key[*at].next;
	}
	*at = r->key[inst].next;
	r->key[inst].is_in = false;
}

uint32_t run_peer(const struct vrrp_inst *in, const struct ip_addr *addr)
{
	for (uint32_t i = 0; i < in->o.peer_n; i++)
		if (addr_eq(&in->o.peer[i].s.addr, addr))
			return i;
	return RUN_NONE;
}

/* How well a packet fits: 1 by its number alone, 2 by its destination, 3 by its sender too. */
static unsigned fit_of(const struct vrrp_inst *in, const struct pkt_in *p)
{
	if (!in->o.is_unicast)
		return addr_eq(&p->dst, &in->o.group) ? 3 : 1;
	if (!addr_eq(&p->dst, &in->r.src))
		return 1;
	return run_peer(in, &p->src) == RUN_NONE ? 2 : 3;
}

static struct vrrp_inst *find_on(const struct run *r, uint32_t ifindex, const struct pkt_in *p)
{
	uint32_t k = r->by_key[bucket_of(r, ifindex, p->src.family, p->vrid)];
	struct vrrp_inst *best = NULL;
	unsigned best_fit = 0;

	for (; k != RUN_NONE && best_fit < 3; k = r->key[k].next) {
		struct vrrp_inst *in = &r->inst[k];

		if (r->key[k].ifindex != ifindex || in->o.vrid != p->vrid ||
		    in->o.family != p->src.family)
			continue;

		unsigned fit = fit_of(in, p);

		if (fit > best_fit)
			best = in;
		best_fit = fit > best_fit ? fit : best_fit;
	}
	return best;
}

struct vrrp_inst *run_find(const struct run *r, struct run_from from, const struct pkt_in *p)
{
	struct vrrp_inst *in = find_on(r, from.ifindex, p);

	if (!in && from.vrf)
		in = find_on(r, from.vrf, p);
	return in ? in : find_on(r, 0, p);
}

/* ------------------------------------------------------------------ names */

struct run_iface *run_find_iface(const struct run *r, const char *name)
{
	uint32_t i = run_name_find(r, RUN_IFACE, name);

	return i == RUN_NONE ? NULL : &r->iface[i];
}

uint32_t run_name_hash(enum run_kind kind, const char *name)
{
	uint8_t k = (uint8_t)kind;

	return hash_bytes(hash_bytes(HASH_SEED, &k, 1), name, (uint32_t)strlen(name));
}

uint32_t run_name_find(const struct run *r, enum run_kind kind, const char *name)
{
	uint32_t i = run_name_hash(kind, name) & r->name_mask;

	for (; r->by_name[i].name; i = (i + 1) & r->name_mask)
		if (r->by_name[i].kind == kind && !strcmp(r->by_name[i].name, name))
			return r->by_name[i].index;
	return RUN_NONE;
}

/* ------------------------------------------------------------------ tracking */

static const char *fault_name(enum track_kind kind)
{
	static const char *const names[] = {
		[TRACK_IFACE] = "track_interface", [TRACK_SCRIPT] = "track_script",
		[TRACK_FILE] = "track_file",       [TRACK_PROCESS] = "track_process",
		[TRACK_STATIC] = "track_group",
	};

	return names[kind];
}

struct run_sum run_sum(const struct run *r, uint32_t inst)
{
	struct run_sum sum = { 0 };

	for (uint32_t i = r->first_ref[inst]; i != RUN_NONE; i = r->ref[i].inst_next) {
		struct track_share s = track_share(&r->ref[i].rule, r->ref[i].state);

		sum.add += s.add;
		sum.is_pending |= s.is_pending;
		if (s.is_fault && !sum.fault)
			sum.fault = fault_name(r->ref[i].rule.kind);
	}
	return sum;
}
