/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ka.h: lines of addresses, routes, rules and peers. A line that keepalived can't read is left out
 * there with a message, and so it is here.
 */
#include "core/clock.h"
#include "core/conf/ka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ lines */

typedef void line_fn(struct ka *k, const struct ka_node *n, struct ka_obj *o);

static void line(struct ka *k, const struct ka_node *n, enum schema_kind kind, struct ka_obj *up,
		 line_fn *fn)
{
	uint32_t nexthops = k->b.list[SCHEMA_nexthop].n;
	struct ka_obj o;

	ka_begin(k, &o, kind, n, up);
	k->is_lenient = true;
	k->is_bad = false;
	fn(k, n, &o);
	for (const struct schema_key *key = schema_of[kind].key; key->name && !k->is_bad; key++)
		if (key->dflt == SCHEMA_NEED && !keyset_has(o.seen, schema_index(kind, key)))
			ka_bad(k, n, "\"%.40s\": there is no '%s'", n->word[0], key->name);
	k->is_lenient = false;
	if (k->is_bad)
		vec_cut(&k->b.list[SCHEMA_nexthop], nexthops);
	else
		ka_push(k, n, &o);
	k->is_bad = false;
}

static void lines(struct ka *k, const struct ka_node *n, enum schema_kind kind, struct ka_obj *up,
		  line_fn *fn)
{
	for (const struct ka_node *c = n->child; c; c = c->next)
		line(k, c, kind, up, fn);
	ka_extra(k, n, 1);
}

static void address_line(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	if (!ka_put(k, n, 0, o, "address"))
		return;
	ka_line(k, KA_ADDRESS, n, 1, o);
	if (o->up && o->up->kind == SCHEMA_statics && !ka_has(o, "dev"))
		k->needs_interface = true;
}

void ka_addresses(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	lines(k, n, SCHEMA_vip, o, address_line);
}

/* a limit of the TTL is one of whom is listened to */
static void peer_line(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	if (!ka_put(k, n, 0, o, "address"))
		return;
	ka_line(k, KA_PEER, n, 1, o);
	if (ka_has(o, "min_ttl") || ka_has(o, "max_ttl"))
		ka_set(o->up, "check_unicast_src", true);
}

void ka_peers(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	lines(k, n, SCHEMA_peer, o, peer_line);
}

/* ------------------------------------------------------------------ gateways */

static struct conf_range *nexthops_of(struct ka_obj *o)
{
	return &((struct conf_route *)o->base)->s.nexthops;
}

static void push_nexthop(struct ka *k, const struct ka_node *n, struct ka_obj *hop,
			 struct ka_obj *route)
{
	struct conf_range *r = nexthops_of(route);

	if (!r->n)
		r->first = k->b.list[SCHEMA_nexthop].n;
	r->n++;
	ka_mark(route, "nexthops");
	ka_push(k, n, hop);
}

/* [inet|inet6] ADDR */
static uint32_t gateway(struct ka *k, const struct ka_node *n, uint32_t i, struct ka_obj *o)
{
	if (i < n->word_n && ka_has_word("inet inet6", n->word[i]))
		i++;
	(void)ka_put(k, n, i, o, "via");
	return i + 1;
}

/* via A or B: the old way to say two nexthops */
static uint32_t word_or(struct ka *k, const struct ka_node *n, uint32_t i, struct ka_obj *o)
{
	struct conf_route *r = o->base;
	struct ka_obj hop;

	if (r->s.via.family) {
		ka_begin(k, &hop, SCHEMA_nexthop, n, o);
		((struct conf_nexthop *)hop.base)->s.via = r->s.via;
		ka_mark(&hop, "via");
		push_nexthop(k, n, &hop, o);
		r->s.via = (struct ip_addr){ 0 };
		keyset_del(o->seen, schema_index(SCHEMA_route, schema_find(SCHEMA_route, "via")));
	}
	ka_begin(k, &hop, SCHEMA_nexthop, n, o);
	i = gateway(k, n, i + 1, &hop);
	push_nexthop(k, n, &hop, o);
	return i;
}

/* The words of an encapsulation, from its type on. */
static uint32_t word_encap(struct ka *k, const struct ka_node *n, uint32_t i, struct ka_obj *o)
{
	static const char pairs[] = "id dst src tos ttl hoplimit flags";
	char text[256] = "";
	uint32_t end = i + 2;
	size_t used = 0;

	if (i + 1 < n->word_n && strcmp(n->word[i + 1], "ip") != 0 &&
	    strcmp(n->word[i + 1], "ip6") != 0)
		end = i + 3; /* labels, or an address */
	while (end + 1 < n->word_n && ka_has_word(pairs, n->word[end]))
		end += 2;
	for (uint32_t w = i + 1; w < end && w < n->word_n && used < sizeof(text); w++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used ? " " : "",
					 n->word[w]);
	(void)ka_set_text(k, n, o, "encap", text);
	return end;
}

