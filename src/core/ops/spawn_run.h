/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The script helper's own process. See spawn_run.c.
 */
#pragma once

/* Serves main's socket and the clients that come over it, until main closes it. In the helper only. */
void spawn_run(int main_fd);
