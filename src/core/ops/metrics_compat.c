/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The same facts under the names and labels of two exporters that people have dashboards for
 * (metrics.compat). "mehdy" has a series of keepalived_vrrp_state for each address and counters by
 * instance; "gen2brain" has the state as a label, and what the kernel counts of its services. Both count errors by kind:
 * a drop reason of vipd (vrrp/pkt.h) for each. An unknown kind of authentication is one that is not the configured one:
 * vipd counts both as mismatch, so the other is always 0.
 */
#include "core/ops/metrics_family.h"

#include "core/status.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#define USEC_PER_SEC 1e6

/* ------------------------------------------------------------------ counters of an instance */

/* What a counter is: a drop reason by name, or one of the others, or (neither) nothing. */
struct counter {
	const char *drop;
	_Atomic uint64_t *(*value)(struct status_inst *s);
};

#define VALUE(name, field)                                                                         \
	static _Atomic uint64_t *name(struct status_inst *s)                                       \
	{                                                                                          \
		return &s->field;                                                                  \
	}
VALUE(rx, rx_n)
VALUE(tx, tx_n)
VALUE(became, transitions_n)
VALUE(released, released_n)
VALUE(rx_zero, rx_zero_n)
VALUE(tx_zero, tx_zero_n)
#undef VALUE

enum counter_id {
	RX,
	TX,
	BECAME,
	RELEASED,
	LENGTH,
	INTERVAL,
	TTL,
	TYPE,
	COUNT,
	AUTH_UNKNOWN,
	AUTH_OTHER,
	AUTH_FAILURE,
	RX_ZERO,
	TX_ZERO,
};

static const struct counter counters[] = {
	[RX] = { NULL, rx },
	[TX] = { NULL, tx },
	[BECAME] = { NULL, became },
	[RELEASED] = { NULL, released },
	[LENGTH] = { "length", NULL },
	[INTERVAL] = { "interval", NULL },
	[TTL] = { "ttl", NULL },
	[TYPE] = { "type", NULL },
	[COUNT] = { "count", NULL },
	[AUTH_UNKNOWN] = { NULL, NULL },
	[AUTH_OTHER] = { "auth", NULL },
	[AUTH_FAILURE] = { "auth_failure", NULL },
	[RX_ZERO] = { NULL, rx_zero },
	[TX_ZERO] = { NULL, tx_zero },
};

static double value_of(struct metrics *m, uint32_t i)
{
	const struct counter *c = &counters[m->arg];
	struct status_inst *s = &m->c->status->inst[i];
	const char *const *name = m->c->status->drop_name;

	if (c->value)
		return (double)STATUS_LOAD(c->value(s));
	for (unsigned k = 1; c->drop && k < m->c->status->drops_n; k++)
		if (!strcmp(name[k], c->drop))
			return (double)STATUS_LOAD(&s->drop[k]);
	return 0;
}

/* 0 INIT, 1 BACKUP, 2 MASTER, 3 FAULT: the numbers of enum vrrp_state, from 0. */
static unsigned state_of(const struct metrics *m, uint32_t i)
{
	uint8_t state = status_inst_unpack(STATUS_LOAD(&m->c->status->inst[i].word)).state;

	return state ? state - 1u : 0;
}

static bool has(const struct metrics *m, const char *exporter)
{
	const struct conf_strs *s = &m->c->metrics.s.compat;

	for (uint32_t i = 0; i < s->n; i++)
		if (!strcmp(s->v[i], exporter))
			return true;
	return false;
}

/* ------------------------------------------------------------------ mehdy */

static bool is_mehdy(const struct metrics *m)
{
	return has(m, "mehdy");
}

static void mehdy_labels(struct metrics *m, uint32_t i, struct text *out)
{
	metrics_label(out, "iname", m->c->vrrp[i].s.name);
	text_put(out, ",", 1);
	metrics_label(out, "intf", conf_tx_dev(&m->c->vrrp[i]));
	text_add(out, ",vrid=\"%u\"", m->c->vrrp[i].s.vrid);
}

static void mehdy_address(struct metrics *m, struct text *out, const char *name, uint32_t i,
			  const char *address)
{
	text_add(out, "%s{", name);
	mehdy_labels(m, i, out);
	text_add(out, ",ip_address=\"%s\"} %u\n", address, state_of(m, i));
}

/* arg: 1 for the excluded addresses. */
static void mehdy_states(struct metrics *m, const struct metrics_family *f, uint32_t i,
			 struct text *out)
{
	const struct fields_vrrp *s = &m->c->vrrp[i].s;
	const struct conf_range *r = f->arg ? &s->evips : &s->vips;
	char text[PREFIX_TEXT_LEN];

