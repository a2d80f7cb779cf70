/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The table of settings walked as data, and the values it describes.
 */
#include "core/arena.h"
#include "core/clock.h"
#include "core/conf/conf.h"
#include "core/conf/conf_compare.h"
#include "core/conf/conf_load.h"
#include "core/conf/conf_value.h"
#include "core/conf/schema.h"
#include "core/conf/schema_text.h"
#include "core/conf/schema_word.h"
#include "core/json.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void every_row_is_sound(void **state)
{
	(void)state;
	for (int kind = 0; kind < SCHEMA_KIND_N; kind++) {
		unsigned n = 0;

		assert_non_null(schema_of[kind].where);
		for (const struct schema_key *k = schema_of[kind].key; k->name; k++, n++) {
			size_t len = strlen(k->text);

			assert_true(len > 3 && k->text[len - 1] == '.');
			assert_true(k->lo <= k->hi);
			/* 0, -1 and the number above or below the range stand for "not given" */
			if (k->type == KT_BOOL && k->dflt >= 0)
				assert_true(k->dflt <= 1);
			assert_true(k->is_build == (k->reload == SCHEMA_SAME));
			if (k->dflt == SCHEMA_UP) {
				enum schema_kind at;
				const struct schema_key *up = schema_up(k, &at);

				assert_int_equal(up->type, k->type);
				assert_int_equal(up->len, k->len);
				/* within a kind, what is inherited is settled first */
				assert_true((int)at != kind || up < k);
			}
			assert_ptr_equal(schema_find((enum schema_kind)kind, k->name),
					 k); /* once */
			for (const char *p = k->name; *p; p++)
				assert_true((*p >= 'a' && *p <= 'z') || *p == '_' ||
					    (p > k->name && *p >= '0' && *p <= '9'));
		}
		assert_true(n > 0 && n <= SCHEMA_KEYS_MAX);
	}
}

/* A row's value from a text. */
static bool takes(const struct schema_key *k, const char *text)
{
	static unsigned char o[4096], far[4096];
	unsigned char *behind = far; /* where far rows are: settings with such begin with it */
	char why[VALUE_WHY_LEN];
	struct arena a;
	bool ok;

	memcpy(o, &behind, sizeof(behind));
	arena_init(&a);
	ok = value_from_text(k, text, o, &a, why);
	arena_fini(&a);
	return ok;
}

static bool takes_number(const struct schema_key *k, int64_t v)
{
	char text[40];
	const char *named;

	if (k->type == KT_NAMED && v >= 0) {
		named = k->number->print(v, text);
		return takes(k, named);
	}
	(void)snprintf(text, sizeof(text), "%lld%s", (long long)v, k->type == KT_DUR ? "us" : "");
	return takes(k, text);
}

/* Its bounds are accepted, one beyond is not. */
static void number_row(const struct schema_key *k)
{
	assert_true(takes_number(k, k->lo));
	assert_true(takes_number(k, k->hi));
	assert_false(takes_number(k, k->lo - 1));
	assert_false(takes_number(k, k->hi + 1));
	assert_false(takes(k, "few"));
}

/* A text of this length that is good for this kind of text, as far as there is one. */
static void good_text(const struct schema_key *k, char *buf, size_t len)
{
	char fill = k->text_kind == TEXT_HEX || k->text_kind == TEXT_HEXMASK ||
				    k->text_kind == TEXT_DIGEST
			    ? 'a'
			    : 'x';

	memset(buf, fill, len);
	buf[len] = '\0';
	if (k->text_kind == TEXT_PATH)
		buf[0] = '/';
}

static void text_row(const struct schema_key *k)
{
	static const char *const bad[] = {
		[TEXT_PLAIN] = "a\"b",  [TEXT_FREE] = "a\nb",    [TEXT_ANY] = "",
		[TEXT_NAME] = "a b",    [TEXT_IFNAME] = "a/b",   [TEXT_PATH] = "a/b",
		[TEXT_SECRET] = "a\nb", [TEXT_HOSTPORT] = "a:b", [TEXT_MAC] = "02:00",
		[TEXT_HEX] = "0",       [TEXT_HEXMASK] = "0y",   [TEXT_DIGEST] = "0",
	};
	static char buf[16384];

	assert_true(k->hi + 2 < (int64_t)sizeof(buf));
	if (k->text_kind == TEXT_MAC) {
		assert_true(takes(k, "02:00:00:00:00:01"));
		assert_true(takes(k, "02:00:00:00:00"));
	} else {
		good_text(k, buf, (size_t)k->hi / 2 * 2);
		assert_true(takes(k, buf));
	}
	good_text(k, buf, (size_t)k->hi + 2);
	assert_false(takes(k, buf));
	assert_false(takes(k, ""));
	assert_false(takes(k, bad[k->text_kind]));
}

