/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See life.h.
 */
#include "core/life.h"

#include "core/clock.h"

#include <stdio.h>
#include <unistd.h>

static void poke(const struct life *l)
{
	uint64_t one = 1;
	ssize_t n = write(l->poke_fd, &one, sizeof(one)); /* full: it is awake anyway */

	(void)n;
}

void life_phase(struct life *l, enum life_phase phase)
{
	if (!l)
		return;
	atomic_store(&l->phase, (int)phase);
	poke(l);
}

void life_reload(struct life *l, bool is_on)
{
	if (!l)
		return;
	if (is_on)
		(void)atomic_fetch_add(&l->reloads_n, 1);
	atomic_store(&l->reload_us, is_on ? clock_now_us() : 0);
	poke(l);
}

void life_status(struct life *l, const char *text)
{
	unsigned n;

	if (!l)
		return;
	n = atomic_load(&l->status_n) + 1;
	(void)snprintf(l->status[n % 2], LIFE_STATUS_LEN, "%s", text);
	atomic_store(&l->status_n, n);
	poke(l);
}
