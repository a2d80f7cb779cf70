/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The hand-over record: what a director knows that took time to learn, in memory that outlives it. The next
 * one, after a crash, an upgrade or a restart, goes on from there.
 *
 *	instances	state, when the last advert left, sequence numbers, what was said by hand
 *	probes		verdict, results that say otherwise
 *	services	quorum
 *
 * Each object has a slot, found by a key that is made of names and addresses (64 bits of a hash), so that it
 * is found again under another configuration. Main gives slots out; the role that owns an object writes its
 * slot, without a lock: a word at once, or one of two copies and then the number that says which is good. So
 * whoever is killed in the midst of a write leaves what was there before.
 *
 * The memory is a file on a tmpfs (core/ops/record_file.h), or the watchdog's own. Whatever is in it is not
 * believed but looked at: another version, another start of the machine, another network namespace and
 * values that can't be are as if nothing were there.
 */
#pragma once

#include "core/conf/conf.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A new number with each change of struct record_mem or of what its words mean. */
enum { RECORD_VERSION = 2 };

enum {
	RECORD_INSTS_N =
		4096, /* what is beyond has no slot and starts as if there were no record */
	RECORD_PROBES_N = 262144,
	RECORD_SERVICES_N = 65536,
	RECORD_BOOT_LEN = 16,
};

#define RECORD_NONE UINT32_MAX
#define RECORD_ADV_MAX_US (INT64_C(255) * 1000000) /* the longest interval of VRRP */

/* Health that nobody has looked at for so long is not health any more. */
#define RECORD_HEALTH_US (INT64_C(60) * 1000000)

enum record_kind { RECORD_INST, RECORD_PROBE, RECORD_SERVICE, RECORD_KIND_N };

/* What is kept of an instance. All zero: nothing. Times are CLOCK_MONOTONIC. */
struct record_vrrp {
	int64_t sent_us; /* when its last advert left; 0: none has since it became ACTIVE */
	int64_t active_adv_us; /* Active_Adver_Interval */
	uint64_t tx_seq; /* auth_hmac */
	uint64_t wish; /* wish_pack(): what was said by hand */
	uint32_t ah_seq;
	uint8_t state; /* enum vrrp_state */
	uint8_t prio; /* effective */
	uint8_t has_learned;
	uint8_t zero;
};

struct record_inst {
	_Atomic uint64_t key; /* 0: free */
	_Atomic uint32_t n; /* copy[n % 2] is good */
	uint32_t zero;
	struct record_vrrp copy[2];
};

struct record_word {
	_Atomic uint64_t key, word;
};

/* Where the record is of: it means nothing elsewhere. */
struct record_here {
	uint8_t boot[RECORD_BOOT_LEN]; /* the machine's start */
	uint64_t netns; /* inode of the network namespace */
};

struct record_mem {
	char magic[8];
	uint32_t version, zero;
	uint64_t len;
	struct record_here here;
	_Atomic int64_t alive_us; /* when main last had a turn */
	struct record_inst inst[RECORD_INSTS_N];
	struct record_word probe[RECORD_PROBES_N];
	struct record_word service[RECORD_SERVICES_N];
};

/* Main's own part. Zeroed memory, then record_init(). */
struct record {
	struct record_mem *mem; /* NULL: there is no record */
	uint32_t *used[RECORD_KIND_N]; /* by slot: the last generation that has it; 0: free */
	uint32_t cursor[RECORD_KIND_N];
	bool is_again; /* main sets it: this director follows another one of the same watchdog */
	uint32_t homeless_n; /* objects of the newest generation without a slot */
};

/* The slots of a snapshot's objects, in its arena; frozen with it. */
struct record_map {
	struct record_mem *mem;
	bool is_again; /* see struct record */
	uint32_t *slot[RECORD_KIND_N]; /* by index of vrrp, probe, vs; RECORD_NONE: none */

	/* What was found, by the same indexes: in the first snapshot of a director only; else NULL. */
	const struct record_vrrp *inst_was;
	const uint64_t *probe_was, *service_was;
};

/* Looks at mem, and empties it when it is not of this vipd and place. mem stays the caller's. Main. */
void record_init(struct record *r, struct record_mem *mem, const struct record_here *here);
void record_fini(struct record *r);

/* Makes new->record, before new is published; its ids are minted. old: the generation before, or NULL: what
 * is in the record is found then. *found: how many instances and probes. Main. */
struct record_found {
	uint32_t insts_n, probes_n;
	int64_t age_us; /* since the last director had a turn */
};
void record_make(struct record *r, struct conf *new, const struct conf *old, int64_t now_us,
		 struct record_found *found);

/* Every role works with this generation: slots that only older ones had are free. Main. */
void record_settled(struct record *r, uint64_t gen);

/* Main, once a turn. */
void record_alive(struct record *r, int64_t now_us);

/* ------------------------------------------------------------------ the owner of an object */

static inline void record_put_inst(const struct record_map *m, uint32_t inst,
				   const struct record_vrrp *v)
{
	struct record_inst *to;
	uint32_t n;

	if (!m || m->slot[RECORD_INST][inst] == RECORD_NONE)
		return;
	to = &m->mem->inst[m->slot[RECORD_INST][inst]];
	n = atomic_load_explicit(&to->n, memory_order_relaxed) + 1;
	to->copy[n % 2] = *v;
	atomic_store_explicit(&to->n, n, memory_order_release);
}

/* kind: RECORD_PROBE or RECORD_SERVICE. */
static inline void record_put(const struct record_map *m, enum record_kind kind, uint32_t i,
			      uint64_t word)
{
	struct record_word *all;

	if (!m || m->slot[kind][i] == RECORD_NONE)
		return;
	all = kind == RECORD_PROBE ? m->mem->probe : m->mem->service;
	atomic_store_explicit(&all[m->slot[kind][i]].word, word, memory_order_relaxed);
}

/* ------------------------------------------------------------------ words */

/* A probe's; 0: nothing is known. */
struct record_health {
	uint8_t verdict; /* enum health_verdict */
	uint8_t contrary_n;
	bool is_decided;
	uint8_t reason; /* enum check_reason */
	uint16_t code;
};

static inline uint64_t record_health_pack(struct record_health h)
{
	return (uint64_t)h.verdict | (uint64_t)h.contrary_n << 8 | (uint64_t)h.is_decided << 16 |
	       (uint64_t)h.reason << 24 | (uint64_t)h.code << 32;
}

/* False: nothing, or nonsense. */
bool record_health_unpack(uint64_t word, struct record_health *h);
