/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ka.h: services, their groups of addresses and their sorry servers. Servers are read when all other
 * words of their service have been, because what they are depends on it.
 */
#include "core/clock.h"
#include "core/conf/ka.h"
#include "core/conf/ka_vs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PERSISTENCE_S = 360 }; /* keepalived's, when it is wanted and no time is said */

static struct ka_vs *vs_of(struct ka_obj *o)
{
	return (struct ka_vs *)(void *)o; /* it comes first */
}

/* ------------------------------------------------------------------ words */

/* METHOD [type ipip|gue port N|gre] [nocsum|csum|remcsum] */
void ka_method(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_obj t;
	uint32_t i = 2;

	if (!ka_put(k, n, 1, o, "lvs_method") || n->word_n < 3)
		return;
	ka_begin(k, &t, SCHEMA_tunnel, n, o);
	while (i < n->word_n) {
		const char *word = n->word[i];

		if (!strcmp(word, "type") || !strcmp(word, "port")) {
			(void)ka_put(k, n, i + 1, &t, word);
			i += 2;
		} else if (schema_enum_value(schema_names_TUNNEL_CSUM, word) >= 0) {
			(void)ka_put(k, n, i++, &t, "csum");
		} else {
			break;
		}
	}
	ka_extra(k, n, i);
	ka_push_one(k, n, &t, o, "tunnel");
}

static void protocol(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	(void)ka_put(k, n, 1, o, "protocol");
	ka_extra(k, n, 2);
}

static void persistence(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	if (n->word_n < 2)
		ka_set(o, "persistence_timeout", SEC(PERSISTENCE_S));
	else
		(void)ka_put(k, n, 1, o, "persistence_timeout");
	ka_extra(k, n, 2);
}

/* flags in keepalived: what follows does not count */
static void flag(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	(void)k;
	ka_set(o, n->word[0], true);
}

/* the keyword is the flag */
static void sched_flag(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	(void)ka_add_texts(k, n, schema_find(SCHEMA_vs, "lvs_flags"), o, n->word, 1);
	ka_extra(k, n, 1);
}

static void hashed(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	(void)o; /* it has no effect in keepalived */
	ka_extra(k, n, 1);
}

/* ------------------------------------------------------------------ sorry servers */

/* IP [PORT] */
static void sorry(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_vs *vs = vs_of(o);

	ka_begin(k, &vs->sorry, SCHEMA_sorry, n, o);
	vs->sorry_node = n;
	(void)ka_put(k, n, 1, &vs->sorry, "address");
	if (n->word_n > 2)
		(void)ka_put(k, n, 2, &vs->sorry, "port");
	ka_extra(k, n, 3);
}

static void sorry_inhibit(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_vs *vs = vs_of(o);

	if (vs->sorry_node)
		ka_set(&vs->sorry, "inhibit", true);
	else
		KA_WARN(k, n, "'%s' without 'sorry_server' does nothing", n->word[0]);
	ka_extra(k, n, 1);
}

static void sorry_method(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_vs *vs = vs_of(o);

	if (vs->sorry_node)
		ka_method(k, n, &vs->sorry);
	else
		KA_WARN(k, n, "'%s' without 'sorry_server' does nothing", n->word[0]);
}

const struct ka_word ka_words_vs[] = {
	{ "lvs_method", ka_method, false },
	{ "lb_kind", ka_method, false },
	{ "protocol", protocol, false },
	{ "persistence_timeout", persistence, false },
	{ "inhibit_on_failure", flag, false },
	{ "alpha", flag, false },
	{ "flag-1", sched_flag, false },
	{ "flag-2", sched_flag, false },
	{ "flag-3", sched_flag, false },
	{ "sh-port", sched_flag, false },
	{ "sh-fallback", sched_flag, false },
	{ "mh-port", sched_flag, false },
	{ "mh-fallback", sched_flag, false },
	{ "hashed", hashed, false },
	{ "sorry_server", sorry, false },
	{ "sorry_server_inhibit", sorry_inhibit, true },
	{ "sorry_server_lvs_method", sorry_method, true },
	{ "real_server", ka_real_server, true },
	{ NULL, NULL, false },
};

/* ------------------------------------------------------------------ the block */

