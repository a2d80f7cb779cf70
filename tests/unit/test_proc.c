/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Processes that instances track: what the kernel says of them, which ones are meant, and the table of
 * those that count.
 */
#include "unit.h"
#include "vrrp/pids.h"
#include "vrrp/proc_event.h"
#include "vrrp/proc_match.h"
#include "vrrp/proc_read.h"

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------------ events */

enum { EVENT_LEN = PROC_AT_WHAT + sizeof(struct proc_event), TOKEN = 0x12345678 };

static void put(uint8_t buf[static EVENT_LEN], uint32_t what, const uint32_t data[static 4])
{
	struct nlmsghdr nl = { .nlmsg_len = EVENT_LEN, .nlmsg_type = NLMSG_DONE };
	struct cn_msg cn = { .id = { CN_IDX_PROC, CN_VAL_PROC },
			     .ack = TOKEN + 1,
			     .len = sizeof(struct proc_event) };

	memset(buf, 0, EVENT_LEN);
	memcpy(buf, &nl, sizeof(nl));
	memcpy(buf + sizeof(nl), &cn, sizeof(cn));
	memcpy(buf + PROC_AT_WHAT, &what, sizeof(what));
	memcpy(buf + PROC_AT_DATA, data, 16);
}

static void events(void **state)
{
	static const struct {
		uint32_t what, data[4];
		struct proc_news news;
	} rows[] = {
		{ PROC_EVENT_NONE, { 0 }, { .what = PROC_ACK, .token = TOKEN } },
		{ PROC_EVENT_NONE, { 1 }, { .what = PROC_ACK, .err = 1, .token = TOKEN } },
		{ PROC_EVENT_FORK,
		  { 11, 10, 20, 20 },
		  { .what = PROC_FORK, .pid = 20, .parent = 10 } },
		{ PROC_EVENT_FORK, { 10, 10, 21, 10 }, { .what = PROC_OTHER } }, /* a thread */
		{ PROC_EVENT_EXEC, { 20, 20 }, { .what = PROC_EXEC, .pid = 20 } },
		{ PROC_EVENT_COMM, { 20, 20 }, { .what = PROC_NAME, .pid = 20 } },
		{ PROC_EVENT_COMM, { 21, 20 }, { .what = PROC_OTHER } },
		{ PROC_EVENT_EXIT, { 20, 20, 9 }, { .what = PROC_EXIT, .pid = 20 } },
		{ PROC_EVENT_EXIT, { 21, 20 }, { .what = PROC_OTHER } },
		{ PROC_EVENT_UID, { 20, 20 }, { .what = PROC_OTHER } },
		{ 0x400, { 20, 20 }, { .what = PROC_OTHER } }, /* of a kernel to come */
	};
	uint8_t buf[EVENT_LEN];
	struct proc_news e;

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		put(buf, rows[i].what, rows[i].data);
		assert_true(proc_event_read(buf, EVENT_LEN, &e));
		if (e.what != rows[i].news.what || e.pid != rows[i].news.pid ||
		    e.parent != rows[i].news.parent || e.err != rows[i].news.err ||
		    e.token != rows[i].news.token)
			fail_msg("row %zu: %d %u %u", i, e.what, e.pid, e.parent);
		for (uint32_t len = 0; len < EVENT_LEN; len++)
			assert_false(proc_event_read(buf, len, &e)); /* it says that it is longer */
	}
}

/* Somebody else's message, and lengths that lie. */
static void no_events(void **state)
{
	static const uint32_t data[4] = { 20, 20 };
	uint8_t buf[EVENT_LEN];
	struct proc_news e;
	struct cn_msg cn;

	(void)state;
	put(buf, PROC_EVENT_EXEC, data);
	memcpy(&cn, buf + NLMSG_HDRLEN, sizeof(cn));
	cn.id.idx = CN_IDX_PROC + 1;
	memcpy(buf + NLMSG_HDRLEN, &cn, sizeof(cn));
	assert_false(proc_event_read(buf, EVENT_LEN, &e));
	cn.id.idx = CN_IDX_PROC;
	cn.len = UINT16_MAX;
	memcpy(buf + NLMSG_HDRLEN, &cn, sizeof(cn));
	assert_false(proc_event_read(buf, EVENT_LEN, &e));
	cn.len = 20; /* cut off within the numbers */
	memcpy(buf + NLMSG_HDRLEN, &cn, sizeof(cn));
	assert_true(proc_event_read(buf, EVENT_LEN, &e));
	assert_int_equal(e.what, PROC_OTHER);
}

