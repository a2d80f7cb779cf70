/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the kernel's IPVS table counts, for status and metrics: read on demand by the IPVS role, in slices
 * between which news of servers go on, and published as one immutable snapshot (board->counters).
 *
 *	main	MSG_COUNT (number of the question) -> ipvs
 *	ipvs	reads, publishes, MSG_COUNTED (the same number) -> main
 *
 * ops/counter_desk.h asks; a reader holds the snapshot for as long as it prints. Objects are named by
 * their ids: what a reload has removed meanwhile is not found in the configuration any more, what it
 * has added is not in the counters yet.
 *
 * Counters begin at 0 when the kernel makes an entry: a server that left the table and came back, or a
 * service that was made anew, starts again. The kernel brings them up to date every two seconds; the
 * numbers of connections are those of the moment.
 */
#pragma once

#include "core/addr.h"
#include "core/snap.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

/* Since the entry was made; and the kernel's estimate of the last seconds. */
struct counts {
	uint64_t conns, in_packets, out_packets, in_bytes, out_bytes;
	uint64_t conns_s, in_packets_s, out_packets_s, in_bytes_s, out_bytes_s; /* per second */
};

/* One server in one service of the kernel. */
struct counters_server {
	uint32_t rs; /* id; 0: the sorry server, or what leaves the table at the moment */
	uint32_t service; /* index of its service */
	struct ip_addr addr;
	uint16_t port;
	uint32_t weight;
	uint32_t active_n, inactive_n, persist_n; /* connections now */
	struct counts sum;
};

/* One service of the kernel: a service of the configuration has one for each of its addresses. */
struct counters_service {
	uint32_t vs; /* id */
	struct ip_addr addr; /* with a mark only its family */
	uint32_t fwmark; /* 0: none */
	uint16_t port;
	uint8_t protocol; /* IPPROTO_*; 0 with a mark */
	uint32_t first, n; /* its servers */
	struct counts sum;
};

/* One end of connection synchronisation, as the kernel runs it. It counts nothing about it. */
struct counters_sync {
	bool is_master;
	uint8_t syncid;
	uint16_t maxlen; /* bytes */
	char interface[IFNAMSIZ];
};

enum { COUNTERS_SYNC_N = 2 };

/* By number of an array, in order of the ids. */
struct counters_order {
	uint32_t *i;
	uint32_t n; /* without those whose id is 0 */
};

struct counters {
	struct snap snap;
	uint64_t number; /* of the question */
	int64_t at_us; /* when the reading began */
	int64_t took_us;
	int err; /* 0, or -errno: the table could not be read, or not all of it */
	struct counters_service *service;
	struct counters_server *server;
	uint32_t service_n, server_n;
	struct counters_order by_vs, by_rs;
	struct counters_sync sync[COUNTERS_SYNC_N];
	uint32_t sync_n;
};

/* All entries of an id together: how many there are (0: none; *out is zero then). */
uint32_t counters_of_vs(const struct counters *c, uint32_t vs, struct counts *out);
uint32_t counters_of_rs(const struct counters *c, uint32_t rs, struct counters_server *out);

/* The same for who goes through many in the order of their ids: *hint, 0 at first, is where the next one
 * will be looked for first. */
uint32_t counters_of_rs_near(const struct counters *c, uint32_t rs, uint32_t *hint,
			     struct counters_server *out);

/* The newest, with a reference of the caller's own, or NULL. Any role. */
const struct counters *counters_hold(struct snap_slot *slot);
void counters_drop(const struct counters *c);

/* ------------------------------------------------------------------ for who makes them */

/* Empty; owned by the caller until it is published. Never NULL. */
struct counters *counters_new(void);
void counters_free(struct counters *c);

/* Makes it the newest; it is frozen from then on. NULL: none any more. */
void counters_publish(struct snap_slot *slot, struct counters *c);

void counts_add(struct counts *to, const struct counts *from);
