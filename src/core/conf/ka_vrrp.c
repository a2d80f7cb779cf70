/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ka.h: instances, sync groups and authentication.
 */
#include "core/clock.h"
#include "core/conf/ka.h"

#include <stdio.h>
#include <string.h>

enum {
	OWNER_PRIORITY = 255,
	LATE_PRIORITY = 254, /* timer_expired_backup without a value */
	V3_LAST_CS = 4095, /* longest advert_int of version 3, in centiseconds */
	VIPS_MAX_V4 = 255, /* in one advert: a byte counts them ... */
	VIPS_MAX_V6 =
		90, /* ... and IPv6 and 8 bytes of VRRP leave room for so many in 1500 bytes */
	AUTH_PASS_MAX_LEN = 8,
};

/* ------------------------------------------------------------------ words */

static void state(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	int v = n->word_n > 1 ? schema_enum_value(schema_names_VRRP_STATE, n->word[1]) : -1;

	if (v < 0)
		KA_WARN(k, n, "'state' should be MASTER or BACKUP");
	else
		ka_set(o, "state", v);
	ka_extra(k, n, 2);
}

static void preempt(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	ka_set(o, "nopreempt", !strcmp(n->word[0], "nopreempt"));
	ka_extra(k, n, 1);
}

static bool is_mac(const char *text)
{
	size_t len = strlen(text);

	return (len == 17 || len == 14) && text[2] == ':' && text[5] == ':' &&
	       strspn(text, "0123456789abcdefABCDEF:") == len;
}

/* [[name] IF] [MAC] [netlink_notify_msg] [group ID] */
static void use_vmac(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	ka_set(o, "use_vmac", true);
	for (uint32_t i = 1; i < n->word_n; i++) {
		const char *word = n->word[i];

		if (!strcmp(word, "netlink_notify_msg"))
			ka_set(o, "vmac_netlink_notify", true);
		else if (!strcmp(word, "group"))
			(void)ka_put(k, n, ++i, o, "vmac_group");
		else if (!strcmp(word, "name"))
			(void)ka_put(k, n, ++i, o, "vmac_interface");
		else if (is_mac(word))
			(void)ka_put(k, n, i, o, "vmac_address");
		else
			(void)ka_put(k, n, i, o, "vmac_interface");
	}
}

/* [[name] IF] [IP] [bridge|private|vepa] [group ID] */
static void use_ipvlan(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	ka_set(o, "use_ipvlan", true);
	for (uint32_t i = 1; i < n->word_n; i++) {
		const char *word = n->word[i];
		struct ip_prefix p;

		if (schema_enum_value(schema_names_IPVLAN_MODE, word) >= 0)
			(void)ka_put(k, n, i, o, "ipvlan_mode");
		else if (!strcmp(word, "group"))
			(void)ka_put(k, n, ++i, o, "vmac_group");
		else if (!strcmp(word, "name"))
			(void)ka_put(k, n, ++i, o, "ipvlan_interface");
		else if (!prefix_parse(word, &p))
			(void)ka_put(k, n, i, o, "ipvlan_address");
		else
			(void)ka_put(k, n, i, o, "ipvlan_interface");
	}
}

static void old_checksum(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	bool is_never = n->word_n > 1 && !strcmp(n->word[1], "never");

	ka_set(o, "old_unicast_checksum", is_never ? OLD_CSUM_NEVER : OLD_CSUM_ALWAYS);
	ka_extra(k, n, is_never ? 2 : 1);
}

static void late_backup(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	if (n->word_n > 1)
		(void)ka_put(k, n, 1, o, "timer_expired_backup");
	else
		ka_set(o, "timer_expired_backup", LATE_PRIORITY);
	ka_extra(k, n, 2);
}

/* [all] N */
static void garp_extra(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	bool is_all = n->word_n > 1 && !strcmp(n->word[1], "all");

	if (is_all)
		ka_set(o, "garp_extra_all", true);
	(void)ka_put(k, n, is_all ? 2 : 1, o, "garp_extra_if");
	ka_extra(k, n, is_all ? 3 : 2);
}

