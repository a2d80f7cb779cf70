/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See knobs.h.
 */
#include "ipvs/knobs.h"

#include "core/clock.h"
#include "core/log.h"
#include "ipvs/syncd.h"

#include <errno.h>
#include <string.h>

static bool fail(struct knobs *k, const char *op, int err)
{
	if (!k->is_told)
		log_event(LOG_IPVS_FAIL, "op=%s error=\"%s\"", op, strerrordesc_np(-err));
	k->is_told = true;
	return false;
}

/* ------------------------------------------------------------------ timeouts */

static struct ipvs_timeouts timeouts_of(const struct conf *c)
{
	const struct conf_range *r = &c->global.s.lvs_timeouts;
	struct ipvs_timeouts t = { 0 };

	if (!r->n)
		return t;
	t.tcp_s = (uint32_t)(c->timeouts[r->first].s.tcp_us / SEC(1));
	t.tcp_fin_s = (uint32_t)(c->timeouts[r->first].s.tcpfin_us / SEC(1));
	t.udp_s = (uint32_t)(c->timeouts[r->first].s.udp_us / SEC(1));
	return t;
}

/* What is not said is as it was before vipd came. */
static struct ipvs_timeouts over(struct ipvs_timeouts t, const struct ipvs_timeouts *before)
{
	return (struct ipvs_timeouts){
		.tcp_s = t.tcp_s ? t.tcp_s : before->tcp_s,
		.tcp_fin_s = t.tcp_fin_s ? t.tcp_fin_s : before->tcp_fin_s,
		.udp_s = t.udp_s ? t.udp_s : before->udp_s,
	};
}

static bool same_timeouts(const struct ipvs_timeouts *a, const struct ipvs_timeouts *b)
{
	return a->tcp_s == b->tcp_s && a->tcp_fin_s == b->tcp_fin_s && a->udp_s == b->udp_s;
}

static bool set_timeouts(struct knobs *k, struct ipvs_kern *kern, struct ipvs_timeouts want)
{
	bool is_any = want.tcp_s || want.tcp_fin_s || want.udp_s;
	int err;

	if (!is_any && !k->has_timeouts)
		return true;
	if (!k->has_timeouts) {
		err = kern->ops->get_timeouts(kern, &k->before);
		if (err)
			return fail(k, "get_timeouts", err);
		k->now = k->before;
	}
	want = over(want, &k->before);
	if (!same_timeouts(&want, &k->now)) {
		err = kern->ops->set_timeouts(kern, &want);
		if (err)
			return fail(k, "set_timeouts", err);
	}
	k->now = want;
	k->has_timeouts = is_any;
	return true;
}

/* ------------------------------------------------------------------ synchronisation */

static void tell_end(const struct ipvs_daemon *d, const char *what)
{
	log_event(LOG_IPVS_SYNCD, "end=%s now=%s iface=%s syncid=%u",
		  d->state == IPVS_SYNC_MASTER ? "master" : "backup", what, d->interface,
		  d->syncid);
}

static bool is_wanted(const struct ipvs_daemon *d, const struct ipvs_daemon *want, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (syncd_same(&want[i], d))
			return true;
	return false;
}

static bool is_running(const struct ipvs_daemon *want, const struct ipvs_daemon *end, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (syncd_same(want, &end[i]))
			return true;
	return false;
}

/* With synchronisation configured, both ends are vipd's, whoever started them: the kernel says what
 * runs. */
static bool take_running(struct knobs *k, struct ipvs_kern *kern)
{
	struct ipvs_daemon have[IPVS_SYNC_N];
	uint32_t n;
	int err = kern->ops->get_daemons(kern, have, &n);

	if (err)
		return fail(k, "get_daemons", err);
	memcpy(k->end, have, n * sizeof(*have));
	k->end_n = n;
	return true;
}

static bool stop_ends(struct knobs *k, struct ipvs_kern *kern, const struct ipvs_daemon *want,
		      uint32_t want_n)
{
	uint32_t kept = 0;
	bool is_good = true;

	for (uint32_t i = 0; i < k->end_n; i++) {
		const struct ipvs_daemon d = k->end[i];
		int err = is_wanted(&d, want, want_n) ? 1 : kern->ops->del_daemon(kern, &d);

		if (!err)
			tell_end(&d, "stopped");
		if (!err || err == -ESRCH)
			continue;
		k->end[kept++] = d;
		if (err < 0)
			is_good = fail(k, "stop_sync", err);
	}
	k->end_n = kept;
	return is_good;
}

static bool start_ends(struct knobs *k, struct ipvs_kern *kern, const struct ipvs_daemon *want,
		       uint32_t want_n)
{
	for (uint32_t i = 0; i < want_n; i++) {
		int err;

		if (is_running(&want[i], k->end, k->end_n))
			continue;
		err = kern->ops->new_daemon(kern, &want[i]);
		if (err)
			return fail(k, "start_sync", err);
		tell_end(&want[i], "running");
		k->end[k->end_n++] = want[i];
	}
	return true;
}

static bool set_ends(struct knobs *k, struct ipvs_kern *kern, const struct conf *c,
		     const struct here *h)
{
	struct ipvs_daemon want[IPVS_SYNC_N];
	uint32_t n = syncd_want(c, h, want);

	if (!n && !k->end_n)
		return true;
	return (!n || take_running(k, kern)) && stop_ends(k, kern, want, n) &&
	       start_ends(k, kern, want, n);
}

bool knobs_set(struct knobs *k, struct ipvs_kern *kern, const struct conf *c, const struct here *h)
{
	bool is_good = set_timeouts(k, kern, timeouts_of(c));

	is_good = set_ends(k, kern, c, h) && is_good;
	if (is_good)
		k->is_told = false;
	return is_good;
}

void knobs_restore(struct knobs *k, struct ipvs_kern *kern)
{
	(void)set_timeouts(k, kern, (struct ipvs_timeouts){ 0 });
	(void)stop_ends(k, kern, NULL, 0);
}
