/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_check.h.
 */
#include "core/conf/conf_check.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/conf_kernel.h"

#include <stdlib.h>
#include <string.h>

#define FAIL(loc_, ...) err_add(errs, ERR_ERROR, (loc_).file, (loc_).line, __VA_ARGS__)
#define WARN(loc_, ...) err_add(errs, ERR_WARNING, (loc_).file, (loc_).line, __VA_ARGS__)

/* ------------------------------------------------------------------ what is there twice */

/* Compares two objects of one kind, given by index, by what must be unique. */
typedef int key_cmp(const struct conf *c, uint32_t a, uint32_t b);
/* Tells that b repeats a. */
typedef void twice(const struct conf *c, uint32_t a, uint32_t b, struct err_list *errs);

struct sorting {
	const struct conf *c;
	key_cmp *cmp;
};

static int cmp_index(const void *va, const void *vb, void *arg)
{
	const struct sorting *s = arg;
	uint32_t a, b;

	memcpy(&a, va, sizeof(a));
	memcpy(&b, vb, sizeof(b));

	int d = s->cmp(s->c, a, b);

	return d ? d : (a > b) - (a < b); /* equal keys stay in order of the file */
}

static void find_twice(const struct conf *c, uint32_t n, key_cmp *cmp, twice *tell,
		       struct err_list *errs)
{
	struct sorting s = { .c = c, .cmp = cmp };
	uint32_t *order = calloc(n ? n : 1, sizeof(*order));

	BUG_ON(!order);
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), cmp_index, &s);
	for (uint32_t i = 1; i < n; i++)
		if (!cmp(c, order[i - 1], order[i]))
			tell(c, order[i - 1], order[i], errs);
	free(order);
}

static int cmp_inst_name(const struct conf *c, uint32_t a, uint32_t b)
{
	return strcmp(c->vrrp[a].s.name, c->vrrp[b].s.name);
}

static void twice_inst_name(const struct conf *c, uint32_t a, uint32_t b, struct err_list *errs)
{
	char there[CONF_PLACE_LEN];

	FAIL(c->vrrp[b].loc, "vrrp_instances \"%s\": this name is taken by %s", c->vrrp[b].s.name,
	     conf_place(c->vrrp[a].loc, c->vrrp[b].loc, there));
}

static void rule_inst_name(const struct conf *c, struct err_list *errs)
{
	find_twice(c, c->vrrp_n, cmp_inst_name, twice_inst_name, errs);
}

static const char *iface_of(const struct conf_vrrp *in)
{
	return in->s.interface ? in->s.interface : "";
}

static uint8_t family_of(const struct conf *c, const struct conf_vrrp *in)
{
	return in->s.vips.n ? c->vip[in->s.vips.first].s.prefix.addr.family : AF_INET;
}

/* Unicast instances have peers of their own, and groups are told apart. */
static int cmp_vrid(const struct conf *c, uint32_t a, uint32_t b)
{
	const struct conf_vrrp *x = &c->vrrp[a], *y = &c->vrrp[b];
	int d = strcmp(iface_of(x), iface_of(y));

	if (!d)
		d = x->s.vrid - y->s.vrid;
	if (!d)
		d = family_of(c, x) - family_of(c, y);
	if (!d)
		d = addr_cmp(&x->s.mcast_dst, &y->s.mcast_dst);
	if (d || !x->s.peers.n || !y->s.peers.n)
		return d ? d : !!x->s.peers.n - !!y->s.peers.n;
	return addr_cmp(&c->peer[x->s.peers.first].s.addr, &c->peer[y->s.peers.first].s.addr);
}

static void twice_vrid(const struct conf *c, uint32_t a, uint32_t b, struct err_list *errs)
{
	char there[CONF_PLACE_LEN];

	FAIL(c->vrrp[b].loc,
	     "vrrp_instances \"%s\": virtual_router_id %u on %s is used by \"%s\" (%s) already",
	     c->vrrp[b].s.name, c->vrrp[b].s.vrid, iface_of(&c->vrrp[b]), c->vrrp[a].s.name,
	     conf_place(c->vrrp[a].loc, c->vrrp[b].loc, there));
}

static void rule_vrid(const struct conf *c, struct err_list *errs)
{
	find_twice(c, c->vrrp_n, cmp_vrid, twice_vrid, errs);
}

