/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A router's life, and the turns of its VRRP role: the skeleton of core/role.h with the world's time
 * instead of a thread. Its configuration is text that goes through the whole loader, as an operator's.
 */
#include "sim.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/conf_load.h"
#include "vrrp/vrrp.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_LEN = 8192 };

/* ------------------------------------------------------------------ its configuration */

struct text {
	char at[TEXT_LEN];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);

	int n = vsnprintf(t->at + t->len, sizeof(t->at) - t->len, fmt, ap);

	va_end(ap);
	BUG_ON(n < 0 || (size_t)n >= sizeof(t->at) - t->len);
	t->len += (size_t)n;
}

struct sim_inst sim_inst_default(void)
{
	return (struct sim_inst){
		.is_there = true,
		.vrid = 51,
		.version = 3,
		.family = AF_INET,
		.prio = 100,
		.down_n = 3,
		.adv_us = MS(100),
	};
}

static void put_peers(struct text *t, const struct sim_router *r, const struct sim_inst *s)
{
	char addr[ADDR_TEXT_LEN];
	struct ip_addr a = router_addr(r, s->net, s->family);

	put(t, " unicast_src_ip=\"%s\"; unicast_peers=(", addr_text(&a, addr));
	for (unsigned i = 0, n = 0; i < SIM_ROUTERS_N; i++) {
		if (i == r->index)
			continue;
		a = router_addr(&sim.router[i], s->net, s->family);
		put(t, "%s\"%s\"", n++ ? "," : "", addr_text(&a, addr));
	}
	put(t, ");");
}

static void put_options(struct text *t, const struct sim_router *r, const struct sim_inst *s)
{
	static const char *const auths[] = {
		[SIM_AUTH_NONE] = "",
		[SIM_AUTH_PASS] = " authentication={auth_type=\"PASS\";auth_pass=\"s3cret\";};",
		[SIM_AUTH_AH] = " authentication={auth_type=\"AH\";auth_pass=\"s3cret\";};",
		[SIM_AUTH_HMAC] = "",
	};

	unsigned key = s->has_other_key ? 2 : 1;

	put(t, "%s", auths[s->auth]);
	if (s->auth == SIM_AUTH_HMAC)
		put(t,
		    " auth_hmac={keys=({id=%u;key=\"0123456789abcdef0123456789abcdef\";});"
		    "active_key=%u;};",
		    key, key);
	if (s->nopreempt)
		put(t, " nopreempt=true;");
	if (s->preempt_delay_us)
		put(t, " preempt_delay=\"%lldus\";", (long long)s->preempt_delay_us);
	if (s->late_prio)
		put(t, " timer_expired_backup=%u;", s->late_prio);
	if (s->lower_no_advert)
		put(t, " lower_prio_no_advert=true;");
	if (s->higher_send_advert)
		put(t, " higher_prio_send_advert=true;");
	if (s->has_file)
		put(t, " track_file=({name=\"f\";weight=2;});");
	if (s->is_unicast)
		put_peers(t, r, s);
	if (s->more)
		put(t, " %s", s->more);
}

static void put_inst(struct text *t, const struct sim_router *r, unsigned i)
{
	const struct sim_inst *s = &r->next.inst[i];

	put(t, "{name=\"%s\"; interface=\"eth%u\"; virtual_router_id=%u; version=%u; priority=%u;",
	    sim_inst_name[i], s->net, s->vrid, s->version, s->prio);
	put(t, " advert_int=\"%lldus\"; down_timer_adverts=%u;", (long long)s->adv_us, s->down_n);
	if (s->family == AF_INET)
		put(t, " virtual_ipaddress=(\"10.0.%u.%u/24\");", s->net,
		    100 + i + s->has_other_vips);
	else if (s->has_other_vips) /* and no link-local one first */
		put(t, " virtual_ipaddress=(\"2001:db8:%u::20%u/64\",\"fe80::2%u/64\");", s->net, i,
		    i);
	else
		put(t, " virtual_ipaddress=(\"fe80::1%u/64\",\"2001:db8:%u::10%u/64\");", i, s->net,
		    i);
	put_options(t, r, s);
	put(t, "}");
}

