/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * virtual_server and real_server blocks. Servers are read when all other words of their service have
 * been, because they inherit them wherever they stand.
 */
#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/ka.h"

#include <stdlib.h>
#include <string.h>

/* A service with its block; the fields come first (ka_statements). */
struct vs {
	struct conf_vs o;
	struct ka_inherit in;
	uint32_t weight; /* of servers that have none */
	uint32_t checks_first; /* index of the first check of its servers */
	bool has_protocol, is_sctp, has_granularity, has_alpha;
};

static const char only_v4[] = "IPv6 is not in this version";

/* ------------------------------------------------------------------ words of both blocks */

/* lvs_method, lb_kind: METHOD, and for TUN how it is wrapped */
static void put_method(struct ka *k, const struct ka_node *n, uint8_t *method)
{
	struct fields_vs s = { .method = *method };

	if (ka_value(k, n, 1, schema_find(SCHEMA_vs, "lvs_method"), &s))
		*method = s.method;
	ka_extra(k, n, 2);
}

/* ------------------------------------------------------------------ real_server */

static void rs_inherit(struct ka *k, const struct ka_node *n, void *obj)
{
	ka_inherit_word(k, n, &((struct ka_rs *)obj)->in);
}

static void rs_method(struct ka *k, const struct ka_node *n, void *obj)
{
	struct ka_rs *rs = obj;
	uint8_t method = rs->method;

	put_method(k, n, &method);
	if (method != rs->method)
		ka_tell(k, n,
			"keyword 'lvs_method' is not converted: a server has its service's method "
			"in this version");
}

static void rs_alpha(struct ka *k, const struct ka_node *n, void *obj)
{
	(void)obj; /* vipd's own rule */
	ka_extra(k, n, n->word_n > 1 ? 2 : 1);
}

const struct ka_word ka_words_rs[] = {
	{ "delay_loop", rs_inherit, false },
	{ "retry", rs_inherit, false },
	{ "connect_timeout", rs_inherit, false },
	{ "virtualhost", rs_inherit, false },
	{ "lvs_method", rs_method, false },
	{ "lb_kind", rs_method, false },
	{ "alpha", rs_alpha, false },
	{ "TCP_CHECK", ka_tcp_check, true }, /* after what they inherit */
	{ "HTTP_GET", ka_http_get, true },
	{ NULL, NULL, false },
};

/* The address and port of `real_server IP [PORT]` or `virtual_server IP [PORT]`. */
static bool put_address(struct ka *k, const struct ka_node *n, enum schema_kind kind, void *base,
			const struct ip_addr *addr)
{
	if (!ka_value(k, n, 1, schema_find(kind, "address"), base))
		return false;
	if (addr->family != AF_INET) {
		ka_tell(k, n, "%s %.60s, with its block, is not converted: %s", n->word[0],
			n->word[1], only_v4);
		return false;
	}
	ka_extra(k, n, 3);
	return true;
}

/* DR and TUN leave the port alone: keepalived takes the service's then. */
static void fix_port(struct ka *k, const struct ka_node *n, struct ka_rs *rs, const struct vs *vs)
{
	if (!rs->o.s.port)
		rs->o.s.port = vs->o.s.port;
	if (rs->o.s.port == vs->o.s.port || vs->o.s.method == VS_NAT)
		return;
	KA_WARN(k, n, "real_server %.60s: with %s its port must be %u, as in keepalived; it is now",
		n->word[1], schema_enum_name(schema_names_METHOD, vs->o.s.method), vs->o.s.port);
	rs->o.s.port = vs->o.s.port;
}

