/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The reflector: keeps the kernel's addresses as the VRRP role wants them, announces them, and
 * publishes the link table.
 *
 *	in	WANT_VIPS	from vrrp: is this instance's place here?
 *		LOWER_PRIO	from vrrp: announce what is here once more
 *		netlink events	links and addresses changed: wake-ups only, their content is not used
 *	out	board->links	the link table (link.h); LINK to vrrp says that there is a new one
 *		kernel		group memberships (member.h), addresses and their announcements (addrs.h),
 *				routes and rules (fibs.h), interfaces for virtual MAC addresses (vmacs.h)
 *
 * One turn: when something changed, read links and addresses from the kernel, publish them when they
 * differ, plan, carry out, announce what is in place; and again, because a change of ours may have
 * side effects (removing a primary address takes its secondaries along). A lost event costs nothing:
 * whatever made the role look, it sees everything.
 *
 * It blocks while the kernel answers, and so it is no part of the VRRP thread. It has the normal
 * priority: nothing here has a deadline as adverts have.
 */
#include "vrrp/reflector.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/stats.h"
#include "vrrp/addrs.h"
#include "vrrp/fibs.h"
#include "vrrp/link.h"
#include "vrrp/link_dump.h"
#include "vrrp/link_log.h"
#include "vrrp/member.h"
#include "vrrp/opts.h"
#include "vrrp/primary.h"
#include "vrrp/sysctls.h"
#include "vrrp/vmacs.h"
#include "vrrp/whole.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ROUNDS_N = 4, /* looks at the kernel in one turn */
	EVENT_READS_N = 4096, /* events drained in one turn */
	EVENT_RCVBUF_LEN = 4 * 1024 * 1024,
	DUMP_SHARE = 4, /* events alone may take a fifth of the time with dumps */
	DUMP_PACE_MAX_US = 500000, /* but never keep the picture older than this */
	RETRY_US = 1000000, /* after the kernel refused something */
	TORN_US = 10000, /* after a look at a table that changed all the time */
	END_US = 500000, /* at the end, until addresses that can't be removed are left behind */
	END_PAUSE_US = 10000,
	TORN_N = 20, /* such looks in a row, until addresses are planned all the same */
};

/* What the VRRP role said of an instance; parallel to conf->vrrp. */
struct said {
	bool is_known, is_wanted;
	uint64_t value; /* as it came: it differs after a quick loss and gain */
};

struct reflector {
	struct role role;
	struct nl_chan chan;
	struct loop_fd event_fd;
	int event_sock;
	struct link_pic pic;
	struct link_table *table; /* the published one; NULL before the first */
	uint64_t version;
	struct fact link_fact;

	struct link_log link_log;
	struct members members;
	struct said *said;
	struct addrs addrs;
	struct fibs fibs;
	struct whole whole;
	struct vmacs vmacs;
	struct sysctls sysctls;

	struct timer wake; /* look again then */
	int64_t dump_after_us; /* events alone cause no dump before */
	unsigned torn_n; /* looks in a row that gave a torn picture */
	bool is_pic_good; /* false: the last look failed; publish nothing of it */
	bool is_event_seen, must_dump, must_plan;
	bool must_switch; /* sysctls follow what was said */
};

/* ---- links ---- */

static void wake_at(struct reflector *rf, int64_t at_us)
{
	if (!rf->wake.is_armed || at_us < rf->wake.at_us)
		timer_arm(&rf->role.loop.timers, &rf->wake, at_us);
}

static struct view view_of(struct reflector *rf)
{
	return (struct view){
		.chan = &rf->chan,
		.conf = rf->role.conf,
		.links = rf->table,
		.pic = &rf->pic,
		.is_torn = !rf->is_pic_good,
	};
}

/* Makes a table of the picture and publishes it when it says anything new. */
static void publish(struct reflector *rf)
{
	if (!rf->is_pic_good)
		return;

	const struct conf *c = rf->role.conf;
	struct ip_addr *vips = reallocarray(NULL, (size_t)rf->addrs.set.n + 1, sizeof(*vips));
	struct ip_addr *srcs = reallocarray(NULL, c ? (size_t)c->vrrp_n + 1 : 1, sizeof(*srcs));

	BUG_ON(!vips || !srcs);

	struct link_table *t = link_table_make_with(&rf->pic, vips, vip_addrs(&rf->addrs.set, vips),
						    srcs, opts_tracked_srcs(c, srcs));

	free(vips);
	free(srcs);
	t = link_table_with_groups(t, rf->whole.group, rf->whole.n);
	t->gen = c ? c->gen : 0;
	if (!members_update(&rf->members, t))
		wake_at(rf, clock_now_us() + RETRY_US);
	if (link_table_eq(rf->table, t)) {
		free(t);
		return;
	}
	if (rf->table)
		link_log_changes(&rf->link_log, rf->table,
				 t); /* nothing at the first adoption: no name is used before it */
	t->version = ++rf->version;
	rf->table = t;
	fibs_release(&rf->fibs, true);

	struct view v = view_of(rf);

	if (v.conf)
		sysctls_settle(&rf->sysctls, &v);
	link_table_publish(&rf->role.board->links, t);
	if (rf->role.board->vrrp)
		fact_post(rf->role.board->vrrp, &rf->link_fact, t->version);
}

