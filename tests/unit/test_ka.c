/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keepalived.conf -> configuration: the files under tests/ka, the samples of Debian's package, and every
 * keyword that there is.
 *
 * tests/ka/NAME.conf must become NAME.out (the converted text) with NAME.report (the findings). After a
 * change that is meant, KA_UPDATE=1 writes both anew; read the difference before you commit it.
 */
#include "core/conf/conf_check.h"
#include "core/conf/conf_load.h"
#include "core/conf/conf_text.h"
#include "core/conf/ka_conv.h"
#include "unit.h"
#include "unit_same.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ keywords */

static void every_keyword(void **state)
{
	enum { AT_LEAST = 361 };
	FILE *f = fopen("tests/ka/keywords.txt", "re");
	char name[80];
	unsigned n = 0, missing = 0;

	(void)state;
	assert_non_null(f);
	while (fscanf(f, "%79s", name) == 1) {
		n++;
		if (!ka_knows(name)) {
			print_message("%s is neither converted nor in ka_words.def\n", name);
			missing++;
		}
	}
	(void)fclose(f);
	assert_int_equal(missing, 0);
	assert_true(n >= AT_LEAST);
	assert_false(ka_knows("no_such_keyword"));
}

/* Whether one of the files under tests/ka has a word. */
static char *all_texts(void)
{
	DIR *d = opendir("tests/ka");
	struct dirent *e;
	char *out;
	size_t out_len;
	FILE *all = open_memstream(&out, &out_len);

	assert_non_null(d);
	while ((e = readdir(d))) {
		char path[300], line[1000];
		size_t len = strlen(e->d_name);
		FILE *f;

		if (len < 6 || strcmp(e->d_name + len - 5, ".conf") != 0)
			continue;
		(void)snprintf(path, sizeof(path), "tests/ka/%.200s", e->d_name);
		f = fopen(path, "re");
		assert_non_null(f);
		while (fgets(line, sizeof(line), f))
			(void)fprintf(all, " %s", line + strspn(line, " \t"));
		(void)fclose(f);
	}
	(void)closedir(d);
	(void)fclose(all);
	for (char *p = out; *p; p++)
		if (*p == '\n')
			*p = ' ';
	return out;
}

/* Each keyword stands in one of the files whose conversion is compared. */
static void every_keyword_is_tried(void **state)
{
	FILE *f = fopen("tests/ka/keywords.txt", "re");
	char name[80], word[90], *all = all_texts();
	unsigned missing = 0;

	(void)state;
	assert_non_null(f);
	while (fscanf(f, "%79s", name) == 1) {
		(void)snprintf(word, sizeof(word), " %s ", name);
		if (!strstr(all, word)) {
			print_message("%s is in no file of tests/ka\n", name);
			missing++;
		}
	}
	(void)fclose(f);
	free(all);
	assert_int_equal(missing, 0);
}

/* ------------------------------------------------------------------ what files become */

static char *findings(const struct err_list *errs)
{
	char *out;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	for (size_t i = 0; i < errs->n; i++)
		(void)fprintf(f, "%s:%u: %s: %s\n", errs->item[i].file, errs->item[i].line,
			      err_level_name(errs->item[i].level), errs->item[i].text);
	(void)fclose(f);
	return out;
}

/* The text's own snapshot is that of the original, and so is its text. */
static void text_means_the_same(const struct conf *c, const struct conf_text_opt *opt)
{
	char *text = conf_text(c, opt), *again;
	struct err_list errs = { 0 };
	struct conf *d = conf_load_unchecked("converted", text, strlen(text), &errs);

	if (!d)
		print_message("%s\n%s", text, findings(&errs));
	assert_non_null(d);
	same_conf(c, d);
	again = conf_text(d, opt);
	assert_string_equal(text, again);
	err_fini(&errs);
	conf_free(d);
	free(text);
	free(again);
}

static void means_the_same(const struct conf *c)
{
	static const struct conf_text_opt factored = { .is_factored = true };

	text_means_the_same(c, NULL);
	text_means_the_same(c, &factored);
}

static void same_or_update(const char *path, const char *want)
{
	FILE *f = fopen(path, getenv("KA_UPDATE") ? "w+e" : "re");
	char *have = NULL;
	size_t cap = 0;

	assert_non_null(f);
	if (getenv("KA_UPDATE")) {
		(void)fputs(want, f);
		rewind(f);
	}
	if (getdelim(&have, &cap, '\0', f) < 0) {
		have = realloc(have, 1);
		have[0] = '\0';
	}
	(void)fclose(f);
	if (strcmp(have, want) != 0)
		print_message("%s\n", path);
	assert_string_equal(want, have);
	free(have);
}

