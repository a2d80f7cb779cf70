/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See kern_memory.h. Two trees of POSIX's search.h: services by key, and in each its destinations.
 */
#include "ipvs/kern_memory.h"

#include "core/bug.h"
#include "core/conf/schema.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MAX_S = INT32_MAX / 250 }; /* as a kernel with 250 ticks a second has it */

struct svc_node {
	struct ipvs_svc svc; /* first: nodes are compared by it */
	void *dests;
};

struct kern_memory {
	struct ipvs_kern kern; /* first */
	void *svcs;
	struct ipvs_timeouts timeouts;
	struct ipvs_daemon daemon[IPVS_SYNC_N]; /* by state - 1; not running: state 0 */
	struct kern_fault fault;
};

static int cmp_svc(const void *a, const void *b)
{
	return table_cmp_svc(a, b);
}

static int cmp_dest(const void *a, const void *b)
{
	return table_cmp_dest(a, b);
}

/* tfind() and tsearch() give a pointer to the place where the key is kept. */
static void *found(void *place)
{
	return place ? *(void **)place : NULL;
}

static struct svc_node *find_svc(struct kern_memory *m, const struct ipvs_svc *key)
{
	return found(tfind(key, &m->svcs, cmp_svc));
}

static void insert(void **root, void *entry, int (*cmp)(const void *, const void *))
{
	BUG_ON(!tsearch(entry, root, cmp));
}

static bool is_scheduler(const char *name)
{
	return !strcmp(name, "none") || schema_enum_value(schema_names_SCHED, name) >= 0;
}

static int check_svc(const struct ipvs_svc *s)
{
	if (!is_scheduler(s->sched))
		return -ENOENT;
	if (s->addr.family == AF_INET6 && (s->netmask < 1 || s->netmask > 128))
		return -EINVAL;
	if (s->pe[0] && strcmp(s->pe, "sip") != 0)
		return -ENOENT;
	return 0;
}

static int check_dest(const struct ipvs_svc *s, const struct ipvs_dest *d)
{
	if (d->weight > INT32_MAX || d->l_thresh > d->u_thresh)
		return -ERANGE;
	if (addr_is_multicast(&d->addr))
		return -EINVAL;
	if (d->addr.family != s->addr.family && d->method != IPVS_METHOD_TUN)
		return -EINVAL;
	if (d->tun_type == IPVS_TUN_GUE && !d->tun_port)
		return -EINVAL;
	return 0;
}

static void svc_node_free(void *p)
{
	struct svc_node *n = p;

	tdestroy(n->dests, free);
	free(n);
}

static int new_svc(struct kern_memory *m, const struct ipvs_svc *svc)
{
	int err = check_svc(svc);

	if (!err && find_svc(m, svc))
		err = -EEXIST;
	if (err)
		return err;

	struct svc_node *n = calloc(1, sizeof(*n));

	BUG_ON(!n);
	n->svc = *svc;
	n->svc.presence = IPVS_IN;
	n->svc.ref = IPVS_NONE;
	insert(&m->svcs, n, cmp_svc);
	return 0;
}

static int set_svc(struct kern_memory *m, const struct ipvs_svc *svc)
{
	struct svc_node *n = find_svc(m, svc);
	int err = n ? check_svc(svc) : -ESRCH;

	if (err)
		return err;
	n->svc = *svc;
	n->svc.presence = IPVS_IN;
	n->svc.ref = IPVS_NONE;
	return 0;
}

static int del_svc(struct kern_memory *m, const struct ipvs_svc *svc)
{
	struct svc_node *n = find_svc(m, svc);

	if (!n)
		return -ESRCH;
	(void)tdelete(n, &m->svcs, cmp_svc);
	svc_node_free(n);
	return 0;
}

static void store(struct ipvs_dest *place, const struct ipvs_dest *d)
{
	*place = *d;
	place->presence = IPVS_IN;
	place->ref = IPVS_NONE;
}

static int new_dest(struct svc_node *n, const struct ipvs_dest *d)
{
	int err = check_dest(&n->svc, d);

	if (!err && tfind(d, &n->dests, cmp_dest))
		err = -EEXIST;
	if (err)
		return err;

	struct ipvs_dest *place = malloc(sizeof(*place));

	BUG_ON(!place);
	store(place, d);
	insert(&n->dests, place, cmp_dest);
	return 0;
}

static int set_dest(struct svc_node *n, const struct ipvs_dest *d)
{
	struct ipvs_dest *place = found(tfind(d, &n->dests, cmp_dest));
	int err = check_dest(&n->svc, d);

	if (!err && !place)
		err = -ENOENT;
	if (!err) {
		uint32_t conns_n = place->conns_n;

		store(place, d);
		place->conns_n = conns_n;
	}
	return err;
}

