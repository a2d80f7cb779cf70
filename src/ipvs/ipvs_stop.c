/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ipvs_stop.h.
 */
#include "ipvs/ipvs_stop.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/log.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { LOOK_MS = 200 }; /* from one look for connections to the next */

static void nap(void)
{
	const struct timespec t = { .tv_nsec = LOOK_MS * 1000000L };

	(void)nanosleep(&t, NULL);
}

static void remove_all(struct drive *d)
{
	bool is_sure;
	uint32_t n = drive_remove(d, &is_sure);

	log_event(LOG_IPVS_REMOVED, "services=%u", n);
	if (!is_sure)
		log_event(LOG_IPVS_FAIL,
			  "op=remove error=\"some services may be left in the table\" "
			  "todo=\"look with ipvsadm -Ln\"");
}

static void flush_all(struct drive *d)
{
	int err = d->kern->ops->flush(d->kern);

	if (err)
		log_event(LOG_IPVS_FAIL, "op=flush error=\"%s\"", strerrordesc_np(-err));
	else
		log_event(LOG_IPVS_FLUSHED, "%s", "");
}

/* Weight 0 for all, then no more than the limit. What can't be read is not waited for. */
static void drain_all(struct drive *d)
{
	int64_t until_us = clock_now_us() + d->conf->global.s.drain_limit_us;
	uint64_t conns_n;

	drive_end(d);
	while (drive_step(d))
		;
	if (drive_conns(d, &conns_n) || !conns_n)
		return;
	log_event(LOG_IPVS_DRAINING, "connections=%llu limit_s=%lld", (unsigned long long)conns_n,
		  (long long)(d->conf->global.s.drain_limit_us / SEC(1)));
	while (clock_now_us() < until_us) {
		nap();
		if (drive_conns(d, &conns_n) || !conns_n)
			return;
	}
}

void ipvs_stop(struct drive *d, struct knobs *k)
{
	switch ((enum words_ON_STOP)d->conf->global.s.on_stop) {
	case ON_STOP_KEEP:
		log_event(LOG_IPVS_KEPT, "%s", "");
		return;
	case ON_STOP_DRAIN:
		drain_all(d);
		remove_all(d);
		break;
	case ON_STOP_FLUSH:
		flush_all(d);
		break;
	case ON_STOP_REMOVE:
		remove_all(d);
		break;
	}
	knobs_restore(k, d->kern);
}
