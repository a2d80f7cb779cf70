/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * systemd's notification protocol (sd_notify(3)): one datagram of KEY=value lines to $NOTIFY_SOCKET.
 * Nothing happens without that variable. Never waits: a datagram that does not fit is lost.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { SD_TEXT_LEN = 512 };

/* Remembers $NOTIFY_SOCKET and $WATCHDOG_USEC and takes them out of the environment, so that no script
 * talks to systemd in vipd's name. Once, before any thread. */
void sd_init(void);

/* Sends lines of text. Any thread; async-signal-safe it is not. */
__attribute__((format(printf, 1, 2))) void sd_say(const char *fmt, ...);

/* How often WATCHDOG=1 is expected at least; 0: not at all. */
int64_t sd_watchdog_us(void);

/* A process of another program, or this one after exec(): put the variables back. */
void sd_restore(void);