static void on_wake(struct timer *t, int64_t now_us)
{
	struct reflector *rf = container_of(t, struct reflector, wake);

	(void)now_us;
	addrs_release(&rf->addrs);
	fibs_release(&rf->fibs, false);
	vmacs_release(&rf->vmacs);
	rf->must_dump = rf->must_plan = true; /* in the turn that this timer makes */
}

/* Others change addresses faster than they can be read. A torn picture is never published: a link
 * might be missing in it. But our addresses don't wait for ever: adding one that is there does no
 * harm. 0: plan on it. */
static int bear_torn(struct reflector *rf, int64_t now_us)
{
	wake_at(rf, now_us + TORN_US);
	if (++rf->torn_n < TORN_N)
		return -EINTR;
	rf->must_dump = false; /* until the timer */
	rf->must_plan = true;
	return 0;
}

static int look(struct reflector *rf)
{
	int64_t start_us = clock_now_us();
	int err = link_dump(&rf->chan, &rf->pic);

	if (!err && fibs_any(&rf->fibs))
		err = fibs_look(&rf->fibs, &rf->chan);

	int64_t now_us = clock_now_us();
	int64_t pace_us = (now_us - start_us) * DUMP_SHARE;

	rf->is_pic_good = !err;
	rf->dump_after_us = now_us + (pace_us < DUMP_PACE_MAX_US ? pace_us : DUMP_PACE_MAX_US);
	if (err == -EINTR)
		return bear_torn(rf, now_us);
	if (err) {
		log_event(LOG_LINK_FAIL, "error=\"%s\"", strerrordesc_np(-err));
		wake_at(rf, now_us + RETRY_US);
		return err;
	}
	rf->must_dump = rf->is_event_seen = false;
	rf->must_plan = true;
	rf->torn_n = 0;
	return 0;
}

/* ---- one turn ---- */

/* A torn picture may lack what was there: then all stays guarded that is. */
static void guard_primaries(struct reflector *rf, const struct view *v)
{
	uint32_t n;

	if (!v->is_torn) {
		uint32_t *ifaces = primary_ifaces(&rf->addrs.set, v->pic, &n);

		sysctls_guard(&rf->sysctls, v, ifaces, n);
	}
}

/* True when there may be more to do. */
static bool settle_round(struct reflector *rf)
{
	if (rf->must_dump) {
		if (look(rf))
			return false;
		publish(rf);
	}
	if (!rf->must_plan || !rf->role.conf)
		return false;
	rf->must_plan = false;

	struct view v = view_of(rf);
	/* nothing leads to an address that is gone, or before it is there */
	bool has_changed = fibs_remove(&rf->fibs, &v);

	guard_primaries(rf, &v);
	has_changed |= vmacs_settle(&rf->vmacs, &v);
	has_changed |= addrs_settle(&rf->addrs, &v);
	has_changed |= fibs_add(&rf->fibs, &v);

	if (v.has_failed)
		wake_at(rf, clock_now_us() + RETRY_US);
	/* the picture is old now; the next look confirms */
	if (has_changed)
		rf->must_dump = rf->must_plan = true;
	return has_changed;
}

/* Track groups, when all that can be done has been done. */
static void look_at_statics(struct reflector *rf)
{
	const struct whole_sets sets = {
		.addrs = &rf->addrs.set,
		.routes = &rf->fibs.routes,
		.rules = &rf->fibs.rules,
		.links = rf->table,
	};

	if (rf->role.conf && !rf->must_plan && !rf->must_dump &&
	    whole_look(&rf->whole, rf->role.conf, &sets))
		publish(rf);
}

/* The switches that follow what was said; is_more: beside those that followed what was said before. */
static void hold(struct reflector *rf, bool is_more)
{
	uint32_t n = rf->role.conf->vrrp_n;
	bool *is_held = calloc((size_t)n + 1, sizeof(*is_held));
	struct view v = view_of(rf);

	BUG_ON(!is_held);
	for (uint32_t i = 0; i < n; i++)
		is_held[i] = rf->said[i].is_wanted || (is_more && rf->sysctls.is_held[i]);
	sysctls_hold(&rf->sysctls, is_held);
	sysctls_settle(&rf->sysctls, &v);
}

