/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vrrp/sock: buffers, and errors that must not look like silence. In a network namespace of its own.
 */
#include "unit.h"
#include "vrrp/sock.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
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
	for (unsigned i = 0; i < SOCK_PORT_N; i++)
		assert_int_equal(buf_len(s.rx_fd[i], SO_RCVBUF), 2 * SOCK_RCVBUF_LEN);
	assert_int_equal(buf_len(s.tx_v4.fd, SO_SNDBUF), 2 * SOCK_SNDBUF_LEN);
	assert_int_equal(buf_len(s.tx_v6.fd, SO_SNDBUF), 2 * SOCK_SNDBUF_LEN);
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
	s.rx_fd[SOCK_V4] = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(s.rx_fd[SOCK_V4], (struct sockaddr *)&here, sizeof(here)), 0);
	assert_int_equal(getsockname(s.rx_fd[SOCK_V4], (struct sockaddr *)&here, &len), 0);
	assert_int_equal(bind(other, (struct sockaddr *)&there, sizeof(there)), 0);
	assert_int_equal(getsockname(other, (struct sockaddr *)&there, &len), 0);
	assert_int_equal(connect(s.rx_fd[SOCK_V4], (struct sockaddr *)&there, sizeof(there)), 0);
	assert_int_equal(sock_read(&s, SOCK_V4), 0);

	/* nobody is there: refused */
	assert_int_equal(close(other), 0);
	assert_int_equal(send(s.rx_fd[SOCK_V4], "a", 1, 0), 1);
	other = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(other, (struct sockaddr *)&there, sizeof(there)), 0);
	assert_int_equal(sendto(other, "b", 1, 0, (struct sockaddr *)&here, sizeof(here)), 1);
	assert_int_equal(sock_read(&s, SOCK_V4), 1);
	assert_int_equal(s.rx.msg[0].msg_len, 1);
	assert_int_equal(s.rx.buf[0][0], 'b');
	assert_int_equal(sock_read(&s, SOCK_V4), 0);
	(void)close(other);
	sock_close(&s);
}

static uint32_t failed_n;

static void on_sent(void *arg, uint32_t i, int err)
{
	(void)arg;
	(void)i;
	failed_n += err != 0;
}

static void wait_readable(enum sock_port port)
{
	struct pollfd p = { .fd = s.rx_fd[port], .events = POLLIN };

	assert_int_equal(poll(&p, 1, 5000), 1);
}

/* One advert to ourselves over the loopback, in each family: bytes, addresses, interface, hop limit. */
static void sends_and_hears(void **state)
{
	static const struct ip_addr here[] = {
		{ .family = AF_INET, .byte = { 127, 0, 0, 1 } },
		{ .family = AF_INET6, .byte = { [15] = 1 } },
	};
	static const uint8_t vip[16] = { 10, 0, 0, 1 };

	(void)state;
	sock_init(&s);
	assert_int_equal(sock_open(&s), 0);
	assert_int_equal(sock_take_all(&s, true), 0);
	for (unsigned f = 0; f < 2; f++) {
		struct sock_tx *tx = sock_tx(&s, here[f].family);
		enum sock_port port = f ? SOCK_V6 : SOCK_V4;
		struct pkt_advert adv = {
			.family = here[f].family,
			.version = 3,
			.vrid = 7,
			.prio = 100,
			.addr = vip,
			.addr_n = 1,
			.adv_int_us = 1000000,
		}, got;
		struct pkt_route route = { .src = here[f], .dst = here[f], .ip_id = 1, .ttl = 77 };
		struct pkt_expect x = {
			.version = 3,
			.adv_int_us = 1000000,
			.is_unicast = true,
			.dst = here[f],
		};
		struct pkt_out out;
		struct pkt_in in;
		uint32_t ifindex;

		pkt_encode(&adv, &route, sock_slot(tx), &out);
		sock_queue(tx, out.len,
			   &(struct sock_to){ .src = here[f], .dst = here[f], .hop_limit = 77 });
		sock_flush(tx, on_sent, NULL);
		assert_int_equal(failed_n, 0);
		wait_readable(port);
		assert_int_equal(sock_read(&s, port), 1);
		assert_true(sock_packet(&s, port, 0, &in, &ifindex));
		assert_int_equal(ifindex, if_nametoindex("lo"));
		assert_int_equal(in.ttl, 77);
		assert_true(addr_eq(&in.src, &here[f]));
		assert_int_equal(pkt_decode(&in, &x, &got), VRRP_DROP_NONE);
		assert_int_equal(got.vrid, 7);
	}
	/* again only what goes to the group */
	assert_int_equal(sock_take_all(&s, false), 0);
	sock_close(&s);
}

/* What is in AH and not VRRP's does not wake us (V123). */
static void hears_ah(void **state)
{
	struct sockaddr_in there = { .sin_family = AF_INET,
				     .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int out = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	uint8_t packet[PKT_IP_LEN + PKT_AH_LEN + 16] = { 0x45, [8] = 255, [9] = PKT_PROTO_AH };
	uint8_t *ah = packet + PKT_IP_LEN;
	struct pkt_in in;
	uint32_t ifindex;

	(void)state;
	sock_init(&s);
	assert_int_equal(sock_open(&s), 0);
	packet[3] = sizeof(packet);
	packet[12] = packet[16] = 127;
	packet[15] = packet[19] = 1;
	ah[1] = 4;
	for (unsigned i = 0; i < 3; i++) {
		ah[0] = i == 1 ? PKT_PROTO : IPPROTO_TCP;
		ah[PKT_AH_LEN + 1] = (uint8_t)(70 + i);
		assert_int_equal(sendto(out, packet, sizeof(packet), 0, (struct sockaddr *)&there,
					sizeof(there)),
				 sizeof(packet));
	}
	wait_readable(SOCK_AH);
	assert_int_equal(sock_read(&s, SOCK_AH), 1);
	assert_true(sock_packet(&s, SOCK_AH, 0, &in, &ifindex));
	assert_int_equal(in.vrid, 71);
	(void)close(out);
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
		SAYS("V2, V31", sends_and_hears),
		SAYS("V123", hears_ah),
	};

	return cmocka_run_group_tests_name("sock", tests, setup, NULL);
}
