/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See metrics.h. A family is a row of a table: its name, what it is of, and a function for its value.
 */
#include "core/ops/metrics.h"

#include "core/conf/schema.h"
#include "core/ops/metrics_compat.h"
#include "core/stats.h"
#include "core/status.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define USEC_PER_SEC 1e6

enum { TURN_ROWS_N = 2048 };

/* ------------------------------------------------------------------ labels */

void metrics_label(struct text *out, const char *name, const char *value)
{
	text_add(out, "%s=\"", name);
	for (const char *p = value ? value : ""; *p; p++) {
		if (*p == '\\' || *p == '"')
			text_put(out, "\\", 1);
		if (*p == '\n')
			text_put(out, "\\n", 2);
		else
			text_put(out, p, 1);
	}
	text_put(out, "\"", 1);
}

static void inst_labels(const struct metrics *m, uint32_t i, struct text *out)
{
	metrics_label(out, "instance", m->c->vrrp[i].s.name);
	text_put(out, ",", 1);
	metrics_label(out, "interface", conf_tx_dev(&m->c->vrrp[i]));
	text_add(out, ",virtual_router_id=\"%u\"", m->c->vrrp[i].s.vrid);
}

static void vs_labels(const struct metrics *m, uint32_t i, struct text *out)
{
	char where[VIEW_NAME_LEN];

	metrics_label(out, "vs", m->c->vs[i].s.name);
	text_put(out, ",", 1);
	metrics_label(out, "address", view_vs_where(m->c, i, where));
}

static void rs_labels(const struct metrics *m, uint32_t i, struct text *out)
{
	char name[VIEW_NAME_LEN];

	metrics_label(out, "vs", m->c->vs[m->c->rs[i].vs].s.name);
	text_put(out, ",", 1);
	metrics_label(out, "real_server", view_rs_name(m->c, i, name));
}

static void probe_labels(const struct metrics *m, uint32_t i, struct text *out)
{
	const struct conf_probe *p = &m->c->probe[i];

	rs_labels(m, p->rs, out);
	text_put(out, ",", 1);
	metrics_label(out, "check",
		      schema_enum_name(schema_names_CHECK_TYPE, m->c->check[p->check].s.type));
}

static void thread_labels(const struct metrics *m, uint32_t i, struct text *out)
{
	struct control_thread t = { .name = "" };

	(void)m->host->thread(m->host->arg, i, &t);
	metrics_label(out, "thread", t.name);
}

static void version_label(const struct metrics *m, uint32_t i, struct text *out)
{
	(void)m;
	(void)i;
	metrics_label(out, "version", VIPD_VERSION);
}

/* ------------------------------------------------------------------ what families are of */

static uint32_t one(const struct metrics *m)
{
	(void)m;
	return 1;
}

static uint32_t inst_n(const struct metrics *m)
{
	return m->c->vrrp_n;
}

static uint32_t vs_n(const struct metrics *m)
{
	return m->c->vs_n;
}

static uint32_t rs_n(const struct metrics *m)
{
	return m->has_servers ? m->c->rs_n : 0;
}

/* Only those with TLS have something to show. */
static uint32_t tls_n(const struct metrics *m)
{
	return m->has_servers && m->c->status->tls ? m->c->probe_n : 0;
}

static uint32_t thread_n(const struct metrics *m)
{
	struct control_thread t;
	uint32_t n = 0;

	while (m->host->thread(m->host->arg, n, &t))
		n++;
	return n;
}

static bool fits(const struct metrics *m, uint32_t vs)
{
	return !*m->vs_match || !fnmatch(m->vs_match, m->c->vs[vs].s.name, 0);
}

static bool vs_fits(const struct metrics *m, uint32_t i)
{
	return fits(m, i);
}

static bool rs_fits(const struct metrics *m, uint32_t i)
{
	return fits(m, m->c->rs[i].vs);
}

static double cert_end(const struct metrics *m, uint32_t i)
{
	return (double)view_cert_end_s(m->c, i);
}

static bool cert_fits(const struct metrics *m, uint32_t i)
{
	return rs_fits(m, m->c->probe[i].rs) && view_cert_end_s(m->c, i);
}

/* ------------------------------------------------------------------ values */

static double moment_s(const struct metrics *m, int64_t at_us)
{
	return at_us ? (double)(m->t.wall_us - (m->t.mono_us - at_us)) / USEC_PER_SEC : 0;
}

static double always_1(const struct metrics *m, uint32_t i)
{
	(void)m;
	(void)i;
	return 1;
}

static double started(const struct metrics *m, uint32_t i)
{
	(void)i;
	return moment_s(m, m->host->started_us);
}

