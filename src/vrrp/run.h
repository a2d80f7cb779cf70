/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The run memory of one generation: its instances, the interfaces they are on, and the hash by which
 * a packet finds its instance. All of it lies in conf->vrrp_run, so that adopting a configuration
 * allocates nothing. Owned by the VRRP thread.
 */
#pragma once

#include "core/conf/conf.h"
#include "vrrp/inst.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUN_NONE UINT32_MAX

/* What the link table says of an interface. */
struct run_link {
	uint32_t ifindex; /* 0: there is no such interface */
	uint32_t mtu;
	struct ip_addr primary;
	bool is_up, is_joined;
};

/* An interface that carries adverts. */
struct run_iface {
	const char *name; /* in the snapshot's arena */
	struct run_link link; /* as acted on */
	struct run_link next; /* as read last */
	uint32_t first; /* its first instance; the others by iface_next */
	uint32_t name_next;
};

struct run {
	struct vrrp_inst *inst; /* as conf->vrrp, index for index */
	struct run_iface *iface;
	uint32_t *by_key, *by_name; /* buckets: index of the first, or RUN_NONE */
	uint32_t inst_n, iface_n, mask;
};

/* Bytes for this configuration. */
size_t run_len(const struct conf *c);

/* Lays out c->vrrp_run, which is zeroed, with fresh instances. */
struct run *run_build(const struct conf *c, const struct inst_shell *shell);

/* NULL: no such instance listens there. family is AF_INET; AF_INET6 has virtual routers of its own
 * with the same numbers (V111). */
struct vrrp_inst *run_find(const struct run *r, uint32_t ifindex, uint8_t family, uint8_t vrid);

/* NULL: no instance is on it. */
struct run_iface *run_find_iface(const struct run *r, const char *name);

/* Makes the instances of the interface known under its link.ifindex (not 0); and forgets them. */
void run_key_iface(struct run *r, const struct run_iface *ifc);
void run_unkey_iface(struct run *r, const struct run_iface *ifc);
