/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Memory for a large tree of libconfig, in one piece and with its pages there. The library asks for a
 * dozen small blocks for each group; a heap that grows under them takes a page fault for every other
 * group, and where those are dear (a virtual machine) they are more than half of the time to read a
 * configuration. Main only, while it loads.
 */
#pragma once

#include <stddef.h>

/* Lets the heap grow by about len bytes at once, which the next small requests are served from. Does
 * nothing for a len that isn't worth it, and no harm where it can't be had. From then on the heap shrinks
 * by malloc_trim() only, so that the next load finds its pages again. */
void conf_room_make(size_t len);
