/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See tx.h.
 */
#include "vrrp/tx.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/stats.h"
#include "vrrp/group.h"
#include "vrrp/kept.h"
#include "vrrp/shown.h"
#include "vrrp/tell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { STATS_TEXT_LEN = 400 };

/* ------------------------------------------------------------------ adverts */

static const char *iface_name(const struct vrrp_inst *in)
{
	return in->cf->s.interface ? in->cf->s.interface : "-";
}

static void tell_failure(struct vrrp_inst *in, int err)
{
	in->r.tx_fail_n++;
	stats_add(STAT_VRRP_TX_FAIL, 1);
	if (err == -EAGAIN)
		stats_add(STAT_VRRP_TX_FULL, 1);
	if (inst_tell(in, INST_TELL_SEND))
		log_event(LOG_VRRP_SEND, "inst=%s iface=%s error=\"%s\"", in->cf->s.name,
			  iface_name(in), strerrordesc_np(-err));
}

static void on_sent(void *arg, uint32_t i, int err)
{
	struct tx_queue *q = arg;
	struct vrrp_inst *in = q->entry[i].in;

	if (err) {
		tell_failure(in, err);
		return;
	}

	int64_t now_us = clock_now_us(), late_us = now_us - q->entry[i].due_us;

	in->r.tx_n++;
	in->r.sent_us = in->r.state == VRRP_ACTIVE ? now_us : 0;
	kept_write(in);
	in->r.told &= ~(1u << INST_TELL_SEND);
	shown_counts(in);
	stats_add(STAT_VRRP_TX, 1);
	stats_late(LATE_ADVERT, late_us);
	if (late_us > in->o.adv_int_us / 2)
		log_event(LOG_VRRP_LATE, "inst=%s late_us=%lld adv_int_us=%lld", in->cf->s.name,
			  (long long)late_us, (long long)in->o.adv_int_us);
}

/* V12: how many of the addresses fit into a packet of this interface. */
static uint8_t advertised_n(const struct vrrp_inst *in)
{
	enum {
		MTU_UNKNOWN = 1500, /* without an interface: what any way carries */
		IP6_LEN = 40,
		V4_LEN = PKT_IP_LEN + PKT_AH_LEN + PKT_HDR_LEN + PKT_AUTH_LEN + PKT_TRAILER_LEN,
		V6_LEN = IP6_LEN + PKT_HDR_LEN + PKT_TRAILER_LEN,
	};
	uint32_t mtu = in->cf->s.interface ? in->ifc->link.mtu : MTU_UNKNOWN;
	uint32_t frame_len = in->o.family == AF_INET ? V4_LEN : V6_LEN;
	uint32_t room_n = mtu > frame_len ? (mtu - frame_len) / addr_len(in->o.family) : 0;

	return in->o.vip_n < room_n ? in->o.vip_n : (uint8_t)room_n;
}

struct auth_time thread_wall(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (struct auth_time){
		.s = (uint32_t)t.tv_sec,
		.frac = (uint16_t)(((uint64_t)t.tv_nsec << 16) / 1000000000),
	};
}

/* One copy, to one destination. Returns its length. */
static size_t encode(struct vrrp_inst *in, const struct pkt_advert *a, const struct ip_addr *dst,
		     uint8_t buf[static PKT_MAX_LEN])
{
	struct pkt_route route = {
		.src = in->r.src,
		.dst = *dst,
		.ttl = in->o.ttl,
		.has_ah = auth_type_of(in->auth) == PKT_AUTH_AH,
		.has_trailer = auth_sends_trailer(in->auth),
	};
	struct pkt_out out;

	/* V8: never 0, or the kernel would put a number of its own there */
	if (!++in->r.ip_id)
		in->r.ip_id = 1;
	route.ip_id = in->r.ip_id;
	pkt_encode(a, &route, buf, &out);
	if (!route.has_ah && !route.has_trailer)
		return out.len;
	auth_sign(in->auth, &in->r.auth, &route, &out,
		  route.has_trailer ? thread_wall() : (struct auth_time){ 0 });
	if (!out.ip)
		pkt_seal(a, &route, &out);
	return out.len;
}

