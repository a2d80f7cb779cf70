/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Any packet -> core/ops/spawn_msg: never a crash, and what was read is written as it was.
 */
#include "core/ops/spawn_msg.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t again[SPAWN_MSG_LEN];
	struct spawn_ask ask;
	struct spawn_result res;

	(void)spawn_result_read(data, (uint32_t)len, &res);
	if (!spawn_ask_read(data, (uint32_t)len, &ask))
		return 0;
	if (spawn_ask_write(&ask, again, sizeof(again)) != len || memcmp(again, data, len) != 0)
		abort();
	return 0;
}
