/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The log: its table, and what many threads write at once arrives whole, in order for each thread, or
 * is counted.
 */
#include "core/log.h"
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS_N = 3, EVENTS_N = 2000 };

static void every_row_is_sound(void **state)
{
	(void)state;
	for (int i = 0; i < LOG_N; i++) {
		const struct log_row *r = &log_rows[i];

		assert_true(strlen(r->means) > 20 && r->means[strlen(r->means) - 1] == '.');
		assert_true(strlen(r->todo) > 5);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(r->id, log_rows[k].id);
	}
}

static void *chatter(void *arg)
{
	assert_int_equal(log_thread_enter(), 0);
	/* more errors than other events are written, the rest is a number */
	for (int i = 0; i < EVENTS_N; i++)
		log_event(LOG_CONF_ERROR, "thread=%d n=%d", (int)(intptr_t)arg, i);
	for (int i = 0; i < 10 * LOG_BURST_N; i++)
		log_event(LOG_SERVER_UP, "n=%d", i);
	log_thread_leave();
	return NULL;
}

/* Runs fn with standard error in a file; returns what was written. */
static char *captured(void (*fn)(void), size_t *len)
{
	char path[] = "/tmp/vipd-test-log-XXXXXX";
	int fd = mkstemp(path), saved = dup(STDERR_FILENO);
	char *text;

	assert_true(fd >= 0 && saved >= 0);
	(void)unlink(path);
	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	fn();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	(void)close(saved);
	*len = (size_t)lseek(fd, 0, SEEK_END);
	text = malloc(*len + 1);
	assert_int_equal(pread(fd, text, *len, 0), *len);
	text[*len] = '\0';
	(void)close(fd);
	return text;
}

static void run_chatter(void)
{
	pthread_t t[THREADS_N];

	assert_int_equal(log_start(), 0);
	for (intptr_t i = 0; i < THREADS_N; i++)
		assert_int_equal(pthread_create(&t[i], NULL, chatter, (void *)i), 0);
	for (int i = 0; i < THREADS_N; i++)
		assert_int_equal(pthread_join(t[i], NULL), 0);
	log_stop();
}

static void threads(void **state)
{
	size_t len;
	char *text = captured(run_chatter, &len), *rest = text, *line;
	int last[THREADS_N] = { -1, -1, -1 }, written = 0, lost = 0, up = 0, held = 0, v, who;

	(void)state;
	while ((line = strsep(&rest, "\n")) && *line) {
		const char *p;

		assert_true(strlen(line) > 30 && line[10] == 'T' && line[26] == 'Z');
		if ((p = strstr(line, "error conf.error ")) &&
		    sscanf(p, "error conf.error thread=%d n=%d", &who, &v) == 2) {
			assert_true(v > last[who]);
			last[who] = v;
			written++;
		} else if ((p = strstr(line, "log.lost count="))) {
			lost += atoi(p + 15);
		} else if ((p = strstr(line, "log.more id=")) && (p = strstr(p, "count="))) {
			held += atoi(p + 6);
		} else if (strstr(line, "info server.up n=")) {
			up++;
		} else {
			fail_msg("unexpected line: %s", line);
		}
	}
	/* every event was written, held back and counted, or lost and counted (as may be lines that count) */
	assert_true(written + lost + up + held >= THREADS_N * (EVENTS_N + 10 * LOG_BURST_N) ||
		    lost);
	assert_true(written <= THREADS_N * LOG_BURST_ERR_N * 60);
	assert_true(up <= THREADS_N * LOG_BURST_N * 60);
	free(text);
}

static void say_levels(void)
{
	static const int levels[] = { 6, 4, 3, 7 };

	assert_int_equal(log_start(), 0);
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
		log_set_level(levels[i]);
		assert_int_equal(log_level(), levels[i]);
		log_event(LOG_START, "level=%d", levels[i]);
		log_event(LOG_SERVER_DOWN, "level=%d", levels[i]);
		log_event(LOG_CONF_ERROR, "level=%d", levels[i]);
	}
	log_set_level(6);
	log_stop();
}

static void levels(void **state)
{
	size_t len;
	char *text = captured(say_levels, &len), *rest = text, *line;
	static const char *const want[] = {
		"vipd.start level=6",  "server.down level=6", "conf.error level=6",
		"server.down level=4", "conf.error level=4",  "conf.error level=3",
		"vipd.start level=7",  "server.down level=7", "conf.error level=7",
	};
	size_t n = 0;

	(void)state;
	while ((line = strsep(&rest, "\n")) && *line) {
		assert_true(n < sizeof(want) / sizeof(*want));
		assert_non_null(strstr(line, want[n++]));
	}
	assert_int_equal(n, sizeof(want) / sizeof(*want));
	free(text);
}

static void say_much(void)
{
	char big[4 * LOG_LINE_LEN];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	log_event(LOG_START, "%s", big); /* no thread yet: straight to standard error */
	assert_int_equal(log_start(), 0);
	log_event(LOG_START, "%s", big);
	log_event(LOG_STOPPED, "%s", "");
	log_stop();
}

static void long_lines(void **state)
{
	size_t len;
	char *text = captured(say_much, &len), *rest = text, *line;
	int n = 0;

	(void)state;
	while ((line = strsep(&rest, "\n")) && *line) {
		assert_true(strlen(line) < LOG_LINE_LEN + 128);
		n++;
	}
	assert_int_equal(n, 3);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_sound),
		cmocka_unit_test(threads),
		cmocka_unit_test(levels),
		cmocka_unit_test(long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
