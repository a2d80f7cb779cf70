/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See count.h.
 */
#include "ipvs/count.h"

#include "core/bug.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROOM_MIN_N = 64 };

struct slice {
	struct count *n;
	struct drive *d;
	uint32_t svc; /* seat of the service that is being read */
};

/* Room for one more; returns the array, moved or not. */
static void *grow(void *array, uint32_t n, uint32_t *cap, size_t len)
{
	if (n < *cap)
		return array;
	*cap = *cap ? *cap * 2 : ROOM_MIN_N;
	array = reallocarray(array, *cap, len);
	BUG_ON(!array);
	return array;
}

void count_begin(struct count *n, uint64_t number, int64_t now_us)
{
	BUG_ON(n->next);
	*n = (struct count){ .next = counters_new() };
	n->next->number = number;
	n->next->at_us = now_us;
}

void count_fini(struct count *n)
{
	counters_free(n->next);
	n->next = NULL;
}

/* ------------------------------------------------------------------ services */

/* The seat of a service that is vipd's and wanted, or IPVS_NONE. */
static uint32_t seat_of(const struct drive *d, const struct ipvs_svc *svc)
{
	uint32_t at = table_find_svc(&d->plan.seats, svc);

	return at == IPVS_NONE || d->plan.seats.svc[at].ref == IPVS_NONE ? IPVS_NONE : at;
}

static void take_service(void *arg, const struct ipvs_svc *svc, const struct ipvs_dest *dest,
			 const struct ipvs_count *count)
{
	struct slice *s = arg;
	struct counters *c = s->n->next;
	uint32_t at = seat_of(s->d, svc);

	(void)dest;
	if (at == IPVS_NONE)
		return; /* somebody else's */

	uint32_t face = s->d->plan.seats.svc[at].ref;

	c->service = grow(c->service, c->service_n, &s->n->service_cap, sizeof(*c->service));
	c->service[c->service_n++] = (struct counters_service){
		.vs = s->d->conf->vs[s->d->state.faces.face[face].vs].id.v,
		.addr = svc->addr,
		.fwmark = svc->fwmark,
		.port = svc->port,
		.protocol = svc->protocol,
		.sum = count->sum,
	};
}

/* ------------------------------------------------------------------ servers */

/* The id of what sits there; 0: the sorry server, or nothing that the configuration names. */
static uint32_t rs_of(const struct drive *d, uint32_t svc, const struct ipvs_dest *dest)
{
	uint32_t at = table_find_dest(&d->plan.seats, &d->plan.seats.svc[svc], dest);
	uint32_t slot = at == IPVS_NONE ? IPVS_NONE : d->plan.seats.dest[at].ref;
	uint32_t rs;

	if (slot == IPVS_NONE)
		return 0;
	rs = faces_rs(&d->state.faces, d->conf, d->plan.seats.svc[svc].ref, slot);
	return rs == UINT32_MAX ? 0 : d->conf->rs[rs].id.v;
}

static void take_server(void *arg, const struct ipvs_svc *svc, const struct ipvs_dest *dest,
			const struct ipvs_count *count)
{
	struct slice *s = arg;
	struct counters *c = s->n->next;

	(void)svc;
	c->server = grow(c->server, c->server_n, &s->n->server_cap, sizeof(*c->server));
	c->server[c->server_n++] = (struct counters_server){
		.rs = rs_of(s->d, s->svc, dest),
		.service = s->n->at,
		.addr = dest->addr,
		.port = dest->port,
		.weight = dest->weight,
		.active_n = count->active_n,
		.inactive_n = count->inactive_n,
		.persist_n = count->persist_n,
		.sum = count->sum,
	};
	c->service[s->n->at].n++;
}

static int read_servers(struct slice *s)
{
	struct counters *c = s->n->next;
	struct counters_service *service = &c->service[s->n->at];
	const struct ipvs_svc key = { .addr = service->addr,
				      .fwmark = service->fwmark,
				      .port = service->port,
				      .protocol = service->protocol };
	int err = -EINTR;

	service->first = c->server_n;
	s->svc = seat_of(s->d, &key);
	if (s->svc == IPVS_NONE)
		return 0; /* a reload has taken it away */
	for (unsigned i = 0; err == -EINTR && i < NL_DUMP_TRIES_N; i++) {
		c->server_n = service->first;
		service->n = 0;
		err = s->d->kern->ops->count(s->d->kern, &key, take_server, s);
	}
	return err;
}

static int read_services(struct slice *s)
{
	int err = -EINTR;

	for (unsigned i = 0; err == -EINTR && i < NL_DUMP_TRIES_N; i++) {
		s->n->next->service_n = 0;
		err = s->d->kern->ops->count(s->d->kern, NULL, take_service, s);
	}
	return err;
}

static void read_sync(struct counters *c, struct ipvs_kern *kern)
{
	struct ipvs_daemon have[IPVS_SYNC_N];
	uint32_t n = 0;

	_Static_assert((int)IPVS_SYNC_N == (int)COUNTERS_SYNC_N, "the same two ends");
	if (kern->ops->get_daemons(kern, have, &n))
		return;
	for (uint32_t i = 0; i < n; i++) {
		struct counters_sync *end = &c->sync[c->sync_n++];

		end->is_master = have[i].state == IPVS_SYNC_MASTER;
		end->syncid = have[i].syncid;
		end->maxlen = have[i].maxlen;
		(void)snprintf(end->interface, sizeof(end->interface), "%s", have[i].interface);
	}
}

static struct counters *done(struct count *n, int err, int64_t now_us)
{
	struct counters *c = n->next;

	n->next = NULL;
	c->err = err;
	c->took_us = now_us - c->at_us;
	return c;
}

struct counters *count_step(struct count *n, struct drive *d, int64_t now_us)
{
	struct slice s = { .n = n, .d = d };
	struct counters *c = n->next;
	uint32_t from = c->server_n, services_n = 0;
	int err = 0;

	if (!n->at && !c->service_n) {
		err = read_services(&s);
		if (!err)
			read_sync(c, d->kern);
	}
	while (!err && n->at < c->service_n && c->server_n - from < COUNT_TURN_N &&
	       services_n++ < COUNT_TURN_SERVICES_N) {
		err = read_servers(&s);
		n->at += !err;
	}
	return err || n->at == c->service_n ? done(n, err, now_us) : NULL;
}
