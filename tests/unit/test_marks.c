/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Marks for services with several addresses: who gets which, over reloads; the nftables table; what becomes
 * of it in the kernel's table and for ha_suspend.
 */
#include "core/conf/conf_mark.h"
#include "core/conf/idmap.h"
#include "ipvs/face.h"
#include "ipvs/here.h"
#include "ipvs/marks.h"
#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRS_N = 4, FIRST = 1000 };

struct row {
	const char *name;
	uint32_t id;
	const char *addr[ADDRS_N]; /* prefixes, or "=MARK" */
	uint16_t port; /* of all of them */
	bool has_mark[CONF_MARK_N];
};

static const struct row rows[] = {
	{ "one", 1, { "10.0.0.1/32" }, 80, { false, false } },
	{ "two", 2, { "10.0.1.1/32", "10.0.1.2/32" }, 80, { true, false } },
	{ "prefix", 3, { "10.0.2.1/30" }, 80, { true, false } },
	{ "both", 4, { "10.0.3.1/32", "fd00::1/128" }, 80, { true, true } },
	{ "six", 5, { "fd01::/126" }, 80, { false, true } },
	{ "all ports", 6, { "10.0.4.1/32", "10.0.4.2/32" }, 0, { false, false } },
	{ "marked", 7, { "10.0.5.1/32", "=1005", "10.0.5.2/32" }, 80, { true, false } },
	{ "marks", 8, { "=1006", "=1007" }, 80, { false, false } },
};

/* The rows from `from` on, all of them. */
static struct conf *make(const struct row *row, uint32_t n, uint32_t first)
{
	struct conf *c = conf_new();

	c->global.s.nft_ipvs = "marks";
	c->global.s.nft_ipvs_mark = first;
	c->global.s.nft_ipvs_priority = -1;
	c->vs = arena_array(&c->arena, n, sizeof(*c->vs));
	c->vsaddr = arena_array(&c->arena, (size_t)n * ADDRS_N, sizeof(*c->vsaddr));
	idmap_init(&c->inst_by_id, &c->arena, 1);
	idmap_init(&c->vs_by_id, &c->arena, n);
	for (uint32_t i = 0; i < n; i++) {
		struct conf_vs *vs = &c->vs[c->vs_n++];

		vs->s.name = row[i].name;
		vs->s.protocol = VS_TCP;
		vs->s.port = row[i].port;
		vs->id.v = row[i].id;
		vs->where.first = c->vsaddr_n;
		idmap_put(&c->vs_by_id, vs->id.v, i);
		for (unsigned k = 0; k < ADDRS_N && row[i].addr[k]; k++) {
			struct fields_vsaddr *a = &c->vsaddr[c->vsaddr_n++].s;

			if (row[i].addr[k][0] == '=')
				a->fwmark = (uint32_t)atoi(row[i].addr[k] + 1);
			else
				assert_int_equal(prefix_parse(row[i].addr[k], &a->prefix), 0);
			vs->where.n++;
		}
	}
	return c;
}

static void who(void **state)
{
	struct conf *c = make(rows, N_OF(rows), FIRST);

	(void)state;
	conf_mark_make(c, NULL);
	for (uint32_t i = 0; i < N_OF(rows); i++)
		for (unsigned k = 0; k < CONF_MARK_N; k++) {
			uint32_t mark = c->vs[i].mark[k];

			assert_int_equal(!!mark, rows[i].has_mark[k]);
			assert_true(!mark || (mark >= FIRST && mark < FIRST + CONF_MARK_SPAN));
			assert_true(mark < 1005 || mark > 1007); /* those of the file */
		}
	conf_mark_clear(c);
	c->global.s.nft_ipvs = NULL;
	conf_mark_make(c, NULL);
	assert_int_equal(c->vs[1].mark[0], 0);
	assert_null(marks_text(c));
	conf_free(c);
}

/* The same after a restart, wherever the service stands in the file; and what has a mark keeps it. */
static void stable(void **state)
{
	struct conf *a = make(rows, N_OF(rows), FIRST), *b = make(rows + 2, 2, FIRST), *c;

	(void)state;
	conf_mark_make(a, NULL);
	conf_mark_make(b, NULL);
	assert_int_equal(a->vs[2].mark[0], b->vs[0].mark[0]);
	assert_int_equal(a->vs[3].mark[1], b->vs[1].mark[1]);
	b->vs[0].mark[0] = a->vs[1].mark[0]; /* as if the two names met */
	c = make(rows, N_OF(rows), FIRST);
	conf_mark_make(c, b);
	assert_int_equal(c->vs[2].mark[0], b->vs[0].mark[0]);
	assert_int_not_equal(c->vs[1].mark[0], c->vs[2].mark[0]);
	assert_int_not_equal(c->vs[1].mark[0], 0);
	conf_free(a);
	conf_free(b);
	conf_free(c);
}

