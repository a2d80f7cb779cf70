/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See control_verbs.h. vipctl-protocol(7) says what each reply looks like.
 */
#include "core/ops/control_verbs.h"

#include "core/bug.h"
#include "core/ops/control_check.h"
#include "core/ops/control_events.h"
#include "core/ops/control_log.h"
#include "core/ops/control_set.h"
#include "core/ops/control_show.h"
#include "core/ops/control_top.h"
#include "core/ops/control_vrrp.h"
#include "core/ops/report.h"

#include <stdlib.h>
#include <string.h>

/* Comparisons answered at a time: each keeps a whole configuration in memory. */
enum {
	DIFFS_N = 4,
	DIFFS_READERS_N =
		2, /* of those who may change nothing, one for each; the rest are kept for others */
};

static bool flag(const json_t *request, const char *name)
{
	return json_is_true(json_object_get(request, name));
}

/* ------------------------------------------------------------------ version */

static struct ctl_reply *do_version(void *ctx, const json_t *request, const struct ctl_who *who)
{
	const struct control_host *host = ctx;
	const struct conf *c = host->running(host->arg);

	(void)request;
	(void)who;
	return ctl_reply_one(json_pack("{s:i,s:s,s:I}", "status", 0, "version", VIPD_VERSION,
				       "generation", (json_int_t)c->gen));
}

/* ------------------------------------------------------------------ reload */

struct reload_reply {
	struct ctl_reply reply;
	const struct control_host *host;
	struct err_list errs;
	size_t told_n; /* of the findings */
	json_t *end; /* the line that closes it */
	uint64_t gen; /* to be waited for; 0: none */
};

static enum ctl_step reload_next(struct ctl_reply *reply, json_t **line)
{
	struct reload_reply *r = container_of(reply, struct reload_reply, reply);

	if (r->told_n < r->errs.n) {
		*line = report_finding(&r->errs.item[r->told_n++]);
		return CTL_LINE;
	}
	if (r->gen > r->host->applied(r->host->arg))
		return CTL_WAIT;
	if (r->gen)
		BUG_ON(json_object_set_new(r->end, "applied", json_true()));
	*line = json_incref(r->end);
	return CTL_END;
}

static void reload_free(struct ctl_reply *reply)
{
	struct reload_reply *r = container_of(reply, struct reload_reply, reply);

	err_fini(&r->errs);
	json_decref(r->end);
	free(r);
}

static struct ctl_reply *do_reload(void *ctx, const json_t *request, const struct ctl_who *who)
{
	const struct control_host *host = ctx;
	struct reload_reply *reply = calloc(1, sizeof(*reply));
	struct reload *r = calloc(1, sizeof(*r));

	(void)who;
	BUG_ON(!reply || !r);
	host->make(host->arg, r, NULL, NULL, flag(request, "force"));
	host->commit(host->arg, r);
	*reply = (struct reload_reply){
		.reply = { .next = reload_next, .free = reload_free },
		.host = host,
		.errs = r->errs,
		.end = report_end(r, host->running(host->arg)->gen),
	};
	r->errs = (struct err_list){ 0 };
	if (r->verdict == RELOAD_GOOD && flag(request, "wait"))
		reply->gen = host->running(host->arg)->gen;
	reload_fini(r);
	free(r);
	return &reply->reply;
}

/* ------------------------------------------------------------------ diff */

struct diff_reply {
	struct ctl_reply reply;
	struct report report;
	const struct conf *old; /* held */
	struct reload r;
	struct ctl_who who;
};

static struct diff_reply *diffs[DIFFS_N]; /* being answered; NULL: free; main only */

/* A free place. NULL: *why says why not. */
static struct diff_reply **diff_place(const struct ctl_who *who, const char **why)
{
	struct diff_reply **free_one = NULL;
	unsigned readers_n = 0;

	*why = "too many comparisons are being read already: try again when one has ended";
	for (unsigned i = 0; i < DIFFS_N; i++) {
		const struct diff_reply *d = diffs[i];

		if (!d) {
			free_one = &diffs[i];
			continue;
		}
		readers_n += !d->who.is_writer;
		if (!who->is_writer && d->who.uid == who->uid) {
			*why = "this user reads a comparison already: try again when it has ended";
			return NULL;
		}
	}
	return who->is_writer || readers_n < DIFFS_READERS_N ? free_one : NULL;
}

static enum ctl_step diff_next(struct ctl_reply *reply, json_t **line)
{
	struct diff_reply *d = container_of(reply, struct diff_reply, reply);

	*line = report_next(&d->report);
	if (*line)
		return CTL_LINE;
	*line = report_end(&d->r, d->old->gen);
	return CTL_END;
}

static void diff_free(struct ctl_reply *reply)
{
	struct diff_reply *d = container_of(reply, struct diff_reply, reply);

	report_fini(&d->report);
	reload_fini(&d->r);
	conf_drop(d->old);
	for (unsigned i = 0; i < DIFFS_N; i++)
		if (diffs[i] == d)
			diffs[i] = NULL;
	free(d);
}

static struct ctl_reply *do_diff(void *ctx, const json_t *request, const struct ctl_who *who)
{
	const struct control_host *host = ctx;
	const json_t *max = json_object_get(request, "max");
	const char *why;
	struct diff_reply *d, **place = diff_place(who, &why);

