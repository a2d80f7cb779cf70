/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See run.h.
 */
#include "vrrp/run.h"

#include "core/bug.h"

#include <string.h>

/* Buckets of each hash: a power of two, at least as many as instances. */
static uint32_t bucket_n(uint32_t inst_n)
{
	uint32_t n = 4;

	while (n < inst_n)
		n *= 2;
	return n;
}

/* Every part begins on a boundary that is good for any of them. */
static size_t aligned(size_t len)
{
	return (len + 15) & ~(size_t)15;
}

size_t run_len(const struct conf *c)
{
	return aligned(sizeof(struct run)) + aligned(c->vrrp_n * sizeof(struct vrrp_inst)) +
	       aligned(c->vrrp_n * sizeof(struct run_iface)) +
	       2 * aligned(bucket_n(c->vrrp_n) * sizeof(uint32_t));
}

/* The next part of the run memory. */
static void *carve(uint8_t **at, size_t len)
{
	void *part = *at;

	*at += aligned(len);
	return part;
}

static uint32_t name_bucket(const struct run *r, const char *name)
{
	return hash_bytes(HASH_SEED, name, (uint32_t)strlen(name)) & r->mask;
}

static uint32_t key_bucket(const struct run *r, uint32_t ifindex, uint8_t family, uint8_t vrid)
{
	struct {
		uint32_t ifindex;
		uint8_t family, vrid, zero[2];
	} key = { .ifindex = ifindex, .family = family, .vrid = vrid };

	return hash_bytes(HASH_SEED, &key, sizeof(key)) & r->mask;
}

/* The instance is on this interface; the interface is new when it is the first that says so. */
static void put_on_iface(struct run *r, uint32_t i)
{
	struct vrrp_inst *in = &r->inst[i];
	struct run_iface *ifc = run_find_iface(r, in->cf->s.interface);

	if (!ifc) {
		uint32_t b = name_bucket(r, in->cf->s.interface);

		ifc = &r->iface[r->iface_n];
		*ifc = (struct run_iface){
			.name = in->cf->s.interface,
			.first = RUN_NONE,
			.name_next = r->by_name[b],
		};
		r->by_name[b] = r->iface_n++;
	}
	in->ifc = ifc;
	in->iface_next = ifc->first;
	ifc->first = i;
}

struct run *run_build(const struct conf *c, const struct inst_shell *shell)
{
	uint8_t *at = c->vrrp_run;
	struct run *r = carve(&at, sizeof(*r));
	uint32_t n = bucket_n(c->vrrp_n);

	BUG_ON(!r);
	r->inst = carve(&at, c->vrrp_n * sizeof(*r->inst));
	r->iface = carve(&at, c->vrrp_n * sizeof(*r->iface));
	r->by_key = carve(&at, n * sizeof(*r->by_key));
	r->by_name = carve(&at, n * sizeof(*r->by_name));
	r->mask = n - 1;
	r->inst_n = c->vrrp_n;
	for (uint32_t b = 0; b < n; b++)
		r->by_key[b] = r->by_name[b] = RUN_NONE;
	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		const struct conf_vrrp *cf = &c->vrrp[i];

		inst_init(&r->inst[i], cf, c->vip + cf->s.vips.first, shell);
		put_on_iface(r, i);
	}
	return r;
}

struct vrrp_inst *run_find(const struct run *r, uint32_t ifindex, uint8_t family, uint8_t vrid)
{
	uint32_t i = r->by_key[key_bucket(r, ifindex, family, vrid)];

	/* each instance is of IPv4, so the family needs no look at the instance */
	while (i != RUN_NONE &&
	       (r->inst[i].cf->s.vrid != vrid || r->inst[i].ifc->link.ifindex != ifindex))
		i = r->inst[i].key_next;
	return i == RUN_NONE || family != AF_INET ? NULL : &r->inst[i];
}

struct run_iface *run_find_iface(const struct run *r, const char *name)
{
	uint32_t i = r->by_name[name_bucket(r, name)];

	while (i != RUN_NONE && strcmp(r->iface[i].name, name) != 0)
		i = r->iface[i].name_next;
	return i == RUN_NONE ? NULL : &r->iface[i];
}

void run_key_iface(struct run *r, const struct run_iface *ifc)
{
	for (uint32_t i = ifc->first; i != RUN_NONE; i = r->inst[i].iface_next) {
		uint32_t b = key_bucket(r, ifc->link.ifindex, AF_INET, r->inst[i].cf->s.vrid);

		r->inst[i].key_next = r->by_key[b];
		r->by_key[b] = i;
	}
}

void run_unkey_iface(struct run *r, const struct run_iface *ifc)
{
	for (uint32_t i = ifc->first; i != RUN_NONE; i = r->inst[i].iface_next) {
		uint32_t b = key_bucket(r, ifc->link.ifindex, AF_INET, r->inst[i].cf->s.vrid);
		uint32_t *at = &r->by_key[b];

		while (*at != i) {
			BUG_ON(*at == RUN_NONE);
			at = &r->inst[*at].key_next;
		}
		*at = r->inst[i].key_next;
	}
}
