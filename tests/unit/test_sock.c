/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vrrp/sock: buffers, and errors that must not look like silence. In a network namespace of its own.
 */
#include "unit.h"
#include "vrrp/sock.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct sock s;

static int buf_len(int fd, int name)
{
	int len = 0;
	socklen_t size = sizeof(len);

	assert_int_equal(getsockopt(fd, SOL_SOCKET, name, &len, &size), 0);
	return len;
}

/* What the kernel says is the double of what was asked for. */
static void buffers_are_large(void **state)
{
	(void)state;
	sock_init(&s);
	assert_int_equal(sock_open(&s), 0);
	assert_int_equal(buf_len(s.rx_fd, SO_RCVBUF), 2 * SOCK_RCVBUF_LEN);
	assert_int_equal(buf_len(s.tx_fd, SO_SNDBUF), 2 * SOCK_SNDBUF_LEN);
	sock_close(&s);
	sock_close(&s);
}

/* A socket of another kind, on which an error can be made to wait before a packet. */
static void an_error_is_not_silence(void **state)
{
	struct sockaddr_in here = { .sin_family = AF_INET }, there;
	socklen_t len = sizeof(here);
	int other = socket(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	there = here;
	sock_init(&s);
	s.rx_fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(s.rx_fd, (struct sockaddr *)&here, sizeof(here)), 0);
	assert_int_equal(getsockname(s.rx_fd, (struct sockaddr *)&here, &len), 0);
	assert_int_equal(bind(other, (struct sockaddr *)&there, sizeof(there)), 0);
	assert_int_equal(getsockname(other, (struct sockaddr *)&there, &len), 0);
	assert_int_equal(connect(s.rx_fd, (struct sockaddr *)&there, sizeof(there)), 0);
	assert_int_equal(sock_read(&s), 0);

	/* nobody is there: refused */
	assert_int_equal(close(other), 0);
	assert_int_equal(send(s.rx_fd, "a", 1, 0), 1);
	other = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(other, (struct sockaddr *)&there, sizeof(there)), 0);
	assert_int_equal(sendto(other, "b", 1, 0, (struct sockaddr *)&here, sizeof(here)), 1);
	assert_int_equal(sock_read(&s), 1);
	assert_int_equal(sock_packet(&s, 0).len, 1);
	assert_int_equal(sock_packet(&s, 0).data[0], 'b');
	assert_int_equal(sock_read(&s), 0);
	(void)close(other);
	sock_close(&s);
}

static int setup(void **state)
{
	struct ifreq r = { .ifr_flags = IFF_UP };
	int fd, err;

	(void)state;
	if (unshare(CLONE_NEWNET))
		return -1;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	memcpy(r.ifr_name, "lo", 3);
	err = ioctl(fd, SIOCSIFFLAGS, &r);
	(void)close(fd);
	return err;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffers_are_large),
		cmocka_unit_test(an_error_is_not_silence),
	};

	return cmocka_run_group_tests_name("sock", tests, setup, NULL);
}