/* ------------------------------------------------------------------ which ones */

static struct proc_seen seen;

/* Words with blanks between; no line: a process without one. */
static void see(const char *comm, const char *line)
{
	memset(&seen, 0, sizeof(seen));
	(void)snprintf(seen.comm, sizeof(seen.comm), "%s", comm);
	seen.line_len = line ? (uint32_t)strlen(line) + 1 : 0;
	for (uint32_t i = 0; i + 1 < seen.line_len; i++)
		seen.line[i] = line[i] == ' ' ? '\0' : line[i];
}

static void matches(void **state)
{
	static const struct {
		const char *command[4];
		uint8_t match;
		bool full;
		const char *comm, *line;
		bool matches;
	} rows[] = {
		/* the short name */
		{ { "nginx" }, PARAM_AUTO, false, "nginx", "/usr/sbin/nginx -g x", true },
		{ { "nginx" }, PARAM_AUTO, false, "nginx", NULL, true },
		{ { "ssh" }, PARAM_AUTO, false, "sshd", "/usr/sbin/sshd", false },
		{ { "/usr/sbin/nginx" }, PARAM_AUTO, false, "nginx", "/usr/sbin/nginx", false },
		/* the first word of the line, whatever follows */
		{ { "/usr/sbin/nginx" }, PARAM_AUTO, true, "nginx", "/usr/sbin/nginx", true },
		{ { "/usr/sbin/nginx" }, PARAM_AUTO, true, "nginx", "/usr/sbin/nginx -g x", true },
		{ { "nginx" }, PARAM_AUTO, true, "nginx", "/usr/sbin/nginx", false },
		{ { "/usr/sbin/nginx" }, PARAM_AUTO, true, "nginx", "/usr/sbin/nginx2", false },
		{ { "a" }, PARAM_AUTO, true, "a", NULL, false },
		/* all parameters */
		{ { "a", "-b" }, PARAM_AUTO, false, "x", "a -b", true },
		{ { "a", "-b" }, PARAM_AUTO, false, "x", "a -b -c", false },
		{ { "a", "-b" }, PARAM_EXACT, false, "x", "a -b", true },
		{ { "a", "-b" }, PARAM_EXACT, false, "x", "a", false },
		{ { "a", "-b" }, PARAM_EXACT, false, "x", "a -bc", false },
		{ { "a" }, PARAM_EXACT, false, "a", "a", true },
		{ { "a" }, PARAM_EXACT, false, "a", "a -b", false }, /* there must be none */
		/* the first parameters */
		{ { "a", "-b" }, PARAM_PARTIAL, false, "x", "a -b -c", true },
		{ { "a", "-b" }, PARAM_PARTIAL, false, "x", "a -bc", false },
		{ { "a", "-b" }, PARAM_PARTIAL, false, "x", "a", false },
		{ { "a" }, PARAM_PARTIAL, false, "x", "a -b", true },
		/* the last of which may be longer */
		{ { "a", "-b" }, PARAM_INITIAL, false, "x", "a -bc", true },
		{ { "a", "-b" }, PARAM_INITIAL, false, "x", "a -b -c", true },
		{ { "a", "-b", "-c" }, PARAM_INITIAL, false, "x", "a -bb -cc", false },
		{ { "a", "-b", "-c" }, PARAM_INITIAL, false, "x", "a -b -cc d", true },
		{ { "a" }, PARAM_INITIAL, false, "x", "ab", false },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		struct fields_track_process s = { .match = rows[i].match, .full = rows[i].full };

		see(rows[i].comm, rows[i].line);
		s.command.v = rows[i].command;
		while (rows[i].command[s.command.n])
			s.command.n++;
		if (proc_match(&s, &seen) != rows[i].matches)
			fail_msg("row %zu", i);
	}
}

