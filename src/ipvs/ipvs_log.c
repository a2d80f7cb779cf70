/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ipvs_log.h.
 */
#include "ipvs/ipvs_log.h"

#include "core/bug.h"
#include "core/log.h"
#include "core/reason.h"
#include "ipvs/ipvs_tell.h"

#include <stdio.h>

void ipvs_log_adopted(const struct drive *d)
{
	const struct ipvs_table *seats = &d->plan.seats;
	uint32_t svc_n, dest_n;

	table_count(seats, &svc_n, &dest_n);
	log_event(LOG_IPVS_ADOPT, "services=%u dests=%u foreign=%u changes=%u", svc_n, dest_n,
		  d->plan.foreign_n, d->plan.op_n);
}

void ipvs_log_server(const struct conf *c, uint32_t rs, enum health_verdict now, struct health h)
{
	const struct conf_rs *s = &c->rs[rs];
	char addr[ADDR_PORT_TEXT_LEN], code[16] = "";

	if (h.code)
		(void)snprintf(code, sizeof(code), " code=%u", h.code);
	log_event(now == HEALTH_UP ? LOG_SERVER_UP : LOG_SERVER_DOWN,
		  "vs=%s rs=%s reason=%s%s duration_ms=%u", c->vs[s->vs].s.name,
		  addr_port_text(&s->s.addr, s->s.port, addr), reason_name(h.reason), code,
		  h.duration_us / 1000);
}

void ipvs_log_admin(const struct conf *c, uint32_t rs, struct admin a)
{
	static const char *const name[] = {
		[ADMIN_READY] = "ready", [ADMIN_DRAIN] = "drain", [ADMIN_MAINT] = "maint"
	};
	const struct conf_rs *s = &c->rs[rs];
	char addr[ADDR_PORT_TEXT_LEN], weight[24] = "";

	if (a.has_weight)
		(void)snprintf(weight, sizeof(weight), " weight=%u", a.weight);
	log_event(LOG_SERVER_ADMIN, "vs=%s rs=%s state=%s%s", c->vs[s->vs].s.name,
		  addr_port_text(&s->s.addr, s->s.port, addr), name[a.state], weight);
}

static void log_quorum(const struct drive *d, const struct drive_event *e)
{
	const struct fields_vs *s = &d->conf->vs[e->vs].s;
	const struct quorum_sum *sum = &d->state.service[e->vs].sum;
	bool is_up = e->what == DRIVE_QUORUM_UP;

	/* at start everything comes up: no news */
	if (is_up && e->is_first)
		return;
	log_event(is_up ? LOG_QUORUM_GAINED : LOG_QUORUM_LOST,
		  "vs=%s weight=%llu of=%llu quorum=%u hysteresis=%u sorry_server=%s", s->name,
		  (unsigned long long)(sum->up + sum->maybe), (unsigned long long)sum->total,
		  s->quorum, s->hysteresis,
		  !s->sorry.n ? "none"
		  : is_up     ? "out"
			      : "in");
}

static void log_panic(const struct drive *d, const struct drive_event *e)
{
	const struct fields_vs *s = &d->conf->vs[e->vs].s;
	const struct quorum_sum *sum = &d->state.service[e->vs].sum;

	log_event(e->what == DRIVE_PANIC ? LOG_SERVICE_PANIC : LOG_SERVICE_CALM,
		  "vs=%s weight=%llu of=%llu threshold_percent=%u", s->name,
		  (unsigned long long)(sum->up + sum->maybe), (unsigned long long)sum->total,
		  s->panic_percent);
}

void ipvs_log_event(void *arg, const struct drive_event *e)
{
	const struct drive *d = arg;
	const char *name = d->conf->vs[e->vs].s.name;
	char addr[ADDR_PORT_TEXT_LEN];

	ipvs_tell_event(d, e);
	switch (e->what) {
	case DRIVE_QUORUM_UP:
	case DRIVE_QUORUM_DOWN:
		log_quorum(d, e);
		return;
	case DRIVE_PANIC:
	case DRIVE_CALM:
		log_panic(d, e);
		return;
	case DRIVE_SUSPENDED:
		log_event(LOG_SERVICE_SUSPENDED, "vs=%s", name);
		return;
	case DRIVE_RESUMED:
		log_event(LOG_SERVICE_RESUMED, "vs=%s", name);
		return;
	case DRIVE_DRAINED:
		log_event(LOG_SERVER_DRAINED, "vs=%s rs=%s", name,
			  addr_port_text(&d->conf->rs[e->rs].s.addr, d->conf->rs[e->rs].s.port,
					 addr));
		return;
	}
	BUG("drive_event");
}
