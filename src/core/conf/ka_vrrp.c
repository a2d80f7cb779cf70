/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vrrp_instance blocks. keepalived's own rules are followed where they differ: the priority of an
 * instance that says `state MASTER` and none, and nopreempt, which that clears.
 */
#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/ka.h"

#include <string.h>

/* An instance with its block; the fields come first (ka_statements). */
struct inst {
	struct conf_vrrp o;
	bool is_master, has_priority;
	bool is_empty_meant; /* no_virtual_ipaddress */
	size_t errors_n; /* before the block */
	uint32_t v6_n; /* addresses left out because of their family */
};

static void word_state(struct ka *k, const struct ka_node *n, void *obj)
{
	struct inst *in = obj;

	if (n->word_n < 2 ||
	    (strcmp(n->word[1], "MASTER") != 0 && strcmp(n->word[1], "BACKUP") != 0))
		KA_WARN(k, n, "'state' should be MASTER or BACKUP");
	else
		in->is_master = !strcmp(n->word[1], "MASTER");
	ka_extra(k, n, 2);
}

static void word_priority(struct ka *k, const struct ka_node *n, void *obj)
{
	struct inst *in = obj;

	if (ka_value(k, n, 1, schema_find(SCHEMA_vrrp, "priority"), &in->o.s))
		in->has_priority = true;
	ka_extra(k, n, 2);
}

static void word_preempt(struct ka *k, const struct ka_node *n, void *obj)
{
	struct inst *in = obj;

	in->o.s.nopreempt = !strcmp(n->word[0], "nopreempt");
	ka_extra(k, n, 1);
}

static void word_garp_repeat(struct ka *k, const struct ka_node *n, void *obj)
{
	struct inst *in = obj;

	if (n->word_n > 1 && !strcmp(n->word[1], "0"))
		in->o.s.garp_repeat_n = 1;
	else
		(void)ka_value(k, n, 1, schema_find(SCHEMA_vrrp, "garp_master_repeat"), &in->o.s);
	ka_extra(k, n, 2);
}

static void word_accept(struct ka *k, const struct ka_node *n, void *obj)
{
	(void)obj; /* that is what vipd does */
	ka_extra(k, n, 1);
}

static void word_no_vips(struct ka *k, const struct ka_node *n, void *obj)
{
	struct inst *in = obj;

	in->is_empty_meant = true;
	ka_extra(k, n, 1);
}

/* ------------------------------------------------------------------ addresses */

/* Words behind an address that take one more. */
static bool has_argument(const char *word)
{
	static const char *const words[] = { "scope", "brd",           "broadcast",  "label",
					     "peer",  "preferred_lft", "track_group" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(word, words[i]))
			return true;
	return false;
}

static void address_words(struct ka *k, const struct ka_node *n, struct conf_vip *vip)
{
	for (uint32_t i = 1; i < n->word_n; i++) {
		if (!strcmp(n->word[i], "dev")) {
			(void)ka_value(k, n, ++i, schema_find(SCHEMA_vip, "dev"), &vip->s);
			continue;
		}
		if (!ka_tell_not(k, KA_ADDRESS, n, n->word[i]))
			ka_tell_unknown(k, KA_ADDRESS, n, n->word[i]);
		i += has_argument(n->word[i]);
	}
}

static bool is_listed(struct ka *k, const struct conf_range *r, const struct conf_vip *vip)
{
	for (uint32_t i = r->first; i < r->first + r->n; i++) {
		const struct conf_vip *a = conf_make_at(&k->b, SCHEMA_vip, i);

		if (addr_eq(&a->s.prefix.addr, &vip->s.prefix.addr) &&
		    !strcmp(a->s.dev, vip->s.dev))
			return true;
	}
	return false;
}

