/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * core/conf/conf_share: who leads whom.
 */
#include "core/clock.h"
#include "core/conf/conf_share.h"
#include "core/conf/idmap.h"

#include "unit.h"

struct row {
	uint32_t id;
	const char *addr; /* of the server */
	uint16_t port;
	const char *connect_ip; /* of the check; may be NULL */
	const char *path;
	uint8_t fall_n;
	uint32_t leader;
	uint32_t worker;
};

static uint32_t worker_of(uint32_t id, uint32_t worker_n)
{
	return id % worker_n;
}

static struct conf *make(const struct row *row, uint32_t n, bool is_on)
{
	struct conf *c = conf_new();

	c->workers.s.share_checks = is_on;
	c->rs = arena_array(&c->arena, n, sizeof(*c->rs));
	c->check = arena_array(&c->arena, n, sizeof(*c->check));
	c->probe = arena_array(&c->arena, n, sizeof(*c->probe));
	c->rs_n = c->check_n = c->probe_n = n;
	idmap_init(&c->probe_by_id, &c->arena, n);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(addr_parse(row[i].addr, &c->rs[i].s.addr), 0);
		c->rs[i].s.port = row[i].port;
		c->check[i].s.type = CHECK_HTTP;
		c->check[i].s.interval_us = SEC(1);
		c->check[i].s.fall_n = row[i].fall_n;
		c->check[i].s.path = row[i].path;
		if (row[i].connect_ip)
			assert_int_equal(addr_parse(row[i].connect_ip, &c->check[i].s.ip), 0);
		c->probe[i] = (struct conf_probe){ .id = { row[i].id }, .rs = i, .check = i };
		idmap_put(&c->probe_by_id, row[i].id, i);
	}
	return c;
}

static void test_groups(void **state)
{
	static const struct row rows[] = {
		/* the smallest id leads, wherever it stands */
		{ 7, "10.0.0.1", 80, NULL, "/", 3, 2, 0 },
		{ 2, "10.0.0.1", 80, NULL, "/", 3, 2, 0 },
		{ 9, "10.0.0.1", 80, NULL, "/", 3, 2, 0 },
		/* another port, path, address, setting */
		{ 3, "10.0.0.1", 81, NULL, "/", 3, 3, 0 },
		{ 4, "10.0.0.1", 80, NULL, "/x", 3, 4, 0 },
		{ 5, "10.0.0.2", 80, NULL, "/", 3, 5, 0 },
		{ 6, "10.0.0.1", 80, NULL, "/", 2, 6, 0 },
	};
	struct conf *c = make(rows, N_OF(rows), true);

	(void)state;
	conf_share(c, NULL, 1, worker_of);
	for (uint32_t i = 0; i < N_OF(rows); i++)
		assert_int_equal(c->probe[i].leader.v, rows[i].leader);
	assert_int_equal(conf_share_leaders(c), 5);
	conf_free(c);

	c = make(rows, N_OF(rows), false);
	conf_share(c, NULL, 1, worker_of);
	for (uint32_t i = 0; i < N_OF(rows); i++)
		assert_int_equal(c->probe[i].leader.v, rows[i].id);
	conf_free(c);
}

/* One address that is asked for many servers. */
static void test_connect_ip(void **state)
{
	static const struct row rows[] = {
		{ 1, "10.0.0.1", 80, "10.9.9.9", "/", 3, 1, 0 },
		{ 2, "10.0.0.2", 80, "10.9.9.9", "/", 3, 1, 0 },
		{ 3, "10.0.0.9", 80, NULL, "/", 3, 3, 0 },
	};
	struct conf *c = make(rows, N_OF(rows), true);

	(void)state;
	conf_share(c, NULL, 1, worker_of);
	for (uint32_t i = 0; i < N_OF(rows); i++)
		assert_int_equal(c->probe[i].leader.v, rows[i].leader);
	conf_free(c);
	c = make(NULL, 0, true);
	conf_share(c, NULL, 1, worker_of);
	assert_int_equal(conf_share_leaders(c), 0);
	conf_free(c);
}

/* Rows at one address, all with the same check but where fall_n says otherwise. */
#define SAME(id, fall_n, leader, worker)                                                           \
	{                                                                                          \
		id, "10.0.0.1", 80, NULL, "/", fall_n, leader, worker                              \
	}

/* From the generation before, or NULL. */
static struct conf *next(struct conf *old, const struct row *row, uint32_t n, bool is_on)
{
	struct conf *c = make(row, n, is_on);

	conf_share(c, old, 2, worker_of);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(c->probe[i].leader.v, row[i].leader);
		assert_int_equal(c->probe[i].worker, row[i].worker);
	}
	if (old)
		conf_free(old);
	return c;
}

/* A probe has its worker for its life: the one who leads goes, groups split and merge, sharing ends and
 * begins. */
static void test_worker_stays(void **state)
{
	static const struct row first[] = { SAME(2, 3, 2, 0), SAME(3, 3, 2, 0), SAME(5, 3, 2, 0),
					    SAME(7, 2, 7, 1), SAME(8, 2, 7, 1) };
	static const struct row leader_gone[] = { SAME(3, 3, 3, 0), SAME(5, 3, 3, 0),
						  SAME(7, 2, 7, 1), SAME(8, 2, 7, 1) };
	static const struct row split[] = { SAME(3, 3, 3, 0), SAME(5, 4, 5, 0) };
	static const struct row off[] = { SAME(3, 3, 3, 0), SAME(5, 3, 5, 0), SAME(9, 3, 9, 1),
					  SAME(11, 3, 11, 1) };
	/* two workers, so it is made twice; the new one joins the first, whoever stands first */
	static const struct row on[] = { SAME(12, 3, 3, 0), SAME(3, 3, 3, 0), SAME(5, 3, 3, 0),
					 SAME(9, 3, 9, 1), SAME(11, 3, 9, 1) };
	static const struct row merged[] = { SAME(14, 3, 9, 1), SAME(9, 3, 9, 1),
					     SAME(15, 5, 15, 1) };
	struct conf *c;

	(void)state;
	c = next(NULL, first, N_OF(first), true);
	c = next(c, leader_gone, N_OF(leader_gone), true);
	c = next(c, split, N_OF(split), true);
	c = next(c, off, N_OF(off), false);
	c = next(c, on, N_OF(on), true);
	c = next(c, merged, N_OF(merged), true);
	conf_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_connect_ip),
		cmocka_unit_test(test_worker_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