static void settle(struct reflector *rf)
{
	unsigned rounds = 0;

	if (rf->must_switch) /* before the addresses are here, */
		hold(rf, true);

	/* no plan on a picture that is known to be old */
	if (rf->is_event_seen) {
		if (rf->must_plan || clock_now_us() >= rf->dump_after_us)
			rf->must_dump = true;
		else
			wake_at(rf, rf->dump_after_us);
	}
	while (settle_round(rf))
		if (rf->addrs.is_cut || ++rounds == ROUNDS_N) {
			wake_at(rf, clock_now_us() + (rf->addrs.is_cut ? 0 : MS(10)));
			break;
		}
	if (rf->must_switch && !rf->must_plan) { /* and until they are gone */
		rf->must_switch = false;
		hold(rf, false);
	}
	look_at_statics(rf);
}

/* ---- the role ---- */

static struct reflector *of(struct role *r)
{
	return container_of(r, struct reflector, role);
}

/* Throws away what the descriptor has: that there is something is all that counts. */
static void drain(struct reflector *rf, struct loop_fd *lf)
{
	char junk[64];

	rf->is_event_seen = true;
	for (unsigned i = 0; i < EVENT_READS_N; i++) {
		if (recv(lf->fd, junk, sizeof(junk), MSG_DONTWAIT) >= 0 || errno == EINTR)
			continue;
		if (errno != ENOBUFS)
			return; /* EAGAIN: all of them */
		log_event(LOG_LINK_RESYNC, "error=\"%s\"", strerrordesc_np(ENOBUFS));
		stats_add(STAT_LINK_RESYNC, 1);
	}
}

static void on_event(struct loop_fd *lf, uint32_t events)
{
	(void)events;
	drain(container_of(lf, struct reflector, event_fd), lf);
}

static void on_fib_event(struct loop_fd *lf, uint32_t events)
{
	(void)events;
	drain(container_of(lf, struct reflector, fibs.event_fd), lf);
}

static int open_events(struct reflector *rf)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK,
				    .nl_groups =
					    RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };
	int len = EVENT_RCVBUF_LEN;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	rf->event_sock = fd;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &len, sizeof(len)))
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &len, sizeof(len));
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)))
		return -errno;
	return loop_add(&rf->role.loop, &rf->event_fd, fd, EPOLLIN, on_event);
}

static int first_look(struct reflector *rf)
{
	int err = -EINTR;

	for (unsigned i = 0; err == -EINTR && i < TORN_N; i++)
		err = link_dump(&rf->chan, &rf->pic);
	rf->is_pic_good = !err;
	return err;
}

