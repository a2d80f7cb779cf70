/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check/body, check/regex and check/dialog: rules over streams that are cut at every place, offsets,
 * bounds, and expressions that would run for ever.
 */
#include "check/body.h"
#include "check/dialog.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct regex *compile(struct regex_ask ask)
{
	char text[REGEX_ERROR_LEN];

	if (!ask.max_offset)
		ask.max_offset = UINT64_MAX;

	struct regex *re = regex_new(&ask, text);

	if (!re)
		print_error("%s\n", text);
	assert_non_null(re);
	return re;
}

/* The body in two pieces, cut at `cut`, and the second byte by byte. */
static bool holds(const struct body_rule *rule, const char *text, size_t len, size_t cut)
{
	struct body *b = body_new(rule, 1);
	const char *why;
	bool ok;

	body_feed(b, (const uint8_t *)text, (uint32_t)cut);
	for (size_t i = cut; i < len; i++)
		body_feed(b, (const uint8_t *)text + i, 1);
	ok = body_end(b, &why);
	assert_true(ok == !why);
	body_free(b);
	return ok;
}

static void test_text_and_digest(void **state)
{
	static const struct {
		const char *text, *body;
		bool is_there;
	} rows[] = {
		{ "OK", "all is OK here", true },
		{ "OK", "O K", false },
		{ "aab", "aaaab", true },
		{ "abcabd", "abcabcabd", true },
		{ "x", "", false },
		{ "x", "x", true },
		{ "longer than it", "longer", false },
	};
	static const struct body_rule md5 = { .kind = BODY_DIGEST,
					      .digest = { 0x5d, 0x41, 0x40, 0x2a, 0xbc, 0x4b, 0x2a,
							  0x76, 0xb9, 0x71, 0x9d, 0x91, 0x10, 0x17,
							  0xc5, 0x92 } };

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		struct body_rule is = { .kind = BODY_TEXT, .text = rows[i].text };
		struct body_rule not = { .kind = BODY_TEXT, .text = rows[i].text, .is_not = true };
		size_t len = strlen(rows[i].body);

		for (size_t cut = 0; cut <= len; cut++) {
			assert_int_equal(holds(&is, rows[i].body, len, cut), rows[i].is_there);
			assert_int_equal(holds(&not, rows[i].body, len, cut), !rows[i].is_there);
		}
	}
	assert_true(holds(&md5, "hello", 5, 2));
	assert_false(holds(&md5, "hullo", 5, 5));
}

static void test_regex(void **state)
{
	static const char *const caseless[] = { "caseless", "dotall" };
	static const char *const multiline[] = { "multiline" };
	static const char *const utf[] = { "utf", "ucp" };
	static const struct {
		struct regex_ask ask;
		const char *body;
		bool matches;
	} rows[] = {
		{ { .pattern = "status: *ok" }, "x status:   ok y", true },
		{ { .pattern = "status: *ok" }, "status: nok", false },
		{ { .pattern = "^begin" }, "begin here", true },
		{ { .pattern = "^begin" }, "not begin", false },
		{ { .pattern = "end$" }, "the end", true },
		{ { .pattern = "end$" }, "the end is far", false },
		{ { .pattern = "^b", .option = multiline, .option_n = 1 }, "a\nb", true },
		{ { .pattern = "HELLO.WORLD", .option = caseless, .option_n = 2 },
		  "hello\nworld",
		  true },
		{ { .pattern = "HELLO.WORLD" }, "hello world", false },
		{ { .pattern = "(?<=ab)c" }, "xxabc", true },
		{ { .pattern = "(?<!ab)c" }, "xxabc", false },
		{ { .pattern = "\\bcd" }, "ab cd", true },
		{ { .pattern = "\\bcd" }, "abcd", false },
		{ { .pattern = "\\Acd" }, "abcd", false },
		{ { .pattern = "b", .min_offset = 2 }, "ab", false },
		{ { .pattern = "b", .min_offset = 1 }, "ab", true },
		{ { .pattern = "b", .min_offset = 2 }, "abab", true },
		{ { .pattern = "b", .max_offset = 2 }, "aaab", false },
		{ { .pattern = "b", .max_offset = 3 }, "aaab", true },
		{ { .pattern = "^\\w+$", .option = utf, .option_n = 2 }, "\xc3\xa4\xc3\xb6", true },
		{ { .pattern = "a", .option = utf, .option_n = 1 }, "\xff\xfe a", true },
		{ { .pattern = "" }, "", true },
		{ { .pattern = "x", .stack_start = 4096, .stack_max = 65536 }, "yx", true },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		struct body_rule is = { .kind = BODY_REGEX, .regex = compile(rows[i].ask) };
		struct body_rule not = is;
		size_t len = strlen(rows[i].body);

		not .is_not = true;
		for (size_t cut = 0; cut <= len; cut++) {
			if (holds(&is, rows[i].body, len, cut) != rows[i].matches)
				fail_msg("row %zu cut %zu", i, cut);
			assert_int_equal(holds(&not, rows[i].body, len, cut), !rows[i].matches);
		}
		regex_free(is.regex);
	}
}

