/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The control channel: what is a request, who may ask what, and a socket that no client can hold up. The
 * loop is turned by hand, clients are sockets of the same thread.
 */
#include "core/bug.h"
#include "core/clock.h"
#include "core/ops/control.h"
#include "core/ops/control_sock.h"
#include "core/ops/control_verbs.h"
#include "core/ops/guard.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534, GROUP = 12345 };

static char dir[] = "/tmp/test_control.XXXXXX";
static char path[64];

/* The usual place. Until the next call. */
static const struct control_place *at(const char *where)
{
	static struct control_place place;

	place = (struct control_place){ .path = where, .group = "vipd", .mode = 0660 };
	return &place;
}

/* ------------------------------------------------------------------ decisions */

static void guard(void **state)
{
	static const struct {
		struct guard_case in;
		bool is_refused;
	} row[] = {
		{ { 0, 0, 50, false }, false },
		{ { 9, 9, 50, false }, false }, /* too few to judge */
		{ { GUARD_SERVERS_N, 5, 50, false }, false }, /* half is not more than half */
		{ { GUARD_SERVERS_N, 6, 50, false }, true },
		{ { GUARD_SERVERS_N, 6, 50, true }, false },
		{ { 11, 5, 50, false }, false },
		{ { 11, 6, 50, false }, true },
		{ { 100, 1, 0, false }, true }, /* 0: none may go */
		{ { 100, 0, 0, false }, false },
		{ { 100, 100, 100, false }, false }, /* 100: all may */
		{ { 100, 100, 99, false }, true },
		{ { 1000000000, 500000000, 50, false }, false }, /* no overflow */
		{ { 1000000000, 500000001, 50, false }, true },
		{ { UINT32_MAX, UINT32_MAX, 99, false }, true },
		{ { UINT32_MAX, UINT32_MAX, 100, false }, false },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(row); i++)
		if (guard_refuses(&row[i].in) != row[i].is_refused)
			fail_msg("row %zu", i);
}

/* ------------------------------------------------------------------ the verbs of this test */

static bool may_go_on; /* what "wait" waits for */
static unsigned lines_made, replies_alive;

struct stream {
	struct ctl_reply reply;
	json_int_t left;
	bool waits;
};

static enum ctl_step stream_next(struct ctl_reply *r, json_t **line)
{
	struct stream *s = container_of(r, struct stream, reply);

	if (s->waits && !may_go_on)
		return CTL_WAIT;
	lines_made++;
	*line = s->left ? json_pack("{s:I,s:s}", "left", s->left, "text",
				    "0123456789012345678901234567")
			: json_pack("{s:i}", "status", 0);
	return s->left-- ? CTL_LINE : CTL_END;
}

static void stream_free(struct ctl_reply *r)
{
	free(container_of(r, struct stream, reply));
	replies_alive--;
}

static struct ctl_reply *do_stream(void *ctx, const json_t *request, const struct ctl_who *who)
{
	struct stream *s = calloc(1, sizeof(*s));

	(void)ctx;
	(void)who;
	*s = (struct stream){ .reply = { stream_next, stream_free },
			      .left = json_integer_value(json_object_get(request, "lines")),
			      .waits = json_is_true(json_object_get(request, "wait")) };
	replies_alive++;
	return &s->reply;
}

static struct ctl_reply *do_ping(void *ctx, const json_t *request, const struct ctl_who *who)
{
	(void)request;
	(void)who;
	return ctl_reply_one(json_pack("{s:i,s:s}", "status", 0, "ctx", ctx));
}

static char context[] = "context";

static const struct ctl_verb verbs[] = {
	{ "ping", CTL_READ, do_ping, { { 0 } } },
	{ "write", CTL_WRITE, do_ping, { { 0 } } },
	{ "secret", CTL_SECRET, do_ping, { { 0 } } },
	{ "stream",
	  CTL_READ,
	  do_stream,
	  { { "lines", JSON_INTEGER, true }, { "wait", JSON_TRUE, false } } },
	{ 0 },
};

/* ------------------------------------------------------------------ the wire */

