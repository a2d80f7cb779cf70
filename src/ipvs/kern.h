/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The seam between vipd and an IPVS table: read it whole, change it by a list of requests. Behind
 * it are the kernel (kern_genl.h) and a table in memory (kern_memory.h), with the same errors.
 *
 *	NEW_SVC   -EEXIST  the service is there; -ENOENT no such scheduler
 *	SET_SVC   -ESRCH   no such service; -ENOENT no such scheduler
 *	DEL_SVC   -ESRCH   no such service. Its destinations go with it
 *	NEW_DEST  -ESRCH   no such service; -EEXIST the destination is there
 *	SET_DEST, DEL_DEST -ESRCH no such service; -ENOENT no such destination
 *	any       -EINVAL, -ERANGE bad settings; -EPERM no right to do so; -ENOENT no IPVS any more
 *
 * One thread at a time uses one. Calls may block for as long as the kernel works.
 */
#pragma once

#include "core/counters.h"
#include "ipvs/table.h"

#include <net/if.h>
#include <stdint.h>

enum kern_do {
	KERN_NONE, /* nothing to do; never given to apply */
	KERN_DEL_SVC,
	KERN_DEL_DEST,
	KERN_SET_DEST,
	KERN_SET_SVC,
	KERN_NEW_SVC,
	KERN_NEW_DEST,
};

struct kern_op {
	enum kern_do what;
	int err; /* result: 0 or -errno */
	const struct ipvs_svc *svc; /* key; settings too for NEW_SVC and SET_SVC */
	const struct ipvs_dest *dest; /* for *_DEST: key; settings too for NEW and SET */
};

/* Timeouts of connections, in seconds; 0 when setting: as it is. */
struct ipvs_timeouts {
	uint32_t tcp_s, tcp_fin_s, udp_s;
};

enum { IPVS_SYNC_MASTER = 1, IPVS_SYNC_BACKUP = 2, IPVS_SYNC_N = 2 };

/* One of the two ends of connection synchronisation. */
struct ipvs_daemon {
	uint8_t state; /* IPVS_SYNC_* */
	uint8_t syncid;
	uint8_t ttl;
	char interface[IFNAMSIZ];
	uint16_t maxlen; /* bytes; 0 = the kernel's choice */
	uint16_t port;
	struct ip_addr group;
};

/* What the kernel counts of one service or destination. */
struct ipvs_count {
	struct counts sum;
	uint32_t active_n, inactive_n, persist_n; /* connections of a destination now */
};

/* dest: NULL for services. Both are the caller's. */
typedef void ipvs_count_fn(void *arg, const struct ipvs_svc *svc, const struct ipvs_dest *dest,
			   const struct ipvs_count *count);

struct ipvs_kern;

struct ipvs_kern_ops {
	/* Appends all services with their destinations to an empty table, everything IN, unsorted.
	 * 0 or -errno (the table may be partly filled then); -ENODEV: there is no IPVS (any more). */
	int (*dump)(struct ipvs_kern *k, struct ipvs_table *out);

	/* The same for one service by its key: appends it with its destinations. A service that is not
	 * there has none. */
	int (*dump_dests)(struct ipvs_kern *k, const struct ipvs_svc *svc, struct ipvs_table *out);

	/* Calls fn for every service (svc NULL) or for every destination of one, with what it counts. 0 or
	 * -errno, as dump; fn may have been called by then. */
	int (*count)(struct ipvs_kern *k, const struct ipvs_svc *svc, ipvs_count_fn *fn, void *arg);

	/* Does the requests in order, at most NL_BATCH_N of them in one send; one that fails doesn't
	 * stop the rest. 0: every op[i].err is known. -errno: what happened is unknown, dump. */
	int (*apply)(struct ipvs_kern *k, struct kern_op *op, uint32_t n);

	/* Takes everything out of the table, whoever made it. 0 or -errno. */
	int (*flush)(struct ipvs_kern *k);

	/* 0 or -errno (-EINVAL: more than the kernel can count). */
	int (*get_timeouts)(struct ipvs_kern *k, struct ipvs_timeouts *out);
	int (*set_timeouts)(struct ipvs_kern *k, const struct ipvs_timeouts *t);

	/* The ends of synchronisation that run; start one: -EEXIST it runs, -ENODEV no such
	 * interface, -EINVAL settings, or a server of another family than its service; stop one
	 * (by its state): -ESRCH it doesn't run. Starting takes the kernel's lock of all network
	 * configuration, stopping waits for a kernel thread: never in the middle of other work. */
	int (*get_daemons)(struct ipvs_kern *k, struct ipvs_daemon out[static IPVS_SYNC_N],
			   uint32_t *n);
	int (*new_daemon)(struct ipvs_kern *k, const struct ipvs_daemon *d);
	int (*del_daemon)(struct ipvs_kern *k, const struct ipvs_daemon *d);

	void (*close)(struct ipvs_kern *k);
};

/* Embed it first in what is behind the seam. */
struct ipvs_kern {
	const struct ipvs_kern_ops *ops;
};

static inline int kern_dump(struct ipvs_kern *k, struct ipvs_table *out)
{
	return k->ops->dump(k, out);
}

static inline int kern_apply(struct ipvs_kern *k, struct kern_op *op, uint32_t n)
{
	return k->ops->apply(k, op, n);
}

static inline void kern_close(struct ipvs_kern *k)
{
	if (k)
		k->ops->close(k);
}

/* "new_service" and so on, for logs. */
const char *kern_do_name(enum kern_do what);
