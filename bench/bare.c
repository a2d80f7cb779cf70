/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The least program that can check many servers: one loop that connects to each in turn and hangs up with a reset,
 * at a given rate. What checks cost beyond it, the checker spends on itself.
 *
 *	bare FIRST_ADDRESS COUNT PORT INTERVAL_S tcp|http
 *
 * Checks COUNT addresses from FIRST_ADDRESS on, each every INTERVAL_S; with http, sends a request and reads
 * the answer first. Runs until it is ended, or until a check fails.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_N = 64, ANSWER_LEN = 65536, NS = 1000000000 };

static struct {
	int epoll_fd;
	uint32_t first, count;
	uint16_t port;
	bool is_http;
} bare;

static int64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * (int64_t)NS + ts.tv_nsec;
}

static void end(int fd, bool has_passed)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	(void)close(fd);
	if (!has_passed) {
		(void)fputs("bare: a check failed\n", stderr);
		exit(1);
	}
}

static void start(uint32_t n)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons(bare.port),
				  .sin_addr.s_addr = htonl(bare.first + n) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
				  .data.fd = fd };

	if ((connect(fd, (struct sockaddr *)&sa, sizeof(sa)) && errno != EINPROGRESS) ||
	    epoll_ctl(bare.epoll_fd, EPOLL_CTL_ADD, fd, &ev))
		end(fd, false);
}

static void go_on(int fd, uint32_t events)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
	char answer[ANSWER_LEN];

	if (!bare.is_http || events & (EPOLLERR | EPOLLHUP)) {
		end(fd, !(events & (EPOLLERR | EPOLLHUP)));
	} else if (!(events & EPOLLIN)) {
		if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0)
			end(fd, false);
	} else {
		ssize_t n = recv(fd, answer, sizeof(answer), 0);

		end(fd, n > 12 && !memcmp(answer + 9, "200", 3));
	}
}

static void serve(int64_t wait_ns)
{
	struct timespec ts = { .tv_sec = wait_ns / NS, .tv_nsec = wait_ns % NS };
	struct epoll_event ev[EVENTS_N];
	int n = epoll_pwait2(bare.epoll_fd, ev, EVENTS_N,
			     wait_ns < 0 ? &(struct timespec){ 0 } : &ts, NULL);

	for (int i = 0; i < n; i++) {
		go_on(ev[i].data.fd, ev[i].events);
	}
}

int main(int argc, char **argv)
{
	if (argc != 6)
		return 1;
	bare.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	bare.first = ntohl(inet_addr(argv[1]));
	bare.count = (uint32_t)atoi(argv[2]);
	bare.port = (uint16_t)atoi(argv[3]);
	bare.is_http = !strcmp(argv[5], "http");
	(void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);

	int64_t step_ns = (int64_t)(atof(argv[4]) * NS) / bare.count, due_ns = now_ns();

	for (uint32_t at = 0;;) {
		serve(due_ns - now_ns());
		for (int i = 0; i < EVENTS_N / 2 && due_ns <= now_ns(); i++, due_ns += step_ns)
			start(at++ % bare.count);
	}
}