static void write_text(struct text *t, const struct sim_router *r)
{
	const struct sim_conf *c = &r->next;
	unsigned n = 0;

	t->len = 0;
	if (c->global)
		put(t, "global_defs={%s};\n", c->global);
	if (c->top)
		put(t, "%s\n", c->top);
	put(t, "track_files=({name=\"f\";file=\"/nowhere/f\";});\nvrrp_instances=(");
	for (unsigned i = 0; i < SIM_INSTS_N; i++) {
		if (!c->inst[i].is_there)
			continue;
		put(t, "%s", n++ ? ",\n" : "");
		put_inst(t, r, i);
	}
	put(t, ");\n");
	if (!c->is_group)
		return;
	put(t, "vrrp_sync_groups=({name=\"g\";group=[");
	n = 0;
	for (unsigned i = 0; i < SIM_INSTS_N; i++)
		if (c->inst[i].is_there)
			put(t, "%s\"%s\"", n++ ? "," : "", sim_inst_name[i]);
	put(t, "];});\n");
}

static struct conf *load(const struct sim_router *r)
{
	struct text t;
	struct err_list errs = { 0 };

	write_text(&t, r);

	struct conf *c = conf_load_text("sim", t.at, t.len, &errs);

	if (!c)
		sim_fail("%s:%u: %s\n%s", errs.item[0].file, errs.item[0].line, errs.item[0].text,
			 t.at);
	err_fini(&errs);
	return c;
}

/* As main does it. */
static void publish(struct sim_router *r)
{
	struct conf *c = load(r);
	const struct conf *old = r->v->role.conf;

	conf_ids_mint(&r->minter, old, c);
	c->gen = old ? old->gen + 1 : 1;
	c->vrrp_run = arena_alloc(&c->arena, vrrp_run_len(c));
	memset(c->vrrp_run, 0, vrrp_run_len(c));
	conf_publish(&r->board.conf, c);
}

/* ------------------------------------------------------------------ its interfaces */

struct ip_addr router_addr(const struct sim_router *r, unsigned net, uint8_t family)
{
	const struct sim_link *l = &r->link[net];

	if (family == AF_INET6)
		return (struct ip_addr){
			.family = AF_INET6,
			.byte = { 0xfe, 0x80, [14] = (uint8_t)(net + 2), [15] = l->host }
		};
	return (struct ip_addr){ .family = AF_INET, .byte = { 10, 0, (uint8_t)net, l->host } };
}

static void fill_link(const struct sim_router *r, unsigned net, struct link *l)
{
	const struct sim_link *from = &r->link[net];

	*l = (struct link){
		.ifindex = from->ifindex,
		.is_up = from->is_up,
		.is_joined = true,
		.is_joined_v6 = true,
		.mtu = from->mtu,
	};
	(void)snprintf(l->name, sizeof(l->name), "eth%u", net);
	if (!from->has_address)
		return;
	l->primary_v4 = router_addr(r, net, AF_INET);
	l->primary_v6 = router_addr(r, net, AF_INET6);
}

static void publish_links(struct sim_router *r)
{
	struct link_table *t = malloc(sizeof(*t) + SIM_NETS_N * sizeof(t->link[0]));

	BUG_ON(!t);
	*t = (struct link_table){ .version = ++r->link_version,
				  .gen = UINT64_MAX,
				  .n = SIM_NETS_N };
	for (unsigned i = 0; i < SIM_NETS_N; i++)
		fill_link(r, i, &t->link[i]);
	link_table_publish(&r->board.links, t);
}

/* ------------------------------------------------------------------ turns */

static void adopt(struct sim_router *r)
{
	struct role *role = &r->v->role;
	struct sim_conf old = r->conf;

	if (!r->has_next || !role->ops->may_adopt(role))
		return;

	const struct conf *was = role->conf;

	r->has_next = false;
	publish(r);
	role->conf = conf_hold(&r->board.conf);
	r->conf = r->next;
	if (was)
		model_reload(r, &old);
	memset(r->ip_id, 0, sizeof(r->ip_id)); /* what starts anew counts anew */
	role->ops->adopt(role, was, role->conf);
	if (was)
		conf_drop(was);
}