static void send_one(struct tx_queue *q, struct vrrp_inst *in, const struct pkt_advert *a,
		     const struct ip_addr *dst, int64_t due_us)
{
	uint8_t *buf = sock_slot(q->sock);

	if (!buf) {
		sock_flush(q->sock, on_sent, q);
		buf = sock_slot(q->sock);
	}
	q->entry[q->sock->n] = (struct tx_entry){ .in = in, .due_us = due_us };
	sock_queue(q->sock, encode(in, a, dst, buf),
		   &(struct sock_to){
			   .src = in->r.src,
			   .dst = *dst,
			   .ifindex = in->ifc ? in->ifc->link.ifindex : 0,
			   .hop_limit = in->o.ttl,
		   });
}

static void advert(void *arg, struct vrrp_inst *in, uint8_t prio, int64_t due_us)
{
	struct vrrp *v = arg;
	uint8_t addr[PKT_ADDRS_MAX * 16];
	unsigned len = addr_len(in->o.family);
	struct pkt_advert a = {
		.addr = addr,
		.auth = in->auth && in->auth->kind == AUTH_KIND_PASS ? in->auth->pass : NULL,
		.adv_int_us = in->o.adv_int_us,
		.sum = (enum pkt_sum)in->r.sum,
		.family = in->o.family,
		.version = in->o.version,
		.vrid = in->o.vrid,
		.prio = prio,
		.addr_n = advertised_n(in),
		.auth_type = (uint8_t)auth_type_of(in->auth),
	};
	struct tx_queue *q = in->o.family == AF_INET ? &v->tx_v4 : &v->tx_v6;

	/* resigning because the interface went away: there is nobody to hear it */
	if (in->ifc && !in->ifc->link.is_up)
		return;
	if (!prio)
		shown_farewell(in);
	for (uint32_t i = 0; i < a.addr_n; i++)
		memcpy(addr + len * i, in->o.vip[i].s.prefix.addr.byte, len);
	if (!in->o.is_unicast)
		send_one(q, in, &a, &in->o.group, due_us);
	for (uint32_t i = 0; i < in->o.peer_n; i++) /* V13 */
		send_one(q, in, &a, &in->o.peer[i].s.addr, due_us);
}

/* ------------------------------------------------------------------ facts */

static void post_later(struct vrrp *v, struct vrrp_inst *in)
{
	if (in->is_in_post)
		return;
	in->is_in_post = true;
	in->post_next = NULL;
	if (v->post_last)
		v->post_last->post_next = in;
	else
		v->post_first = in;
	v->post_last = in;
}

static void want(void *arg, struct vrrp_inst *in)
{
	shown_inst(in);
	post_later(arg, in);
}

static void changed(void *arg, struct vrrp_inst *in, enum vrrp_state from)
{
	char src[ADDR_TEXT_LEN];

	log_event(LOG_VRRP_STATE, "inst=%s from=%s to=%s why=%s prio=%u iface=%s src=%s",
		  in->cf->s.name, fsm_state_name[from], fsm_state_name[in->r.state], in->r.why,
		  in->r.prio, iface_name(in), addr_text(&in->r.src, src));
	if (in->r.state == VRRP_ACTIVE && in->o.vip_n &&
	    addr_eq(&in->r.src, &in->o.vip[0].s.prefix.addr))
		log_event(LOG_VRRP_OWNER, "inst=%s iface=%s src=%s", in->cf->s.name, iface_name(in),
			  src);
	shown_inst(in);
	kept_write(
		in); /* before the adverts of this turn: a priority 0 is not to be followed by more */
	if (from == VRRP_ACTIVE)
		shown_released(in);
	tell_state(arg, in, from);
	group_changed(arg, in, from);
	post_later(arg, in);
}

_Static_assert((int)VRRP_ACTIVE == (int)MSG_VRRP_ACTIVE, "as other roles know it");

