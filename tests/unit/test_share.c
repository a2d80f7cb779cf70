/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * core/conf/conf_share: who leads whom.
 */
#include "core/clock.h"
#include "core/conf/conf_share.h"

#include "unit.h"

struct row {
	uint32_t id;
	const char *addr; /* of the server */
	uint16_t port;
	const char *connect_ip; /* of the check; may be NULL */
	const char *path;
	uint8_t fall_n;
	uint32_t leader;
};

static struct conf *make(const struct row *row, uint32_t n, bool is_on)
{
	struct conf *c = conf_new();

	c->workers.s.share_checks = is_on;
	c->rs = arena_array(&c->arena, n, sizeof(*c->rs));
	c->check = arena_array(&c->arena, n, sizeof(*c->check));
	c->probe = arena_array(&c->arena, n, sizeof(*c->probe));
	c->rs_n = c->check_n = c->probe_n = n;
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
	}
	return c;
}

static void test_groups(void **state)
{
	static const struct row rows[] = {
		/* the smallest id leads, wherever it stands */
		{ 7, "10.0.0.1", 80, NULL, "/", 3, 2 },
		{ 2, "10.0.0.1", 80, NULL, "/", 3, 2 },
		{ 9, "10.0.0.1", 80, NULL, "/", 3, 2 },
		/* another port, path, address, setting */
		{ 3, "10.0.0.1", 81, NULL, "/", 3, 3 },
		{ 4, "10.0.0.1", 80, NULL, "/x", 3, 4 },
		{ 5, "10.0.0.2", 80, NULL, "/", 3, 5 },
		{ 6, "10.0.0.1", 80, NULL, "/", 2, 6 },
	};
	struct conf *c = make(rows, N_OF(rows), true);

	(void)state;
	conf_share(c);
	for (uint32_t i = 0; i < N_OF(rows); i++)
		assert_int_equal(c->probe[i].leader.v, rows[i].leader);
	assert_int_equal(conf_share_leaders(c), 5);
	conf_free(c);

	c = make(rows, N_OF(rows), false);
	conf_share(c);
	for (uint32_t i = 0; i < N_OF(rows); i++)
		assert_int_equal(c->probe[i].leader.v, rows[i].id);
	conf_free(c);
}

/* One address that is asked for many servers. */
static void test_connect_ip(void **state)
{
	static const struct row rows[] = {
		{ 1, "10.0.0.1", 80, "10.9.9.9", "/", 3, 1 },
		{ 2, "10.0.0.2", 80, "10.9.9.9", "/", 3, 1 },
		{ 3, "10.0.0.9", 80, NULL, "/", 3, 3 },
	};
	struct conf *c = make(rows, N_OF(rows), true);

	(void)state;
	conf_share(c);
	for (uint32_t i = 0; i < N_OF(rows); i++)
		assert_int_equal(c->probe[i].leader.v, rows[i].leader);
	conf_free(c);
	c = make(NULL, 0, true);
	conf_share(c);
	assert_int_equal(conf_share_leaders(c), 0);
	conf_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_connect_ip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
