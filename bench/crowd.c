/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * All the servers of a checks bench in one cheap process: a listener on every address of the namespace.
 *
 *	crowd PORT tcp		takes connections; one that only comes and goes does not even wake it
 *	crowd PORT http		answers each request with 200, and keeps the connection, but for HTTP/1.0
 *
 * Several may share a port. Prints "ready" when it listens; runs until it is ended.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_N = 256, BACKLOG_N = 65535, REQUEST_LEN = 4096 };

static int listen_on(uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, defer_s = 5;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer_s, sizeof(defer_s)) ||
	    bind(fd, (struct sockaddr *)&sa, sizeof(sa)) || listen(fd, BACKLOG_N)) {
		perror("crowd");
		exit(1);
	}
	return fd;
}

static void watch(int epoll_fd, int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev))
		(void)close(fd);
}

static void take_all(int epoll_fd, int listener, bool is_http)
{
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return;
		if (is_http)
			watch(epoll_fd, fd, EPOLLIN | EPOLLET);
		else
			(void)close(fd);
	}
}

/* A request comes in one piece here. */
static void answer(int fd)
{
	static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	char request[REQUEST_LEN];
	ssize_t n = recv(fd, request, sizeof(request), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 || send(fd, ok, sizeof(ok) - 1, MSG_NOSIGNAL) < 0 ||
	    memmem(request, (size_t)n, "HTTP/1.0", 8))
		(void)close(fd);
}

int main(int argc, char **argv)
{
	struct epoll_event ev[EVENTS_N];
	bool is_http = argc == 3 && !strcmp(argv[2], "http");
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	int listener = listen_on(argc > 1 ? (uint16_t)atoi(argv[1]) : 80);

	watch(epoll_fd, listener, EPOLLIN);
	(void)puts("ready");
	(void)fflush(stdout);
	for (;;) {
		int n = epoll_wait(epoll_fd, ev, EVENTS_N, -1);

		for (int i = 0; i < n; i++) {
			if (ev[i].data.fd == listener)
				take_all(epoll_fd, listener, is_http);
			else
				answer(ev[i].data.fd);
		}
	}
}
