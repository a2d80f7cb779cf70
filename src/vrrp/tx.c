/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See tx.h.
 */
#include "vrrp/tx.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/stats.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { STATS_TEXT_LEN = 400 };

/* ------------------------------------------------------------------ adverts */

static void tell_failure(struct vrrp_inst *in, int err)
{
	in->r.tx_fail_n++;
	stats_add(STAT_VRRP_TX_FAIL, 1);
	if (err == -EAGAIN)
		stats_add(STAT_VRRP_TX_FULL, 1);
	if (inst_tell(in, INST_TELL_SEND))
		log_event(LOG_VRRP_SEND, "inst=%s iface=%s error=\"%s\"", in->cf->s.name,
			  in->cf->s.interface, strerrordesc_np(-err));
}

static void on_sent(void *arg, uint32_t i, int err)
{
	struct vrrp *v = arg;
	struct vrrp_inst *in = v->tx[i].in;

	if (err) {
		tell_failure(in, err);
		return;
	}

	int64_t late_us = clock_now_us() - v->tx[i].due_us;

	in->r.tx_n++;
	in->r.told &= ~(1u << INST_TELL_SEND);
	stats_add(STAT_VRRP_TX, 1);
	stats_late(LATE_ADVERT, late_us);
	if (late_us > in->cf->s.adv_int_us / 2)
		log_event(LOG_VRRP_LATE, "inst=%s late_us=%lld adv_int_us=%lld", in->cf->s.name,
			  (long long)late_us, (long long)in->cf->s.adv_int_us);
}

/* V12: how many of the addresses fit into a packet of this interface. */
static uint8_t advertised_n(const struct vrrp_inst *in)
{
	enum { FRAME_LEN = PKT_IP_LEN + PKT_HDR_LEN + PKT_AUTH_LEN };
	uint32_t mtu = in->ifc->link.mtu;
	uint32_t room_n = mtu > FRAME_LEN ? (mtu - FRAME_LEN) / 4 : 0;

	return in->vip_n < room_n ? in->vip_n : (uint8_t)room_n;
}

static size_t encode(struct vrrp_inst *in, uint8_t prio, uint8_t buf[static PKT_MAX_LEN])
{
	uint8_t addr[PKT_ADDRS_MAX * 4];
	struct pkt_advert a = {
		.addr = addr,
		.addr_n = advertised_n(in),
		.adv_int_us = in->cf->s.adv_int_us,
		.sum = PKT_SUM_PSEUDO, /* V30: the form that keepalived and FRR take */
		.version = in->cf->s.version,
		.vrid = in->cf->s.vrid,
		.prio = prio,
	};

	for (uint32_t i = 0; i < a.addr_n; i++)
		memcpy(addr + 4 * i, &in->vip[i].s.prefix.addr.v4, 4);
	/* V8: never 0, or the kernel would put a number of its own there */
	if (!++in->r.ip_id)
		in->r.ip_id = 1;
	return pkt_encode(&a,
			  &(struct pkt_route){
				  .src_be = in->r.src.v4.s_addr,
				  .dst_be = htonl(PKT_GROUP_V4),
				  .ip_id = in->r.ip_id,
			  },
			  buf);
}

static void advert(void *arg, struct vrrp_inst *in, uint8_t prio, int64_t due_us)
{
	struct vrrp *v = arg;

	/* resigning because the interface went away: there is nobody to hear it */
	if (!in->ifc->link.is_up)
		return;

	uint8_t *buf = sock_slot(&v->sock);

	if (!buf) {
		sock_flush(&v->sock, on_sent, v);
		buf = sock_slot(&v->sock);
	}
	v->tx[v->sock.tx_n] = (struct tx_entry){ .in = in, .due_us = due_us };
	sock_queue(&v->sock, encode(in, prio, buf), in->ifc->link.ifindex);
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
	post_later(arg, in);
}

static void changed(void *arg, struct vrrp_inst *in, enum vrrp_state from)
{
	char src[ADDR_TEXT_LEN];

	log_event(LOG_VRRP_STATE, "inst=%s from=%s to=%s why=%s prio=%u iface=%s src=%s",
		  in->cf->s.name, fsm_state_name[from], fsm_state_name[in->r.state], in->r.why,
		  in->cf->s.priority, in->cf->s.interface, addr_text(&in->r.src, src));
	if (in->r.state == VRRP_ACTIVE && addr_eq(&in->r.src, &in->vip[0].s.prefix.addr))
		log_event(LOG_VRRP_OWNER, "inst=%s iface=%s src=%s", in->cf->s.name,
			  in->cf->s.interface, src);
	post_later(arg, in);
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
		post(v->role.board->ipvs, &in->state_fact, in->r.state);
	}
	v->post_first = v->post_last = NULL;
}

void tx_settle(struct vrrp *v)
{
	sock_flush(&v->sock, on_sent, v);
	post_facts(v);
}

void tx_init(struct vrrp *v)
{
	v->shell.arg = v;
	v->shell.timers = &v->role.loop.timers;
	v->shell.advert = advert;
	v->shell.want = want;
	v->shell.changed = changed;
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