static void requests(void **state)
{
	static const struct {
		const char *line, *why; /* why NULL: accepted */
	} row[] = {
		{ "{\"verb\":\"ping\"}", NULL },
		{ " { \"verb\" : \"ping\" } \r", NULL },
		{ "{\"verb\":\"stream\",\"lines\":3}", NULL },
		{ "{\"verb\":\"stream\",\"lines\":3,\"wait\":false}", NULL },
		{ "", "not JSON" },
		{ "{", "not JSON" },
		{ "ping", "not JSON" },
		{ "{\"verb\":\"ping\"} x", "not JSON" },
		{ "{\"verb\":\"ping\",\"verb\":\"ping\"}", "not JSON: duplicate" },
		{ "{\"verb\":\"pi\\u0000ng\"}", "not JSON" },
		{ "[\"ping\"]", "an object with a \"verb\"" },
		{ "{}", "an object with a \"verb\"" },
		{ "{\"verb\":3}", "an object with a \"verb\"" },
		{ "{\"verb\":\"pong\"}", "unknown verb 'pong'" },
		{ "{\"verb\":\"ping\",\"x\":1}", "ping takes no 'x'" },
		{ "{\"verb\":\"stream\"}", "stream needs 'lines'" },
		{ "{\"verb\":\"stream\",\"lines\":\"3\"}",
		  "'lines' of stream must be a whole number" },
		{ "{\"verb\":\"stream\",\"lines\":3.5}",
		  "'lines' of stream must be a whole number" },
		{ "{\"verb\":\"stream\",\"lines\":3,\"wait\":1}",
		  "'wait' of stream must be true or false" },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(row); i++) {
		const struct ctl_verb *verb = NULL;
		char why[CTL_WHY_LEN] = "";
		json_t *r =
			ctl_request(verbs, row[i].line, (uint32_t)strlen(row[i].line), &verb, why);

		if (!r != !!row[i].why || (row[i].why && !strstr(why, row[i].why)))
			fail_msg("row %zu: %s", i, why);
		json_decref(r);
	}
}

static void long_verb(void **state)
{
	char line[600], why[CTL_WHY_LEN];
	const struct ctl_verb *verb;
	int n = snprintf(line, sizeof(line), "{\"verb\":\"%0500d\"}", 7);

	(void)state;
	assert_null(ctl_request(verbs, line, (uint32_t)n, &verb, why));
	assert_true(strlen(why) < 80);
}

static void lines(void **state)
{
	struct ctl_in *in = calloc(1, sizeof(*in));
	char *big = malloc(CTL_REQUEST_LEN + 1);
	uint32_t used;

	(void)state;
	assert_true(in && big);
	memset(big, 'x', CTL_REQUEST_LEN + 1);
	assert_int_equal(ctl_in_feed(in, "ab", 2, &used), CTL_IN_MORE);
	assert_int_equal(used, 2);
	assert_int_equal(ctl_in_feed(in, "c\nd", 3, &used), CTL_IN_LINE);
	assert_int_equal(used, 2);
	assert_int_equal(in->len, 3);
	assert_memory_equal(in->buf, "abc", 3);
	in->len = 0;
	/* the longest one, in two pieces */
	big[CTL_REQUEST_LEN - 1] = '\n';
	assert_int_equal(ctl_in_feed(in, big, 10, &used), CTL_IN_MORE);
	assert_int_equal(ctl_in_feed(in, big + 10, CTL_REQUEST_LEN - 10, &used), CTL_IN_LINE);
	in->len = 0;
	/* one byte more, in one piece and in two */
	big[CTL_REQUEST_LEN - 1] = 'x';
	big[CTL_REQUEST_LEN] = '\n';
	assert_int_equal(ctl_in_feed(in, big, CTL_REQUEST_LEN + 1, &used), CTL_IN_LONG);
	in->len = 0;
	assert_int_equal(ctl_in_feed(in, big, CTL_REQUEST_LEN - 1, &used), CTL_IN_MORE);
	assert_int_equal(ctl_in_feed(in, "x", 1, &used), CTL_IN_LONG);
	assert_int_equal(ctl_in_feed(in, "\n", 1, &used), CTL_IN_LINE);
	free(in);
	free(big);
}