static void names_are_utf8(void **state)
{
	static const char *const good[] = { "caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
					    "\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = {
		"caf\xe9",          "\x80",         "\xc3",     "\xc0\xaf",
		"\xe0\x80\xaf",     "\xed\xa0\x80", "\xe2\x82", "\xf0\x80\x80\x80",
		"\xf4\x90\x80\x80", "\xff"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_null(schema_word_why(TEXT_PLAIN, good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_non_null(schema_word_why(TEXT_PLAIN, bad[i]));
		assert_non_null(schema_word_why(TEXT_IFNAME, bad[i]));
	}
}

static void word_row(const struct schema_key *k)
{
	for (const struct schema_name *n = k->names; n->name; n++)
		assert_true(takes(k, n->name));
	assert_false(takes(k, "no such word"));
}

static void status_row(const struct schema_key *k)
{
	static const char *const bad[] = { "99", "600", "99-200", "500-600", "300-200", "x" };

	assert_true(takes(k, "100"));
	assert_true(takes(k, "599"));
	assert_true(takes(k, "100-599"));
	for (size_t i = 0; i < N_OF(bad); i++)
		assert_false(takes(k, bad[i]));
}

/* A whole file with n elements in a list. True: no complaint of their number. */
static bool takes_elements(enum schema_kind kind, const struct schema_key *k, uint32_t n)
{
	struct err_list errs = { 0 };
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	bool ok = true;
	const char *el = k->type == KT_STRS        ? "\"/x\""
			 : k->elem == SCHEMA_check ? "{ type = \"tcp\"; }"
						   : "\"10.0.0.1\"";

	(void)fprintf(f, schema_of[kind].is_once ? "%s = { %s = %s" : "%s = ( { %s = %s",
		      schema_of[kind].where, k->name, k->type == KT_STRS ? "[ " : "( ");
	for (uint32_t i = 0; i < n; i++)
		(void)fprintf(f, "%s%s", i ? ", " : "", el);
	(void)fprintf(f, schema_of[kind].is_once ? "%s; };" : "%s; } );",
		      k->type == KT_STRS ? " ]" : " )");
	(void)fclose(f);
	conf_free(conf_load_unchecked("t", text, len, &errs));
	for (size_t i = 0; i < errs.n; i++)
		ok &= !strstr(errs.item[i].text, " elements");
	err_fini(&errs);
	free(text);
	return ok;
}

/* Kinds that stand at the top of a file, where a list in them can be tried by itself. */
static bool is_at_top(enum schema_kind kind)
{
	static const enum schema_kind tops[] = {
		SCHEMA_global, SCHEMA_workers,      SCHEMA_metrics,    SCHEMA_vrrp,
		SCHEMA_sync,   SCHEMA_track_script, SCHEMA_garp_group, SCHEMA_track_group,
		SCHEMA_vs,     SCHEMA_vsg,          SCHEMA_pool,
	};

	for (size_t i = 0; i < N_OF(tops); i++)
		if (tops[i] == kind)
			return true;
	return false;
}

static void list_row(enum schema_kind kind, const struct schema_key *k)
{
	enum { MANY = 2000 }; /* a list may be longer than that: its bound has a test of its own */

	if (!is_at_top(kind) || k->type == KT_ONE)
		return;
	assert_true(takes_elements(kind, k, (uint32_t)k->lo));
	if (k->lo)
		assert_false(takes_elements(kind, k, (uint32_t)k->lo - 1));
	if (k->hi <= MANY) {
		assert_true(takes_elements(kind, k, (uint32_t)k->hi));
		assert_false(takes_elements(kind, k, (uint32_t)k->hi + 1));
	}
}

/* For each row: what is accepted, and what is refused below, above and beside it. */
static void every_row_refuses(void **state)
{
	(void)state;
	for (int kind = 0; kind < SCHEMA_KIND_N; kind++)
		for (const struct schema_key *k = schema_of[kind].key; k->name; k++) {
			switch (k->type) {
			case KT_BOOL:
				assert_true(takes(k, "true") && takes(k, "false"));
				assert_false(takes(k, "yes") || takes(k, "1"));
				break;
			case KT_UINT:
			case KT_INT:
			case KT_DUR:
			case KT_NAMED:
				number_row(k);
				break;
			case KT_STR:
				text_row(k);
				break;
			case KT_ENUM:
				word_row(k);
				break;
			case KT_ADDR:
				assert_true(takes(k, "192.0.2.1") && takes(k, "fd00::1"));
				assert_false(takes(k, "192.0.2.256") || takes(k, "192.0.2.1/24"));
				break;
			case KT_PREFIX:
				assert_true(takes(k, "192.0.2.1/24") && takes(k, "fd00::1/64"));
				assert_false(takes(k, "192.0.2.1/33") || takes(k, "x/24"));
				break;
			case KT_STATUS:
				status_row(k);
				break;
			case KT_STRS:
			case KT_LIST:
			case KT_ONE:
				list_row((enum schema_kind)kind, k);
				break;
			}
		}
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} good[] = { { "1", SEC(1) },      { "1.5", MS(1500) },   { "250ms", MS(250) },
		     { "2s", SEC(2) },     { "1m", SEC(60) },     { "2h", SEC(7200) },
		     { "1d", SEC(86400) }, { "10us", 10 },        { "0", 0 },
		     { "0.1", MS(100) },   { "100 ms", MS(100) }, { "0.000001", 1 } };
	static const char *const bad[] = { "",
					   "ms",
					   "-1",
					   "1x",
					   "inf",
					   "nan",
					   "0x10",
					   "1e400",
					   "1 2",
					   "+1",
					   " 1",
					   "1,5",
					   "99999999999999d" };
	int64_t us;

	(void)state;
	for (size_t i = 0; i < N_OF(good); i++) {
		assert_int_equal(value_duration(good[i].text, &us), 0);
		assert_true(us == good[i].us);
	}
	for (size_t i = 0; i < N_OF(bad); i++)
		assert_int_not_equal(value_duration(bad[i], &us), 0);
}

static void nearest_names(void **state)
{
	(void)state;
	assert_string_equal(schema_nearest(SCHEMA_vrrp, "prioriti"), "priority");
	assert_string_equal(schema_nearest(SCHEMA_vs, "lvs_shed"), "lvs_sched");
	assert_string_equal(schema_nearest(SCHEMA_rs, "wieght"), "weight");
	assert_null(schema_nearest(SCHEMA_rs, "zzzzzz"));
	assert_int_equal(schema_distance("kitten", "sitting", 10), 3);
	assert_int_equal(schema_distance("", "abc", 10), 3);
	assert_int_equal(schema_distance("abc", "abc", 10), 0);
}

/* The indices that the enum's names stand for are those of the array. */
static void scheduler_names(void **state)
{
	(void)state;
	for (int i = 0; schema_names_SCHED[i].name; i++)
		assert_string_equal(conf_sched_name[schema_names_SCHED[i].value],
				    schema_names_SCHED[i].name);
	assert_string_equal(conf_sched_name[schema_find(SCHEMA_vs, "lvs_sched")->dflt], "wlc");
}

static void differences(void **state)
{
	struct fields_vrrp a = { .name = "x", .interface = "eth0", .priority = 100 };
	struct fields_vrrp b = a;
	static const struct conf none;
	char name[] = "x";

	(void)state;
	b.name = name; /* another pointer, the same text */
	assert_int_equal(conf_compare(SCHEMA_vrrp, &none, &a, &none, &b), SCHEMA_SAME);
	b.priority = 101;
	assert_int_equal(conf_compare(SCHEMA_vrrp, &none, &a, &none, &b), SCHEMA_LIVE);
	b.interface = "eth1";
	assert_int_equal(conf_compare(SCHEMA_vrrp, &none, &a, &none, &b), SCHEMA_RESTART);
	b.interface = NULL;
	assert_int_equal(conf_compare(SCHEMA_vrrp, &none, &a, &none, &b), SCHEMA_RESTART);
}

/* What fn writes. */
static char *written(void (*fn)(FILE *out))
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	fn(out);
	(void)fclose(out);
	return text;
}

