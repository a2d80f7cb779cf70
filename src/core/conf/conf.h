/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The configuration as the program sees it: one snapshot, frozen when it is published, in one arena.
 *
 * Objects of a kind lie in one array; a list inside an object is a range of such an array. Fields
 * come from schema.def. What is not a setting (ids, places in the file, links between objects) is
 * declared here, behind the settings.
 */
#pragma once

#include "core/addr.h"
#include "core/arena.h"
#include "core/snap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ids are minted once by main for the life of the process and kept over reloads for what keeps its
 * identity (conf_ids.h). Structs, so that one kind can't be taken for another. 0 = none. */
struct inst_id {
	uint32_t v;
};
struct vs_id {
	uint32_t v;
};
struct rs_id {
	uint32_t v;
};
struct probe_id {
	uint32_t v;
};

struct conf_loc {
	const char *file;
	uint32_t line;
};

/* first..first+n of the array of its kind */
struct conf_range {
	uint32_t first, n;
};

/* HTTP status codes 100..611 as a set of bits */
struct conf_status {
	uint64_t w[8];
};

enum vs_protocol { VS_TCP = IPPROTO_TCP, VS_UDP = IPPROTO_UDP };
enum vs_method { VS_NAT, VS_DR, VS_TUN };
enum check_type { CHECK_TCP, CHECK_HTTP };

/* field types of schema.def */
typedef bool ty_BOOL;
typedef uint8_t ty_U8;
typedef uint16_t ty_U16;
typedef uint32_t ty_U32;
typedef int64_t ty_DUR; /* us */
typedef const char *ty_STR;
typedef struct ip_addr ty_ADDR;
typedef struct ip_prefix ty_PREFIX;
typedef struct conf_status ty_STATUS;
typedef uint8_t ty_PROTOCOL; /* enum vs_protocol */
typedef uint8_t ty_SCHED; /* index of conf_sched_name[] */
typedef uint8_t ty_METHOD; /* enum vs_method */
typedef uint8_t ty_CHECK_TYPE; /* enum check_type */
typedef struct conf_range ty_LIST_VIP;
typedef struct conf_range ty_LIST_RS;
typedef struct conf_range ty_LIST_CHECK;

/* The settings of one kind: struct fields_vrrp and so on, a field for each row of schema.def. KIND()
 * closes the struct before it and opens its own. */
struct fields_none {
	char unused;
#define KIND(kind, where, text)                                                                    \
	}                                                                                          \
	;                                                                                          \
	struct fields_##kind {
#define KEY(kind, field, key, type, lo, hi, dflt, unit, reload, ka, text) ty_##type field;
#include "core/conf/schema.def"
#undef KEY
#undef KIND
};

struct conf_global {
	struct fields_global s;
};

struct conf_workers {
	struct fields_workers s;
};

struct conf_vip {
	struct fields_vip s;
	struct conf_loc loc;
};

struct conf_vrrp {
	struct fields_vrrp s;
	struct conf_loc loc;
	struct inst_id id;
};

struct conf_check {
	struct fields_check s;
	struct conf_loc loc;
};

struct conf_rs {
	struct fields_rs s;
	struct conf_loc loc;
	struct rs_id id;
	uint32_t vs; /* index of its service */
	struct conf_range probes; /* one for each of its checks */
};

struct conf_vs {
	struct fields_vs s;
	struct conf_loc loc;
	struct vs_id id;
};

/* One check of one server: what a worker runs and what HEALTH names. */
struct conf_probe {
	struct probe_id id;
	uint32_t rs; /* index */
	uint32_t check; /* index */
};

/* id -> index; open addressing, load at most one half (idmap.h) */
struct idmap {
	struct idmap_slot *slot;
	uint32_t mask;
};

struct conf {
	struct snap snap;
	struct arena arena;
	uint64_t gen; /* 1, 2, ... */

	struct conf_global global;
	struct conf_workers workers;

	struct conf_vrrp *vrrp;
	struct conf_vip *vip;
	struct conf_vs *vs;
	struct conf_rs *rs;
	struct conf_check *check;
	struct conf_probe *probe;
	uint32_t vrrp_n, vip_n, vs_n, rs_n, check_n, probe_n;

	struct idmap inst_by_id, vs_by_id, rs_by_id, probe_by_id;

	/* Memory for the run state of the VRRP role's instances, sized by vrrp_run_len() and zeroed.
	 * Main makes it before publishing, so that the VRRP thread needs no allocation when it adopts;
	 * from then on it is that role's to write. It lives as long as the snapshot. */
	void *vrrp_run;
};

/* Names of all schedulers; conf_vs.s.sched is an index. */
extern const char *const conf_sched_name[];

/* An empty configuration that conf_load() fills. Never NULL. */
struct conf *conf_new(void);

/* Frees one that was never published. */
void conf_free(struct conf *c);

/* See snap.h; with the right type. */
const struct conf *conf_hold(struct snap_slot *slot);
void conf_hold_again(const struct conf *c);
void conf_drop(const struct conf *c);
void conf_publish(struct snap_slot *slot, struct conf *c);

/* The object with this id, or NULL. */
const struct conf_vrrp *conf_inst(const struct conf *c, struct inst_id id);
const struct conf_vs *conf_vs(const struct conf *c, struct vs_id id);
const struct conf_rs *conf_rs(const struct conf *c, struct rs_id id);
const struct conf_probe *conf_probe(const struct conf *c, struct probe_id id);

/* "line 12" for a place in the same file as here, else "FILE:12". buf is returned. */
enum { CONF_PLACE_LEN = 300 };
const char *conf_place(struct conf_loc there, struct conf_loc here,
		       char buf[static CONF_PLACE_LEN]);

static inline bool conf_status_has(const struct conf_status *s, unsigned code)
{
	return code >= 100 && code < 612 && (s->w[(code - 100) / 64] >> (code - 100) % 64 & 1);
}
