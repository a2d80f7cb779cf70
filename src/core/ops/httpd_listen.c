/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See httpd_listen.h.
 */
#include "core/ops/httpd_listen.h"

#include "core/addr.h"
#include "core/bug.h"
#include "core/clock.h"
#include "core/log.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BACKLOG_N = 128, PORT_MAX = 65535 };

static void on_listen(struct loop_fd *lf, uint32_t events)
{
	struct httpd_listener *l = container_of(lf, struct httpd_listener, fd);

	(void)events;
	for (unsigned i = 0; i < HTTPD_ACCEPT_N; i++) {
		struct sockaddr_storage from = { 0 };
		socklen_t len = sizeof(from);
		int fd = accept4(lf->fd, (struct sockaddr *)&from, &len,
				 SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			l->take(l->arg, fd, &from, len);
			continue;
		}
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return;
		/* no descriptor is free: asking again at once would only make the loop spin */
		loop_set(l->loop, &l->fd, 0);
		timer_arm(&l->loop->timers, &l->again, clock_now_us() + MS(HTTPD_PAUSE_MS));
		return;
	}
}

static int open_socket(struct httpd_listener *l)
{
	int family = l->sa.ss_family, one = 1;
	socklen_t len =
		family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err = 0;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one))) ||
	    bind(fd, (struct sockaddr *)&l->sa, len) || listen(fd, BACKLOG_N))
		err = -errno;
	if (!err)
		err = loop_add(l->loop, &l->fd, fd, EPOLLIN, on_listen);
	if (err)
		(void)close(fd);
	return err;
}

static void try_open(struct httpd_listener *l)
{
	int err = open_socket(l);

	if (!err) {
		log_event(LOG_HTTP_OPEN, "listen=%s", l->text);
		l->is_told = false;
		return;
	}
	if (!l->is_told)
		log_event(LOG_HTTP_FAIL, "listen=%s error=\"%s\"", l->text, strerrordesc_np(-err));
	l->is_told = true;
	timer_arm(&l->loop->timers, &l->again, clock_now_us() + SEC(HTTPD_RETRY_S));
}

static void on_again(struct timer *t, int64_t now_us)
{
	struct httpd_listener *l = container_of(t, struct httpd_listener, again);

	(void)now_us;
	if (l->fd.fd >= 0)
		loop_set(l->loop, &l->fd, EPOLLIN);
	else
		try_open(l);
}

bool httpd_listener_init(struct httpd_listener *l, struct loop *loop, const char *text)
{
	const char *colon = strrchr(text, ':');
	char host[HTTPD_HOST_LEN];
	struct ip_addr a;
	unsigned port;

	*l = (struct httpd_listener){ .loop = loop, .fd.fd = -1 };
	timer_init(&l->again, on_again);
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
	if (a.family == AF_INET)
		*(struct sockaddr_in *)&l->sa = (struct sockaddr_in){
			.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = a.v4
		};
	else
		*(struct sockaddr_in6 *)&l->sa =
			(struct sockaddr_in6){ .sin6_family = AF_INET6,
					       .sin6_port = htons((uint16_t)port),
					       .sin6_addr = a.v6 };
	return true;
}

void httpd_listener_open(struct httpd_listener *l, httpd_take_fn *take, void *arg)
{
	l->take = take;
	l->arg = arg;
	try_open(l);
}

void httpd_listener_close(struct httpd_listener *l)
{
	int fd = l->fd.fd;

	timer_disarm(&l->loop->timers, &l->again);
	if (fd < 0)
		return;
	loop_del(l->loop, &l->fd);
	(void)close(fd);
}
