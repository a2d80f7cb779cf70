/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_make.h.
 */
#include "core/conf/conf_make.h"

#include "core/bug.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void conf_make_init(struct conf_make *b, struct conf *c)
{
	*b = (struct conf_make){ .c = c };
	b->list[SCHEMA_vrrp].el_len = sizeof(struct conf_vrrp);
	b->list[SCHEMA_vip].el_len = sizeof(struct conf_vip);
	b->list[SCHEMA_vs].el_len = sizeof(struct conf_vs);
	b->list[SCHEMA_rs].el_len = sizeof(struct conf_rs);
	b->list[SCHEMA_check].el_len = sizeof(struct conf_check);
}

uint32_t conf_make_add(struct conf_make *b, enum schema_kind kind, const void *obj)
{
	struct conf_make_list *l = &b->list[kind];

	BUG_ON(!l->el_len);
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 16;
		l->p = reallocarray(l->p, l->cap, l->el_len);
		BUG_ON(!l->p);
	}
	memcpy(l->p + l->n * l->el_len, obj, l->el_len);
	return l->n++;
}

void *conf_make_at(struct conf_make *b, enum schema_kind kind, uint32_t i)
{
	BUG_ON(i >= b->list[kind].n);
	return b->list[kind].p + i * b->list[kind].el_len;
}

void conf_make_cut(struct conf_make *b, enum schema_kind kind, uint32_t n)
{
	BUG_ON(n > b->list[kind].n);
	b->list[kind].n = n;
}

void conf_make_defaults(enum schema_kind kind, void *base)
{
	for (const struct schema_key *k = schema_of[kind].key; k->name; k++)
		if (k->dflt != 0 && k->dflt != SCHEMA_NEED && k->dflt != SCHEMA_INHERIT)
			schema_put(k, base, k->dflt);
}

const char *conf_vs_default_name(const struct fields_vs *s, char buf[static CONF_VS_NAME_LEN])
{
	char host[ADDR_TEXT_LEN];

	(void)snprintf(buf, CONF_VS_NAME_LEN, "vs-%s-%s-%u", addr_text(&s->addr, host),
		       schema_enum_name(schema_names_PROTOCOL, s->protocol), s->port);
	return buf;
}

struct conf_status conf_status_default(void)
{
	struct conf_status s = { { 0 } };

	for (unsigned code = 200; code < 300; code++)
		s.w[(code - 100) / 64] |= UINT64_C(1) << (code - 100) % 64;
	return s;
}

bool conf_checks_equal(const struct conf_check *all, struct conf_range a, struct conf_range b)
{
	if (a.n != b.n)
		return false;
	for (uint32_t i = 0; i < a.n && a.first != b.first; i++)
		if (schema_diff(SCHEMA_check, &all[a.first + i].s, &all[b.first + i].s))
			return false;
	return true;
}

/* A list's objects in the arena. */
static void *take(struct conf_make *b, enum schema_kind kind, uint32_t *n)
{
	struct conf_make_list *l = &b->list[kind];
	void *p = arena_array(&b->c->arena, l->n, l->el_len);

	if (l->n)
		memcpy(p, l->p, l->n * l->el_len);
	*n = l->n;
	free(l->p);
	*l = (struct conf_make_list){ .el_len = l->el_len };
	return p;
}

void conf_make_probes(struct conf *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->rs_n; i++)
		n += c->rs[i].s.checks.n;
	c->probe = arena_array(&c->arena, n, sizeof(*c->probe));
	c->probe_n = n;
	n = 0;
	for (uint32_t i = 0; i < c->rs_n; i++) {
		struct conf_rs *rs = &c->rs[i];

		rs->probes = (struct conf_range){ .first = n, .n = rs->s.checks.n };
		for (uint32_t k = 0; k < rs->s.checks.n; k++)
			c->probe[n++] =
				(struct conf_probe){ .rs = i, .check = rs->s.checks.first + k };
	}
}

void conf_make_finish(struct conf_make *b)
{
	struct conf *c = b->c;

	c->vrrp = take(b, SCHEMA_vrrp, &c->vrrp_n);
	c->vip = take(b, SCHEMA_vip, &c->vip_n);
	c->vs = take(b, SCHEMA_vs, &c->vs_n);
	c->rs = take(b, SCHEMA_rs, &c->rs_n);
	c->check = take(b, SCHEMA_check, &c->check_n);
	conf_make_probes(c);
}
