/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See record.h.
 */
#include "core/record.h"

#include "core/bug.h"
#include "core/msg.h"
#include "core/reason.h"

#include <stdlib.h>
#include <string.h>

static const char magic[8] = "vipdrec";

static const uint32_t room[RECORD_KIND_N] = {
	[RECORD_INST] = RECORD_INSTS_N,
	[RECORD_PROBE] = RECORD_PROBES_N,
	[RECORD_SERVICE] = RECORD_SERVICES_N,
};

static _Atomic uint64_t *key_at(struct record_mem *m, enum record_kind kind, uint32_t slot)
{
	switch (kind) {
	case RECORD_INST:
		return &m->inst[slot].key;
	case RECORD_PROBE:
		return &m->probe[slot].key;
	case RECORD_SERVICE:
		return &m->service[slot].key;
	case RECORD_KIND_N:
		break;
	}
	BUG("record_kind");
}

/* ------------------------------------------------------------------ keys */

/* FNV-1a, 64 bits. */
static uint64_t mix(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(1099511628211);
	return h;
}

static uint64_t mix_text(uint64_t h, const char *s)
{
	return s ? mix(h, s, strlen(s) + 1) : mix(h, "\1", 1);
}

#define KEY_SEED UINT64_C(14695981039346656037)

static uint64_t key_inst(const struct conf *c, uint32_t i)
{
	const struct fields_vrrp *s = &c->vrrp[i].s;
	uint64_t h = mix_text(mix_text(KEY_SEED, s->name), s->interface);

	h = mix(h, &s->vrid, sizeof(s->vrid));
	return mix(h, &s->version, sizeof(s->version));
}

static uint64_t key_vs(const struct conf *c, uint32_t i)
{
	return mix_text(KEY_SEED, c->vs[i].s.name);
}

/* The server, and which of its checks it is. */
static uint64_t key_probe(const struct conf *c, uint32_t i)
{
	const struct conf_probe *p = &c->probe[i];
	const struct conf_rs *rs = &c->rs[p->rs];
	uint32_t ordinal = i - rs->probes.first;
	uint8_t type = (uint8_t)c->check[p->check].s.type;
	uint64_t h = key_vs(c, rs->vs);

	h = mix(h, rs->s.addr.byte, sizeof(rs->s.addr.byte));
	h = mix(h, &rs->s.port, sizeof(rs->s.port));
	h = mix(h, &ordinal, sizeof(ordinal));
	return mix(h, &type, sizeof(type));
}

static uint64_t key_of(const struct conf *c, enum record_kind kind, uint32_t i)
{
	uint64_t key = 0;

	switch (kind) {
	case RECORD_INST:
		key = key_inst(c, i);
		break;
	case RECORD_PROBE:
		key = key_probe(c, i);
		break;
	case RECORD_SERVICE:
		key = key_vs(c, i);
		break;
	case RECORD_KIND_N:
		BUG("record_kind");
	}
	return key ? key : 1;
}

static uint32_t count_of(const struct conf *c, enum record_kind kind)
{
	return kind == RECORD_INST ? c->vrrp_n : kind == RECORD_PROBE ? c->probe_n : c->vs_n;
}

/* Index in old of what has index i in new, or RECORD_NONE. */
static uint32_t index_in(const struct conf *old, enum record_kind kind, const struct conf *new,
			 uint32_t i)
{
	if (kind == RECORD_INST) {
		const struct conf_vrrp *v = conf_inst(old, new->vrrp[i].id);

		return v ? (uint32_t)(v - old->vrrp) : RECORD_NONE;
	}
	if (kind == RECORD_PROBE) {
		const struct conf_probe *p = conf_probe(old, new->probe[i].id);

		return p ? (uint32_t)(p - old->probe) : RECORD_NONE;
	}

	const struct conf_vs *vs = conf_vs(old, new->vs[i].id);

	return vs ? (uint32_t)(vs - old->vs) : RECORD_NONE;
}

/* ------------------------------------------------------------------ what is in it already */

static bool is_good(const struct record_mem *m, const struct record_here *here)
{
	return !memcmp(m->magic, magic, sizeof(magic)) && m->version == RECORD_VERSION &&
	       m->len == sizeof(*m) && !memcmp(m->here.boot, here->boot, sizeof(here->boot)) &&
	       m->here.netns == here->netns;
}

