/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Annotations for ThreadSanitizer.
 *
 * liburcu before 0.15 is not instrumented, so the sanitizer does not see that its queues and grace
 * periods order memory. vipd crosses threads in two places only (snap.c and mbox.c); both say here
 * what they hand over. Empty in every other build.
 */
#pragma once

#ifdef VIPD_TSAN
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#define SYNC_RELEASE(p) __tsan_release(p)
#define SYNC_ACQUIRE(p) __tsan_acquire(p)
#else
#define SYNC_RELEASE(p) ((void)(p))
#define SYNC_ACQUIRE(p) ((void)(p))
#endif