/* An address line into the instance's list. */
static void address(struct ka *k, const struct ka_node *n, struct inst *in)
{
	enum { VIPS_MAX = 255 };
	struct conf_vip vip = { .loc = ka_loc(k, n) };

	if (!ka_value(k, n, 0, schema_find(SCHEMA_vip, "address"), &vip.s))
		return;
	if (vip.s.prefix.addr.family != AF_INET) {
		ka_tell(k, n, "address %.60s is not converted: IPv6 is not in this version",
			n->word[0]);
		in->v6_n++;
		return;
	}
	address_words(k, n, &vip);
	if (!vip.s.dev)
		vip.s.dev = in->o.s.interface ? in->o.s.interface : "";
	if (is_listed(k, &in->o.s.vips, &vip)) {
		KA_WARN(k, n, "address %.60s is listed twice; the first line counts", n->word[0]);
		return;
	}
	if (in->o.s.vips.n == VIPS_MAX) {
		KA_ERROR(k, n, "an instance can hold %d addresses", VIPS_MAX);
		return;
	}
	(void)conf_make_add(&k->b, SCHEMA_vip, &vip);
	in->o.s.vips.n++;
}

static void word_vips(struct ka *k, const struct ka_node *n, void *obj)
{
	for (const struct ka_node *c = n->child; c; c = c->next)
		address(k, c, obj);
	ka_extra(k, n, 1);
}

const struct ka_word ka_words_vrrp[] = {
	{ "state", word_state, false },
	{ "priority", word_priority, false },
	{ "preempt", word_preempt, false },
	{ "nopreempt", word_preempt, false },
	{ "garp_master_repeat", word_garp_repeat, false },
	{ "accept", word_accept, false },
	{ "no_virtual_ipaddress", word_no_vips, false },
	{ "virtual_ipaddress", word_vips, true }, /* after `interface` */
	{ NULL, NULL, false },
};

/* ------------------------------------------------------------------ the block */

static bool is_complete(struct ka *k, const struct ka_node *n, const struct inst *in)
{
	const char *name = in->o.s.name;

	if (!in->o.s.vips.n && in->v6_n) {
		ka_tell(k, n, "vrrp_instance %.64s is not converted: all its addresses are IPv6",
			name);
		return false;
	}
	if (!in->o.s.vips.n && in->is_empty_meant) {
		ka_tell(k, n,
			"vrrp_instance %.64s is not converted: instances without addresses are not "
			"in this version",
			name);
		return false;
	}
	if (k->errs->n_error != in->errors_n)
		return false; /* what is wrong with it has been told */
	if (!in->o.s.interface)
		KA_ERROR(k, n, "vrrp_instance %.64s: 'interface' is missing", name);
	if (!in->o.s.vrid)
		KA_ERROR(k, n, "vrrp_instance %.64s: 'virtual_router_id' is missing", name);
	if (!in->o.s.vips.n)
		KA_ERROR(k, n, "vrrp_instance %.64s: 'virtual_ipaddress' is missing", name);
	return in->o.s.interface && in->o.s.vrid && in->o.s.vips.n;
}

void ka_vrrp_instance(struct ka *k, const struct ka_node *n, void *obj)
{
	struct inst in = { .o.loc = ka_loc(k, n), .errors_n = k->errs->n_error };
	uint32_t first_vip = k->b.list[SCHEMA_vip].n;

	(void)obj;
	conf_make_defaults(SCHEMA_vrrp, &in.o.s);
	if (!ka_value(k, n, 1, schema_find(SCHEMA_vrrp, "name"), &in.o.s))
		return;
	ka_extra(k, n, 2);
	in.o.s.garp_repeat_n = k->garp_repeat_n;
	in.o.s.garp_delay_us = k->garp_delay_us;
	in.o.s.vips.first = first_vip;
	ka_statements(k, KA_VRRP, n->child, &in);
	if (!in.o.s.version)
		in.o.s.version = k->b.c->global.s.vrrp_version;
	if (in.is_master && !in.has_priority)
		in.o.s.priority = 255;
	if (in.o.s.nopreempt && (in.is_master || in.o.s.priority == 255)) {
		KA_WARN(k, n,
			"vrrp_instance %.64s: 'nopreempt' does not count with %s, as in keepalived",
			in.o.s.name, in.is_master ? "state MASTER" : "priority 255");
		in.o.s.nopreempt = false;
	}
	if (is_complete(k, n, &in))
		(void)conf_make_add(&k->b, SCHEMA_vrrp, &in.o);
	else
		conf_make_cut(&k->b, SCHEMA_vip, first_vip);
}