void record_init(struct record *r, struct record_mem *mem, const struct record_here *here)
{
	*r = (struct record){ .mem = mem };
	for (unsigned k = 0; k < RECORD_KIND_N; k++) {
		r->used[k] = calloc(room[k], sizeof(*r->used[k]));
		BUG_ON(!r->used[k]);
	}
	if (is_good(mem, here))
		return;
	memset(mem, 0, sizeof(*mem));
	mem->version = RECORD_VERSION;
	mem->len = sizeof(*mem);
	mem->here = *here;
	memcpy(mem->magic, magic, sizeof(magic)); /* last: all of it is there now */
}

void record_fini(struct record *r)
{
	for (unsigned k = 0; k < RECORD_KIND_N; k++)
		free(r->used[k]);
	*r = (struct record){ .mem = NULL };
}

/* key -> slot of one kind, for the length of the first record_make(). */
struct finder {
	uint32_t *slot; /* + 1; 0: empty */
	uint32_t mask;
};

static void finder_init(struct finder *f, struct record_mem *m, enum record_kind kind)
{
	uint32_t size = 2 * room[kind]; /* a power of two */

	f->slot = calloc(size, sizeof(*f->slot));
	BUG_ON(!f->slot);
	f->mask = size - 1;
	for (uint32_t i = 0; i < room[kind]; i++) {
		uint64_t key = atomic_load(key_at(m, kind, i));
		uint32_t at = (uint32_t)(key ^ key >> 32) & f->mask;

		if (!key)
			continue;
		while (f->slot[at])
			at = (at + 1) & f->mask;
		f->slot[at] = i + 1;
	}
}

/* RECORD_NONE: none that is not taken yet. */
static uint32_t find(const struct finder *f, struct record *r, enum record_kind kind, uint64_t key)
{
	for (uint32_t at = (uint32_t)(key ^ key >> 32) & f->mask; f->slot[at];
	     at = (at + 1) & f->mask) {
		uint32_t slot = f->slot[at] - 1;

		if (atomic_load(key_at(r->mem, kind, slot)) == key && !r->used[kind][slot])
			return slot;
	}
	return RECORD_NONE;
}

bool record_health_unpack(uint64_t word, struct record_health *h)
{
	*h = (struct record_health){
		.verdict = (uint8_t)word,
		.contrary_n = (uint8_t)(word >> 8),
		.is_decided = word >> 16 & 1,
		.reason = (uint8_t)(word >> 24),
		.code = (uint16_t)(word >> 32),
	};
	return (h->verdict == HEALTH_UP || h->verdict == HEALTH_DOWN) && h->reason < REASON_N;
}

/* Nonsense becomes nothing. */
static struct record_vrrp read_inst(const struct record_inst *from, int64_t now_us)
{
	struct record_vrrp v = from->copy[atomic_load(&from->n) % 2];

	if (v.sent_us < 0 || v.sent_us > now_us || v.active_adv_us <= 0 ||
	    v.active_adv_us > RECORD_ADV_MAX_US || !v.prio)
		return (struct record_vrrp){ 0 };
	return v;
}

/* ------------------------------------------------------------------ slots */

/* A free slot, or RECORD_NONE. */
static uint32_t take_free(struct record *r, enum record_kind kind)
{
	for (uint32_t n = 0; n < room[kind]; n++) {
		uint32_t slot = r->cursor[kind]++ % room[kind];

		if (!r->used[kind][slot])
			return slot;
	}
	return RECORD_NONE;
}

/* What was there is somebody else's. The key goes first and comes last. */
static void clear(struct record *r, enum record_kind kind, uint32_t slot, uint64_t key)
{
	struct record_mem *m = r->mem;

	atomic_store(key_at(m, kind, slot), 0);
	if (kind == RECORD_INST)
		memset(m->inst[slot].copy, 0, sizeof(m->inst[slot].copy));
	else if (kind == RECORD_PROBE)
		atomic_store(&m->probe[slot].word, 0);
	else
		atomic_store(&m->service[slot].word, 0);
	atomic_store(key_at(m, kind, slot), key);
}

/* What the directors before have left: those of this configuration keep their slots. */
static void find_all(struct record *r, struct record_map *map, struct conf *new,
		     enum record_kind kind)
{
	struct finder f;

	finder_init(&f, r->mem, kind);
	for (uint32_t i = 0; i < count_of(new, kind); i++) {
		uint32_t slot = find(&f, r, kind, key_of(new, kind, i));

		map->slot[kind][i] = slot;
		if (slot != RECORD_NONE)
			r->used[kind][slot] = (uint32_t) new->gen;
	}
	free(f.slot);
}

static void keep_all(struct record *r, struct record_map *map, struct conf *new,
		     const struct conf *old, enum record_kind kind)
{
	for (uint32_t i = 0; i < count_of(new, kind); i++) {
		uint32_t was = old->record ? index_in(old, kind, new, i) : RECORD_NONE;
		uint32_t slot = was == RECORD_NONE ? RECORD_NONE : old->record->slot[kind][was];

		map->slot[kind][i] = slot;
		if (slot != RECORD_NONE)
			r->used[kind][slot] = (uint32_t) new->gen;
	}
}

