/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See memory.h.
 */
#include "core/ops/memory.h"

#include "core/log.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>

enum { TRIM_OVER_LEN = 32 << 20 };

void memory_lock(bool *is_told)
{
	if (mlockall(MCL_CURRENT | MCL_ONFAULT) && !*is_told) {
		log_event(LOG_ROLE_MLOCK, "error=\"%s\"", strerrordesc_np(errno));
		*is_told = true;
	}
}

void memory_trim(bool *is_told)
{
	if (mallinfo2().fordblks <= TRIM_OVER_LEN)
		return;
	/* malloc_trim() gives pages back with madvise(MADV_DONTNEED), which fails with EINVAL on locked ones
	 * (madvise(2)): of 158 MB that were free and locked it gave back nothing, unlocked all but 2 MB. It
	 * does not say so, its result is the same. Threads keep their pages meanwhile: unlocking takes
	 * none away. */
	(void)munlockall();
	(void)malloc_trim(0);
	memory_lock(is_told);
}