	for (uint32_t k = r->first; k < r->first + r->n; k++)
		mehdy_address(m, out, f->name, i, prefix_text(&m->c->vip[k].s.prefix, text));
	if (!r->n && !f->arg)
		mehdy_address(m, out, f->name, i, "");
}

static double garp_delay(struct metrics *m, uint32_t i)
{
	/* whole seconds, as keepalived has it */
	return (double)(m->c->vrrp[i].s.garp_delay_us / 1000000);
}

static uint32_t scripts_n(struct metrics *m)
{
	return m->c->track_script_n;
}

static void script_labels(struct metrics *m, uint32_t i, struct text *out)
{
	metrics_label(out, "name", m->c->track_script[i].s.name);
}

/* arg: the bit that is asked for. */
static double script_bit(struct metrics *m, uint32_t i)
{
	return (STATUS_LOAD(&m->c->status->script[i].bits) & m->arg) != 0;
}

/* clang-format off */
#define MEHDY(name, help, counter) \
	{ "keepalived_" name, METRIC_COUNTER, help, metrics_inst_n, NULL, mehdy_labels, value_of, counter, NULL }

static const struct metrics_family mehdy_families[] = {
	{ "keepalived_up", METRIC_GAUGE, "vipd answers.", metrics_one, NULL, NULL, metrics_always_1, 0, NULL },
	{ "keepalived_exporter_build_info", METRIC_GAUGE, "Which version of vipd answers.", metrics_one, NULL, metrics_version_label, metrics_always_1, 0, NULL },
	{ "keepalived_vrrp_state", METRIC_GAUGE, "0 INIT, 1 BACKUP, 2 MASTER, 3 FAULT, for each address.", metrics_inst_n, NULL, NULL, NULL, 0, mehdy_states },
	{ "keepalived_vrrp_excluded_state", METRIC_GAUGE, "The same for excluded addresses.", metrics_inst_n, NULL, NULL, NULL, 1, mehdy_states },
	MEHDY("advertisements_received", "Valid adverts received.", RX),
	MEHDY("advertisements_sent", "Adverts sent.", TX),
	MEHDY("become_master", "Transitions to MASTER.", BECAME),
	MEHDY("release_master", "Transitions from MASTER.", RELEASED),
	MEHDY("packet_length_errors", "Packets of a wrong length.", LENGTH),
	MEHDY("advertisements_interval_errors", "Adverts of another interval.", INTERVAL),
	MEHDY("ip_ttl_errors", "Packets whose TTL is not 255.", TTL),
	MEHDY("invalid_type_received", "Packets of an unknown type.", TYPE),
	MEHDY("address_list_errors", "Adverts of other addresses.", COUNT),
	MEHDY("authentication_invalid", "Always 0: counted as mismatch.", AUTH_UNKNOWN),
	MEHDY("authentication_mismatch", "Adverts of another kind of authentication.", AUTH_OTHER),
	MEHDY("authentication_failure", "Adverts with a wrong password.", AUTH_FAILURE),
	MEHDY("priority_zero_received", "Adverts received with priority 0.", RX_ZERO),
	MEHDY("priority_zero_sent", "Adverts sent with priority 0.", TX_ZERO),
	{ "keepalived_gratuitous_arp_delay", METRIC_COUNTER, "Seconds until announcements are sent a second time.", metrics_inst_n, NULL, mehdy_labels, garp_delay, 0, NULL },
	{ "keepalived_script_status", METRIC_GAUGE, "1 the last results say up, 0 down or not known.", scripts_n, NULL, script_labels, script_bit, STATUS_SCRIPT_UP, NULL },
	{ "keepalived_script_state", METRIC_GAUGE, "1 it runs at the moment, 0 it does not.", scripts_n, NULL, script_labels, script_bit, STATUS_SCRIPT_RUNS, NULL },
};
/* clang-format on */

const struct metrics_table metrics_mehdy = { mehdy_families,
					     sizeof(mehdy_families) / sizeof(*mehdy_families),
					     is_mehdy };

/* ------------------------------------------------------------------ gen2brain */

static bool is_gen2brain(const struct metrics *m)
{
	return has(m, "gen2brain");
}

/* mehdy's table may have told it. */
static uint32_t up_n(struct metrics *m)
{
	return !is_mehdy(m);
}

static void gen2brain_labels(struct metrics *m, uint32_t i, struct text *out)
{
	static const char *const word[] = { "INIT", "BACKUP", "MASTER", "FAULT" };
	unsigned state = state_of(m, i);

	metrics_label(out, "name", m->c->vrrp[i].s.name);
	text_put(out, ",", 1);
	metrics_label(out, "intf", conf_tx_dev(&m->c->vrrp[i]));
	text_add(out, ",vrid=\"%u\",state=\"%s\"", m->c->vrrp[i].s.vrid,
		 word[state < 4 ? state : 0]);
}