static void stats(void **state)
{
	static const struct {
		const char *text, *comm;
		char letter; /* 0: it can't be read */
	} rows[] = {
		{ "1 (systemd) S 0 1 1", "systemd", 'S' },
		{ "7 (a) b) (c) R 1", "a) b) (c", 'R' },
		{ "7 () Z 1", "", 'Z' },
		{ "7 (a name that is far too long) S 1", "a name that is ", 'S' },
		{ "7 (a)", NULL, 0 },
		{ "7 (a) ", NULL, 0 },
		{ "7 a) S", NULL, 0 },
		{ ")(", NULL, 0 },
		{ "", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		char comm[PROC_COMM_LEN], letter = 0;
		bool ok = proc_match_stat(rows[i].text, (uint32_t)strlen(rows[i].text), comm,
					  &letter);

		if (ok != !!rows[i].letter)
			fail_msg("row %zu", i);
		if (ok) {
			assert_string_equal(comm, rows[i].comm);
			assert_int_equal(letter, rows[i].letter);
		}
	}
}

static void find_us(void *arg, uint32_t pid)
{
	if (pid == (uint32_t)getpid()) {
		assert_string_equal(seen.comm, "test_proc");
		++*(unsigned *)arg;
	}
}

/* This very process is found, with its name and line, and one that has ended is not. */
static void reads(void **state)
{
	static const struct proc_want want = { .comm = true, .line = true };
	unsigned n = 0;
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(0);
	assert_true(proc_read((uint32_t)getpid(), want, &seen));
	assert_string_equal(seen.comm, "test_proc");
	assert_non_null(strstr(seen.line, "test_proc"));
	assert_int_equal(seen.line[seen.line_len - 1], '\0');
	assert_false(proc_read(UINT32_MAX, want, &seen));
	assert_int_equal(proc_read_all(want, &seen, find_us, &n), 0);
	assert_int_equal(n, 1);
	(void)pid; /* a child that nobody waits for is a zombie until we end */
}

/* ------------------------------------------------------------------ the table */

/* Thousands of them, dropped and found in any order; looks are given out once each. */
static void table(void **state)
{
	enum { N = 5000, BITS = 70 };
	struct pids p = { 0 };
	unsigned looks = 0;

	(void)state;
	assert_null(pids_find(&p, 1));
	pids_reset(&p, BITS);
	for (uint32_t i = 1; i <= N; i++) {
		struct pid *node = pids_get(&p, i * 7);

		assert_false(pids_counts(&p, node));
		node->set[1] = i % 2;
		if (i % 3 == 0)
			pids_look(&p, node);
	}
	assert_int_equal(p.n, N);
	for (uint32_t i = 1; i <= N; i++) {
		struct pid *node = pids_find(&p, i * 7);

		assert_non_null(node);
		assert_ptr_equal(pids_get(&p, i * 7), node);
		assert_int_equal(pids_counts(&p, node), i % 2);
		assert_null(pids_find(&p, i * 7 + 1));
		if (i % 6 == 0)
			pids_drop(&p, node); /* half of those that must be looked at */
	}
	while (pids_next_look(&p))
		looks++;
	assert_int_equal(looks, N / 3 - N / 6);
	assert_int_equal(p.n, N - N / 6);
	pids_reset(&p, 1);
	assert_int_equal(p.n, 0);
	pids_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events), cmocka_unit_test(no_events), cmocka_unit_test(matches),
		cmocka_unit_test(stats),  cmocka_unit_test(reads),     cmocka_unit_test(table),
	};

	return cmocka_run_group_tests_name("proc", tests, NULL, NULL);
}