static void golden(const char *base)
{
	char path[400];
	struct err_list errs = { 0 };
	struct ka_report report = { 0 };
	bool is_unreadable;
	char *told, *text = NULL;

	(void)snprintf(path, sizeof(path), "%s.conf", base);
	(void)snprintf(same_label, sizeof(same_label), "%s", path);

	struct conf *c = ka_convert_file(path, "lb1", &errs, &report, &is_unreadable);
	struct conf_text_opt opt = { .head = report.text, .has_places = true, .is_factored = true };

	told = findings(&errs);
	(void)snprintf(path, sizeof(path), "%s.report", base);
	same_or_update(path, told);
	(void)snprintf(path, sizeof(path), "%s.out", base);
	if (c)
		text = conf_text(c, &opt);
	same_or_update(path, c ? text : "");
	assert_false(is_unreadable);
	if (c)
		means_the_same(c);
	free(told);
	free(text);
	err_fini(&errs);
	ka_report_fini(&report);
	conf_free(c);
}

static void golden_files(void **state)
{
	DIR *d = opendir("tests/ka");
	struct dirent *e;
	unsigned n = 0;

	(void)state;
	assert_non_null(d);
	while ((e = readdir(d))) {
		char base[300];
		size_t len = strlen(e->d_name);

		if (len < 6 || strcmp(e->d_name + len - 5, ".conf") != 0)
			continue;
		(void)snprintf(base, sizeof(base), "tests/ka/%.*s", (int)(len - 5), e->d_name);
		golden(base);
		n++;
	}
	(void)closedir(d);
	assert_true(n > 0);
}

/* The rules have nothing against it. */
static void passes_check(const struct conf *c, struct err_list *errs)
{
	conf_check(c, errs);
	for (size_t i = 0; i < errs->n; i++)
		if (errs->item[i].level == ERR_ERROR)
			fail_msg("%s:%u: %s", errs->item[i].file, errs->item[i].line,
				 errs->item[i].text);
}

/* Every sample converts, passes the rules, and is the same when it is read back. What is left out of one
 * is only what never will be. */
static void samples(void **state)
{
	static const char folder[] = "/usr/share/doc/keepalived/samples";
	DIR *d = opendir(folder);
	struct dirent *e;
	unsigned n = 0;

	(void)state;
	if (!d) {
		print_message("Debian's package keepalived is not there: no samples\n");
		skip();
	}
	while ((e = readdir(d))) {
		char path[400];
		struct err_list errs = { 0 };
		struct ka_report report = { 0 };
		bool is_unreadable;

		if (strncmp(e->d_name, "keepalived.conf", 15) != 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);

		struct conf *c = ka_convert_file(path, "high", &errs, &report, &is_unreadable);

		assert_non_null(c);
		passes_check(c, &errs);
		assert_int_equal(report.lost_n, 0);
		(void)snprintf(same_label, sizeof(same_label), "%s", path);
		means_the_same(c);
		assert_false(is_unreadable);
		err_fini(&errs);
		ka_report_fini(&report);
		conf_free(c);
		n++;
	}
	(void)closedir(d);
	assert_true(n > 0);
}

/* ------------------------------------------------------------------ many */

/* Equal checks of many servers are one, in the snapshot and in the text; words without a meaning are
 * counted when there are more of them than findings are kept. */
static void many_servers(void **state)
{
	enum { N = 30000 };
	char *text, what[100];
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct err_list errs = { 0 };
	struct ka_report report = { 0 };
	bool is_summed = false;

	(void)state;
	(void)fputs("virtual_server 10.0.0.1 80 {\n protocol TCP\n", f);
	for (unsigned i = 0; i < N; i++)
		(void)fprintf(f,
			      "real_server 10.%u.%u.%u 80 {\n weight 1\n nonsense\n TCP_CHECK {\n "
			      "connect_timeout 3\n delay_before_retry 2\n}\n}\n",
			      1 + i / 65536, i / 256 % 256, i % 256);
	(void)fputs("}\n", f);
	(void)fclose(f);

	struct ka_source src = { .name = "k", .text = text, .len = len, .id = "" };
	struct conf *c = ka_convert(&src, &errs, &report);

	assert_non_null(c);
	assert_int_equal(c->rs_n, N);
	assert_int_equal(c->check_n, 1); /* equal lists are one */
	assert_int_equal(c->probe_n, N);
	assert_int_equal(report.lost_n, N);
	(void)snprintf(what, sizeof(what), "are not converted in %d more places", N - 10);
	for (size_t i = 0; i < errs.n; i++)
		is_summed |= strstr(errs.item[i].text, what) != NULL;
	assert_true(is_summed);
	(void)snprintf(same_label, sizeof(same_label), "many servers");
	means_the_same(c);
	err_fini(&errs);
	ka_report_fini(&report);
	conf_free(c);
	free(text);
}

static void unreadable(void **state)
{
	struct err_list errs = { 0 };
	bool is_unreadable = false;

	(void)state;
	assert_null(ka_convert_file("tests/ka/no-such-file", NULL, &errs, NULL, &is_unreadable));
	assert_true(is_unreadable);
	err_fini(&errs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_keyword), cmocka_unit_test(every_keyword_is_tried),
		cmocka_unit_test(golden_files),  cmocka_unit_test(samples),
		cmocka_unit_test(many_servers),  cmocka_unit_test(unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
