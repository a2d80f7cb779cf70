/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The run memory of one generation: its instances, sync groups and what they track, the interfaces they
 * are on, and the tables by which a packet or a message finds its own. All of it lies in
 * conf->vrrp_run, so that adopting a configuration allocates nothing. Owned by the VRRP thread; main
 * only measures it.
 */
#pragma once

#include "core/conf/conf.h"
#include "vrrp/inst.h"
#include "vrrp/track.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUN_NONE UINT32_MAX

/* What the link table says of an interface. */
struct run_link {
	uint32_t ifindex; /* 0: there is no such interface */
	uint32_t mtu;
	struct ip_addr primary_v4, primary_v6;
	bool is_up;
	bool is_joined_v4, is_joined_v6;
};

/* An interface that carries adverts or is tracked. */
struct run_iface {
	const char *name; /* in the snapshot's arena */
	void *owner; /* shell->arg */
	struct run_link link; /* as acted on */
	struct run_link next; /* as read last */
	struct track_state state; /* link.is_up, for those that track it */
	int64_t down_us, up_us; /* how long it must be so before it counts */
	struct timer delay; /* armed: link.is_up is not next.is_up yet */
	uint32_t first; /* its first instance; the others by iface_next */
	uint32_t first_ref; /* who tracks it; the others by obj_next */
};

/* A script, file, process or track group. Index: as in conf->track_by_id. */
struct run_obj {
	const char *name;
	enum track_kind kind;
	struct track_state state;
	struct track_state next; /* track group: as the link table has it */
	uint32_t id;
	uint32_t first_ref;
};

/* One thing that counts for one instance. */
struct run_ref {
	struct track_rule rule;
	const struct track_state *state;
	uint32_t inst; /* index */
	uint32_t inst_next, obj_next;
};

struct run_group {
	const struct conf_sync *cf;
	uint32_t first; /* its first member; the others by group_next */
	bool is_active; /* as sync.h wants to know */
	bool has_fallen;
	bool are_owners; /* all of its members are */
	uint8_t state; /* enum vrrp_state, as told last */
	struct run_group *dirty_next;
	bool is_dirty;
};

/* Where an instance is found: under the interface that it is on. */
struct run_key {
	uint32_t ifindex, next;
	bool is_in;
};

enum run_kind { RUN_IFACE, RUN_INST, RUN_GROUP, RUN_SCRIPT, RUN_FILE, RUN_PROCESS, RUN_STATIC };

struct run_name {
	const char *name; /* NULL: empty */
	enum run_kind kind;
	uint32_t index;
};

struct run {
	struct vrrp_inst *inst; /* as conf->vrrp, index for index */
	uint32_t *first_ref; /* of each instance */
	struct run_iface *iface;
	struct run_obj *obj;
	struct run_ref *ref;
	struct run_group *group; /* as conf->sync */
	struct run_key *key; /* one for each instance */
	struct auth *auth;
	struct auth_key *auth_key;
	struct auth_seen *seen;
	uint32_t *by_key; /* buckets: index of the first key, or RUN_NONE */
	struct run_name *by_name; /* open addressing */
	uint32_t first_lone; /* instances without interface; by iface_next */
	uint32_t first_static; /* track groups are obj[first_static .. obj_n) */
	uint32_t inst_n, iface_n, obj_n, ref_n, group_n, auth_n, auth_key_n, seen_n;
	uint32_t key_mask, name_mask;
	bool has_vrf; /* some instance is in a VRF without naming an interface */
};

/* Bytes for this configuration. */
size_t run_len(const struct conf *c);

/* Lays out c->vrrp_run, which is zeroed, with fresh instances. */
struct run *run_build(const struct conf *c, const struct inst_shell *shell,
		      timer_fn *on_iface_delay);

/* Where a packet came in: indices; vrf 0: none, or nobody asks. */
struct run_from {
	uint32_t ifindex, vrf;
};

/* The instance that a packet from this interface is for, or NULL: the one that listens to its
 * destination, among several that do to its sender (V131); when none does, any that has its number
 * there, so that the packet is counted as that one's. Interfaces come before VRFs, and those before
 * none (V132). */
struct vrrp_inst *run_find(const struct run *r, struct run_from from, const struct pkt_in *p);

/* NULL: nothing uses it. */
struct run_iface *run_find_iface(const struct run *r, const char *name);

/* Makes an instance known under an interface (0: under none), or forgets it. */
void run_key(struct run *r, uint32_t inst, uint32_t ifindex);
void run_unkey(struct run *r, uint32_t inst);

/* The place of a unicast peer in in->o.peer, or RUN_NONE. */
uint32_t run_peer(const struct vrrp_inst *in, const struct ip_addr *addr);

/* What everything that an instance tracks comes to. */
struct run_sum {
	int64_t add;
	const char *fault; /* a literal, or NULL */
	bool is_pending;
};

struct run_sum run_sum(const struct run *r, uint32_t inst);
