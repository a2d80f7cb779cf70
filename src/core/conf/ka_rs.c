/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ka.h: real servers.
 */
#include "core/bug.h"
#include "core/conf/ka_vs.h"

#include <stdlib.h>
#include <string.h>

const struct ka_word ka_words_rs[] = {
	{ "lvs_method", ka_method, false },
	{ "lb_kind", ka_method, false },
	{ "TCP_CHECK", ka_check, true },
	{ "HTTP_GET", ka_check, true },
	{ "SSL_GET", ka_check, true },
	{ "SMTP_CHECK", ka_check, true },
	{ "DNS_CHECK", ka_check, true },
	{ "UDP_CHECK", ka_check, true },
	{ "PING_CHECK", ka_check, true },
	{ "MISC_CHECK", ka_check, true },
	{ "BFD_CHECK", ka_check, true },
	{ "FILE_CHECK", ka_check, true },
	{ NULL, NULL, false },
};

static const struct conf_vs *service(const struct ka_vs *vs)
{
	return vs->o.base;
}

/* DR and TUN leave the port alone: keepalived takes the service's then. */
static void fix_port(struct ka *k, const struct ka_node *n, struct ka_obj *o,
		     const struct conf_vs *vs)
{
	struct conf_rs *rs = o->base;
	uint8_t method = ka_has(o, "lvs_method") ? rs->s.method : vs->s.method;

	if (method == VS_NAT || vs->s.group || !rs->s.port || rs->s.port == vs->s.port)
		return;
	if (vs->s.fwmark)
		KA_WARN(k, n, "real_server %.60s: with %s and a mark its port does not count",
			n->word[1], schema_enum_name(schema_names_METHOD, method));
	else
		KA_WARN(k, n,
			"real_server %.60s: with %s its port must be %u, as in keepalived; it is "
			"now",
			n->word[1], schema_enum_name(schema_names_METHOD, method), vs->s.port);
	rs->s.port = 0;
}

/* Lists that are equal are one: the new checks of the server go again. */
static void share_checks(struct ka *k, struct ka_vs *vs, struct conf_rs *rs, uint32_t urls)
{
	struct conf_range *r = &rs->s.checks;

	if (r->n && ka_same_list(&k->b, SCHEMA_check, vs->last_checks, *r)) {
		vec_cut(&k->b.list[SCHEMA_check], r->first);
		vec_cut(&k->b.list[SCHEMA_url], urls);
		*r = vs->last_checks;
	}
	vs->last_checks = *r;
}

void ka_real_server(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_vs *vs = (struct ka_vs *)(void *)o;
	struct ka_obj r;
	struct conf_rs *rs = &r.made.o.rs;
	uint32_t urls = k->b.list[SCHEMA_url].n;

	ka_vs_defaults(k, vs);
	ka_begin(k, &r, SCHEMA_rs, n, o);
	if (!ka_put(k, n, 1, &r, "address"))
		return;
	if (n->word_n > 2)
		(void)ka_put(k, n, 2, &r, "port");
	ka_extra(k, n, 3);
	rs->s.checks.first = k->b.list[SCHEMA_check].n;
	ka_statements(k, KA_RS, n->child, &r);
	rs->s.checks.n = k->b.list[SCHEMA_check].n - rs->s.checks.first;
	if (rs->s.checks.n > KA_CHECKS_MAX)
		ka_bad(k, n, "a server can have %d checks", KA_CHECKS_MAX);
	ka_mark(&r, "checks");
	share_checks(k, vs, rs, urls);
	fix_port(k, n, &r, service(vs));
	ka_push(k, n, &r);
}

/* ------------------------------------------------------------------ servers that are there twice */

static int cmp_server(const void *va, const void *vb, const void *arg)
{
	const struct conf_rs *a = va, *b = vb;
	const struct conf_vs *vs = arg;
	int d = addr_cmp(&a->s.addr, &b->s.addr);

	return d ? d : (a->s.port ? a->s.port : vs->s.port) - (b->s.port ? b->s.port : vs->s.port);
}

static void tell_twice(struct ka *k, const void *obj)
{
	const struct conf_rs *rs = obj;
	char text[ADDR_PORT_TEXT_LEN];

	err_add(k->errs, ERR_WARNING, rs->loc.file, rs->loc.line,
		"real_server %s is there twice; the first counts, as in keepalived",
		addr_port_text(&rs->s.addr, rs->s.port, text));
}

/* ------------------------------------------------------------------ lists of checks that are equal */

static struct conf_rs *server(const struct ka *k, const struct conf_vs *vs, uint32_t i)
{
	return build_made(&k->b, SCHEMA_rs, vs->s.servers.first + i);
}

/* The list that more than half of the servers have, or else the first server's: a vote in one pass. */
static struct conf_range common_checks(const struct ka *k, const struct conf_vs *vs)
{
	struct conf_range lead = { 0 };
	uint32_t votes = 0, have = 0, n = vs->s.servers.n;

	for (uint32_t i = 0; i < n; i++) {
		struct conf_range own = server(k, vs, i)->s.checks;

		if (!votes)
			lead = own;
		votes = ka_same_list(&k->b, SCHEMA_check, lead, own) ? votes + 1 : votes - 1;
	}
	for (uint32_t i = 0; i < n; i++)
		have += ka_same_list(&k->b, SCHEMA_check, lead, server(k, vs, i)->s.checks);
	return have * 2 > n ? lead : server(k, vs, 0)->s.checks;
}

/* Servers that have the service's list have none of their own. */
static void lift_checks(struct ka *k, struct ka_vs *vs)
{
	struct conf_vs *o = vs->o.base;
	int row = schema_index(SCHEMA_rs, schema_find(SCHEMA_rs, "checks"));

	o->s.checks = common_checks(k, o);
	if (!o->s.checks.n)
		return;
	ka_mark(&vs->o, "checks");
	for (uint32_t i = 0; i < o->s.servers.n; i++) {
		struct conf_rs *rs = server(k, o, i);
		struct keyset *seen = build_seen_of(&k->b, SCHEMA_rs, o->s.servers.first + i);

		if (!ka_same_list(&k->b, SCHEMA_check, o->s.checks, rs->s.checks))
			continue;
		rs->s.checks = (struct conf_range){ 0 };
		keyset_del(seen, row);
	}
}

void ka_servers_end(struct ka *k, struct ka_vs *vs)
{
	struct conf_vs *o = vs->o.base;

	ka_drop_twice(k, SCHEMA_rs, &o->s.servers, cmp_server, o, tell_twice);
	lift_checks(k, vs);
}