static int del_dest(struct svc_node *n, const struct ipvs_dest *d)
{
	struct ipvs_dest *place = found(tfind(d, &n->dests, cmp_dest));

	if (!place)
		return -ENOENT;
	(void)tdelete(place, &n->dests, cmp_dest);
	free(place);
	return 0;
}

static int do_one(struct kern_memory *m, const struct kern_op *op)
{
	struct svc_node *n = find_svc(m, op->svc);

	switch (op->what) {
	case KERN_NEW_SVC:
		return new_svc(m, op->svc);
	case KERN_SET_SVC:
		return set_svc(m, op->svc);
	case KERN_DEL_SVC:
		return del_svc(m, op->svc);
	case KERN_NEW_DEST:
		return n ? new_dest(n, op->dest) : -ESRCH;
	case KERN_SET_DEST:
		return n ? set_dest(n, op->dest) : -ESRCH;
	case KERN_DEL_DEST:
		return n ? del_dest(n, op->dest) : -ESRCH;
	case KERN_NONE:
		break;
	}
	BUG("kern_do");
}

static int apply(struct ipvs_kern *k, struct kern_op *op, uint32_t n)
{
	struct kern_memory *m = container_of(k, struct kern_memory, kern);

	for (uint32_t i = 0; i < n; i++) {
		op[i].err = m->fault.on_op ? m->fault.on_op(m->fault.arg, &op[i]) : 0;
		if (!op[i].err)
			op[i].err = do_one(m, &op[i]);
	}
	return m->fault.on_call ? m->fault.on_call(m->fault.arg, n) : 0;
}

static void dump_dest(const void *node, VISIT visit, void *arg)
{
	if (visit == postorder || visit == leaf) /* in order of the keys */
		table_add_dest(arg, *(struct ipvs_dest *const *)node);
}

static void dump_svc(const void *node, VISIT visit, void *arg)
{
	const struct svc_node *n = *(struct svc_node *const *)node;

	if (visit != postorder && visit != leaf)
		return;
	table_add_svc(arg, &n->svc);
	twalk_r(n->dests, dump_dest, arg);
}

static int dump(struct ipvs_kern *k, struct ipvs_table *out)
{
	struct kern_memory *m = container_of(k, struct kern_memory, kern);
	int err = m->fault.on_call ? m->fault.on_call(m->fault.arg, 0) : 0;

	if (!err)
		twalk_r(m->svcs, dump_svc, out);
	return err;
}

static int dump_dests(struct ipvs_kern *k, const struct ipvs_svc *svc, struct ipvs_table *out)
{
	struct svc_node *n = find_svc(container_of(k, struct kern_memory, kern), svc);

	table_add_svc(out, svc);
	if (n)
		twalk_r(n->dests, dump_dest, out);
	return 0;
}

struct count_walk {
	const struct ipvs_svc *svc;
	ipvs_count_fn *fn;
	void *arg;
};

/* Traffic is what a test says: each connection counts as one packet of one byte. */
static struct ipvs_count count_of(uint32_t conns_n)
{
	return (struct ipvs_count){
		.sum = { .conns = conns_n, .in_packets = conns_n, .in_bytes = conns_n },
		.active_n = conns_n,
	};
}

static void count_dest(const void *node, VISIT visit, void *arg)
{
	const struct ipvs_dest *d = *(struct ipvs_dest *const *)node;
	struct count_walk *w = arg;
	struct ipvs_count n = count_of(d->conns_n);

	if (visit == postorder || visit == leaf)
		w->fn(w->arg, w->svc, d, &n);
}

static void sum_dest(void *arg, const struct ipvs_svc *svc, const struct ipvs_dest *dest,
		     const struct ipvs_count *count)
{
	(void)svc;
	(void)dest;
	counts_add(arg, &count->sum);
}

static void count_svc(const void *node, VISIT visit, void *arg)
{
	const struct svc_node *s = *(struct svc_node *const *)node;
	struct count_walk *w = arg;
	struct ipvs_count n = { 0 };

	if (visit != postorder && visit != leaf)
		return;
	twalk_r(s->dests, count_dest,
		&(struct count_walk){ .svc = &s->svc, .fn = sum_dest, .arg = &n.sum });
	w->fn(w->arg, &s->svc, NULL, &n);
}

