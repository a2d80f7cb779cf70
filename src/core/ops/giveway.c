/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See giveway.h. A nice value is a thread's own on Linux (setpriority(2), notes), so what is allowed is
 * tried in a thread that ends right after it.
 */
#include "core/ops/giveway.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

enum { NICE_MAX = 19 };

static int loaded(int start)
{
	return start + GIVEWAY_NICE > NICE_MAX ? NICE_MAX : start + GIVEWAY_NICE;
}

static void *try(void *arg)
{
	struct giveway *g = arg;
	id_t self = (id_t)gettid();

	g->is_allowed = !setpriority(PRIO_PROCESS, self, loaded(g->start)) &&
			!setpriority(PRIO_PROCESS, self, g->start);
	return NULL;
}

void giveway_init(struct giveway *g)
{
	pthread_t t;

	*g = (struct giveway){ .start = getpriority(PRIO_PROCESS, (id_t)gettid()) };
	if (!pthread_create(&t, NULL, try, g))
		(void)pthread_join(t, NULL);
}

void giveway_begin(const struct giveway *g)
{
	if (g->is_allowed)
		(void)setpriority(PRIO_PROCESS, (id_t)gettid(), loaded(g->start));
}

void giveway_end(const struct giveway *g)
{
	if (g->is_allowed)
		(void)setpriority(PRIO_PROCESS, (id_t)gettid(), g->start);
}