static double generation(const struct metrics *m, uint32_t i)
{
	(void)i;
	return (double)m->c->gen;
}

static const struct status_inst *inst(const struct metrics *m, uint32_t i)
{
	return &m->c->status->inst[i];
}

static struct status_inst_word inst_word(const struct metrics *m, uint32_t i)
{
	return status_inst_unpack(STATUS_LOAD(&inst(m, i)->word));
}

static double inst_state(const struct metrics *m, uint32_t i)
{
	uint8_t state = inst_word(m, i).state; /* 1: INIT */

	return state ? state - 1 : 0;
}

static double inst_prio(const struct metrics *m, uint32_t i)
{
	return inst_word(m, i).prio;
}

static double inst_change(const struct metrics *m, uint32_t i)
{
	return moment_s(m, STATUS_LOAD(&inst(m, i)->since_us));
}

static double inst_heard(const struct metrics *m, uint32_t i)
{
	return moment_s(m, STATUS_LOAD(&inst(m, i)->heard_us));
}

#define COUNT(name, field)                                                                         \
	static double name(const struct metrics *m, uint32_t i)                                    \
	{                                                                                          \
		return (double)STATUS_LOAD(&inst(m, i)->field);                                    \
	}
COUNT(inst_rx, rx_n)
COUNT(inst_tx, tx_n)
COUNT(inst_tx_fail, tx_fail_n)
COUNT(inst_drop, drop_n)
COUNT(inst_active, transitions_n)
#undef COUNT

static struct status_vs_word vs_word(const struct metrics *m, uint32_t i)
{
	return status_vs_unpack(STATUS_LOAD(&m->c->status->vs[i].word));
}

static double vs_up(const struct metrics *m, uint32_t i)
{
	return !strcmp(view_vs_quorum(m->c, i), "up");
}

static double vs_quorum(const struct metrics *m, uint32_t i)
{
	return m->c->vs[i].s.quorum;
}

static double vs_weight(const struct metrics *m, uint32_t i)
{
	return (double)STATUS_LOAD(&m->c->status->vs[i].up_weight);
}

static double vs_total_weight(const struct metrics *m, uint32_t i)
{
	return (double)STATUS_LOAD(&m->c->status->vs[i].total_weight);
}

static struct view_count servers_of(const struct metrics *m, uint32_t i)
{
	const struct conf_range *r = &m->c->vs[i].s.servers;
	struct view_count n = { 0 };

	for (uint32_t k = r->first; k < r->first + r->n; k++)
		view_count(m->c, k, &n);
	return n;
}

static double vs_servers(const struct metrics *m, uint32_t i)
{
	return m->c->vs[i].s.servers.n;
}

static double vs_servers_up(const struct metrics *m, uint32_t i)
{
	return servers_of(m, i).up;
}

static double vs_servers_down(const struct metrics *m, uint32_t i)
{
	return servers_of(m, i).down;
}

static double vs_panic(const struct metrics *m, uint32_t i)
{
	return vs_word(m, i).is_panic;
}

static double vs_sorry(const struct metrics *m, uint32_t i)
{
	return vs_word(m, i).is_sorry;
}

static double vs_suspended(const struct metrics *m, uint32_t i)
{
	return vs_word(m, i).is_suspended;
}

static struct status_rs_word rs_word(const struct metrics *m, uint32_t i)
{
	return status_rs_unpack(STATUS_LOAD(&m->c->status->rs[i].word));
}

static double rs_up(const struct metrics *m, uint32_t i)
{
	struct status_rs_word w = rs_word(m, i);

	return w.verdict == HEALTH_UP ? 1 : w.verdict == HEALTH_DOWN ? 0 : (double)NAN;
}

static double rs_weight(const struct metrics *m, uint32_t i)
{
	return STATUS_LOAD(&m->c->status->rs[i].weight);
}

static double rs_admin(const struct metrics *m, uint32_t i)
{
	return rs_word(m, i).admin;
}

static double rs_change(const struct metrics *m, uint32_t i)
{
	return moment_s(m, STATUS_LOAD(&m->c->status->rs[i].since_us));
}

static double thread_cpu(const struct metrics *m, uint32_t i)
{
	struct control_thread t = { 0 };

	(void)m->host->thread(m->host->arg, i, &t);
	return (double)t.cpu_us / USEC_PER_SEC;
}

static double thread_turns(const struct metrics *m, uint32_t i)
{
	struct control_thread t = { 0 };

	(void)m->host->thread(m->host->arg, i, &t);
	return (double)t.turns;
}

/* ------------------------------------------------------------------ families */

enum type { GAUGE, COUNTER };

