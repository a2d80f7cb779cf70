/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See control_post.h. The stock is static: facts may lie in a mailbox until the last role has ended.
 */
#include "core/ops/control_post.h"

static struct {
	struct fact fact;
	bool is_used; /* it was posted once */
} stock[CONTROL_POSTS_N];

static uint32_t next; /* the one that was posted longest ago, most likely */

static bool is_free(uint32_t i)
{
	return !stock[i].is_used || fact_is_idle(&stock[i].fact);
}

uint32_t control_post_room(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < CONTROL_POSTS_N; i++)
		n += is_free(i);
	return n;
}

bool control_post(struct mbox *box, enum msg_type type, uint32_t id, uint64_t value)
{
	for (uint32_t k = 0; k < CONTROL_POSTS_N; k++) {
		uint32_t i = next;

		next = (next + 1) % CONTROL_POSTS_N;
		if (!is_free(i))
			continue;
		fact_init(&stock[i].fact, type, id);
		stock[i].is_used = true;
		fact_post(box, &stock[i].fact, value);
		return true;
	}
	return false;
}
