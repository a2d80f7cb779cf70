/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See log_out.h.
 */
#include "core/log_out.h"

#include "core/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* ------------------------------------------------------------------ waiting */

static unsigned outputs_n(const struct log_out *o)
{
	unsigned n = 0;

	for (int i = 0; i < LOG_SINK_N; i++)
		n += o->sink[i].is_used;
	return n;
}

/* False: it takes nothing now. */
static bool wait_for(const struct log_out *o, struct log_sink *s, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int limit_ms = s->is_stuck && outputs_n(o) > 1 ? 0 : LOG_OUT_WAIT_MS, n;

	do
		n = poll(&p, 1, limit_ms);
	while (n < 0 && errno == EINTR);
	return n > 0;
}

/* ------------------------------------------------------------------ standard error */

/* A line is shorter than what a pipe that can be written to takes at least (PIPE_BUF), so write() does not
 * wait for long. */
_Static_assert(LOG_TEXT_LEN + 1 <= 4096, "PIPE_BUF");

static bool write_all(const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(STDERR_FILENO, buf, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false; /* closed, or a full disk */
		buf += n;
		len -= (size_t)n;
	}
	return true;
}

static bool put_stderr(struct log_out *o, const struct log_record *rec)
{
	char line[1 + LOG_TEXT_LEN] = "\n";
	size_t len = log_text_line(line + 1, sizeof(line) - 1, rec);
	bool is_done;

	if (!wait_for(o, &o->sink[LOG_SINK_STDERR], STDERR_FILENO))
		return false;
	is_done = o->is_cut ? write_all(line, len + 1) : write_all(line + 1, len);
	o->is_cut = !is_done;
	return is_done;
}

/* ------------------------------------------------------------------ daemons */

static void disconnect(struct log_sink *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}

static bool connect_to(struct log_sink *s)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	if (strlen(s->path) >= sizeof(sun.sun_path))
		return false;
	memcpy(sun.sun_path, s->path, strlen(s->path) + 1);
	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd >= 0 && !connect(s->fd, (struct sockaddr *)&sun, sizeof(sun)))
		return true;
	disconnect(s);
	return false;
}

/* The journal also takes what is longer than a datagram, as a file; ours never is (socket(7): the smallest
 * send buffer is 2048 bytes and what a packet costs). */
_Static_assert(LOG_TEXT_LEN <= 2048 && LOG_FIELDS_LEN <= 2048, "a datagram, however small wmem is");

static int send_once(const struct log_sink *s, const char *buf, size_t len)
{
	return send(s->fd, buf, len, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* 0; -EAGAIN: stuck; else there is no daemon. */
static int send_to(struct log_out *o, struct log_sink *s, const char *buf, size_t len)
{
	bool is_new = false;
	int err;

	if (s->fd < 0 && clock_now_us() >= s->again_us)
		is_new = connect_to(s);
	if (s->fd < 0) {
		if (clock_now_us() >= s->again_us)
			s->again_us = clock_now_us() + MS(LOG_OUT_AGAIN_MS);
		return -ENOTCONN;
	}
	err = send_once(s, buf, len);
	if (err && err != -EAGAIN && !is_new) { /* it was started anew: that is another socket */
		disconnect(s);
		if (connect_to(s))
			err = send_once(s, buf, len);
	}
	if (err == -EAGAIN && wait_for(o, s, s->fd))
		err = send_once(s, buf, len);
	if (err && err != -EAGAIN)
		disconnect(s);
	return err;
}

/* Where there is no daemon, standard error is better than nothing. */
static bool put_daemon(struct log_out *o, struct log_sink *s, const struct log_record *rec)
{
	bool is_journal = s == &o->sink[LOG_SINK_JOURNAL];
	char buf[LOG_FIELDS_LEN];
	size_t len = is_journal ? log_text_journal(buf, sizeof(buf), rec, o->facility)
				: log_text_syslog(buf, sizeof(buf), rec, o->facility, getpid());
	int err = send_to(o, s, buf, len);

	if (!err || err == -EAGAIN)
		return !err;
	return o->sink[LOG_SINK_STDERR].is_used || put_stderr(o, rec);
}

/* ------------------------------------------------------------------ all */

static bool put_one(struct log_out *o, int kind, const struct log_record *rec)
{
	struct log_sink *s = &o->sink[kind];

	s->is_stuck = kind == LOG_SINK_STDERR ? !put_stderr(o, rec) : !put_daemon(o, s, rec);
	s->lost_n += s->is_stuck;
	return !s->is_stuck;
}

bool log_out_put(struct log_out *o, const struct log_record *rec)
{
	bool has_all = true;

	for (int i = 0; i < LOG_SINK_N; i++)
		if (o->sink[i].is_used)
			has_all &= put_one(o, i, rec);
	return has_all;
}

void log_out_lost(struct log_out *o, uint64_t n)
{
	for (int i = 0; i < LOG_SINK_N; i++)
		if (o->sink[i].is_used)
			o->sink[i].lost_n += n;
}

static struct log_record lost_record(const struct log_sink *s, const char *where)
{
	struct log_record rec = { .id = LOG_LOG_LOST };

	(void)clock_gettime(CLOCK_REALTIME, &rec.at);
	(void)snprintf(rec.text, sizeof(rec.text), "count=%llu to=%s",
		       (unsigned long long)s->lost_n, where);
	return rec;
}

void log_out_tell_lost(struct log_out *o)
{
	static const char *const names[] = { "stderr", "syslog", "journal" };

	for (int i = 0; i < LOG_SINK_N; i++) {
		struct log_sink *s = &o->sink[i];
		struct log_record rec = lost_record(s, names[i]);

		if (!s->lost_n)
			continue;
		if (!s->is_stuck) {
			if (put_one(o, i, &rec))
				s->lost_n = 0;
			s->is_told = s->is_stuck;
			continue;
		}
		for (int k = 0; k < LOG_SINK_N && !s->is_told; k++)
			if (o->sink[k].is_used && !o->sink[k].is_stuck)
				(void)put_one(o, k, &rec);
		s->is_told = true;
	}
}

void log_out_init(struct log_out *o, const struct log_to *to, const char *syslog_path,
		  const char *journal_path)
{
	*o = (struct log_out){ .facility = to->facility };
	o->sink[LOG_SINK_STDERR] = (struct log_sink){ .is_used = to->has_stderr, .fd = -1 };
	o->sink[LOG_SINK_SYSLOG] =
		(struct log_sink){ .is_used = to->has_syslog,
				   .fd = -1,
				   .path = syslog_path ? syslog_path : LOG_SYSLOG_PATH };
	o->sink[LOG_SINK_JOURNAL] =
		(struct log_sink){ .is_used = to->has_journal,
				   .fd = -1,
				   .path = journal_path ? journal_path : LOG_JOURNAL_PATH };
}

void log_out_fini(struct log_out *o)
{
	for (int i = 0; i < LOG_SINK_N; i++)
		disconnect(&o->sink[i]);
}