struct family {
	const char *name; /* a counter's without _total */
	enum type type;
	const char *help;
	uint32_t (*n)(const struct metrics *m);
	bool (*fits)(const struct metrics *m, uint32_t i); /* NULL: all */
	void (*labels)(const struct metrics *m, uint32_t i, struct text *out); /* NULL: none */
	double (*value)(const struct metrics *m, uint32_t i);
};

/* clang-format off */
static const struct family families[] = {
	{ "vipd_build_info", GAUGE, "Which version runs.", one, NULL, version_label, always_1 },
	{ "vipd_start_time_seconds", GAUGE, "When vipd was started.", one, NULL, NULL, started },
	{ "vipd_config_generation", GAUGE, "Number of the configuration that every role works with.", one, NULL, NULL, generation },
	{ "vipd_vrrp_instance_state", GAUGE, "0 INIT, 1 BACKUP, 2 ACTIVE, 3 FAULT.", inst_n, NULL, inst_labels, inst_state },
	{ "vipd_vrrp_instance_priority", GAUGE, "Effective priority.", inst_n, NULL, inst_labels, inst_prio },
	{ "vipd_vrrp_instance_last_change_timestamp_seconds", GAUGE, "When the state changed last; 0: never.", inst_n, NULL, inst_labels, inst_change },
	{ "vipd_vrrp_instance_last_heard_timestamp_seconds", GAUGE, "When another router was heard last; 0: never.", inst_n, NULL, inst_labels, inst_heard },
	{ "vipd_vrrp_instance_adverts_received", COUNTER, "Valid adverts received.", inst_n, NULL, inst_labels, inst_rx },
	{ "vipd_vrrp_instance_adverts_sent", COUNTER, "Adverts sent.", inst_n, NULL, inst_labels, inst_tx },
	{ "vipd_vrrp_instance_adverts_failed", COUNTER, "Adverts that could not be sent.", inst_n, NULL, inst_labels, inst_tx_fail },
	{ "vipd_vrrp_instance_adverts_dropped", COUNTER, "Packets for the instance that were not accepted.", inst_n, NULL, inst_labels, inst_drop },
	{ "vipd_vrrp_instance_became_active", COUNTER, "Transitions to ACTIVE.", inst_n, NULL, inst_labels, inst_active },
	{ "vipd_virtual_server_up", GAUGE, "1: the service has quorum.", vs_n, vs_fits, vs_labels, vs_up },
	{ "vipd_virtual_server_quorum", GAUGE, "Weight that it needs.", vs_n, vs_fits, vs_labels, vs_quorum },
	{ "vipd_virtual_server_weight", GAUGE, "Weight of its servers that are up.", vs_n, vs_fits, vs_labels, vs_weight },
	{ "vipd_virtual_server_weight_configured", GAUGE, "Weight of all its servers.", vs_n, vs_fits, vs_labels, vs_total_weight },
	{ "vipd_virtual_server_real_servers", GAUGE, "Its servers.", vs_n, vs_fits, vs_labels, vs_servers },
	{ "vipd_virtual_server_real_servers_up", GAUGE, "Those that are up and in use.", vs_n, vs_fits, vs_labels, vs_servers_up },
	{ "vipd_virtual_server_real_servers_down", GAUGE, "Those that are down.", vs_n, vs_fits, vs_labels, vs_servers_down },
	{ "vipd_virtual_server_panic", GAUGE, "1: so many servers fail that none is taken out.", vs_n, vs_fits, vs_labels, vs_panic },
	{ "vipd_virtual_server_sorry", GAUGE, "1: the sorry server has its traffic.", vs_n, vs_fits, vs_labels, vs_sorry },
	{ "vipd_virtual_server_suspended", GAUGE, "1: suspended, since its addresses are not on this router.", vs_n, vs_fits, vs_labels, vs_suspended },
	{ "vipd_real_server_up", GAUGE, "1: its checks pass, 0: one fails, NaN: not known yet.", rs_n, rs_fits, rs_labels, rs_up },
	{ "vipd_real_server_weight", GAUGE, "Weight that is wanted in the kernel's table.", rs_n, rs_fits, rs_labels, rs_weight },
	{ "vipd_real_server_admin_state", GAUGE, "0 ready, 1 drain, 2 maint.", rs_n, rs_fits, rs_labels, rs_admin },
	{ "vipd_real_server_last_change_timestamp_seconds", GAUGE, "When its state changed last.", rs_n, rs_fits, rs_labels, rs_change },
	{ "vipd_check_certificate_end_timestamp_seconds", GAUGE, "When the certificate ends that the check has seen.", tls_n, cert_fits, probe_labels, cert_end },
	{ "vipd_thread_cpu_seconds", COUNTER, "Processor time of a thread.", thread_n, NULL, thread_labels, thread_cpu },
	{ "vipd_thread_turns", COUNTER, "Turns of its loop.", thread_n, NULL, thread_labels, thread_turns },
};
/* clang-format on */

