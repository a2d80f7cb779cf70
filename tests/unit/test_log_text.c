/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the log decides and how it is written: which of many equal events pass, where the log goes, and the
 * text for each target.
 */
#include "core/clock.h"
#include "core/log_burst.h"
#include "core/log_text.h"
#include "core/log_to.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ bursts */

static void bursts(void **state)
{
	static const struct {
		const char *name;
		enum log_id id;
		uint32_t n, pass_n; /* at this time */
		int64_t at_ms;
		uint32_t told_n; /* of this id, before it */
	} cases[] = {
		{ "a few pass", LOG_SERVER_UP, 3, 3, 0, 0 },
		{ "up to the bound", LOG_SERVER_UP, LOG_BURST_N, LOG_BURST_N - 3, 10, 0 },
		{ "the others are held", LOG_SERVER_UP, 5000, 0, 999, 0 },
		{ "another kind has its own", LOG_SERVER_DOWN, 21, LOG_BURST_N, 999, 0 },
		{ "errors may be more", LOG_CONF_ERROR, 300, LOG_BURST_ERR_N, 999, 0 },
		{ "the next second tells", LOG_SERVER_UP, 1, 1, 1000, 5003 },
		{ "and begins anew", LOG_SERVER_UP, 40, LOG_BURST_N - 1, 1500, 0 },
		{ "long after", LOG_SERVER_DOWN, 1, 1, 90000, 0 },
	};
	struct log_burst b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t now_us = SEC(1000) + MS(cases[i].at_ms);
		uint32_t pass_n = 0, told_n = 0, n;
		enum log_id id = (enum log_id)0;

		if (log_burst_is_due(&b, now_us))
			while ((n = log_burst_take(&b, &id)))
				told_n += id == cases[i].id ? n : 0;
		for (uint32_t k = 0; k < cases[i].n; k++)
			pass_n += log_burst_may_pass(&b, cases[i].id, now_us);
		if (pass_n != cases[i].pass_n || told_n != cases[i].told_n)
			fail_msg("%s: %u passed, %u told", cases[i].name, pass_n, told_n);
	}
}

/* ------------------------------------------------------------------ targets */

