/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See httpd.h. One daemon of libmicrohttpd for each address; it gives an epoll descriptor that main's loop
 * waits for, and a time after which it wants to be called anyway.
 */
#include "core/ops/httpd.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/stats.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HTTPD_LISTENERS_N = 16, RETRY_S = 10, PORT_MAX = 65535, HOST_LEN = 64 };

struct listener {
	struct httpd *http;
	char text[HOST_LEN + 8];
	struct sockaddr_storage sa;
	struct MHD_Daemon *daemon; /* NULL: not open */
	struct loop_fd fd;
	struct timer timer; /* when it wants to be called, or the next try to open it */
	bool is_told;
};

struct httpd {
	struct loop *loop;
	const struct httpd_path *paths;
	void *ctx;
	unsigned n;
	struct listener listener[HTTPD_LISTENERS_N];
};

/* ------------------------------------------------------------------ answers */

struct stream {
	struct httpd_answer *answer;
	struct text text;
	size_t at; /* of text, given already */
	int64_t end_us; /* then it has taken too long: it holds a configuration */
	bool is_over;
};

static ssize_t read_stream(void *arg, uint64_t pos, char *buf, size_t max)
{
	struct stream *s = arg;

	(void)pos;
	if (clock_now_us() > s->end_us)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	while (s->at == s->text.len && !s->is_over) {
		s->at = s->text.len = 0;
		s->is_over = !s->answer->next(s->answer, &s->text);
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
				      "default-src 'none'; style-src 'unsafe-inline'; script-src "
				      "'unsafe-inline'; connect-src 'self'; img-src data:");
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

static enum MHD_Result give(struct httpd *h, struct MHD_Connection *c, const struct httpd_path *p)
{
	struct httpd_query q = {
		.arg = c,
		.value = query_value,
		.accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT),
	};
	struct stream *s = calloc(1, sizeof(*s));
	struct MHD_Response *r;
	enum MHD_Result ok;

	BUG_ON(!s);
	s->end_us = clock_now_us() + SEC(HTTPD_ANSWER_S);
	s->answer = p->fn(h->ctx, &q);
	r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, HTTPD_PIECE_LEN, read_stream, s,
					      free_stream);
	if (!r) {
		free_stream(s);
		return MHD_NO;
	}
	add_headers(r, s->answer->type);
	ok = MHD_queue_response(c, MHD_HTTP_OK, r);
	MHD_destroy_response(r);
	return ok;
}

/* libmicrohttpd: once when the headers are there, once more when all is. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **state)
{
	static int seen; /* only its address is used */
	struct listener *l = arg;

	(void)version;
	(void)data;
	if (!*state) {
		*state = &seen;
		if (!strcmp(method, MHD_HTTP_METHOD_GET) || !strcmp(method, MHD_HTTP_METHOD_HEAD))
			return MHD_YES;
		stats_add(STAT_HTTP_REQUESTS, 1);
		return say(c, MHD_HTTP_METHOD_NOT_ALLOWED, "this endpoint is for reading\n");
	}
	if (*len) {
		*len = 0; /* a body: nobody wants it */
		return MHD_YES;
	}
	stats_add(STAT_HTTP_REQUESTS, 1);
	for (const struct httpd_path *p = l->http->paths; p->path; p++)
		if (!strcmp(p->path, url))
			return give(l->http, c, p);
	return say(c, MHD_HTTP_NOT_FOUND, "there is nothing here\n");
}

/* ------------------------------------------------------------------ the loop */

static void arm(struct listener *l)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(l->daemon, &ms) == MHD_YES)
		timer_arm(&l->http->loop->timers, &l->timer, clock_now_us() + MS((int64_t)ms));
	else /* it looks at new clients again only when it is called: after too many, nothing else would */
		timer_arm(&l->http->loop->timers, &l->timer, clock_now_us() + SEC(1));
}

static void on_ready(struct loop_fd *lf, uint32_t events)
{
	struct listener *l = container_of(lf, struct listener, fd);

	(void)events;
	(void)MHD_run(l->daemon);
	arm(l);
}