/* [SCRIPT [user [group]]] */
static void notify_deleted(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	if (n->word_n > 1)
		ka_script(k, n, "notify_deleted", o);
	else
		ka_set(o, "notify_deleted_state", true);
}

static void native_ipv6(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	if (!ka_has(o, "version"))
		ka_set(o, "version", 3);
	ka_extra(k, n, 1);
}

const struct ka_word ka_words_vrrp[] = {
	{ "state", state, false },
	{ "preempt", preempt, false },
	{ "nopreempt", preempt, false },
	{ "use_vmac", use_vmac, false },
	{ "use_ipvlan", use_ipvlan, false },
	{ "old_unicast_checksum", old_checksum, false },
	{ "timer_expired_backup", late_backup, false },
	{ "thread_timer_expired", late_backup, false },
	{ "garp_extra_if", garp_extra, false },
	{ "vmac_garp_intvl", garp_extra, false },
	{ "notify_deleted", notify_deleted, false },
	{ "native_ipv6", native_ipv6, true },
	{ "lvs_sync_daemon_interface", ka_instance_syncd, false },
	{ NULL, NULL, false },
};

/* ------------------------------------------------------------------ authentication */

static void auth_pass(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	char text[AUTH_PASS_MAX_LEN + 1];

	if (n->word_n < 2 || !*n->word[1])
		return; /* told when the block ends */
	(void)snprintf(text, sizeof(text), "%s", n->word[1]);
	if (strlen(n->word[1]) > AUTH_PASS_MAX_LEN)
		KA_WARN(k, n, "'auth_pass' is cut to its first %d characters, as in keepalived",
			AUTH_PASS_MAX_LEN);
	(void)ka_set_text(k, n, o, "auth_pass", text);
	ka_extra(k, n, 2);
}

const struct ka_word ka_words_auth[] = {
	{ "auth_pass", auth_pass, false },
	{ NULL, NULL, false },
};

void ka_auth(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_obj a;

	ka_begin(k, &a, SCHEMA_auth, n, o);
	ka_statements(k, KA_AUTH, n->child, &a);
	ka_extra(k, n, 1);
	if (!ka_has(&a, "auth_type") || !ka_has(&a, "auth_pass"))
		KA_WARN(k, n,
			"'authentication' without type or password is none, as in keepalived");
	else
		ka_push_one(k, n, &a, o, "authentication");
}

/* key ID SECRET */
void ka_hmac_key(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_obj key;

	ka_begin(k, &key, SCHEMA_hmac_key, n, o);
	if (ka_put(k, n, 1, &key, "id") && ka_put(k, n, 2, &key, "key"))
		ka_extra(k, n, 3);
	ka_push(k, n, &key);
}

void ka_hmac(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_obj h;

	ka_begin(k, &h, SCHEMA_hmac, n, o);
	ka_statements(k, KA_HMAC, n->child, &h);
	ka_extra(k, n, 1);
	if (!ka_has(&h, "active_key"))
		KA_WARN(k, n, "'auth_hmac' without 'active_key' is none, as in keepalived");
	else
		ka_push_one(k, n, &h, o, "auth_hmac");
}

/* ------------------------------------------------------------------ what belongs together */

static const struct conf_vip *vip_at(const struct ka *k, uint32_t i)
{
	return build_made(&k->b, SCHEMA_vip, i);
}

static bool is_v6(const struct ka *k, const struct conf_vrrp *in)
{
	return in->s.vips.n && vip_at(k, in->s.vips.first)->s.prefix.addr.family == AF_INET6;
}

static uint8_t version(const struct ka *k, const struct conf_vrrp *in)
{
	if (in->s.version)
		return in->s.version;
	return is_v6(k, in) ? 3 : k->b.c->global.s.vrrp_version;
}

