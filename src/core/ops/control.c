/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See control.h. A client is in one of three states: it is asked for its next request (EPOLLIN), it is
 * being answered (EPOLLOUT while text waits for it), or its reply waits for vipd (no events). A request
 * is read only when the one before it has been answered, so what a client can make vipd keep is one
 * request and one reply.
 */
#include "core/ops/control.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/ops/control_log.h"
#include "core/ops/control_verbs.h"
#include "core/stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	READ_LEN = 4096, /* of a request at a time */
	ACCEPT_N = 16, /* clients taken in one turn of the loop */
	TURN_LINES_N = 512, /* lines of replies made for one client in one turn */
	PAUSE_US = MS(100), /* after accept() found no descriptor free */
	GROUPS_MAX_N = 1024, /* of a client */
};

#define DEFAULT_GROUP "vipd" /* of api.group */

struct client {
	struct loop_fd fd; /* -1: free */
	struct control *control;
	struct timer limit;
	struct timer again; /* the reply waits, and wants to be asked then */
	struct ctl_who who;
	pid_t pid;
	int64_t progress_us, reply_end_us;

	struct ctl_in *in;
	struct ctl_reply *reply; /* NULL: none in progress */
	char *out; /* out_off..out_len waits to be written */
	size_t out_off, out_len, out_cap;
	bool is_waiting; /* the reply is vipd's to go on with */
	bool is_last; /* nothing more will be read from it */
};

struct control {
	struct loop *loop;
	struct control_place where; /* its texts are the channel's */
	const struct ctl_verb *verbs;
	void *ctx;
	struct control_sock sock;
	struct loop_fd listen;
	struct timer retry;
	int told_err; /* why the socket is not open, as last logged */
	bool is_group_told; /* that its group could not be set */
	struct client client[CONTROL_CLIENTS_N];
};

/* ------------------------------------------------------------------ one client */

static void client_free(struct client *cl)
{
	int fd = cl->fd.fd;

	if (fd < 0)
		return;
	timer_disarm(&cl->control->loop->timers, &cl->limit);
	timer_disarm(&cl->control->loop->timers, &cl->again);
	loop_forget(cl->control->loop, &cl->fd);
	(void)close(fd);
	if (cl->reply)
		cl->reply->free(cl->reply);
	free(cl->in);
	free(cl->out);
	cl->reply = NULL;
	cl->in = NULL;
	cl->out = NULL;
}

static void client_drop(struct client *cl)
{
	stats_add(STAT_CONTROL_DROPPED, 1);
	client_free(cl);
}

static void on_limit(struct timer *t, int64_t now_us)
{
	(void)now_us;
	client_drop(container_of(t, struct client, limit));
}

static bool has_out(const struct client *cl)
{
	return cl->out_off < cl->out_len;
}

/* What the loop is to wait for, and until when. more: there is work that no event will announce. */
static void client_rest(struct client *cl, bool more)
{
	struct timer_heap *timers = &cl->control->loop->timers;
	uint32_t events = has_out(cl) || more             ? EPOLLOUT
			  : cl->is_waiting || cl->is_last ? 0
							  : EPOLLIN;
	int64_t end_us = cl->progress_us + SEC(CONTROL_IDLE_S);

	loop_set(cl->control->loop, &cl->fd, events);
	if (cl->reply && cl->reply_end_us < end_us)
		end_us = cl->reply_end_us;
	if (cl->is_waiting && !has_out(cl))
		timer_disarm(timers, &cl->limit);
	else
		timer_arm(timers, &cl->limit, end_us);
	if (cl->is_waiting && cl->reply->again_us)
		timer_arm(timers, &cl->again, clock_now_us() + cl->reply->again_us);
	else
		timer_disarm(timers, &cl->again);
}

