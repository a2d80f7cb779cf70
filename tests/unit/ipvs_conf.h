/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Configurations by hand for the tests of src/ipvs: services 10.1.0.1:PORT with servers
 * 10.2.HIGH.LOW:80, HIGH and LOW from the server's number. Ids follow from port and number, so that two
 * configurations name the same thing alike.
 */
#pragma once

#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/conf.h"
#include "core/conf/idmap.h"

#include <arpa/inet.h>
#include <string.h>

struct spec {
	uint16_t port;
	uint8_t protocol; /* 0: TCP */
	const char *sched; /* NULL: wlc */
	enum words_METHOD method;
	int64_t persistence_us;
	bool is_inhibit;
	uint32_t first_server, servers_n; /* numbers */
	uint32_t probes_n; /* of each server, at most 4 */
	uint32_t weight;
};

static inline struct ip_addr ipvs_svc_addr(void)
{
	return addr_v4(htonl(0x0a010001));
}

static inline struct ip_addr ipvs_server_addr(uint32_t number)
{
	return addr_v4(htonl(0x0a020000 + number));
}

static inline uint32_t ipvs_rs_id(uint16_t port, uint32_t number)
{
	return port * 100000u + number + 1;
}

static inline struct probe_id ipvs_probe_id(uint16_t port, uint32_t number, uint32_t probe)
{
	return (struct probe_id){ ipvs_rs_id(port, number) * 4 + probe };
}

static inline uint8_t ipvs_sched(const char *name)
{
	uint8_t i = 0;

	while (strcmp(conf_sched_name[i], name ? name : "wlc"))
		i++;
	return i;
}

static inline void ipvs_conf_rs(struct conf *c, const struct spec *s, uint32_t number)
{
	uint32_t i = c->rs_n++;

	c->rs[i] = (struct conf_rs){
		.s = { .addr = ipvs_server_addr(number),
		       .port = 80,
		       .weight = s->weight,
		       .inhibit_on_failure = s->is_inhibit },
		.id = { ipvs_rs_id(s->port, number) },
		.vs = c->vs_n - 1,
		.probes = { .first = c->probe_n, .n = s->probes_n },
	};
	if (s->method != VS_NAT)
		c->rs[i].s.port = s->port;
	idmap_put(&c->rs_by_id, c->rs[i].id.v, i);
	for (uint32_t k = 0; k < s->probes_n; k++) {
		uint32_t p = c->probe_n++;

		c->probe[p] =
			(struct conf_probe){ .id = ipvs_probe_id(s->port, number, k), .rs = i };
		idmap_put(&c->probe_by_id, c->probe[p].id.v, p);
	}
}

static inline struct conf *ipvs_conf(const struct spec *spec, uint32_t n)
{
	struct conf *c = conf_new();
	uint32_t rs_n = 0, probe_n = 0;

	for (uint32_t i = 0; i < n; i++) {
		rs_n += spec[i].servers_n;
		probe_n += spec[i].servers_n * spec[i].probes_n;
	}
	c->vs = arena_array(&c->arena, n, sizeof(*c->vs));
	c->rs = arena_array(&c->arena, rs_n, sizeof(*c->rs));
	c->probe = arena_array(&c->arena, probe_n, sizeof(*c->probe));
	idmap_init(&c->vs_by_id, &c->arena, n);
	idmap_init(&c->rs_by_id, &c->arena, rs_n);
	idmap_init(&c->probe_by_id, &c->arena, probe_n);
	for (uint32_t i = 0; i < n; i++) {
		const struct spec *s = &spec[i];

		c->vs[i] = (struct conf_vs){
			.s = { .name = "test",
			       .addr = ipvs_svc_addr(),
			       .port = s->port,
			       .protocol = s->protocol ? s->protocol : VS_TCP,
			       .sched = ipvs_sched(s->sched),
			       .method = (uint8_t)s->method,
			       .persistence_us = s->persistence_us,
			       .servers = { .first = c->rs_n, .n = s->servers_n } },
			.id = { s->port },
		};
		c->vs_n++;
		idmap_put(&c->vs_by_id, s->port, i);
		for (uint32_t k = 0; k < s->servers_n; k++)
			ipvs_conf_rs(c, s, s->first_server + k);
	}
	return c;
}