static void vs_real_server(struct ka *k, const struct ka_node *n, void *obj)
{
	struct vs *vs = obj;
	struct ka_rs rs = { .o = { .loc = ka_loc(k, n), .vs = k->b.list[SCHEMA_vs].n },
			    .in = vs->in,
			    .method = vs->o.s.method };

	if (!put_address(k, n, SCHEMA_rs, &rs.o.s, &rs.o.s.addr))
		return;
	if (n->word_n > 2 && strcmp(n->word[2], "0") != 0)
		(void)ka_value(k, n, 2, schema_find(SCHEMA_rs, "port"), &rs.o.s);
	rs.o.s.weight = vs->weight;
	rs.o.s.inhibit_on_failure = vs->o.s.inhibit_on_failure;
	rs.o.s.checks.first = k->b.list[SCHEMA_check].n;
	ka_statements(k, KA_RS, n->child, &rs);
	fix_port(k, n, &rs, vs);
	(void)conf_make_add(&k->b, SCHEMA_rs, &rs.o);
	vs->o.s.servers.n++;
}

/* ------------------------------------------------------------------ virtual_server */

static void vs_inherit(struct ka *k, const struct ka_node *n, void *obj)
{
	ka_inherit_word(k, n, &((struct vs *)obj)->in);
}

static void vs_sched(struct ka *k, const struct ka_node *n, void *obj)
{
	struct vs *vs = obj;

	(void)ka_value(k, n, 1, schema_find(SCHEMA_vs, "lvs_sched"), &vs->o.s);
	ka_extra(k, n, 2);
}

static void vs_method(struct ka *k, const struct ka_node *n, void *obj)
{
	put_method(k, n, &((struct vs *)obj)->o.s.method);
}

static void vs_protocol(struct ka *k, const struct ka_node *n, void *obj)
{
	struct vs *vs = obj;

	vs->has_protocol = true;
	vs->is_sctp = n->word_n > 1 && !strcasecmp(n->word[1], "SCTP");
	if (!vs->is_sctp)
		(void)ka_value(k, n, 1, schema_find(SCHEMA_vs, "protocol"), &vs->o.s);
	ka_extra(k, n, 2);
}

enum { PERSISTENCE_S = 360 }; /* keepalived's, when it is wanted and no time is said */

static void vs_persistence(struct ka *k, const struct ka_node *n, void *obj)
{
	struct vs *vs = obj;

	if (n->word_n < 2)
		vs->o.s.persistence_us = SEC(PERSISTENCE_S);
	else
		(void)ka_value(k, n, 1, schema_find(SCHEMA_vs, "persistence_timeout"), &vs->o.s);
	ka_extra(k, n, 2);
}

static void vs_granularity(struct ka *k, const struct ka_node *n, void *obj)
{
	struct vs *vs = obj;

	vs->has_granularity = true;
	ka_tell(k, n,
		"keyword 'persistence_granularity' is not converted: each client is by itself");
}

static void vs_inhibit(struct ka *k, const struct ka_node *n, void *obj)
{
	struct vs *vs = obj;

	vs->o.s.inhibit_on_failure = true;
	ka_extra(k, n, 1);
}

static void vs_alpha(struct ka *k, const struct ka_node *n, void *obj)
{
	struct vs *vs = obj;

	vs->has_alpha = true;
	ka_extra(k, n, 1);
}

static void vs_weight(struct ka *k, const struct ka_node *n, void *obj)
{
	struct vs *vs = obj;
	struct fields_rs s;

	if (ka_value(k, n, 1, schema_find(SCHEMA_rs, "weight"), &s))
		vs->weight = s.weight;
	ka_extra(k, n, 2);
}

static void vs_hashed(struct ka *k, const struct ka_node *n, void *obj)
{
	(void)obj; /* it has no effect in keepalived */
	ka_extra(k, n, 1);
}

const struct ka_word ka_words_vs[] = {
	{ "delay_loop", vs_inherit, false },
	{ "retry", vs_inherit, false },
	{ "connect_timeout", vs_inherit, false },
	{ "virtualhost", vs_inherit, false },
	{ "lvs_sched", vs_sched, false },
	{ "lb_algo", vs_sched, false },
	{ "lvs_method", vs_method, false },
	{ "lb_kind", vs_method, false },
	{ "protocol", vs_protocol, false },
	{ "persistence_timeout", vs_persistence, false },
	{ "persistence_granularity", vs_granularity, false },
	{ "inhibit_on_failure", vs_inhibit, false },
	{ "alpha", vs_alpha, false },
	{ "weight", vs_weight, false },
	{ "hashed", vs_hashed, false },
	{ "real_server", vs_real_server, true }, /* after what they inherit */
	{ NULL, NULL, false },
};

