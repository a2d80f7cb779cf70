/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Files of either language: told apart by their first word, read by the right loader.
 */
#include "core/conf/conf_open.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void by_content(void **state)
{
	static const struct {
		const char *text;
		enum conf_format format;
	} row[] = {
		{ "", CONF_FORMAT_LIBCONFIG },
		{ "# nothing but a comment", CONF_FORMAT_LIBCONFIG },
		{ "workers = { };", CONF_FORMAT_LIBCONFIG },
		{ "workers:\n{ };", CONF_FORMAT_LIBCONFIG },
		{ "# c\n\nworkers # c\n = { };", CONF_FORMAT_LIBCONFIG },
		{ "workers /* c */ = { };", CONF_FORMAT_LIBCONFIG },
		{ "include = [ \"a\" ];", CONF_FORMAT_LIBCONFIG },
		{ "// c\nx = 1;", CONF_FORMAT_LIBCONFIG },
		{ "/* vrrp_instance { */", CONF_FORMAT_LIBCONFIG },
		{ "@include \"a\"", CONF_FORMAT_LIBCONFIG },
		{ "\xef\xbb\xbf"
		  "a = 1;",
		  CONF_FORMAT_LIBCONFIG },
		{ "workers", CONF_FORMAT_LIBCONFIG }, /* cut off: its own loader says so */
		{ "! Configuration File for keepalived", CONF_FORMAT_KEEPALIVED },
		{ "global_defs {\n}", CONF_FORMAT_KEEPALIVED },
		{ "# c\nglobal_defs\n{\n}", CONF_FORMAT_KEEPALIVED },
		{ "vrrp_instance VI_1 {", CONF_FORMAT_KEEPALIVED },
		{ "include /etc/a.conf", CONF_FORMAT_KEEPALIVED },
		{ "$X=1", CONF_FORMAT_KEEPALIVED },
		{ "@main vrrp_instance x {", CONF_FORMAT_KEEPALIVED },
		{ "~SEQ(a,1) x", CONF_FORMAT_KEEPALIVED },
	};
	enum conf_format f;

	(void)state;
	for (size_t i = 0; i < N_OF(row); i++)
		if (conf_format_of(row[i].text, strlen(row[i].text)) != row[i].format)
			fail_msg("%s", row[i].text);
	assert_true(conf_format_parse("libconfig", &f) && f == CONF_FORMAT_LIBCONFIG);
	assert_true(conf_format_parse("keepalived", &f) && f == CONF_FORMAT_KEEPALIVED);
	assert_false(conf_format_parse("", &f));
}

static size_t errors(const char *path, enum conf_format format)
{
	struct err_list errs = { 0 };
	struct conf_ask ask = { .path = path };
	struct conf *c = conf_open(&ask, format, &errs);
	size_t n = errs.n_error;

	assert_int_equal(c == NULL, n > 0);
	conf_free(c);
	err_fini(&errs);
	return ask.is_unreadable ? SIZE_MAX : n;
}

static void either(void **state)
{
	(void)state;
	assert_int_equal(errors("etc/vipd.conf", CONF_FORMAT_GUESS), 0);
	assert_int_equal(errors("etc/vipd.conf", CONF_FORMAT_LIBCONFIG), 0);
	assert_int_equal(errors("tests/ka/plain.conf", CONF_FORMAT_GUESS), 0);
	assert_int_equal(errors("tests/ka/plain.conf", CONF_FORMAT_KEEPALIVED), 0);
	assert_true(errors("tests/ka/plain.conf", CONF_FORMAT_LIBCONFIG) > 0);
	/* words that mean nothing are no loss; others must not be left out by one that runs */
	assert_int_equal(errors("tests/ka/never.conf", CONF_FORMAT_GUESS), 0);
	assert_int_equal(errors("tests/ka/lost.conf", CONF_FORMAT_GUESS), 1);
	assert_true(errors("tests/ka/no-such-file", CONF_FORMAT_GUESS) == SIZE_MAX);
	assert_true(errors("tests/ka", CONF_FORMAT_GUESS) == SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_content),
		cmocka_unit_test(either),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
