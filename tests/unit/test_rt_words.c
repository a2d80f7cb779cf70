/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * core/conf/rt_words: the parts of route and rule lines.
 */
#include "core/conf/rt_words.h"

#include "unit.h"

#include <errno.h>
#include <string.h>

static void test_realms(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint32_t want;
	} cases[] = {
		{ "4", 0, 4 },           { "3/4", 0, 3 << 16 | 4 }, { "0x10/65535", 0, 0x10ffff },
		{ "65536", -EINVAL, 0 }, { "", -EINVAL, 0 },        { "3/", -EINVAL, 0 },
		{ "/4", -EINVAL, 0 },    { "3/4/5", -EINVAL, 0 },   { "-1", -EINVAL, 0 },
		{ "3 /4", -EINVAL, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < N_OF(cases); i++) {
		uint32_t got = 0;

		assert_int_equal(rt_realms(cases[i].text, &got), cases[i].err);
		assert_int_equal(got, cases[i].want);
	}
}

static void test_mark(void **state)
{
	uint32_t mark, mask;

	(void)state;
	assert_int_equal(rt_mark("16", &mark, &mask), 0);
	assert_true(mark == 16 && mask == UINT32_MAX);
	assert_int_equal(rt_mark("0x10/0xff", &mark, &mask), 0);
	assert_true(mark == 16 && mask == 0xff);
	assert_int_equal(rt_mark("0xffffffff/0", &mark, &mask), 0);
	assert_true(mark == UINT32_MAX && mask == 0);
	assert_int_equal(rt_mark("4294967296", &mark, &mask), -EINVAL);
	assert_int_equal(rt_mark("1-2", &mark, &mask), -EINVAL);
}

static void test_range(void **state)
{
	uint32_t a, b;

	(void)state;
	assert_int_equal(rt_range("80", 65535, &a, &b), 0);
	assert_true(a == 80 && b == 80);
	assert_int_equal(rt_range("80-90", 65535, &a, &b), 0);
	assert_true(a == 80 && b == 90);
	assert_int_equal(rt_range("0-4294967294", UINT32_MAX - 1, &a, &b), 0);
	assert_int_equal(rt_range("90-80", 65535, &a, &b), -EINVAL);
	assert_int_equal(rt_range("65536", 65535, &a, &b), -EINVAL);
	assert_int_equal(rt_range("1-", 65535, &a, &b), -EINVAL);
}

static void test_numbers(void **state)
{
	uint64_t n;
	uint8_t p;

	(void)state;
	assert_int_equal(rt_u64("18446744073709551615", &n), 0);
	assert_true(n == UINT64_MAX);
	assert_int_equal(rt_u64("18446744073709551616", &n), -EINVAL);
	assert_int_equal(rt_u64("12a", &n), -EINVAL);
	assert_int_equal(rt_ipproto("tcp", &p), 0);
	assert_int_equal(p, 6);
	assert_int_equal(rt_ipproto("ipv6-icmp", &p), 0);
	assert_int_equal(p, 58);
	assert_int_equal(rt_ipproto("132", &p), 0);
	assert_int_equal(p, 132);
	assert_int_equal(rt_ipproto("256", &p), -EINVAL);
	assert_int_equal(rt_ipproto("tcpp", &p), -EINVAL);
}

static void test_encap(void **state)
{
	static const char *const good[] = {
		"mpls 100",
		"mpls 100/200/0xfffff ttl 7",
		"ip id 7 dst 10.0.0.1",
		" ip6  id 7  dst 2001:db8::1 src 2001:db8::2 tos 8 ttl 64 ",
		"ila 1:2:3:4",
		"ila 1:2:3:4 csum-mode no-action",
		"ip dst 10.0.0.1 hoplimit 255",
	};
	static const char *const bad[] = {
		"",
		"mpls",
		"mpls 1048576",
		"mpls 1/",
		"mpls 100 id 7",
		"ip dst 2001:db8::1",
		"ip6 dst 10.0.0.1",
		"ip dst",
		"ip id x",
		"ila 1:2",
		"ila 1:2:3:4 ttl 3",
		"vxlan 7",
		"ip csum-mode no-action",
		"ip ttl 256",
		"mpls 1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17",
		"ila 1:2:3:4 csum-mode all",
		"mpls 1111111111111111111111111111111111111111111111111111111111111111111111111111",
	};
	struct rt_encap e;

	(void)state;
	for (unsigned i = 0; i < N_OF(good); i++)
		assert_int_equal(rt_encap(good[i], &e), 0);
	for (unsigned i = 0; i < N_OF(bad); i++)
		assert_int_equal(rt_encap(bad[i], &e), -EINVAL);
	assert_int_equal(rt_encap("mpls 100/200 ttl 7", &e), 0);
	assert_true(e.label_n == 2 && e.label[0] == 100 && e.label[1] == 200);
	assert_true(e.has_ttl && e.ttl == 7);
	assert_int_equal(rt_encap("ila 1:2:3:4 csum-mode neutral-map", &e), 0);
	assert_true(e.locator == 0x0001000200030004u && e.has_csum_mode && e.csum_mode == 1);
	assert_int_equal(rt_encap("ip id 9 dst 10.0.0.1 tos 4", &e), 0);
	assert_true(e.has_id && e.id == 9 && e.dst.family == AF_INET && e.tos == 4 && !e.has_ttl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_realms), cmocka_unit_test(test_mark),
		cmocka_unit_test(test_range),  cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_encap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