/* Each option by its name, and what it changes. A pattern that can't be compiled matches nothing here. */
static void test_regex_options(void **state)
{
	static const struct {
		const char *option, *pattern, *body;
		bool with, without;
	} rows[] = {
		{ "allow_empty_class", "a[]b]c", "a]c", false, true },
		{ "alt_bsux", "^\\u0041$", "A", true, false },
		{ "alt_circumflex", "(?m)a\n^", "a\n", true, false },
		{ "alt_verbnames", "(*MARK:a\\)b)c", "c", true, false },
		{ "auto_callout", "b", "abc", true, true },
		{ "caseless", "B", "abc", true, false },
		{ "dollar_endonly", "a$", "a\n", false, true },
		{ "dotall", "a.b", "a\nb", true, false },
		{ "dupnames", "(?<n>a)(?<n>b)", "ab", true, false },
		{ "extended", "a b", "ab", true, false },
		{ "firstline", "b", "a\nb", false, true },
		{ "match_unset_backref", "^(a)?\\1b", "b", true, false },
		{ "multiline", "^b", "a\nb", true, false },
		{ "never_backslash_c", "a\\Cc", "abc", false, true },
		{ "never_ucp", "(*UCP)b", "abc", false, true },
		{ "never_utf", "(*UTF)b", "abc", false, true },
		{ "no_auto_capture", "(a)\\1", "aa", false, true },
		{ "no_auto_possess", "a+b", "aab", true, true },
		{ "no_dotstar_anchor", ".*b", "ab", true, true },
		{ "no_start_optimize", "b", "abc", true, true },
		{ "ucp", "^\\w$", "\xe4", true, false },
		{ "ungreedy", "a+b", "aab", true, true },
		{ "use_offset_limit", "b", "abc", true, true },
		{ "utf", "^.$", "\xc3\xa4", true, false },
	};

	(void)state;
	for (size_t i = 0; i < 2 * N_OF(rows); i++) {
		bool has = i % 2, wanted = has ? rows[i / 2].with : rows[i / 2].without;
		struct regex_ask ask = { .pattern = rows[i / 2].pattern,
					 .option = &rows[i / 2].option,
					 .option_n = has,
					 .max_offset = UINT64_MAX };
		char why[REGEX_ERROR_LEN];
		struct body_rule is = { .kind = BODY_REGEX, .regex = regex_new(&ask, why) };
		size_t len = strlen(rows[i / 2].body);

		for (size_t cut = 0; is.regex && cut <= len; cut++)
			if (holds(&is, rows[i / 2].body, len, cut) != wanted)
				fail_msg("%s %d cut %zu", rows[i / 2].option, has, cut);
		if (!is.regex && wanted)
			fail_msg("%s %d: %s", rows[i / 2].option, has, why);
		regex_free(is.regex);
	}
}