static int cmp_vs_name(const struct conf *c, uint32_t a, uint32_t b)
{
	return strcmp(c->vs[a].s.name, c->vs[b].s.name);
}

static void twice_vs_name(const struct conf *c, uint32_t a, uint32_t b, struct err_list *errs)
{
	char there[CONF_PLACE_LEN];

	FAIL(c->vs[b].loc, "virtual_servers \"%s\": this name is taken by %s", c->vs[b].s.name,
	     conf_place(c->vs[a].loc, c->vs[b].loc, there));
}

static void rule_vs_name(const struct conf *c, struct err_list *errs)
{
	find_twice(c, c->vs_n, cmp_vs_name, twice_vs_name, errs);
}

static int cmp_vs_addr(const struct conf *c, uint32_t a, uint32_t b)
{
	const struct fields_vs *x = &c->vs[a].s, *y = &c->vs[b].s;
	int d = addr_cmp(&x->addr, &y->addr);

	if (!d)
		d = x->port - y->port;
	return d ? d : x->protocol - y->protocol;
}

static void twice_vs_addr(const struct conf *c, uint32_t a, uint32_t b, struct err_list *errs)
{
	char there[CONF_PLACE_LEN];

	/* generated names are equal as well: the rule on names has told it then */
	if (!strcmp(c->vs[a].s.name, c->vs[b].s.name))
		return;
	FAIL(c->vs[b].loc,
	     "virtual_servers \"%s\": its address, port and protocol are those of \"%s\" (%s)",
	     c->vs[b].s.name, c->vs[a].s.name, conf_place(c->vs[a].loc, c->vs[b].loc, there));
}

static void rule_vs_addr(const struct conf *c, struct err_list *errs)
{
	find_twice(c, c->vs_n, cmp_vs_addr, twice_vs_addr, errs);
}

static int cmp_rs(const struct conf *c, uint32_t a, uint32_t b)
{
	const struct conf_rs *x = &c->rs[a], *y = &c->rs[b];

	if (x->vs != y->vs)
		return x->vs < y->vs ? -1 : 1;

	int d = addr_cmp(&x->s.addr, &y->s.addr);

	return d ? d : x->s.port - y->s.port;
}

static void twice_rs(const struct conf *c, uint32_t a, uint32_t b, struct err_list *errs)
{
	char text[ADDR_PORT_TEXT_LEN], there[CONF_PLACE_LEN];

	FAIL(c->rs[b].loc, "real_servers %s of \"%s\": is listed in %s already",
	     addr_port_text(&c->rs[b].s.addr, c->rs[b].s.port, text), c->vs[c->rs[b].vs].s.name,
	     conf_place(c->rs[a].loc, c->rs[b].loc, there));
}

static void rule_rs_twice(const struct conf *c, struct err_list *errs)
{
	find_twice(c, c->rs_n, cmp_rs, twice_rs, errs);
}

/* ------------------------------------------------------------------ single objects */

static void rule_advert_int(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		const struct conf_vrrp *in = &c->vrrp[i];

		if (in->s.version == 2 && in->s.adv_int_us % SEC(1))
			FAIL(in->loc,
			     "vrrp_instances \"%s\": 'advert_int' must be whole seconds in version "
			     "2; set version = 3 for shorter ones",
			     in->s.name);
		if (in->s.version == 3 && (in->s.adv_int_us % CS(1) || in->s.adv_int_us > CS(4095)))
			FAIL(in->loc,
			     "vrrp_instances \"%s\": 'advert_int' must be in steps of 10 ms and at "
			     "most 40.95 s in version 3",
			     in->s.name);
	}
}

/* Names stand in log lines as key=value. */
static void rule_names(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vrrp_n; i++)
		if (strpbrk(c->vrrp[i].s.name, " =") || strpbrk(iface_of(&c->vrrp[i]), " =/"))
			FAIL(c->vrrp[i].loc,
			     "vrrp_instances \"%s\": 'name' and 'interface' must not have blanks "
			     "or '='",
			     c->vrrp[i].s.name);
	for (uint32_t i = 0; i < c->vs_n; i++)
		if (strpbrk(c->vs[i].s.name, " ="))
			FAIL(c->vs[i].loc,
			     "virtual_servers \"%s\": 'name' must not have blanks or '='",
			     c->vs[i].s.name);
}