/* ------------------------------------------------------------------ lists of checks that are equal */

/* The list that more than half of the servers have, or else the first server's: a vote in one pass. */
static struct conf_range common_checks(const struct conf *c, const struct conf_check *all,
				       const struct conf_rs *rs, uint32_t n)
{
	struct conf_range lead = { 0 };
	uint32_t votes = 0, have = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (!votes)
			lead = rs[i].s.checks;
		votes = conf_checks_equal(c, all, lead, rs[i].s.checks) ? votes + 1 : votes - 1;
	}
	for (uint32_t i = 0; i < n; i++)
		have += conf_checks_equal(c, all, lead, rs[i].s.checks);
	return have * 2 > n || !n ? lead : rs[0].s.checks;
}

/* The service gets the common list, and servers that have an equal one share it. */
static void lift_checks(struct ka *k, struct vs *vs)
{
	uint32_t first = vs->checks_first, n = k->b.list[SCHEMA_check].n - first;
	struct conf_rs *rs =
		vs->o.s.servers.n ? conf_make_at(&k->b, SCHEMA_rs, vs->o.s.servers.first) : NULL;
	struct conf_check *old = calloc(n ? n : 1, sizeof(*old));
	struct conf_range common;

	BUG_ON(!old);
	if (n)
		memcpy(old, conf_make_at(&k->b, SCHEMA_check, first), n * sizeof(*old));
	for (uint32_t i = 0; i < vs->o.s.servers.n; i++)
		rs[i].s.checks.first -= first;
	common = common_checks(k->b.c, old, rs, vs->o.s.servers.n);
	conf_make_cut(&k->b, SCHEMA_check, first);
	vs->o.s.checks = (struct conf_range){ .first = first, .n = common.n };
	for (uint32_t i = 0; i < common.n; i++)
		(void)conf_make_add(&k->b, SCHEMA_check, &old[common.first + i]);
	for (uint32_t r = 0; r < vs->o.s.servers.n; r++) {
		struct conf_range *own = &rs[r].s.checks;
		uint32_t from = own->first;

		if (conf_checks_equal(k->b.c, old, common, *own)) {
			*own = vs->o.s.checks;
			continue;
		}
		own->first = k->b.list[SCHEMA_check].n;
		for (uint32_t i = 0; i < own->n; i++)
			(void)conf_make_add(&k->b, SCHEMA_check, &old[from + i]);
	}
	free(old);
}

/* ------------------------------------------------------------------ servers that are there twice */

static int cmp_server(const void *va, const void *vb, void *arg)
{
	const struct conf_rs *all = arg, *a, *b;
	uint32_t i, j;

	memcpy(&i, va, sizeof(i));
	memcpy(&j, vb, sizeof(j));
	a = &all[i];
	b = &all[j];

	int d = addr_cmp(&a->s.addr, &b->s.addr);

	if (!d)
		d = a->s.port - b->s.port;
	return d ? d : (i > j) - (i < j); /* the first line of the file comes first */
}

static bool is_same_server(const struct conf_rs *a, const struct conf_rs *b)
{
	return addr_eq(&a->s.addr, &b->s.addr) && a->s.port == b->s.port;
}

/* Of equal servers the first stays, as in keepalived. Its checks go when lists are lifted. */
static void drop_twice(struct ka *k, struct vs *vs)
{
	uint32_t n = vs->o.s.servers.n, kept = 0;
	struct conf_rs *rs = conf_make_at(&k->b, SCHEMA_rs, vs->o.s.servers.first);
	uint32_t *order = calloc(n, sizeof(*order));
	bool *is_twice = calloc(n, sizeof(*is_twice));
	char text[ADDR_PORT_TEXT_LEN];

	BUG_ON(!order || !is_twice);
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), cmp_server, rs);
	for (uint32_t i = 1; i < n; i++)
		is_twice[order[i]] = is_same_server(&rs[order[i - 1]], &rs[order[i]]);
	for (uint32_t i = 0; i < n; i++) {
		if (!is_twice[i])
			rs[kept++] = rs[i];
		else
			err_add(k->errs, ERR_WARNING, rs[i].loc.file, rs[i].loc.line,
				"real_server %s is there twice; the first counts, as in keepalived",
				addr_port_text(&rs[i].s.addr, rs[i].s.port, text));
	}
	conf_make_cut(&k->b, SCHEMA_rs, vs->o.s.servers.first + kept);
	vs->o.s.servers.n = kept;
	free(order);
	free(is_twice);
}

