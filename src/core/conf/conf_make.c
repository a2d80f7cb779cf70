/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_make.h.
 */
#include "core/conf/conf_make.h"

#include "core/conf/conf_compare.h"
#include "core/conf/conf_resolve.h"

#include <stdio.h>
#include <string.h>

void conf_make_init(struct conf_make *b, struct conf *c)
{
	*b = (struct conf_make){ .c = c };
	for (int kind = 0; kind < SCHEMA_KIND_N; kind++)
		b->list[kind].el_len = conf_shape[kind].len;
}

uint32_t conf_make_add(struct conf_make *b, enum schema_kind kind, const void *obj)
{
	vec_push(&b->list[kind], obj);
	return b->list[kind].n - 1;
}

void *conf_make_at(struct conf_make *b, enum schema_kind kind, uint32_t i)
{
	return vec_at(&b->list[kind], i);
}

void conf_make_cut(struct conf_make *b, enum schema_kind kind, uint32_t n)
{
	vec_cut(&b->list[kind], n);
}

void conf_make_defaults(enum schema_kind kind, void *base)
{
	memcpy(base, schema_defaults(kind), schema_of[kind].len);
}

const char *conf_vs_default_name(const struct fields_vs *s, char buf[static CONF_VS_NAME_LEN])
{
	char host[ADDR_TEXT_LEN];

	if (s->group)
		(void)snprintf(buf, CONF_VS_NAME_LEN, "vs-group-%.64s-%s", s->group,
			       schema_enum_name(schema_names_PROTOCOL, s->protocol));
	else if (s->fwmark)
		(void)snprintf(buf, CONF_VS_NAME_LEN, "vs-fwmark-%u-%s", s->fwmark,
			       s->family ? schema_enum_name(schema_names_FAMILY, s->family)
					 : "inet");
	else
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

bool conf_checks_equal(const struct conf *c, const struct conf_check *all, struct conf_range a,
		       struct conf_range b)
{
	if (a.n != b.n)
		return false;
	for (uint32_t i = 0; i < a.n && a.first != b.first; i++)
		if (conf_compare(SCHEMA_check, c, &all[a.first + i], c, &all[b.first + i]))
			return false;
	return true;
}

bool conf_check_runs(uint8_t type)
{
	switch ((enum words_CHECK_TYPE)type) {
	case CHECK_TCP:
	case CHECK_HTTP:
	case CHECK_HTTPS:
	case CHECK_SMTP:
	case CHECK_DNS:
	case CHECK_UDP:
	case CHECK_PING:
	case CHECK_EXPECT:
	case CHECK_SCRIPT:
	case CHECK_AGENT:
	case CHECK_FILE:
	case CHECK_GRPC:
		return true;
	case CHECK_BFD:
		break;
	}
	return false;
}

void conf_make_probes(struct conf *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->rs_n; i++)
		for (uint32_t k = 0; k < c->rs[i].s.checks.n; k++)
			n += conf_check_runs(c->check[c->rs[i].s.checks.first + k].s.type);
	c->probe = arena_array(&c->arena, n, sizeof(*c->probe));
	c->probe_n = n;
	n = 0;
	for (uint32_t i = 0; i < c->rs_n; i++) {
		struct conf_rs *rs = &c->rs[i];

		rs->probes.first = n;
		for (uint32_t k = 0; k < rs->s.checks.n; k++)
			if (conf_check_runs(c->check[rs->s.checks.first + k].s.type))
				c->probe[n++] =
					(struct conf_probe){ .rs = i,
							     .check = rs->s.checks.first + k };
		rs->probes.n = n - rs->probes.first;
	}
}

/* Settings that only decided what others are. */
static void drop_build_rows(struct conf *c)
{
	for (int kind = 0; kind < SCHEMA_KIND_N; kind++)
		for (const struct schema_key *k = schema_of[kind].key; k->name; k++) {
			unsigned char *at;

			if (!k->is_build || schema_of[kind].is_once)
				continue;
			memcpy(&at, (unsigned char *)c + conf_shape[kind].array_off, sizeof(at));
			for (uint32_t i = 0; i < conf_object_n(c, (enum schema_kind)kind); i++)
				memset(schema_place(k, at + i * conf_shape[kind].len), 0, k->len);
		}
}

void conf_finish(struct conf *c)
{
	conf_resolve(c);
	drop_build_rows(c);
	conf_make_probes(c);
}

void conf_make_finish(struct conf_make *b)
{
	for (int kind = 0; kind < SCHEMA_KIND_N; kind++)
		if (!schema_of[kind].is_once)
			conf_take(b->c, (enum schema_kind)kind, &b->list[kind]);
	conf_finish(b->c);
}

void conf_take(struct conf *c, enum schema_kind kind, struct vec *list)
{
	size_t len = conf_shape[kind].len;
	unsigned char *p = arena_array(&c->arena, list->n, len);

	for (uint32_t i = 0; i < list->n; i++)
		memcpy(p + i * len, vec_at(list, i), len);
	memcpy((unsigned char *)c + conf_shape[kind].array_off, &p, sizeof(p));
	memcpy((unsigned char *)c + conf_shape[kind].n_off, &list->n, sizeof(list->n));
	vec_fini(list);
}
