/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See rx.h.
 */
#include "vrrp/rx.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/stats.h"
#include "vrrp/kept.h"
#include "vrrp/link.h"
#include "vrrp/shown.h"
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
	shown_counts(in);
	if (inst_tell(in, why))
		log_event(LOG_VRRP_DROP, "inst=%s reason=%s src=%s iface=%s", in->cf->s.name,
			  vrrp_drop_name[why], addr_text(&p->src, src),
			  in->cf->s.interface ? in->cf->s.interface : "-");
}

static bool is_link_local(const uint8_t *v6)
{
	return v6[0] == 0xfe && (v6[1] & 0xc0) == 0x80;
}

/* V52: the list of a sender that was looked at is not looked at again. */
static bool is_list_seen(struct vrrp_inst *in, const struct pkt_in *p)
{
	if (in->o.skips_list && in->r.state == VRRP_BACKUP && addr_eq(&in->r.list_from, &p->src))
		return true;
	in->r.list_from = p->src;
	return false;
}

static void tell_list(struct vrrp_inst *in, const struct pkt_advert *a, const char *src)
{
	unsigned len = addr_len(a->family);
	bool is_other =
		a->addr_n != in->o.vip_n || pkt_list_sum(a->addr, a->addr_n, len) != in->list_sum;

	in->r.list_differs_n += is_other;
	if (is_other && inst_tell(in, INST_TELL_LIST)) /* V50, V51 */
		log_event(LOG_VRRP_PEER, "inst=%s src=%s differs=addresses theirs_n=%u ours_n=%u",
			  in->cf->s.name, src, a->addr_n, in->o.vip_n);
	if (a->family == AF_INET6 && !is_link_local(a->addr) &&
	    inst_tell(in, INST_TELL_FIRST)) /* V47 */
		log_event(LOG_VRRP_PEER, "inst=%s src=%s first_address=not_link_local",
			  in->cf->s.name, src);
}

/* V30, V32. */
static void tell_sum(struct vrrp_inst *in, const struct pkt_advert *a, const char *src)
{
	static const char *const forms[] = {
		[PKT_SUM_PSEUDO] = "pseudo",
		[PKT_SUM_MESSAGE] = "message",
		[PKT_SUM_GROUP] = "group",
	};

	if (in->o.learns_group_sum && a->sum == PKT_SUM_GROUP)
		in->r.sum = PKT_SUM_GROUP;
	if (a->version == 3 && a->sum != in->r.sum && inst_tell(in, INST_TELL_SUM))
		log_event(LOG_VRRP_PEER, "inst=%s src=%s differs=checksum theirs=%s ours=%s",
			  in->cf->s.name, src, forms[a->sum], forms[in->r.sum]);
}

/* What is not an error but worth a line. Peers may differ in all of it and still agree on who is
 * active. */
static void tell_peer(struct vrrp_inst *in, const struct pkt_advert *a, const struct pkt_in *p)
{
	char src[ADDR_TEXT_LEN];

	(void)addr_text(&p->src, src);
	if (!is_list_seen(in, p))
		tell_list(in, a, src);
	if (a->adv_int_us != in->o.adv_int_us && a->prio &&
	    inst_tell(in, INST_TELL_INTERVAL)) /* V49 */
		log_event(LOG_VRRP_PEER,
			  "inst=%s src=%s differs=interval theirs_us=%lld ours_us=%lld",
			  in->cf->s.name, src, (long long)a->adv_int_us,
			  (long long)in->o.adv_int_us);
	tell_sum(in, a, src);
}

/* V55: is it one of the peers, and as far away as that one may be? *seen: its place. */
static enum vrrp_drop check_peer(const struct vrrp_inst *in, const struct pkt_in *p,
				 struct auth_seen **seen)
{
	uint32_t i = in->o.is_unicast ? run_peer(in, &p->src) : RUN_NONE;

	*seen = in->peer_seen && i != RUN_NONE ? &in->peer_seen[i] : NULL;
	if (!in->o.checks_peer)
		return VRRP_DROP_NONE;
	if (i == RUN_NONE)
		return VRRP_DROP_PEER;
	return p->ttl < in->o.peer[i].s.min_ttl || p->ttl > in->o.peer[i].s.max_ttl
		       ? VRRP_DROP_TTL
		       : VRRP_DROP_NONE;
}

static enum vrrp_drop check_auth(struct vrrp_inst *in, const struct pkt_in *p,
				 const struct pkt_advert *a, struct auth_seen *seen)
{
	if (!in->auth)
		return VRRP_DROP_NONE;
	return auth_check(in->auth, &in->r.auth, seen, p, a, thread_wall());
}

