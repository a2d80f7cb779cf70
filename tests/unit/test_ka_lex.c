/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keepalived.conf's preprocessor and blocks: a table of texts and the statements they become, and
 * every text that must end in one clear error.
 */
#include "core/conf/ka_file.h"
#include "core/conf/ka_lex.h"
#include "core/conf/ka_subst.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ------------------------------------------------------------------ files that exist in here only */

static const struct {
	const char *path, *text; /* NULL: can't be read */
} files[] = {
	{ "/etc/ka/a.conf", "a 1\n" },
	{ "/etc/ka/b.conf", "b 2\nnot $open" },
	{ "/etc/ka/sub/c.conf", "here ${_PWD}\ninclude d.conf\n" },
	{ "/etc/ka/sub/d.conf", "d 4" },
	{ "/etc/ka/locked.conf", NULL },
	{ "/etc/ka/me.conf", "include me.conf" },
	{ "/etc/ka/def.conf", "$IN=$i\nin $i\n" },
	{ "/etc/ka/close.conf", "in 1\n}\n" },
};

static int fake_match(const char *dir, const char *pattern, struct ka_match *out)
{
	char path[300];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, pattern);
	out->path = calloc(N_OF(files), sizeof(*out->path));
	out->is_wild_unmatched = strstr(pattern, "nothing*") != NULL;
	for (size_t i = 0; i < N_OF(files); i++)
		if (!strcmp(path, files[i].path) ||
		    (strchr(pattern, '*') && i < 2 && strcmp(pattern, "nothing*") != 0))
			out->path[out->n++] = strdup(files[i].path);
	return 0;
}

static int fake_read(const char *path, char **text, size_t *len)
{
	for (size_t i = 0; i < N_OF(files); i++)
		if (!strcmp(path, files[i].path) && files[i].text) {
			*text = strdup(files[i].text);
			*len = strlen(*text);
			return 0;
		}
	return -EACCES;
}

static const char *fake_env(const char *name)
{
	return strcmp(name, "HOME") ? NULL : "/root";
}

static const struct ka_io fake_io = { fake_match, fake_read, fake_env };

/* ------------------------------------------------------------------ statements as text */

static void dump(const struct ka_node *n, FILE *f)
{
	for (; n; n = n->next) {
		for (uint32_t i = 0; i < n->word_n; i++)
			(void)fprintf(f, strpbrk(n->word[i], " \t") ? "%s<%s>" : "%s%s",
				      i ? " " : "", n->word[i]);
		if (n->is_block) {
			(void)fprintf(f, "{");
			dump(n->child, f);
			(void)fprintf(f, "}");
		}
		(void)fprintf(f, n->next ? ";" : "");
	}
}

/* What text becomes, or its first error after a '!'. To be freed. */
static char *lexed(const char *text, size_t len)
{
	struct arena a;
	struct err_list errs = { 0 };
	struct ka_node *root;
	struct ka_source src = { .name = "/etc/ka/k.conf",
				 .text = text,
				 .len = len,
				 .id = "lb1",
				 .io = &fake_io,
				 .lines_max = 50000 };
	char *out = NULL;
	size_t out_len;
	FILE *f = open_memstream(&out, &out_len);

	arena_init(&a);

	bool is_good = ka_lex(&src, &a, &errs, &root);

	if (errs.n_error)
		(void)fprintf(f, "!%s:%u %s", errs.item[0].file, errs.item[0].line,
			      errs.item[0].text);
	else
		dump(root, f);
	if (!is_good)
		assert_int_equal(errs.n_error, 1);
	(void)fclose(f);
	err_fini(&errs);
	arena_fini(&a);
	return out;
}