/* IP [PORT], fwmark N, group NAME */
static bool service(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	const char *what = n->word_n > 1 ? n->word[1] : "";

	if (!strcmp(what, "group")) {
		ka_extra(k, n, 3);
		return ka_put(k, n, 2, o, "virtual_server_group");
	}
	if (!strcmp(what, "fwmark")) {
		ka_extra(k, n, 3);
		return ka_put(k, n, 2, o, "fwmark");
	}
	ka_extra(k, n, 3);
	return ka_put(k, n, 1, o, "address") && (n->word_n < 3 || ka_put(k, n, 2, o, "port"));
}

/* keepalived's own defaults, where vipd's are others and nothing was said. What is left depends on the
 * check: ka_check.c. */
static void defaults(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct conf_vs *vs = o->base;
	bool is_address = !vs->s.fwmark && !vs->s.group;

	if (!ka_has(o, "delay_loop"))
		ka_set(o, "delay_loop", SEC(KA_DELAY_LOOP_S));
	if (!ka_has(o, "connect_timeout"))
		ka_set(o, "connect_timeout", SEC(KA_CONNECT_TIMEOUT_S));
	if (!ka_has(o, "protocol") && !vs->s.fwmark) {
		KA_WARN(k, n,
			"virtual_server %.60s: has no 'protocol'; it is UDP, as in keepalived",
			n->word[1]);
		ka_set(o, "protocol", VS_UDP);
	}
	if (!vs->s.persistence_us && ka_has(o, "persistence_granularity"))
		ka_set(o, "persistence_timeout", SEC(PERSISTENCE_S));
	if (is_address && !vs->s.port && !vs->s.persistence_us) {
		KA_WARN(k, n,
			"virtual_server %.60s: all ports need persistence; it is %d s, as in "
			"keepalived",
			n->word[1], PERSISTENCE_S);
		ka_set(o, "persistence_timeout", SEC(PERSISTENCE_S));
	}
}

static void end_sorry(struct ka *k, struct ka_vs *vs)
{
	struct conf_sorry *s = vs->sorry.base;
	const struct conf_vs *o = vs->o.base;
	uint8_t method;

	if (!vs->sorry_node)
		return;
	method = ka_has(&vs->sorry, "lvs_method") ? s->s.method : o->s.method;
	if (method != VS_NAT && s->s.port && s->s.port != o->s.port && !o->s.group &&
	    !o->s.fwmark) {
		KA_WARN(k, vs->sorry_node,
			"sorry_server %.60s: its port must be the service's; it is now, as in "
			"keepalived",
			vs->sorry_node->word[1]);
		s->s.port = o->s.port;
	}
	ka_push_one(k, vs->sorry_node, &vs->sorry, &vs->o, "sorry_server");
}

void ka_virtual_server(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_vs *vs = arena_alloc(&k->b.scratch, sizeof(*vs));
	struct conf_vs *made = &vs->o.made.o.vs;

	(void)o;
	k->is_bad = false;
	ka_begin(k, &vs->o, SCHEMA_vs, n, NULL);
	if (!service(k, n, &vs->o))
		return;
	made->s.servers.first = k->b.list[SCHEMA_rs].n;
	vs->node = n;
	ka_statements(k, KA_VS, n->child, &vs->o);
	made->s.servers.n = k->b.list[SCHEMA_rs].n - made->s.servers.first;
	if (!vs->has_defaults)
		defaults(k, n, &vs->o);
	end_sorry(k, vs);
	if (!made->s.servers.n) {
		KA_WARN(k, n,
			"virtual_server %.60s: has no real servers: left out, as in keepalived",
			n->word[1]);
		return;
	}
	ka_servers_end(k, vs);
	ka_push(k, n, &vs->o);
}

void ka_vs_defaults(struct ka *k, struct ka_vs *vs)
{
	if (!vs->has_defaults)
		defaults(k, vs->node, &vs->o);
	vs->has_defaults = true;
}

/* ------------------------------------------------------------------ groups of addresses */

/* The number that the last part of an address is, and the address with another one. */
static uint32_t last_part(const struct ip_addr *a)
{
	return a->family == AF_INET ? a->byte[3] : (uint32_t)a->byte[14] << 8 | a->byte[15];
}

