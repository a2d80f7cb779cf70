/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What libconfig says badly or not at all, and what is said instead.
 */
#include "core/conf/conf_load.h"
#include "core/conf/conf_scan.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void words(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *says; /* NULL: the text is good */
	} cases[] = {
		/* commas */
		{ "virtual_servers = (\n { address = \"10.0.0.1\"; },\n);", 3, "comma before ')'" },
		{ "include = [ \"a\",\n \"b\", ];", 2, "comma before ']'" },
		{ "pools = ( { name = \"a\"; }\n { name = \"b\"; } );", 2,
		  "comma is missing before '{'" },
		{ "workers = { a = [ 1 2 ]; };", 1, "comma is missing before 2" },
		{ "workers = { a = [ 1; 2 ]; };", 1, "';' inside a list" },
		{ "workers = { a = ( , 2 ); };", 1, "',' inside a list" },
		/* what wants quotes */
		{ "workers = {\n t = 5s; };", 2, "5s needs quotes: \"5s\"" },
		{ "workers = {\n\n t = 10.0.0.1; };", 3, "10.0.0.1 needs quotes" },
		{ "workers = { t = eth0; };", 1, "eth0 needs quotes" },
		{ "workers = { t = /etc/x; };", 1, "/etc/x needs quotes" },
		{ "workers = { t = yes; };", 1, "write true or false, not yes" },
		{ "workers = { t = [ on ]; };", 1, "write true or false, not on" },
		/* quotes */
		{ "node = \"a\";\nworkers = { t = \"x;\n};\n# end\n", 2, "no closing quote" },
		{ "node = \"a;\nworkers = { t = \"x\"; };\n", 1, "no closing quote" },
		/* brackets */
		{ "workers = {\n  a = {\n    c = 1;\n};\nd = 1;\n", 2,
		  "'{' of this line is not closed" },
		{ "workers = {\n  a = 1;\n", 1, "'{' of this line is not closed" },
		{ "pools = (\n  { name = \"a\"; \n", 2, "'{' of this line is not closed" },
		{ "pools = (\n  { name = \"a\"; )\n};", 2, "not closed before the ')' of line 2" },
		{ "workers = { };\n};", 2, "'}' closes nothing" },
		/* names and signs */
		{ "workers { a = 1; };", 1, "'=' is missing before '{'" },
		{ "node \"a\";", 1, "'=' is missing before \"a\"" },
		{ "node = ;", 1, "value is missing before ';'" },
		{ "workers = { a = };", 1, "value is missing before '}'" },
		{ "10.0.0.1 = 5;", 1, "10.0.0.1 can't be the name of a setting" },
		{ "workers = { a = 1; };\n{ };", 2, "no name here" },
		{ "node = 'a';", 1, "what is ''' here?" },
		/* twice */
		{ "workers = {\n check_threads = 1;\n\n check_threads = 2; };", 4,
		  "'check_threads' is set in line 2 already" },
		{ "pools = ( { name = \"a\"; }, { name = \"b\";\n name = \"c\"; } );", 2,
		  "'name' is set in line 1 already" },
		{ "node = \"x\";\nnode = \"y\";", 2, "'node' is set in line 1 already" },
		/* the library's own include */
		{ "\n@include \"no-such-file\"\n", 2, "@include is not taken" },
		/* numbers */
		{ "workers = {\n check_threads = 4294967296; };", 2, "4294967296 is too large" },
		{ "workers = { check_threads = 0x1FFFFFFFF; };", 1, "0x1FFFFFFFF is too large" },
		{ "workers = { check_threads = 99999999999999999999L; };", 1, "is too large" },
		{ "workers = { check_threads = 1111111111222222222233333333334444444444; };", 1,
		  "is too large" },
		{ "workers = { check_threads = 010; };", 0, NULL }, /* ten: not octal */
		{ "\xef\xbb\xbfworkers = { check_threads = 0x10; };", 0, NULL },
		{ "# 99999999999999999999, \"\nworkers = { }; /* 5s } */ // )\n", 0, NULL },
		{ "node = \"a\" \"b\";;", 1, NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct err_list errs = { 0 };
		struct conf *c = conf_load_text("t", cases[i].text, strlen(cases[i].text), &errs);

		if (cases[i].says && (errs.n_error < 1 || errs.item[0].line != cases[i].line ||
				      !strstr(errs.item[0].text, cases[i].says)))
			fail_msg("%s\n-> %u: %s", cases[i].text, errs.n ? errs.item[0].line : 0,
				 errs.n ? errs.item[0].text : "nothing");
		/* one mistake, one error; but a number that was cut is out of range as well */
		if (cases[i].says && errs.n_error != 1 && !strstr(cases[i].says, "too large"))
			fail_msg("%s\n-> %s", cases[i].text, errs.item[1].text);
		if (!cases[i].says && cases[i].line == 0 && errs.n_error)
			fail_msg("%s\n-> %s", cases[i].text, errs.item[0].text);
		assert_int_equal(c == NULL, errs.n_error > 0);
		conf_free(c);
		err_fini(&errs);
	}
}

/* A comment that a lone carriage return seems to end. */
static void carriage_return(void **state)
{
	static const char text[] = "workers = { };\n# hi\rnode = \"a\";\nworkers2 = 1;";
	static const char dos[] = "# a file from elsewhere\r\nworkers = { };\r\n";
	struct err_list errs = { 0 };
	struct conf *c = conf_load_text("t", dos, strlen(dos), &errs);

	(void)state;
	assert_non_null(c);
	assert_int_equal(errs.n, 0);
	conf_free(c);
	assert_null(conf_load_text("t", text, strlen(text), &errs));
	assert_int_equal(errs.n_warning, 1);
	assert_int_equal(errs.item[0].line, 2);
	assert_non_null(strstr(errs.item[0].text, "carriage return"));
	err_fini(&errs);
}

/* The library's time is quadratic in the length of one text: it never sees a long one. */
static void long_texts(void **state)
{
	enum { LEN = 10 * 1024 * 1024 };
	char *text = malloc(LEN + 100);
	struct err_list errs = { 0 };

	(void)state;
	assert_non_null(text);
	memset(text, 'x', LEN + 100);
	memcpy(text, "node = \"", 8);
	memcpy(text + LEN, "\";\n", 4);
	assert_null(conf_load_text("t", text, strlen(text), &errs));
	assert_int_equal(errs.n_error, 1);
	assert_non_null(strstr(errs.item[0].text, "at most 65536 are allowed"));
	err_fini(&errs);

	/* a comment of that length is nothing */
	memcpy(text, "# xxxxx ", 8);

	struct conf *c = conf_load_text("t", text, strlen(text) - 3, &errs);

	assert_non_null(c);
	conf_free(c);
	err_fini(&errs);

	/* brackets in brackets */
	enum { DEEP = 20000 };

	memset(text, '(', DEEP);
	memcpy(text, "pools = ", 8);
	memset(text + DEEP, ')', DEEP - 8);
	memcpy(text + 2 * DEEP - 8, ";", 2);
	assert_null(conf_load_text("t", text, strlen(text), &errs));
	assert_true(errs.n_error >= 1);
	err_fini(&errs);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(carriage_return),
		cmocka_unit_test(long_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
