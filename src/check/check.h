/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A worker of the check pool. See check.c.
 */
#pragma once

#include "check/history.h"
#include "core/ops/spawn.h"
#include "core/role.h"

struct check;

/* Worker `index` of n: it has the probes whose conf_probe.worker it is. board outlives it. Never NULL.
 * Main. */
struct check *check_new(struct board *board, unsigned index, unsigned n);

/* For role_prepare() and role_start(). */
struct role *check_role(struct check *c);

/* Its end of the script helper, for main to open before the role starts. */
struct spawn_client *check_spawn(struct check *c);

/* Bytes that conf->check_run must have, zeroed and from the arena, before a snapshot with probes is
 * published: the workers have their probes there. */
size_t check_run_len(const struct conf *c);

/* What is known of a probe beside its verdict. Of probes that share their checks, it is the same. */
struct check_seen {
	unsigned n; /* results, at most HISTORY_N; the latest first */
	struct history_item item[HISTORY_N];
};

/* newest: the snapshot that main has published last, while no newer one is published and the workers run.
 * False: there is no such probe in it. Main. */
bool check_seen(const struct conf *newest, struct probe_id id, struct check_seen *out);

/* How long after its start the pool should be given before traffic is asked for: by then every server
 * has been checked once (or as many as can be in CHECK_SETTLE_MAX_S), so those that are well are in the
 * table. 0 without checks. Pure. */
enum { CHECK_SETTLE_MAX_S = 5 };
int64_t check_settle_us(const struct conf *c);

/* After all roles have been joined: the box of the IPVS role may still hold facts of this worker,
 * which nobody may take any more. */
void check_free(struct check *c);