/* Its own words are not for the log. */
static void quiet(void *arg, const char *fmt, va_list ap)
{
	(void)arg;
	(void)fmt;
	(void)ap;
}

static int open_listener(struct listener *l)
{
	unsigned flags = MHD_USE_EPOLL | MHD_USE_ERROR_LOG |
			 (l->sa.ss_family == AF_INET6 ? MHD_USE_IPv6 : MHD_NO_FLAG);
	const union MHD_DaemonInfo *info;
	int err;

	errno = 0;
	l->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, l,
				     MHD_OPTION_EXTERNAL_LOGGER, quiet, NULL, MHD_OPTION_SOCK_ADDR,
				     (struct sockaddr *)&l->sa, MHD_OPTION_CONNECTION_LIMIT,
				     (unsigned)HTTPD_CLIENTS_N, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
				     (unsigned)HTTPD_CLIENTS_PER_IP_N,
				     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTPD_IDLE_S,
				     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTPD_MEMORY_LEN,
				     MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
	if (!l->daemon)
		return errno ? -errno : -EADDRNOTAVAIL;
	info = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	err = info ? loop_add(l->http->loop, &l->fd, info->epoll_fd, EPOLLIN, on_ready) : -ENOSYS;
	if (err) {
		MHD_stop_daemon(l->daemon);
		l->daemon = NULL;
	}
	return err;
}

static void try_open(struct listener *l)
{
	int err = open_listener(l);

	if (!err) {
		log_event(LOG_HTTP_OPEN, "listen=%s", l->text);
		l->is_told = false;
		arm(l);
		return;
	}
	if (!l->is_told)
		log_event(LOG_HTTP_FAIL, "listen=%s error=\"%s\"", l->text, strerrordesc_np(-err));
	l->is_told = true;
	timer_arm(&l->http->loop->timers, &l->timer, clock_now_us() + SEC(RETRY_S));
}

static void on_timer(struct timer *t, int64_t now_us)
{
	struct listener *l = container_of(t, struct listener, timer);

	(void)now_us;
	if (l->daemon)
		on_ready(&l->fd, 0);
	else
		try_open(l);
}

/* conf_check() has seen that it is an address with a port. */
static bool parse(struct listener *l, const char *text)
{
	const char *colon = strrchr(text, ':');
	char host[HOST_LEN];
	struct ip_addr a;
	unsigned port;

	if (!colon || sscanf(colon + 1, "%5u", &port) != 1 || port > PORT_MAX)
		return false;
	(void)snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	if (*host == '[' && strlen(host) > 1) {
		host[strlen(host) - 1] = '\0';
		memmove(host, host + 1, strlen(host));
	}
	if (addr_parse(host, &a))
		return false;
	(void)snprintf(l->text, sizeof(l->text), "%s", text);
	if (a.family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)&l->sa;

		*in = (struct sockaddr_in){ .sin_family = AF_INET,
					    .sin_port = htons((uint16_t)port),
					    .sin_addr = a.v4 };
	} else {
		struct sockaddr_in6 *in = (struct sockaddr_in6 *)&l->sa;

		*in = (struct sockaddr_in6){ .sin6_family = AF_INET6,
					     .sin6_port = htons((uint16_t)port),
					     .sin6_addr = a.v6 };
	}
	return true;
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
	for (uint32_t i = 0; i < listen->n && h->n < HTTPD_LISTENERS_N; i++) {
		struct listener *l = &h->listener[h->n];

		*l = (struct listener){ .http = h, .fd.fd = -1 };
		timer_init(&l->timer, on_timer);
		if (!parse(l, listen->v[i]))
			continue;
		h->n++;
		try_open(l);
	}
	return h;
}

void httpd_stop(struct httpd *h)
{
	if (!h)
		return;
	for (unsigned i = 0; i < h->n; i++) {
		struct listener *l = &h->listener[i];

		timer_disarm(&h->loop->timers, &l->timer);
		if (!l->daemon)
			continue;
		loop_del(h->loop, &l->fd);
		MHD_stop_daemon(l->daemon);
	}
	free(h);
}