static void test_regex_errors(void **state)
{
	static const char *const none[] = { "no_such" };
	static const struct regex_ask rows[] = {
		{ .pattern = "(" },
		{ .pattern = "[a" },
		{ .pattern = "a", .option = none, .option_n = 1 },
	};
	char text[REGEX_ERROR_LEN];

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		text[0] = '\0';
		assert_null(regex_new(&rows[i], text));
		assert_true(strlen(text) > 0);
	}
}

/* Neither time nor memory without end: such an expression fails its check, whichever way it is meant. */
static void test_regex_bounds(void **state)
{
	struct body_rule back = { .kind = BODY_REGEX,
				  .regex = compile((struct regex_ask){ .pattern = "(a+)+$" }) };
	struct body_rule wide = { .kind = BODY_REGEX,
				  .regex = compile((struct regex_ask){ .pattern = "a[^b]*b" }),
				  .is_not = true };
	struct body_rule late = { .kind = BODY_REGEX,
				  .regex = compile(
					  (struct regex_ask){ .pattern = "b", .max_offset = 9 }),
				  .is_not = true };
	uint32_t len = 4 * REGEX_WINDOW_LEN;
	char *text = malloc(len);

	(void)state;
	assert_non_null(text);
	memset(text, 'a', len);
	text[100] = '!';
	assert_false(holds(&back, text, 101, 101));
	memset(text, 'a', len);
	assert_false(holds(&wide, text, len, len));
	memset(text, 'b', len);
	text[5] = 'a';
	assert_false(holds(&late, text, len, len));
	memset(text, 'a', 20);
	assert_true(holds(&late, text, len, len - 5));
	free(text);
	regex_free(back.regex);
	regex_free(wide.regex);
	regex_free(late.regex);
}

#define BYTES(s) (const uint8_t *)(s), sizeof(s) - 1

static enum dialog_result tell(struct dialog *d, const struct dialog_step *step, const char *text)
{
	if (text && !dialog_feed(d, (const uint8_t *)text, (uint32_t)strlen(text)))
		return DIALOG_FAIL;
	return dialog_look(d, step, !text);
}

static void test_dialog(void **state)
{
	struct dialog_step ok = { .expect = (const uint8_t *)"+OK", .expect_len = 3 };
	struct dialog_step no = { .expect = (const uint8_t *)"ERR",
				  .expect_len = 3,
				  .is_not = true };
	struct dialog_step nothing = { 0 };
	struct dialog_step re = { .regex = compile(
					  (struct regex_ask){ .pattern = "v[0-9]+\\r\\n" }) };
	struct dialog d;

	(void)state;
	dialog_init(&d);
	assert_int_equal(tell(&d, &nothing, NULL), DIALOG_NEXT);
	assert_int_equal(tell(&d, &ok, "hello +"), DIALOG_MORE);
	assert_int_equal(tell(&d, &ok, "OK+OK v1"), DIALOG_NEXT);
	/* what is behind it is for the next step */
	assert_int_equal(tell(&d, &ok, ""), DIALOG_NEXT);
	assert_int_equal(tell(&d, &re, ""), DIALOG_MORE);
	assert_int_equal(tell(&d, &re, "2\r\n"), DIALOG_NEXT);
	assert_int_equal(d.len, 0);
	assert_int_equal(tell(&d, &no, ""), DIALOG_MORE);
	assert_int_equal(tell(&d, &no, "fine"), DIALOG_NEXT);
	assert_int_equal(tell(&d, &no, "an ERR"), DIALOG_FAIL);
	assert_int_equal(tell(&d, &ok, NULL), DIALOG_FAIL);
	dialog_fini(&d);

	/* no more than may wait */
	dialog_init(&d);
	for (unsigned i = 0; i < DIALOG_BUF_LEN; i++)
		assert_true(dialog_feed(&d, BYTES("x")));
	assert_false(dialog_feed(&d, BYTES("x")));
	dialog_fini(&d);
	regex_free(re.regex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_and_digest), cmocka_unit_test(test_regex),
		cmocka_unit_test(test_regex_options),   cmocka_unit_test(test_regex_errors),
		cmocka_unit_test(test_regex_bounds),    cmocka_unit_test(test_dialog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
