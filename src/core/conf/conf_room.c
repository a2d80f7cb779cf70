/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_room.h.
 */
#include "core/conf/conf_room.h"

#include <limits.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
	WORTH_LEN = 1024 * 1024,
	MOST_LEN = 512 * 1024 * 1024, /* a guess may be wrong; beyond it the heap grows as ever */
	PAGE_MAX_LEN = 64 * 1024, /* of any machine */
	/* pages made in one call, in which no other thread can change the address space: below a millisecond */
	SLICE_LEN = 1024 * 1024,
	/* glibc's own: mallopt(3) */
	MMAP_MAX_N = 65536,
	MMAP_FROM_LEN =
		512 * 1024, /* what is larger gets pages of its own, which go back at once */
};

/* Makes the pages of a free block. An older kernel can't (before 5.14): then they come one by one. */
static void fault_in(void *p, size_t len)
{
	uintptr_t from = ((uintptr_t)p + PAGE_MAX_LEN - 1) / PAGE_MAX_LEN * PAGE_MAX_LEN;

	for (size_t done = from - (uintptr_t)p; done + SLICE_LEN <= len; done += SLICE_LEN)
		if (madvise((char *)p + done, SLICE_LEN, MADV_POPULATE_WRITE))
			return;
}

void conf_room_make(size_t len)
{
	if (len < WORTH_LEN)
		return;
	if (len > MOST_LEN)
		len = MOST_LEN;
	/* the block comes from the heap itself, and stays there when it is free again */
	(void)mallopt(M_MMAP_MAX, 0);
	(void)mallopt(M_TRIM_THRESHOLD, INT_MAX);

	void *p = malloc(len);

	if (p)
		fault_in(p, len);
	free(p);
	(void)mallopt(M_MMAP_THRESHOLD, MMAP_FROM_LEN);
	(void)mallopt(M_MMAP_MAX, MMAP_MAX_N);
}