	if (!place)
		return ctl_reply_one(ctl_refusal(1, why));
	d = calloc(1, sizeof(*d));
	BUG_ON(!d);
	*place = d;
	d->who = *who;
	d->reply = (struct ctl_reply){ .next = diff_next, .free = diff_free };
	d->old = host->running(host->arg);
	conf_hold_again(d->old);
	host->make(host->arg, &d->r, json_string_value(json_object_get(request, "file")),
		   json_string_value(json_object_get(request, "base_dir")), false);
	report_init(&d->report, &d->r, d->old, max ? json_integer_value(max) : REPORT_ALL);
	return &d->reply;
}

const struct ctl_verb control_verbs[] = {
	{ "version", CTL_READ, do_version, { { 0 } } },
	{ "status", CTL_READ, control_status, { { 0 } } },
	{ "show_vrrp",
	  CTL_READ,
	  control_show_vrrp,
	  { { "match", JSON_STRING, false },
	    { "state", JSON_STRING, false },
	    { "sort", JSON_STRING, false },
	    { "reverse", JSON_TRUE, false },
	    { "first", JSON_INTEGER, false },
	    { "max", JSON_INTEGER, false } } },
	{ "show_services",
	  CTL_READ,
	  control_show_services,
	  { { "match", JSON_STRING, false },
	    { "state", JSON_STRING, false },
	    { "sort", JSON_STRING, false },
	    { "reverse", JSON_TRUE, false },
	    { "first", JSON_INTEGER, false },
	    { "traffic", JSON_TRUE, false },
	    { "max", JSON_INTEGER, false } } },
	{ "show_servers",
	  CTL_READ,
	  control_show_servers,
	  { { "match", JSON_STRING, false },
	    { "service", JSON_STRING, false },
	    { "state", JSON_STRING, false },
	    { "sort", JSON_STRING, false },
	    { "reverse", JSON_TRUE, false },
	    { "first", JSON_INTEGER, false },
	    { "results", JSON_TRUE, false },
	    { "traffic", JSON_TRUE, false },
	    { "max", JSON_INTEGER, false } } },
	{ "show_checks",
	  CTL_READ,
	  control_show_checks,
	  { { "match", JSON_STRING, false },
	    { "service", JSON_STRING, false },
	    { "state", JSON_STRING, false },
	    { "max", JSON_INTEGER, false } } },
	{ "show_threads", CTL_READ, control_show_threads, { { 0 } } },
	{ "show_counters", CTL_READ, control_show_counters, { { "match", JSON_STRING, false } } },
	/* passwords stand in it */
	{ "show_config", CTL_SECRET, control_show_config, { { 0 } } },
	{ "show_events",
	  CTL_READ,
	  control_show_events,
	  { { "match", JSON_STRING, false }, { "max", JSON_INTEGER, false } } },
	{ "monitor",
	  CTL_READ,
	  control_monitor,
	  { { "match", JSON_STRING, false }, { "max", JSON_INTEGER, false } } },
	{ "explain",
	  CTL_READ,
	  control_explain,
	  { { "match", JSON_STRING, true }, { "service", JSON_STRING, false } } },
	{ "set",
	  CTL_WRITE,
	  control_set,
	  { { "match", JSON_STRING, true },
	    { "service", JSON_STRING, false },
	    { "state", JSON_STRING, false },
	    { "weight", JSON_INTEGER, false },
	    { "reset_weight", JSON_TRUE, false },
	    { "for_s", JSON_INTEGER, false },
	    { "reason", JSON_STRING, false } } },
	{ "top",
	  CTL_READ,
	  control_top,
	  { { "what", JSON_STRING, false },
	    { "sort", JSON_STRING, false },
	    { "reverse", JSON_TRUE, false },
	    { "match", JSON_STRING, false },
	    { "service", JSON_STRING, false },
	    { "state", JSON_STRING, false },
	    { "offset", JSON_INTEGER, false },
	    { "max", JSON_INTEGER, false } } },
	{ "metrics", CTL_READ, control_metrics, { { "openmetrics", JSON_TRUE, false } } },
	{ "check_now",
	  CTL_WRITE,
	  control_check_now,
	  { { "match", JSON_STRING, true },
	    { "service", JSON_STRING, false },
	    { "wait", JSON_TRUE, false } } },
	{ "vrrp",
	  CTL_WRITE,
	  control_vrrp,
	  { { "match", JSON_STRING, true },
	    { "state", JSON_STRING, true },
	    { "for_s", JSON_INTEGER, false } } },
	{ "log_level",
	  CTL_WRITE,
	  control_log_level,
	  { { "level", JSON_STRING, true }, { "for_s", JSON_INTEGER, false } } },
	{ "diff", CTL_READ, do_diff, { { "max", JSON_INTEGER, false } } },
	/* another file: vipd can read what the one who asks can't, and findings quote it */
	{ "diff_file",
	  CTL_SECRET,
	  do_diff,
	  { { "file", JSON_STRING, true },
	    { "base_dir", JSON_STRING, false },
	    { "max", JSON_INTEGER, false } } },
	{ "reload",
	  CTL_WRITE,
	  do_reload,
	  { { "wait", JSON_TRUE, false }, { "force", JSON_TRUE, false } } },
	{ 0 },
};