static void drop(struct ka *k, const struct ka_node *n, struct ka_obj *o, const char *name,
		 const char *why)
{
	const struct schema_key *key = schema_find(SCHEMA_vrrp, name);

	if (!keyset_has(o->seen, schema_index(SCHEMA_vrrp, key)))
		return;
	KA_WARN(k, n, "vrrp_instance %.64s: '%s' does not count %s, as in keepalived", n->word[1],
		name, why);
	memset(schema_place(key, o->base), 0, key->len);
	keyset_del(o->seen, schema_index(SCHEMA_vrrp, key));
}

/* What keepalived takes away again because of other settings. */
static void resolve_election(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct conf_vrrp *in = o->base;
	bool is_master = in->s.state == CONF_STATE_MASTER;
	const char *first = is_master ? "with state MASTER" : "with priority 255";

	if (is_master && !ka_has(o, "priority"))
		ka_set(o, "priority", OWNER_PRIORITY);
	if (in->s.nopreempt && (is_master || in->s.priority == OWNER_PRIORITY))
		drop(k, n, o, "nopreempt", first);
	if (in->s.preempt_delay_us && (is_master || in->s.nopreempt))
		drop(k, n, o, "preempt_delay", is_master ? first : "with nopreempt");
	if (!in->s.nopreempt)
		drop(k, n, o, "timer_expired_backup", "without nopreempt");
}

/* Version 2 has whole seconds, version 3 centiseconds in twelve bits. */
static void resolve_advert_int(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct conf_vrrp *in = o->base;
	int64_t us = in->s.adv_int_us;

	if (version(k, in) == 2)
		us = (us + SEC(1) - 1) / SEC(1) * SEC(1);
	else
		us = us > CS(V3_LAST_CS) ? CS(V3_LAST_CS) : (us + CS(1) / 2) / CS(1) * CS(1);
	if (us == in->s.adv_int_us)
		return;
	KA_WARN(k, n, "vrrp_instance %.64s: 'advert_int' is %g s in version %u, as in keepalived",
		n->word[1], (double)us / (double)SEC(1), version(k, in));
	ka_set(o, "advert_int", us);
}

static void resolve_auth(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	if (version(k, o->base) == 3)
		drop(k, n, o, "authentication", "in version 3");
	else if (((struct conf_vrrp *)o->base)->s.hmac.n)
		drop(k, n, o, "authentication", "with auth_hmac");
}

/* ------------------------------------------------------------------ its addresses */

static int cmp_vip(const void *va, const void *vb, const void *interface)
{
	const struct conf_vip *a = va, *b = vb;
	const char *dev_a = a->s.dev ? a->s.dev : interface,
		   *dev_b = b->s.dev ? b->s.dev : interface;
	int d = addr_cmp(&a->s.prefix.addr, &b->s.prefix.addr);

	return d ? d : strcmp(dev_a, dev_b);
}

static void tell_vip_twice(struct ka *k, const void *obj)
{
	const struct conf_vip *vip = obj;
	char text[ADDR_TEXT_LEN];

	err_add(k->errs, ERR_WARNING, vip->loc.file, vip->loc.line,
		"address %s is listed twice; the first line counts",
		addr_text(&vip->s.prefix.addr, text));
}

/* An address with what was given of it. */
struct made_vip {
	struct conf_vip vip;
	struct keyset seen;
};

/* Copies a range of addresses out of their list. */
static struct vec take(const struct ka *k, struct conf_range r)
{
	struct vec v = { .el_len = sizeof(struct made_vip) };

	for (uint32_t i = r.first; i < r.first + r.n; i++) {
		struct made_vip m = { .vip = *vip_at(k, i),
				      .seen = *build_seen(&k->b, SCHEMA_vip, i) };

		vec_push(&v, &m);
	}
	return v;
}

