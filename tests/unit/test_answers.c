/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check/smtp, check/dns, check/icmp, check/agent: what is good, what is not, what is somebody else's.
 */
#include "check/agent.h"
#include "check/dns.h"
#include "check/icmp.h"
#include "check/smtp.h"

#include "unit.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static void test_smtp(void **state)
{
	static const struct {
		const char *text;
		enum smtp_result want;
		uint16_t code;
	} rows[] = {
		{ "220 mail.example.org ESMTP\r\n", SMTP_DONE, 220 },
		{ "250-mail\r\n250-SIZE\r\n250 HELP\r\n", SMTP_DONE, 250 },
		{ "250\r\n", SMTP_DONE, 250 },
		{ "421 bye\n", SMTP_DONE, 421 },
		{ "250-mail\r\n", SMTP_MORE, 0 },
		{ "220 mail", SMTP_MORE, 0 },
		{ "", SMTP_MORE, 0 },
		{ "250-a\r\n251 b\r\n", SMTP_BAD, 0 },
		{ "25\r\n", SMTP_BAD, 0 },
		{ "+OK\r\n", SMTP_BAD, 0 },
		{ "199 x\r\n", SMTP_BAD, 0 },
		{ "600 x\r\n", SMTP_BAD, 0 },
		{ "220x\r\n", SMTP_BAD, 0 },
		{ "HTTP/1.1 200 OK\r\n", SMTP_BAD, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		const uint8_t *text = (const uint8_t *)rows[i].text;
		uint32_t len = (uint32_t)strlen(rows[i].text), used, more = 0;

		for (uint32_t cut = 0; cut <= len; cut++) {
			struct smtp s = { 0 };
			enum smtp_result r = smtp_feed(&s, text, cut, &used);

			if (r == SMTP_MORE)
				r = smtp_feed(&s, text + cut, len - cut, &more);
			assert_int_equal(r, rows[i].want);
			if (r == SMTP_DONE)
				assert_int_equal(s.code, rows[i].code);
		}
	}
}

static void test_smtp_bounds(void **state)
{
	struct smtp s = { 0 };
	enum smtp_result r = SMTP_MORE;
	uint32_t used, n = 0;

	(void)state;
	for (; r == SMTP_MORE; n++)
		r = smtp_feed(&s, (const uint8_t *)"250-x\r\n", 7, &used);
	assert_int_equal(r, SMTP_BAD);
	assert_int_equal(n, SMTP_LINES_N + 1);
	s = (struct smtp){ 0 };
	r = smtp_feed(&s, (const uint8_t *)"220 ", 4, &used);
	for (n = 0; r == SMTP_MORE; n++)
		r = smtp_feed(&s, (const uint8_t *)"x", 1, &used);
	assert_int_equal(r, SMTP_BAD);
	assert_int_equal(n, SMTP_LINE_LEN - 4 + 1);
}

enum { TYPE_A = 1, TYPE_SOA = 6, ID = 0x1234 };

static void test_dns(void **state)
{
	uint8_t q[DNS_QUERY_LEN];
	uint16_t rcode = 99;
	uint32_t n = dns_make(q, sizeof(q), "www.example.org", TYPE_A, ID);
	/* 1.2.3.4 under the name at byte 12 */
	static const uint8_t rr[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 1, 2, 3, 4 };
	static const uint8_t loop[] = { 0xc0, 33, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 1, 2, 3, 4 };

	(void)state;
	assert_int_equal(n, 12 + 17 + 4);
	assert_int_equal(dns_judge(q, n, "www.example.org", TYPE_A, ID, &rcode), DNS_BAD);
	q[2] |= 0x80; /* QR */
	assert_int_equal(dns_judge(q, n, "www.example.org", TYPE_A, ID, &rcode), DNS_OK);
	assert_int_equal(dns_judge(q, n, "WWW.example.ORG.", TYPE_A, ID, &rcode), DNS_OK);
	assert_int_equal(dns_judge(q, n, "www.example.org", TYPE_A, ID + 1, &rcode), DNS_OTHER);
	assert_int_equal(dns_judge(q, n, "www.example.com", TYPE_A, ID, &rcode), DNS_BAD);
	assert_int_equal(dns_judge(q, n, "www.example.org", TYPE_SOA, ID, &rcode), DNS_BAD);
	assert_int_equal(dns_judge(q, n - 1, "www.example.org", TYPE_A, ID, &rcode), DNS_BAD);
	assert_int_equal(dns_judge(q, 11, "www.example.org", TYPE_A, ID, &rcode), DNS_BAD);
	q[3] |= 3; /* NXDOMAIN */
	assert_int_equal(dns_judge(q, n, "www.example.org", TYPE_A, ID, &rcode), DNS_CODE);
	assert_int_equal(rcode, 3);
	assert_string_equal(dns_rcode_name(rcode), "NXDOMAIN");
	assert_string_equal(dns_rcode_name(4000), "?");
	q[3] &= 0xf0;
	q[7] = 1; /* an answer that is not there */
	assert_int_equal(dns_judge(q, n, "www.example.org", TYPE_A, ID, &rcode), DNS_BAD);
	memcpy(q + n, rr, sizeof(rr));
	assert_int_equal(dns_judge(q, n + sizeof(rr), "www.example.org", TYPE_A, ID, &rcode),
			 DNS_OK);
	memcpy(q + n, loop, sizeof(loop)); /* a name that points at itself */
	assert_int_equal(dns_judge(q, n + sizeof(loop), "www.example.org", TYPE_A, ID, &rcode),
			 DNS_BAD);

	assert_int_equal(dns_make(q, sizeof(q), ".", TYPE_SOA, ID), 12 + 1 + 4);
	q[2] |= 0x80;
	assert_int_equal(dns_judge(q, 17, ".", TYPE_SOA, ID, &rcode), DNS_OK);
	assert_int_equal(dns_make(q, sizeof(q), "a..b", TYPE_A, ID), 0);
	assert_int_equal(dns_make(q, 16, "www.example.org", TYPE_A, ID), 0);
}

static void test_icmp(void **state)
{
	static const int families[] = { AF_INET, AF_INET6 };
	uint8_t buf[28 + ICMP_ECHO_LEN] = { 0 };

	(void)state;
	for (size_t i = 0; i < N_OF(families); i++) {
		int family = families[i];
		uint8_t *echo = buf + 28;

		assert_int_equal(icmp_make(echo, ICMP_ECHO_LEN, family, 5, 7, 0xabcd),
				 ICMP_ECHO_LEN);
		assert_int_equal(icmp_make(echo, ICMP_ECHO_LEN - 1, family, 5, 7, 0xabcd), 0);
		assert_int_equal(icmp_judge(echo, ICMP_ECHO_LEN, family, false, 7, 0xabcd),
				 ICMP_OTHER);
		echo[0] = family == AF_INET ? 0 : 129;
		assert_int_equal(icmp_judge(echo, ICMP_ECHO_LEN, family, false, 7, 0xabcd),
				 ICMP_REPLY);
		assert_int_equal(icmp_judge(echo, ICMP_ECHO_LEN, family, false, 8, 0xabcd),
				 ICMP_OTHER);
		assert_int_equal(icmp_judge(echo, ICMP_ECHO_LEN, family, false, 7, 0xabce),
				 ICMP_OTHER);
		assert_int_equal(icmp_judge(echo, 20, family, false, 7, 0xabcd), ICMP_OTHER);
		assert_int_equal(icmp_judge(echo, 0, family, false, 7, 0xabcd), ICMP_OTHER);
	}

	/* with an IPv4 header of 20 bytes */
	uint8_t *ip = buf + 8;

	(void)icmp_make(ip + 20, ICMP_ECHO_LEN, AF_INET, 5, 7, 0xabcd);
	ip[0] = 0x45;
	ip[9] = IPPROTO_ICMP;
	ip[20] = 0;
	assert_int_equal(icmp_judge(ip, 20 + ICMP_ECHO_LEN, AF_INET, true, 7, 0xabcd), ICMP_REPLY);
	ip[0] = 0x4f; /* says that it is longer */
	assert_int_equal(icmp_judge(ip, 40, AF_INET, true, 7, 0xabcd), ICMP_OTHER);

	/* an error that quotes our request; and one that quotes another's */
	ip[0] = 0x45;
	ip[20] = 8;
	buf[0] = 3;
	assert_int_equal(icmp_judge(buf, sizeof(buf), AF_INET, false, 7, 0xabcd), ICMP_UNREACHABLE);
	assert_int_equal(icmp_judge(buf, sizeof(buf), AF_INET, false, 7, 0xabcc), ICMP_OTHER);
	assert_int_equal(icmp_judge(buf, 8 + 20 + 8, AF_INET, false, 7, 0xabcd), ICMP_OTHER);
}

static void test_agent(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		struct agent want;
	} rows[] = {
		{ "up\n", true, { .state = AGENT_UP } },
		{ "75%\n", true, { .has_percent = true, .percent = 75 } },
		{ "UP ready 100%",
		  true,
		  { .has_percent = true,
		    .percent = 100,
		    .admin = AGENT_READY,
		    .state = AGENT_UP } },
		{ "down#no disk left\n", true, { .state = AGENT_DOWN } },
		{ "drain,maxconn:30\r\n", true, { .admin = AGENT_DRAIN } },
		{ "maint\t", true, { .admin = AGENT_MAINT } },
		{ "stopped\nrubbish", true, { .state = AGENT_DOWN } },
		{ "0%", true, { .has_percent = true } },
		{ "257%", false, { 0 } },
		{ "%", false, { 0 } },
		{ "7x%", false, { 0 } },
		{ "99999999999%", false, { 0 } },
		{ "hello", false, { 0 } },
		{ "", false, { 0 } },
		{ "\n", false, { 0 } },
		{ "#only words", false, { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		struct agent a;

		assert_int_equal(agent_parse(rows[i].text, (uint32_t)strlen(rows[i].text), &a),
				 rows[i].ok);
		if (!rows[i].ok)
			continue;
		assert_int_equal(a.has_percent, rows[i].want.has_percent);
		assert_int_equal(a.percent, rows[i].want.percent);
		assert_int_equal(a.admin, rows[i].want.admin);
		assert_int_equal(a.state, rows[i].want.state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smtp),  cmocka_unit_test(test_smtp_bounds),
		cmocka_unit_test(test_dns),   cmocka_unit_test(test_icmp),
		cmocka_unit_test(test_agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
