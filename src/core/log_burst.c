/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See log_burst.h.
 */
#include "core/log_burst.h"

#include "core/clock.h"

#include <string.h>

static uint32_t most_of(enum log_id id)
{
	return log_rows[id].level == LOG_LEVEL_ERR ? LOG_BURST_ERR_N : LOG_BURST_N;
}

bool log_burst_is_due(const struct log_burst *b, int64_t now_us)
{
	return b->held_total && now_us - b->second_at_us >= SEC(1);
}

static void begin(struct log_burst *b, int64_t now_us)
{
	memset(b, 0, sizeof(*b));
	b->second_at_us = now_us;
}

bool log_burst_may_pass(struct log_burst *b, enum log_id id, int64_t now_us)
{
	if (!b->second_at_us || now_us - b->second_at_us >= SEC(1))
		begin(b, now_us);
	if (b->n[id]++ < most_of(id))
		return true;
	b->held_n[id]++;
	b->held_total++;
	return false;
}

uint32_t log_burst_take(struct log_burst *b, enum log_id *id)
{
	for (unsigned i = *id; b->held_total && i < LOG_N; i++) {
		uint32_t n = b->held_n[i];

		if (!n)
			continue;
		b->held_n[i] = 0;
		b->held_total -= n;
		*id = (enum log_id)i;
		return n;
	}
	memset(b, 0, sizeof(*b));
	return 0;
}
