/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See control_set.h.
 */
#include "core/ops/control_set.h"

#include "core/bug.h"
#include "core/conf/schema.h"
#include "core/ops/admin.h"
#include "core/ops/control_verbs.h"
#include "core/ops/pattern.h"
#include "core/ops/view.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	EXPLAINED_N = 32, /* servers and instances that one question is answered for */
	FOR_MAX_S = 10 * 365 * 86400,
};

static const char *text_of(const json_t *request, const char *name)
{
	return json_string_value(json_object_get(request, name));
}

/* ------------------------------------------------------------------ which servers */

static bool is_meant(const struct conf *c, uint32_t rs, const char *match, const char *service)
{
	char name[VIEW_NAME_LEN], addr[ADDR_TEXT_LEN];

	return pattern_fits(service, c->vs[c->rs[rs].vs].s.name) &&
	       (pattern_fits(match, view_rs_name(c, rs, name)) ||
		pattern_fits(match, addr_text(&c->rs[rs].s.addr, addr)));
}

static bool are_patterns_ok(const json_t *request)
{
	return ctl_pattern_ok(text_of(request, "match")) &&
	       ctl_pattern_ok(text_of(request, "service"));
}

uint32_t *control_meant(const struct conf *c, const json_t *request, uint32_t *n, const char **why)
{
	const char *match = text_of(request, "match"), *service = text_of(request, "service");
	uint32_t *rs = calloc(c->rs_n + 1, sizeof(*rs));

	BUG_ON(!rs);
	*n = 0;
	*why = are_patterns_ok(request) ? NULL : CTL_PATTERN_WHY;
	for (uint32_t i = 0; !*why && i < c->rs_n; i++)
		if (is_meant(c, i, match, service))
			rs[(*n)++] = i;
	return rs;
}

/* ------------------------------------------------------------------ set */

/* It is shown on terminals, which obey some bytes. */
static bool is_plain(const char *text)
{
	for (; text && *text; text++)
		if (iscntrl((unsigned char)*text))
			return false;
	return true;
}

/* What is asked for. NULL: *want is filled in; else why not. */
static const char *want_of(const json_t *request, struct admin_want *want)
{
	const char *state = text_of(request, "state");
	const json_t *weight = json_object_get(request, "weight");
	const json_t *for_s = json_object_get(request, "for_s");
	bool is_reset = json_is_true(json_object_get(request, "reset_weight"));

	*want = (struct admin_want){ .part = state ? ADMIN_PART_STATE : ADMIN_PART_WEIGHT,
				     .is_set = !is_reset,
				     .reason = text_of(request, "reason") };
	if (for_s && (json_integer_value(for_s) <= 0 || json_integer_value(for_s) > FOR_MAX_S))
		return "for_s must be 1..315360000";
	if (!is_plain(want->reason))
		return "a reason has no control characters";
	if (for_s)
		want->until_s = admin_now_s() + json_integer_value(for_s);
	if (!state + !weight + !is_reset != 2)
		return "one of state, weight and reset_weight is needed";
	if (state) {
		int value = schema_enum_value(schema_names_ADMIN, state);

		want->value = value < 0 ? 0 : (uint32_t)value;
		return value < 0 ? "state must be ready, drain or maint" : NULL;
	}
	if (weight && (json_integer_value(weight) < 0 || json_integer_value(weight) > INT32_MAX))
		return "weight must be 0..2147483647";
	want->value = weight ? (uint32_t)json_integer_value(weight) : 0;
	return NULL;
}

static struct ctl_reply *tell_set(const struct control_host *host, uint32_t n, int err)
{
	json_t *end;

	if (err == -ENOSPC)
		return ctl_reply_one(
			ctl_refusal(1, "too many servers have something set by hand already"));
	if (err)
		return ctl_reply_one(ctl_refusal(1, "that is no value, or it is over already"));
	end = json_pack("{s:i,s:I,s:b}", "status", 0, "matches", (json_int_t)n, "is_kept",
			admin_is_kept(host->admin));
	BUG_ON(!end);
	return ctl_reply_one(end);
}

struct ctl_reply *control_set(void *ctx, const json_t *request, const struct ctl_who *who)
{
	const struct control_host *host = ctx;
	const struct conf *c = host->running(host->arg);
	struct admin_want want;
	const char *why = want_of(request, &want);
	uint32_t n, *rs;
	int err = 0;

