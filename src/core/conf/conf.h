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
#include "core/conf/schema.h"
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
struct track_id {
	uint32_t v;
};
struct sync_id {
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

/* Several texts. */
struct conf_strs {
	const char *const *v;
	uint32_t n;
};

/* The words that settings may have: VS_TCP, CHECK_HTTP and so on. WORDS() closes the enum before it
 * and opens its own. */
enum words_none {
	WORDS_NONE,
#define WORDS(type)                                                                                \
	}                                                                                          \
	;                                                                                          \
	typedef uint8_t ty_##type;                                                                 \
	enum words_##type                                                                          \
	{
#define WORD(type, constant, value, name) constant = (value),
#include "core/conf/schema_words.def"
#undef WORDS
#undef WORD
};

/* field types of schema.def */
typedef bool ty_BOOL;
typedef uint8_t ty_U8;
typedef uint16_t ty_U16;
typedef uint32_t ty_U32;
typedef int32_t ty_S32;
typedef int64_t ty_DUR; /* us */
typedef int64_t ty_LIFETIME; /* us; -1: not given */
typedef const char *ty_STR;
typedef const char *ty_TEXT;
typedef const char *ty_ESCAPED; /* any characters but NUL */
typedef const char *ty_USER;
typedef const char *ty_IFNAME;
typedef const char *ty_PATH;
typedef const char *ty_SECRET; /* must not be shown */
typedef const char *ty_HOSTPORT;
typedef const char *ty_MAC; /* "02:00:00:00:00:01", five or six octets */
typedef const char *ty_HEX; /* an even number of hexadecimal digits */
typedef const char *ty_HEXMASK; /* the same with X for any digit */
typedef const char *ty_DIGEST; /* 32 hexadecimal digits in lower case */
typedef struct conf_strs ty_STRS;
typedef struct conf_strs ty_CMD; /* a program and its arguments: any characters but NUL */
typedef struct ip_addr ty_ADDR;
typedef struct ip_prefix ty_PREFIX;
typedef struct ip_prefix ty_PREFIX_ANY; /* family 0: any ("default", "all") */
typedef struct conf_status ty_STATUS;
typedef uint16_t ty_UMASK;
typedef uint16_t ty_SCOPE; /* RT_SCOPE_*; CONF_SCOPE_NONE: not given */
typedef uint32_t ty_RT_TABLE;
typedef uint8_t ty_RT_PROTO;
typedef uint8_t ty_RT_TOS;
typedef uint8_t ty_GRANULARITY; /* bits */

enum {
	CONF_SCOPE_NONE = 256,
	CONF_FACE_BITS_MAX = 16, /* a prefix of a service has at most 65536 addresses */
};

#define ONCE(kind, where, text)
#define KIND(kind, where, text)                                                                    \
	typedef struct conf_range ty_LIST_##kind;                                                  \
	typedef struct conf_range ty_ONE_##kind;
#define KEY(...)
#define FAR(...)
#define FARS(...)
#define FROM(...)
#include "core/conf/schema.def"
#undef ONCE
#undef KIND
#undef KEY
#undef FAR
#undef FARS
#undef FROM

/* Settings of a server that hardly ever differ between servers: all that have the same share one. */
struct far_rs {
#define ONCE(...)
#define KIND(...)
#define KEY(...)
#define FARS(...)
#define FAR(kind, field, key, type, ...) ty_##type field;
#define FROM(...)
#include "core/conf/schema.def"
#undef ONCE
#undef KIND
#undef KEY
#undef FAR
#undef FARS
#undef FROM
};

/* The settings of one kind: struct fields_vrrp and so on, a field for each row of schema.def. KIND()
 * closes the struct before it and opens its own. */
struct fields_none {
	char unused;
#define ONCE(kind, where, text)                                                                    \
	}                                                                                          \
	;                                                                                          \
	struct fields_##kind {
#define KIND(kind, where, text) ONCE(kind, where, text)
#define KEY(kind, field, key, type, ...) ty_##type field;
#define FAR(...)
#define FARS(kind) struct far_##kind *far;
#define FROM(...)
#include "core/conf/schema.def"
#undef ONCE
#undef KIND
#undef KEY
#undef FAR
#undef FARS
#undef FROM
};

/* The objects: struct conf_vip and so on, each with its settings and its place in the file. */
struct conf_global {
	struct fields_global s;
	struct conf_loc loc;
};

struct conf_workers {
	struct fields_workers s;
	struct conf_loc loc;
};