static void set_last_part(struct ip_addr *a, uint32_t v)
{
	if (a->family == AF_INET) {
		a->byte[3] = (uint8_t)v;
	} else {
		a->byte[14] = (uint8_t)(v >> 8);
		a->byte[15] = (uint8_t)v;
	}
}

static void next_addr(struct ip_addr *a)
{
	for (unsigned i = addr_len(a->family); i-- > 0 && !++a->byte[i];)
		;
}

/* "A-B": B is an address, or the last part of one. False: neither. */
static bool parse_range(const char *text, struct ip_addr *from, struct ip_addr *to)
{
	char first[ADDR_TEXT_LEN];
	const char *dash = strchr(text, '-');
	char *end;
	unsigned long v;

	if (!dash || dash - text >= ADDR_TEXT_LEN)
		return false;
	(void)snprintf(first, sizeof(first), "%.*s", (int)(dash - text), text);
	if (addr_parse(first, from))
		return false;
	if (!addr_parse(dash + 1, to))
		return to->family == from->family && addr_cmp(from, to) <= 0;
	v = strtoul(dash + 1, &end, from->family == AF_INET ? 10 : 16);
	if (end == dash + 1 || *end || v > (from->family == AF_INET ? 255 : 65535) ||
	    v < last_part(from))
		return false;
	*to = *from;
	set_last_part(to, (uint32_t)v);
	return true;
}

enum { GROUP_MAX = 65536 }; /* as in schema.def */

static void push_range(struct ka *k, const struct ka_node *n, struct ka_obj *a,
		       struct conf_range *r, const struct ip_addr *from, const struct ip_addr *to)
{
	struct conf_vsaddr *addr = a->base;

	ka_mark(a, "address");
	addr->s.prefix =
		(struct ip_prefix){ .addr = *from, .len = (uint8_t)(addr_len(from->family) * 8) };
	for (;; next_addr(&addr->s.prefix.addr)) {
		if (++r->n > GROUP_MAX) {
			ka_bad(k, n, "a group can have %d addresses", GROUP_MAX);
			return;
		}
		ka_push(k, n, a);
		if (addr_cmp(&addr->s.prefix.addr, to) >= 0)
			return;
	}
}

/* IP [port], IP-N [port], IP-IP [port], IP/LEN [port], fwmark N [inet|inet6] */
static void entry(struct ka *k, const struct ka_node *n, struct ka_obj *g, struct conf_range *r)
{
	struct ka_obj a;
	struct ip_addr from, to;
	bool is_mark = !strcmp(n->word[0], "fwmark");

	ka_begin(k, &a, SCHEMA_vsaddr, n, g);
	if (is_mark) {
		(void)ka_put(k, n, 1, &a, "fwmark");
		if (n->word_n > 2)
			(void)ka_put(k, n, 2, &a, "ip_family");
		ka_extra(k, n, 3);
	} else {
		if (n->word_n > 1)
			(void)ka_put(k, n, 1, &a, "port");
		ka_extra(k, n, 2);
	}
	if (!is_mark && strchr(n->word[0], '-')) {
		if (!parse_range(n->word[0], &from, &to))
			ka_bad(k, n, "\"%.60s\" is no range of addresses", n->word[0]);
		else
			push_range(k, n, &a, r, &from, &to);
		return;
	}
	if (is_mark || ka_put(k, n, 0, &a, "address")) {
		ka_push(k, n, &a);
		r->n++;
	}
}

void ka_virtual_server_group(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_obj g;
	struct conf_range r = { .first = k->b.list[SCHEMA_vsaddr].n };

	(void)o;
	k->is_bad = false;
	ka_begin(k, &g, SCHEMA_vsg, n, NULL);
	if (!ka_put(k, n, 1, &g, "name"))
		return;
	ka_extra(k, n, 2);
	for (const struct ka_node *c = n->child; c && r.n <= GROUP_MAX; c = c->next)
		entry(k, c, &g, &r);
	if (!r.n) {
		KA_WARN(k, n, "virtual_server_group %.64s is empty: left out, as in keepalived",
			n->word[1]);
		return;
	}
	((struct conf_vsg *)g.base)->s.addresses = r;
	ka_mark(&g, "addresses");
	ka_push(k, n, &g);
}
