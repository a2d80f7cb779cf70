/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See control_check.h. Workers are told which probes to make; what they find is read where it is shown, since
 * a result that changes nothing is told to nobody. So the reply looks again and again while it waits.
 */
#include "core/ops/control_check.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/ops/control_post.h"
#include "core/ops/control_set.h"
#include "core/ops/control_verbs.h"
#include "core/ops/view.h"

#include <stdlib.h>

enum { LOOK_US = MS(10) };

/* A probe that is waited for. */
struct awaited {
	struct probe_id id;
	int64_t before_us; /* its last result when it was asked for */
};

struct check_now {
	struct ctl_reply reply;
	const struct control_host *host;
	struct awaited *probe;
	uint32_t n, at;
	uint32_t matches_n, checks_n, made_n, passed_n;
	bool is_waiting; /* for results */
	int64_t end_us;
};

/* Its result is there, or comes no more. */
static bool is_made(const struct check_now *r, const struct conf *c, const struct awaited *p)
{
	int64_t last_us = r->host->probed_us(c, p->id);

	return (last_us && last_us != p->before_us) || clock_now_us() >= r->end_us;
}

static json_t *result_of(struct check_now *r, const struct conf *c, const struct awaited *p)
{
	struct view_time t = view_now();
	json_t *o = view_probe(c, (uint32_t)(conf_probe(c, p->id) - c->probe), &t);
	json_t *all = r->host->results(c, p->id), *last = json_array_get(all, 0);
	int64_t last_us = r->host->probed_us(c, p->id);

	if (!last_us || last_us == p->before_us)
		last = NULL;
	r->made_n += last != NULL;
	r->passed_n += last && json_is_true(json_object_get(last, "passed"));
	BUG_ON(json_object_set_new(o, "result", last ? json_incref(last) : json_null()));
	json_decref(all);
	return o;
}

static enum ctl_step check_next(struct ctl_reply *reply, json_t **line)
{
	struct check_now *r = container_of(reply, struct check_now, reply);
	const struct conf *c = r->host->running(r->host->arg);

	for (; r->is_waiting && r->at < r->n; r->at++) {
		const struct awaited *p = &r->probe[r->at];

		if (!conf_probe(c, p->id))
			continue; /* a reload has taken it away */
		if (!is_made(r, c, p))
			return CTL_WAIT;
		*line = json_pack("{s:o}", "check", result_of(r, c, p));
		BUG_ON(!*line);
		r->at++;
		return CTL_LINE;
	}
	*line = json_pack("{s:i,s:I,s:I}", "status", 0, "matches", (json_int_t)r->matches_n,
			  "checks", (json_int_t)r->checks_n);
	BUG_ON(!*line);
	if (r->is_waiting)
		BUG_ON(json_object_set_new(*line, "made", json_integer(r->made_n)) ||
		       json_object_set_new(*line, "passed", json_integer(r->passed_n)));
	return CTL_END;
}

static void check_free(struct ctl_reply *reply)
{
	struct check_now *r = container_of(reply, struct check_now, reply);

	free(r->probe);
	free(r);
}

/* Of the servers that are meant. NULL: *why says why not. */
static const char *gather(struct check_now *r, const struct conf *c, const uint32_t *rs, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct conf_range *probes = &c->rs[rs[i]].probes;

		if (r->n + probes->n > CHECK_NOW_N)
			return "more than 1024 checks are meant: name fewer servers at a time";
		for (uint32_t k = probes->first; k < probes->first + probes->n; k++)
			r->probe[r->n++] = (struct awaited){
				.id = c->probe[k].id,
				.before_us = r->host->probed_us(c, c->probe[k].id),
			};
	}
	if (!n)
		return "no server is meant by that";
	if (!r->n)
		return "these servers have no checks";
	return control_post_room() < r->n ? "too many checks were asked for just now: try again"
					  : NULL;
}

static void post(const struct check_now *r, const struct conf *c)
{
	const struct board *b = r->host->role->board;

	for (uint32_t i = 0; i < r->n; i++) {
		const struct conf_probe *p = conf_probe(c, r->probe[i].id);

		(void)control_post(b->check[p->worker % b->check_n], MSG_PROBE_NOW, p->id.v, 0);
	}
}

struct ctl_reply *control_check_now(void *ctx, const json_t *request, const struct ctl_who *who)
{
	const struct control_host *host = ctx;
	const struct conf *c = host->running(host->arg);
	struct check_now *r = calloc(1, sizeof(*r));
	uint32_t n, *rs;
	const char *why = NULL;

	(void)who;
	rs = control_meant(c, request, &n, &why);
	BUG_ON(!r);
	*r = (struct check_now){
		.reply = { .next = check_next, .free = check_free, .again_us = LOOK_US },
		.host = host,
		.probe = calloc(CHECK_NOW_N, sizeof(*r->probe)),
		.matches_n = n,
		.is_waiting = json_is_true(json_object_get(request, "wait")),
		.end_us = clock_now_us() + SEC(CHECK_NOW_WAIT_S),
	};
	BUG_ON(!r->probe);
	if (!why)
		why = gather(r, c, rs, n);
	free(rs);
	if (why) {
		check_free(&r->reply);
		return ctl_reply_one(ctl_refusal(1, why));
	}
	r->checks_n = r->n;
	post(r, c);
	return &r->reply;
}