static void becomes(void **state)
{
	static const struct {
		const char *text, *want;
	} row[] = {
		{ "", "" },
		{ "a b c", "a b c" },
		{ "a # b\n!c\n d ! e", "a;d" },
		{ "a \\# b \\! c", "a # b ! c" },
		{ "a \"b # c ! d\" e", "a <b # c ! d> e" },
		{ "a 'b c' \"d \\\" e\"", "a <b c> <d \\\" e>" },
		{ "a {\nb\n}\nc", "a{b};c" },
		{ "a\n{\nb 1\nb 2\n}", "a{b 1;b 2}" },
		{ "a { b { c } }", "a{b{c}}" },
		{ "a{b\n}", "a{b}" },
		{ "a {\r\n b\r\n}\r\n", "a{b}" },
		{ "@lb1 a\n@lb2 b\n@^lb1 c\n@^lb2 d", "a;d" },
		{ "@lb2 $X=1\n@lb1 $X=2\nx $X", "x 2" },
		{ "$X=1\nx $X ${X}y $Xy $X,$X)", "x 1 1y $Xy 1,1)" },
		{ "x $NO ${NO} $ $$ a$", "x $NO ${"
					 "NO} $ $$ a$" },
		{ "$A=$B\n$B=7\nx $A", "x 7" },
		{ "$A=1\n$A=2\nx $A", "x 2" },
		{ "$M=a 1 \\\n  b 2 \\\n  c 3\nblk {\n$M\n}", "blk{a 1;b 2;c 3}" },
		{ "$M=p {\\\n q\\\n}\n$M", "p{q}" },
		{ "x ${_HASH} ${_BANG} ${_INSTANCE} ${_ENV HOME} a${_ENV NOT}b ${_PWD}",
		  "x # ! lb1 /root ab /etc/ka" },
		{ "x ${_RANDOM 5 5}", "x 5" },
		{ "~SEQ(i,1,3) ip 10.0.0.$i", "ip 10.0.0.1;ip 10.0.0.2;ip 10.0.0.3" },
		{ "~SEQ(i,2) a $i", "a 1;a 2" },
		{ "~SEQ(i,0) a $i", "a 1;a 0" },
		{ "~SEQ(i,10,-5,0) a $i", "a 10;a 5;a 0" },
		{ "~SEQ(i,0x8,2,0xc) a $i", "a 8;a 10;a 12" },
		{ "~SEQx(i,9,11) a ${i}z", "a 9z;a az;a bz" },
		{ "~SEQ(i,2) ~SEQ(j,2) a $i$j ${i}${j}", "a $i1 11;a $i2 12;a $i1 21;a $i2 22" },
		{ "$N=2\n~SEQ(i,1,$N) a $i", "a 1;a 2" },
		{ "~LST(i,x,y z) a $i", "a x;a y z" },
		{ "~LST({i,j},{1,2},{3,4}) a $i $j", "a 1 2;a 3 4" },
		{ "$L=~SEQ(i,2) a $i\n$L", "a 1;a 2" },
		{ "~SEQ(i,2 a $i", "~SEQ(i,2 a $i" },
		{ "include a.conf\nx", "a 1;x" },
		{ "x {\ninclude *.conf\n}", "x{a 1;b 2;not $open}" },
		{ "include sub/c.conf\nx ${_PWD}", "here /etc/ka/sub;d 4;x /etc/ka" },
		{ "include none.conf\ninclude locked.conf\ninclude nothing*\nx", "x" },
		{ "x {\ninclude close.conf\ny", "x{in 1};y" },
		{ "includes a", "includes a" },
		/* what a file within a loop defines stays; the loop's own name does not */
		{ "~SEQ(i,2) include def.conf\nx $IN $i", "in 1;in 2;x $i $i" },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(row); i++) {
		char *got = lexed(row[i].text, strlen(row[i].text));

		assert_string_equal(got, row[i].want);
		free(got);
	}
}

