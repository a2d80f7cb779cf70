/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See httpd.h. Clients are taken here and given to one daemon of libmicrohttpd, so that who makes room for
 * whom, and what happens when no descriptor is free, is vipd's to say. It gives an epoll descriptor that
 * main's loop waits for, and a time after which it wants to be called anyway. An answer that waits
 * is suspended there: it costs nothing until httpd_poke(), or the next tick, asks it again.
 */
#include "core/ops/httpd.h"

#include "core/addr.h"
#include "core/bug.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/ops/httpd_listen.h"
#include "core/stats.h"

#include <linux/sockios.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	LISTENERS_N = 16,
	PLACES_N = HTTPD_CLIENTS_N * 2, /* those that make room leave a moment later */
	LIVE_BUFFER_LEN = 64 * 1024, /* of what a client of a live answer may leave unread */
	TICK_S = 1,
	HTTP_TOO_LARGE = 413, /* libmicrohttpd's name for it changes with its version */
};

/* One that is connected. */
struct client {
	int fd; /* libmicrohttpd's; -1: the place is free */
	struct ip_addr from;
	struct MHD_Connection *mhd; /* NULL: not known yet */
	struct stream *stream; /* the answer that is being given; or NULL */
	int64_t silent_us; /* since when it asks nothing */
	bool is_asking; /* it is being answered */
	bool is_leaving;
};

struct httpd {
	struct loop *loop;
	const struct httpd_path *paths;
	void *ctx;
	struct MHD_Daemon *daemon;
	struct loop_fd fd;
	struct timer timer; /* when libmicrohttpd wants to be called */
	struct timer tick; /* for answers that wait */
	unsigned listener_n;
	struct httpd_listener listener[LISTENERS_N];
	struct client client[PLACES_N];
};

static void run(struct httpd *h);

/* ------------------------------------------------------------------ answers */

struct stream {
	struct client *client; /* NULL: gone */
	struct httpd_answer *answer;
	struct text text;
	size_t at; /* of text, given already */
	int64_t end_us; /* then it has taken too long: it holds a configuration */
	int64_t read_us; /* live: when the client had read all last */
	bool is_over, is_waiting;
};

static ssize_t suspend(struct stream *s)
{
	s->is_waiting = true;
	MHD_suspend_connection(s->client->mhd);
	return 0;
}

static ssize_t read_stream(void *arg, uint64_t pos, char *buf, size_t max)
{
	struct stream *s = arg;

	(void)pos;
	if (clock_now_us() > s->end_us || !s->client)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	while (s->at == s->text.len && !s->is_over) {
		s->at = s->text.len = 0;

		enum httpd_step step = s->answer->next(s->answer, &s->text);

		s->is_over = step == HTTPD_END;
		if (step == HTTPD_WAIT)
			return suspend(s);
	}
	if (s->at == s->text.len)
		return MHD_CONTENT_READER_END_OF_STREAM;

	size_t n = s->text.len - s->at < max ? s->text.len - s->at : max;

	memcpy(buf, s->text.buf + s->at, n);
	s->at += n;
	return (ssize_t)n;
}

static void free_stream(void *arg)
{
	struct stream *s = arg;

	if (s->client && s->client->stream == s)
		s->client->stream = NULL;
	s->answer->free(s->answer);
	text_fini(&s->text);
	free(s);
}

static void add_headers(struct MHD_Response *r, const char *type)
{
	(void)MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	(void)MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	(void)MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	(void)MHD_add_response_header(r, "X-Frame-Options", "DENY");
	(void)MHD_add_response_header(r, "Content-Security-Policy",
				      "default-src 'none'; style-src 'self'; script-src 'self'; "
				      "connect-src 'self'; img-src data:; base-uri 'none'; "
				      "form-action 'none'; frame-ancestors 'none'");
}

static enum MHD_Result say(struct MHD_Connection *c, unsigned status, const char *text)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
		strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);

	if (!r)
		return MHD_NO;
	add_headers(r, "text/plain; charset=utf-8");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");

	enum MHD_Result ok = MHD_queue_response(c, status, r);

	MHD_destroy_response(r);
	return ok;
}

static const char *query_value(void *arg, const char *name)
{
	return MHD_lookup_connection_value(arg, MHD_GET_ARGUMENT_KIND, name);
}

static struct client *client_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void make_live(struct httpd *h, struct stream *s)
{
	int len = LIVE_BUFFER_LEN;

	s->end_us = INT64_MAX;
	(void)setsockopt(s->client->fd, SOL_SOCKET, SO_SNDBUF, &len, sizeof(len));
	if (!h->tick.is_armed)
		timer_arm(&h->loop->timers, &h->tick, clock_now_us() + SEC(TICK_S));
}