static int count(struct ipvs_kern *k, const struct ipvs_svc *svc, ipvs_count_fn *fn, void *arg)
{
	struct kern_memory *m = container_of(k, struct kern_memory, kern);
	struct count_walk w = { .svc = svc, .fn = fn, .arg = arg };
	struct svc_node *n = svc ? find_svc(m, svc) : NULL;
	int err = m->fault.on_call ? m->fault.on_call(m->fault.arg, 0) : 0;

	if (err)
		return err;
	if (!svc)
		twalk_r(m->svcs, count_svc, &w);
	else if (n)
		twalk_r(n->dests, count_dest, &w);
	return 0;
}

static int flush(struct ipvs_kern *k)
{
	struct kern_memory *m = container_of(k, struct kern_memory, kern);

	tdestroy(m->svcs, svc_node_free);
	m->svcs = NULL;
	return 0;
}

static int get_timeouts(struct ipvs_kern *k, struct ipvs_timeouts *out)
{
	*out = container_of(k, struct kern_memory, kern)->timeouts;
	return 0;
}

static int set_timeouts(struct ipvs_kern *k, const struct ipvs_timeouts *t)
{
	struct ipvs_timeouts *mine = &container_of(k, struct kern_memory, kern)->timeouts;

	if (t->tcp_s > TIMEOUT_MAX_S || t->tcp_fin_s > TIMEOUT_MAX_S || t->udp_s > TIMEOUT_MAX_S)
		return -EINVAL;
	mine->tcp_s = t->tcp_s ? t->tcp_s : mine->tcp_s;
	mine->tcp_fin_s = t->tcp_fin_s ? t->tcp_fin_s : mine->tcp_fin_s;
	mine->udp_s = t->udp_s ? t->udp_s : mine->udp_s;
	return 0;
}

static int get_daemons(struct ipvs_kern *k, struct ipvs_daemon out[static IPVS_SYNC_N], uint32_t *n)
{
	struct kern_memory *m = container_of(k, struct kern_memory, kern);

	*n = 0;
	for (unsigned i = 0; i < IPVS_SYNC_N; i++)
		if (m->daemon[i].state)
			out[(*n)++] = m->daemon[i];
	return 0;
}

/* The place of a daemon with this state, or NULL. */
static struct ipvs_daemon *daemon_of(struct kern_memory *m, const struct ipvs_daemon *d)
{
	return d->state == IPVS_SYNC_MASTER || d->state == IPVS_SYNC_BACKUP
		       ? &m->daemon[d->state - 1]
		       : NULL;
}

static int new_daemon(struct ipvs_kern *k, const struct ipvs_daemon *d)
{
	struct ipvs_daemon *place = daemon_of(container_of(k, struct kern_memory, kern), d);

	if (!place || (d->group.family && !addr_is_multicast(&d->group)))
		return -EINVAL;
	if (!strcmp(d->interface, "nosuch"))
		return -ENODEV;
	if (place->state)
		return -EEXIST;
	*place = *d;
	return 0;
}

static int del_daemon(struct ipvs_kern *k, const struct ipvs_daemon *d)
{
	struct ipvs_daemon *place = daemon_of(container_of(k, struct kern_memory, kern), d);

	if (!place)
		return -EINVAL;
	if (!place->state)
		return -ESRCH;
	place->state = 0;
	return 0;
}

static void close_memory(struct ipvs_kern *k)
{
	struct kern_memory *m = container_of(k, struct kern_memory, kern);

	tdestroy(m->svcs, svc_node_free);
	free(m);
}

static const struct ipvs_kern_ops memory_ops = {
	.dump = dump,
	.dump_dests = dump_dests,
	.count = count,
	.apply = apply,
	.flush = flush,
	.get_timeouts = get_timeouts,
	.set_timeouts = set_timeouts,
	.get_daemons = get_daemons,
	.new_daemon = new_daemon,
	.del_daemon = del_daemon,
	.close = close_memory,
};

struct ipvs_kern *kern_memory_open(void)
{
	struct kern_memory *m = calloc(1, sizeof(*m));

	BUG_ON(!m);
	m->kern.ops = &memory_ops;
	m->timeouts = (struct ipvs_timeouts){ .tcp_s = 900, .tcp_fin_s = 120, .udp_s = 300 };
	return &m->kern;
}

void kern_memory_set_fault(struct ipvs_kern *k, const struct kern_fault *fault)
{
	container_of(k, struct kern_memory, kern)->fault = *fault;
}

bool kern_memory_set_conns(struct ipvs_kern *k, const struct ipvs_svc *svc,
			   const struct ipvs_dest *dest, uint32_t conns_n)
{
	struct svc_node *n = find_svc(container_of(k, struct kern_memory, kern), svc);
	struct ipvs_dest *d = n ? found(tfind(dest, &n->dests, cmp_dest)) : NULL;

	if (d)
		d->conns_n = conns_n;
	return d;
}