static void fill_up(struct record *r, struct record_map *map, struct conf *new,
		    enum record_kind kind)
{
	bool is_full = false;

	for (uint32_t i = 0; i < count_of(new, kind); i++) {
		uint32_t slot = map->slot[kind][i];

		if (slot != RECORD_NONE)
			continue;
		slot = is_full ? RECORD_NONE : take_free(r, kind);
		is_full = slot == RECORD_NONE;
		map->slot[kind][i] = slot;
		r->homeless_n += is_full;
		if (is_full)
			continue;
		r->used[kind][slot] = (uint32_t) new->gen;
		clear(r, kind, slot, key_of(new, kind, i));
	}
}

/* ------------------------------------------------------------------ what was found */

static void read_insts(struct record *r, struct record_map *map, struct conf *new, int64_t now_us,
		       struct record_found *found)
{
	struct record_vrrp *was = arena_alloc(&new->arena, (new->vrrp_n + 1) * sizeof(*was));

	for (uint32_t i = 0; i < new->vrrp_n; i++) {
		uint32_t slot = map->slot[RECORD_INST][i];

		was[i] = slot == RECORD_NONE ? (struct record_vrrp){ 0 }
					     : read_inst(&r->mem->inst[slot], now_us);
		found->insts_n += was[i].state != 0;
	}
	map->inst_was = was;
}

static void read_words(struct record *r, struct record_map *map, struct conf *new,
		       struct record_found *found)
{
	uint64_t *probe = arena_alloc(&new->arena, (new->probe_n + 1) * sizeof(*probe));
	uint64_t *service = arena_alloc(&new->arena, (new->vs_n + 1) * sizeof(*service));
	bool is_fresh = found->age_us >= 0 && found->age_us < RECORD_HEALTH_US;
	struct record_health h;

	for (uint32_t i = 0; i < new->probe_n; i++) {
		uint32_t slot = map->slot[RECORD_PROBE][i];

		probe[i] = slot == RECORD_NONE ? 0 : atomic_load(&r->mem->probe[slot].word);
		probe[i] = is_fresh && record_health_unpack(probe[i], &h) ? probe[i] : 0;
		found->probes_n += probe[i] != 0;
	}
	for (uint32_t i = 0; i < new->vs_n; i++) {
		uint32_t slot = map->slot[RECORD_SERVICE][i];

		service[i] = slot == RECORD_NONE || !is_fresh
				     ? 0
				     : atomic_load(&r->mem->service[slot].word);
	}
	map->probe_was = probe;
	map->service_was = service;
}

void record_make(struct record *r, struct conf *new, const struct conf *old, int64_t now_us,
		 struct record_found *found)
{
	struct record_map *map;

	*found = (struct record_found){ 0 };
	r->homeless_n = 0;
	if (!r->mem)
		return;
	map = arena_alloc(&new->arena, sizeof(*map));
	*map = (struct record_map){ .mem = r->mem, .is_again = r->is_again };
	found->age_us = now_us - atomic_load(&r->mem->alive_us);
	for (unsigned k = 0; k < RECORD_KIND_N; k++) {
		enum record_kind kind = (enum record_kind)k;

		map->slot[k] = arena_alloc(&new->arena,
					   ((size_t)count_of(new, kind) + 1) * sizeof(uint32_t));
		if (old)
			keep_all(r, map, new, old, kind);
		else
			find_all(r, map, new, kind);
	}
	if (!old) {
		read_insts(r, map, new, now_us, found);
		read_words(r, map, new, found);
	}
	for (unsigned k = 0; k < RECORD_KIND_N; k++)
		fill_up(r, map, new, (enum record_kind)k);
	new->record = map;
}

void record_settled(struct record *r, uint64_t gen)
{
	for (unsigned k = 0; r->mem && k < RECORD_KIND_N; k++)
		for (uint32_t i = 0; i < room[k]; i++) {
			uint32_t used = r->used[k][i];
			_Atomic uint64_t *key = key_at(r->mem, (enum record_kind)k, i);

			if (used >= (uint32_t)gen || (!used && !atomic_load(key)))
				continue;
			atomic_store(key, 0);
			r->used[k][i] = 0;
		}
}

void record_alive(struct record *r, int64_t now_us)
{
	if (r->mem)
		atomic_store_explicit(&r->mem->alive_us, now_us, memory_order_relaxed);
}