/* Puts them back, those of a family only (0: all), each once. */
static struct conf_range put_back(struct ka *k, const struct vec *v, uint8_t family,
				  const char *interface)
{
	struct conf_range r = { .first = k->b.list[SCHEMA_vip].n };
	char text[ADDR_TEXT_LEN];

	for (uint32_t i = 0; i < v->n; i++) {
		const struct made_vip *made = vec_at(v, i);
		const struct ip_addr *addr = &made->vip.s.prefix.addr;
		struct conf_made m;

		if (family && addr->family != family) {
			err_add(k->errs, ERR_WARNING, made->vip.loc.file, made->vip.loc.line,
				"address %s is not of the family of the first one: left out, as in "
				"keepalived; it can stand in virtual_ipaddress_excluded",
				addr_text(addr, text));
			continue;
		}
		memset(&m.o, 0, conf_shape[SCHEMA_vip].len);
		m.o.vip = made->vip;
		m.seen = made->seen;
		build_push(&k->b, SCHEMA_vip, &m);
		r.n++;
	}
	ka_drop_twice(k, SCHEMA_vip, &r, cmp_vip, interface, tell_vip_twice);
	return r;
}

/* More than an advert can tell of go to the excluded ones. */
static void resolve_vips(struct ka *k, const struct ka_node *n, struct ka_obj *o, uint32_t first)
{
	struct conf_vrrp *in = o->base;
	const char *interface = in->s.interface ? in->s.interface : "";
	struct vec vips = take(k, in->s.vips), evips = take(k, in->s.evips), more;
	uint8_t family =
		vips.n ? ((struct made_vip *)vec_at(&vips, 0))->vip.s.prefix.addr.family : AF_INET;
	uint32_t max = family == AF_INET6 ? VIPS_MAX_V6 : VIPS_MAX_V4, moved = 0;

	vec_cut(&k->b.list[SCHEMA_vip], first);
	in->s.vips = put_back(k, &vips, family, interface);
	if (in->s.vips.n > max) {
		moved = in->s.vips.n - max;
		more = take(k, (struct conf_range){ in->s.vips.first + max, moved });
		for (uint32_t i = 0; i < moved; i++)
			vec_push(&evips, vec_at(&more, i));
		vec_fini(&more);
		vec_cut(&k->b.list[SCHEMA_vip], in->s.vips.first + max);
		in->s.vips.n = max;
		ka_mark(o, "virtual_ipaddress_excluded");
		KA_WARN(k, n,
			"vrrp_instance %.64s: %u addresses do not fit in an advert; they are among "
			"the excluded ones, as in keepalived",
			n->word[1], moved);
	}
	in->s.evips = put_back(k, &evips, 0, interface);
	vec_fini(&vips);
	vec_fini(&evips);
}

void ka_vrrp_instance(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_obj i;
	uint32_t first = k->b.list[SCHEMA_vip].n;

	(void)o;
	k->is_bad = false;
	ka_begin(k, &i, SCHEMA_vrrp, n, NULL);
	if (!ka_put(k, n, 1, &i, "name"))
		return;
	ka_extra(k, n, 2);
	ka_statements(k, KA_VRRP, n->child, &i);
	resolve_vips(k, n, &i, first);
	resolve_election(k, n, &i);
	resolve_advert_int(k, n, &i);
	resolve_auth(k, n, &i);
	ka_push(k, n, &i);
}

/* ------------------------------------------------------------------ sync groups */

/* a name by itself was a member in old versions */
static void member(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	if (n->is_block || n->word_n != 1) {
		ka_tell_unknown(k, KA_SYNC, n, n->word[0]);
		return;
	}
	KA_WARN(k, n,
		"'%.40s' is taken for a member of the group, as in old versions of keepalived",
		n->word[0]);
	(void)ka_add_texts(k, n, schema_find(SCHEMA_sync, "group"), o, n->word, 1);
}

const struct ka_word ka_words_sync[] = {
	{ "", member, false },
	{ NULL, NULL, false },
};

void ka_sync_group(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_obj g;

	(void)o;
	k->is_bad = false;
	ka_begin(k, &g, SCHEMA_sync, n, NULL);
	if (!ka_put(k, n, 1, &g, "name"))
		return;
	ka_extra(k, n, 2);
	ka_statements(k, KA_SYNC, n->child, &g);
	if (!ka_has(&g, "group") && !k->is_bad)
		KA_WARN(k, n, "vrrp_sync_group %.64s has no 'group': left out, as in keepalived",
			n->word[1]);
	else
		ka_push(k, n, &g);
}