static void who_may(void **state)
{
	static const struct {
		uid_t uid;
		bool is_member;
		bool may[3]; /* read, write, secret */
	} row[] = {
		{ 0, false, { true, true, true } },      { 0, true, { true, true, true } },
		{ 7, false, { true, true, true } },      { 1000, true, { true, true, false } },
		{ 1000, false, { true, false, false } },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(row); i++) {
		struct ctl_who who = ctl_who(row[i].uid, 7, row[i].is_member);

		assert_int_equal(who.uid, row[i].uid);
		assert_int_equal(who.is_writer, row[i].may[1]);
		for (unsigned k = 0; k < 3; k++)
			if (ctl_may(&verbs[k], &who) != row[i].may[k])
				fail_msg("row %zu, verb %u", i, k);
	}
}

/* ------------------------------------------------------------------ vipd's own verbs */

static const struct conf *running(void *arg)
{
	return arg;
}

static void make(void *arg, struct reload *r, const char *file, const char *base_dir,
		 bool is_forced)
{
	(void)arg;
	(void)file;
	(void)base_dir;
	(void)is_forced;
	*r = (struct reload){ .verdict = RELOAD_ERRORS };
}

/* Comparisons that are not read out: users who may only look leave places for the others. */
static void diff_places(void **state)
{
	static const struct {
		uid_t uid;
		const char *why; /* NULL: answered */
	} row[] = {
		{ 1000, NULL }, { 1000, "this user" }, { 1001, NULL },    { 1002, "too many" },
		{ 0, NULL },    { 0, NULL },           { 0, "too many" },
	};
	struct conf *c = conf_load_text("text", "", 0, &(struct err_list){ 0 });
	struct snap_slot slot = { 0 };
	struct control_host host = { .arg = c, .running = running, .make = make };
	const struct ctl_verb *diff = ctl_verb_find(control_verbs, "diff");
	json_t *request = json_object();
	struct ctl_reply *reply[N_OF(row)];
	struct ctl_who reader = ctl_who(1000, 7, false);

	(void)state;
	assert_true(c && diff);
	snap_thread_register();
	conf_publish(&slot, c);
	for (size_t i = 0; i < N_OF(row); i++) {
		struct ctl_who who = ctl_who(row[i].uid, 7, false);
		json_t *line;

		reply[i] = diff->fn(&host, request, &who);
		if (row[i].why) {
			assert_int_equal(reply[i]->next(reply[i], &line), CTL_END);
			assert_non_null(strstr(json_string_value(json_object_get(line, "error")),
					       row[i].why));
			json_decref(line);
		}
	}
	for (size_t i = 0; i < N_OF(row); i++)
		reply[i]->free(reply[i]);
	reply[0] = diff->fn(&host, request, &reader); /* his place is free again */
	reply[0]->free(reply[0]);
	reply[0] = diff->fn(&host, request, &reader);
	reply[0]->free(reply[0]);
	json_decref(request);
	conf_publish(&slot, NULL);
	snap_barrier();
	snap_thread_unregister();
}

static void texts(void **state)
{
	json_t *a = ctl_text("gr\xc3\xbc\xc3\x9f"), *b = ctl_text("b\xff"
								  "d");

	(void)state;
	assert_string_equal(json_string_value(a), "gr\xc3\xbc\xc3\x9f");
	assert_string_equal(json_string_value(b), "b?d");
	json_decref(a);
	json_decref(b);
}

/* ------------------------------------------------------------------ the socket */

static void turns(struct loop *l, int n)
{
	for (int i = 0; i < n; i++) {
		loop_wait(l, MS(1));
		loop_run(l);
	}
}