static void tell_file(struct sim_router *r)
{
	struct role *role = &r->v->role;
	struct track_state s = { .is_known = true, .value = r->file };

	r->is_file_new = false;
	model_file(r);
	role->ops->fact(role, MSG_TRACK, role->conf->track_file[0].id.v, track_pack(s));
}

static void on_mail(void *arg, enum msg_type type, uint32_t id, uint64_t value)
{
	struct sim_router *r = arg;
	const struct conf_vrrp *cf = conf_inst(r->v->role.conf, (struct inst_id){ id });

	if (!cf)
		return; /* gone by this turn's reload */

	struct sim_told *told = &r->told[cf->s.name[0] - 'a'];

	if (type == MSG_WANT_VIPS)
		told->is_wanted = value & 1;
	if (type == MSG_VRRP_STATE)
		told->state = (uint8_t)value;
}

static void take_mail(struct sim_router *r)
{
	struct mbox *boxes[] = { &r->reflector, &r->ipvs };

	r->has_mail = false;
	for (unsigned i = 0; i < 2; i++) {
		mbox_gather(boxes[i]);
		(void)mbox_deliver(boxes[i], on_mail, r);
	}
}

static void turn(struct sim_router *r)
{
	struct role *role = &r->v->role;

	sim.me = r;
	sim.turn_n++;
	r->turn_n++;
	if (r->is_link_new) /* what adopts looks at the links as well */
		model_link(r);
	adopt(r);
	if (r->is_link_new)
		role->ops->fact(role, MSG_LINK, 0, r->link_version);
	r->is_link_new = false;
	if (r->is_file_new)
		tell_file(r);
	(void)timer_run(&role->loop.timers, seam_local_us(r, sim.now_us), LOOP_TIMERS_N);
	for (unsigned i = 0; i < SOCK_PORT_N; i++)
		if (r->n[i])
			r->v->rx[i].fd.fn(&r->v->rx[i].fd, EPOLLIN);
	role->ops->reconcile(role);
	if (r->has_mail)
		take_mail(r);
	model_check(r);
	rules_turn(r);
	sim.me = NULL;
}

static bool must_turn(const struct sim_router *r)
{
	bool has_work = r->has_next || r->is_link_new || r->is_file_new;

	for (unsigned i = 0; i < SOCK_PORT_N; i++)
		has_work |= r->n[i] != 0;
	return has_work;
}

/* When its next turn is due, in the world's time. */
static int64_t next_turn_us(const struct sim_router *r)
{
	if (!r->v)
		return INT64_MAX;

	int64_t at_us = timer_next_us(&r->v->role.loop.timers);

	if (at_us != TIMER_NEVER)
		at_us = seam_world_us(r, at_us);
	if (must_turn(r))
		at_us = sim.now_us;
	if (at_us < sim.now_us)
		at_us = sim.now_us;
	return at_us != INT64_MAX && at_us < r->stalled_until_us ? r->stalled_until_us : at_us;
}

void sim_run_until(int64_t until_us)
{
	for (;;) {
		int64_t at_us = bus_next_us();

		for (unsigned i = 0; i < SIM_ROUTERS_N; i++) {
			int64_t turn_us = next_turn_us(&sim.router[i]);

			at_us = turn_us < at_us ? turn_us : at_us;
		}
		if (at_us > until_us)
			break;
		sim.now_us = at_us;
		(void)bus_deliver();
		for (unsigned i = 0; i < SIM_ROUTERS_N; i++)
			if (next_turn_us(&sim.router[i]) <= sim.now_us)
				turn(&sim.router[i]);
	}
	sim.now_us = until_us;
}

void sim_run(int64_t for_us)
{
	sim_run_until(sim.now_us + for_us);
}

/* ------------------------------------------------------------------ its life */

void router_init(struct sim_router *r, unsigned index)
{
	memset(r, 0, sizeof(*r));
	r->index = (uint8_t)index;
	r->board.reflector = &r->reflector;
	r->board.ipvs = &r->ipvs;
	for (uint32_t i = 0; i < SIM_NETS_N; i++)
		r->link[i] = (struct sim_link){
			.ifindex = i + 2,
			.host = (uint8_t)(index + 1),
			.is_up = true,
			.has_address = true,
			.mtu = 1500,
		};
	if (mbox_init(&r->reflector) || mbox_init(&r->ipvs))
		sim_fail("no mailbox");
}

