/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The election, a row for each statement; then all priorities against the order that they define.
 */
#include "unit.h"
#include "vrrp/elect.h"

static struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

struct row {
	const char *name;
	enum vrrp_state state;
	uint8_t prio;
	bool nopreempt;
	const char *src;
	uint8_t peer_prio;
	const char *peer;
	enum vrrp_event want;
};

/* clang-format off */
static const struct row rows[] = {
	{ "V79", VRRP_BACKUP, 100, false, "10.0.0.1", 0, "10.0.0.2", VRRP_EV_RESIGN },
	{ "V79 no preempt", VRRP_BACKUP, 100, true, "10.0.0.1", 0, "10.0.0.2", VRRP_EV_RESIGN },
	{ "V80 higher", VRRP_BACKUP, 100, false, "10.0.0.1", 101, "10.0.0.2", VRRP_EV_LOSE },
	{ "V80 equal", VRRP_BACKUP, 100, false, "10.0.0.1", 100, "10.0.0.2", VRRP_EV_LOSE },
	{ "V83 lower address", VRRP_BACKUP, 100, false, "10.0.0.2", 100, "10.0.0.1", VRRP_EV_LOSE },
	{ "V81", VRRP_BACKUP, 100, true, "10.0.0.1", 99, "10.0.0.2", VRRP_EV_LOSE },
	{ "V81 lowest", VRRP_BACKUP, 254, true, "10.0.0.1", 1, "10.0.0.2", VRRP_EV_LOSE },
	{ "V82", VRRP_BACKUP, 100, false, "10.0.0.1", 99, "10.0.0.2", VRRP_EV_WIN },
	{ "V86", VRRP_ACTIVE, 100, false, "10.0.0.1", 0, "10.0.0.2", VRRP_EV_RESIGN },
	{ "V87", VRRP_ACTIVE, 100, false, "10.0.0.2", 101, "10.0.0.1", VRRP_EV_LOSE },
	{ "V88", VRRP_ACTIVE, 100, false, "10.0.0.1", 100, "10.0.0.2", VRRP_EV_LOSE },
	{ "V88 unsigned", VRRP_ACTIVE, 100, false, "10.0.0.1", 100, "200.0.0.1", VRRP_EV_LOSE },
	{ "V88 network order", VRRP_ACTIVE, 100, false, "10.0.0.9", 100, "10.0.1.1", VRRP_EV_LOSE },
	{ "V88 IPv6", VRRP_ACTIVE, 100, false, "fe80::1", 100, "fe80::1:0", VRRP_EV_LOSE },
	{ "V89 equal", VRRP_ACTIVE, 100, false, "10.0.0.2", 100, "10.0.0.1", VRRP_EV_WIN },
	{ "V89 unsigned", VRRP_ACTIVE, 100, false, "200.0.0.1", 100, "10.0.0.1", VRRP_EV_WIN },
	{ "V89 lower", VRRP_ACTIVE, 100, false, "10.0.0.1", 99, "10.0.0.2", VRRP_EV_WIN },
	{ "V81 not in ACTIVE", VRRP_ACTIVE, 100, true, "10.0.0.1", 99, "10.0.0.2", VRRP_EV_WIN },
	{ "V92", VRRP_BACKUP, 255, true, "10.0.0.1", 254, "10.0.0.2", VRRP_EV_WIN },
	{ "V97 two owners", VRRP_ACTIVE, 255, false, "10.0.0.1", 255, "10.0.0.2", VRRP_EV_LOSE },
	{ "V97 winner", VRRP_ACTIVE, 255, false, "10.0.0.2", 255, "10.0.0.1", VRRP_EV_WIN },
};
/* clang-format on */

static void table(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct row *r = &rows[i];
		struct ip_addr peer = addr(r->peer);
		struct elect_self self = {
			.state = r->state,
			.prio = r->prio,
			.nopreempt = r->nopreempt,
			.src = addr(r->src),
		};

		if (elect_event(&self, r->peer_prio, &peer) != r->want)
			fail_msg("%s", r->name);
	}
}

/* Of two routers that are both active, exactly one stays, whatever the priorities. */
static void one_of_two_yields(void **state)
{
	struct ip_addr low = addr("10.0.0.1"), high = addr("10.0.0.2");

	(void)state;
	for (unsigned a = 1; a <= 255; a++)
		for (unsigned b = 1; b <= 255; b++) {
			struct elect_self x = { VRRP_ACTIVE, (uint8_t)a, false, low };
			struct elect_self y = { VRRP_ACTIVE, (uint8_t)b, false, high };
			enum vrrp_event ex = elect_event(&x, y.prio, &high);
			enum vrrp_event ey = elect_event(&y, x.prio, &low);

			assert_true((ex == VRRP_EV_LOSE) != (ey == VRRP_EV_LOSE));
			assert_int_equal(ex == VRRP_EV_WIN, a > b);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(one_of_two_yields),
	};

	return cmocka_run_group_tests_name("elect", tests, NULL, NULL);
}