/* Authentication comes last: a sequence number moves only when everything else is right. */
static enum vrrp_drop judge(struct vrrp_inst *in, const struct pkt_in *p, struct pkt_advert *a)
{
	struct pkt_expect x = {
		.adv_int_us = in->o.adv_int_us,
		.version = in->o.version,
		.dst = in->o.is_unicast ? in->r.src : in->o.group,
		.is_unicast = in->o.is_unicast,
		.auth = (uint8_t)auth_type_of(in->auth),
		.takes_trailer = auth_takes_trailer(in->auth),
		.no_group_sum = in->o.no_group_sum,
	};
	struct auth_seen *seen;
	enum vrrp_drop why = pkt_decode(p, &x, a);

	if (why)
		return why;
	if (in->r.state != VRRP_BACKUP && in->r.state != VRRP_ACTIVE) /* V56 */
		return VRRP_DROP_STATE;
	if (addr_eq(&p->src, &in->r.src)) /* V10, V90 */
		return VRRP_DROP_OWN;
	if (in->o.ignores_adverts) /* V53 */
		return VRRP_DROP_OWNER;
	why = check_peer(in, p, &seen);
	return why ? why : check_auth(in, p, a, seen);
}

/* V44 */
static void stranger(const struct vrrp *v, const struct pkt_in *p, uint32_t ifindex)
{
	char src[ADDR_TEXT_LEN];

	stats_add(STAT_VRRP_RX_UNKNOWN_VRID, 1);
	if (v->role.conf->global.s.log_unknown_vrids)
		log_event(LOG_VRRP_UNKNOWN, "vrid=%u src=%s ifindex=%u", p->vrid,
			  addr_text(&p->src, src), ifindex);
}

/* Where it came in. */
static struct run_from from_of(const struct vrrp *v, uint32_t ifindex)
{
	struct run_from from = { .ifindex = ifindex };
	const struct link_table *t;

	if (!v->run->has_vrf)
		return from;
	snap_enter();
	t = link_table_get(&v->role.board->links);
	from.vrf = t ? link_vrf_of(t, ifindex) : 0;
	snap_leave();
	return from;
}

static void take(struct vrrp *v, const struct pkt_in *p, uint32_t ifindex, int64_t now_us)
{
	struct vrrp_inst *in = run_find(v->run, from_of(v, ifindex), p);
	struct pkt_advert a;

	if (!in) {
		stranger(v, p, ifindex);
		return;
	}

	enum vrrp_drop why = judge(in, p, &a);

	if (why) {
		drop(in, why, p);
		return;
	}
	tell_peer(in, &a, p);
	inst_advert(in, &a, &p->src, now_us);
	shown_heard(in, &p->src, a.prio, now_us);
	kept_write(in);
}

static uint32_t read_batch(struct rx_port *port)
{
	struct vrrp *v = port->v;
	int64_t now_us = clock_now_us();
	uint32_t n = sock_read(&v->sock, port->port);

	for (uint32_t i = 0; i < n; i++) {
		struct pkt_in p;
		uint32_t ifindex;

		stats_add(STAT_VRRP_RX, 1);
		if (sock_packet(&v->sock, port->port, i, &p, &ifindex))
			take(v, &p, ifindex, now_us);
		else
			stats_add(STAT_VRRP_RX_SHORT, 1);
	}
	return n;
}

static void read_some(struct rx_port *port, uint32_t max)
{
	uint32_t n, sum = 0;

	if (!port->v->run || port->v->sock.rx_fd[port->port] < 0)
		return;
	/* what is due leaves before we read */
	tx_settle(port->v);
	do {
		n = read_batch(port);
		sum += n;
	} while (n == SOCK_RX_N && sum < max);
}

void rx_on_readable(struct loop_fd *lf, uint32_t events)
{
	(void)events;
	read_some(container_of(lf, struct rx_port, fd), RX_TURN_N);
}

void rx_drain(struct vrrp *v, const struct vrrp_inst *in)
{
	enum sock_port port = in->o.family == AF_INET6                ? SOCK_V6
			      : auth_type_of(in->auth) == PKT_AUTH_AH ? SOCK_AH
								      : SOCK_V4;

	if (v->rx[port].is_drained)
		return;
	v->rx[port].is_drained = true;
	read_some(&v->rx[port], RX_DRAIN_N);
}
