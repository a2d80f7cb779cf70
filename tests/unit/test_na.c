/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vrrp/na: the frame's bytes (G8).
 */
#include "vrrp/na.h"

#include "unit.h"

static const uint8_t mac[6] = { 0x02, 0, 0, 0, 0, 0x0a };

/* As captured from keepalived, whose host forwards: see the golden frames. */
static void test_frame_is_golden(void **state)
{
	static const uint8_t
		want[NA_FRAME_LEN] = {
			0x33, 0x33, 0,    0,    0,    1,    0x02, 0,
			0,    0,    0,    0x0a, 0x86, 0xdd, /* Ethernet */
			0x60, 0,    0,    0,    0,    0x20, 0x3a, 0xff, /* IPv6 */
			0xfe, 0x80, 0,    0,    0,    0,    0,    0,
			0,    0,    0,    0,    0,    0,    0x01, 0x00, /* from */
			0xff, 0x02, 0,    0,    0,    0,    0,    0,
			0,    0,    0,    0,    0,    0,    0,    1, /* to */
			0x88, 0,    0x55, 0x94, 0x20, 0,    0,    0, /* ICMPv6 */
			0xfe, 0x80, 0,    0,    0,    0,    0,    0,
			0,    0,    0,    0,    0,    0,    0x01, 0x00, /* target */
			2,    1,    0x02, 0,    0,    0,    0,    0x0a, /* its hardware address */
		};
	struct ip_addr addr;
	uint8_t got[NA_FRAME_LEN];

	(void)state;
	assert_int_equal(addr_parse("fe80::100", &addr), 0);
	na_frame(got, mac, &addr, false);
	assert_memory_equal(got, want, sizeof(want));
}

static uint32_t sum16(const uint8_t *p, unsigned len)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	return sum;
}

/* A receiver's view: the sum over everything, its checksum included, is all ones. */
static void test_checksum_and_router_flag(void **state)
{
	static const char *const addrs[] = { "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
					     "2001:db8::1", "fe80::dead:beef" };
	uint8_t got[NA_FRAME_LEN];

	(void)state;
	for (unsigned i = 0; i < N_OF(addrs) * 2; i++) {
		struct ip_addr addr;
		uint32_t sum;

		assert_int_equal(addr_parse(addrs[i / 2], &addr), 0);
		na_frame(got, mac, &addr, i % 2);
		assert_int_equal(got[58], i % 2 ? 0xa0 : 0x20);
		sum = sum16(got + 22, 64) + 32 + 58;
		while (sum >> 16)
			sum = (sum & 0xffff) + (sum >> 16);
		assert_true(sum == 0xffff);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SAYS("G1, V106", test_frame_is_golden),
		SAYS("G8, V106", test_checksum_and_router_flag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
