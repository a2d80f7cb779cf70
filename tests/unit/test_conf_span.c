/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Ranges of addresses and "ADDRESS:PORT".
 */
#include "core/conf/conf_span.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void ranges(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint32_t n;
		const char *first, *last;
	} cases[] = {
		{ "10.1.0.[1-250]", 0, 250, "10.1.0.1", "10.1.0.250" },
		{ "10.1.0.[7-7]", 0, 1, "10.1.0.7", "10.1.0.7" },
		{ "10.1.0.7", 0, 1, "10.1.0.7", "10.1.0.7" },
		{ "10.[1-2].0.[1-3]", 0, 6, "10.1.0.1", "10.2.0.3" },
		{ "[10-11].0.0.1", 0, 2, "10.0.0.1", "11.0.0.1" },
		{ "10.0.[0-255].[0-255]", 0, 65536, "10.0.0.0", "10.0.255.255" },
		{ "10.[0-1].[0-255].[0-255]", -E2BIG, 0, "", "" },
		{ "[0-255].[0-255].[0-255].[0-255]", -E2BIG, 0, "", "" },
		{ "10.1.0.[250-1]", -EINVAL, 0, "", "" },
		{ "10.1.0.[1-256]", -EINVAL, 0, "", "" },
		{ "10.1.0.[1-", -EINVAL, 0, "", "" },
		{ "10.1.0.[1-2", -EINVAL, 0, "", "" },
		{ "10.1.0.[-2]", -EINVAL, 0, "", "" },
		{ "10.1.0.[1-]", -EINVAL, 0, "", "" },
		{ "10.1.0.[01-2]", -EINVAL, 0, "", "" },
		{ "10.1.0.1[0-9]", -EINVAL, 0, "", "" },
		{ "10.1.0.[1-2]0", -EINVAL, 0, "", "" },
		{ "10.1.[1-2]", -EINVAL, 0, "", "" },
		{ "10.1.0.0.[1-2]", -EINVAL, 0, "", "" },
		{ "10.1.0.[1-99999999999]", -EINVAL, 0, "", "" },
		{ "fd00::[1-9]", -EINVAL, 0, "", "" },
		{ "", -EINVAL, 0, "", "" },
	};
	char text[ADDR_TEXT_LEN];

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct conf_span s = { .n = 0 };
		int err = conf_span_parse(cases[i].text, strlen(cases[i].text), &s);

		if (err != cases[i].err)
			fail_msg("%s: %d", cases[i].text, err);
		assert_int_equal(s.n, cases[i].n);
		if (err)
			continue;

		struct ip_addr a = conf_span_at(&s, 0), b = conf_span_at(&s, s.n - 1);

		assert_string_equal(addr_text(&a, text), cases[i].first);
		assert_string_equal(addr_text(&b, text), cases[i].last);
		/* no address twice, and in order */
		for (uint32_t k = 1; k < s.n; k++) {
			b = conf_span_at(&s, k);
			assert_true(addr_cmp(&a, &b) < 0);
			a = b;
		}
	}
	assert_true(conf_span_is("10.0.0.[1-2]"));
	assert_true(conf_span_is("10.0.0.[1-"));
	assert_false(conf_span_is("[fd00::5]"));
	assert_false(conf_span_is("10.0.0.1"));
	assert_false(conf_span_is("10.0.0.[-1]"));
}

static void ports(void **state)
{
	static const struct {
		const char *text;
		int err;
		const char *host, *port; /* port NULL: none */
	} cases[] = {
		{ "10.0.0.1:80", 0, "10.0.0.1", "80" },
		{ "10.0.0.1", 0, "10.0.0.1", NULL },
		{ "10.0.0.1:", 0, "10.0.0.1", "" },
		{ "10.0.0.[1-9]:80", 0, "10.0.0.[1-9]", "80" },
		{ "[1-9].0.0.1:80", 0, "[1-9].0.0.1", "80" },
		{ "[fd00::5]:80", 0, "fd00::5", "80" },
		{ "[fd00::5]", 0, "fd00::5", NULL },
		{ "fd00::5", 0, "fd00::5", NULL },
		{ "[fd00::5", -EINVAL, "", NULL },
		{ "[fd00::5]80", -EINVAL, "", NULL },
		{ "", 0, "", NULL },
		{ ":80", 0, "", "80" },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		char text[64], *host, *port;

		(void)snprintf(text, sizeof(text), "%s", cases[i].text);
		if (conf_split_port(text, &host, &port) != cases[i].err)
			fail_msg("%s", cases[i].text);
		if (cases[i].err)
			continue;
		assert_string_equal(host, cases[i].host);
		assert_int_equal(port != NULL, cases[i].port != NULL);
		if (port)
			assert_string_equal(port, cases[i].port);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
		cmocka_unit_test(ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
