/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The file with the number of the process to send signals to. Written whole and renamed.
 */
#pragma once

/* Writes this process's number. NULL: no file is asked for. What goes wrong is logged; vipd works without
 * it. Main or watchdog, before any thread. */
void pidfile_write(const char *path);

/* Removes it, if it is still this process's. */
void pidfile_remove(const char *path);