static void targets(void **state)
{
	enum { NONE = LOG_FACILITY_NONE };
	static const struct {
		const char *name;
		struct log_asked asked;
		enum log_want want;
		bool is_journal;
		struct log_to to; /* stderr, syslog, journal, facility */
	} cases[] = {
		{ "nothing said", { NONE, 0, 0 }, LOG_WANT_AUTO, false, { 1, 0, 0, 3 } },
		{ "under systemd", { NONE, 0, 0 }, LOG_WANT_AUTO, true, { 0, 0, 1, 3 } },
		{ "-S 0", { 16, 0, 0 }, LOG_WANT_AUTO, false, { 0, 1, 0, 16 } },
		{ "-S 0 under systemd", { 16, 0, 0 }, LOG_WANT_AUTO, true, { 0, 0, 1, 16 } },
		{ "-l", { NONE, 1, 0 }, LOG_WANT_AUTO, false, { 1, 0, 0, 3 } },
		{ "-l under systemd: not twice",
		  { NONE, 1, 0 },
		  LOG_WANT_AUTO,
		  true,
		  { 0, 0, 1, 3 } },
		{ "-l -S 1", { 17, 1, 0 }, LOG_WANT_AUTO, false, { 1, 1, 0, 17 } },
		{ "-G -S 1", { 17, 0, 1 }, LOG_WANT_AUTO, false, { 1, 0, 0, 17 } },
		{ "-G under systemd", { NONE, 0, 1 }, LOG_WANT_AUTO, true, { 0, 0, 1, 3 } },
		{ "syslog", { NONE, 0, 0 }, LOG_WANT_SYSLOG, true, { 0, 1, 0, 3 } },
		{ "syslog -G", { NONE, 0, 1 }, LOG_WANT_SYSLOG, true, { 1, 0, 0, 3 } },
		{ "syslog -l, and that is the journal",
		  { NONE, 1, 0 },
		  LOG_WANT_SYSLOG,
		  true,
		  { 1, 1, 0, 3 } },
		{ "journal", { NONE, 0, 0 }, LOG_WANT_JOURNAL, false, { 0, 0, 1, 3 } },
		{ "journal -l on a terminal",
		  { NONE, 1, 0 },
		  LOG_WANT_JOURNAL,
		  false,
		  { 1, 0, 1, 3 } },
		{ "stderr", { NONE, 0, 0 }, LOG_WANT_STDERR, true, { 1, 0, 0, 3 } },
		{ "stderr -S 2", { 18, 0, 0 }, LOG_WANT_STDERR, false, { 1, 0, 0, 18 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct log_to to =
			log_to_choose(&cases[i].asked, cases[i].want, cases[i].is_journal);
		const struct log_to *want = &cases[i].to;

		if (to.has_stderr != want->has_stderr || to.has_syslog != want->has_syslog ||
		    to.has_journal != want->has_journal || to.facility != want->facility)
			fail_msg("%s: stderr %d, syslog %d, journal %d, facility %d", cases[i].name,
				 to.has_stderr, to.has_syslog, to.has_journal, to.facility);
	}
}

static void facilities(void **state)
{
	static const struct {
		const char *text;
		int facility;
	} cases[] = {
		{ "0", 16 },     { "7", 23 },     { "local0", 16 },  { "local7", 23 },
		{ "user", 1 },   { "daemon", 3 }, { "8", -1 },       { "local8", -1 },
		{ "local", -1 }, { "", -1 },      { "local07", -1 }, { "Daemon", -1 },
		{ "-1", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(log_to_facility(cases[i].text), cases[i].facility);
	assert_true(log_to_is_stream("10:9410", 10, 9410));
	assert_false(log_to_is_stream("10:941", 10, 9410));
	assert_false(log_to_is_stream("10:9410 ", 10, 9410));
	assert_false(log_to_is_stream("", 0, 0));
	assert_false(log_to_is_stream(NULL, 0, 0));
}

/* ------------------------------------------------------------------ texts */

static struct log_record record(enum log_id id, const char *text)
{
	struct log_record rec = { .at = { 1764000009, 123456789 }, .id = id };

	(void)snprintf(rec.text, sizeof(rec.text), "%s", text);
	return rec;
}

static void lines(void **state)
{
	struct log_record rec = record(LOG_SERVER_DOWN, "vs=www rs=192.0.2.12:80 reason=L4CON");
	char buf[LOG_TEXT_LEN];

	(void)state;
	assert_int_equal(setenv("TZ", "CET-1", 1), 0);
	tzset();
	(void)log_text_line(buf, sizeof(buf), &rec);
	assert_string_equal(buf, "2025-11-24T16:00:09.123456Z warning server.down vs=www "
				 "rs=192.0.2.12:80 reason=L4CON\n");
	(void)log_text_syslog(buf, sizeof(buf), &rec, 16, 4711);
	assert_string_equal(buf, "<132>Nov 24 17:00:09 vipd[4711]: server.down vs=www "
				 "rs=192.0.2.12:80 reason=L4CON");
	rec = record(LOG_STOPPED, "");
	rec.at.tv_sec -= 20 * 86400;
	(void)log_text_syslog(buf, sizeof(buf), &rec, 3, 1);
	assert_string_equal(buf, "<30>Nov  4 17:00:09 vipd[1]: vipd.stopped");
	(void)log_text_line(buf, sizeof(buf), &rec);
	assert_string_equal(buf, "2025-11-04T16:00:09.123456Z info vipd.stopped\n");
	assert_int_equal(unsetenv("TZ"), 0);
	tzset();
}

static void cleaned(void **state)
{
	char text[] = "a=\"b\nMESSAGE=forged\x1b[31m\x7f\t\" \xc3\xa4";

	(void)state;
	log_text_clean(text);
	assert_string_equal(text, "a=\"b?MESSAGE=forged?[31m??\" \xc3\xa4");
}

/* The fields behind those that every event has. */
static void fields(void **state)
{
	static const struct {
		const char *text, *fields;
	} cases[] = {
		{ "", "" },
		{ "inst=web from=BACKUP to=ACTIVE",
		  "VIPD_INST=web\nVIPD_FROM=BACKUP\nVIPD_TO=ACTIVE\n" },
		{ "vs=www rs=[2001:db8::1]:80",
		  "VIPD_SERVICE=www\nVIPD_SERVER=[2001:db8::1]:80\n" },
		{ "error=\"No such file or directory\" n=2",
		  "VIPD_ERROR=No such file or directory\nVIPD_N=2\n" },
		{ "detail=\"a \"b\" c\" d=1", "VIPD_DETAIL=a \"b\nVIPD_D=1\n" },
		{ "detail=\"a \"b\"c\" d=1", "VIPD_DETAIL=a \"b\"c\nVIPD_D=1\n" },
		{ "a=\"\" b=", "VIPD_A=\nVIPD_B=\n" },
		{ "a=\"never ends", "VIPD_A=never ends\n" },
		{ "words without a value x=1", "VIPD_X=1\n" },
		{ "Bad=1 b-d=2 =3 \"=4 good_1=5", "VIPD_GOOD_1=5\n" },
		{ "a=b=c", "VIPD_A=b=c\n" },
		{ "  a=1   b=2  ", "VIPD_A=1\nVIPD_B=2\n" },
	};
	char buf[LOG_FIELDS_LEN], uuid[LOG_UUID_LEN], want[LOG_FIELDS_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct log_record rec = record(LOG_SERVER_DOWN, cases[i].text);
		size_t len = log_text_journal(buf, sizeof(buf), &rec, 3);

		(void)snprintf(want, sizeof(want),
			       "MESSAGE=server.down%s%s\nPRIORITY=4\nSYSLOG_IDENTIFIER=vipd\n"
			       "SYSLOG_FACILITY=3\nMESSAGE_ID=%s\nVIPD_EVENT=server.down\n%s",
			       *cases[i].text ? " " : "", cases[i].text,
			       log_uuid(LOG_SERVER_DOWN, uuid), cases[i].fields);
		assert_int_equal(len, strlen(buf));
		assert_string_equal(buf, want);
	}
}

/* The longest text fits, and what does not is left out whole. */
static void full(void **state)
{
	struct log_record rec = record(LOG_SERVER_DOWN, "");
	char buf[LOG_FIELDS_LEN];
	size_t len;

	(void)state;
	for (size_t i = 0; i + 4 < sizeof(rec.text); i += 4)
		memcpy(rec.text + i, "a=1 ", 5);
	len = log_text_journal(buf, sizeof(buf), &rec, 23);
	assert_true(len < sizeof(buf) && buf[len - 1] == '\n');
	memset(rec.text, 'x', sizeof(rec.text) - 1);
	rec.text[1] = '=';
	len = log_text_journal(buf, sizeof(buf), &rec, 23);
	assert_true(len < sizeof(buf) && buf[len - 1] == '\n');
	assert_non_null(strstr(buf, "\nVIPD_X=xxxx"));
}

static void ids(void **state)
{
	char a[LOG_UUID_LEN], b[LOG_UUID_LEN];

	(void)state;
	/* uuid.uuid5(uuid.UUID("0a3c3f0e-6b0f-5d5c-9d55-7669706420a1"), "vrrp.state") of Python */
	assert_string_equal(log_uuid(LOG_VRRP_STATE, a), "47ab4550b23d5f5aacdc562617dc06f7");
	for (int i = 0; i < LOG_N; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(log_uuid((enum log_id)i, a),
						log_uuid((enum log_id)k, b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bursts), cmocka_unit_test(targets), cmocka_unit_test(facilities),
		cmocka_unit_test(lines),  cmocka_unit_test(cleaned), cmocka_unit_test(fields),
		cmocka_unit_test(full),   cmocka_unit_test(ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