struct conf_api {
	struct fields_api s;
	struct conf_loc loc;
};

struct conf_metrics {
	struct fields_metrics s;
	struct conf_loc loc;
};

struct conf_log {
	struct fields_log s;
	struct conf_loc loc;
};

struct conf_ssl {
	struct fields_ssl s;
	struct conf_loc loc;
};

struct conf_statics {
	struct fields_statics s;
	struct conf_loc loc;
};

struct conf_timeouts {
	struct fields_timeouts s;
	struct conf_loc loc;
};

struct conf_drift {
	struct fields_drift s;
	struct conf_loc loc;
};

struct conf_syncd {
	struct fields_syncd s;
	struct conf_loc loc;
};

/* Whom a program runs as; see conf_account.h. */
struct conf_account {
	uint32_t uid, gid;
	const char *groups_of; /* the account whose other groups it gets; "" = none */
};

struct conf_fifo {
	struct fields_fifo s;
	struct conf_loc loc;
	struct conf_account account; /* its owner */
};

struct conf_webhook {
	struct fields_webhook s;
	struct conf_loc loc;
};

struct conf_script {
	struct fields_script s;
	struct conf_loc loc;
	struct conf_account account;
};

struct conf_vrrp {
	struct fields_vrrp s;
	struct conf_loc loc;
	struct inst_id id;
	const char *tx_dev; /* carries its adverts instead of s.interface; NULL: that itself */
};

struct conf_vip {
	struct fields_vip s;
	struct conf_loc loc;
	const char *on; /* where it lies instead of s.dev; NULL: there */
	struct track_id group; /* of s.track_group; 0: none */
};

/* An interface to be made for a virtual MAC address (or an ipvlan); see conf_vmac.h. */
struct conf_vmac {
	const char *name, *parent;
	uint32_t inst; /* index of the instance whose MAC address it has */
	bool is_ipvlan;
	bool is_silent; /* it carries no adverts */
};

struct conf_route {
	struct fields_route s;
	struct conf_loc loc;
	struct track_id group; /* of s.track_group; 0: none */
};

struct conf_nexthop {
	struct fields_nexthop s;
	struct conf_loc loc;
};

struct conf_rule {
	struct fields_rule s;
	struct conf_loc loc;
	struct track_id group; /* of s.track_group; 0: none */
};

struct conf_peer {
	struct fields_peer s;
	struct conf_loc loc;
};

struct conf_track {
	struct fields_track s;
	struct conf_loc loc;
};

struct conf_auth {
	struct fields_auth s;
	struct conf_loc loc;
};

struct conf_hmac {
	struct fields_hmac s;
	struct conf_loc loc;
};

struct conf_hmac_key {
	struct fields_hmac_key s;
	struct conf_loc loc;
};

struct conf_sync {
	struct fields_sync s;
	struct conf_loc loc;
	struct sync_id id;
};

struct conf_track_script {
	struct fields_track_script s;
	struct conf_loc loc;
	struct track_id id;
	struct conf_account account;
};

struct conf_track_file {
	struct fields_track_file s;
	struct conf_loc loc;
	struct track_id id;
};

struct conf_track_process {
	struct fields_track_process s;
	struct conf_loc loc;
	struct track_id id;
};

struct conf_if_delay {
	struct fields_if_delay s;
	struct conf_loc loc;
};

struct conf_garp_group {
	struct fields_garp_group s;
	struct conf_loc loc;
};

struct conf_track_group {
	struct fields_track_group s;
	struct conf_loc loc;
	struct track_id id;
};

struct conf_bfd {
	struct fields_bfd s;
	struct conf_loc loc;
};

enum { CONF_MARK_V4, CONF_MARK_V6, CONF_MARK_N };

struct conf_vs {
	struct fields_vs s;
	struct conf_loc loc;
	struct vs_id id;
	struct conf_range where; /* vsaddr: its own list or that of its group; may be empty */
	uint32_t mark[CONF_MARK_N]; /* given to its addresses of a family; 0: none (conf_mark.h) */
};

struct conf_vsg {
	struct fields_vsg s;
	struct conf_loc loc;
};

struct conf_vsaddr {
	struct fields_vsaddr s;
	struct conf_loc loc;
};

struct conf_tunnel {
	struct fields_tunnel s;
	struct conf_loc loc;
};

struct conf_sorry {
	struct fields_sorry s;
	struct conf_loc loc;
};

struct conf_slow_start {
	struct fields_slow_start s;
	struct conf_loc loc;
};