void router_start(struct sim_router *r, const struct sim_conf *c)
{
	sim_note("router %u starts", r->index);
	r->v = vrrp_new(&r->board);
	r->next = *c;
	r->has_next = true;
	r->is_file_new = r->is_link_new = false;
	r->file = 0;
	memset(r->told, 0, sizeof(r->told));
	for (unsigned i = 0; i < SIM_INSTS_N; i++)
		r->state[i] = VRRP_INIT;
	memset(r->n, 0, sizeof(r->n));
	memset(r->ip_id, 0, sizeof(r->ip_id));
	r->stalled_until_us = 0;
	publish_links(r);
	sim.me = r;

	int err = r->v->role.ops->init(&r->v->role);

	sim.me = NULL;
	if (err)
		sim_fail("init: %d", err);
	model_start(r);
	rules_disturb(r);
	sim_run(0);
}

void router_stop(struct sim_router *r, bool is_crash)
{
	if (!r->v)
		return;
	sim_note("router %u %s", r->index, is_crash ? "dies" : "stops");
	sim.me = r;
	if (is_crash)
		r->link[0].is_up = r->link[1].is_up = false; /* nothing is sent any more */
	r->v->role.ops->fini(&r->v->role);
	if (is_crash)
		r->link[0].is_up = r->link[1].is_up = true;
	take_mail(r);
	sim.me = NULL;
	if (r->v->role.conf)
		conf_drop(r->v->role.conf);
	vrrp_free(r->v);
	r->v = NULL;
	conf_publish(&r->board.conf, NULL);
	link_table_publish(&r->board.links, NULL);
	rules_disturb(r);
}

void router_free(struct sim_router *r)
{
	router_stop(r, true);
	mbox_fini(&r->reflector);
	mbox_fini(&r->ipvs);
}

void router_reload(struct sim_router *r, const struct sim_conf *c)
{
	sim_note("router %u reloads", r->index);
	r->next = *c;
	r->has_next = true;
	rules_disturb(r);
	sim_run(0);
}

static void change_link(struct sim_router *r)
{
	rules_disturb(r);
	if (!r->v)
		return;
	publish_links(r);
	r->is_link_new = true;
	sim_run(0);
}

void router_link(struct sim_router *r, unsigned net, bool is_up)
{
	sim_note("router %u: eth%u is %s", r->index, net, is_up ? "up" : "down");
	r->link[net].is_up = is_up;
	change_link(r);
}

void router_renumber(struct sim_router *r, unsigned net, uint8_t host)
{
	sim_note("router %u: eth%u has address %u", r->index, net, host);
	r->link[net].has_address = host;
	if (host)
		r->link[net].host = host;
	change_link(r);
}

void router_replace(struct sim_router *r, unsigned net)
{
	sim_note("router %u: another eth%u", r->index, net);
	r->link[net].ifindex += 2;
	change_link(r);
}

void router_file(struct sim_router *r, int32_t value)
{
	sim_note("router %u: the file says %d", r->index, value);
	r->file = value;
	r->is_file_new = r->v;
	rules_disturb(r);
	sim_run(0);
}

void router_stall(struct sim_router *r, int64_t for_us)
{
	sim_note("router %u stands still for %lld us", r->index, (long long)for_us);
	r->stalled_until_us = sim.now_us + for_us;
	rules_disturb(r);
}

struct vrrp_inst *router_inst(const struct sim_router *r, unsigned i)
{
	const char *name = sim_inst_name[i];

	if (!r->v || !r->v->run)
		return NULL;
	for (uint32_t k = 0; k < r->v->run->inst_n; k++)
		if (!strcmp(r->v->run->inst[k].cf->s.name, name))
			return &r->v->run->inst[k];
	return NULL;
}

bool router_is_well(const struct sim_router *r)
{
	bool is_well = r->v && sim.now_us >= r->stalled_until_us;

	for (unsigned i = 0; i < SIM_INSTS_N; i++) {
		const struct sim_inst *s = &r->conf.inst[i];

		if (s->is_there)
			is_well &= r->link[s->net].is_up && r->link[s->net].has_address;
	}
	return is_well;
}
