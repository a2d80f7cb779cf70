/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See report.h.
 */
#include "check/report.h"

#include "check/protos.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/stats.h"
#include "core/status.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum {
	LOCAL_LOG_US = 60000000, /* one line for each kind in this time */
	DAY_S = 86400,
};

struct setting setting_at(const struct conf *conf, uint32_t probe)
{
	const struct conf_probe *cp = &conf->probe[probe];
	const struct conf_rs *rs = &conf->rs[cp->rs];

	return (struct setting){ .check = &conf->check[cp->check],
				 .rs = rs,
				 .vs = &conf->vs[rs->vs] };
}

static const char *verdict_name(enum health_verdict verdict)
{
	switch (verdict) {
	case HEALTH_UNKNOWN:
		return "unknown";
	case HEALTH_DOWN:
		return "down";
	case HEALTH_UP:
		return "up";
	}
	return "unknown";
}

bool report_wants(uint8_t which, const struct setting *s, bool is_change, bool has_passed)
{
	bool wants_all = s->check->s.log_all_failures;

	if (has_passed)
		return is_change;
	switch ((enum words_LOG_FAILURES)which) {
	case LOG_FAILURES_FIRST:
		return is_change || wants_all;
	case LOG_FAILURES_ALL:
		return true;
	case LOG_FAILURES_NONE:
		return wants_all;
	}
	return true;
}

void report_verdict(const struct setting *s, const struct run_result *res,
		    enum health_verdict verdict)
{
	char rs[ADDR_PORT_TEXT_LEN];

	log_event(LOG_SERVER_CHECK, "vs=%s rs=%s check=%s reason=%s code=%u us=%u verdict=%s%s%s%s",
		  s->vs->s.name, addr_port_text(&s->rs->s.addr, s->rs->s.port, rs),
		  proto_of(s->check->s.type)->name, reason_name(res->reason), res->code,
		  res->duration_us, verdict_name(verdict), *res->detail ? " detail=\"" : "",
		  res->detail, *res->detail ? "\"" : "");
}

void report_failure(const struct setting *s, const struct run_result *res)
{
	char rs[ADDR_PORT_TEXT_LEN];

	log_event(LOG_CHECK_FAIL, "vs=%s rs=%s check=%s reason=%s code=%u us=%u%s%s%s",
		  s->vs->s.name, addr_port_text(&s->rs->s.addr, s->rs->s.port, rs),
		  proto_of(s->check->s.type)->name, reason_name(res->reason), res->code,
		  res->duration_us, *res->detail ? " detail=\"" : "", res->detail,
		  *res->detail ? "\"" : "");
}

static void warn_tls(const struct setting *s, int64_t left_s)
{
	char rs[ADDR_PORT_TEXT_LEN];

	log_event(LOG_TLS_EXPIRES, "vs=%s rs=%s check=%s days=%lld", s->vs->s.name,
		  addr_port_text(&s->rs->s.addr, s->rs->s.port, rs),
		  proto_of(s->check->s.type)->name,
		  (long long)(left_s < 0 ? (left_s - DAY_S + 1) / DAY_S : left_s / DAY_S));
}

void report_tls(const struct conf *conf, uint32_t probe, struct tls_seen *seen)
{
	struct setting s = setting_at(conf, probe);
	const struct conf_range *tls = &s.check->s.tls;
	int64_t warn_s = tls->n ? (int64_t)conf->tls[tls->first].s.warn_days * DAY_S : 0;
	int64_t left_s = seen->cert_end_s - (int64_t)time(NULL);

	if (conf->status && conf->status->tls) {
		STATUS_STORE(&conf->status->tls[probe].cert_end_s, seen->cert_end_s);
		STATUS_STORE(&conf->status->tls[probe].alpn, seen->alpn);
	}
	if (!warn_s || !seen->cert_end_s || left_s >= warn_s || seen->warned_s == seen->cert_end_s)
		return;
	seen->warned_s = seen->cert_end_s;
	warn_tls(&s, left_s);
}

/* The entry for this kind, or the one told longest ago. */
static struct report_fault *fault_of(struct report *r, int err)
{
	struct report_fault *f = &r->fault[0];

	for (unsigned i = 0; i < REPORT_KINDS_N; i++) {
		if (r->fault[i].err == err)
			return &r->fault[i];
		if (r->fault[i].told_at_us < f->told_at_us)
			f = &r->fault[i];
	}
	*f = (struct report_fault){ .err = err };
	return f;
}

void report_local(struct report *r, const struct setting *s, const struct run_result *res)
{
	struct report_fault *f = fault_of(r, res->local_err);
	const char *name = strerrorname_np(-res->local_err);
	int64_t now_us = clock_now_us();
	char rs[ADDR_PORT_TEXT_LEN];

	stats_add(STAT_CHECKS_LOCAL_FAULT, 1);
	f->n++;
	if (f->told_at_us && now_us - f->told_at_us < LOCAL_LOG_US)
		return;
	log_event(LOG_CHECK_LOCAL, "error=%s count=%llu vs=%s rs=%s check=%s",
		  res->local_err == -ETIME ? "STALLED"
		  : name                   ? name
					   : "UNKNOWN",
		  (unsigned long long)f->n, s->vs->s.name,
		  addr_port_text(&s->rs->s.addr, s->rs->s.port, rs),
		  proto_of(s->check->s.type)->name);
	f->told_at_us = now_us;
	f->n = 0;
}
