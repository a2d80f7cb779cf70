/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The watchdog has no thread that writes its log: it writes itself, and what would make it wait is not said.
 */
#pragma once

#include "core/log.h"

#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

static inline bool watchdog_can_tell(void)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && p.revents & POLLOUT;
}

#define WATCHDOG_TELL(...)                                                                         \
	do {                                                                                       \
		if (watchdog_can_tell())                                                           \
			log_event(__VA_ARGS__);                                                    \
	} while (0)
