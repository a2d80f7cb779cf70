/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * DOC: the VRRP role
 *
 * One thread runs every virtual router. It never waits: no lock, no allocation after start, no file,
 * no netlink, no name look-up. Its files:
 *
 *	fsm elect times pkt	pure: table, election, intervals, codec
 *	inst act		an instance and the actions of its table; effects by a shell
 *	run				the memory of one generation: instances, interfaces, hash
 *	sock				sockets
 *	rx tx iface			packets in, adverts and facts out, links
 *	vrrp				this: the role
 *
 *	wire -> sock -> rx -> elect -> inst_event -> fsm -> act -> tx -> sock -> wire
 *	link table -> iface ------------^                     `--> facts
 *	timers -------------------------^
 *
 * Messages. In: LINK, from the reflector: the published link table changed. Out: WANT_VIPS to the
 * reflector (bit 0: wanted here; above it a count that moves with each change and whenever the
 * addresses are to be announced again), VRRP_STATE to ipvs (enum vrrp_state). Facts leave after the
 * adverts of the same turn.
 *
 * Order in a turn: due timers first, so that a flood of packets does not delay an advert; a bounded
 * number of packets; what this made necessary. But silence is believed only after a look: a BACKUP
 * whose down timer has run out reads first what waits in the socket, so that a thread that was
 * stopped or starved does not take over from an active router that is well. An ACTIVE that was
 * stalled for more than an interval reads first too, and may find that it was replaced.
 *
 * Lifetimes. All of an instance lies in the memory that main put into its snapshot (conf->vrrp_run).
 * On adoption, what stays is moved into the memory of the new one; the old snapshot is held until no
 * mailbox contains a fact of it, and until then no newer one is adopted. An instance that is gone, or
 * must start anew, resigns in the old memory first.
 */
#include "vrrp/vrrp.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/idmap.h"
#include "core/event.h"
#include "core/log.h"
#include "vrrp/group.h"
#include "vrrp/iface.h"
#include "vrrp/kept.h"
#include "vrrp/rx.h"
#include "vrrp/shown.h"
#include "vrrp/tell.h"
#include "vrrp/tracker.h"
#include "vrrp/tx.h"
#include "vrrp/weigh.h"
#include "vrrp/wish_take.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	RELEASE_US = 10000, /* how often a generation that is held is looked at */
};

static struct vrrp *of_role(struct role *r)
{
	return container_of(r, struct vrrp, role);
}

/* ------------------------------------------------------------------ timers */

static void on_timer(struct timer *t, int64_t now_us)
{
	struct vrrp_inst *in = container_of(t, struct vrrp_inst, timer);
	int64_t due_us = t->at_us;

	if (in->r.state == VRRP_BACKUP || now_us - due_us > in->o.adv_int_us) {
		rx_drain(in->shell->arg, in);
		if (t->is_armed)
			return; /* somebody spoke: not due any more */
	}
	inst_timer(in, due_us, clock_now_us());
}

/* ------------------------------------------------------------------ old generations */

static bool is_idle(const struct vrrp_inst *in)
{
	return fact_is_idle(&in->want_fact) && fact_is_idle(&in->lower_fact) &&
	       fact_is_idle(&in->state_fact);
}

/* Nobody posts facts of a generation that is held, so what was idle once stays so. */
static void release_held(struct vrrp *v)
{
	if (!v->held)
		return;

	struct run *was = v->held->vrrp_run;

	while (v->held_i < was->inst_n && is_idle(&was->inst[v->held_i]))
		v->held_i++;
	if (v->held_i < was->inst_n) {
		timer_arm(&v->role.loop.timers, &v->release, clock_now_us() + RELEASE_US);
		return;
	}
	conf_drop(v->held);
	v->held = NULL;
}

static void on_release(struct timer *t, int64_t now_us)
{
	(void)now_us;
	release_held(container_of(t, struct vrrp, release));
}

static bool may_adopt(struct role *r)
{
	struct vrrp *v = of_role(r);

	release_held(v);
	return !v->held;
}

/* ------------------------------------------------------------------ adoption */

/* The instance in the new run that `in` becomes, or NULL: it is gone, or starts anew. */
static struct vrrp_inst *heir_of(const struct vrrp_inst *in, const struct conf *old,
				 struct run *now, const struct conf *new)
{
	uint32_t k = idmap_find(&new->inst_by_id, in->cf->id.v);

	if (k == IDMAP_NONE || inst_needs_restart(old, in, new, &now->inst[k]))
		return NULL;
	return &now->inst[k];
}

/* Resigns what is not in the new generation, or is not the same there. */
static void stop_old(struct run *was, const struct conf *old, struct run *now,
		     const struct conf *new, int64_t now_us)
{
	for (uint32_t i = 0; i < was->inst_n; i++) {
		struct vrrp_inst *in = &was->inst[i];
		bool is_gone = !conf_inst(new, in->cf->id);

		if (heir_of(in, old, now, new))
			continue;
		inst_event(in, &(struct inst_cause){
				       .event = VRRP_EV_STOP,
				       .now_us = now_us,
				       .due_us = now_us,
				       .why = is_gone ? "removed" : "restart",
			       });
		if (is_gone)
			tx_log_stats(in);
	}
}

static void take_old(struct run *was, const struct conf *old, struct run *now,
		     const struct conf *new, int64_t now_us)
{
	for (uint32_t i = 0; i < was->inst_n; i++) {
		uint32_t k = idmap_find(&new->inst_by_id, was->inst[i].cf->id.v);
		struct vrrp_inst *heir = heir_of(&was->inst[i], old, now, new);

		if (heir)
			inst_take(heir, &was->inst[i], now_us);
		else if (k != IDMAP_NONE)
			inst_take_counters(&now->inst[k], &was->inst[i]);
	}
}

/* What stays moves from one run to the other. From here on nothing points into the old memory but facts
 * in boxes. */
static void move(struct vrrp *v, struct run *was, const struct conf *old, struct run *now,
		 const struct conf *new, int64_t now_us)
{
	v->is_stopping = true;
	stop_old(was, old, now, new, now_us);
	tx_settle(v);
	v->is_stopping = false;
	v->run = now;
	take_old(was, old, now, new, now_us);
	iface_take(v, was);
	weigh_take(v, new, was);
	group_take(v, was);
	conf_hold_again(old);
	v->held = old;
	v->held_i = 0;
}

/* Packets to single hosts wake us only when somebody waits for them. */
static void set_filter(struct vrrp *v)
{
	bool takes_all = false;

	for (uint32_t i = 0; i < v->run->inst_n; i++) {
		const struct inst_opts *o = &v->run->inst[i].o;

		takes_all |= o->family == AF_INET &&
			     (o->is_unicast || o->group.v4.s_addr != htonl(PKT_GROUP_V4));
	}

	int err = sock_take_all(&v->sock, takes_all);

	if (err)
		log_event(LOG_VRRP_SOCKET, "op=filter error=\"%s\"", strerrordesc_np(-err));
}

/* ------------------------------------------------------------------ start-up delays */

static void on_hold_end(struct timer *t, int64_t now_us)
{
	struct vrrp *v = container_of(t, struct vrrp, hold);

	(void)now_us;
	v->is_holding = false;
	for (uint32_t i = 0; i < v->run->inst_n; i++)
		v->run->inst[i].r.is_held = false;
	iface_update(v);
}

/* How long nothing may begin: after the start of vipd, and after that of the system. */
static int64_t hold_us(const struct conf *c)
{
	const struct fields_global *s = &c->global.s;
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);

	int64_t boot_us = s->vrrp_boot_delay_us - SEC(t.tv_sec) - t.tv_nsec / 1000;

	return boot_us > s->vrrp_startup_delay_us ? boot_us : s->vrrp_startup_delay_us;
}

static void begin_hold(struct vrrp *v, const struct conf *c)
{
	int64_t us = hold_us(c);

	if (us <= 0)
		return;
	v->is_holding = true;
	timer_arm(&v->role.loop.timers, &v->hold, clock_now_us() + us);
	log_event(LOG_VRRP_HOLD, "delay_us=%lld", (long long)us);
}

static void adopt(struct role *r, const struct conf *old, const struct conf *new)
{
	struct vrrp *v = of_role(r);
	struct run *was = v->run;
	int64_t now_us = clock_now_us();
	struct run *now = run_build(new, &v->shell, iface_on_delay);

	if (was)
		move(v, was, old, now, new, now_us);
	else if (!kept_read(now, new, now_us))
		begin_hold(v, new);
	event_adopted(v->role.board->vrrp_events, new->gen);
	v->run = now;
	shown_take(now, old, new);
	for (uint32_t i = 0; i < now->inst_n; i++) {
		now->inst[i].r.is_held = v->is_holding;
		weigh_inst(v, i, now_us);
	}
	shown_run(now);
	set_filter(v);
	iface_update(v);
	tx_settle(v);
	release_held(v);
}

/* ------------------------------------------------------------------ role */

static int init(struct role *r)
{
	struct vrrp *v = of_role(r);
	int err = sock_open(&v->sock);

	for (unsigned i = 0; !err && i < SOCK_PORT_N; i++)
		if (v->sock.rx_fd[i] >= 0)
			err = loop_add(&r->loop, &v->rx[i].fd, v->sock.rx_fd[i], EPOLLIN,
				       rx_on_readable);
	return err;
}

static void take_fact(struct role *r, enum msg_type type, uint32_t id, uint64_t value)
{
	if (type == MSG_LINK)
		iface_update(of_role(r));
	if (type == MSG_TRACK)
		weigh_fact(of_role(r), id, value);
	if (type == MSG_VRRP_WISH)
		wish_fact(of_role(r), id, value);
}

static void reconcile(struct role *r)
{
	struct vrrp *v = of_role(r);

	tx_settle(v);
	tell_again(v);
	for (unsigned i = 0; i < SOCK_PORT_N; i++)
		v->rx[i].is_drained = false;
}

static void fini(struct role *r)
{
	struct vrrp *v = of_role(r);
	int64_t now_us = clock_now_us();

	v->is_stopping = true;
	for (uint32_t i = 0; v->run && i < v->run->inst_n; i++) {
		struct vrrp_inst *in = &v->run->inst[i];

		in->r.wish = (struct wish){ .state = WISH_READY };
		inst_event(in, &(struct inst_cause){
				       .event = VRRP_EV_STOP,
				       .now_us = now_us,
				       .due_us = now_us,
			       });
		kept_write(in);
	}
	tx_settle(v);
	tell_stop(v);
	for (uint32_t i = 0; v->run && i < v->run->inst_n; i++)
		tx_log_stats(&v->run->inst[i]);
	tx_log_lateness();
	for (unsigned i = 0; i < SOCK_PORT_N; i++)
		loop_del(&r->loop, &v->rx[i].fd);
	sock_close(&v->sock);
	/* the facts of the last posts may wait in boxes until the other roles have ended */
	if (r->conf)
		conf_hold_again(r->conf);
	v->last = r->conf;
}

static const struct role_ops ops = {
	.init = init,
	.adopt = adopt,
	.may_adopt = may_adopt,
	.fact = take_fact,
	.reconcile = reconcile,
	.fini = fini,
};

struct vrrp *vrrp_new(struct board *board)
{
	struct vrrp *v = calloc(1, sizeof(*v));

	BUG_ON(!v);
	v->role.name = "vipd-vrrp";
	v->role.id = ROLE_VRRP;
	v->role.ops = &ops;
	v->role.board = board;
	for (unsigned i = 0; i < SOCK_PORT_N; i++)
		v->rx[i] = (struct rx_port){ .v = v, .fd.fd = -1, .port = (enum sock_port)i };
	sock_init(&v->sock);
	tx_init(v);
	v->shell.on_timer = on_timer;
	timer_init(&v->release, on_release);
	timer_init(&v->hold, on_hold_end);
	v->tracker = tracker_new(board);
	return v;
}

struct role *vrrp_role(struct vrrp *v)
{
	return &v->role;
}

struct role *vrrp_tracker_role(struct vrrp *v)
{
	return tracker_role(v->tracker);
}

struct spawn_client *vrrp_tracker_spawn(struct vrrp *v)
{
	return tracker_spawn(v->tracker);
}

void vrrp_free(struct vrrp *v)
{
	if (!v)
		return;
	sock_close(&v->sock);
	if (v->held)
		conf_drop(v->held);
	if (v->last)
		conf_drop(v->last);
	tracker_free(v->tracker);
	free(v);
}

size_t vrrp_run_len(const struct conf *c)
{
	return run_len(c);
}
