/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See call.h.
 */
#include "ctl/call.h"

#include "core/bug.h"
#include "core/ops/control_wire.h"
#include "core/ops/options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 4 * 1024 * 1024 }; /* longer ones are none of vipd's */

static const char *socket_path = CONTROL_PATH;
static bool is_quiet;

void call_quietly(void)
{
	is_quiet = true;
}

void call_ignore(void *arg, const char *text, const json_t *line)
{
	(void)arg;
	(void)text;
	(void)line;
}

int call_status(int err)
{
	return err == -ETIMEDOUT ? EXIT_UNKNOWN : EXIT_UNREADABLE;
}

void call_use(const char *path)
{
	socket_path = path;
}

static const char *why_not(int err)
{
	switch (-err) {
	case ENOENT:
	case ECONNREFUSED:
		return ": is vipd running, with this --control?";
	case EACCES:
		return ": ask as root or as a member of the socket's group";
	default:
		return "";
	}
}

static int open_socket(unsigned timeout_s)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct timeval tv = { .tv_sec = timeout_s };
	size_t len = strlen(socket_path);

	if (len >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	memcpy(sa.sun_path, socket_path, len);

	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) ||
	    connect(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		int err = -errno;

		(void)close(fd);
		return err;
	}
	return fd;
}

/* Takes the request. */
static int send_request(int fd, json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT);
	size_t len, at = 0;
	int err = 0;

	BUG_ON(!text);
	json_decref(request);
	len = strlen(text);
	text[len++] = '\n'; /* in the place of the NUL: from here on it is bytes */
	while (!err && at < len) {
		ssize_t n = send(fd, text + at, len - at, MSG_NOSIGNAL);

		if (n >= 0)
			at += (size_t)n;
		else if (errno != EINTR)
			err = errno == EAGAIN ? -ETIMEDOUT : -errno;
	}
	free(text);
	return err;
}

struct lines {
	int fd;
	char *buf;
	size_t at, len, cap; /* at..len is not taken yet */
};

/* The next line, its newline replaced by NUL, until the next call. 0 or -errno. */
static int next_line(struct lines *l, char **line)
{
	for (;;) {
		char *nl = l->len > l->at ? memchr(l->buf + l->at, '\n', l->len - l->at) : NULL;

		if (nl) {
			*nl = '\0';
			*line = l->buf + l->at;
			l->at = (size_t)(nl - l->buf) + 1;
			return 0;
		}
		if (l->at) {
			memmove(l->buf, l->buf + l->at, l->len - l->at);
			l->len -= l->at;
			l->at = 0;
		}
		if (l->len == l->cap) {
			if (l->cap >= LINE_MAX_LEN)
				return -EMSGSIZE;
			l->cap = l->cap ? l->cap * 2 : 65536;
			l->buf = realloc(l->buf, l->cap);
			BUG_ON(!l->buf);
		}

		ssize_t n = recv(l->fd, l->buf + l->len, l->cap - l->len, 0);

		if (n == 0)
			return -ECONNRESET;
		if (n < 0 && errno != EINTR)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		l->len += n > 0 ? (size_t)n : 0;
	}
}

/* Whether it may be the last line; a quote within a text has a backslash before it. */
static bool may_end(const char *text)
{
	return strstr(text, "\"status\"");
}

struct taker {
	call_line_fn *fn;
	void *arg;
	bool is_raw;
};

static int read_reply(int fd, const struct taker *taker, json_t **end)
{
	struct lines l = { .fd = fd };
	char *text = NULL;
	int err;

	while (!(err = next_line(&l, &text))) {
		if (taker->is_raw && !may_end(text)) {
			taker->fn(taker->arg, text, NULL);
			continue;
		}

		json_t *line = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

		if (!json_is_object(line)) {
			json_decref(line);
			err = -EPROTO;
			break;
		}
		if (json_object_get(line, "status")) {
			*end = line;
			break;
		}
		taker->fn(taker->arg, text, line);
		json_decref(line);
	}
	free(l.buf);
	return err;
}

static int ask(json_t *request, unsigned timeout_s, const struct taker *taker, json_t **end)
{
	int fd = open_socket(timeout_s), err;

	*end = NULL;
	if (fd < 0) {
		json_decref(request);
		if (!is_quiet)
			(void)fprintf(stderr, "vipctl: can't reach vipd at %s: %s%s\n", socket_path,
				      strerrordesc_np(-fd), why_not(fd));
		return fd;
	}
	err = send_request(fd, request);
	if (!err)
		err = read_reply(fd, taker, end);
	(void)close(fd);
	if (is_quiet)
		return err;
	if (err == -ETIMEDOUT)
		(void)fprintf(stderr, "vipctl: no answer from vipd in %u s\n", timeout_s);
	else if (err)
		(void)fprintf(stderr, "vipctl: vipd at %s ended the talk early: %s\n", socket_path,
			      strerrordesc_np(-err));
	return err;
}

int call(json_t *request, unsigned timeout_s, call_line_fn *fn, void *arg, json_t **end)
{
	return ask(request, timeout_s, &(struct taker){ fn, arg, false }, end);
}

int call_raw(json_t *request, unsigned timeout_s, call_line_fn *fn, void *arg, json_t **end)
{
	return ask(request, timeout_s, &(struct taker){ fn, arg, true }, end);
}