/* Every row is in the manual and in the JSON; no line of the manual is one by accident. */
static void manual_and_json(void **state)
{
	char *man = written(schema_man), *json = written(schema_json), want[100];

	(void)state;
	for (int kind = 0; kind < SCHEMA_KIND_N; kind++) {
		(void)snprintf(want, sizeof(want), ".Ss %s\n", schema_of[kind].where);
		assert_non_null(strstr(man, want));
		for (const struct schema_key *k = schema_of[kind].key; k->name; k++) {
			(void)snprintf(want, sizeof(want), ".It Ic %s\n", k->name);
			assert_non_null(strstr(man, want));
			(void)snprintf(want, sizeof(want), "{\"name\":\"%s\",\"type\":\"", k->name);
			assert_non_null(strstr(json, want));
		}
	}
	for (const char *p = man; (p = strchr(p, '\n')); p++) {
		assert_true(p[1] != '\'' && p[1] != '\n');
		if (p[1] == '.')
			assert_true(p[2] >= 'A' && p[2] <= 'Z');
	}
	free(man);
	free(json);
}

static void hard_texts(FILE *out)
{
	json_text(out, "a\"b\\c\n\x7f/");
	json_text(out, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	/* a lone byte, one too many, too long a form, a surrogate, cut off */
	json_text(out, "\xff|\x80|\xc0\xaf|\xed\xa0\x80|\xe2\x82");
}

static void json_escapes(void **state)
{
	char *text = written(hard_texts);

	(void)state;
	assert_string_equal(text, "\"a\\\"b\\\\c\\u000a\\u007f/\""
				  "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""
				  "\"\\ufffd|\\ufffd|\\ufffd\\ufffd|\\ufffd\\ufffd\\ufffd|"
				  "\\ufffd\\ufffd\"");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_sound), cmocka_unit_test(names_are_utf8),
		cmocka_unit_test(every_row_refuses),  cmocka_unit_test(durations),
		cmocka_unit_test(nearest_names),      cmocka_unit_test(scheduler_names),
		cmocka_unit_test(differences),        cmocka_unit_test(manual_and_json),
		cmocka_unit_test(json_escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