struct conf_pool {
	struct fields_pool s;
	struct conf_loc loc;
	bool is_used; /* while loading */
};

struct conf_rs {
	struct fields_rs s;
	struct conf_loc loc;
	struct rs_id id;
	uint32_t vs; /* index of its service */
	struct conf_range probes; /* one for each of its checks */
};

struct conf_check {
	struct fields_check s;
	struct conf_loc loc;
	uint32_t file; /* CHECK_FILE: index of its track_file */
};

struct conf_tls {
	struct fields_tls s;
	struct conf_loc loc;
};

struct conf_url {
	struct fields_url s;
	struct conf_loc loc;
};

struct conf_expect {
	struct fields_expect s;
	struct conf_loc loc;
};

struct conf_step {
	struct fields_step s;
	struct conf_loc loc;
};

/* One check of one server: what a worker runs and what HEALTH names. */
struct conf_probe {
	struct probe_id id;
	struct probe_id leader; /* whose results it takes; its own id: none (conf_share.h) */
	uint32_t worker; /* index; the same for its life (conf_share.h) */
	uint32_t rs; /* index */
	uint32_t check; /* index */
};

/* id -> index (idmap.h) */
struct idmap {
	struct idmap_slot *slot; /* a hash table; or NULL */
	uint32_t *
		place; /* from id `first` on, `n` of them: 1 more than the index, 0 = none; or NULL */
	uint32_t mask, first, n;
};

struct conf {
	struct snap snap;
	struct arena arena;
	uint64_t gen; /* 1, 2, ... */

	/* What is there once: c->global.s and so on. */
#define ONCE(kind, where, text) struct conf_##kind kind;
	/* Objects of one kind in one array: c->vrrp[0 .. c->vrrp_n - 1]. Pools are none: their servers
	 * have become those of services. */
#define KIND(kind, where, text)                                                                    \
	struct conf_##kind *kind;                                                                  \
	uint32_t kind##_n;
#define KEY(...)
#define FAR(...)
#define FARS(...)
#define FROM(...)
#include "core/conf/schema.def"
#undef ONCE
#undef KIND
#undef KEY
#undef FAR
#undef FARS
#undef FROM

	struct conf_vmac *vmac;
	uint32_t vmac_n;

	struct conf_probe *probe;
	uint32_t probe_n;

	/* track_by_id: scripts, then files, then processes, then track groups, counted through */
	struct idmap inst_by_id, vs_by_id, rs_by_id, probe_by_id, track_by_id, sync_by_id;

	/* Memory for the run state of the VRRP role's instances, sized by vrrp_run_len() and zeroed.
	 * Main makes it before publishing, so that the VRRP thread needs no allocation when it adopts;
	 * from then on it is that role's to write. It lives as long as the snapshot. */
	void *vrrp_run;

	/* The same for the check role, sized by check_run_len(): where it has its probes, and main finds them. NULL
	 * only without any. */
	void *check_run;

	/* What roles show of their objects (core/status.h); NULL: nothing, as in tests. Main makes it
	 * before publishing. */
	struct status *status;

	/* Where objects are in the hand-over record (core/record.h); NULL: there is none. Main makes it
	 * before publishing. */
	struct record_map *record;

	/* Which services are suspended, by index of vs; see conf_suspend.h. NULL: none. */
	_Atomic bool *suspended;

	/* What the checks need ready-made (check/kit.h); NULL: nothing. Main makes it before publishing;
	 * kit_free() frees it with the snapshot. */
	void *kit;
	void (*kit_free)(void *kit);
};

/* The interface that an instance sends from; NULL: any. */
static inline const char *conf_tx_dev(const struct conf_vrrp *in)
{
	return in->tx_dev ? in->tx_dev : in->s.interface;
}

/* Names of all schedulers; conf_vs.s.sched is an index. */
extern const char *const conf_sched_name[];

/* Where struct conf keeps the objects of a kind, and how long they are. */
struct conf_shape {
	size_t len; /* of one object */
	size_t loc_off; /* of its place */
	size_t array_off, n_off; /* in struct conf; kinds that are there once: the object, and 0 */
};

extern const struct conf_shape conf_shape[SCHEMA_KIND_N];

/* The i-th object of a kind, which begins with its settings. */
const void *conf_object(const struct conf *c, enum schema_kind kind, uint32_t i);
uint32_t conf_object_n(const struct conf *c, enum schema_kind kind);

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
const struct conf_sync *conf_sync(const struct conf *c, struct sync_id id);
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
