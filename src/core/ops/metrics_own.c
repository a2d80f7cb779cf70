/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Metrics of instances, services, servers and threads, under vipd's own names: functions for labels and values,
 * and at the end the table of families.
 */
#include "core/ops/metrics_family.h"

#include "core/conf/schema.h"
#include "core/ops/pattern.h"
#include "core/status.h"

#include <math.h>
#include <string.h>

#define USEC_PER_SEC 1e6

/* ------------------------------------------------------------------ labels */

static void inst_labels(struct metrics *m, uint32_t i, struct text *out)
{
	metrics_label(out, "instance", m->c->vrrp[i].s.name);
	text_put(out, ",", 1);
	metrics_label(out, "interface", conf_tx_dev(&m->c->vrrp[i]));
	text_add(out, ",virtual_router_id=\"%u\"", m->c->vrrp[i].s.vrid);
}

void metrics_vs_labels(struct metrics *m, uint32_t i, struct text *out)
{
	char where[VIEW_NAME_LEN];

	metrics_label(out, "vs", m->c->vs[i].s.name);
	text_put(out, ",", 1);
	metrics_label(out, "address", view_vs_where(m->c, i, where));
}

static void thread_labels(struct metrics *m, uint32_t i, struct text *out)
{
	struct control_thread t = { .name = "" };

	(void)m->host->thread(m->host->arg, i, &t);
	metrics_label(out, "thread", t.name);
}

void metrics_version_label(struct metrics *m, uint32_t i, struct text *out)
{
	(void)m;
	(void)i;
	metrics_label(out, "version", VIPD_VERSION);
}

/* ------------------------------------------------------------------ what families are of */

uint32_t metrics_one(struct metrics *m)
{
	(void)m;
	return 1;
}

uint32_t metrics_inst_n(struct metrics *m)
{
	return m->c->vrrp_n;
}

uint32_t metrics_vs_n(struct metrics *m)
{
	return m->c->vs_n;
}

uint32_t metrics_rs_n(struct metrics *m)
{
	return m->has_servers ? m->c->rs_n : 0;
}

static uint32_t thread_n(struct metrics *m)
{
	struct control_thread t;
	uint32_t n = 0;

	while (m->host->thread(m->host->arg, n, &t))
		n++;
	return n;
}

static bool fits(struct metrics *m, uint32_t vs)
{
	return !*m->vs_match || pattern_fits(m->vs_match, m->c->vs[vs].s.name);
}

bool metrics_vs_fits(struct metrics *m, uint32_t i)
{
	return fits(m, i);
}

bool metrics_rs_fits(struct metrics *m, uint32_t i)
{
	return fits(m, m->c->rs[i].vs);
}

/* ------------------------------------------------------------------ values */

double metrics_moment_s(const struct metrics *m, int64_t at_us)
{
	return at_us ? (double)(m->t.wall_us - (m->t.mono_us - at_us)) / USEC_PER_SEC : 0;
}

double metrics_always_1(struct metrics *m, uint32_t i)
{
	(void)m;
	(void)i;
	return 1;
}

static double started(struct metrics *m, uint32_t i)
{
	(void)i;
	return metrics_moment_s(m, m->host->started_us);
}

static double generation(struct metrics *m, uint32_t i)
{
	(void)i;
	return (double)m->c->gen;
}

static const struct status_inst *inst(struct metrics *m, uint32_t i)
{
	return &m->c->status->inst[i];
}

static struct status_inst_word inst_word(struct metrics *m, uint32_t i)
{
	return status_inst_unpack(STATUS_LOAD(&inst(m, i)->word));
}

static double inst_state(struct metrics *m, uint32_t i)
{
	uint8_t state = inst_word(m, i).state; /* 1: INIT */

	return state ? state - 1 : 0;
}

static double inst_prio(struct metrics *m, uint32_t i)
{
	return inst_word(m, i).prio;
}

static double inst_change(struct metrics *m, uint32_t i)
{
	return metrics_moment_s(m, STATUS_LOAD(&inst(m, i)->since_us));
}

static double inst_heard(struct metrics *m, uint32_t i)
{
	return metrics_moment_s(m, STATUS_LOAD(&inst(m, i)->heard_us));
}

#define COUNT(name, field)                                                                         \
	static double name(struct metrics *m, uint32_t i)                                          \
	{                                                                                          \
		return (double)STATUS_LOAD(&inst(m, i)->field);                                    \
	}
COUNT(inst_rx, rx_n)
COUNT(inst_tx, tx_n)
COUNT(inst_tx_fail, tx_fail_n)
COUNT(inst_drop, drop_n)
COUNT(inst_active, transitions_n)
#undef COUNT

static struct status_vs_word vs_word(struct metrics *m, uint32_t i)
{
	return status_vs_unpack(STATUS_LOAD(&m->c->status->vs[i].word));
}