static int dial(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Turns the loop until count lines have come or the other side has closed; what came, until the next call. */
static const char *hear(struct loop *l, int fd, int count)
{
	static char buf[4096];
	int64_t end_us = clock_now_us() + SEC(5);
	size_t len = 0;
	int n = 0;

	while (n < count && clock_now_us() < end_us) {
		ssize_t got = recv(fd, buf + len, sizeof(buf) - 1 - len, 0);

		if (got == 0 || (got < 0 && errno != EAGAIN))
			break;
		for (ssize_t i = 0; i < got; i++)
			n += buf[len + (size_t)i] == '\n';
		len += got > 0 ? (size_t)got : 0;
		if (got < 0)
			turns(l, 1);
	}
	buf[len] = '\0';
	return buf;
}

static bool is_closed(struct loop *l, int fd)
{
	char c;
	ssize_t n = recv(fd, &c, 1, 0);

	for (int i = 0; i < 1000 && n < 0 && errno == EAGAIN; i++) {
		turns(l, 1);
		n = recv(fd, &c, 1, 0);
	}
	return n == 0 || (n < 0 && errno == ECONNRESET);
}

#define PONG "{\"status\":0,\"ctx\":\"context\"}\n"
#define PING "{\"verb\":\"ping\"}\n"

static void talk(void **state)
{
	struct loop l;
	struct control *c;
	int a, b;

	(void)state;
	assert_int_equal(loop_init(&l), 0);
	c = control_start(&l, at(path), verbs, context);
	a = dial();
	b = dial();
	say(a, PING);
	assert_string_equal(hear(&l, a, 1), PONG);
	/* in pieces, with another one's in between; two at once; the next one's beginning */
	say(a, "{\"verb\":");
	turns(&l, 3);
	say(b, PING PING "{\"ve");
	assert_string_equal(hear(&l, b, 2), PONG PONG);
	say(a, "\"ping\"}\n");
	assert_string_equal(hear(&l, a, 1), PONG);
	say(b, "rb\":\"write\"}\n");
	assert_string_equal(hear(&l, b, 1), PONG); /* the test's user is vipd's here */
	say(b, "nonsense\n" PING);
	assert_non_null(strstr(hear(&l, b, 2), "\"status\":1,\"error\":\"not JSON"));
	/* half a request and the end: nothing; a whole one and the end: an answer */
	say(a, "{\"verb\":");
	(void)shutdown(a, SHUT_WR);
	assert_true(is_closed(&l, a));
	say(b, PING);
	(void)shutdown(b, SHUT_WR);
	assert_string_equal(hear(&l, b, 1), PONG);
	assert_true(is_closed(&l, b));
	(void)close(a);
	(void)close(b);
	control_stop(c);
	loop_fini(&l);
}

static void too_long(void **state)
{
	struct loop l;
	struct control *c;
	int a, sent = 0;
	char piece[1000];

	(void)state;
	assert_int_equal(loop_init(&l), 0);
	c = control_start(&l, at(path), verbs, context);
	a = dial();
	memset(piece, 'x', sizeof(piece));
	for (int i = 0; i < 100 && send(a, piece, sizeof(piece), MSG_NOSIGNAL) > 0; i++, sent++)
		turns(&l, 2);
	assert_true(sent < 100); /* it was not listened to all the time */
	assert_non_null(strstr(hear(&l, a, 1), "too long"));
	assert_true(is_closed(&l, a));
	(void)close(a);
	control_stop(c);
	loop_fini(&l);
}

/* A client that asks for a million lines and reads none: a bounded part is made, others are served; when
 * it goes, its reply goes. */
static void never_reads(void **state)
{
	struct loop l;
	struct control *c;
	int a, b;

	(void)state;
	assert_int_equal(loop_init(&l), 0);
	c = control_start(&l, at(path), verbs, context);
	a = dial();
	b = dial();
	lines_made = 0;
	say(a, "{\"verb\":\"stream\",\"lines\":1000000}\n");
	turns(&l, 200);
	assert_int_equal(replies_alive, 1);
	/* the socket's own buffer and CONTROL_OUT_LEN, at some 40 bytes a line */
	assert_in_range(lines_made, 1, 30000);
	say(b, PING);
	assert_string_equal(hear(&l, b, 1), PONG);
	(void)close(a);
	turns(&l, 5);
	assert_int_equal(replies_alive, 0);
	(void)close(b);
	control_stop(c);
	loop_fini(&l);
}

/* All lines come, in order, to one who reads slowly. */
static void long_reply(void **state)
{
	enum { N = 20000 };
	struct loop l;
	struct control *c;
	int a;
	unsigned newlines = 0;
	char buf[1000], last = 0;

	(void)state;
	assert_int_equal(loop_init(&l), 0);
	c = control_start(&l, at(path), verbs, context);
	a = dial();
	say(a, "{\"verb\":\"stream\",\"lines\":20000}\n");
	while (newlines <= N) {
		ssize_t n = recv(a, buf, sizeof(buf), 0);

		for (ssize_t i = 0; i < n; i++)
			newlines += buf[i] == '\n';
		assert_true(n > 0 || (n < 0 && errno == EAGAIN));
		if (n > 0)
			last = buf[n - 1];
		turns(&l, 1);
	}
	assert_int_equal(last, '\n');
	assert_int_equal(replies_alive, 0);
	(void)close(a);
	control_stop(c);
	loop_fini(&l);
}

static void waits(void **state)
{
	struct loop l;
	struct control *c;
	int a;
	char nothing;

	(void)state;
	assert_int_equal(loop_init(&l), 0);
	c = control_start(&l, at(path), verbs, context);
	a = dial();
	may_go_on = false;
	say(a, "{\"verb\":\"stream\",\"lines\":1,\"wait\":true}\n");
	turns(&l, 10);
	control_poke(c);
	turns(&l, 2);
	assert_int_equal(recv(a, &nothing, 1, 0), -1);
	may_go_on = true;
	control_poke(c);
	assert_non_null(strstr(hear(&l, a, 2), "{\"status\":0}\n"));
	/* a client that goes while it waits, and one that waits at the end */
	may_go_on = false;
	say(a, "{\"verb\":\"stream\",\"lines\":1,\"wait\":true}\n");
	turns(&l, 10);
	assert_int_equal(replies_alive, 1);
	(void)close(a);
	turns(&l, 5);
	assert_int_equal(replies_alive, 0);
	a = dial();
	say(a, "{\"verb\":\"stream\",\"lines\":1,\"wait\":true}\n");
	turns(&l, 10);
	assert_int_equal(replies_alive, 1);
	control_stop(c);
	assert_int_equal(replies_alive, 0);
	(void)close(a);
	loop_fini(&l);
}

/* More than there are places, all silent: the oldest make room. */
static void crowd(void **state)
{
	enum { N = CONTROL_CLIENTS_N + 36 };
	struct loop l;
	struct control *c;
	int fd[N];

	(void)state;
	assert_int_equal(loop_init(&l), 0);
	c = control_start(&l, at(path), verbs, context);
	for (int i = 0; i < N; i++) {
		fd[i] = dial();
		turns(&l, 1);
	}
	say(fd[N - 1], PING);
	assert_string_equal(hear(&l, fd[N - 1], 1), PONG);
	assert_true(is_closed(&l, fd[0]));
	say(fd[N - 2], PING);
	assert_string_equal(hear(&l, fd[N - 2], 1), PONG);
	for (int i = 0; i < N; i++)
		(void)close(fd[i]);
	control_stop(c);
	loop_fini(&l);
}

/* ------------------------------------------------------------------ its place */

static int mode_of(const char *p)
{
	struct stat st;

	return lstat(p, &st) ? -1 : (int)(st.st_mode & 0777);
}

static void place(void **state)
{
	struct control_sock a, b;
	char deep[80], full[150];
	int fd;

	(void)state;
	/* the folder is made; its parent is not */
	(void)snprintf(deep, sizeof(deep), "%s/sub/s", dir);
	assert_int_equal(control_sock_open(at(deep), &a), 0);
	assert_int_equal(mode_of(deep), 0660);
	control_sock_close(deep, &a);
	assert_int_equal(mode_of(deep), -1);
	(void)snprintf(deep, sizeof(deep), "%s/sub", dir);
	assert_int_equal(rmdir(deep), 0);
	(void)snprintf(deep, sizeof(deep), "%s/no/such/s", dir);
	assert_int_equal(control_sock_open(at(deep), &a), -ENOENT);
	(void)snprintf(full, sizeof(full), "%s/%0110d", dir, 1);
	assert_int_equal(control_sock_open(at(full), &a), -ENAMETOOLONG);

	/* a live one is not taken, a left one is */
	assert_int_equal(control_sock_open(at(path), &a), 0);
	assert_int_equal(control_sock_open(at(path), &b), -EADDRINUSE);
	(void)close(a.fd);
	assert_int_equal(control_sock_open(at(path), &b), 0);
	/* who lost it does not take away the other one's */
	a.fd = dup(STDERR_FILENO);
	control_sock_close(path, &a);
	assert_int_equal(mode_of(path), 0660);
	control_sock_close(path, &b);

	/* what is no socket stays */
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	(void)close(fd);
	assert_int_equal(control_sock_open(at(path), &a), -EEXIST);
	assert_int_equal(mode_of(path), 0600);
	assert_int_equal(unlink(path), 0);
}

static bool has_group; /* whether this machine has the group vipd */

/* stands before libc's */
int getgrnam_r(const char *name, struct group *g, char *buf, size_t len, struct group **found)
{
	(void)buf;
	(void)len;
	assert_string_equal(name, "vipd");
	*g = (struct group){ .gr_gid = GROUP };
	*found = has_group ? g : NULL;
	return 0;
}

/* 0: the socket's group and what is said of it are right; else the line. */
static int group_of(bool is_nobody)
{
	struct control_sock s;
	struct stat st;
	int line = 0;

	if (is_nobody && (setgid(NOBODY) || setuid(NOBODY)))
		return __LINE__;
	if (control_sock_open(at(path), &s) || lstat(path, &st))
		return __LINE__;
	if ((st.st_mode & 0777) != 0660 || (st.st_gid == GROUP) != (has_group && !is_nobody))
		line = __LINE__;
	else if (s.group_err != (!has_group ? -ENOENT : is_nobody ? -EPERM : 0))
		line = __LINE__;
	else if (s.gid != (has_group && !is_nobody ? GROUP : CONTROL_NO_GROUP))
		line = __LINE__;
	control_sock_close(path, &s);
	return line;
}

/* The group vipd reads the socket; when it can't be given to it, that is known. */
static void its_group(void **state)
{
	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(chmod(dir, 0777), 0);
	for (int i = 0; i < 4; i++) {
		pid_t pid;
		int status = 0;

		has_group = i & 1;
		pid = fork();
		assert_true(pid >= 0);
		if (!pid)
			_exit(group_of(i & 2));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		has_group = false;
		if (status)
			fail_msg("case %d: status %x", i, (unsigned)status);
	}
}

/* A channel that can't be opened is tried again, and is there once it can. */
static void later(void **state)
{
	struct loop l;
	struct control *c;
	struct timer *t;
	int a;

	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(loop_init(&l), 0);
	c = control_start(&l, at(path), verbs, context);
	assert_int_equal(rmdir(path), 0);
	t = l.timers.root;
	assert_non_null(t);
	assert_in_range(t->at_us, clock_now_us() + SEC(CONTROL_RETRY_S - 2),
			clock_now_us() + SEC(CONTROL_RETRY_S));
	assert_int_equal(timer_run(&l.timers, t->at_us, 1), 1);
	a = dial();
	say(a, PING);
	assert_string_equal(hear(&l, a, 1), PONG);
	/* nobody talks: its time limit drops it */
	t = l.timers.root;
	assert_in_range(t->at_us, clock_now_us(), clock_now_us() + SEC(CONTROL_IDLE_S));
	assert_int_equal(timer_run(&l.timers, t->at_us, 1), 1);
	assert_true(is_closed(&l, a));
	(void)close(a);
	control_stop(c);
	loop_fini(&l);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/sock", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(dir); /* fails when something was left */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guard),       cmocka_unit_test(requests),
		cmocka_unit_test(long_verb),   cmocka_unit_test(lines),
		cmocka_unit_test(diff_places), cmocka_unit_test(who_may),
		cmocka_unit_test(texts),       cmocka_unit_test(talk),
		cmocka_unit_test(too_long),    cmocka_unit_test(never_reads),
		cmocka_unit_test(waits),       cmocka_unit_test(long_reply),
		cmocka_unit_test(crowd),       cmocka_unit_test(its_group),
		cmocka_unit_test(place),       cmocka_unit_test(later),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