static enum MHD_Result give(struct httpd *h, struct client *cl, const struct httpd_path *p)
{
	struct MHD_Connection *c = cl->mhd;
	struct httpd_query q = {
		.arg = c,
		.value = query_value,
		.accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT),
	};
	struct stream *s = calloc(1, sizeof(*s));
	struct MHD_Response *r;
	enum MHD_Result ok;

	BUG_ON(!s);
	s->client = cl;
	s->read_us = clock_now_us();
	s->end_us = s->read_us + SEC(HTTPD_ANSWER_S);
	s->answer = p->fn(h->ctx, &q);
	cl->stream = s;
	cl->is_asking = true; /* not before: who sends slowly must not keep a place */
	if (s->answer->is_live)
		make_live(h, s);
	r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, HTTPD_PIECE_LEN, read_stream, s,
					      free_stream);
	if (!r) {
		free_stream(s);
		return MHD_NO;
	}
	add_headers(r, s->answer->type);
	ok = MHD_queue_response(c, s->answer->status ? s->answer->status : MHD_HTTP_OK, r);
	MHD_destroy_response(r);
	return ok;
}

/* Seen by the headers alone: nobody waits for a body. 0: none. */
static unsigned refusal(struct MHD_Connection *c, const char *method)
{
	const char *len =
		MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return MHD_HTTP_METHOD_NOT_ALLOWED;
	if ((len && len[strspn(len, "0")]) ||
	    MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING))
		return HTTP_TOO_LARGE;
	return 0;
}

/* libmicrohttpd: once when the headers are there, once more when all is. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **state)
{
	static int seen; /* only its address is used */
	struct httpd *h = arg;
	struct client *cl = client_of(c);
	unsigned status;

	(void)version;
	(void)data;
	if (!cl)
		return MHD_NO;
	if (!*state) {
		*state = &seen;
		status = refusal(c, method);
		if (!status)
			return MHD_YES;
		stats_add(STAT_HTTP_REQUESTS, 1);
		return say(c, status, "this endpoint is for reading\n");
	}
	if (*len) {
		*len = 0; /* a body: nobody wants it */
		return MHD_YES;
	}
	stats_add(STAT_HTTP_REQUESTS, 1);
	for (const struct httpd_path *p = h->paths; p->path; p++)
		if (!strcmp(p->path, url))
			return give(h, cl, p);
	return say(c, MHD_HTTP_NOT_FOUND, "there is nothing here\n");
}

static void on_completed(void *arg, struct MHD_Connection *c, void **state,
			 enum MHD_RequestTerminationCode why)
{
	struct client *cl = client_of(c);

	(void)arg;
	(void)state;
	(void)why;
	if (!cl)
		return;
	cl->is_asking = false;
	cl->silent_us = clock_now_us();
}

/* ------------------------------------------------------------------ clients */

static void on_connection(void *arg, struct MHD_Connection *c, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct httpd *h = arg;
	struct client *cl = *context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		int fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

		for (unsigned i = 0; i < PLACES_N; i++)
			if (h->client[i].fd == fd)
				cl = &h->client[i];
		BUG_ON(!cl);
		cl->mhd = c;
		*context = cl;
	} else if (cl) {
		if (cl->stream)
			cl->stream->client = NULL;
		*cl = (struct client){ .fd = -1 };
		*context = NULL;
	}
}

static struct ip_addr address_of(const struct sockaddr_storage *sa)
{
	if (sa->ss_family == AF_INET6)
		return (struct ip_addr){ .family = AF_INET6,
					 .v6 = ((const struct sockaddr_in6 *)sa)->sin6_addr };
	return (struct ip_addr){ .family = AF_INET,
				 .v4 = ((const struct sockaddr_in *)sa)->sin_addr };
}

static bool is_older(const struct client *a, const struct client *b)
{
	return !b || a->silent_us < b->silent_us;
}

/* Makes room for one more from there. False: everybody is being answered. */
static bool make_room(struct httpd *h, const struct ip_addr *from)
{
	struct client *oldest = NULL, *oldest_there = NULL;
	unsigned n = 0, there_n = 0;

	for (unsigned i = 0; i < PLACES_N; i++) {
		struct client *cl = &h->client[i];
		bool is_there = addr_eq(&cl->from, from);

		if (cl->fd < 0 || cl->is_leaving)
			continue;
		n++;
		there_n += is_there;
		if (cl->is_asking)
			continue;
		if (is_older(cl, oldest))
			oldest = cl;
		if (is_there && is_older(cl, oldest_there))
			oldest_there = cl;
	}
	if (there_n >= HTTPD_CLIENTS_PER_IP_N)
		oldest = oldest_there;
	else if (n < HTTPD_CLIENTS_N)
		return true;
	stats_add(STAT_HTTP_DROPPED, 1);
	if (!oldest)
		return false;
	oldest->is_leaving = true;
	(void)shutdown(oldest->fd, SHUT_RDWR); /* libmicrohttpd closes it when it sees that */
	return true;
}

static void take(void *arg, int fd, const struct sockaddr_storage *from, socklen_t len)
{
	struct httpd *h = arg;
	struct ip_addr a = address_of(from);
	struct client *cl = NULL;

	for (unsigned i = 0; i < PLACES_N && !cl; i++)
		if (h->client[i].fd < 0)
			cl = &h->client[i];
	if (!cl || !make_room(h, &a)) {
		(void)close(fd);
		return;
	}
	*cl = (struct client){ .fd = fd, .from = a, .silent_us = clock_now_us() };
	/* it closes the descriptor when it fails */
	if (MHD_add_connection(h->daemon, fd, (const struct sockaddr *)from, len) != MHD_YES)
		*cl = (struct client){ .fd = -1 };
	run(h);
}

