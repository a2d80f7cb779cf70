/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/addr.h"
#include "unit.h"

#include <string.h>

static void good_addresses(void **state)
{
	static const char *const text[] = { "0.0.0.0", "10.0.0.1", "255.255.255.255",
					    "::",      "fe80::1",  "2001:db8::100" };

	(void)state;
	for (size_t i = 0; i < N_OF(text); i++) {
		struct ip_addr a;
		char buf[ADDR_TEXT_LEN];

		assert_int_equal(addr_parse(text[i], &a), 0);
		assert_string_equal(addr_text(&a, buf), text[i]);
	}
}

static void bad_addresses(void **state)
{
	static const char *const text[] = { "",          "10.0.0",     "10.0.0.256",
					    "10.0.0.1 ", "a",          "1.2.3.4.5",
					    "10.0.0.01", "fe80::1%lo", ":::" };
	struct ip_addr a;

	(void)state;
	for (size_t i = 0; i < N_OF(text); i++)
		assert_int_not_equal(addr_parse(text[i], &a), 0);
}

static void prefixes(void **state)
{
	static const struct {
		const char *text, *out;
	} good[] = { { "10.0.0.1", "10.0.0.1/32" },
		     { "10.0.0.1/0", "10.0.0.1/0" },
		     { "10.0.0.1/24", "10.0.0.1/24" },
		     { "fe80::1", "fe80::1/128" },
		     { "fe80::1/64", "fe80::1/64" } };
	static const char *const bad[] = { "10.0.0.1/33",  "10.0.0.1/",          "10.0.0.1/-1",
					   "10.0.0.1/024", "fe80::1/129",        "/24",
					   "10.0.0.1/24x", "10.0.0.1/4294967320" };
	struct ip_prefix p;
	char buf[PREFIX_TEXT_LEN];

	(void)state;
	for (size_t i = 0; i < N_OF(good); i++) {
		assert_int_equal(prefix_parse(good[i].text, &p), 0);
		assert_string_equal(prefix_text(&p, buf), good[i].out);
	}
	for (size_t i = 0; i < N_OF(bad); i++)
		assert_int_not_equal(prefix_parse(bad[i], &p), 0);
}

/* V88: unsigned, network order */
static void order(void **state)
{
	struct ip_addr a, b, c;

	(void)state;
	assert_int_equal(addr_parse("9.255.255.255", &a), 0);
	assert_int_equal(addr_parse("10.0.0.0", &b), 0);
	assert_int_equal(addr_parse("200.0.0.0", &c), 0);
	assert_true(addr_cmp(&a, &b) < 0);
	assert_true(addr_cmp(&c, &b) > 0);
	assert_true(addr_eq(&b, &b));
	assert_true(addr_is_multicast(&(struct ip_addr){ .family = AF_INET, .byte = { 224 } }));
	assert_false(addr_is_multicast(&b));
}

static void with_port(void **state)
{
	struct ip_addr a;
	char buf[ADDR_PORT_TEXT_LEN];

	(void)state;
	assert_int_equal(addr_parse("10.0.0.1", &a), 0);
	assert_string_equal(addr_port_text(&a, 65535, buf), "10.0.0.1:65535");
	assert_int_equal(addr_parse("1111:2222:3333:4444:5555:6666:7777:8888", &a), 0);
	assert_string_equal(addr_port_text(&a, 65535, buf),
			    "[1111:2222:3333:4444:5555:6666:7777:8888]:65535");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_addresses), cmocka_unit_test(bad_addresses),
		cmocka_unit_test(prefixes),       cmocka_unit_test(order),
		cmocka_unit_test(with_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