enum {
	FAMILIES_N = sizeof(families) / sizeof(*families),
	PART_STATS = FAMILIES_N, /* then come: all counters, */
	PART_LATES, /* all latenesses, */
	PART_COMPAT, /* and other programs' names */
	PART_END,
};

/* A number as both formats take it. */
static void put_value(struct text *out, double v)
{
	if (isnan(v))
		text_add(out, " NaN\n");
	else
		text_add(out, " %.15g\n", v);
}

static void put_head(const struct metrics *m, struct text *out, const struct family *f)
{
	bool has_suffix = f->type == COUNTER && !m->is_open;
	const char *suffix = has_suffix ? "_total" : "";

	text_add(out, "# HELP %s%s %s\n# TYPE %s%s %s\n", f->name, suffix, f->help, f->name, suffix,
		 f->type == COUNTER ? "counter" : "gauge");
}

static void put_row(const struct metrics *m, struct text *out, const struct family *f, uint32_t i)
{
	text_add(out, "%s%s", f->name, f->type == COUNTER ? "_total" : "");
	if (f->labels) {
		text_put(out, "{", 1);
		f->labels(m, i, out);
		text_put(out, "}", 1);
	}
	put_value(out, f->value(m, i));
}

static void rows(struct metrics *m, struct text *out)
{
	const struct family *f = &families[m->family];
	uint32_t n = f->n(m), end = m->row + TURN_ROWS_N;

	if (!m->row && n)
		put_head(m, out, f);
	for (; m->row < n && m->row < end; m->row++)
		if (!f->fits || f->fits(m, m->row))
			put_row(m, out, f, m->row);
	if (m->row >= n) {
		m->family++;
		m->row = 0;
	}
}

/* ------------------------------------------------------------------ of the process */

static void put_stats(const struct metrics *m, struct text *out)
{
	for (unsigned i = 0; i < STAT_N; i++) {
		const struct stat_row *r = &stat_rows[i];
		int len = (int)strlen(r->name) - (int)strlen("_total");
		int shown = m->is_open ? len : (int)strlen(r->name);

		text_add(out, "# HELP vipd_%.*s %s\n# TYPE vipd_%.*s counter\nvipd_%s %llu\n",
			 shown, r->name, r->text, shown, r->name, r->name,
			 (unsigned long long)stats_sum((enum stat_id)i));
	}
}

static void put_lates(struct text *out)
{
	static const unsigned permille[] = { 500, 990, 999 };

	for (unsigned i = 0; i < LATE_N; i++) {
		const struct stat_row *r = &late_rows[i];
		struct late late;

		stats_late_sum((enum late_id)i, &late);
		text_add(out,
			 "# HELP vipd_%s_late_seconds %s\n# TYPE vipd_%s_late_seconds summary\n",
			 r->name, r->text, r->name);
		for (unsigned k = 0; k < sizeof(permille) / sizeof(*permille); k++)
			text_add(out, "vipd_%s_late_seconds{quantile=\"%.15g\"} %.15g\n", r->name,
				 permille[k] / 1e3,
				 (double)late_quantile_us(&late, permille[k]) / USEC_PER_SEC);
		text_add(out, "vipd_%s_late_seconds_count %llu\n", r->name,
			 (unsigned long long)late.n);
		text_add(out,
			 "# HELP vipd_%s_late_max_seconds The largest of them.\n# TYPE "
			 "vipd_%s_late_max_seconds gauge\nvipd_%s_late_max_seconds %.15g\n",
			 r->name, r->name, r->name, (double)late.max_us / USEC_PER_SEC);
	}
}

void metrics_init(struct metrics *m, const struct control_host *host, bool is_open)
{
	*m = (struct metrics){
		.c = host->settled(host->arg), .host = host, .t = view_now(), .is_open = is_open
	};
	conf_hold_again(m->c);
	m->has_servers = m->c->metrics.s.per_server;
}

void metrics_fini(struct metrics *m)
{
	conf_drop(m->c);
}

bool metrics_next(struct metrics *m, struct text *out)
{
	if (m->family < FAMILIES_N) {
		rows(m, out);
	} else if (m->family == PART_STATS) {
		put_stats(m, out);
		m->family++;
	} else if (m->family == PART_LATES) {
		put_lates(out);
		m->family++;
	} else if (m->family == PART_COMPAT) {
		metrics_compat(m, out);
		m->family++;
	}
	if (m->family < PART_END)
		return true;
	if (m->is_open)
		text_add(out, "# EOF\n");
	return false;
}
