/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See metrics_compat.h. "mehdy" has a series of keepalived_vrrp_state for each address and counters by
 * instance; "gen2brain" has the state as a label. Both count errors by kind: a drop reason of vipd
 * (vrrp/pkt.h) for each. An unknown kind of authentication is one that is not the configured one: vipd
 * counts both as mismatch.
 */
#include "core/ops/metrics_compat.h"

#include "core/status.h"

#include <string.h>

/* What a counter is: a drop reason by name, or one of the others. */
struct counter {
	const char *mehdy, *gen2brain;
	const char *drop; /* NULL: value */
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

/* clang-format off */
static const struct counter counters[] = {
	{ "advertisements_received_total", "vrrp_advert_rcvd", NULL, rx },
	{ "advertisements_sent_total", "vrrp_advert_sent", NULL, tx },
	{ "become_master_total", "vrrp_become_master", NULL, became },
	{ "release_master_total", "vrrp_release_master", NULL, released },
	{ "packet_length_errors_total", "vrrp_packet_len_err", "length", NULL },
	{ "advertisements_interval_errors_total", "vrrp_advert_interval_err", "interval", NULL },
	{ "ip_ttl_errors_total", "vrrp_ip_ttl_err", "ttl", NULL },
	{ "invalid_type_received_total", "vrrp_invalid_type_rcvd", "type", NULL },
	{ "address_list_errors_total", "vrrp_addr_list_err", "count", NULL },
	{ "authentication_mismatch_total", "vrrp_authtype_mismatch", "auth", NULL },
	{ "authentication_failure_total", "vrrp_auth_failure", "auth_failure", NULL },
	{ "priority_zero_received_total", "vrrp_pri_zero_rcvd", NULL, rx_zero },
	{ "priority_zero_sent_total", "vrrp_pri_zero_sent", NULL, tx_zero },
};
/* clang-format on */

enum { COUNTERS_N = sizeof(counters) / sizeof(*counters) };

static uint64_t value_of(const struct metrics *m, const struct counter *c, uint32_t i)
{
	struct status_inst *s = &m->c->status->inst[i];
	const char *const *name = m->c->status->drop_name;

	if (c->value)
		return STATUS_LOAD(c->value(s));
	for (unsigned k = 1; k < m->c->status->drops_n; k++)
		if (!strcmp(name[k], c->drop))
			return STATUS_LOAD(&s->drop[k]);
	return 0;
}

/* 0 INIT, 1 BACKUP, 2 MASTER, 3 FAULT: the numbers of enum vrrp_state, from 0. */
static unsigned state_of(const struct metrics *m, uint32_t i)
{
	uint8_t state = status_inst_unpack(STATUS_LOAD(&m->c->status->inst[i].word)).state;

	return state ? state - 1u : 0;
}

static void head(const struct metrics *m, struct text *out, const char *name, const char *type,
		 const char *help)
{
	size_t len = strlen(name);
	bool is_cut = m->is_open && len > 6 && !strcmp(name + len - 6, "_total");

	text_add(out, "# HELP keepalived_%.*s %s\n# TYPE keepalived_%.*s %s\n",
		 (int)(is_cut ? len - 6 : len), name, help, (int)(is_cut ? len - 6 : len), name,
		 type);
}

static void up(const struct metrics *m, struct text *out)
{
	head(m, out, "up", "gauge", "vipd answers.");
	text_add(out, "keepalived_up 1\n");
}

/* ------------------------------------------------------------------ mehdy */

static void mehdy_labels(const struct metrics *m, uint32_t i, struct text *out)
{
	metrics_label(out, "iname", m->c->vrrp[i].s.name);
	text_put(out, ",", 1);
	metrics_label(out, "intf", conf_tx_dev(&m->c->vrrp[i]));
	text_add(out, ",vrid=\"%u\"", m->c->vrrp[i].s.vrid);
}

static void mehdy_address(const struct metrics *m, struct text *out, const char *name, uint32_t i,
			  const char *address)
{
	text_add(out, "keepalived_%s{", name);
	mehdy_labels(m, i, out);
	text_add(out, ",ip_address=\"%s\"} %u\n", address, state_of(m, i));
}

static void mehdy_states(const struct metrics *m, struct text *out, const char *name,
			 bool is_excluded)
{
	head(m, out, name, "gauge", "0 INIT, 1 BACKUP, 2 MASTER, 3 FAULT, for each address.");
	for (uint32_t i = 0; i < m->c->vrrp_n; i++) {
		const struct fields_vrrp *f = &m->c->vrrp[i].s;
		const struct conf_range *r = is_excluded ? &f->evips : &f->vips;
		char text[PREFIX_TEXT_LEN];

		for (uint32_t k = r->first; k < r->first + r->n; k++)
			mehdy_address(m, out, name, i, prefix_text(&m->c->vip[k].s.prefix, text));
		if (!r->n && !is_excluded)
			mehdy_address(m, out, name, i, "");
	}
}

static void mehdy(const struct metrics *m, struct text *out)
{
	up(m, out);
	mehdy_states(m, out, "vrrp_state", false);
	mehdy_states(m, out, "vrrp_excluded_state", true);
	for (unsigned k = 0; k < COUNTERS_N; k++) {
		head(m, out, counters[k].mehdy, "counter", "As keepalived counts it.");
		for (uint32_t i = 0; i < m->c->vrrp_n; i++) {
			text_add(out, "keepalived_%s{", counters[k].mehdy);
			mehdy_labels(m, i, out);
			text_add(out, "} %llu\n", (unsigned long long)value_of(m, &counters[k], i));
		}
	}
}

/* ------------------------------------------------------------------ gen2brain */

static void gen2brain(const struct metrics *m, struct text *out)
{
	static const char *const word[] = { "INIT", "BACKUP", "MASTER", "FAULT" };

	for (unsigned k = 0; k < COUNTERS_N; k++) {
		/* without _total: in OpenMetrics that is no counter */
		head(m, out, counters[k].gen2brain, m->is_open ? "gauge" : "counter",
		     "As keepalived counts it.");
		for (uint32_t i = 0; i < m->c->vrrp_n; i++) {
			unsigned state = state_of(m, i);

			text_add(out, "keepalived_%s{", counters[k].gen2brain);
			metrics_label(out, "name", m->c->vrrp[i].s.name);
			text_put(out, ",", 1);
			metrics_label(out, "intf", conf_tx_dev(&m->c->vrrp[i]));
			text_add(out, ",vrid=\"%u\",state=\"%s\"} %llu\n", m->c->vrrp[i].s.vrid,
				 word[state < 4 ? state : 0],
				 (unsigned long long)value_of(m, &counters[k], i));
		}
	}
}

static bool has(const struct metrics *m, const char *exporter)
{
	const struct conf_strs *s = &m->c->metrics.s.compat;

	for (uint32_t i = 0; i < s->n; i++)
		if (!strcmp(s->v[i], exporter))
			return true;
	return false;
}

void metrics_compat(const struct metrics *m, struct text *out)
{
	if (has(m, "mehdy"))
		mehdy(m, out);
	if (has(m, "gen2brain")) {
		if (!has(m, "mehdy"))
			up(m, out);
		gen2brain(m, out);
	}
}