/* False: the client is gone. */
static bool flush(struct client *cl)
{
	while (has_out(cl)) {
		ssize_t n = send(cl->fd.fd, cl->out + cl->out_off, cl->out_len - cl->out_off,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		cl->out_off += (size_t)n;
		cl->progress_us = clock_now_us();
	}
	cl->out_off = cl->out_len = 0;
	return true;
}

/* Takes the line. */
static void put_line(struct client *cl, json_t *line)
{
	size_t len;

	for (;;) {
		size_t room = cl->out_cap - cl->out_len;

		len = json_dumpb(line, cl->out ? cl->out + cl->out_len : NULL, room, JSON_COMPACT);
		BUG_ON(!len);
		if (len < room)
			break;
		cl->out_cap = cl->out_len + len + 1 + CONTROL_OUT_LEN;
		cl->out = realloc(cl->out, cl->out_cap);
		BUG_ON(!cl->out);
	}
	cl->out[cl->out_len + len] = '\n';
	cl->out_len += len + 1;
	json_decref(line);
}

/* Makes lines of the reply until the output is full. False: the turn's share is used up. */
static bool fill(struct client *cl, unsigned *lines)
{
	cl->is_waiting = false;
	while (cl->reply && cl->out_len < CONTROL_OUT_LEN) {
		json_t *line = NULL;

		if (!*lines)
			return false;
		--*lines;

		enum ctl_step s = cl->reply->next(cl->reply, &line);

		if (s == CTL_WAIT) {
			cl->is_waiting = true;
			return true;
		}
		put_line(cl, line);
		if (s == CTL_END) {
			cl->reply->free(cl->reply);
			cl->reply = NULL;
		}
	}
	return true;
}

static void answer(struct client *cl)
{
	const struct control *c = cl->control;
	const struct ctl_verb *verb;
	char why[CTL_WHY_LEN];
	json_t *request = ctl_request(c->verbs, cl->in->buf, cl->in->len, &verb, why);

	stats_add(STAT_CONTROL_REQUESTS, 1);
	cl->in->len = 0;
	if (!request) {
		cl->reply = ctl_reply_one(ctl_refusal(1, why));
		return;
	}
	if (!ctl_may(verb, &cl->who)) {
		log_event(LOG_CONTROL_DENIED, "verb=%s uid=%u pid=%d", verb->name, cl->who.uid,
			  cl->pid);
		cl->reply = ctl_reply_one(
			ctl_refusal(1, verb->access == CTL_WRITE
					       ? "permission denied: this is for root, the user "
						 "that vipd runs as and the group of the socket"
					       : "permission denied: this is for root and for the "
						 "user that vipd runs as"));
	} else {
		if (verb->access != CTL_READ)
			log_event(LOG_CONTROL_ASKED, "verb=%s uid=%u pid=%d", verb->name,
				  cl->who.uid, cl->pid);
		cl->reply = verb->fn(c->ctx, request, &cl->who);
	}
	json_decref(request);
}

/* Reads what is there; a whole line is answered. False: nothing to do until more comes. */
static bool listen_to(struct client *cl)
{
	char data[READ_LEN];
	uint32_t used = 0;
	/* looked at first, so that what comes behind the newline stays in the socket */
	ssize_t n = recv(cl->fd.fd, data, sizeof(data), MSG_PEEK | MSG_DONTWAIT);

	if (n <= 0) {
		cl->is_last = n == 0 || (errno != EAGAIN && errno != EINTR);
		return false;
	}

	enum ctl_in_result r = ctl_in_feed(cl->in, data, (uint32_t)n, &used);

	(void)recv(cl->fd.fd, data, used, MSG_DONTWAIT);
	cl->progress_us = clock_now_us();
	if (r == CTL_IN_MORE)
		return true;
	cl->reply_end_us = cl->progress_us + SEC(CONTROL_REPLY_S);
	if (r == CTL_IN_LINE) {
		answer(cl);
		return true;
	}
	cl->reply = ctl_reply_one(ctl_refusal(1, "the request is too long"));
	cl->is_last = true;
	return true;
}

/* Goes on with a client as far as it goes without waiting. */
static void client_go(struct client *cl)
{
	unsigned lines = TURN_LINES_N;
	bool more = false, has_asked = false;

	for (;;) {
		if (!flush(cl)) {
			client_free(cl);
			return;
		}
		if (has_out(cl))
			break;
		if (!cl->reply && cl->is_last)
			break;
		if (cl->reply) {
			more = !fill(cl, &lines);
			if (more || cl->is_waiting)
				break;
		} else {
			/* what a request costs is not known: one in a turn, then it is the others' */
			more = has_asked;
			if (more || !listen_to(cl))
				break;
			has_asked = cl->reply != NULL;
		}
	}
	if (!cl->reply && cl->is_last && !has_out(cl))
		client_free(cl);
	else
		client_rest(cl, more);
}

static void on_client(struct loop_fd *lf, uint32_t events)
{
	struct client *cl = container_of(lf, struct client, fd);

	if (events & (EPOLLHUP | EPOLLERR))
		client_free(cl);
	else
		client_go(cl);
}

/* ------------------------------------------------------------------ all of them */

/* A free place; when there is none, that of the client that has been silent longest, of those that may
 * not change anything first. */
static struct client *place(struct control *c, bool is_writer)
{
	struct client *worst = NULL;

	for (int i = 0; i < CONTROL_CLIENTS_N; i++) {
		struct client *cl = &c->client[i];
		bool writes = cl->who.is_writer;
		bool worst_writes = worst && worst->who.is_writer;

		if (cl->fd.fd < 0)
			return cl;
		if (writes && !is_writer)
			continue;
		if (!worst || (worst_writes && !writes) ||
		    (worst_writes == writes && cl->progress_us < worst->progress_us))
			worst = cl;
	}
	if (worst)
		client_drop(worst);
	return worst;
}

/* Of the socket's group: by its own group or one of the others it has. */
static bool is_member(const struct control *c, int fd, gid_t own)
{
	gid_t group[GROUPS_MAX_N];
	socklen_t len = sizeof(group);

	if (c->sock.gid == CONTROL_NO_GROUP)
		return false;
	if (own == c->sock.gid)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, group, &len))
		return false; /* also: of more groups than anybody has; then its own must be it */
	for (size_t i = 0; i < len / sizeof(*group); i++)
		if (group[i] == c->sock.gid)
			return true;
	return false;
}