/* ------------------------------------------------------------------ the block */

/* False: what it names is not in vipd yet; that has been told. */
static bool put_service(struct ka *k, const struct ka_node *n, struct vs *vs)
{
	const char *what = n->word_n > 1 ? n->word[1] : "";

	if (!strcmp(what, "group") || !strcmp(what, "fwmark")) {
		ka_tell(k, n, "virtual_server %s %.40s, with its block, is not converted: %s", what,
			n->word_n > 2 ? n->word[2] : "",
			*what == 'g' ? "services with several addresses are not in this version"
				     : "services by firewall mark are not in this version");
		return false;
	}
	if (!put_address(k, n, SCHEMA_vs, &vs->o.s, &vs->o.s.addr))
		return false;
	if (n->word_n < 3 || !strcmp(n->word[2], "0")) {
		ka_tell(k, n,
			"virtual_server %.60s, with its block, is not converted: services of all "
			"ports are not in this version",
			what);
		return false;
	}
	return ka_value(k, n, 2, schema_find(SCHEMA_vs, "port"), &vs->o.s);
}

static void note_alpha(struct ka *k, const struct ka_node *n)
{
	if (k->has_alpha_note)
		return;
	k->has_alpha_note = true;
	err_add(k->errs, ERR_NOTE, n->loc.file, n->loc.line,
		"without 'alpha' keepalived puts servers into the table before their first check; "
		"in vipd they enter it when their checks have passed");
}

void ka_virtual_server(struct ka *k, const struct ka_node *n, void *obj)
{
	struct vs vs = { .o.loc = ka_loc(k, n),
			 .in = { .interval_us = SEC(60), .timeout_us = SEC(5), .fall_n = 2 },
			 .weight = 1 };
	uint32_t first_rs = k->b.list[SCHEMA_rs].n;
	char name[CONF_VS_NAME_LEN];

	(void)obj;
	conf_make_defaults(SCHEMA_vs, &vs.o.s);
	if (!put_service(k, n, &vs))
		return;
	vs.o.s.protocol = VS_UDP;
	vs.o.s.servers.first = first_rs;
	vs.checks_first = k->b.list[SCHEMA_check].n;
	ka_statements(k, KA_VS, n->child, &vs);
	if (vs.is_sctp) {
		ka_tell(k, n,
			"virtual_server %.60s, with its block, is not converted: SCTP is not in "
			"this version",
			n->word[1]);
		conf_make_cut(&k->b, SCHEMA_rs, first_rs);
		conf_make_cut(&k->b, SCHEMA_check, vs.checks_first);
		return;
	}
	if (!vs.has_protocol)
		KA_WARN(k, n,
			"virtual_server %.60s: has no 'protocol'; it is UDP, as in keepalived",
			n->word[1]);
	if (vs.has_granularity && !vs.o.s.persistence_us)
		vs.o.s.persistence_us = SEC(PERSISTENCE_S);
	if (!vs.o.s.servers.n) {
		KA_WARN(k, n,
			"virtual_server %.60s: has no real servers: left out, as in keepalived",
			n->word[1]);
		return;
	}
	if (!vs.has_alpha)
		note_alpha(k, n);
	drop_twice(k, &vs);
	lift_checks(k, &vs);
	vs.o.s.name = arena_strdup(&k->b.c->arena, conf_vs_default_name(&vs.o.s, name));
	(void)conf_make_add(&k->b, SCHEMA_vs, &vs.o);
}