/* ------------------------------------------------------------------ the loop */

static void run(struct httpd *h)
{
	MHD_UNSIGNED_LONG_LONG ms;

	(void)MHD_run(h->daemon);
	if (MHD_get_timeout(h->daemon, &ms) == MHD_YES)
		timer_arm(&h->loop->timers, &h->timer, clock_now_us() + MS((int64_t)ms));
	else
		timer_disarm(&h->loop->timers, &h->timer);
}

static void on_ready(struct loop_fd *lf, uint32_t events)
{
	(void)events;
	run(container_of(lf, struct httpd, fd));
}

static void on_timer(struct timer *t, int64_t now_us)
{
	(void)now_us;
	run(container_of(t, struct httpd, timer));
}

/* A live client that has left bytes unread for long is cut off. */
static void look_at(struct stream *s, int64_t now_us)
{
	int unread = 0;

	if (ioctl(s->client->fd, SIOCOUTQ, &unread) || !unread)
		s->read_us = now_us;
	if (now_us - s->read_us < SEC(HTTPD_STUCK_S))
		return;
	stats_add(STAT_HTTP_DROPPED, 1);
	s->read_us = INT64_MAX; /* told once */
	s->end_us = 0;
	s->client->is_leaving = true;
	(void)shutdown(s->client->fd, SHUT_RDWR);
}

static void on_tick(struct timer *t, int64_t now_us)
{
	struct httpd *h = container_of(t, struct httpd, tick);
	bool has_live = false;

	for (unsigned i = 0; i < PLACES_N; i++) {
		struct client *cl = &h->client[i];

		if (cl->fd < 0 || !cl->stream || !cl->stream->answer->is_live)
			continue;
		has_live = true;
		if (!cl->is_leaving)
			look_at(cl->stream, now_us);
	}
	if (has_live)
		timer_arm(&h->loop->timers, t, now_us + SEC(TICK_S));
	httpd_poke(h);
}

static bool resume(struct httpd *h)
{
	bool has_any = false;

	for (unsigned i = 0; i < PLACES_N; i++) {
		struct stream *s = h->client[i].stream;

		if (h->client[i].fd < 0 || !s || !s->is_waiting)
			continue;
		s->is_waiting = false;
		MHD_resume_connection(h->client[i].mhd);
		has_any = true;
	}
	return has_any;
}

void httpd_poke(struct httpd *h)
{
	if (h && resume(h))
		run(h);
}

/* Its own words are not for the log. */
static void quiet(void *arg, const char *fmt, va_list ap)
{
	(void)arg;
	(void)fmt;
	(void)ap;
}

static void start_daemon(struct httpd *h)
{
	const union MHD_DaemonInfo *info;

	h->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG | MHD_USE_NO_LISTEN_SOCKET |
					     MHD_ALLOW_SUSPEND_RESUME,
				     0, NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER,
				     quiet, NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection, h,
				     MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,
				     MHD_OPTION_CONNECTION_LIMIT, (unsigned)PLACES_N,
				     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTPD_IDLE_S,
				     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTPD_MEMORY_LEN,
				     MHD_OPTION_END);
	if (!h->daemon)
		return;
	info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info && !loop_add(h->loop, &h->fd, info->epoll_fd, EPOLLIN, on_ready))
		return;
	MHD_stop_daemon(h->daemon);
	h->daemon = NULL;
}

struct httpd *httpd_start(struct loop *loop, const struct conf_strs *listen,
			  const struct httpd_path *paths, void *ctx)
{
	struct httpd *h;

	if (!listen->n)
		return NULL;
	h = calloc(1, sizeof(*h));
	BUG_ON(!h);
	h->loop = loop;
	h->paths = paths;
	h->ctx = ctx;
	h->fd.fd = -1;
	timer_init(&h->timer, on_timer);
	timer_init(&h->tick, on_tick);
	for (unsigned i = 0; i < PLACES_N; i++)
		h->client[i].fd = -1;
	start_daemon(h);
	if (!h->daemon) {
		log_event(LOG_HTTP_FAIL, "error=\"libmicrohttpd does not start\"");
		free(h);
		return NULL;
	}
	for (uint32_t i = 0; i < listen->n && h->listener_n < LISTENERS_N; i++)
		if (httpd_listener_init(&h->listener[h->listener_n], loop, listen->v[i]))
			httpd_listener_open(&h->listener[h->listener_n++], take, h);
	return h;
}

void httpd_stop(struct httpd *h)
{
	if (!h)
		return;
	for (unsigned i = 0; i < h->listener_n; i++)
		httpd_listener_close(&h->listener[i]);
	timer_disarm(&h->loop->timers, &h->timer);
	timer_disarm(&h->loop->timers, &h->tick);
	(void)resume(h); /* it does not stop while one is suspended */
	loop_del(h->loop, &h->fd);
	MHD_stop_daemon(h->daemon);
	free(h);
}