static void on_again(struct timer *t, int64_t now_us);

static void welcome(struct control *c, int fd)
{
	struct ucred cred = { 0 };
	socklen_t len = sizeof(cred);
	struct client *cl = NULL;
	struct ctl_who who = { 0 };

	if (!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len)) {
		who = ctl_who(cred.uid, geteuid(), is_member(c, fd, cred.gid));
		cl = place(c, who.is_writer);
	}
	if (!cl || loop_add(c->loop, &cl->fd, fd, EPOLLIN, on_client)) {
		stats_add(STAT_CONTROL_DROPPED, 1);
		(void)close(fd);
		return;
	}
	cl->control = c;
	cl->who = who;
	cl->pid = cred.pid;
	cl->in = calloc(1, sizeof(*cl->in));
	BUG_ON(!cl->in);
	cl->out_off = cl->out_len = cl->out_cap = 0;
	cl->is_waiting = cl->is_last = false;
	cl->progress_us = clock_now_us();
	timer_init(&cl->limit, on_limit);
	timer_init(&cl->again, on_again);
	client_rest(cl, false);
}

static void on_listen(struct loop_fd *lf, uint32_t events)
{
	struct control *c = container_of(lf, struct control, listen);

	(void)events;
	for (int i = 0; i < ACCEPT_N; i++) {
		int fd = accept4(c->sock.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			welcome(c, fd);
			continue;
		}
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return;
		/* no descriptor is free: asking again at once would only make the loop spin */
		loop_set(c->loop, &c->listen, 0);
		timer_arm(&c->loop->timers, &c->retry, clock_now_us() + PAUSE_US);
		return;
	}
}

static const char *what_to_do(int err)
{
	switch (-err) {
	case EADDRINUSE:
		return "another process listens there: give one of them another path (--control)";
	case EEXIST:
		return "what stands there is no socket, and vipd does not delete it";
	case ENOENT:
	case ENOTDIR:
		return "make the folder, or name another path (--control)";
	case EACCES:
	case EPERM:
	case EROFS:
		return "let the user that vipd runs as write in that folder";
	case ENOSPC:
	case EDQUOT:
		return "make room in that file system";
	default:
		return "name another path (--control)";
	}
}