static double vs_up(struct metrics *m, uint32_t i)
{
	return !strcmp(view_vs_quorum(m->c, i), "up");
}

static double vs_quorum(struct metrics *m, uint32_t i)
{
	return m->c->vs[i].s.quorum;
}

static double vs_weight(struct metrics *m, uint32_t i)
{
	return (double)STATUS_LOAD(&m->c->status->vs[i].up_weight);
}

static double vs_total_weight(struct metrics *m, uint32_t i)
{
	return (double)STATUS_LOAD(&m->c->status->vs[i].total_weight);
}

static struct view_count servers_of(struct metrics *m, uint32_t i)
{
	const struct conf_range *r = &m->c->vs[i].s.servers;
	struct view_count n = { 0 };

	for (uint32_t k = r->first; k < r->first + r->n; k++)
		view_count(m->c, k, &n);
	return n;
}

static double vs_servers(struct metrics *m, uint32_t i)
{
	return m->c->vs[i].s.servers.n;
}

static double vs_servers_up(struct metrics *m, uint32_t i)
{
	return servers_of(m, i).up;
}

static double vs_servers_down(struct metrics *m, uint32_t i)
{
	return servers_of(m, i).down;
}

static double vs_panic(struct metrics *m, uint32_t i)
{
	return vs_word(m, i).is_panic;
}

static double vs_sorry(struct metrics *m, uint32_t i)
{
	return vs_word(m, i).is_sorry;
}

static double vs_suspended(struct metrics *m, uint32_t i)
{
	return vs_word(m, i).is_suspended;
}

static struct status_rs_word rs_word(struct metrics *m, uint32_t i)
{
	return status_rs_unpack(STATUS_LOAD(&m->c->status->rs[i].word));
}

static double rs_up(struct metrics *m, uint32_t i)
{
	struct status_rs_word w = rs_word(m, i);

	return w.verdict == HEALTH_UP ? 1 : w.verdict == HEALTH_DOWN ? 0 : (double)NAN;
}

static double rs_weight(struct metrics *m, uint32_t i)
{
	return STATUS_LOAD(&m->c->status->rs[i].weight);
}

static double rs_admin(struct metrics *m, uint32_t i)
{
	return rs_word(m, i).admin;
}

static double rs_change(struct metrics *m, uint32_t i)
{
	return metrics_moment_s(m, STATUS_LOAD(&m->c->status->rs[i].since_us));
}

static double thread_cpu(struct metrics *m, uint32_t i)
{
	struct control_thread t = { 0 };

	(void)m->host->thread(m->host->arg, i, &t);
	return (double)t.cpu_us / USEC_PER_SEC;
}

static double thread_turns(struct metrics *m, uint32_t i)
{
	struct control_thread t = { 0 };

	(void)m->host->thread(m->host->arg, i, &t);
	return (double)t.turns;
}

/* ------------------------------------------------------------------ the table */

/* ------------------------------------------------------------------ of checks */

static void probe_labels(struct metrics *m, uint32_t i, struct text *out)
{
	const struct conf_probe *p = &m->c->probe[i];

	metrics_rs_labels(m, p->rs, out);
	text_put(out, ",", 1);
	metrics_label(out, "check",
		      schema_enum_name(schema_names_CHECK_TYPE, m->c->check[p->check].s.type));
}

/* Only those with TLS have something to show. */
static uint32_t tls_n(struct metrics *m)
{
	return m->has_servers && m->c->status->tls ? m->c->probe_n : 0;
}

static double cert_end(struct metrics *m, uint32_t i)
{
	return (double)view_cert_end_s(m->c, i);
}

static bool cert_fits(struct metrics *m, uint32_t i)
{
	return metrics_rs_fits(m, m->c->probe[i].rs) && view_cert_end_s(m->c, i);
}

