/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * core/ops/rights: which capability is told as missing, what a configuration wants, and what is given up
 * or inherited, in a process of its own each.
 */
#include "core/ops/rights.h"

#include "unit.h"

#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIT(cap) (UINT64_C(1) << (cap))

/* The names that are told, in order, with a comma each. */
static void told(unsigned want, uint64_t have, char *text, size_t len)
{
	*text = '\0';
	for (unsigned i = 0; i < RIGHTS_N; i++) {
		if (!rights_is_missing(&rights_rows[i], want, have))
			continue;
		strncat(text, rights_rows[i].name + strlen("CAP_"), len - strlen(text) - 1);
		strncat(text, ",", len - strlen(text) - 1);
	}
}

static void missing(void **state)
{
	const uint64_t all = ~UINT64_C(0);
	const struct {
		unsigned want;
		uint64_t have;
		const char *told;
	} cases[] = {
		{ 0, 0, "" },
		{ ~0U, all, "" },
		{ 1U << RIGHTS_ROUTER, 0, "NET_ADMIN,NET_RAW," },
		{ 1U << RIGHTS_ROUTER, all & ~BIT(CAP_NET_RAW), "NET_RAW," },
		{ 1U << RIGHTS_PING, BIT(CAP_NET_ADMIN), "NET_RAW," },
		{ 1U << RIGHTS_USER, 0, "SETUID,SETGID,KILL," },
		{ 1U << RIGHTS_USER, all & ~BIT(CAP_KILL), "KILL," },
		{ 1U << RIGHTS_OWNER, 0, "CHOWN," },
		{ 1U << RIGHTS_PORT, 0, "NET_BIND_SERVICE," },
		{ 1U << RIGHTS_PORT | 1U << RIGHTS_OWNER, all & ~BIT(CAP_SETUID), "" },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		told(cases[i].want, cases[i].have, text, sizeof(text));
		assert_string_equal(text, cases[i].told);
	}
}

static void wanted(void **state)
{
	uid_t me = geteuid(), other = me + 1;
	gid_t mine = getegid();
	struct conf_script script = { .account = { other, mine, "" } };
	struct conf_fifo fifo = { .account = { me, mine, "" } };
	struct conf_check check[2] = { { .s = { .type = CHECK_TCP } },
				       { .s = { .type = CHECK_TCP, .bind_port = 1024 } } };
	struct conf_vrrp vrrp = { .s = { .name = "a" } };
	struct conf c = { .check = check, .check_n = 2, .fifo = &fifo, .fifo_n = 1 };

	(void)state;
	assert_int_equal(rights_want(&c), 0);
	c.vrrp = &vrrp;
	c.vrrp_n = 1;
	assert_int_equal(rights_want(&c), 1U << RIGHTS_ROUTER);
	c.vrrp_n = 0;
	check[0].s.bind_port = 1023;
	assert_int_equal(rights_want(&c), 1U << RIGHTS_PORT);
	check[0].s.bind_port = 0;
	check[0].s.type = CHECK_PING;
	assert_int_equal(rights_want(&c), 1U << RIGHTS_PING);
	check[0].s.type = CHECK_TCP;
	fifo.account.gid = mine + 1;
	assert_int_equal(rights_want(&c), 1U << RIGHTS_OWNER);
	c.fifo_n = 0;
	c.script = &script;
	c.script_n = 1;
	assert_int_equal(rights_want(&c), 1U << RIGHTS_USER);
	/* what nobody has was never looked up */
	script.account = (struct conf_account){ .groups_of = NULL };
	assert_int_equal(rights_want(&c), 0);
}

/* What the helper has and no thread of vipd: gone, the rest is there. As whoever runs the test. */
static void gives_up(void **state)
{
	static const unsigned of_helper[] = { CAP_SETUID, CAP_SETGID, CAP_KILL };
	bool had = rights_has(CAP_NET_ADMIN);
	int status;
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		struct conf c = { .check_n = 0 };
		bool is_good = rights_settle(&c) && rights_has(CAP_NET_ADMIN) == had;

		for (size_t i = 0; i < N_OF(of_helper); i++)
			is_good &= !rights_has(of_helper[i]);
		_exit(is_good ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void nothing_inherited(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		bool is_good = !rights_none_inherited();

		for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
			is_good &= prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) <= 0;
		_exit(is_good ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing),
		cmocka_unit_test(wanted),
		cmocka_unit_test(gives_up),
		cmocka_unit_test(nothing_inherited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