static uint32_t word_nexthop(struct ka *k, const struct ka_node *n, uint32_t i, struct ka_obj *o)
{
	struct ka_obj hop;

	ka_begin(k, &hop, SCHEMA_nexthop, n, o);
	for (i++; i < n->word_n && strcmp(n->word[i], "nexthop") != 0;) {
		if (!strcmp(n->word[i], "via"))
			i = gateway(k, n, i + 1, &hop);
		else if (!strcmp(n->word[i], "encap"))
			i = word_encap(k, n, i, &hop);
		else if (ka_row(SCHEMA_nexthop, n->word[i]))
			i = ka_line_word(k, KA_NEXTHOP, n, i, &hop);
		else
			break; /* a word of the route again */
	}
	push_nexthop(k, n, &hop, o);
	return i;
}

/* ------------------------------------------------------------------ routes */

/* A time as ip-route(8) has it: bare numbers are the kernel's own units, parts of a millisecond. */
static void put_time(struct ka *k, const struct ka_node *n, uint32_t i, struct ka_obj *o,
		     int parts_of_ms)
{
	const char *name = n->word[i - 1], *text = i < n->word_n ? n->word[i] : "";
	size_t len = strspn(text, "0123456789.");
	double v = strtod(text, NULL);
	bool is_s = ka_has_word("s sec secs", text + len);
	bool is_ms = ka_has_word("ms msec msecs", text + len);
	char out[80];

	if (!len || (text[len] && !is_s && !is_ms)) {
		ka_bad(k, n, "'%s' is no time: \"%.40s\"", name, text);
		return;
	}
	(void)snprintf(out, sizeof(out), is_s ? "%.6fs" : "%.3fms",
		       is_s || is_ms ? v : v / (double)parts_of_ms);
	(void)ka_set_text(k, n, o, name, out);
}

/* [lock] VALUE of a metric; a locked one is told by its name */
static uint32_t word_metric(struct ka *k, const struct ka_node *n, uint32_t i, struct ka_obj *o)
{
	const char *name = n->word[i++];

	if (i < n->word_n && !strcmp(n->word[i], "lock")) {
		if (!strcmp(name, "mtu"))
			ka_set(o, "mtu_lock", true);
		else
			(void)ka_add_texts(k, n, schema_find(SCHEMA_route, "lock"), o, &name, 1);
		if (i + 1 < n->word_n) {
			const char *words[] = { name, n->word[i + 1], NULL };
			struct ka_node one = { .word = words, .word_n = 2, .loc = n->loc };

			(void)word_metric(k, &one, 0, o);
		}
		return i + 2;
	}
	if (!strcmp(name, "rtt"))
		put_time(k, n, i, o, 8);
	else if (!strcmp(name, "rttvar"))
		put_time(k, n, i, o, 4);
	else if (!strcmp(name, "rto_min"))
		put_time(k, n, i, o, 1);
	else
		(void)ka_put(k, n, i, o, name);
	return i + 1;
}

static void put_any(struct ka_obj *o, bool is_v6)
{
	memset(&((struct conf_route *)o->base)->s.dst, 0,
	       sizeof(((struct conf_route *)o->base)->s.dst));
	ka_mark(o, "to");
	if (is_v6)
		ka_set(o, "family", AF_INET6);
}

static uint32_t route_word(struct ka *k, const struct ka_node *n, uint32_t i, struct ka_obj *o)
{
	const char *word = n->word[i];
	struct ip_prefix p;
	int type = schema_enum_value(schema_names_ROUTE_TYPE, word);
	bool is_on;

	if (!strcmp(word, "to"))
		return i + 1; /* what follows is found by itself */
	if (type >= 0) {
		ka_set(o, "type", type);
		return i + 1;
	}
	if (ka_has_word("default default6", word)) {
		put_any(o, !strcmp(word, "default6"));
		return i + 1;
	}
	if (ka_has_word("via gw", word))
		return gateway(k, n, i + 1, o);
	if (!strcmp(word, "or"))
		return word_or(k, n, i, o);
	if (!strcmp(word, "nexthop"))
		return word_nexthop(k, n, i, o);
	if (!strcmp(word, "encap"))
		return word_encap(k, n, i, o);
	if (ka_has_word("mtu advmss rtt rttvar reordering cwnd ssthresh rto_min congctl", word))
		return word_metric(k, n, i, o);
	if (ka_has_word("quickack fastopen_no_cookie", word)) {
		is_on = i + 1 < n->word_n && !strcmp(n->word[i + 1], "1");
		ka_set(o, word, is_on);
		return i + 2;
	}
	if (!ka_has(o, "to") && !prefix_parse(word, &p)) {
		(void)ka_set_text(k, n, o, "to", word);
		return i + 1;
	}
	if (!ka_has(o, "to") && !ka_row(SCHEMA_route, word)) {
		ka_bad(k, n, "\"%.40s\" is no destination", word);
		return i + 1;
	}
	return ka_line_word(k, KA_ROUTE, n, i, o);
}

static void route_line(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	for (uint32_t i = 0; i < n->word_n && !k->is_bad;)
		i = route_word(k, n, i, o);
}

void ka_routes(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	lines(k, n, SCHEMA_route, o, route_line);
}

/* ------------------------------------------------------------------ rules */

static void rule_line(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	for (uint32_t i = 0; i < n->word_n && !k->is_bad;) {
		if (!strcmp(n->word[i], "goto"))
			ka_set(o, "action", RULE_GOTO);
		i = ka_line_word(k, KA_RULE, n, i, o);
	}
}

void ka_rules(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	lines(k, n, SCHEMA_rule, o, rule_line);
}
