/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See rx.h.
 */
#include "vrrp/rx.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/stats.h"
#include "vrrp/tx.h"

enum {
	RX_TURN_N = 4 * SOCK_RX_N, /* packets in one turn: below a millisecond of work */
	RX_DRAIN_N = 128 * SOCK_RX_N, /* about what the socket's buffer holds */
};

static void drop(struct vrrp_inst *in, enum vrrp_drop why, const struct pkt_in *p)
{
	char src[ADDR_TEXT_LEN];

	in->r.drop_n[why]++;
	stats_add(STAT_VRRP_RX_DROP, 1);
	if (inst_tell(in, why))
		log_event(LOG_VRRP_DROP, "inst=%s reason=%s src=%s iface=%s", in->cf->s.name,
			  vrrp_drop_name[why], addr_text(&p->src, src), in->cf->s.interface);
}

/* What is not an error but worth a line. Peers may differ in all of it and still agree on who is
 * active. */
static void tell_peer(struct vrrp_inst *in, const struct pkt_advert *a, const struct pkt_in *p)
{
	char src[ADDR_TEXT_LEN];
	bool is_list_other =
		a->addr_n != in->vip_n || pkt_list_sum(a->addr, a->addr_n) != in->list_sum;

	in->r.list_differs_n += is_list_other;
	if (is_list_other && inst_tell(in, INST_TELL_LIST)) /* V50, V51 */
		log_event(LOG_VRRP_PEER, "inst=%s src=%s differs=addresses theirs_n=%u ours_n=%u",
			  in->cf->s.name, addr_text(&p->src, src), a->addr_n, in->vip_n);
	if (a->adv_int_us != in->cf->s.adv_int_us && a->prio &&
	    inst_tell(in, INST_TELL_INTERVAL)) /* V49 */
		log_event(LOG_VRRP_PEER,
			  "inst=%s src=%s differs=interval theirs_us=%lld ours_us=%lld",
			  in->cf->s.name, addr_text(&p->src, src), (long long)a->adv_int_us,
			  (long long)in->cf->s.adv_int_us);
	if (a->version == 3 && a->sum == PKT_SUM_MESSAGE && inst_tell(in, INST_TELL_SUM)) /* V30 */
		log_event(LOG_VRRP_PEER,
			  "inst=%s src=%s differs=checksum theirs=message ours=pseudo",
			  in->cf->s.name, addr_text(&p->src, src));
}

static enum vrrp_drop judge(const struct vrrp_inst *in, const struct pkt_in *p,
			    struct pkt_advert *a)
{
	struct pkt_expect x = {
		.adv_int_us = in->cf->s.adv_int_us,
		.version = in->cf->s.version,
	};
	enum vrrp_drop why = pkt_decode(p, &x, a);

	if (why)
		return why;
	if (in->r.state != VRRP_BACKUP && in->r.state != VRRP_ACTIVE) /* V56 */
		return VRRP_DROP_STATE;
	if (addr_eq(&p->src, &in->r.src)) /* V10, V90 */
		return VRRP_DROP_OWN;
	return VRRP_DROP_NONE;
}

static void take(struct vrrp *v, const struct sock_packet *raw, int64_t now_us)
{
	struct pkt_in p;
	struct pkt_advert a;

	stats_add(STAT_VRRP_RX, 1);
	if (!pkt_open(raw->data, raw->len, &p)) {
		stats_add(STAT_VRRP_RX_SHORT, 1);
		return;
	}

	struct vrrp_inst *in = run_find(v->run, raw->ifindex, p.src.family, p.vrid);

	if (!in) { /* V44 */
		stats_add(STAT_VRRP_RX_UNKNOWN_VRID, 1);
		return;
	}

	enum vrrp_drop why = judge(in, &p, &a);

	if (why) {
		drop(in, why, &p);
		return;
	}
	tell_peer(in, &a, &p);
	inst_advert(in, &a, &p.src, now_us);
}

static void read_some(struct vrrp *v, uint32_t max)
{
	uint32_t n, sum = 0;

	if (!v->run)
		return;
	/* what is due leaves before we read */
	tx_settle(v);
	do {
		int64_t now_us = clock_now_us();

		n = sock_read(&v->sock);
		for (uint32_t i = 0; i < n; i++) {
			struct sock_packet p = sock_packet(&v->sock, i);

			take(v, &p, now_us);
		}
		sum += n;
	} while (n == SOCK_RX_N && sum < max);
}

void rx_on_readable(struct loop_fd *lf, uint32_t events)
{
	(void)events;
	read_some(container_of(lf, struct vrrp, rx_fd), RX_TURN_N);
}

void rx_drain(struct vrrp *v)
{
	if (v->is_drained)
		return;
	v->is_drained = true;
	read_some(v, RX_DRAIN_N);
}
