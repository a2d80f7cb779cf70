/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See syncd.h.
 */
#include "ipvs/syncd.h"

#include <stdio.h>
#include <string.h>

enum { MAXLEN_MIN = 1024 }; /* the kernel takes no less for a backup; what is too much it cuts */

static struct ipvs_daemon end_of(const struct fields_syncd *s, uint8_t state)
{
	struct ipvs_daemon d = {
		.state = state,
		.syncid = (uint8_t)s->syncid,
		.ttl = s->ttl,
		.maxlen = s->maxlen,
		.port = s->port,
		.group = s->mcast,
	};

	(void)snprintf(d.interface, sizeof(d.interface), "%s", s->interface);
	return d;
}

static bool is_active(const struct conf *c, const struct here *h, const char *name)
{
	for (uint32_t i = 0; i < c->vrrp_n; i++)
		if (!strcmp(c->vrrp[i].s.name, name))
			return h->is_active[i];
	return false;
}

uint32_t syncd_want(const struct conf *c, const struct here *h,
		    struct ipvs_daemon out[static IPVS_SYNC_N])
{
	const struct conf_range *r = &c->global.s.sync_daemon;

	if (!r->n)
		return 0;

	const struct fields_syncd *s = &c->syncd[r->first].s;

	if (s->instance) {
		out[0] = end_of(s,
				is_active(c, h, s->instance) ? IPVS_SYNC_MASTER : IPVS_SYNC_BACKUP);
		return 1;
	}
	out[0] = end_of(s, IPVS_SYNC_MASTER);
	out[1] = end_of(s, IPVS_SYNC_BACKUP);
	return 2;
}

bool syncd_same(const struct ipvs_daemon *want, const struct ipvs_daemon *have)
{
	return want->state == have->state && want->syncid == have->syncid &&
	       want->ttl == have->ttl && want->port == have->port &&
	       addr_eq(&want->group, &have->group) && !strcmp(want->interface, have->interface) &&
	       (!want->maxlen || have->maxlen <= want->maxlen || want->maxlen < MAXLEN_MIN);
}
