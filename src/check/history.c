/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See history.h.
 *
 * The order that makes it safe: the writer's stores of the words are releases, so none is seen before
 * the odd seq; the reader's loads are acquires, so the second look at seq comes after all of them.
 */
#include "check/history.h"

#include "core/clock.h"

#include <unistd.h>

enum {
	AT_MASK = 0x1f,
	FULL = 0x80,
	CODE_BITS = 10,
	DURATION_BITS = 5, /* of the mantissa; the exponent has 5 too */
	GAP_BITS = 10, /* the exponent has 5 */
	DURATION_LEN = DURATION_BITS + 5,
	GAP_LEN = GAP_BITS + 5,
	/* of a reader whom the writer disturbs: once in a check, so hardly ever twice; but it may have
	 * lost its processor in the middle of it, and is given time */
	TRIES_N = 200,
	EAGER_N = 10,
	NAP_US = 50,
};

_Static_assert(REASON_N <= 32, "a reason has five bits");

/* A float without a sign: the exponent above a mantissa of so many bits whose first one is left out.
 * Exponent 0: the number itself. Rounded to the nearest, so that a sum is not too small; down at the end of what
 * there is. */
static uint32_t pack(uint32_t n, unsigned bits)
{
	uint32_t exp = 1, half = 0;

	if (n < UINT32_C(1) << bits)
		return n;
	for (uint32_t rest = n; rest >> (bits + 1); rest >>= 1)
		half = half ? half * 2 : 1;
	if (n <= UINT32_MAX - half)
		n += half;
	while (n >> (bits + 1)) {
		n >>= 1;
		exp++;
	}
	return exp << bits | (n & ((UINT32_C(1) << bits) - 1));
}

static uint32_t unpack(uint32_t f, unsigned bits)
{
	uint32_t exp = f >> bits, rest = f & ((UINT32_C(1) << bits) - 1);

	return exp ? (rest | UINT32_C(1) << bits) << (exp - 1) : rest;
}

static uint64_t item_pack(const struct history_item *item, uint32_t gap_ms)
{
	uint64_t code = item->code < HISTORY_CODE_MAX ? item->code : HISTORY_CODE_MAX;
	uint64_t reason = item->reason;

	return (reason << CODE_BITS | code) << (DURATION_LEN + GAP_LEN) |
	       (uint64_t)pack(item->duration_us, DURATION_BITS) << GAP_LEN | pack(gap_ms, GAP_BITS);
}

static uint32_t bits_of(uint64_t word, unsigned from, unsigned n)
{
	return (uint32_t)(word >> from) & ((UINT32_C(1) << n) - 1);
}

static void item_unpack(struct history_item *item, uint64_t word, uint32_t *gap_ms)
{
	*gap_ms = unpack(bits_of(word, 0, GAP_LEN), GAP_BITS);
	item->duration_us = unpack(bits_of(word, GAP_LEN, DURATION_LEN), DURATION_BITS);
	item->code = (uint16_t)bits_of(word, GAP_LEN + DURATION_LEN, CODE_BITS);
	item->reason = bits_of(word, GAP_LEN + DURATION_LEN + CODE_BITS, 5);
}

void history_add(struct history *h, const struct history_item *item)
{
	uint8_t seq = atomic_load_explicit(&h->seq, memory_order_relaxed);
	uint8_t at = atomic_load_explicit(&h->at, memory_order_relaxed);
	uint32_t was_ms = atomic_load_explicit(&h->last_ms, memory_order_relaxed);
	uint32_t now_ms = (uint32_t)(item->at_us / MS(1));
	uint64_t word = item_pack(item, now_ms - was_ms);
	unsigned place = at & AT_MASK;
	unsigned next = place + 1 == HISTORY_N ? FULL : (at & FULL) | (place + 1);

	atomic_store_explicit(&h->seq, (uint8_t)(seq + 1), memory_order_relaxed);
	atomic_store_explicit(&h->low[place], (uint32_t)word, memory_order_release);
	atomic_store_explicit(&h->high[place], (uint8_t)(word >> 32), memory_order_release);
	atomic_store_explicit(&h->last_ms, now_ms, memory_order_release);
	atomic_store_explicit(&h->at, (uint8_t)next, memory_order_release);
	atomic_store_explicit(&h->seq, (uint8_t)(seq + 2), memory_order_release);
}

void history_copy(struct history *h, const struct history *from)
{
	uint8_t seq = atomic_load_explicit(&h->seq, memory_order_relaxed);
	uint32_t last_ms = atomic_load_explicit(&from->last_ms, memory_order_relaxed);
	uint8_t at = atomic_load_explicit(&from->at, memory_order_relaxed);

	atomic_store_explicit(&h->seq, (uint8_t)(seq + 1), memory_order_relaxed);
	for (unsigned i = 0; i < HISTORY_N; i++) {
		uint32_t low = atomic_load_explicit(&from->low[i], memory_order_relaxed);
		uint8_t high = atomic_load_explicit(&from->high[i], memory_order_relaxed);

		atomic_store_explicit(&h->low[i], low, memory_order_release);
		atomic_store_explicit(&h->high[i], high, memory_order_release);
	}
	atomic_store_explicit(&h->last_ms, last_ms, memory_order_release);
	atomic_store_explicit(&h->at, at, memory_order_release);
	atomic_store_explicit(&h->seq, (uint8_t)(seq + 2), memory_order_release);
}

/* A look that may have been disturbed. */
static unsigned look(const struct history *h, int64_t now_us,
		     struct history_item out[static HISTORY_N])
{
	uint8_t at = atomic_load_explicit(&h->at, memory_order_acquire);
	uint32_t last_ms = atomic_load_explicit(&h->last_ms, memory_order_acquire);
	unsigned n = at & FULL ? HISTORY_N : at & AT_MASK;
	int64_t now_ms = now_us / MS(1);
	int64_t at_us = (now_ms - (uint32_t)((uint32_t)now_ms - last_ms)) * MS(1);

	for (unsigned i = 0; i < n; i++) {
		unsigned place = ((at & AT_MASK) + (unsigned)HISTORY_N - 1 - i) % HISTORY_N;
		uint32_t low = atomic_load_explicit(&h->low[place], memory_order_acquire);
		uint64_t high = atomic_load_explicit(&h->high[place], memory_order_acquire);
		uint64_t word = high << 32 | low;
		uint32_t gap_ms;

		item_unpack(&out[i], word, &gap_ms);
		out[i].at_us = at_us;
		at_us -= gap_ms * MS(1);
	}
	return n;
}

unsigned history_read(const struct history *h, int64_t now_us,
		      struct history_item out[static HISTORY_N])
{
	for (unsigned i = 0; i < TRIES_N; i++) {
		uint8_t seq = atomic_load_explicit(&h->seq, memory_order_acquire);
		unsigned n = look(h, now_us, out);

		if (!(seq & 1) && seq == atomic_load_explicit(&h->seq, memory_order_relaxed))
			return n;
		if (i >= EAGER_N)
			(void)usleep(NAP_US);
	}
	return 0;
}
