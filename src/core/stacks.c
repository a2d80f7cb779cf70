/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See stacks.h.
 */
#include "core/stacks.h"

#include <errno.h>
#include <execinfo.h>
#include <string.h>
#include <unistd.h>

enum { OWN_FRAMES_N = 2 }; /* the handler's, and the kernel's way into it */

static struct life *life; /* frozen before there are threads */

static void on_signal(int number)
{
	int saved = errno;
	unsigned i = atomic_fetch_add(&life->stacks_n, 1);
	void *pc[LIFE_FRAMES_N + OWN_FRAMES_N];
	int n;

	(void)number;
	if (i < LIFE_STACKS_N) {
		struct life_stack *s = &life->stack[i];

		n = backtrace(pc, LIFE_FRAMES_N + OWN_FRAMES_N) - OWN_FRAMES_N;
		s->n = n < 0 ? 0 : (uint32_t)n;
		for (uint32_t k = 0; k < s->n; k++)
			s->pc[k] = (uintptr_t)pc[k + OWN_FRAMES_N];
		atomic_store(&s->tid, (int)gettid());
	}
	errno = saved;
}

void stacks_mask(sigset_t *set)
{
	(void)sigfillset(set);
	if (life)
		(void)sigdelset(set, STACKS_SIGNAL);
}

void stacks_init(struct life *l)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	void *pc[1];

	life = l;
	(void)backtrace(pc, 1); /* the first one loads a library; not in a handler */
	(void)sigfillset(&sa.sa_mask);
	(void)sigaction(STACKS_SIGNAL, &sa, NULL);
}