/* Once. That the group is missing which nobody has asked for is nothing to be told. */
static void tell_group(struct control *c)
{
	int err = c->sock.group_err;

	if (!err || c->is_group_told || (err == -ENOENT && !strcmp(c->where.group, DEFAULT_GROUP)))
		return;
	log_event(LOG_CONTROL_GROUP, "path=%s group=%s error=\"%s\"", c->where.path, c->where.group,
		  err == -ENOENT ? "there is no such group" : strerrordesc_np(-err));
	c->is_group_told = true;
}

static void open_socket(struct control *c)
{
	int err = control_sock_open(&c->where, &c->sock);

	if (!err) {
		err = loop_add(c->loop, &c->listen, c->sock.fd, EPOLLIN, on_listen);
		if (err)
			control_sock_close(c->where.path, &c->sock);
	}
	if (!err) {
		log_event(LOG_CONTROL_OPEN, "path=%s", c->where.path);
		tell_group(c);
		c->told_err = 0;
		return;
	}
	if (err != c->told_err)
		log_event(LOG_CONTROL_FAIL, "path=%s error=\"%s\" todo=\"%s\"", c->where.path,
			  strerrordesc_np(-err), what_to_do(err));
	c->told_err = err;
	timer_arm(&c->loop->timers, &c->retry, clock_now_us() + SEC(CONTROL_RETRY_S));
}

static void on_retry(struct timer *t, int64_t now_us)
{
	struct control *c = container_of(t, struct control, retry);

	(void)now_us;
	if (c->sock.fd >= 0)
		loop_set(c->loop, &c->listen, EPOLLIN);
	else
		open_socket(c);
}

struct control *control_start(struct loop *loop, const struct control_place *where,
			      const struct ctl_verb *verbs, void *ctx)
{
	char *path = strdup(where->path), *group = strdup(where->group);
	struct control *c = calloc(1, sizeof(*c));

	BUG_ON(!c || !path || !group);
	c->loop = loop;
	c->where = (struct control_place){ .path = path, .group = group, .mode = where->mode };
	c->verbs = verbs;
	c->ctx = ctx;
	c->sock.fd = c->listen.fd = -1;
	for (int i = 0; i < CONTROL_CLIENTS_N; i++)
		c->client[i].fd.fd = -1;
	timer_init(&c->retry, on_retry);
	open_socket(c);
	return c;
}

struct control *control_open(struct loop *loop, const char *option, const struct conf_api *api,
			     struct control_host *host)
{
	struct control_place where = { .path = option ? option : api->s.socket,
				       .group = api->s.group,
				       .mode = api->s.mode };

	if (option && !strcmp(option, "none"))
		return NULL;
	return control_start(loop, &where, control_verbs, host);
}

/* The wait does not count: what comes now has all of its time. */
static void go_on(struct client *cl)
{
	cl->progress_us = clock_now_us();
	cl->reply_end_us = cl->progress_us + SEC(CONTROL_REPLY_S);
	client_go(cl);
}

static void on_again(struct timer *t, int64_t now_us)
{
	(void)now_us;
	go_on(container_of(t, struct client, again));
}

void control_poke(struct control *c)
{
	for (int i = 0; c && i < CONTROL_CLIENTS_N; i++)
		if (c->client[i].fd.fd >= 0 && c->client[i].is_waiting)
			go_on(&c->client[i]);
}

void control_stop(struct control *c)
{
	if (!c)
		return;
	control_log_stop();
	for (int i = 0; i < CONTROL_CLIENTS_N; i++)
		client_free(&c->client[i]);
	timer_disarm(&c->loop->timers, &c->retry);
	loop_del(c->loop, &c->listen);
	control_sock_close(c->where.path, &c->sock);
	free((char *)(uintptr_t)c->where.path);
	free((char *)(uintptr_t)c->where.group);
	free(c);
}