/* At the end of the numbers there are fewer marks than services. */
static void span(void **state)
{
	struct conf *c = make(rows, N_OF(rows), UINT32_MAX - 1);
	uint32_t n = 0;

	(void)state;
	conf_mark_make(c, NULL);
	for (uint32_t i = 0; i < c->vs_n; i++)
		for (unsigned k = 0; k < CONF_MARK_N; k++) {
			assert_true(!c->vs[i].mark[k] || c->vs[i].mark[k] >= UINT32_MAX - 1);
			n += !!c->vs[i].mark[k];
		}
	assert_int_equal(n, 2);
	conf_free(c);
}

static void text(void **state)
{
	struct conf *c = make(rows, N_OF(rows), FIRST);
	char line[128], *t;

	(void)state;
	conf_mark_make(c, NULL);
	t = marks_text(c);
	assert_non_null(t);
	assert_non_null(
		strstr(t, "add table inet marks\ndelete table inet marks\ntable inet marks {"));
	(void)snprintf(line, sizeof(line), "10.0.2.0/30 . tcp . 80 : %u", c->vs[2].mark[0]);
	assert_non_null(strstr(t, line));
	(void)snprintf(line, sizeof(line), "fd00::1/128 . tcp . 80 : %u", c->vs[3].mark[1]);
	assert_non_null(strstr(t, line));
	assert_null(strstr(t, "10.0.0.1/32"));
	assert_null(strstr(t, "10.0.4.1/32"));
	assert_non_null(strstr(t, "hook input priority -1;"));
	assert_non_null(strstr(t, "hook output priority -150;"));
	free(t);
	conf_free(c);
}

static uint32_t count(const struct faces *f, uint32_t vs, uint32_t mark)
{
	uint32_t n = 0;

	for (uint32_t i = f->set[vs].first; i < f->set[vs].first + f->set[vs].n; i++)
		n += f->face[i].fwmark == mark;
	return n;
}

/* One entry of the kernel for each mark; addresses without one have their own. */
static void faces(void **state)
{
	struct conf *c = make(rows, N_OF(rows), FIRST);
	struct faces f;

	(void)state;
	conf_mark_make(c, NULL);
	faces_make(&f, c);
	for (uint32_t i = 0; i < N_OF(rows); i++)
		for (unsigned k = 0; k < CONF_MARK_N; k++)
			if (c->vs[i].mark[k])
				assert_int_equal(count(&f, i, c->vs[i].mark[k]), 1);
	assert_int_equal(f.set[0].n, 1);
	assert_int_equal(f.set[1].n, 1);
	assert_int_equal(f.set[2].n, 1);
	assert_int_equal(f.set[3].n, 2);
	assert_int_equal(f.set[5].n, 2);
	assert_int_equal(count(&f, 5, 0), 2);
	assert_int_equal(f.set[6].n, 2); /* its own mark, and one for the rest */
	assert_int_equal(count(&f, 6, 1005), 1);
	faces_fini(&f);
	conf_free(c);
}

/* ha_suspend goes by the addresses behind the mark. */
static void suspend(void **state)
{
	struct conf *c = make(rows, N_OF(rows), FIRST);
	struct conf_vip vip = { .s = { .prefix = { .addr = addr_v4(htonl(0x0a000203)) } } };
	struct conf_vrrp in = { .s = { .name = "i", .vips = { 0, 1 } }, .id = { 9 } };
	struct here h = { 0 };
	struct faces f;

	(void)state;
	c->vip = &vip;
	c->vip_n = 1;
	c->vrrp = &in;
	c->vrrp_n = 1;
	idmap_put(&c->inst_by_id, 9, 0);
	for (uint32_t i = 0; i < c->vs_n; i++)
		c->vs[i].s.ha_suspend = true;
	conf_mark_make(c, NULL);
	faces_make(&f, c);
	here_adopt(&h, &f, NULL, c);
	for (uint32_t i = 0; i < c->vs_n; i++)
		assert_int_equal(here_has(&h, i), i != 2);
	here_fini(&h);
	faces_fini(&f);
	conf_free(c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(who),  cmocka_unit_test(stable), cmocka_unit_test(span),
		cmocka_unit_test(text), cmocka_unit_test(faces),  cmocka_unit_test(suspend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