/* clang-format off */
static const struct metrics_family families[] = {
	{ "vipd_build_info", METRIC_GAUGE, "Which version runs.", metrics_one, NULL, metrics_version_label, metrics_always_1, 0, NULL },
	{ "vipd_start_time_seconds", METRIC_GAUGE, "When vipd was started.", metrics_one, NULL, NULL, started, 0, NULL },
	{ "vipd_config_generation", METRIC_GAUGE, "Number of the configuration that every role works with.", metrics_one, NULL, NULL, generation, 0, NULL },
	{ "vipd_vrrp_instance_state", METRIC_GAUGE, "0 INIT, 1 BACKUP, 2 ACTIVE, 3 FAULT.", metrics_inst_n, NULL, inst_labels, inst_state, 0, NULL },
	{ "vipd_vrrp_instance_priority", METRIC_GAUGE, "Effective priority.", metrics_inst_n, NULL, inst_labels, inst_prio, 0, NULL },
	{ "vipd_vrrp_instance_last_change_timestamp_seconds", METRIC_GAUGE, "When the state changed last; 0: never.", metrics_inst_n, NULL, inst_labels, inst_change, 0, NULL },
	{ "vipd_vrrp_instance_last_heard_timestamp_seconds", METRIC_GAUGE, "When another router was heard last; 0: never.", metrics_inst_n, NULL, inst_labels, inst_heard, 0, NULL },
	{ "vipd_vrrp_instance_adverts_received", METRIC_COUNTER, "Valid adverts received.", metrics_inst_n, NULL, inst_labels, inst_rx, 0, NULL },
	{ "vipd_vrrp_instance_adverts_sent", METRIC_COUNTER, "Adverts sent.", metrics_inst_n, NULL, inst_labels, inst_tx, 0, NULL },
	{ "vipd_vrrp_instance_adverts_failed", METRIC_COUNTER, "Adverts that could not be sent.", metrics_inst_n, NULL, inst_labels, inst_tx_fail, 0, NULL },
	{ "vipd_vrrp_instance_adverts_dropped", METRIC_COUNTER, "Packets for the instance that were not accepted.", metrics_inst_n, NULL, inst_labels, inst_drop, 0, NULL },
	{ "vipd_vrrp_instance_became_active", METRIC_COUNTER, "Transitions to ACTIVE.", metrics_inst_n, NULL, inst_labels, inst_active, 0, NULL },
	{ "vipd_virtual_server_up", METRIC_GAUGE, "1: the service has quorum.", metrics_vs_n, metrics_vs_fits, metrics_vs_labels, vs_up, 0, NULL },
	{ "vipd_virtual_server_quorum", METRIC_GAUGE, "Weight that it needs.", metrics_vs_n, metrics_vs_fits, metrics_vs_labels, vs_quorum, 0, NULL },
	{ "vipd_virtual_server_weight", METRIC_GAUGE, "Weight of its servers that are up.", metrics_vs_n, metrics_vs_fits, metrics_vs_labels, vs_weight, 0, NULL },
	{ "vipd_virtual_server_weight_configured", METRIC_GAUGE, "Weight of all its servers.", metrics_vs_n, metrics_vs_fits, metrics_vs_labels, vs_total_weight, 0, NULL },
	{ "vipd_virtual_server_real_servers", METRIC_GAUGE, "Its servers.", metrics_vs_n, metrics_vs_fits, metrics_vs_labels, vs_servers, 0, NULL },
	{ "vipd_virtual_server_real_servers_up", METRIC_GAUGE, "Those that are up and in use.", metrics_vs_n, metrics_vs_fits, metrics_vs_labels, vs_servers_up, 0, NULL },
	{ "vipd_virtual_server_real_servers_down", METRIC_GAUGE, "Those that are down.", metrics_vs_n, metrics_vs_fits, metrics_vs_labels, vs_servers_down, 0, NULL },
	{ "vipd_virtual_server_panic", METRIC_GAUGE, "1: so many servers fail that none is taken out.", metrics_vs_n, metrics_vs_fits, metrics_vs_labels, vs_panic, 0, NULL },
	{ "vipd_virtual_server_sorry", METRIC_GAUGE, "1: the sorry server has its traffic.", metrics_vs_n, metrics_vs_fits, metrics_vs_labels, vs_sorry, 0, NULL },
	{ "vipd_virtual_server_suspended", METRIC_GAUGE, "1: suspended, since its addresses are not on this router.", metrics_vs_n, metrics_vs_fits, metrics_vs_labels, vs_suspended, 0, NULL },
	{ "vipd_real_server_up", METRIC_GAUGE, "1: its checks pass, 0: one fails, NaN: not known yet.", metrics_rs_n, metrics_rs_fits, metrics_rs_labels, rs_up, 0, NULL },
	{ "vipd_real_server_weight", METRIC_GAUGE, "Weight that is wanted in the kernel's table.", metrics_rs_n, metrics_rs_fits, metrics_rs_labels, rs_weight, 0, NULL },
	{ "vipd_real_server_admin_state", METRIC_GAUGE, "0 ready, 1 drain, 2 maint.", metrics_rs_n, metrics_rs_fits, metrics_rs_labels, rs_admin, 0, NULL },
	{ "vipd_real_server_last_change_timestamp_seconds", METRIC_GAUGE, "When its state changed last.", metrics_rs_n, metrics_rs_fits, metrics_rs_labels, rs_change, 0, NULL },
	{ "vipd_check_certificate_end_timestamp_seconds", METRIC_GAUGE, "When the certificate ends that the check has seen.", tls_n, cert_fits, probe_labels, cert_end, 0, NULL },
	{ "vipd_thread_cpu_seconds", METRIC_COUNTER, "Processor time of a thread.", thread_n, NULL, thread_labels, thread_cpu, 0, NULL },
	{ "vipd_thread_turns", METRIC_COUNTER, "Turns of its loop.", thread_n, NULL, thread_labels, thread_turns, 0, NULL },
};
/* clang-format on */

const struct metrics_table metrics_own = { families, sizeof(families) / sizeof(*families), NULL };
