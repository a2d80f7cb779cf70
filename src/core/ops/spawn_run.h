/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The script helper's own process. See spawn_run.c.
 */
#pragma once

#include <stdbool.h>

/* Serves main's socket and the clients that come over it, until main closes it. False: it could not begin.
 * In the helper only. */
bool spawn_run(int main_fd);