	(void)who;
	if (why)
		return ctl_reply_one(ctl_refusal(1, why));
	rs = control_meant(c, request, &n, &why);
	if (n)
		err = admin_set(host->admin, rs, n, &want, admin_now_s());
	free(rs);
	if (!n)
		return ctl_reply_one(ctl_refusal(1, why ? why : "no server is meant by that"));
	return tell_set(host, n, err);
}

/* ------------------------------------------------------------------ explain */

struct explain {
	struct ctl_reply reply;
	const struct conf *c; /* held */
	json_t *lines; /* an array */
	size_t at;
};

static enum ctl_step explain_next(struct ctl_reply *reply, json_t **line)
{
	struct explain *e = container_of(reply, struct explain, reply);

	if (e->at < json_array_size(e->lines)) {
		*line = json_incref(json_array_get(e->lines, e->at++));
		return CTL_LINE;
	}
	*line = json_pack("{s:i,s:I}", "status", 0, "matches",
			  (json_int_t)json_array_size(e->lines));
	BUG_ON(!*line);
	return CTL_END;
}

static void explain_free(struct ctl_reply *reply)
{
	struct explain *e = container_of(reply, struct explain, reply);

	conf_drop(e->c);
	json_decref(e->lines);
	free(e);
}

static void put(json_t *o, const char *name, json_t *value)
{
	BUG_ON(!value || json_object_set_new(o, name, value));
}

/* What was set by hand. */
static json_t *by_hand(const struct control_host *host, uint32_t rs)
{
	static const char *const part[ADMIN_PART_N] = { "state", "weight" };
	struct admin_shown shown[ADMIN_PART_N];
	json_t *o = json_object();

	BUG_ON(!o);
	admin_get(host->admin, rs, shown);
	for (unsigned i = 0; i < ADMIN_PART_N; i++) {
		if (!shown[i].is_set)
			continue;

		json_t *one = json_object();

		put(one, "value",
		    i == ADMIN_PART_STATE ? json_string(schema_enum_name(schema_names_ADMIN,
									 (uint8_t)shown[i].value))
					  : json_integer(shown[i].value));
		put(one, "until", shown[i].until_s ? json_integer(shown[i].until_s) : json_null());
		put(one, "reason", ctl_text(shown[i].reason));
		put(o, part[i], one);
	}
	return o;
}

static void explain_server(const struct control_host *host, struct explain *e, uint32_t rs,
			   const struct view_time *t)
{
	json_t *o = view_rs(e->c, rs, t), *checks = json_array();
	const struct conf_range *r = &e->c->rs[rs].probes;

	BUG_ON(!checks);
	put(o, "by_hand", by_hand(host, rs));
	for (uint32_t i = r->first; i < r->first + r->n; i++) {
		json_t *check = view_probe(e->c, i, t);

		put(check, "results", host->results(e->c, e->c->probe[i].id));
		BUG_ON(json_array_append_new(checks, check));
	}
	put(o, "checks", checks);
	BUG_ON(json_array_append_new(e->lines, json_pack("{s:o}", "real_server", o)));
}

struct ctl_reply *control_explain(void *ctx, const json_t *request, const struct ctl_who *who)
{
	const struct control_host *host = ctx;
	const char *match = text_of(request, "match"), *service = text_of(request, "service");
	struct explain *e = calloc(1, sizeof(*e));
	struct view_time t = view_now();

	(void)who;
	BUG_ON(!e);
	if (!are_patterns_ok(request)) {
		free(e);
		return ctl_reply_one(ctl_refusal(1, CTL_PATTERN_WHY));
	}
	/* what was set by hand and the last results go by the newest */
	*e = (struct explain){ .reply = { .next = explain_next, .free = explain_free },
			       .c = host->running(host->arg),
			       .lines = json_array() };
	BUG_ON(!e->lines);
	conf_hold_again(e->c);
	for (uint32_t i = 0; i < e->c->vrrp_n && json_array_size(e->lines) < EXPLAINED_N; i++)
		if (!service && pattern_fits(match, e->c->vrrp[i].s.name))
			BUG_ON(json_array_append_new(e->lines, json_pack("{s:o}", "vrrp_instance",
									 view_inst(e->c, i, &t))));
	for (uint32_t i = 0; i < e->c->rs_n && json_array_size(e->lines) < EXPLAINED_N; i++)
		if (is_meant(e->c, i, match, service))
			explain_server(host, e, i, &t);
	if (json_array_size(e->lines))
		return &e->reply;
	explain_free(&e->reply);
	return ctl_reply_one(ctl_refusal(1, "no server and no instance has that name"));
}
