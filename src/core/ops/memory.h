/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The process's memory: locked, so that no thread waits for a page. Main only.
 */
#pragma once

#include <stdbool.h>

/* Locks all memory (on fault only: what is never touched is not made resident). A refusal is told once:
 * *is_told remembers it. */
void memory_lock(bool *is_told);

/* Gives back to the system what the reading of a large configuration needed; of a small one it is kept,
 * since the next reload would fault it in again. */
void memory_trim(bool *is_told);
