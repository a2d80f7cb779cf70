/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The table of settings walked as data, and the values it describes.
 */
#include "core/arena.h"
#include "core/clock.h"
#include "core/conf/conf.h"
#include "core/conf/conf_compare.h"
#include "core/conf/conf_value.h"
#include "core/conf/schema.h"
#include "core/conf/schema_text.h"
#include "core/json.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static bool is_number(const struct schema_key *k)
{
	return k->type == KT_UINT || k->type == KT_INT || k->type == KT_DUR || k->type == KT_BOOL;
}

static void every_row_is_sound(void **state)
{
	(void)state;
	for (int kind = 0; kind < SCHEMA_KIND_N; kind++) {
		unsigned n = 0;

		assert_non_null(schema_of[kind].where);
		for (const struct schema_key *k = schema_of[kind].key; k->name; k++, n++) {
			size_t len = strlen(k->text);

			assert_true(len > 10 && k->text[len - 1] == '.');
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

/* For each number: its bounds are accepted, one beyond is not. */
static void bounds_of_every_number(void **state)
{
	struct arena a;
	static unsigned char o[4096];
	char text[40], why[VALUE_WHY_LEN];

	(void)state;
	arena_init(&a);
	for (int kind = 0; kind < SCHEMA_KIND_N; kind++)
		for (const struct schema_key *k = schema_of[kind].key; k->name; k++) {
			const char *unit = k->type == KT_DUR ? "us" : "";

			if (!is_number(k) || k->type == KT_BOOL)
				continue;
			for (int64_t d = -1; d <= 1; d++) {
				(void)snprintf(text, sizeof(text), "%lld%s", (long long)(k->lo + d),
					       unit);
				assert_int_equal(value_from_text(k, text, o, &a, why),
						 k->lo + d >= k->lo && k->lo + d <= k->hi);
				(void)snprintf(text, sizeof(text), "%lld%s", (long long)(k->hi + d),
					       unit);
				assert_int_equal(value_from_text(k, text, o, &a, why), d <= 0);
			}
		}
	arena_fini(&a);
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
		cmocka_unit_test(every_row_is_sound), cmocka_unit_test(bounds_of_every_number),
		cmocka_unit_test(durations),          cmocka_unit_test(nearest_names),
		cmocka_unit_test(scheduler_names),    cmocka_unit_test(differences),
		cmocka_unit_test(manual_and_json),    cmocka_unit_test(json_escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