static void prio_changed(void *arg, struct vrrp_inst *in, uint8_t from)
{
	tell_prio(arg, in);
	log_event(LOG_VRRP_PRIO, "inst=%s from=%u to=%u base=%u state=%s", in->cf->s.name, from,
		  in->r.prio, in->o.prio, fsm_state_name[in->r.state]);
	shown_inst(in);
	kept_write(in);
}

static void beaten(void *arg, struct vrrp_inst *in, const struct inst_cause *cause)
{
	char src[ADDR_TEXT_LEN];

	tell_lower(arg, in, cause->advert->prio);
	log_event(LOG_VRRP_LOWER, "inst=%s src=%s theirs=%u ours=%u", in->cf->s.name,
		  addr_text(cause->from, src), cause->advert->prio, in->r.prio);
}

static void regroup(void *arg, struct vrrp_inst *in)
{
	group_mark(arg, in);
}

/* A fact that says what its last post said already is not posted again. */
static void post(struct mbox *box, struct fact *f, uint64_t value)
{
	if (box && fact_value(f) != value)
		fact_post(box, f, value);
}

static void post_facts(struct vrrp *v)
{
	struct vrrp_inst *next;

	for (struct vrrp_inst *in = v->post_first; in; in = next) {
		next = in->post_next;
		in->is_in_post = false;
		post(v->role.board->reflector, &in->want_fact,
		     (in->r.want_n << 1 | in->r.is_wanted) & FACT_VALUE_MAX);
		post(v->role.board->reflector, &in->lower_fact, in->r.lower_n & FACT_VALUE_MAX);
		post(v->role.board->ipvs, &in->state_fact, in->r.state);
	}
	v->post_first = v->post_last = NULL;
}

void tx_settle(struct vrrp *v)
{
	group_settle(v);
	sock_flush(v->tx_v4.sock, on_sent, &v->tx_v4);
	sock_flush(v->tx_v6.sock, on_sent, &v->tx_v6);
	post_facts(v);
}

void tx_init(struct vrrp *v)
{
	v->shell.arg = v;
	v->shell.timers = &v->role.loop.timers;
	v->shell.advert = advert;
	v->shell.want = want;
	v->shell.changed = changed;
	v->shell.prio_changed = prio_changed;
	v->shell.beaten = beaten;
	v->shell.regroup = regroup;
	v->tx_v4 = (struct tx_queue){ .v = v, .sock = &v->sock.tx_v4 };
	v->tx_v6 = (struct tx_queue){ .v = v, .sock = &v->sock.tx_v6 };
}

/* ------------------------------------------------------------------ counters */

void tx_log_stats(const struct vrrp_inst *in)
{
	char text[STATS_TEXT_LEN] = "";
	size_t len = 0;

	for (unsigned i = 1; i < VRRP_DROP_N; i++) {
		if (!in->r.drop_n[i])
			continue;

		int n = snprintf(text + len, sizeof(text) - len, " drop_%s=%llu", vrrp_drop_name[i],
				 (unsigned long long)in->r.drop_n[i]);

		if (n < 0 || (size_t)n >= sizeof(text) - len)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	log_event(LOG_VRRP_STATS,
		  "inst=%s rx=%llu tx=%llu tx_fail=%llu transitions=%llu other_addresses=%llu%s",
		  in->cf->s.name, (unsigned long long)in->r.rx_n, (unsigned long long)in->r.tx_n,
		  (unsigned long long)in->r.tx_fail_n, (unsigned long long)in->r.transitions_n,
		  (unsigned long long)in->r.list_differs_n, text);
}

void tx_log_lateness(void)
{
	struct late late;

	stats_late_sum(LATE_ADVERT, &late);
	log_event(LOG_VRRP_LATENESS, "adverts=%llu max_us=%lld p99_us=%lld p999_us=%lld",
		  (unsigned long long)late.n, (long long)late.max_us,
		  (long long)late_quantile_us(&late, 990), (long long)late_quantile_us(&late, 999));
}
