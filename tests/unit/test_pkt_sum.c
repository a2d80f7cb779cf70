/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The checksum of adverts that differ in one field, against arithmetic that knows nothing of the codec.
 */
#include "core/clock.h"
#include "unit.h"
#include "vrrp/pkt.h"

#include <string.h>

enum { PRIO_AT = 2, SUM_AT = 6, PRIOS_N = 256, ADDR_N = 3 };

static uint16_t word(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* RFC 1624, equation 3: HC' = ~(~HC + ~m + m') */
static uint16_t patched(uint16_t sum, uint16_t before, uint16_t after)
{
	uint32_t x = (uint32_t)(uint16_t)~sum + (uint16_t)~before + after;

	while (x >> 16)
		x = (x & 0xffff) + (x >> 16);
	return (uint16_t)~x;
}

static void encode(uint8_t version, uint8_t family, uint8_t prio, struct pkt_out *out)
{
	static uint8_t buf[PKT_MAX_LEN];
	static const uint8_t addr[ADDR_N * 16] = { 192, 0, 2, 100, 192, 0, 2, 101, 9 };
	const struct pkt_advert a = {
		.addr = addr,
		.adv_int_us = SEC(1),
		.family = family,
		.version = version,
		.vrid = 51,
		.prio = prio,
		.addr_n = ADDR_N,
	};
	const struct pkt_route route = {
		.src = { .family = family, .byte = { 192, 0, 2, 10 } },
		.dst = { .family = family, .byte = { 224, 0, 0, 18 } },
		.ttl = 255,
	};

	pkt_encode(&a, &route, buf, out);
}

/* From each priority to the next, and from each to 0: a resignation. */
static void each_priority(void **state)
{
	static const struct {
		uint8_t version, family;
	} rows[] = { { 2, AF_INET }, { 3, AF_INET }, { 3, AF_INET6 } };

	(void)state;
	for (unsigned i = 0; i < N_OF(rows); i++) {
		struct pkt_out out;
		uint16_t first_sum, first_word;

		encode(rows[i].version, rows[i].family, 0, &out);
		first_sum = word(out.msg + SUM_AT);
		first_word = word(out.msg + PRIO_AT);
		for (unsigned prio = 1; prio < PRIOS_N; prio++) {
			encode(rows[i].version, rows[i].family, (uint8_t)prio, &out);
			assert_int_equal(out.msg[PRIO_AT], prio);
			assert_int_equal(word(out.msg + SUM_AT),
					 patched(first_sum, first_word, word(out.msg + PRIO_AT)));
			assert_int_equal(first_sum, patched(word(out.msg + SUM_AT),
							    word(out.msg + PRIO_AT), first_word));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SAYS("V35", each_priority),
	};

	return cmocka_run_group_tests_name("pkt_sum", tests, NULL, NULL);
}