static void rule_owner(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vrrp_n; i++)
		if (c->vrrp[i].s.priority == 255 && c->vrrp[i].s.nopreempt)
			WARN(c->vrrp[i].loc,
			     "vrrp_instances \"%s\": 'nopreempt' has no effect on an owner "
			     "(priority 255)",
			     c->vrrp[i].s.name);
}

static bool is_host_v4(const struct ip_addr *a)
{
	return a->family == AF_INET && !addr_is_multicast(a) && a->v4.s_addr != INADDR_ANY &&
	       a->v4.s_addr != INADDR_BROADCAST;
}

static void rule_addr(const struct conf *c, struct err_list *errs)
{
	static const char why[] = "must be the IPv4 address of a host (IPv6 is not supported yet)";
	char text[ADDR_TEXT_LEN];

	for (uint32_t i = 0; i < c->vs_n; i++)
		if (!is_host_v4(&c->vs[i].s.addr))
			FAIL(c->vs[i].loc, "virtual_servers \"%s\": address %s %s", c->vs[i].s.name,
			     addr_text(&c->vs[i].s.addr, text), why);
	for (uint32_t i = 0; i < c->rs_n; i++)
		if (!is_host_v4(&c->rs[i].s.addr))
			FAIL(c->rs[i].loc, "real_servers %s: %s", addr_text(&c->rs[i].s.addr, text),
			     why);
}

static void rule_port(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->rs_n; i++) {
		const struct conf_rs *rs = &c->rs[i];
		const struct conf_vs *vs = &c->vs[rs->vs];
		char text[ADDR_PORT_TEXT_LEN];

		if (vs->s.method != VS_NAT && rs->s.port != vs->s.port)
			FAIL(rs->loc,
			     "real_servers %s of \"%s\": with %s packets keep their port, so it "
			     "must "
			     "be %u; another port needs lvs_method = \"NAT\"",
			     addr_port_text(&rs->s.addr, rs->s.port, text), vs->s.name,
			     vs->s.method == VS_DR ? "DR" : "TUN", vs->s.port);
	}
}

static void rule_persistence(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vs_n; i++)
		if (c->vs[i].s.persistence_us % SEC(1))
			FAIL(c->vs[i].loc,
			     "virtual_servers \"%s\": 'persistence_timeout' must be whole seconds",
			     c->vs[i].s.name);
}

static void rule_check(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->check_n; i++) {
		const struct conf_check *ck = &c->check[i];

		if (ck->s.path[0] != '/')
			FAIL(ck->loc, "checks: 'path' must begin with '/'");
		if (strchr(ck->s.path, ' ') || (ck->s.host && strchr(ck->s.host, ' ')))
			FAIL(ck->loc, "checks: 'path' and 'host' must not have blanks");
		if (ck->s.type == CHECK_TCP && (strcmp(ck->s.path, "/") != 0 || ck->s.host))
			WARN(ck->loc, "checks: 'path' and 'host' mean nothing to a tcp check");
		if (ck->s.timeout_us > ck->s.interval_us)
			WARN(ck->loc,
			     "checks: 'timeout' is longer than 'interval', so a slow server is "
			     "checked less often than you say");
	}
}

static void rule_vs_empty(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vs_n; i++)
		if (!c->vs[i].s.servers.n)
			WARN(c->vs[i].loc, "virtual_servers \"%s\": has no real servers",
			     c->vs[i].s.name);
}

/* ------------------------------------------------------------------ the table */

static const struct rule {
	const char *what;
	void (*fn)(const struct conf *c, struct err_list *errs);
} rules[] = {
	{ "instance names are unique", rule_inst_name },
	{ "a VRID is used once on an interface", rule_vrid },
	{ "addresses, routes and rules are what the kernel takes", conf_check_kernel },
	{ "service names are unique", rule_vs_name },
	{ "services have different addresses", rule_vs_addr },
	{ "a service lists a server once", rule_rs_twice },
	{ "advert_int fits the version", rule_advert_int },
	{ "names fit into log lines", rule_names },
	{ "owners preempt", rule_owner },
	{ "addresses are of hosts and of a family that is supported", rule_addr },
	{ "DR and TUN keep the port", rule_port },
	{ "persistence is in seconds", rule_persistence },
	{ "a check's settings fit together", rule_check },
	{ "a service has servers", rule_vs_empty },
};

void conf_check(const struct conf *c, struct err_list *errs)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		rules[i].fn(c, errs);
}
