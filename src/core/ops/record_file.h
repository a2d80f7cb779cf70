/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The memory of the hand-over record (core/record.h): a file on a tmpfs, where a write never waits for a
 * disk, mapped and of its full size from the beginning, so that a full file system can't end vipd later.
 * Where there is no such file, anonymous memory that is shared with children: it outlives a director, not
 * its watchdog.
 *
 * A file is used by one vipd at a time: the watchdog locks its first byte, the director its second, and
 * either of them keeps others away.
 */
#pragma once

#include "core/record.h"

#define RECORD_PATH "/run/vipd/handover"

/* path: NULL = anonymous memory. Never NULL. *why: what keeps it from being the file, for a director that can
 * log it; NULL: it is. The watchdog, before any director. */
struct record_mem *record_file_open(const char *path, const char **why);

/* The director's own lock; after the fork. */
void record_file_hold(void);

/* Where this process is. Never fails: what can't be read is zero. */
struct record_here record_file_here(void);
