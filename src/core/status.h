/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What roles show of their objects: one word or a few for each, beside the snapshot and by its indexes.
 * The role that owns the object writes them, main reads them (vipctl, metrics); nobody acts on them.
 * All are relaxed atomics: what is read is at most a moment old, and two words of one object may be of
 * two moments.
 *
 * main makes the memory before it publishes a snapshot; a role that adopts it carries over what it
 * showed in the one before.
 */
#pragma once

#include "core/addr.h"
#include "core/msg.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct conf;

enum { STATUS_DROPS_N = 24 };

/* An instance. Written by vrrp. */
struct status_inst {
	_Atomic uint64_t word; /* state, prio, is_wanted, family of peer */
	_Atomic int64_t since_us; /* of the state; monotonic; 0: nothing is shown yet */
	_Atomic(const char *) why; /* a literal: why it came to this state */
	_Atomic(const char *) fault; /* a literal: why it can't be more; NULL: it can */
	_Atomic uint64_t wish; /* wish_pack() */
	_Atomic uint64_t rx_n, tx_n, tx_fail_n, drop_n, transitions_n;
	_Atomic uint64_t released_n; /* transitions from ACTIVE */
	_Atomic uint64_t rx_zero_n, tx_zero_n; /* of rx_n, tx_n: with priority 0 */
	_Atomic uint64_t drop[STATUS_DROPS_N]; /* of drop_n, by reason */
	_Atomic uint64_t peer[2]; /* who was heard last, 16 bytes in network order */
	_Atomic int64_t heard_us; /* when; 0: nobody */
	_Atomic uint32_t peer_prio;
};

/* A service. Written by ipvs. */
struct status_vs {
	_Atomic uint64_t word; /* quorum, panic, suspended, sorry */
	_Atomic int64_t since_us; /* of the word */
	_Atomic uint64_t up_weight, total_weight;
};

/* A server. Written by ipvs. */
struct status_rs {
	_Atomic int64_t since_us; /* of verdict, admin state and place */
	_Atomic uint32_t word; /* verdict, admin state, place, ... */
	_Atomic uint32_t weight; /* that is wanted in the kernel's table */
};

/* The verdict of a probe. Written by ipvs. */
struct status_probe {
	_Atomic uint64_t word; /* health_pack() of the check that decided; 0: none yet */
	_Atomic int64_t since_us;
};

enum { STATUS_SCRIPT_UP = 1, STATUS_SCRIPT_RUNS = 2 };

/* A script that instances track. Written by the tracker. */
struct status_script {
	_Atomic uint32_t bits; /* STATUS_SCRIPT_* */
};

/* What TLS has told of the server of a probe. Written by the worker that makes its checks. */
struct status_tls {
	_Atomic int64_t cert_end_s; /* when its certificate ends, since 1970; 0: none was seen */
	_Atomic uint64_t alpn; /* status_alpn_pack() */
};

/* As conf->vrrp, vs, rs, probe, track_script. */
struct status {
	struct status_inst *inst;
	struct status_vs *vs;
	struct status_rs *rs;
	struct status_probe *probe;
	struct status_script *script;
	struct status_tls *tls; /* NULL: no check has TLS */
	/* of status_inst.drop, by place; main sets it */
	const char *const *drop_name;
	uint32_t drops_n;
};

/* For a snapshot that is not published yet, in its arena. Never NULL. */
struct status *status_new(struct conf *c);

/* ------------------------------------------------------------------ instances */

struct status_inst_word {
	uint8_t state; /* enum vrrp_state (vrrp/fsm.h) */
	uint8_t prio; /* the effective one */
	bool is_wanted; /* its addresses are wanted here */
	uint8_t peer_family;
};

static inline uint64_t status_inst_pack(struct status_inst_word w)
{
	return (uint64_t)w.state | (uint64_t)w.prio << 8 | (uint64_t)w.is_wanted << 16 |
	       (uint64_t)w.peer_family << 24;
}

static inline struct status_inst_word status_inst_unpack(uint64_t v)
{
	return (struct status_inst_word){
		.state = (uint8_t)v,
		.prio = (uint8_t)(v >> 8),
		.is_wanted = v >> 16 & 1,
		.peer_family = (uint8_t)(v >> 24),
	};
}

/* ------------------------------------------------------------------ services and servers */

struct status_vs_word {
	uint8_t quorum; /* enum quorum_state (ipvs/quorum.h): unknown, down, up */
	bool is_panic, is_suspended, is_sorry;
	bool is_shown; /* false: nothing is known of it yet */
};

static inline uint64_t status_vs_pack(struct status_vs_word w)
{
	return (uint64_t)w.quorum | (uint64_t)w.is_panic << 8 | (uint64_t)w.is_suspended << 9 |
	       (uint64_t)w.is_sorry << 10 | (uint64_t)w.is_shown << 11;
}

static inline struct status_vs_word status_vs_unpack(uint64_t v)
{
	return (struct status_vs_word){
		.quorum = (uint8_t)v,
		.is_panic = v >> 8 & 1,
		.is_suspended = v >> 9 & 1,
		.is_sorry = v >> 10 & 1,
		.is_shown = v >> 11 & 1,
	};
}

/* Where a server is wanted in the kernel's table. */
enum status_place {
	STATUS_PLACE_NONE, /* nothing is known yet */
	STATUS_PLACE_KEPT, /* as the kernel has it */
	STATUS_PLACE_IN, /* in, with its weight */
	STATUS_PLACE_IDLE, /* in, with weight 0 */
	STATUS_PLACE_OUT,
};

struct status_rs_word {
	uint8_t verdict; /* enum health_verdict */
	uint8_t admin; /* ADMIN_* */
	uint8_t place; /* enum status_place */
	uint8_t ramp_percent; /* 100: all of its weight */
	bool has_weight; /* set by hand */
};

static inline uint32_t status_rs_pack(struct status_rs_word w)
{
	return (uint32_t)w.verdict | (uint32_t)w.admin << 8 | (uint32_t)w.place << 16 |
	       (uint32_t)(w.ramp_percent & 0x7f) << 24 | (uint32_t)w.has_weight << 31;
}

static inline struct status_rs_word status_rs_unpack(uint32_t v)
{
	return (struct status_rs_word){
		.verdict = (uint8_t)v,
		.admin = (uint8_t)(v >> 8),
		.place = (uint8_t)(v >> 16),
		.ramp_percent = v >> 24 & 0x7f,
		.has_weight = v >> 31,
	};
}

/* ------------------------------------------------------------------ TLS */

enum { STATUS_ALPN_LEN = 8 };

/* The name of a protocol; of a longer one the beginning. len 0: none was agreed on. */
uint64_t status_alpn_pack(const char *name, unsigned len);

/* buf is returned. */
const char *status_alpn_text(uint64_t alpn, char buf[static STATUS_ALPN_LEN + 1]);

/* ------------------------------------------------------------------ words */

/* The writer's: sets a word, and since_us when it differs under mask. */
void status_set(_Atomic uint64_t *word, _Atomic int64_t *since_us, uint64_t now, uint64_t mask,
		int64_t now_us);
void status_set_rs(struct status_rs *rs, uint32_t now, uint32_t mask, int64_t now_us);

#define STATUS_LOAD(p) atomic_load_explicit(p, memory_order_relaxed)
#define STATUS_STORE(p, v) atomic_store_explicit(p, v, memory_order_relaxed)