static uint32_t lvs_vip_n(struct metrics *m)
{
	return m->counted ? m->counted->service_n : 0;
}

static uint32_t lvs_rs_n(struct metrics *m)
{
	return m->counted && m->has_servers ? m->counted->server_n : 0;
}

static void put_end(struct text *out, const char *label, const struct ip_addr *a, uint16_t port)
{
	char text[ADDR_PORT_TEXT_LEN];

	text_add(out, "%s=\"%s\"", label, addr_port_text(a, port, text));
}

static void put_service(struct text *out, const char *label, const struct counters_service *s)
{
	if (s->fwmark)
		text_add(out, "%s=\"fwmark %u\"", label, s->fwmark);
	else
		put_end(out, label, &s->addr, s->port);
}

/* A mark is of one family, and may be of both. */
static void put_protocol(struct text *out, const struct counters_service *s)
{
	text_add(out, ",proto=\"%u\"",
		 s->fwmark && s->addr.family == AF_INET6 ? (unsigned)IPPROTO_IPV6 : s->protocol);
}

static void lvs_vip_labels(struct metrics *m, uint32_t i, struct text *out)
{
	put_service(out, "addr", &m->counted->service[i]);
	put_protocol(out, &m->counted->service[i]);
}

static void lvs_rs_labels(struct metrics *m, uint32_t i, struct text *out)
{
	const struct counters_server *r = &m->counted->server[i];
	const struct counters_service *s = &m->counted->service[r->service];

	put_service(out, "vip", s);
	text_put(out, ",", 1);
	put_end(out, "addr", &r->addr, r->port);
	put_protocol(out, s);
}

static double count_at(const struct metrics *m, const struct counts *n)
{
	return (double)*(const uint64_t *)(const void *)((const char *)n + m->arg);
}

static double lvs_vip(struct metrics *m, uint32_t i)
{
	return count_at(m, &m->counted->service[i].sum);
}

static double lvs_rs(struct metrics *m, uint32_t i)
{
	return count_at(m, &m->counted->server[i].sum);
}

/* clang-format off */
#define GEN2BRAIN(name, help, counter) \
	{ "keepalived_vrrp_" name, METRIC_PLAIN_COUNTER, help, metrics_inst_n, NULL, gen2brain_labels, value_of, counter, NULL }
#define LVS(of, help, field) \
	{ "keepalived_lvs_vip_" of, METRIC_PLAIN_COUNTER, help " (service).", lvs_vip_n, NULL, lvs_vip_labels, lvs_vip, offsetof(struct counts, field), NULL }, \
	{ "keepalived_lvs_rs_" of, METRIC_PLAIN_COUNTER, help " (server).", lvs_rs_n, NULL, lvs_rs_labels, lvs_rs, offsetof(struct counts, field), NULL }

static const struct metrics_family gen2brain_families[] = {
	{ "keepalived_up", METRIC_GAUGE, "vipd answers.", up_n, NULL, NULL, metrics_always_1, 0, NULL },
	GEN2BRAIN("advert_rcvd", "Valid adverts received.", RX),
	GEN2BRAIN("advert_sent", "Adverts sent.", TX),
	GEN2BRAIN("become_master", "Transitions to MASTER.", BECAME),
	GEN2BRAIN("release_master", "Transitions from MASTER.", RELEASED),
	GEN2BRAIN("packet_len_err", "Packets of a wrong length.", LENGTH),
	GEN2BRAIN("advert_interval_err", "Adverts of another interval.", INTERVAL),
	GEN2BRAIN("ip_ttl_err", "Packets whose TTL is not 255.", TTL),
	GEN2BRAIN("invalid_type_rcvd", "Packets of an unknown type.", TYPE),
	GEN2BRAIN("addr_list_err", "Adverts of other addresses.", COUNT),
	GEN2BRAIN("invalid_authtype", "Always 0: counted as mismatch.", AUTH_UNKNOWN),
	GEN2BRAIN("authtype_mismatch", "Adverts of another kind of authentication.", AUTH_OTHER),
	GEN2BRAIN("auth_failure", "Adverts with a wrong password.", AUTH_FAILURE),
	GEN2BRAIN("pri_zero_rcvd", "Adverts received with priority 0.", RX_ZERO),
	GEN2BRAIN("pri_zero_sent", "Adverts sent with priority 0.", TX_ZERO),
	LVS("in_packets", "Packets from clients", in_packets),
	LVS("out_packets", "Packets to clients", out_packets),
	LVS("in_bytes", "Bytes from clients", in_bytes),
	LVS("out_bytes", "Bytes to clients", out_bytes),
	LVS("conn", "Connections", conns),
};
/* clang-format on */

const struct metrics_table metrics_gen2brain = {
	gen2brain_families, sizeof(gen2brain_families) / sizeof(*gen2brain_families), is_gen2brain
};