static void one_error(void **state)
{
	static const struct {
		const char *text, *want;
	} row[] = {
		{ "a {\nb\n", ":1 block 'a' is not closed" },
		{ "a\n}\n", ":2 a '}' without" },
		{ "{\n}", ":1 a '{' without" },
		{ "a { } {\n}", ":1 a '{' without" },
		{ "x\na \"b c\nd", ":2 a quote that is not closed" },
		{ "a 'b", ":1 a quote" },
		{ "~SEQ(i,1,2000000000) a", ":1 ~SEQ has more than 100000 values" },
		{ "~SEQ(i,-9223372036854775808,9223372036854775807) a", ":1 ~SEQ has " },
		{ "~SEQ(i,1,0,5) a", "step must not be 0" },
		{ "~SEQ(i,1,-1,5) a", "never reached" },
		{ "~SEQ(i,x) a", "is not a number" },
		{ "~SEQ(,1) a", "~SEQ must be" },
		{ "~SEQ() a", "~SEQ must be" },
		{ "~SEQx(i,-3,1) a", "negative" },
		{ "~SEQ(a,1000) ~SEQ(b,1000) ~SEQ(c,1000) x", "more than 50000 lines" },
		{ "~LST(i) a", "no values" },
		{ "~LST({i,j},{1}) a", "has no value" },
		{ "~LST({i},{1,2}) a", "more values than names" },
		{ "$A=$A\nx $A", "does not end" },
		{ "$A=$A$A\nx $A x", "does not end" },
		{ "$A=$B$B\n$B=$A x\nx $A x", "does not end" },
		{ "$A=~SEQ(i,2) $A\n$A", "does not end" },
		{ "blk { ~SEQ(i,2) a $i\n}", "is not closed" }, /* it repeats the brace as well */
		{ "includer locked.conf", "Permission denied" },
		{ "includem none.conf", "no such file" },
		{ "includew nothing*", "no such file" },
		{ "includea none.conf", "no such file" },
		{ "include me.conf",
		  "/etc/ka/me.conf:1 include /etc/ka/me.conf: the file includes itself" },
		{ "include", "include has no file" },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(row); i++) {
		char *got = lexed(row[i].text, strlen(row[i].text));

		if (got[0] != '!' || !strstr(got, row[i].want))
			fail_msg("%s: %s", row[i].text, got);
		free(got);
	}
}

static void bounds(void **state)
{
	enum { LEN = 10 * 1024 * 1024 };
	char *text = malloc(LEN + 1), *got;

	(void)state;
	memset(text, 'x', LEN);
	text[LEN] = '\0';
	got = lexed(text, LEN);
	assert_non_null(strstr(got, ":1 a line longer than 16384 bytes"));
	free(got);
	for (size_t i = 0; i + 4 <= LEN; i += 4)
		memcpy(text + i, "a {\n", 4);
	got = lexed(text, LEN);
	assert_non_null(strstr(got, "blocks nest deeper than 32"));
	free(got);
	got = lexed("a\nb\0c", 5);
	assert_non_null(strstr(got, ":2 a zero byte"));
	free(got);
	free(text);
}

/* ------------------------------------------------------------------ real files */

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	(void)fputs(text, f);
	(void)fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static size_t found(const char *dir, const char *pattern, struct ka_match *m)
{
	*m = (struct ka_match){ 0 };
	assert_int_equal(ka_file_io.match(dir, pattern, m), 0);
	for (size_t i = 0; i < m->n; i++)
		free(m->path[i]);
	free(m->path);
	return m->n;
}

static void real_files(void **state)
{
	char dir[] = "/tmp/test_ka_lex[a].XXXXXX", path[100], *text;
	struct ka_match m;
	size_t len;

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (int i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s/%d.conf", dir, i);
		write_file(path, "x\n", i == 2 ? 0755 : 0644);
		assert_int_equal(ka_file_io.read(path, &text, &len), i == 2 ? -ENOEXEC : 0);
		if (i != 2)
			free(text);
	}
	assert_int_equal(ka_file_io.read(dir, &text, &len), -EISDIR);
	assert_int_equal(found(dir, "*.conf", &m), 3);
	assert_false(m.is_wild_unmatched);
	assert_int_equal(found(dir, "{0,1,7}.conf", &m), 2);
	assert_true(m.is_brace_unmatched);
	assert_int_equal(found(dir, "{0,{1,2}}.conf", &m), 3);
	assert_false(m.is_brace_unmatched);
	assert_int_equal(found(dir, "*.none", &m), 0);
	assert_true(m.is_wild_unmatched);
	assert_int_equal(found(dir, "{0", &m), 0);
	for (int i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s/%d.conf", dir, i);
		(void)unlink(path);
	}
	(void)rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(becomes),
		cmocka_unit_test(one_error),
		cmocka_unit_test(bounds),
		cmocka_unit_test(real_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