/* Joined to the events first, so that nothing is missed between the first look and the first event. */
static int init(struct role *r)
{
	struct reflector *rf = of(r);
	int err = nl_chan_open(&rf->chan, NETLINK_ROUTE);
	int on = 1;

	fibs_init(&rf->fibs, &r->loop, on_fib_event);
	if (!err)
		err = open_events(rf);
	/* so that a dump of routes may ask for ours only; older kernels send all of them */
	if (!err)
		(void)setsockopt(nl_socket_get_fd(rf->chan.sock), SOL_NETLINK,
				 NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	if (!err)
		err = addrs_open(&rf->addrs, &r->loop);
	if (!err)
		err = first_look(rf);
	if (!err)
		publish(rf);
	return err;
}

static bool is_same_name(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* What was said of an instance on another interface is no word of this one. The VRRP role starts it
 * anew and will speak. */
static void adopt_instances(struct reflector *rf, const struct conf *old, const struct conf *new)
{
	struct said *said = calloc((size_t) new->vrrp_n + 1, sizeof(*said));

	BUG_ON(!said);
	for (uint32_t i = 0; i < new->vrrp_n; i++) {
		const struct conf_vrrp *was = old ? conf_inst(old, new->vrrp[i].id) : NULL;

		if (was && is_same_name(conf_tx_dev(was), conf_tx_dev(&new->vrrp[i])))
			said[i] = rf->said[was - old->vrrp];
	}
	free(rf->said);
	rf->said = said;
}

/* is_new: it is not what was said before. */
static void spread(struct reflector *rf, struct inst_id inst, const struct said *s, bool is_new)
{
	addrs_said(&rf->addrs, inst, s->is_known, s->is_wanted, is_new);
	fibs_said(&rf->fibs, inst, s->is_known, s->is_wanted, is_new);
}

/* What a vipd that was killed has left and nobody names any more. */
static void find_left_over(struct reflector *rf)
{
	struct view v = view_of(rf);
	int err = fibs_look(&rf->fibs, &rf->chan);

	addrs_left_over(&rf->addrs, &v);
	if (!err)
		fibs_left_over(&rf->fibs, &v);
	else
		log_event(LOG_LINK_FAIL, "what=routes error=\"%s\"", strerrordesc_np(-err));
}

static void adopt(struct role *r, const struct conf *old, const struct conf *new)
{
	struct reflector *rf = of(r);

	link_log_adopt(&rf->link_log, new);
	members_adopt(&rf->members, new);
	adopt_instances(rf, old, new);
	addrs_adopt(&rf->addrs, new);
	whole_adopt(&rf->whole, new);
	vmacs_adopt(&rf->vmacs, new);

	hold(rf, false);

	int err = fibs_adopt(&rf->fibs, new);

	if (err)
		log_event(LOG_LINK_FAIL, "what=route_events error=\"%s\"", strerrordesc_np(-err));
	if (!old) {
		find_left_over(rf);
		wake_at(rf, clock_now_us()); /* the first turn may begin with a long sleep */
	}
	for (uint32_t i = 0; i < new->vrrp_n; i++)
		spread(rf, new->vrrp[i].id, &rf->said[i], false);
	publish(rf);
	rf->must_plan = true;
}

static void fact(struct role *r, enum msg_type type, uint32_t id, uint64_t value)
{
	struct reflector *rf = of(r);
	const struct inst_id inst = { id };
	const struct conf_vrrp *ci = r->conf ? conf_inst(r->conf, inst) : NULL;

	if ((type != MSG_WANT_VIPS && type != MSG_LOWER_PRIO) || !ci) {
		stats_add(STAT_MSG_UNKNOWN_ID, 1);
		return;
	}
	if (type == MSG_LOWER_PRIO) {
		addrs_lower(&rf->addrs, ci);
		return;
	}

	struct said *s = &rf->said[ci - r->conf->vrrp];

	if (s->is_known && s->value == value)
		return;
	*s = (struct said){ .is_known = true, .is_wanted = value & 1, .value = value };
	spread(rf, inst, s, true);
	rf->must_plan = rf->must_switch = true;
}

static void reconcile(struct role *r)
{
	struct reflector *rf = of(r);

	settle(rf);
	addrs_pump(&rf->addrs);
}

/* The VRRP role has ended before, and what it gave up came with its last facts. What is still wanted
 * then (it had no time to say so) is removed all the same. When the kernel can't be read, removals
 * follow what is believed. */
static void remove_all(struct reflector *rf)
{
	int64_t until_us = clock_now_us() + END_US;

	addrs_unwant(&rf->addrs);
	fibs_unwant(&rf->fibs);
	vmacs_unwant(&rf->vmacs);
	for (bool is_last = false; !is_last; (void)usleep(END_PAUSE_US)) {
		is_last = clock_now_us() >= until_us;
		addrs_release(&rf->addrs);
		fibs_release(&rf->fibs, false);
		rf->must_dump = !is_last || rf->is_pic_good;
		rf->must_plan = true;
		for (unsigned i = 0; i < ROUNDS_N && settle_round(rf); i++)
			;
		if (rf->is_pic_good && !addrs_has_ours(&rf->addrs) && !fibs_has_ours(&rf->fibs))
			return;
	}
	addrs_tell_left(&rf->addrs);
	fibs_tell_left(&rf->fibs);
}

static void fini(struct role *r)
{
	struct reflector *rf = of(r);

	if (rf->table) /* else init failed */
		remove_all(rf);
	addrs_close(&rf->addrs);
	fibs_fini(&rf->fibs);
	whole_fini(&rf->whole);
	vmacs_fini(&rf->vmacs);
	sysctls_fini(&rf->sysctls);
	timer_disarm(&r->loop.timers, &rf->wake);
	loop_del(&r->loop, &rf->event_fd);
	if (rf->event_sock >= 0)
		(void)close(rf->event_sock);
	nl_chan_close(&rf->chan);
	members_fini(&rf->members);
	link_pic_fini(&rf->pic);
	rf->table = NULL;
	link_table_publish(&r->board->links, NULL);
}

static const struct role_ops ops = {
	.init = init,
	.adopt = adopt,
	.fact = fact,
	.reconcile = reconcile,
	.fini = fini,
};

struct reflector *reflector_new(struct board *board)
{
	struct reflector *rf = calloc(1, sizeof(*rf));

	BUG_ON(!rf);
	rf->role = (struct role){
		.name = "vipd-reflector", .id = ROLE_REFLECTOR, .ops = &ops, .board = board
	};
	rf->event_fd.fd = rf->event_sock = rf->addrs.announce.fd = -1;
	fact_init(&rf->link_fact, MSG_LINK, 0);
	timer_init(&rf->wake, on_wake);
	members_init(&rf->members);
	return rf;
}

struct role *reflector_role(struct reflector *rf)
{
	return &rf->role;
}

void reflector_free(struct reflector *rf)
{
	link_log_fini(&rf->link_log);
	free(rf->said);
	free(rf);
}
